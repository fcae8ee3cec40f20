#include "http/server_connection.h"

#include <sys/socket.h>

#include "base/log.h"
#include "http/h1/head_parser.h"
#include "http/h2/server_session.h"
#include "http/linger.h"

namespace weir::http {
namespace {
/// The connection preface of HTTP/2, as far as it looks like a head (RFC 9113 §3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\n";
net::TimePoint now() {
    return std::chrono::steady_clock::now();
}
}  // namespace

ServerConnection::ServerConnection(Server& server, net::StreamPtr stream, std::string peer,
                                   uint32_t listener, bool over_limit)
    : server_(server),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      listener_(listener),
      entrance_(server.entrance(listener)),
      options_(&entrance_->hosts.front()),
      over_limit_(over_limit),
      count_(options_->connections),
      exchange_(*this) {}

ServerConnection::~ServerConnection() {
    if (count_) count_->open.fetch_sub(1, std::memory_order_relaxed);
    if (counted_) counted_->fetch_sub(1, std::memory_order_relaxed);
    if (exchange_.state_ == Http1Exchange::State::until_close)
        stream_->abort();  // an orderly end would pass for the end of the answer
    else
        stream_->close();
    if (previous_) {
        *previous_ = next_;
        if (next_) next_->previous_ = previous_;
        --server_.counters_.open;
    }
}

net::Task<void> ServerConnection::run(std::unique_ptr<ServerConnection> self) {
    try {
        co_await self->serve();
    } catch (const net::Cancelled&) {
        // the client went away, or the server closes
    }
}

/// A request that is on its way already is answered: the first one of a connection that was just
/// accepted (given a moment, see Server::drain), and one that lies in the socket.
void ServerConnection::drain(bool newcomers_too) {
    if (http2_) return http2_->drain();
    bool newcomer = begun_ == net::TimePoint{};
    char byte = 0;
    if (in_exchange_ || ending_)
        exchange_.close_after();
    else if (newcomer ? newcomers_too
                      : ::recv(stream_->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        cancel_.cancel();
}

void ServerConnection::close_now() {
    if (http2_) return http2_->close_now();
    cancel_.cancel();
}

net::Task<void> ServerConnection::serve() {
    if (entrance_->ceremonious() && !co_await enter()) co_return;
    // Of kSpokenProtocols; nothing agreed on means HTTP/1.1 (RFC 7301 §3.2).
    if (stream_->tls() && stream_->tls()->protocol() == "h2") co_return co_await serve_http2();
    if (options_->max_age.count() > 0) retires_ = now() + options_->max_age;
    bool more = true;
    while (more) {
        Result<Head> head = co_await read_head();
        if (!head) {
            co_await refuse(head.error());
            co_return;
        }
        if (*head == Head::closed) co_return;
        if (*head == Head::http2) co_return co_await serve_http2();
        more = co_await one_exchange() && !server_.draining_;
    }
}

net::Task<bool> ServerConnection::one_exchange() {
    begun_ = now();
    decoder_ = h1::BodyDecoder(head_.framing);
    continue_due_ = head_.expect_continue;
    whole_done_ = false;
    whole_ = {};
    body_read_ = 0;
    ++requests_;
    bool last = server_.draining_ || over_limit_ || begun_ >= retires_ ||
                (options_->max_requests && requests_ >= options_->max_requests);
    exchange_.reset(head_.keep_alive && !last, head_.method == "HEAD", head_.minor);
    in_exchange_ = true;
    ++server_.counters_.requests;
    ++server_.counters_.active;
    struct Leave {
        ServerConnection& c;
        ~Leave() {
            c.in_exchange_ = false;
            --c.server_.counters_.active;
            c.stream_->unwatch();
        }
    } leave{*this};
    if (head_.framing.empty()) body_complete();
    if (options_->body_limit < head_.framing.length) {
        // Said before the client has sent it all.
        co_await refuse(body_too_large().error());
        co_return false;
    }
    bool failed = false;
    try {
        co_await server_.handler_.handle(exchange_);
    } catch (const net::Cancelled&) {
        throw;
    } catch (const std::exception& e) {
        server_.handler_.on_failure(Error(codes::internal_error, e.what()));
        log::error("a handler failed: {}", e.what());
        failed = true;
    }
    if (failed || !exchange_.finished()) {
        if (!exchange_.sent_head())
            co_await answer(Error(codes::internal_error, "the request could not be handled"), true);
        co_return false;
    }
    bool reusable = exchange_.keep_alive_;
    if (!body_finished()) reusable = reusable && !continue_due_ && co_await discard_body();
    if (!reusable && (!body_finished() || begin_ < end_)) co_await linger();
    held_.release();
    co_return reusable;
}

/// By prior knowledge, at the beginning of a connection without TLS (RFC 9113 §3.3); with TLS the
/// protocol is chosen in the handshake (§3.2).
bool ServerConnection::speaks_http2(std::string_view head) const {
    return head == kHttp2Preface && begun_ == net::TimePoint{} && !stream_->tls() &&
           options_->http2.enabled;
}

// The head views point into the block, so the block stays while a head or its exchange is alive; an
// idle connection owns none.
net::Task<Result<ServerConnection::Head>> ServerConnection::read_head() {
    floor_ = 0;
    std::size_t scanned = 0;
    bool first_byte = begin_ < end_;  // of a pipelined request
    first_byte_ = now();
    if (!renew_entrance()) co_return Head::closed;
    net::TimePoint deadline =
        first_byte_ + (first_byte || begun_ == net::TimePoint{} ? options_->head_timeout
                                                                : options_->idle_timeout);
    if (!first_byte && begun_ != net::TimePoint{}) deadline = std::min(deadline, retires_);
    while (true) {
        if (begin_ < end_ && (scanned > 0 || !skip_empty_lines())) {
            std::size_t size = h1::find_head_end(unread(), scanned);
            if (std::min(size, end_ - begin_) > options_->head_limit)
                co_return fail(
                    codes::http_head_too_large,
                    fmt::format("the head is larger than {} bytes", options_->head_limit));
            if (size != std::string_view::npos) {
                if (begin_ + size > net::Blocks::kSize / 2)
                    move_down();  // the body wants room after it
                auto parsed = h1::parse_request_head(unread().substr(0, size), head_);
                if (!parsed && speaks_http2(unread().substr(0, size))) co_return Head::http2;
                if (!parsed) co_return std::unexpected(std::move(parsed).error());
                begin_ += size;
                floor_ = begin_;
                co_return Head::ready;
            }
            if (net::Blocks::kSize - end_ <= net::Blocks::kSize / 4) move_down();
        }
        if (begin_ == end_) {
            block_.reset();
            begin_ = end_ = 0;
        }
        net::Wake wake = co_await stream_->readable(deadline, &cancel_);
        if (wake == net::Wake::deadline) {
            if (!first_byte) co_return Head::closed;
            co_return fail(codes::http_timeout, "the request head did not arrive in time");
        }
        net::IoResult r = fill();
        if (r.closed()) co_return Head::closed;
        if (r.done() && !first_byte) {
            first_byte = true;
            first_byte_ = now();
            deadline = first_byte_ + options_->head_timeout;
        }
    }
}

/// Answers a request that no handler will see, and ends the connection.
net::Task<void> ServerConnection::refuse(const Error& error) {
    ++server_.counters_.refused;
    server_.handler_.on_failure(error);
    co_await answer(error, false);
}

net::Task<void> ServerConnection::answer(const Error& error, bool handled) {
    ending_ = true;
    std::string type;
    std::string body;
    server_.handler_.render_error(error, type, body);
    exchange_.reset(false, in_exchange_ && exchange_.head_request_, 1);
    exchange_.begin(error.status());
    exchange_.header("content-type", type);
    server_.handler_.on_refusal(
        {error, in_exchange_ ? &head_ : nullptr, peer_, listener_, now() - first_byte_, handled},
        exchange_.head_text());
    co_await exchange_.send(body);
    co_await linger();
}

net::Task<void> ServerConnection::linger() {
    ending_ = true;
    return http::linger(*stream_, &cancel_);
}

/// A client that speaks HTTP/2 on this connection, from `unread()` on.
net::Task<void> ServerConnection::serve_http2() {
    const h2::Host host{server_.worker_, server_.handler_, *options_, server_.counters_};
    http2_ = std::make_unique<h2::ServerSession>(
        host, stream_, h2::Client{peer_, listener_, over_limit_, stream_->tls()});
    if (server_.draining_) http2_->drain();
    std::string first(unread());
    block_.reset();
    begin_ = end_ = 0;
    co_await http2_->run(std::move(first));
}

// While a handler works: bytes are a pipelined request (kept), an end means that the client is
// gone.
void ServerConnection::on_readable(net::Stream& stream) {
    if (!body_finished()) {  // an upload: who reads it has the buffer
        if (stream.at_end()) cancel_.cancel();
        return;
    }
    bool lent = !block_;
    if (lent) {
        block_ = server_.worker_.blocks().take();
        begin_ = end_ = floor_;
    }
    if (space().size() <= kBodyPadding) {  // full: the rest waits in the kernel, unwatched
        if (stream.at_end()) cancel_.cancel();
        return;
    }
    net::IoResult r = fill();
    if (r.closed()) {
        cancel_.cancel();
        return;
    }
    if (lent && r.again()) block_.reset();  // a late edge, for bytes read before
    stream.watch(this);
}

std::span<char> ServerConnection::space() {
    return {block_.data() + end_, net::Blocks::kSize - end_};
}

/// Moves what is unread to the front of the buffer; nothing may point into it.
void ServerConnection::move_down() {
    std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
}

/// Passes over empty lines before a request line (RFC 9112 §2.2). True if no more can be said yet:
/// nothing is left, or half an empty line.
bool ServerConnection::skip_empty_lines() {
    while (begin_ < end_) {
        char c = block_.data()[begin_];
        if (c == '\r' && end_ - begin_ == 1) return true;
        std::size_t line = c == '\n' ? 1 : c == '\r' && block_.data()[begin_ + 1] == '\n' ? 2 : 0;
        if (line == 0) return false;
        begin_ += line;
    }
    return true;
}

net::IoResult ServerConnection::fill() {
    if (!block_) {
        block_ = server_.worker_.blocks().take();
        begin_ = end_ = floor_;
    }
    net::IoResult r = stream_->read(space());
    if (r.done()) end_ += r.size;
    return r;
}

}  // namespace weir::http
