#include "http/h2/server_stream.h"

#include <fmt/format.h>

#include <array>

#include "http/h2/server_session.h"

namespace weir::http::h2 {
namespace {

net::TimePoint now() {
    return std::chrono::steady_clock::now();
}

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

ServerStream::ServerStream(ServerSession& session)
    : Exchange(head_in_, source_), session_(session), bell_(session.worker()) {}

std::string_view ServerStream::peer() const {
    return session_.client_.peer;
}
const net::TlsSession* ServerStream::tls() const {
    return session_.client_.tls;
}
uint32_t ServerStream::listener() const {
    return session_.client_.listener;
}
bool ServerStream::over_limit() const {
    return session_.client_.over_limit;
}

void ServerStream::open(int32_t id, net::TimePoint at) {
    id_ = id;
    first_byte_ = begun_ = at;
    source_.reset();
    reset_answer(false);
    outbox_.clear();
    body_seen_ = 0;
    due_ = in_news_ = handled_ = body_ended_ = closed_ = reset_ = continue_due_ = parsed_ = false;
}

void ServerStream::recycle() {
    constexpr std::size_t kKeep = 4 * 1024;  // of a head that was larger nothing is kept
    if (collector_.size() > kKeep) collector_ = {};
    if (head_.capacity() > kKeep) std::string().swap(head_);
    collector_.clear();
    trailers_.clear();
    inbox_.clear();
    held_.release();
    whole_ = {};
    id_ = 0;
}

Result<void> ServerStream::head_complete(bool end_stream, net::TimePoint at) {
    begun_ = at;
    body_ended_ = end_stream;
    auto made = make_request_head(collector_, end_stream, head_in_);
    reset_answer(head_in_.method == "HEAD");
    if (!made) return made;
    parsed_ = true;
    continue_due_ = head_in_.expect_continue;
    if (head_in_.framing.length > session_.host_.options.body_limit)
        return fail(codes::http_body_too_large, fmt::format("the body is larger than {} bytes",
                                                            session_.host_.options.body_limit));
    return {};
}

void ServerStream::send_continue() {
    continue_due_ = false;
    nghttp2_nv status = field(":status", "100");
    nghttp2_submit_headers(session_.native(), NGHTTP2_FLAG_NONE, id_, nullptr, &status, 1, nullptr);
    session_.pump();
}

/// What was lent to the handler has been used: the client may send as much again.
void ServerStream::give_credit() {
    std::size_t used = inbox_.settle();
    if (used == 0) return;
    session_.consume(id_, used);
    session_.pump();
}

/// Until something has come, or the end of the body.
net::Task<Result<void>> ServerStream::wait_for_body() {
    if (continue_due_ && !body_ended_ && inbox_.empty()) send_continue();
    while (inbox_.empty() && !body_ended_) {
        net::Duration patience = session_.host_.options.stall_timeout;
        if (co_await bell_.wait(now() + patience, &source_) == net::Wake::deadline)
            co_return fail(codes::http_timeout, "the request body did not arrive in time");
    }
    if (body_seen_ > session_.host_.options.body_limit)
        co_return fail(codes::http_body_too_large, fmt::format("the body is larger than {} bytes",
                                                               session_.host_.options.body_limit));
    co_return Result<void>();
}

net::Task<Result<std::string_view>> ServerStream::read_some() {
    give_credit();
    WEIR_CO_CHECK(co_await wait_for_body());
    co_return inbox_.take();
}

net::Task<Result<std::string_view>> ServerStream::hold_some() {
    WEIR_CO_TRY(std::string_view piece, co_await read_some());
    if (!piece.empty()) {
        WEIR_CO_CHECK(held_.append(piece, session_.host_.options.body_memory));
        give_credit();
    }
    co_return held_.view();
}

net::Task<Result<std::string_view>> ServerStream::read_all() {
    if (!held_) {
        if (!inbox_.empty() && body_ended_ && body_seen_ <= session_.host_.options.body_limit) {
            whole_ = inbox_.take();
            give_credit();  // others need the connection's window while a provider thinks
        }
        if (body_done()) co_return whole_;
        if (head_in_.framing.kind == Framing::Kind::length)
            WEIR_CO_CHECK(held_.reserve(static_cast<std::size_t>(head_in_.framing.length),
                                        session_.host_.options.body_memory));
    }
    while (!body_done())
        WEIR_CO_CHECK(co_await hold_some());
    co_return held_.view();
}

void ServerStream::release_request() {
    held_.release();
    whole_ = {};
    give_credit();
    head_in_.headers.clear();
    head_in_.method = head_in_.target = head_in_.path = head_in_.query = head_in_.authority = {};
    collector_.clear();
}

net::Task<void> ServerStream::send(std::string_view body) {
    WEIR_ASSERT(state_ == State::head);
    const bool none = bodiless(status_);
    if (!none) header("content-length", fmt::format_int(body.size()).c_str());
    state_ = none || head_request_ ? State::no_body : State::length;
    length_left_ = body.size();
    iovec piece = piece_of(state_ == State::no_body ? std::string_view() : body);
    co_await deliver({&piece, 1}, true);
}

void ServerStream::start_chunked() {
    WEIR_ASSERT(state_ == State::head);
    state_ = head_request_ || bodiless(status_) ? State::no_body : State::chunked;
}

void ServerStream::start_length(uint64_t length) {
    WEIR_ASSERT(state_ == State::head);
    if (!bodiless(status_)) header("content-length", fmt::format_int(length).c_str());
    state_ = head_request_ || bodiless(status_) ? State::no_body : State::length;
    length_left_ = length;
}

net::Task<void> ServerStream::write(std::string_view data) {
    iovec piece = piece_of(data);
    co_await deliver({&piece, 1}, false);
}

net::Task<void> ServerStream::write(std::span<const std::string_view> pieces) {
    return deliver_text(pieces, false, {});
}

net::Task<void> ServerStream::finish(std::string_view last, std::string_view trailers) {
    iovec piece = piece_of(last);
    co_await deliver({&piece, 1}, true, trailers);
}

net::Task<void> ServerStream::finish(std::span<const std::string_view> last) {
    return deliver_text(last, true, {});
}

net::Task<void> ServerStream::deliver_text(std::span<const std::string_view> text, bool last,
                                           std::string_view trailers) {
    constexpr std::size_t kMost = 16;
    std::array<iovec, kMost> pieces;
    while (true) {
        std::size_t count = std::min(text.size(), kMost);
        for (std::size_t i = 0; i < count; ++i)
            pieces[i] = piece_of(text[i]);
        text = text.subspan(count);
        co_await deliver(std::span(pieces).first(count), last && text.empty(), trailers);
        if (text.empty()) co_return;
    }
}

/// Hands `pieces` to the connection, the head before them if it is still here, and waits until it
/// has them. A client that opens no window for the stall timeout loses its stream.
net::Task<void> ServerStream::deliver(std::span<iovec> pieces, bool last,
                                      std::string_view trailers) {
    WEIR_ASSERT(state_ != State::idle && state_ != State::head && state_ != State::done);
    std::size_t size = 0;
    for (const auto& piece : pieces)
        size += piece.iov_len;
    if (state_ == State::no_body) {
        pieces = {};
        size = 0;
    }
    bool cut = false;
    if (state_ == State::length) {
        WEIR_ASSERT(size <= length_left_);
        length_left_ -= size;
        cut = last && length_left_ > 0;  // less than promised
    }
    const bool no_body = state_ == State::no_body || (last && size == 0 && trailers.empty());
    if (last) state_ = State::done;
    body_sent_ += size;
    const bool head_due = !sent_head_;
    sent_head_ = true;
    if (source_.cancelled()) throw net::Cancelled();
    trailers_ = trailers;
    if (head_due) {
        if (!submit_head(last && no_body && !cut)) co_return abort();
        if (last && no_body && !cut) co_return session_.pump();
    }
    struct Abandon {
        Outbox& outbox;
        ~Abandon() { outbox.abandon(); }
    } abandon{outbox_};
    outbox_.fill(pieces, last && !cut);
    nghttp2_session_resume_data(session_.native(), id_);
    session_.pump();
    while (!outbox_.delivered() && !closed_) {
        std::size_t left = outbox_.size();
        net::Duration patience = session_.host_.options.stall_timeout;
        bool late = co_await bell_.wait(now() + patience, &source_) == net::Wake::deadline;
        if (!late || outbox_.size() != left) continue;
        session_.host_.counters.http2.count(Misuse::stalled);
        reset(NGHTTP2_FLOW_CONTROL_ERROR);
        source_.cancel();
        throw net::Cancelled();
    }
    if (cut) abort();
}

/// False if the head cannot be said in HTTP/2.
bool ServerStream::submit_head(bool end_stream) {
    fields_.clear();
    status_text_ = fmt::format_int(status_).c_str();
    fields_.push_back(field(":status", status_text_));
    if (!to_fields(head_, fields_)) return false;
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t*, size_t length, uint32_t* flags,
                                nghttp2_data_source* source, void*) -> ssize_t {
        auto* self = static_cast<ServerStream*>(source->ptr);
        ssize_t size = Session::read_outbox(self->outbox_, length, flags);
        if ((*flags & NGHTTP2_DATA_FLAG_EOF) && !self->trailers_.empty() && self->submit_trailers())
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        return size;
    };
    return nghttp2_submit_response(session_.native(), id_, fields_.data(), fields_.size(),
                                   end_stream ? nullptr : &provider) == 0;
}

bool ServerStream::submit_trailers() {
    fields_.clear();
    return to_fields(trailers_, fields_) && !fields_.empty() &&
           nghttp2_submit_trailer(session_.native(), id_, fields_.data(), fields_.size()) == 0;
}

void ServerStream::abort() {
    state_ = State::done;
    reset(NGHTTP2_INTERNAL_ERROR);
}

void ServerStream::reset(uint32_t error) {
    if (closed_ || reset_) return;
    reset_ = true;
    nghttp2_submit_rst_stream(session_.native(), NGHTTP2_FLAG_NONE, id_, error);
    session_.pump();
}

/// An answer that the server gives itself.
net::Task<void> ServerStream::answer(const Error& error, bool handled) {
    std::string type;
    std::string body;
    session_.host_.handler.render_error(error, type, body);
    reset_answer(head_request_);
    begin(error.status());
    header("content-type", type);
    session_.host_.handler.on_refusal(
        {error, parsed_ ? &head_in_ : nullptr, peer(), listener(), now() - first_byte_, handled},
        head_);
    co_await send(body);
}

}  // namespace weir::http::h2
