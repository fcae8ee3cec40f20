/// One request and its response, as a handler sees them.
///
/// Ownership: lives in its connection, valid while the handler runs. The request's views are valid
/// until release_request() or the end of the exchange. Threads: the connection's worker.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "http/h1/body_decoder.h"
#include "http/message.h"
#include "net/cancel.h"
#include "net/stream.h"
#include "net/task.h"

namespace weir::http {

class ServerConnection;

/// Spare bytes after a whole body, for parsers that read ahead (simdjson wants 64).
inline constexpr std::size_t kBodyPadding = 64;

class Exchange {
public:
    explicit Exchange(ServerConnection& connection) : connection_(connection) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const RequestHead& request() const;
    std::string_view peer() const;  ///< the client's address, "127.0.0.1:50000"
    uint32_t listener() const;      ///< the number given to Server::serve
    net::TimePoint begun() const;   ///< when the head was complete
    bool over_limit() const;        ///< on one connection more than may be open: to be refused
    /// Cancelled when the client goes away or the server closes. Waits on behalf of this exchange
    /// name it.
    net::CancelSource& cancel();

    /// The whole body, contiguous, followed by kBodyPadding readable bytes. Fails with
    /// http.body_too_large, http.timeout, http.bad_request or internal.overloaded.
    net::Task<Result<std::string_view>> read_all();
    /// The next piece of the body; empty at its end. Valid until the next call.
    net::Task<Result<std::string_view>> read_some();
    /// As read_some(), but keeps what it reads: everything kept so far, valid until the next call.
    /// read_all() then goes on from there, read_some() reads on beside it. Fails like read_all().
    net::Task<Result<std::string_view>> hold_some();
    bool body_done() const;
    /// Hears of a client that goes away before its body has come, while the handler waits for
    /// something else.
    void watch_unread();
    /// Gives back the memory of request head and body: their views are invalid from here on.
    void release_request();

    /// Starts the response head. Fields follow, then one of send(), start_chunked(),
    /// start_length().
    void begin(int status);
    void header(std::string_view name, std::string_view value);
    /// The head so far, for callers that append fields ("name: value\r\n") in bulk.
    std::string& head_text();
    /// The whole response: Content-Length is added, head and body leave in one write.
    net::Task<void> send(std::string_view body);
    /// A streamed response. Nothing is sent until the first write() or flush().
    void start_chunked();
    void start_length(uint64_t length);
    /// Sends one piece (with the head, if it is still here). Waits until the kernel has it all, so
    /// a client that stops reading stops the caller. Throws Cancelled if the client is gone.
    net::Task<void> write(std::string_view data);
    net::Task<void> write(std::span<const std::string_view> pieces);
    net::Task<void> flush() { return write(std::string_view()); }
    /// Ends a streamed response, `last` being its final piece. `trailers`: complete lines, or
    /// empty.
    net::Task<void> finish(std::string_view last = {}, std::string_view trailers = {});
    net::Task<void> finish(std::span<const std::string_view> last);
    /// Ends the connection without ending the response, so that the client sees it cut.
    void abort();

    bool begun_response() const {
        return state_ != State::idle;
    }  ///< a head is made, perhaps not sent
    bool sent_head() const { return sent_head_; }
    bool finished() const { return state_ == State::done; }
    int status() const { return status_; }
    uint64_t body_bytes_sent() const { return body_sent_; }
    /// No further request on this connection.
    void close_after() { keep_alive_ = false; }

private:
    friend ServerConnection;
    enum class State : uint8_t { idle, head, chunked, length, until_close, no_body, done };
    void reset(bool keep_alive, bool head_request, int minor);
    void end_head();
    std::size_t add_data(std::span<iovec> pieces, std::array<char, 20>& line,
                         std::string_view data);
    net::Task<void> write_gathered(std::span<const std::string_view> pieces, bool last);
    net::Task<void> write_pieces(std::span<iovec> pieces);
    /// True if everything left at once; else the caller goes on with write_pieces.
    bool write_now(std::span<iovec>& pieces);

    ServerConnection& connection_;
    std::string head_;
    State state_ = State::idle;
    int status_ = 0;
    int minor_ = 1;
    bool head_request_ = false;
    bool keep_alive_ = true;
    bool sent_head_ = false;
    uint64_t length_left_ = 0;
    uint64_t body_sent_ = 0;
};

}  // namespace weir::http
