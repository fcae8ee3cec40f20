#include "http/http1_exchange.h"

#include <array>
#include <charconv>

#include "http/server_connection.h"

namespace weir::http {
namespace {

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

/// "1f\r\n" into `buffer`.
std::string_view chunk_line(std::array<char, 20>& buffer, std::size_t size) {
    auto [end, error] = std::to_chars(buffer.data(), buffer.data() + 16, size, 16);
    *end++ = '\r';
    *end++ = '\n';
    return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

Http1Exchange::Http1Exchange(ServerConnection& connection)
    : Exchange(connection.head_, connection.cancel_), connection_(connection) {}

std::string_view Http1Exchange::peer() const {
    return connection_.peer_;
}
const net::TlsSession* Http1Exchange::tls() const {
    return connection_.stream_->tls();
}
uint32_t Http1Exchange::listener() const {
    return connection_.listener_;
}
bool Http1Exchange::over_limit() const {
    return connection_.over_limit_;
}
net::TimePoint Http1Exchange::begun() const {
    return connection_.begun_;
}
net::Task<Result<std::string_view>> Http1Exchange::read_all() {
    return connection_.read_all();
}
net::Task<Result<std::string_view>> Http1Exchange::read_some() {
    return connection_.read_some();
}
net::Task<Result<std::string_view>> Http1Exchange::hold_some() {
    return connection_.hold_some();
}
void Http1Exchange::watch_unread() {
    if (!body_done()) connection_.stream_->watch(&connection_);
}
bool Http1Exchange::body_done() const {
    return connection_.body_finished();
}

void Http1Exchange::release_request() {
    connection_.held_.release();
    connection_.whole_ = {};
    RequestHead& head = connection_.head_;
    head.headers.clear();
    head.method = head.target = head.path = head.query = head.authority = {};
    if (connection_.begin_ == connection_.end_) {
        connection_.floor_ = connection_.begin_ = connection_.end_ = 0;
        connection_.block_.reset();
    }
}

void Http1Exchange::reset(bool keep_alive, bool head_request, int minor) {
    reset_answer(head_request);
    minor_ = minor;
    keep_alive_ = keep_alive;
}

void Http1Exchange::write_status_line() {
    head_.append("HTTP/1.1 ");
    std::array<char, 8> digits;
    auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), status_);
    head_.append(digits.data(), end);
    head_.append(" ").append(reason_phrase(status_)).append("\r\n");
}

void Http1Exchange::end_head() {
    if (!keep_alive_)
        head_.append("connection: close\r\n");
    else if (minor_ == 0)
        head_.append("connection: keep-alive\r\n");
    head_.append("\r\n");
}

net::Task<void> Http1Exchange::send(std::string_view body) {
    WEIR_ASSERT(state_ == State::head);
    const bool bodiless = Exchange::bodiless(status_);
    if (!bodiless) {
        head_.append("content-length: ");
        std::array<char, 24> digits;
        auto [end, error] =
            std::to_chars(digits.data(), digits.data() + digits.size(), body.size());
        head_.append(digits.data(), end);
        head_.append("\r\n");
    }
    end_head();
    state_ = State::done;
    sent_head_ = true;
    if (bodiless || head_request_) body = {};
    body_sent_ = body.size();
    std::array<iovec, 2> pieces{piece_of(head_), piece_of(body)};
    std::span<iovec> rest(pieces);
    if (!write_now(rest)) co_await write_pieces(rest);
}

void Http1Exchange::start_chunked() {
    WEIR_ASSERT(state_ == State::head);
    if (head_request_ || status_ == 204 || status_ == 304) {
        state_ = State::no_body;
    } else if (minor_ == 0) {
        keep_alive_ = false;  // HTTP/1.0 knows no chunks: the close ends the body
        state_ = State::until_close;
    } else {
        head_.append("transfer-encoding: chunked\r\n");
        state_ = State::chunked;
    }
    end_head();
}

void Http1Exchange::start_length(uint64_t length) {
    WEIR_ASSERT(state_ == State::head);
    if (status_ != 204 && status_ != 304)
        head_.append(fmt::format("content-length: {}\r\n", length));
    state_ = head_request_ || status_ == 204 || status_ == 304 ? State::no_body : State::length;
    length_left_ = length;
    end_head();
}

net::Task<void> Http1Exchange::write(std::string_view data) {
    std::array<iovec, 4> pieces;
    std::array<char, 20> line;
    std::span<iovec> rest(pieces.data(), add_data(pieces, line, data));
    if (!write_now(rest)) co_await write_pieces(rest);
}

net::Task<void> Http1Exchange::finish(std::string_view last, std::string_view trailers) {
    std::array<iovec, 7> pieces;
    std::array<char, 20> line;
    std::size_t count = add_data(pieces, line, last);
    if (state_ == State::chunked) {
        pieces[count++] = piece_of("0\r\n");
        pieces[count++] = piece_of(trailers);
        pieces[count++] = piece_of("\r\n");
    }
    if (state_ == State::length && length_left_ > 0)
        keep_alive_ = false;  // less than promised: cut
    state_ = State::done;
    std::span<iovec> rest(pieces.data(), count);
    if (!write_now(rest)) co_await write_pieces(rest);
}

net::Task<void> Http1Exchange::write(std::span<const std::string_view> pieces) {
    if (pieces.size() == 1) co_return co_await write(pieces.front());
    co_await write_gathered(pieces, false);
}

net::Task<void> Http1Exchange::finish(std::span<const std::string_view> last) {
    if (last.size() == 1) co_return co_await finish(last.front(), {});
    co_await write_gathered(last, true);
}

/// Several pieces as one: something was taken out between them.
net::Task<void> Http1Exchange::write_gathered(std::span<const std::string_view> pieces, bool last) {
    constexpr std::size_t kMost = 16;
    while (pieces.size() > kMost) {
        co_await write_gathered(pieces.first(kMost), false);
        pieces = pieces.subspan(kMost);
    }
    std::array<iovec, kMost + 4> out;
    std::array<char, 20> line;
    std::size_t size = 0;
    for (std::string_view piece : pieces)
        size += piece.size();
    std::size_t count = 0;
    if (!sent_head_) out[count++] = piece_of(head_);
    sent_head_ = true;
    if (state_ == State::no_body) size = 0;
    if (size > 0) {
        if (state_ == State::chunked) out[count++] = piece_of(chunk_line(line, size));
        for (std::string_view piece : pieces)
            out[count++] = piece_of(piece);
        body_sent_ += size;
    }
    std::string_view end = size > 0 ? (last ? "\r\n0\r\n\r\n" : "\r\n") : (last ? "0\r\n\r\n" : "");
    if (state_ == State::chunked) out[count++] = piece_of(end);
    WEIR_ASSERT(state_ !=
                State::length);  // lengths are for bodies that pass in one piece at a time
    if (last) state_ = State::done;
    std::span<iovec> rest(out.data(), count);
    if (!write_now(rest)) co_await write_pieces(rest);
}

/// The head, if it has not left yet, and `data` framed as a piece of the body.
std::size_t Http1Exchange::add_data(std::span<iovec> pieces, std::array<char, 20>& line,
                                    std::string_view data) {
    WEIR_ASSERT(state_ != State::idle && state_ != State::head && state_ != State::done);
    std::size_t count = 0;
    if (!sent_head_) pieces[count++] = piece_of(head_);
    sent_head_ = true;
    if (state_ == State::no_body) data = {};
    if (state_ == State::length) {
        WEIR_ASSERT(data.size() <= length_left_);
        length_left_ -= data.size();
    }
    if (data.empty()) return count;
    if (state_ == State::chunked) pieces[count++] = piece_of(chunk_line(line, data.size()));
    pieces[count++] = piece_of(data);
    if (state_ == State::chunked) pieces[count++] = piece_of("\r\n");
    body_sent_ += data.size();
    return count;
}

void Http1Exchange::abort() {
    keep_alive_ = false;
    state_ = State::done;
    connection_.stream_->abort();
}

bool Http1Exchange::write_now(std::span<iovec>& pieces) {
    if (connection_.cancel_.cancelled()) return false;
    std::size_t total = 0;
    for (const auto& piece : pieces)
        total += piece.iov_len;
    if (total == 0) return true;
    net::IoResult r = connection_.stream_->write(pieces);
    if (r.closed()) {
        connection_.cancel_.cancel();
        return false;
    }
    if (r.size == total) return true;
    pieces = net::consume(pieces, r.size);
    return false;
}

net::Task<void> Http1Exchange::write_pieces(std::span<iovec> pieces) {
    if (connection_.cancel_.cancelled()) throw net::Cancelled();
    int error = co_await net::write_all(*connection_.stream_, pieces, connection_.stall_timeout(),
                                        &connection_.cancel_);
    if (error == 0) co_return;
    connection_.cancel_.cancel();
    throw net::Cancelled();
}

}  // namespace weir::http
