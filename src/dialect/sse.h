/// Server-sent events: an incremental reader and a writer.
///
/// Accepts LF, CRLF and CR line ends, a byte order mark, comments, several data lines (joined by
/// LF) and any split of the bytes. Format: WHATWG HTML §9.2.6. Memory: the current event, bounded
/// by `limit`. One thread each.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::dialect {

/// Views into the reader's storage, valid until the next call to the reader.
struct SseEvent {
    std::string_view event;  ///< the event's name; empty if it has none
    std::string_view data;
    std::string_view id;  ///< of this event; empty if it has none
};

class SseReader {
public:
    explicit SseReader(size_t limit = 4 * 1024 * 1024) : limit_(limit) {}

    /// Consumes bytes until one event is complete. Usage:
    ///     while (true) { WEIR_TRY(bool more, reader.next(bytes, event)); if (!more) break; … }
    /// `bytes` shrinks from the front; false means all of it was consumed and no event is complete.
    /// Events without data are not reported. Fails with upstream.too_large.
    Result<bool> next(std::string_view& bytes, SseEvent& event);
    /// The stream ended: an event whose blank line is missing is reported if `lenient` (providers
    /// that forget it), else discarded as the standard says.
    bool finish(SseEvent& event, bool lenient = true);
    /// Nothing of an unfinished event has been read.
    bool idle() const;

private:
    bool line(std::string_view text, SseEvent& event);
    bool emit(SseEvent& event);
    Result<void> grow(std::string_view text);

    size_t limit_;
    std::string partial_;  // a line whose end has not come
    std::string data_;
    std::string event_;
    std::string id_;
    bool has_data_ = false;
    bool after_cr_ = false;  // a LF that comes next belongs to the CR before it
    bool emitted_ = false;   // data_ was handed out and is cleared by the next call
    int bom_ = 0;            // bytes of a byte order mark seen; -1 once the start is behind us
};

/// Appends `event: NAME` (unless empty), `data: …` for each line of data, and the blank line.
void append_sse(std::string& out, std::string_view event, std::string_view data);
inline void append_sse(std::string& out, std::string_view data) {
    append_sse(out, {}, data);
}

}  // namespace weir::dialect
