#include "dialect/sse.h"

#include <cstring>

namespace weir::dialect {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

size_t find_line_end(std::string_view bytes) {
    const auto* lf = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
    const size_t until = lf ? static_cast<size_t>(lf - bytes.data()) : bytes.size();
    const auto* cr = static_cast<const char*>(std::memchr(bytes.data(), '\r', until));
    if (cr) return static_cast<size_t>(cr - bytes.data());
    return lf ? until : std::string_view::npos;
}

}  // namespace

Result<bool> SseReader::next(std::string_view& bytes, SseEvent& event) {
    if (emitted_) {
        data_.clear();
        event_.clear();
        id_.clear();
        has_data_ = emitted_ = false;
    }
    while (!bytes.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        // A byte order mark may open the stream, whole or split (§9.2.5).
        if (bom_ >= 0) {
            if (bytes.front() == kBom[static_cast<size_t>(bom_)]) {
                bytes.remove_prefix(1);
                if (++bom_ == 3) bom_ = -1;
                continue;
            }
            partial_.assign(kBom.substr(0, static_cast<size_t>(bom_)));
            bom_ = -1;
        }
        const size_t end = find_line_end(bytes);
        if (end == std::string_view::npos) {
            WEIR_CHECK(grow(bytes));
            bytes = {};
            return false;
        }
        std::string_view text = bytes.substr(0, end);
        if (!partial_.empty()) {
            WEIR_CHECK(grow(text));
            text = partial_;
        } else if (text.size() + data_.size() > limit_) {
            return fail(codes::upstream_too_large,
                        "an event of the stream is larger than the limit");
        }
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        const bool complete = line(text, event);
        partial_.clear();
        if (complete) return true;
    }
    return false;
}

Result<void> SseReader::grow(std::string_view text) {
    if (partial_.size() + data_.size() + text.size() > limit_)
        return fail(codes::upstream_too_large, "an event of the stream is larger than the limit");
    partial_.append(text);
    return {};
}

bool SseReader::line(std::string_view text, SseEvent& event) {
    if (text.empty()) return emit(event);
    const size_t colon = text.find(':');
    const std::string_view field = text.substr(0, colon);
    std::string_view value;
    if (colon != std::string_view::npos) {
        value = text.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
    }
    if (field == "data") {
        if (has_data_) data_.push_back('\n');
        data_.append(value);
        has_data_ = true;
    } else if (field == "event") {
        event_.assign(value);
    } else if (field == "id") {
        id_.assign(value);
    }  // comments (an empty field), retry and unknown fields say nothing to us
    return false;
}

bool SseReader::emit(SseEvent& event) {
    emitted_ = true;
    if (!has_data_) {
        event_.clear();
        id_.clear();
        emitted_ = false;
        return false;
    }
    event = {event_, data_, id_};
    return true;
}

bool SseReader::finish(SseEvent& event, bool lenient) {
    if (emitted_) return false;
    if (lenient && !partial_.empty()) line(partial_, event);
    partial_.clear();
    if (lenient && has_data_) return emit(event);
    has_data_ = false;
    return false;
}

bool SseReader::idle() const {
    return partial_.empty() && (emitted_ || (!has_data_ && event_.empty()));
}

void append_sse(std::string& out, std::string_view event, std::string_view data) {
    if (!event.empty()) out.append("event: ").append(event).push_back('\n');
    while (true) {
        const size_t end = data.find('\n');
        out.append("data: ").append(data.substr(0, end)).push_back('\n');
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + 1);
    }
    out.push_back('\n');
}

}  // namespace weir::dialect
