#include "http/h1/body_decoder.h"

#include <algorithm>
#include <cstring>

namespace weir::http::h1 {
namespace {

constexpr std::size_t kMaxExtensions = 16384;  // bytes of chunk extensions in one body
constexpr std::size_t kMaxTrailers = 16384;    // all trailer fields

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A character of a field name (RFC 9110 §5.6.2).
bool is_token(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
    return c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

bool forbidden(char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing) {
    switch (framing.kind) {
        case Framing::Kind::none:
            state_ = State::done;
            break;
        case Framing::Kind::length:
            state_ = framing.length ? State::length : State::done;
            remaining_ = framing.length;
            break;
        case Framing::Kind::chunked:
            state_ = State::size;
            break;
        case Framing::Kind::until_close:
            state_ = State::until_close;
            break;
    }
}

const char* BodyDecoder::decode(std::span<char> bytes, Step& step) {
    char* out = bytes.data();
    std::size_t at = 0;
    step = {};
    while (at < bytes.size() && state_ != State::done) {
        if (state_ == State::until_close) {
            out = bytes.data() + bytes.size();
            at = bytes.size();
        } else if (state_ == State::length || state_ == State::data) {
            std::size_t take =
                static_cast<std::size_t>(std::min<uint64_t>(remaining_, bytes.size() - at));
            if (out != bytes.data() + at) std::memmove(out, bytes.data() + at, take);
            out += take;
            at += take;
            remaining_ -= take;
            if (remaining_ == 0) state_ = state_ == State::length ? State::done : State::data_cr;
        } else if (std::size_t skipped = plain_chunk_line(bytes.subspan(at))) {
            at += skipped;
        } else if (const char* bad = chunk_control(bytes[at++])) {
            return bad;
        }
    }
    step.data = {bytes.data(), static_cast<std::size_t>(out - bytes.data())};
    step.consumed = at;
    return nullptr;
}

/// What nearly every chunk has around it, taken at once: the end of the one before, and a size
/// without extension. The bytes taken; 0: look at them one by one.
std::size_t BodyDecoder::plain_chunk_line(std::span<const char> bytes) {
    std::size_t at = 0;
    if (state_ == State::data_cr && bytes.size() >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
        at = 2;
    else if (state_ != State::size || digits_ > 0)
        return 0;
    constexpr std::size_t kDigits = 8;
    uint64_t size = 0;
    std::size_t digit = at;
    for (int value;
         digit < bytes.size() && digit - at < kDigits && (value = hex_digit(bytes[digit])) >= 0;
         ++digit)
        size = size << 4 | static_cast<uint64_t>(value);
    bool whole = digit > at && size > 0 && digit + 1 < bytes.size() && bytes[digit] == '\r' &&
                 bytes[digit + 1] == '\n';
    if (!whole) {
        if (at > 0) state_ = State::size;
        return at;
    }
    remaining_ = size;
    state_ = State::data;
    return digit + 2;
}

const char* BodyDecoder::chunk_control(char c) {
    switch (state_) {
        case State::size:
            if (int digit = hex_digit(c); digit >= 0) {
                if (++digits_ > 15) return "a chunk size is too large";
                remaining_ = remaining_ << 4 | static_cast<uint64_t>(digit);
                return nullptr;
            }
            if (digits_ == 0) return "a chunk has no size";
            [[fallthrough]];
        case State::size_end:  // spaces may pad the size
            if (c == '\r')
                state_ = State::size_lf;
            else if (c == ';')
                state_ = State::extension;
            else if (c != ' ')
                return "a chunk size is not hexadecimal";
            else if (++extensions_ > kMaxExtensions)
                return "a chunk extension is too long";
            else
                state_ = State::size_end;
            return nullptr;
        case State::extension:
            if (c == '\r')
                state_ = State::size_lf;
            else if (forbidden(c))
                return "a chunk extension has a forbidden character";
            else if (++extensions_ > kMaxExtensions)
                return "a chunk extension is too long";
            return nullptr;
        case State::size_lf:
            if (c != '\n') return "a chunk size line does not end with CR LF";
            digits_ = 0;
            state_ = remaining_ ? State::data : State::trailer_start;
            return nullptr;
        case State::data_cr:
            if (c != '\r') return "a chunk is longer than its size says";
            state_ = State::data_lf;
            return nullptr;
        case State::data_lf:
            if (c != '\n') return "a chunk does not end with CR LF";
            state_ = State::size;
            return nullptr;
        case State::trailer_start:
            if (c == '\r') {
                state_ = State::last_lf;
                return nullptr;
            }
            if (c == ' ' || c == '\t') return "a trailer field is folded";
            if (!is_token(c)) return "a trailer field is not a name and a value";
            state_ = State::trailer_name;
            return keep_trailer(c);
        case State::trailer_name:
            if (c == ':')
                state_ = State::trailer;
            else if (!is_token(c))
                return "a trailer field is not a name and a value";
            return keep_trailer(c);
        case State::trailer:
            if (c == '\r')
                state_ = State::trailer_lf;
            else if (forbidden(c))
                return "a trailer field has a forbidden character";
            return keep_trailer(c);
        case State::trailer_lf:
            if (c != '\n') return "a trailer line does not end with CR LF";
            trailers_ += c;
            state_ = State::trailer_start;
            return nullptr;
        case State::last_lf:
            if (c != '\n') return "the body does not end with CR LF";
            state_ = State::done;
            return nullptr;
        default:
            return nullptr;
    }
}

const char* BodyDecoder::keep_trailer(char c) {
    if (trailers_.size() >= kMaxTrailers) return "the trailer is too long";
    trailers_ += c;
    return nullptr;
}

const char* BodyDecoder::end_of_stream() {
    if (state_ == State::until_close) state_ = State::done;
    return state_ == State::done ? nullptr : "the connection closed before the body was complete";
}

}  // namespace weir::http::h1
