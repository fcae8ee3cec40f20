#include "dialect/eventstream.h"

#include <zlib.h>

#include <cstdint>

namespace weir::dialect {
namespace {

constexpr size_t kPrelude = 12;             // two lengths and their checksum
constexpr size_t kOverhead = kPrelude + 4;  // and the message's checksum

uint32_t u32(std::string_view bytes, size_t at) {
    auto byte = [&](size_t i) {
        return static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i]));
    };
    return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

void put_u32(std::string& out, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(value >> shift & 0xFF));
}

uint32_t crc(std::string_view bytes) {
    return static_cast<uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::unexpected<Error> broken(std::string what) {
    return fail(codes::dialect_response, "event stream: " + std::move(what));
}

// Length of a header value of that type, its own length prefix aside; -1 for the prefixed types.
int fixed_length(unsigned char type) {
    switch (type) {
        case 0:
        case 1:
            return 0;  // true, false
        case 2:
            return 1;  // byte
        case 3:
            return 2;  // short
        case 4:
            return 4;  // integer
        case 5:
            return 8;  // long
        case 8:
            return 8;  // timestamp
        case 9:
            return 16;  // uuid
        default:
            return -1;  // 6 byte array, 7 string
    }
}

void note_header(EventStreamMessage& message, std::string_view name, std::string_view value) {
    if (name == ":message-type")
        message.message_type = value;
    else if (name == ":event-type")
        message.event_type = value;
    else if (name == ":exception-type" || name == ":error-code")
        message.exception_type = value;
    else if (name == ":error-message")
        message.error_message = value;
    else if (name == ":content-type")
        message.content_type = value;
}

Result<void> read_headers(std::string_view bytes, EventStreamMessage& message) {
    while (!bytes.empty()) {
        const size_t name_size = static_cast<unsigned char>(bytes.front());
        if (bytes.size() < 1 + name_size + 1) return broken("a header name runs over the end");
        const std::string_view name = bytes.substr(1, name_size);
        const auto type = static_cast<unsigned char>(bytes[1 + name_size]);
        bytes.remove_prefix(name_size + 2);
        if (type > 9) return broken("unknown header type");
        int size = fixed_length(type);
        if (size < 0) {
            if (bytes.size() < 2) return broken("a header value runs over the end");
            size = static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]);
            bytes.remove_prefix(2);
        }
        if (bytes.size() < static_cast<size_t>(size))
            return broken("a header value runs over the end");
        if (type == 7) note_header(message, name, bytes.substr(0, static_cast<size_t>(size)));
        bytes.remove_prefix(static_cast<size_t>(size));
    }
    return {};
}

// Total length of the message that begins here; 0 if its prelude is not complete.
Result<size_t> message_size(std::string_view bytes, size_t limit) {
    if (bytes.size() < kPrelude) return 0;
    const size_t total = u32(bytes, 0);
    const size_t headers = u32(bytes, 4);
    if (u32(bytes, 8) != crc(bytes.substr(0, 8))) return broken("checksum of a prelude is wrong");
    if (total < kOverhead || headers > total - kOverhead)
        return broken("lengths of a message contradict");
    if (total > limit)
        return fail(codes::upstream_too_large,
                    "a message of the event stream is larger than the limit");
    return total;
}

Result<void> read_message(std::string_view bytes, EventStreamMessage& message) {
    const size_t body = bytes.size() - 4;
    if (u32(bytes, body) != crc(bytes.substr(0, body)))
        return broken("checksum of a message is wrong");
    const size_t headers = u32(bytes, 4);
    message = {};
    WEIR_CHECK(read_headers(bytes.substr(kPrelude, headers), message));
    message.payload = bytes.substr(kPrelude + headers, body - kPrelude - headers);
    return {};
}

}  // namespace

Result<bool> EventStreamReader::next(std::string_view& bytes, EventStreamMessage& message) {
    if (emitted_) {
        partial_.clear();
        emitted_ = false;
    }
    // Whole in the bytes given: no copy.
    if (partial_.empty()) {
        WEIR_TRY(const size_t size, message_size(bytes, limit_));
        if (size != 0 && bytes.size() >= size) {
            WEIR_CHECK(read_message(bytes.substr(0, size), message));
            bytes.remove_prefix(size);
            return true;
        }
    }
    while (!bytes.empty()) {
        WEIR_TRY(const size_t size, message_size(partial_, limit_));
        const size_t wanted = (size == 0 ? kPrelude : size) - partial_.size();
        const size_t take = std::min(wanted, bytes.size());
        partial_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (size == 0 || take < wanted) continue;
        WEIR_CHECK(read_message(partial_, message));
        emitted_ = true;
        return true;
    }
    // A prelude that just became complete is judged now, not when the next byte comes.
    WEIR_CHECK(message_size(partial_, limit_));
    return false;
}

void append_eventstream(std::string& out, std::initializer_list<EventStreamHeader> headers,
                        std::string_view payload) {
    size_t header_size = 0;
    for (const auto& [name, value] : headers)
        header_size += 1 + name.size() + 1 + 2 + value.size();
    const size_t start = out.size();
    put_u32(out, static_cast<uint32_t>(kOverhead + header_size + payload.size()));
    put_u32(out, static_cast<uint32_t>(header_size));
    put_u32(out, crc(std::string_view(out).substr(start)));
    for (const auto& [name, value] : headers) {
        out.push_back(static_cast<char>(name.size()));
        out.append(name);
        out.push_back(7);
        out.push_back(static_cast<char>(value.size() >> 8 & 0xFF));
        out.push_back(static_cast<char>(value.size() & 0xFF));
        out.append(value);
    }
    out.append(payload);
    put_u32(out, crc(std::string_view(out).substr(start)));
}

void append_eventstream_event(std::string& out, std::string_view event_type,
                              std::string_view payload) {
    append_eventstream(out,
                       {{":event-type", event_type},
                        {":content-type", "application/json"},
                        {":message-type", "event"}},
                       payload);
}

void append_eventstream_exception(std::string& out, std::string_view exception_type,
                                  std::string_view payload) {
    append_eventstream(out,
                       {{":exception-type", exception_type},
                        {":content-type", "application/json"},
                        {":message-type", "exception"}},
                       payload);
}

}  // namespace weir::dialect
