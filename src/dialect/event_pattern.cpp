#include "dialect/event_pattern.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "json/walk.h"

namespace weir::dialect {
namespace {

constexpr size_t kDepth = 64;      // of an event
constexpr int kPatience = 4;       // useless lessons before a rest
constexpr int kRest = 64;          // lessons
constexpr int kMatched = -1;       // of useless_: the last lesson was of use
constexpr size_t kMaxPlaces = 32;  // of what varies

bool is_utf8(std::string_view text) {
    return json::lex::check_utf8(text).has_value();
}

// `p` is behind an opening quote. Behind the closing one; null if this is no valid string.
const char* string_end(const char* p, const char* end) {
    json::lex::Problem problem;
    const char* behind = json::lex::skip_string(p, end, problem);
    return behind && is_utf8(json::view(p, behind - 1)) ? behind : nullptr;
}

void collect_numbers(json::Value& value, std::vector<json::Value*>& out) {
    if (value.is_number()) out.push_back(&value);
    for (auto& item : value.items())
        collect_numbers(item, out);
    for (auto& member : value.members())
        collect_numbers(member.value, out);
}

}  // namespace

std::optional<EventPattern::Found> EventPattern::match(std::string_view name,
                                                       std::string_view data) {
    if (pieces_.empty() || name != name_) return std::nullopt;
    Found found;
    const char* p = data.data();
    const char* const end = p + data.size();
    size_t counted = 0;
    for (const auto& piece : pieces_) {
        const size_t size = piece.literal.size();
        if (static_cast<size_t>(end - p) < size || std::memcmp(p, piece.literal.data(), size) != 0)
            return std::nullopt;
        p += size;
        if (!take(piece.hole, p, end, counted, found)) return std::nullopt;
    }
    useless_ = kMatched;
    if (counted > 0) found.counts = &counts_;
    return found;
}

bool EventPattern::take(Hole hole, const char*& p, const char* end, size_t& counted, Found& found) {
    json::lex::Problem problem;
    const char* const start = p;
    switch (hole) {
        case Hole::text:
            return take_text(p, end, found);
        case Hole::string:
            p = string_end(p, end);
            if (p) --p;  // the quote is part of what follows
            return p != nullptr;
        case Hole::number:
        case Hole::count:
            if (p == end) return false;
            p = json::lex::skip_number(p, end, problem);
            if (p && hole == Hole::count) numbers_[counted++]->become_number(json::view(start, p));
            return p != nullptr;
        case Hole::end:
            return p == end;
    }
    return false;
}

bool EventPattern::take_text(const char*& p, const char* end, Found& found) {
    const char* const start = p;
    const char* behind = string_end(p, end);
    if (!behind) return false;
    p = behind - 1;
    found.text = json::view(start, p);
    if (found.text.find('\\') != std::string_view::npos) {
        unescaped_.clear();
        json::lex::append_unescaped(unescaped_, found.text);
        found.text = unescaped_;
    }
    return !found.text.empty();
}

void EventPattern::learn(std::string_view name, std::string_view data, std::string_view text) {
    forget();
    if (resting_ > 0) {
        --resting_;
        return;
    }
    std::vector<Place> places;
    if (data.size() > kMaxEvent || text.empty() || !find_varying(data, places) ||
        !find_text(data, text, places))
        return;
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return a.raw.data() < b.raw.data(); });
    const char* p = data.data();
    for (const auto& place : places) {
        pieces_.push_back({std::string(json::view(p, place.raw.data())), place.hole});
        p = place.raw.data() + place.raw.size();
    }
    pieces_.push_back({std::string(json::view(p, data.data() + data.size())), Hole::end});
    name_ = name;
    if (++useless_ < kPatience) return;
    useless_ = 0;
    resting_ = kRest;
}

// The root's members that may differ. A name that comes twice cannot be trusted.
bool EventPattern::find_varying(std::string_view data, std::vector<Place>& places) {
    const char* const end = data.data() + data.size();
    json::PeekMember member;
    const char* const open = json::lex::skip_space(data.data(), end);
    if (open == end || *open != '{') return false;
    json::MemberCursor cursor(open, end, kDepth);
    bool counted = false;
    while (cursor.next(member)) {
        const bool counts = !varying_.counts.empty() && member.is_named(varying_.counts);
        if (counts && std::exchange(counted, true)) return false;
        if (counts && member.kind == json::Kind::object) {
            if (!find_counts(member.raw, places)) return false;
        } else if (std::any_of(varying_.padding.begin(), varying_.padding.end(),
                               [&](std::string_view name) { return member.is_named(name); })) {
            if (member.kind == json::Kind::string)
                places.push_back({Hole::string, member.raw.substr(1, member.raw.size() - 2)});
            else if (member.kind == json::Kind::number)
                places.push_back({Hole::number, member.raw});
        }
    }
    return cursor.end() != nullptr && places.size() < kMaxPlaces;
}

// The numbers of a valid object, which is kept: a match changes them in it.
bool EventPattern::find_counts(std::string_view raw, std::vector<Place>& places) {
    auto parsed = json::parse(raw);
    if (!parsed) return false;
    counts_ = std::move(*parsed);
    collect_numbers(counts_, numbers_);
    const size_t before = places.size();
    const char* const end = raw.data() + raw.size();
    json::lex::Problem problem;
    for (const char* p = raw.data(); p != end;) {
        const char* const start = p;
        if (*p == '"') {
            p = json::lex::skip_string(p + 1, end, problem);
        } else if (*p == '-' || json::lex::is_digit(*p)) {
            p = json::lex::skip_number(p, end, problem);
            if (p) places.push_back({Hole::count, json::view(start, p)});
        } else {
            ++p;
        }
        if (!p) return false;
    }
    return places.size() - before == numbers_.size();
}

// The one string, name or value, that says the words; two of them might mean different things.
bool EventPattern::find_text(std::string_view data, std::string_view text,
                             std::vector<Place>& places) {
    const char* p = data.data();
    const char* const end = p + data.size();
    json::lex::Problem problem;
    std::string_view found;
    const auto varies = [&](std::string_view raw) {
        return std::any_of(places.begin(), places.end(), [&](const Place& place) {
            return raw.data() >= place.raw.data() &&
                   raw.data() + raw.size() <= place.raw.data() + place.raw.size();
        });
    };
    while ((p = json::lex::find_quote_or_backslash(p, end)) != end) {
        const char* const start = p + 1;
        p = json::lex::skip_string(start, end, problem);
        if (!p) return false;
        const std::string_view raw = json::view(start, p - 1);
        if (!json::lex::unescaped_equal(raw, text) || varies(raw)) continue;
        if (found.data()) return false;
        found = raw;
    }
    if (!found.data()) return false;
    places.push_back({Hole::text, found});
    return true;
}

}  // namespace weir::dialect
