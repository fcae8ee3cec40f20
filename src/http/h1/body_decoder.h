/// Finds the body in the bytes of a connection, and the end of the message.
///
/// Works in place: the data of all chunks that have arrived is moved together at the front of the
/// buffer, so the reader sees one contiguous piece however the peer cut it. Strict: chunk sizes are
/// 1 to 15 hexadecimal digits, lines end with CR LF, extensions and trailers are bounded (RFC 9112
/// §7.1). Pure; one object per message body.
#pragma once
#include <span>
#include <string>

#include "http/message.h"

namespace weir::http::h1 {

class BodyDecoder {
public:
    explicit BodyDecoder(Framing framing = {});

    struct Step {
        std::string_view data;     ///< the body bytes found, contiguous, inside `bytes`
        std::size_t consumed = 0;  ///< bytes of `bytes` that belong to this message
    };
    /// Takes what it can of `bytes` (overwriting them). Null error: see done(). The text says what
    /// is malformed.
    const char* decode(std::span<char> bytes, Step& step);
    /// The peer closed: null if that ends this body properly, else what is missing.
    const char* end_of_stream();
    bool done() const { return state_ == State::done; }
    /// Trailer lines as received (each with CR LF), after done().
    const std::string& trailers() const { return trailers_; }
    /// For Content-Length: bytes still to come.
    uint64_t remaining() const { return remaining_; }

private:
    enum class State : uint8_t {
        length,
        until_close,
        size,
        size_end,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer,
        trailer_lf,
        last_lf,
        done
    };
    std::size_t plain_chunk_line(std::span<const char> bytes);
    const char* chunk_control(char c);
    const char* keep_trailer(char c);
    State state_;
    uint64_t remaining_ = 0;
    int digits_ = 0;
    std::size_t extensions_ = 0;
    std::string trailers_;
};

}  // namespace weir::http::h1
