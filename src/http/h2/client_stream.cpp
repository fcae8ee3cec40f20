#include "http/h2/client_stream.h"

#include <fmt/format.h>

#include "http/h2/client_session.h"

namespace weir::http::h2 {
namespace {

net::TimePoint now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

ClientStream::ClientStream(ClientSession& session, bool reused)
    : session_(&session), bell_(session.worker()), reused_(reused) {}

ClientStream::~ClientStream() {
    outbox_.clear();
    if (session_) session_->forget(*this);
}

std::unexpected<Error> ClientStream::lost() const {
    if (unheard_) return fail(codes::upstream_reset, "the provider did not look at the request");
    if (error_ != 0)
        return fail(codes::upstream_reset, fmt::format("the provider broke the stream off: {}",
                                                       nghttp2_http2_strerror(error_)));
    return fail(codes::upstream_reset, "the connection to the provider broke");
}

net::Task<Result<void>> ClientStream::send(std::span<iovec> pieces, RequestBody body,
                                           net::Duration stall, net::CancelSource* cancel) {
    WEIR_ASSERT(!pieces.empty());
    if (!session_) co_return Result<void>();  // its end is told by read_head()
    head_text_.assign(static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len);
    std::span<iovec> rest = net::consume(pieces.subspan(1), 0);
    const bool whole = body == RequestBody::whole;
    if (!session_->submit(*this, head_text_, !whole || !rest.empty()))
        co_return fail(codes::internal_error, "the request cannot be said in HTTP/2");
    co_return co_await deliver(rest, whole, stall, cancel);
}

net::Task<Result<void>> ClientStream::send_more(std::span<iovec> pieces, net::Duration stall,
                                                net::CancelSource* cancel) {
    return deliver(pieces, false, stall, cancel);
}

net::Task<Result<void>> ClientStream::send_end(net::Duration stall, net::CancelSource* cancel) {
    return deliver({}, true, stall, cancel);
}

/// Waits until the connection has it all. A provider that refuses early need not take it.
net::Task<Result<void>> ClientStream::deliver(std::span<iovec> pieces, bool last,
                                              net::Duration stall, net::CancelSource* cancel) {
    struct Abandon {
        Outbox& outbox;
        ~Abandon() { outbox.abandon(); }
    } abandon{outbox_};
    outbox_.fill(pieces, last);
    if (session_ && !closed_) {
        nghttp2_session_resume_data(session_->native(), id_);
        session_->pump();
    }
    while (!outbox_.delivered() && takes_more()) {
        std::size_t left = outbox_.size();
        bool late = co_await bell_.wait(now() + stall, cancel) == net::Wake::deadline;
        if (late && outbox_.size() == left)
            co_return fail(codes::upstream_request_timeout,
                           "the provider stopped reading the request");
    }
    co_return Result<void>();
}

net::Task<Result<const ResponseHead*>> ClientStream::read_head(std::string_view method,
                                                               net::TimePoint deadline,
                                                               net::CancelSource* cancel) {
    while (!head_complete_) {
        if (closed_ || !session_) co_return lost();
        net::Wake wake = co_await bell_.wait(deadline, cancel);
        if (wake == net::Wake::deadline && !head_complete_)
            co_return fail(codes::upstream_first_byte_timeout, "the provider sent nothing in time");
    }
    if (!head_made_) {
        WEIR_CO_CHECK(make_response_head(collector_, no_body_, method, head_));
        head_made_ = true;
    }
    co_return &head_;
}

void ClientStream::give_credit() {
    std::size_t used = inbox_.settle();
    if (used == 0 || !session_) return;
    session_->consume(closed_ ? 0 : id_, used);
    session_->pump();
}

/// Why the body will not come to its end.
Error ClientStream::cut() const {
    if (error_ == NGHTTP2_PROTOCOL_ERROR)
        return {codes::upstream_protocol, "the provider's body is not as long as it says"};
    return {codes::upstream_truncated, lost().error().detail()};
}

net::Task<Result<std::string_view>> ClientStream::read_body(net::TimePoint deadline,
                                                            net::CancelSource* cancel) {
    give_credit();
    while (inbox_.empty() && !ended_) {
        if (closed_ || !session_) co_return std::unexpected(cut());
        net::Wake wake = co_await bell_.wait(deadline, cancel);
        if (wake == net::Wake::deadline && inbox_.empty() && !ended_)
            co_return fail(codes::upstream_idle_timeout, "the provider sent nothing in time");
    }
    co_return inbox_.take();
}

}  // namespace weir::http::h2
