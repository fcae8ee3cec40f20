/// One request and its response on a stream of HTTP/2.
///
/// The body is pulled: what has come is kept within the stream's window, and the window opens again
/// only as the handler reads. The response is pushed by the handler, which waits until the
/// connection has taken it. Internal to http/; handlers see Exchange.
///
/// Ownership: lives in its ServerSession, which uses it again for later streams. Threads: one
/// worker.
#pragma once
#include <string>
#include <vector>

#include "http/exchange.h"
#include "http/h2/bell.h"
#include "http/h2/heads.h"
#include "http/h2/inbox.h"
#include "http/h2/outbox.h"

namespace weir::http::h2 {

class ServerSession;

class ServerStream final : public Exchange {
public:
    explicit ServerStream(ServerSession& session);

    std::string_view peer() const override;
    const net::TlsSession* tls() const override;
    uint32_t listener() const override;
    net::TimePoint begun() const override { return begun_; }
    bool over_limit() const override;
    net::Task<Result<std::string_view>> read_all() override;
    net::Task<Result<std::string_view>> read_some() override;
    net::Task<Result<std::string_view>> hold_some() override;
    bool body_done() const override { return body_ended_ && inbox_.empty(); }
    void watch_unread() override {}  // the session hears of everything
    void release_request() override;
    net::Task<void> send(std::string_view body) override;
    void start_chunked() override;
    void start_length(uint64_t length) override;
    net::Task<void> write(std::string_view data) override;
    net::Task<void> write(std::span<const std::string_view> pieces) override;
    net::Task<void> finish(std::string_view last, std::string_view trailers) override;
    net::Task<void> finish(std::span<const std::string_view> last) override;
    void abort() override;
    void close_after() override {}

private:
    friend ServerSession;
    void write_status_line() override {}
    void open(int32_t id, net::TimePoint now);
    void recycle();
    Result<void> head_complete(bool end_stream, net::TimePoint now);
    net::Task<void> answer(const Error& error, bool handled);
    net::Task<Result<void>> wait_for_body();
    void send_continue();
    void give_credit();
    bool submit_head(bool end_stream);
    net::Task<void> deliver(std::span<iovec> pieces, bool last, std::string_view trailers = {});
    net::Task<void> deliver_text(std::span<const std::string_view> text, bool last,
                                 std::string_view trailers);
    void reset(uint32_t error);
    bool submit_trailers();

    ServerSession& session_;
    int32_t id_ = 0;
    net::CancelSource source_;
    HeadCollector collector_;
    RequestHead head_in_;
    net::TimePoint first_byte_{};
    net::TimePoint begun_{};
    Bell bell_;
    Inbox inbox_;
    HeldBody held_;
    std::string_view whole_;  ///< of a body that was complete in the inbox
    uint64_t body_seen_ = 0;
    Outbox outbox_;
    std::string status_text_;
    std::string trailers_;
    std::vector<nghttp2_nv> fields_;

    // What the session's callbacks noted, and what has become of the stream.
    bool due_ = false;      ///< a handler is to be started
    bool in_news_ = false;  ///< listed with the session
    bool handled_ = false;  ///< a handler runs
    bool body_ended_ = false;
    bool closed_ = false;  ///< nghttp2 has forgotten it
    bool reset_ = false;   ///< by us
    bool continue_due_ = false;
    bool parsed_ = false;           ///< head_in_ is a head
    ServerStream* next_ = nullptr;  ///< of the streams that are open
    ServerStream** previous_ = nullptr;
};

}  // namespace weir::http::h2
