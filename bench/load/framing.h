/// Where an HTTP/1.1 message begins and ends: head, then a body by Content-Length or chunked.
///
/// Feed it what was received; it calls `sink.on_head(head)` once with the complete head, and
/// `sink.on_body(bytes)` for each piece of content with the chunk framing taken off. It stops at
/// the end of the message, so that what follows (a pipelined message, or garbage) stays visible to
/// the caller. The views given to the sink live for the call. RFC 9112 §6, §7.1; only what a load
/// generator meets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

class MessageReader {
public:
    enum class State { head, sized, chunk_size, chunk_data, chunk_end, trailers, done, broken };

    /// Consumes up to the end of the message; returns how many bytes were used.
    template <class Sink>
    std::size_t feed(std::string_view in, Sink& sink);
    /// Forgets the finished message and awaits the next head.
    void reset();

    bool done() const { return state_ == State::done; }
    /// Not HTTP, or a body whose end cannot be known. Says why.
    bool broken() const { return state_ == State::broken; }
    const char* reason() const { return reason_; }
    /// Nothing of a message has arrived yet.
    bool empty() const { return state_ == State::head && partial_.empty(); }
    /// The sender announced that it closes the connection after this message.
    bool closes() const { return closes_; }

private:
    void read_head(std::string_view head);
    void fail(const char* reason);
    /// Gathers a line that may come in pieces; true when `line` is complete (without CRLF).
    bool take_line(std::string_view in, std::size_t& at, std::string_view& line);
    void take_size(std::string_view line);

    State state_ = State::head;
    std::uint64_t left_ = 0;  ///< of the sized body or the current chunk
    bool closes_ = false;
    const char* reason_ = "";
    std::string partial_;   ///< of a head or line that came in pieces
    std::string complete_;  ///< keeps a line gathered from pieces alive for the caller
};

template <class Sink>
std::size_t MessageReader::feed(std::string_view in, Sink& sink) {
    std::size_t at = 0;
    std::string_view line;
    while (at < in.size() || (state_ == State::sized && left_ == 0)) {
        switch (state_) {
            case State::head: {
                // A head that comes in pieces is rare: gather it whole, then read it.
                const std::size_t had = partial_.size();
                std::string_view from = in.substr(at);
                if (had != 0) from = partial_.append(from);
                const auto end = from.find("\r\n\r\n");
                if (end == std::string_view::npos) {
                    if (had == 0) partial_.assign(from);
                    if (partial_.size() > 64 * 1024) fail("endless head");
                    return in.size();
                }
                const std::string_view head = from.substr(0, end + 4);
                at += head.size() - had;
                read_head(head);
                if (!broken()) sink.on_head(head);
                partial_.clear();
                break;
            }
            case State::sized:
            case State::chunk_data: {
                const auto piece = in.substr(at, left_);
                if (!piece.empty()) sink.on_body(piece);
                at += piece.size();
                left_ -= piece.size();
                if (left_ == 0) state_ = state_ == State::sized ? State::done : State::chunk_end;
                break;
            }
            case State::chunk_size:
                if (take_line(in, at, line)) take_size(line);
                break;
            case State::chunk_end:
                if (take_line(in, at, line)) {
                    if (!line.empty())
                        fail("chunk longer than announced");
                    else
                        state_ = State::chunk_size;
                }
                break;
            case State::trailers:
                if (take_line(in, at, line) && line.empty()) state_ = State::done;
                break;
            case State::done:
            case State::broken:
                return at;
        }
    }
    return at;
}

/// The value of a header, by name without regard to case; empty when absent. `head` as on_head gave
/// it.
std::string_view header(std::string_view head, std::string_view name);
/// The status code of a response head, or 0.
int status_of(std::string_view head);

}  // namespace weir::bench
