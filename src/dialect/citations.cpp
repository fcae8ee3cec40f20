#include "dialect/citations.h"

#include <algorithm>
#include <tuple>

namespace weir::dialect {
namespace {

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

}  // namespace

int64_t count_characters(std::string_view text) {
    return std::count_if(text.begin(), text.end(), begins_character);
}

size_t byte_of_character(std::string_view text, int64_t character) {
    for (size_t i = 0; i < text.size(); ++i)
        if (begins_character(text[i]) && character-- <= 0) return i;
    return text.size();
}

std::vector<Stretch> stretches(const Text& text) {
    const int64_t size = count_characters(text.text);
    std::vector<const Citation*> sorted;
    sorted.reserve(text.citations.size());
    for (const auto& citation : text.citations)
        sorted.push_back(&citation);
    auto first = [&](const Citation* c) { return place_in(*c, size).begin; };
    auto last = [&](const Citation* c) { return place_in(*c, size).end; };
    std::sort(sorted.begin(), sorted.end(), [&](const Citation* a, const Citation* b) {
        return std::tuple(first(a), last(a), a) < std::tuple(first(b), last(b), b);
    });
    std::vector<Stretch> out;
    std::string_view left = text.text;
    int64_t at = 0;  // the character at which `left` begins
    auto take = [&](int64_t end, std::vector<const Citation*> citations) {
        const std::string_view piece = left.substr(0, byte_of_character(left, end - at));
        left.remove_prefix(piece.size());
        at = std::max(at, end);
        if (piece.empty() && citations.empty()) return;
        // White space alone is no text to some providers: it goes with its neighbour.
        const bool blank = piece.find_first_not_of(" \t\r\n") == std::string_view::npos;
        if (blank && citations.empty() && !out.empty()) {
            out.back().text = {out.back().text.data(), out.back().text.size() + piece.size()};
            return;
        }
        out.push_back({piece, std::move(citations)});
    };
    for (size_t i = 0; i < sorted.size();) {
        take(first(sorted[i]), {});
        int64_t end = last(sorted[i]);
        std::vector<const Citation*> citations{sorted[i++]};
        // The next belongs here if it begins inside, or means the same empty place.
        while (i < sorted.size() && (first(sorted[i]) < end || last(sorted[i]) == end)) {
            end = std::max(end, last(sorted[i]));
            citations.push_back(sorted[i++]);
        }
        take(end, std::move(citations));
    }
    take(size, {});
    // The same at the beginning.
    if (out.size() > 1 && out[0].citations.empty() && !out[0].text.empty() &&
        out[0].text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        out[1].text = {out[0].text.data(), out[0].text.size() + out[1].text.size()};
        out.erase(out.begin());
    }
    return out;
}

void SaidText::say(int part, std::string_view text) {
    if (parts_.empty() || parts_.back().part != part) parts_.push_back({part, size_, 0});
    int64_t said = 0;
    for (char c : text) {
        if (begins_character(c)) {
            ++said;
        } else if (bytes_) {
            const int64_t character = size_ + said - 1;
            if (wide_.empty() || wide_.back().character != character)
                wide_.push_back({character, wide_.empty() ? 0 : wide_.back().more});
            ++wide_.back().more;
        }
    }
    size_ += said;
    parts_.back().size += said;
}

std::optional<SaidText::Range> SaidText::characters(int part, const Citation& citation) const {
    for (auto it = parts_.rbegin(); it != parts_.rend(); ++it) {
        if (it->part != part) continue;
        const Range place = place_in(citation, it->size);
        return Range{it->begin + place.begin, it->begin + place.end};
    }
    return std::nullopt;
}

std::optional<SaidText::Range> SaidText::bytes(int part, const Citation& citation) const {
    const auto range = characters(part, citation);
    if (!range) return std::nullopt;
    return Range{byte_of(range->begin), byte_of(range->end)};
}

std::optional<SaidText::Place> SaidText::find_characters(Range whole) const {
    for (auto it = parts_.rbegin(); it != parts_.rend(); ++it) {
        if (it->begin > whole.begin && it + 1 != parts_.rend()) continue;
        const int64_t begin = std::clamp<int64_t>(whole.begin - it->begin, 0, it->size);
        return Place{it->part, {begin, std::clamp(whole.end - it->begin, begin, it->size)}};
    }
    return std::nullopt;
}

std::optional<SaidText::Place> SaidText::find_bytes(Range whole) const {
    return find_characters({character_of(whole.begin), character_of(whole.end)});
}

int64_t SaidText::begin_byte(int part) const {
    for (const auto& known : parts_)
        if (known.part == part) return byte_of(known.begin);
    return byte_of(size_);
}

int64_t SaidText::byte_of(int64_t character) const {
    const auto behind = std::partition_point(
        wide_.begin(), wide_.end(), [&](const Wide& wide) { return wide.character < character; });
    return character + (behind == wide_.begin() ? 0 : (behind - 1)->more);
}

// The character that holds the byte; one behind the last is the end.
int64_t SaidText::character_of(int64_t byte) const {
    const auto behind = std::partition_point(wide_.begin(), wide_.end(), [&](const Wide& wide) {
        return wide.character + wide.more < byte;
    });
    // `behind` is the first that ends at this byte or later; the ones before it count in full.
    const int64_t more = behind == wide_.begin() ? 0 : (behind - 1)->more;
    int64_t character = byte - more;
    if (behind != wide_.end() && character > behind->character) character = behind->character;
    return std::clamp<int64_t>(character, 0, size_);
}

SaidText& SaidTexts::of(int choice) {
    for (auto& [number, text] : texts_)
        if (number == choice) return text;
    return texts_.emplace_back(choice, SaidText(bytes_)).second;
}

SaidText::Range place_in(const Citation& citation, int64_t size) {
    if (citation.begin < 0) return {0, size};
    const int64_t begin = std::min(citation.begin, size);
    return {begin, std::clamp(citation.end, begin, size)};
}

bool has_address(const Citation& citation) {
    return !citation.url.empty() &&
           (citation.source == Citation::Source::page || citation.url.starts_with("http://") ||
            citation.url.starts_with("https://"));
}

}  // namespace weir::dialect
