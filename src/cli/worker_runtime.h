/// One worker thread with all that runs on it: loop, provider connections, gateway, server,
/// listeners.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "http/client.h"
#include "http/server.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/worker.h"

namespace weir::cli {

/// A loop on its own thread. Start it once everything on it is set up; stop and join before
/// anything on it is destroyed.
class LoopThread {
public:
    explicit LoopThread(int id, std::string name);
    ~LoopThread();
    net::Worker& worker() { return worker_; }
    void start();
    /// Destroys the tasks that are left, on the loop's own thread, and joins.
    void stop();
    /// Runs `fn` on the loop and waits for it; runs it here if the loop is not running.
    void call(std::function<void()> fn);

private:
    net::Worker worker_;
    std::string name_;
    std::thread thread_;
};

/// Serves one handler on addresses, on one loop.
class Service {
public:
    Service(LoopThread& loop, http::Handler& handler, const http::ServerOptions& options);
    /// On the loop's thread or before it starts. `number` is what exchanges see as listener().
    void listen(int fd, uint32_t number, std::size_t reserve = 0);
    /// Accepts nothing more there; its connections end after their current answer. On the loop's
    /// thread.
    void retire(uint32_t number);
    /// The rest on the loop's thread.
    void drain();
    http::Server& server() { return server_; }
    void close();

private:
    net::Worker& worker_;
    http::Server server_;
    std::multimap<uint32_t, std::unique_ptr<net::Listener>> listeners_;  // by number
};

}  // namespace weir::cli
