/// One request and its response, as a handler sees them, whatever version of HTTP carries them.
///
/// Http1Exchange and h2::ServerStream are its two kinds; a handler does not know which it has.
/// Ownership: lives in its connection, valid while the handler runs. The request's views are valid
/// until release_request() or the end of the exchange. Threads: the connection's worker.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "http/held_body.h"
#include "http/message.h"
#include "net/cancel.h"
#include "net/stream.h"
#include "net/task.h"

namespace weir::http {

class Exchange {
public:
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const RequestHead& request() const { return request_; }
    /// For rules that change it; what its views point into must outlive the exchange.
    RequestHead& edit_request() { return request_; }
    /// The client's address, "127.0.0.1:50000", as a PROXY header says where one is taken.
    virtual std::string_view peer() const = 0;
    /// TLS of the client's connection; null: plain text.
    virtual const net::TlsSession* tls() const { return nullptr; }
    virtual uint32_t listener() const = 0;     ///< the number given to Server::serve
    virtual net::TimePoint begun() const = 0;  ///< when the head was complete
    virtual bool over_limit() const = 0;       ///< of a connection too many: to be refused
    /// Cancelled when the client goes away or the server closes. Waits on behalf of this exchange
    /// name it.
    net::CancelSource& cancel() { return cancel_; }

    /// The whole body, contiguous, followed by kBodyPadding readable bytes. Fails with
    /// http.body_too_large, http.timeout, http.bad_request or internal.overloaded.
    virtual net::Task<Result<std::string_view>> read_all() = 0;
    /// The next piece of the body; empty at its end. Valid until the next call.
    virtual net::Task<Result<std::string_view>> read_some() = 0;
    /// As read_some(), but keeps what it reads: everything kept so far, valid until the next call.
    /// read_all() then goes on from there, read_some() reads on beside it. Fails like read_all().
    virtual net::Task<Result<std::string_view>> hold_some() = 0;
    virtual bool body_done() const = 0;
    /// Hears of a client that goes away before its body has come, while the handler waits for
    /// something else.
    virtual void watch_unread() = 0;
    /// Gives back the memory of request head and body: their views are invalid from here on.
    virtual void release_request() = 0;

    /// Starts the response head. Fields follow, then one of send(), start_chunked(),
    /// start_length().
    void begin(int status);
    void header(std::string_view name, std::string_view value);
    /// The head so far, for callers that append fields ("name: value\r\n") in bulk.
    std::string& head_text();
    /// The whole response: Content-Length is added, head and body leave together.
    virtual net::Task<void> send(std::string_view body) = 0;
    /// A streamed response. Nothing is sent until the first write() or flush().
    virtual void start_chunked() = 0;
    virtual void start_length(uint64_t length) = 0;
    /// Sends one piece (with the head, if it is still here). Waits until the kernel has it (of
    /// HTTP/2: the connection, within its one buffer), so a client that stops reading stops the
    /// caller. Throws Cancelled if the client is gone.
    virtual net::Task<void> write(std::string_view data) = 0;
    virtual net::Task<void> write(std::span<const std::string_view> pieces) = 0;
    net::Task<void> flush() { return write(std::string_view()); }
    /// Ends a streamed response, `last` being its final piece. `trailers`: complete lines, or
    /// empty.
    virtual net::Task<void> finish(std::string_view last = {}, std::string_view trailers = {}) = 0;
    virtual net::Task<void> finish(std::span<const std::string_view> last) = 0;
    /// Ends the connection (of HTTP/2: the stream) without ending the response, so that the client
    /// sees it cut.
    virtual void abort() = 0;

    bool begun_response() const {
        return state_ != State::idle;
    }  ///< a head is made, perhaps not sent
    bool sent_head() const { return sent_head_; }
    bool finished() const { return state_ == State::done; }
    int status() const { return status_; }
    uint64_t body_bytes_sent() const { return body_sent_; }
    /// No further request on this connection. HTTP/2 needs that for no answer: streams end alone.
    virtual void close_after() = 0;

protected:
    enum class State : uint8_t { idle, head, chunked, length, until_close, no_body, done };
    /// Both belong to the connection, which outlives the exchange.
    Exchange(RequestHead& request, net::CancelSource& cancel)
        : request_(request), cancel_(cancel) {}
    ~Exchange() = default;
    void reset_answer(bool head_request);
    virtual void write_status_line() = 0;  ///< the first line of head_, if there is one
    static bool bodiless(int status) { return status == 204 || status == 304 || status / 100 == 1; }

    RequestHead& request_;
    net::CancelSource& cancel_;
    std::string head_;
    State state_ = State::idle;
    int status_ = 0;
    bool head_request_ = false;
    bool sent_head_ = false;
    uint64_t length_left_ = 0;
    uint64_t body_sent_ = 0;
};

}  // namespace weir::http
