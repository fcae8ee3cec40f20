#include "json/member_scanner.h"

#include <algorithm>

#include "json/walk.h"

namespace weir::json {
namespace {

/// Names come from a document nobody validated: escapes are checked before they are read.
bool is_named(std::string_view raw, std::string_view key) {
    if (raw.find('\\') == std::string_view::npos) return raw == key;
    const char* end = raw.data() + raw.size();
    lex::Problem problem;
    for (const char* p = lex::find_quote_or_backslash(raw.data(), end); p != end;
         p = lex::find_quote_or_backslash(p, end)) {
        p = lex::skip_escape(p, end, problem);
        if (!p) return false;
    }
    return lex::unescaped_equal(raw, key);
}

}  // namespace

MemberScanner::MemberScanner(std::span<const std::string_view> keys, size_t max_value)
    : max_value_(max_value) {
    constexpr size_t kLongestEscape = 6;  // \u0041
    for (std::string_view key : keys) {
        slots_.push_back({key, {}, Slot::absent});
        max_name_ = std::max(max_name_, key.size() * kLongestEscape);
    }
}

void MemberScanner::reset() {
    for (Slot& slot : slots_)
        slot.state = Slot::absent;
    state_ = State::before;
    in_root_object_ = in_string_ = escape_ = false;
    depth_ = 0;
    slot_ = nullptr;
}

void MemberScanner::feed(std::string_view chunk) {
    const char* p = chunk.data();
    const char* end = p + chunk.size();
    while (p != end && state_ != State::malformed)
        p = step(p, end);
}

std::optional<std::string_view> MemberScanner::captured(size_t index) const {
    const Slot& slot = slots_[index];
    return slot.state == Slot::whole ? std::optional<std::string_view>(slot.value) : std::nullopt;
}

/// Consumes at least one byte, or makes the document malformed.
const char* MemberScanner::step(const char* p, const char* end) {
    switch (state_) {
        case State::name:
            return name(p, end);
        case State::nested:
            return nested(p, end);
        case State::scalar:
            return scalar(p, end);
        default:
            break;
    }
    if (lex::is_space(*p)) return lex::skip_space(p, end);
    switch (state_) {
        case State::before:
            if (*p != '{') return begin_value(p);
            in_root_object_ = true;
            state_ = State::members;
            return p + 1;
        case State::members:
            name_.clear();
            if (*p == '"')
                state_ = State::name;
            else if (*p == '}')
                state_ = State::done;
            else if (*p != ',')
                state_ = State::malformed;
            return p + 1;
        case State::colon:
            state_ = *p == ':' ? State::value : State::malformed;
            return p + 1;
        case State::value:
            return begin_value(p);
        default:
            state_ = State::malformed;
            return p;
    }
}

const char* MemberScanner::begin_value(const char* p) {
    depth_ = *p == '{' || *p == '[';
    in_string_ = *p == '"';
    bool scalar = *p == '-' || lex::is_digit(*p) || *p == 't' || *p == 'f' || *p == 'n';
    state_ = scalar ? State::scalar : depth_ || in_string_ ? State::nested : State::malformed;
    capture(p, p + 1);
    return p + 1;
}

const char* MemberScanner::name(const char* p, const char* end) {
    const char* from = p;
    bool closed = false;
    while (p != end && !closed) {
        if (escape_) {
            escape_ = false;
            ++p;
            continue;
        }
        p = lex::find_quote_or_backslash(p, end);
        if (p == end) break;
        escape_ = *p == '\\';
        closed = *p == '"';
        ++p;
    }
    size_t room = max_name_ + 1 - std::min(name_.size(), max_name_ + 1);
    name_.append(view(from, p - closed).substr(0, room));
    if (closed) {
        choose_slot();
        state_ = State::colon;
    }
    return p;
}

void MemberScanner::choose_slot() {
    if (name_.size() > max_name_) return;
    for (Slot& slot : slots_) {
        if (!is_named(name_, slot.key)) continue;
        slot.value.clear();
        slot.state = Slot::open;
        slot_ = &slot;
        return;
    }
}

const char* MemberScanner::nested(const char* p, const char* end) {
    const char* from = p;
    bool ended = false;
    while (p != end && !ended) {
        if (escape_) {
            escape_ = false;
            ++p;
        } else if (in_string_) {
            p = lex::find_quote_or_backslash(p, end);
            if (p == end) break;
            escape_ = *p == '\\';
            in_string_ = escape_;
            ended = !in_string_ && depth_ == 0;
            ++p;
        } else {
            p = lex::find_quote_or_bracket(p, end);
            if (p == end) break;
            if (*p == '"')
                in_string_ = true;
            else if (*p == '{' || *p == '[')
                ++depth_;
            else
                ended = --depth_ == 0;
            ++p;
        }
    }
    capture(from, p);
    if (ended) value_ended();
    return p;
}

const char* MemberScanner::scalar(const char* p, const char* end) {
    const char* from = p;
    while (p != end && !lex::is_space(*p) && *p != ',' && *p != '}' && *p != ']')
        ++p;
    capture(from, p);
    if (p != end) value_ended();
    return p;
}

void MemberScanner::capture(const char* from, const char* to) {
    if (!slot_) return;
    auto bytes = view(from, to);
    if (slot_->value.size() + bytes.size() <= max_value_) {
        slot_->value.append(bytes);
        return;
    }
    slot_->value.clear();
    slot_->state = Slot::over_limit;
    slot_ = nullptr;
}

void MemberScanner::value_ended() {
    if (slot_) slot_->state = Slot::whole;
    slot_ = nullptr;
    state_ = in_root_object_ ? State::members : State::done;
}

}  // namespace weir::json
