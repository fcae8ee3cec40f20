/// A worker: one thread, one event loop, and everything that belongs to it alone.
///
/// Nothing of a worker is shared, so the request path takes no lock. Work that would block goes to
/// the Offload pool. Construct on any thread, run() on its own; post() is the only call that other
/// threads may make.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "net/blocks.h"
#include "net/deadlines.h"
#include "net/poller.h"
#include "net/task_scope.h"

namespace weir::net {

class Worker {
public:
    explicit Worker(int id);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int id() const { return id_; }
    boost::asio::io_context& io() { return io_; }
    Deadlines& deadlines() { return deadlines_; }
    Blocks& blocks() { return blocks_; }
    Poller& poller() { return poller_; }
    /// Tasks that live as long as they like on this worker: connections, refreshers.
    TaskScope& tasks() { return tasks_; }

    /// Runs `fn` on this worker's thread, soon. Any thread.
    template <class F>
    void post(F&& fn) {
        boost::asio::post(io_, std::forward<F>(fn));
    }
    /// Runs the loop on the calling thread until stop().
    void run();
    /// Ends run() once called from any thread; work still queued is dropped with its tasks.
    void stop() { io_.stop(); }

private:
    int id_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    Blocks blocks_;
    Deadlines deadlines_;
    Poller poller_;
    TaskScope tasks_;
};

}  // namespace weir::net
