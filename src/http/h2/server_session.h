/// A client's connection of HTTP/2: many exchanges at once, each on a stream.
///
/// Begins with the bytes of the connection preface (RFC 9113 §3.4) and ends when the client goes,
/// misuses it (limits.h), leaves it idle, or is asked to go by drain(): GOAWAY without a last
/// stream, a ping's way there and back (or a second), GOAWAY with it, and the end of the last
/// stream (§6.8). A stream that the client takes back cancels its exchange within the same turn.
///
/// Ownership: lives in the coroutine that run()s it; owns its streams and their handlers' tasks.
/// Threads: its worker's.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/h2/callbacks.h"
#include "http/h2/flood_guard.h"
#include "http/h2/server_stream.h"
#include "http/h2/session.h"
#include "http/server.h"
#include "net/task_scope.h"

namespace weir::http::h2 {

/// What a session needs of its Server. Everything outlives it.
struct Host {
    net::Worker& worker;
    Handler& handler;
    const ServerOptions& options;
    ServerCounters& counters;
};

/// Where a connection comes from.
struct Client {
    std::string_view peer;
    uint32_t listener = 0;
    bool over_limit = false;               ///< a connection too many: answered 503, then closed
    const net::TlsSession* tls = nullptr;  ///< null: plain text
};

class ServerSession final : public Session {
public:
    ServerSession(Host host, net::StreamPtr stream, Client client);
    ~ServerSession();

    /// Serves until the connection is over. `first`: bytes that were read already.
    net::Task<void> run(std::string_view first);
    /// No new streams, in two steps; ends when the last one has.
    void drain();
    /// Cancels whatever runs. Not from within a handler.
    void close_now();

private:
    friend ServerStream;
    friend SharedCallbacks<ServerSession>;
    struct Callbacks;
    void begin();
    net::Task<void> run_stream(ServerStream& stream);
    bool work_news() override;
    net::TimePoint next_deadline() const override;
    void on_deadline() override;
    void last_goaway();
    void end_with(uint32_t error);
    void misuse(Misuse what, uint32_t error = NGHTTP2_ENHANCE_YOUR_CALM);
    void broken_off(Misuse what);
    void note(ServerStream& stream);
    ServerStream* open_stream(int32_t id);
    void leave(ServerStream& stream);
    void release(ServerStream& stream);
    static void unlink(ServerStream& stream);
    void lose_streams();

    // Told by nghttp2.
    int on_begin_frame(const nghttp2_frame_hd& head);
    int on_begin_headers(const nghttp2_frame& frame);
    int on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value);
    int on_frame(const nghttp2_frame& frame);
    int on_data(int32_t id, std::string_view bytes);
    int on_close(int32_t id, uint32_t error);
    void on_sent(const nghttp2_frame& frame);
    ServerStream* find(int32_t id);

    Host host_;
    Client client_;
    FloodGuard guard_;
    std::vector<std::unique_ptr<ServerStream>> all_;
    std::vector<ServerStream*> spare_;
    std::vector<ServerStream*> news_;
    ServerStream* first_ = nullptr;  // of those that are open
    uint32_t open_ = 0;
    net::TimePoint idle_since_{};
    net::TimePoint block_since_ = net::kNever;  // a head that is not complete yet
    Keepalive keepalive_;
    net::TimePoint notice_until_ = net::kNever;  // then the last GOAWAY goes out
    bool asked_ = false;                         // a request has come
    bool draining_ = false;
    bool gone_away_ = false;   // the last GOAWAY is out
    bool closing_ = false;     // nobody is waited for
    bool ended_ = false;       // with an error: nothing more is heard
    net::TaskScope handlers_;  // last, so that it goes first
};

}  // namespace weir::http::h2
