/// A connection of HTTP/2 to a provider, shared by the exchanges of one worker.
///
/// Takes streams as long as the provider allows (SETTINGS_MAX_CONCURRENT_STREAMS), has not said
/// GOAWAY, and the origin's bounds (exchanges, age) are kept; afterwards it ends with its last
/// stream. While streams are open and nothing comes, it pings; no answer means that the provider is
/// gone. Frames that a provider floods it with have allowances, as a client's (limits.h).
///
/// Ownership: lives in the coroutine that serve()s it. Threads: its worker's.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/h2/callbacks.h"
#include "http/h2/client_stream.h"
#include "http/h2/flood_guard.h"
#include "http/h2/session.h"

namespace weir::http::h2 {

class ClientSession final : public Session {
public:
    /// Who gives its streams out.
    class Owner {
    public:
        /// It takes no more streams. From anywhere: resume nobody.
        virtual void retired(ClientSession& session) = 0;
        /// Its settings are known, or it has retired: who waits for that may go on.
        virtual void settled() = 0;

    protected:
        ~Owner() = default;
    };
    ClientSession(const Origin& origin, net::StreamPtr stream, net::Duration idle_timeout,
                  ClientCounters& counters, Owner& owner);
    ~ClientSession();

    /// Until the connection is over.
    net::Task<void> serve();
    bool takes_streams() const;
    /// How many streams the provider takes is not known yet: it is asked for one.
    bool settling() const { return !settings_seen_ && !retired_; }
    std::unique_ptr<ClientStream> open();
    /// No streams any more; ends with the last one.
    void retire();

private:
    friend ClientStream;
    friend SharedCallbacks<ClientSession>;
    struct Callbacks;
    bool submit(ClientStream& stream, std::span<char> head, bool has_body);
    void forget(ClientStream& stream);
    void note(ClientStream& stream);
    bool work_news() override;
    net::TimePoint next_deadline() const override;
    void on_deadline() override;
    ClientStream* find(int32_t id);
    void ping(net::TimePoint at);

    int on_begin_frame(const nghttp2_frame_hd& head);
    int on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value);
    int on_frame(const nghttp2_frame& frame);
    void on_malformed();
    int on_data(int32_t id, std::string_view bytes);
    int on_close(int32_t id, uint32_t error);
    void end_head(ClientStream& stream, const nghttp2_frame& frame);

    ClientLimits options_;
    bool tls_;
    uint32_t exchanges_left_;  ///< UINT32_MAX: any number
    net::TimePoint retires_ = net::kNever;
    net::Duration idle_timeout_;
    ClientCounters& counters_;
    Owner& owner_;
    FloodGuard guard_;
    std::vector<ClientStream*> news_;
    ClientStream* first_ = nullptr;
    uint32_t open_ = 0;  ///< streams given out, sent or not
    bool used_ = false;
    bool retired_ = false;
    bool settings_seen_ = false;
    bool settled_due_ = false;  ///< the owner is to be told
    net::TimePoint idle_since_{};
    Keepalive keepalive_;
};

}  // namespace weir::http::h2
