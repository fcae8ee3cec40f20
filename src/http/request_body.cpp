// Reading request bodies: in place when they fit the read buffer, else on the heap within bounds.
#include <sys/socket.h>

#include "http/server_connection.h"

namespace weir::http {
namespace {
constexpr std::size_t kDiscardLimit = 256 * 1024;  // of an unread body, to keep a connection alive
net::TimePoint now() {
    return std::chrono::steady_clock::now();
}
}  // namespace

/// One read from the socket for the body, waiting for it as long as a stalled client may take.
net::Task<Result<void>> ServerConnection::fill_body() {
    if (continue_due_) co_await send_continue();
    while (true) {
        net::IoResult r = fill();
        if (r.done()) co_return Result<void>();
        if (r.closed()) {
            cancel_.cancel();
            throw net::Cancelled();
        }
        net::Wake wake = co_await stream_->readable(now() + options_->stall_timeout, &cancel_);
        if (wake == net::Wake::deadline) {
            exchange_.close_after();
            co_return fail(codes::http_timeout, "the request body did not arrive in time");
        }
    }
}

net::Task<void> ServerConnection::send_continue() {
    continue_due_ = false;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    iovec piece{const_cast<char*>(kContinue.data()), kContinue.size()};
    if (co_await net::write_all(*stream_, {&piece, 1}, options_->stall_timeout, &cancel_) != 0)
        throw net::Cancelled();
}

void ServerConnection::body_complete() {
    continue_due_ = false;
    stream_->watch(this);
}

net::Task<Result<std::string_view>> ServerConnection::read_all() {
    if (body_finished()) {
        if (held_) co_return held_.view();
        co_return whole_;
    }
    if (head_.framing.kind == Framing::Kind::length &&
        floor_ + head_.framing.length + kBodyPadding <= net::Blocks::kSize && begin_ == floor_ &&
        decoder_.remaining() == head_.framing.length)
        co_return co_await read_in_place(static_cast<std::size_t>(head_.framing.length));
    co_return co_await read_to_heap();
}

net::Task<Result<std::string_view>> ServerConnection::read_in_place(std::size_t length) {
    while (end_ - begin_ < length)
        WEIR_CO_CHECK(co_await fill_body());
    whole_ = {block_.data() + begin_, length};
    begin_ += length;
    floor_ = begin_;  // the body's views stay valid while later bytes arrive
    whole_done_ = true;
    body_complete();
    co_return whole_;
}

net::Task<Result<std::string_view>> ServerConnection::read_to_heap() {
    if (head_.framing.kind == Framing::Kind::length)
        WEIR_CO_CHECK(hold_room(static_cast<std::size_t>(head_.framing.length)));
    while (!body_finished())
        WEIR_CO_CHECK(co_await hold_some());
    co_return held_.view();
}

net::Task<Result<std::string_view>> ServerConnection::hold_some() {
    WEIR_CO_TRY(std::string_view piece, co_await read_some());
    if (!piece.empty()) {
        WEIR_CO_CHECK(hold_room(held_.view().size() + piece.size()));
        WEIR_CO_CHECK(held_.append(piece, options_->body_memory));
    }
    co_return held_.view();
}

net::Task<Result<std::string_view>> ServerConnection::read_some() {
    while (!body_finished()) {
        if (begin_ == end_) WEIR_CO_CHECK(co_await fill_body());
        h1::BodyDecoder::Step step;
        const char* bad = decoder_.decode({block_.data() + begin_, end_ - begin_}, step);
        if (bad) {
            exchange_.close_after();
            co_return fail(codes::http_bad_request, bad);
        }
        begin_ += step.consumed;
        if (begin_ == end_ && decoder_.done() == false) begin_ = end_ = floor_;
        body_read_ += step.data.size();
        // What a chunk announces counts before it has come.
        if (body_read_ + decoder_.remaining() > options_->body_limit) co_return body_too_large();
        if (decoder_.done()) body_complete();
        if (!step.data.empty()) co_return step.data;
    }
    co_return std::string_view();
}

std::unexpected<Error> ServerConnection::body_too_large() {
    exchange_.close_after();
    return fail(codes::http_body_too_large,
                fmt::format("the body is larger than {} bytes", options_->body_limit));
}

Result<void> ServerConnection::hold_room(std::size_t needed) {
    auto room = held_.reserve(needed, options_->body_memory);
    if (!room) exchange_.close_after();
    return room;
}

/// Reads and drops a body that the handler did not want; false if it is too long for that.
net::Task<bool> ServerConnection::discard_body() {
    if (head_.framing.kind == Framing::Kind::length && decoder_.remaining() > kDiscardLimit)
        co_return false;
    for (std::size_t dropped = 0; dropped <= kDiscardLimit;) {
        auto piece = co_await read_some();
        if (!piece) co_return false;
        if (piece->empty()) co_return true;
        dropped += piece->size();
    }
    co_return false;
}

}  // namespace weir::http
