#include "dialect/sse_scan.h"

#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::dialect {
namespace {

constexpr std::string_view kSpace = " \t";  // an event's data is one line

bool is_candidate(char first, char second) {
    if (first == '"') return second == 'u' || second == 'e' || second == 'm';
    return (first == '\n' || first == '\r') && (second == 'd' || second == 'e');
}

// What nearly every event has and what says nothing: `"usage":null`, a line of JSON, and, once the
// model is known, `"model":`. `at` has at least kUndecided bytes.
bool is_usual(const char* at, bool model_known) {
    if (*at == '\n') return std::memcmp(at + 1, "data: {", 7) == 0;
    if (at[1] == 'm') return model_known;
    return std::memcmp(at, "\"usage\":n", 9) == 0;
}

}  // namespace

size_t find_candidate(std::string_view bytes, size_t from, bool model_known) {
    size_t at = from;
#if defined(__SSE2__)
    const auto same = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
    for (; at + 17 <= bytes.size(); at += 16) {
        const auto load = [&](size_t offset) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at + offset));
        };
        const __m128i first = load(0);
        const __m128i second = load(1);
        const __m128i e = same(second, 'e');
        const __m128i key = _mm_and_si128(
            same(first, '"'), _mm_or_si128(e, _mm_or_si128(same(second, 'u'), same(second, 'm'))));
        const __m128i line = _mm_and_si128(_mm_or_si128(same(first, '\n'), same(first, '\r')),
                                           _mm_or_si128(e, same(second, 'd')));
        auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(key, line)));
        for (; mask != 0; mask &= mask - 1) {
            const size_t found = at + static_cast<size_t>(__builtin_ctz(mask));
            if (found + kUndecided > bytes.size() || !is_usual(bytes.data() + found, model_known))
                return found;
        }
    }
#endif
    for (; at + 1 < bytes.size(); ++at)
        if (is_candidate(bytes[at], bytes[at + 1])) return at;
    return std::string_view::npos;
}

bool may_begin(char c) {
    return c == '"' || c == '\n' || c == '\r';
}

size_t event_end(std::string_view bytes, size_t at) {
    while (true) {
        const size_t eol = bytes.find_first_of("\r\n", at);
        if (eol == std::string_view::npos) return eol;
        size_t next = eol + 1;
        if (bytes[eol] == '\r' && next < bytes.size() && bytes[next] == '\n') ++next;
        if (next >= bytes.size()) return std::string_view::npos;
        if (bytes[next] == '\n') return next + 1;
        if (bytes[next] == '\r') {
            if (bytes[eol] == '\r' && next == eol + 1) return next + 1;  // CR alone ends lines here
            if (next + 1 >= bytes.size()) return std::string_view::npos;  // the LF is still to come
            return next + (bytes[next + 1] == '\n' ? 2 : 1);
        }
        at = next;
    }
}

size_t last_event_end(std::string_view bytes) {
    for (size_t i = bytes.size(); i >= 2; --i) {
        const char last = bytes[i - 1];
        if (last != '\n' && last != '\r') continue;
        const char before = bytes[i - 2];
        if (before == last) return i;
        if (last == '\n' && before == '\r' && i >= 3 &&
            (bytes[i - 3] == '\n' || bytes[i - 3] == '\r'))
            return i;
    }
    return 0;
}

std::string data_of(std::string_view event) {
    std::string data;
    while (!event.empty()) {
        const size_t end = event.find_first_of("\r\n");
        std::string_view line = event.substr(0, end);
        event.remove_prefix(end == std::string_view::npos ? event.size() : end + 1);
        if (!line.starts_with("data:")) continue;
        line.remove_prefix(5);
        if (line.starts_with(' ')) line.remove_prefix(1);
        if (!data.empty()) data.push_back('\n');
        data.append(line);
    }
    return data;
}

size_t match_key(std::string_view text, std::string_view quoted_name) {
    const size_t common = std::min(text.size(), quoted_name.size());
    if (text.substr(0, common) != quoted_name.substr(0, common)) return 0;
    if (common < quoted_name.size()) return std::string_view::npos;
    size_t at = text.find_first_not_of(kSpace, common);
    if (at == std::string_view::npos) return at;
    if (text[at] != ':') return 0;
    return text.find_first_not_of(kSpace, at + 1);
}

}  // namespace weir::dialect
