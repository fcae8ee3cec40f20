#include "http/client_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/h1/head_parser.h"

namespace weir::http {

ClientConnection::ClientConnection(ClientPool& pool, const Origin& origin, net::StreamPtr stream)
    : pool_(pool),
      key_(origin.key),
      max_exchanges_(origin.max_exchanges),
      idle_(origin.idle),
      stream_(std::move(stream)) {
    if (origin.max_age.count() > 0) retires_ = std::chrono::steady_clock::now() + origin.max_age;
    ++pool_.counters_.open;
}

ClientConnection::~ClientConnection() {
    --pool_.counters_.open;
    stream_->close();
}

net::Task<Result<void>> ClientConnection::send(std::span<iovec> pieces, RequestBody body,
                                               net::Duration stall, net::CancelSource* cancel) {
    ++exchanges_;
    received_before_ = stream_->received();
    send_failed_ = false;
    head_seen_ = false;
    keep_alive_ = false;
    decoder_ = h1::BodyDecoder(Framing{Framing::Kind::until_close, 0});
    chunked_ = body == RequestBody::chunked;
    return send_pieces(pieces, stall, cancel);
}

/// A chunk of its own, if the body is sent in chunks (RFC 9112 §7.1).
net::Task<Result<void>> ClientConnection::send_more(std::span<iovec> pieces, net::Duration stall,
                                                    net::CancelSource* cancel) {
    if (!chunked_) co_return co_await send_pieces(pieces, stall, cancel);
    std::size_t size = 0;
    for (const iovec& piece : pieces)
        size += piece.iov_len;
    if (size == 0) co_return Result<void>();
    constexpr std::size_t kMost = 8;
    WEIR_ASSERT(pieces.size() <= kMost);
    std::array<char, 24> line;
    std::array<iovec, kMost + 2> framed;
    auto end = fmt::format_to(line.data(), "{:x}\r\n", size);
    framed[0] = {line.data(), static_cast<std::size_t>(end - line.data())};
    std::ranges::copy(pieces, framed.begin() + 1);
    framed[pieces.size() + 1] = {const_cast<char*>("\r\n"), 2};
    co_return co_await send_pieces(std::span(framed).first(pieces.size() + 2), stall, cancel);
}

net::Task<Result<void>> ClientConnection::send_end(net::Duration stall, net::CancelSource* cancel) {
    if (!chunked_) co_return Result<void>();
    iovec last{const_cast<char*>("0\r\n\r\n"), 5};
    co_return co_await send_pieces({&last, 1}, stall, cancel);
}

net::Task<Result<void>> ClientConnection::send_pieces(std::span<iovec> pieces, net::Duration stall,
                                                      net::CancelSource* cancel) {
    int error = co_await send_all(net::consume(pieces, 0), stall, cancel);
    if (error == ETIMEDOUT)
        co_return fail(codes::upstream_request_timeout, "the provider stopped reading the request");
    // A provider may refuse early and close: its answer, if there is one, tells more than our
    // EPIPE.
    send_failed_ = error != 0;
    co_return Result<void>();
}

/// As net::write_all, but stops (EPIPE) when the provider refuses the request before it has it all.
net::Task<int> ClientConnection::send_all(std::span<iovec> pieces, net::Duration stall,
                                          net::CancelSource* cancel) {
    while (!pieces.empty()) {
        net::IoResult r = stream_->write(pieces);
        if (r.closed()) co_return r.error ? r.error : EPIPE;
        if (r.again()) {
            auto deadline = std::chrono::steady_clock::now() + stall;
            // With a full buffer more of an answer cannot be looked at; what is there is no
            // refusal.
            net::Wake wake;
            if (end_ < net::Blocks::kSize)
                wake = co_await stream_->ready(deadline, cancel);
            else
                wake = co_await stream_->writable(deadline, cancel);
            if (wake == net::Wake::deadline) co_return ETIMEDOUT;
            if (refused_early()) co_return EPIPE;
        }
        pieces = net::consume(pieces, r.size);
    }
    co_return 0;
}

/// Looks at what has arrived while the request is still being sent: true if it is the end, or an
/// answer other than 1xx and 2xx (those may go with a request that is still read; RFC 9112 §9.3).
bool ClientConnection::refused_early() {
    if (end_ == net::Blocks::kSize) return false;
    if (!block_) block_ = stream_->worker().blocks().take();
    net::IoResult r = stream_->read({block_.data() + end_, net::Blocks::kSize - end_});
    if (r.closed()) return true;
    end_ += r.size;
    if (begin_ == end_) block_.reset();
    std::string_view answer(block_.data() + begin_, end_ - begin_);
    return answer.size() >= 10 && answer.starts_with("HTTP/1.") && answer[9] >= '3';
}

/// Of a body without a length (a stream) half a buffer is read at once, so that what a slow client
/// has not taken stays small.
std::span<char> ClientConnection::space() {
    constexpr std::size_t kStreamed = net::Blocks::kSize / 2;
    bool streamed = head_seen_ && (head_.framing.kind == Framing::Kind::chunked ||
                                   head_.framing.kind == Framing::Kind::until_close);
    std::size_t limit = streamed && end_ < kStreamed ? kStreamed : net::Blocks::kSize;
    return {block_.data() + end_, limit - end_};
}

/// One read, waiting until `deadline` (then fails with `late`). False: the provider closed.
net::Task<Result<bool>> ClientConnection::fill(net::TimePoint deadline, net::CancelSource* cancel,
                                               const Code& late) {
    while (true) {
        if (begin_ == end_) {
            begin_ = end_ = 0;
            block_.reset();
        }
        if (co_await stream_->readable(deadline, cancel) == net::Wake::deadline)
            co_return fail(late, "the provider sent nothing in time");
        if (!block_) block_ = stream_->worker().blocks().take();
        if (end_ == net::Blocks::kSize && begin_ > 0) {
            std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        net::IoResult r = stream_->read(space());
        if (r.done()) {
            end_ += r.size;
            co_return true;
        }
        if (r.state == net::IoResult::State::end) co_return false;
        if (r.state == net::IoResult::State::failed)
            co_return fail(
                codes::upstream_reset,
                fmt::format("the connection to the provider broke: {}", std::strerror(r.error)));
    }
}

net::Task<Result<const ResponseHead*>> ClientConnection::read_head(std::string_view method,
                                                                   net::TimePoint deadline,
                                                                   net::CancelSource* cancel) {
    std::size_t scanned = 0;
    while (true) {
        std::string_view unread(block_.data() + begin_, end_ - begin_);
        std::size_t size =
            unread.empty() ? std::string_view::npos : h1::find_head_end(unread, scanned);
        if (std::min(size, unread.size()) > pool_.options_.head_limit)
            co_return fail(codes::upstream_protocol, "the provider's response head is too large");
        if (size != std::string_view::npos) {
            WEIR_CO_CHECK(h1::parse_response_head(unread.substr(0, size), method, head_));
            begin_ += size;
            scanned = 0;
            if (head_.status == 101)
                co_return fail(codes::upstream_protocol, "the provider switched protocols unasked");
            if (head_.status / 100 == 1) continue;  // informational (RFC 9110 §15.2)
            head_seen_ = true;
            keep_alive_ = head_.keep_alive;
            decoder_ = h1::BodyDecoder(head_.framing);
            co_return &head_;
        }
        WEIR_CO_TRY(bool more, co_await fill(deadline, cancel, codes::upstream_first_byte_timeout));
        if (!more)
            co_return fail(codes::upstream_reset,
                           "the provider closed the connection without an answer");
    }
}

net::Task<Result<std::string_view>> ClientConnection::read_body(net::TimePoint deadline,
                                                                net::CancelSource* cancel) {
    while (!decoder_.done()) {
        if (begin_ == end_) {
            WEIR_CO_TRY(bool more, co_await fill(deadline, cancel, codes::upstream_idle_timeout));
            if (!more) {
                if (const char* missing = decoder_.end_of_stream())
                    co_return fail(codes::upstream_truncated, missing);
                break;
            }
        }
        h1::BodyDecoder::Step step;
        const char* bad = decoder_.decode({block_.data() + begin_, end_ - begin_}, step);
        if (bad) co_return fail(codes::upstream_protocol, bad);
        begin_ += step.consumed;
        if (!step.data.empty()) co_return step.data;
    }
    co_return std::string_view();
}

bool ClientConnection::reusable() {
    return head_seen_ && keep_alive_ && !send_failed_ && decoder_.done() && begin_ == end_ &&
           stream_->quiet();
}

void ClientConnection::release(std::unique_ptr<ClientCarrier> self) {
    if (!reusable()) return;
    self.release();  // it is this
    pool_.put_back(std::unique_ptr<ClientConnection>(this));
}

bool ClientConnection::worn_out(net::TimePoint now) const {
    return (max_exchanges_ > 0 && exchanges_ >= max_exchanges_) || now >= retires_;
}

void ClientConnection::park(net::TimePoint deadline) {
    block_.reset();
    begin_ = end_ = 0;
    used = true;
    stream_->watch(this);
    stream_->worker().deadlines().set(*this, deadline);
}

bool ClientConnection::unpark() {
    stream_->unwatch();
    stream_->worker().deadlines().clear(*this);
    return !stream_->stale();
}

// In the pool a provider has nothing to say: bytes or an end alike make the connection useless. TLS
// may deliver session tickets, which are read and kept.
void ClientConnection::on_readable(net::Stream& stream) {
    if (stream.quiet()) return;
    pool_.drop_idle(*this);
}

void ClientConnection::on_deadline() {
    pool_.drop_idle(*this);
}

}  // namespace weir::http
