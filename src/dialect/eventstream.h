/// AWS event stream messages (application/vnd.amazon.eventstream): an incremental reader and a
/// writer.
///
/// A message is: total length, header length (big-endian u32 each), CRC-32 of those eight bytes,
/// headers, payload, CRC-32 of everything before. Format: Amazon Transcribe developer guide, "Event
/// stream encoding". Memory: one partial message, bounded by `limit`. One thread each.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace weir::dialect {

/// Views into the reader's storage or the bytes given, valid until the next call to the reader.
struct EventStreamMessage {
    std::string_view message_type;    ///< ":message-type": event, exception, error; empty if absent
    std::string_view event_type;      ///< ":event-type"
    std::string_view exception_type;  ///< ":exception-type", or ":error-code" of an error
    std::string_view error_message;   ///< ":error-message" of an error
    std::string_view content_type;    ///< ":content-type"
    std::string_view payload;
};

class EventStreamReader {
public:
    explicit EventStreamReader(size_t limit = 16 * 1024 * 1024) : limit_(limit) {}

    /// As SseReader::next(). Fails with dialect.invalid_response (lengths, checksum, malformed
    /// headers) or upstream.too_large; a failed reader must not be used again.
    Result<bool> next(std::string_view& bytes, EventStreamMessage& message);
    /// Nothing of an unfinished message has been read.
    bool idle() const { return partial_.empty() || emitted_; }

private:
    size_t limit_;
    std::string partial_;
    bool emitted_ = false;  // partial_ was handed out and is cleared by the next call
};

/// Header name and string value.
using EventStreamHeader = std::pair<std::string_view, std::string_view>;

/// Appends one message with string headers in the order given.
void append_eventstream(std::string& out, std::initializer_list<EventStreamHeader> headers,
                        std::string_view payload);
/// Appends an event: `:event-type`, `:content-type` application/json, `:message-type` event.
void append_eventstream_event(std::string& out, std::string_view event_type,
                              std::string_view payload);
/// Appends an exception with a JSON payload.
void append_eventstream_exception(std::string& out, std::string_view exception_type,
                                  std::string_view payload);

}  // namespace weir::dialect
