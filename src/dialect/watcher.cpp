#include "dialect/watcher.h"

#include <cstring>

#include "dialect/sse_scan.h"
#include "dialect/stream_decoder.h"

namespace weir::dialect {
namespace {

constexpr size_t kMaxCapture = 16 * 1024;  // of a usage or error object

bool is_terminal_event(std::string_view name) {
    return name == "message_stop" || name == "response.completed" ||
           name == "response.incomplete" || name == "response.failed";
}

}  // namespace

PassthroughWatcher::PassthroughWatcher(Options options) : options_(options) {
    carry_ = "\n";  // the stream's first line is a line start too
}

void PassthroughWatcher::scan(std::string_view bytes) {
    while (!bytes.empty()) {
        if (carry_.empty()) return scan_buffer(bytes);
        // A candidate that the last buffer cut: look at it together with what follows.
        std::string joint = std::move(carry_);
        carry_.clear();
        joint.append(bytes.substr(0, kUndecided));
        bytes.remove_prefix(std::min(kUndecided, bytes.size()));
        scan_buffer(joint);
    }
}

void PassthroughWatcher::scan_buffer(std::string_view bytes) {
    size_t at = capture_ == Capture::none ? 0 : continue_capture(bytes, 0);
    while (true) {
        const size_t from = at;
        at = find_candidate(bytes, from, !model_.empty());
        if (at == std::string_view::npos) {
            // The last byte, unless it ended a capture.
            if (from < bytes.size() && capture_ == Capture::none && may_begin(bytes.back()))
                carry_ = bytes.back();
            return;
        }
        const size_t resume = bytes[at] == '"' ? inspect_key(bytes, at) : inspect_line(bytes, at);
        if (resume == std::string_view::npos) {
            if (bytes.size() - at < kUndecided) {
                carry_ = bytes.substr(at);
                return;
            }
            ++at;
            continue;
        }
        at = resume;
        if (capture_ != Capture::none) at = continue_capture(bytes, at);
    }
}

// Where to go on; npos if the buffer ends too early to tell. May begin a capture.
size_t PassthroughWatcher::inspect_key(std::string_view bytes, size_t at) {
    struct Key {
        std::string_view quoted;
        Capture capture;
    };
    static constexpr Key kKeys[] = {{"\"usage\"", Capture::usage},
                                    {"\"error\"", Capture::error},
                                    {"\"model\"", Capture::model}};
    const std::string_view text = bytes.substr(at, kUndecided);
    for (const Key& key : kKeys) {
        if (text[1] != key.quoted[1]) continue;
        if (key.capture == Capture::model && !model_.empty()) break;
        const size_t value = match_key(text, key.quoted);
        if (value == std::string_view::npos) return value;
        if (value == 0) break;
        const char first = text[value];
        const bool object = first == '{' && key.capture != Capture::model;
        const bool string = first == '"' && key.capture != Capture::usage;
        if (object || string) begin_capture(key.capture, first);
        return at + value + (object || string ? 1 : 0);
    }
    return at + 1;
}

size_t PassthroughWatcher::inspect_line(std::string_view bytes, size_t at) {
    const std::string_view line = bytes.substr(at + 1, kUndecided - 1);
    const std::string_view field = line[0] == 'd' ? "data:" : "event:";
    const size_t common = std::min(line.size(), field.size());
    if (line.substr(0, common) != field.substr(0, common)) return at + 1;
    const size_t value =
        common < field.size() ? std::string_view::npos : line.find_first_not_of(' ', common);
    if (value == std::string_view::npos) return value;
    if (line[0] == 'e') return inspect_event_name(line, value) ? at + 1 : std::string_view::npos;
    if (line[value] != '[' || terminated_) return at + 1 + value;
    constexpr std::string_view kDone = "[DONE]";
    const std::string_view word = line.substr(value, kDone.size());
    if (word != kDone.substr(0, word.size())) return at + 1;
    if (word.size() < kDone.size()) return std::string_view::npos;
    terminated_ = true;
    return at + 1 + value;
}

// False if the name has not come to its end.
bool PassthroughWatcher::inspect_event_name(std::string_view line, size_t value) {
    const size_t end = line.find_first_of("\r\n", value);
    if (end == std::string_view::npos) return false;
    const std::string_view name = line.substr(value, end - value);
    terminated_ = terminated_ || is_terminal_event(name);
    in_error_event_ = name == "error" || name == "response.failed";
    if (in_error_event_ && !error_) error_ = ProviderError{.type = std::string(name)};
    return true;
}

void PassthroughWatcher::begin_capture(Capture capture, char first) {
    capture_ = capture;
    usage_near_ = usage_near_ || capture == Capture::usage;
    captured_.assign(1, first);
    depth_ = first == '{' ? 1 : 0;
    in_string_ = first == '"';
    escaped_ = false;
}

// A raw line end is in no JSON: the event is damaged, and what follows must not be swallowed.
size_t PassthroughWatcher::continue_capture(std::string_view bytes, size_t from) {
    const size_t room = kMaxCapture - captured_.size();
    const size_t end = std::min(bytes.size(), from + room);
    for (size_t at = from; at < end; ++at) {
        const char c = bytes[at];
        if (c == '\n' || c == '\r') {
            capture_ = Capture::none;
            return at;
        }
        follow(c);
        if (depth_ > 0 || in_string_) continue;
        captured_.append(bytes.substr(from, at + 1 - from));
        finish_capture();
        return at + 1;
    }
    captured_.append(bytes.substr(from, end - from));
    if (captured_.size() >= kMaxCapture) capture_ = Capture::none;
    return end;
}

void PassthroughWatcher::follow(char c) {
    if (in_string_) {
        if (escaped_)
            escaped_ = false;
        else if (c == '\\')
            escaped_ = true;
        else if (c == '"')
            in_string_ = false;
    } else if (c == '"') {
        in_string_ = true;
    } else if (c == '{') {
        ++depth_;
    } else if (c == '}') {
        --depth_;
    }
}

void PassthroughWatcher::finish_capture() {
    const Capture what = std::exchange(capture_, Capture::none);
    const auto value = json::parse(captured_);
    if (!value) return;
    if (what == Capture::model) {
        model_ = value->text();
    } else if (what == Capture::usage) {
        if (options_.dialect == Dialect::anthropic) {
            anthropic_usage_.read(*value);
            usage_ = anthropic_usage_.usage();
        } else {
            usage_.update(decode_usage(options_.dialect, *value));
        }
    } else {
        // Items of a Responses stream may hold errors of their own (a tool that failed).
        if (options_.operation == Operation::responses && !in_error_event_) return;
        const std::string_view type = value->string_at("type");
        error_ = ProviderError{
            .status = status_of_error_type(type),
            .type = std::string(type),
            .message =
                std::string(value->is_string() ? value->text() : value->string_at("message"))};
    }
}

bool PassthroughWatcher::at_event_boundary() const {
    return holds() ? !oversized_ : last_event_end({tail_, sizeof tail_}) == sizeof tail_;
}

std::span<const std::string_view> PassthroughWatcher::feed(std::string_view bytes) {
    scan(bytes);
    pieces_.clear();
    if (holds())
        withhold(bytes);
    else if (!bytes.empty())
        pieces_.push_back(bytes);
    note_tail(bytes);
    return pieces_;
}

std::span<const std::string_view> PassthroughWatcher::finish() {
    pieces_.clear();
    released_ = std::move(held_);
    held_.clear();
    // A last event may lack its blank line; it is still a usage-only chunk.
    if (!released_.empty() && !(options_.withhold_usage && is_usage_only(released_)))
        pieces_.push_back(released_);
    return pieces_;
}

void PassthroughWatcher::note_tail(std::string_view bytes) {
    if (bytes.size() >= sizeof tail_) {
        std::memcpy(tail_, bytes.data() + bytes.size() - sizeof tail_, sizeof tail_);
        return;
    }
    std::memmove(tail_, tail_ + bytes.size(), sizeof tail_ - bytes.size());
    std::memcpy(tail_ + sizeof tail_ - bytes.size(), bytes.data(), bytes.size());
}

// Where the event that the last buffer broke off ends in `bytes`; npos if it goes on.
size_t PassthroughWatcher::broken_event_end(std::string_view bytes) const {
    std::string joint(tail_, sizeof tail_);
    joint.append(bytes.substr(0, sizeof tail_));
    const size_t end = event_end(joint, 1);
    if (end != std::string_view::npos && end > sizeof tail_) return end - sizeof tail_;
    return event_end(bytes, 0);
}

// Sends the rest of an event that is too long to be withheld. Returns what follows it.
std::string_view PassthroughWatcher::pass_oversized(std::string_view bytes) {
    const size_t end = broken_event_end(bytes);
    oversized_ = end == std::string_view::npos;
    pieces_.push_back(bytes.substr(0, end));
    return oversized_ ? std::string_view() : bytes.substr(end);
}

// Completes the held event and sends it. Returns what follows it; nothing while it is not complete.
std::string_view PassthroughWatcher::complete_held(std::string_view bytes) {
    const size_t end = broken_event_end(bytes);
    if (end == std::string_view::npos && held_.size() + bytes.size() <= options_.hold_limit) {
        held_.append(bytes);
        return {};
    }
    released_.swap(held_);
    held_.clear();
    if (end == std::string_view::npos) {
        pieces_.push_back(released_);
        pieces_.push_back(bytes);
        oversized_ = true;
        return {};
    }
    released_.append(bytes.substr(0, end));
    forward(released_);
    return bytes.substr(end);
}

void PassthroughWatcher::forward(std::string_view events) {
    if (usage_near_)
        forward_events(events);
    else if (!events.empty())
        pieces_.push_back(events);
}

void PassthroughWatcher::withhold(std::string_view bytes) {
    if (oversized_)
        bytes = pass_oversized(bytes);
    else if (!held_.empty())
        bytes = complete_held(bytes);
    if (bytes.empty()) {
        usage_near_ = usage_near_ && !held_.empty();
        return;
    }
    const size_t end = last_event_end(bytes);
    forward(bytes.substr(0, end));
    const std::string_view rest = bytes.substr(end);
    usage_near_ = usage_near_ && !rest.empty();
    if (rest.size() > options_.hold_limit) {
        pieces_.push_back(rest);
        oversized_ = true;
    } else {
        held_.assign(rest);
    }
}

void PassthroughWatcher::forward_events(std::string_view events) {
    if (events.empty()) return;
    if (!options_.withhold_usage) {
        pieces_.push_back(events);
        return;
    }
    size_t sent = 0;
    size_t at = 0;
    while ((at = find_candidate(events, at, true)) != std::string_view::npos) {
        if (events[at + 1] != 'u' || !events.substr(at).starts_with("\"usage\"")) {
            ++at;
            continue;
        }
        const size_t value = match_key(events.substr(at), "\"usage\"");
        if (value == 0 || value == std::string_view::npos || events[at + value] != '{') {
            ++at;
            continue;
        }
        const size_t begin = std::max(sent, last_event_end(events.substr(0, at)));
        const size_t end = std::min(events.size(), event_end(events, at));
        if (is_usage_only(events.substr(begin, end - begin))) {
            if (begin > sent) pieces_.push_back(events.substr(sent, begin - sent));
            sent = end;
        }
        at = end;
    }
    if (sent < events.size()) pieces_.push_back(events.substr(sent));
}

bool PassthroughWatcher::is_usage_only(std::string_view event) const {
    if (event.find("\"usage\"") == std::string_view::npos) return false;
    const auto chunk = json::parse(data_of(event));
    if (!chunk) return false;
    const auto* usage = chunk->find("usage");
    const auto* choices = chunk->find("choices");
    return usage && usage->is_object() && choices && choices->is_array() &&
           choices->items().empty();
}

}  // namespace weir::dialect
