/// One client connection of a Server: reads heads and bodies, runs the handler, watches the client.
/// Internal to http/; handlers see Exchange.
#pragma once
#include <memory>
#include <string>

#include "http/h1/body_decoder.h"
#include "http/held_body.h"
#include "http/http1_exchange.h"
#include "http/server.h"
#include "net/blocks.h"

namespace weir::http {

namespace h2 {
class ServerSession;
}

class ServerConnection final : private net::Stream::Observer {
public:
    ServerConnection(Server& server, net::StreamPtr stream, std::string peer, uint32_t listener,
                     bool over_limit = false);
    ~ServerConnection();
    /// Serves until the connection ends.
    static net::Task<void> run(std::unique_ptr<ServerConnection> self);

    /// Closes if idle, else after the current answer. One that has not asked anything yet is left
    /// alone unless `newcomers_too`.
    void drain(bool newcomers_too);
    void close_now();  ///< cancels whatever runs
    ServerConnection* next() const { return next_; }
    uint32_t listener() const { return listener_; }
    bool stays() const;  ///< the newest configuration would let it in
    net::Duration stall_timeout() const { return options_->stall_timeout; }

private:
    friend Http1Exchange;
    friend Server;
    enum class Head : uint8_t { ready, closed, http2 };

    // entrance.cpp: before the first request
    net::Task<bool> enter();
    net::Task<bool> shake_hands(net::TimePoint deadline);
    net::Task<bool> count_in();
    bool renew_entrance();

    net::Task<void> serve();
    net::Task<Result<Head>> read_head();
    net::Task<bool> one_exchange();
    net::Task<void> refuse(const Error& error);
    net::Task<void> answer(const Error& error, bool handled);
    net::Task<void> linger();
    bool speaks_http2(std::string_view head) const;
    net::Task<void> serve_http2();
    net::Task<bool> discard_body();
    void on_readable(net::Stream& stream) override;

    // The read buffer: [begin_, end_) is unread; what lies before floor_ is the current head.
    std::string_view unread() const { return {block_.data() + begin_, end_ - begin_}; }
    std::span<char> space();
    void move_down();
    bool skip_empty_lines();
    net::IoResult fill();

    // Body reading, for Exchange.
    net::Task<Result<std::string_view>> read_all();
    net::Task<Result<std::string_view>> read_in_place(std::size_t length);
    net::Task<Result<std::string_view>> read_to_heap();
    net::Task<Result<std::string_view>> read_some();
    net::Task<Result<std::string_view>> hold_some();
    net::Task<Result<void>> fill_body();
    std::unexpected<Error> body_too_large();
    Result<void> hold_room(std::size_t needed);
    net::Task<void> send_continue();
    void body_complete();
    bool body_finished() const { return whole_done_ || decoder_.done(); }

    Server& server_;
    net::StreamPtr stream_;
    std::string peer_;  // the client, as a PROXY header says where there is one
    uint32_t listener_;
    std::shared_ptr<const Entrance> entrance_;
    const ServerOptions* options_;                    // of the entrance
    std::shared_ptr<std::atomic<uint32_t>> counted_;  // the listener's connections, with this one
    bool over_limit_;                                 // one more than ConnectionCount allows
    ConnectionCount* count_;                          // where this one is counted; null: nowhere
    net::CancelSource cancel_;
    net::Blocks::Block block_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t floor_ = 0;
    RequestHead head_;
    h1::BodyDecoder decoder_;
    Http1Exchange exchange_;
    net::TimePoint begun_{};
    net::TimePoint retires_ = net::kNever;  // no request begins after that
    uint32_t requests_ = 0;
    net::TimePoint first_byte_{};  // of the head that is, or was last, read
    HeldBody held_;
    bool in_exchange_ = false;
    bool ending_ = false;  // the last answer is on its way
    bool continue_due_ = false;
    bool whole_done_ = false;  // the in-place body was taken whole
    std::string_view whole_;   // then: that body
    uint64_t body_read_ = 0;
    std::unique_ptr<h2::ServerSession> http2_;  // once the client has said that it speaks it
    ServerConnection* next_ = nullptr;
    ServerConnection** previous_ = nullptr;
};

}  // namespace weir::http
