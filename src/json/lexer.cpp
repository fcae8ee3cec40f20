#include "json/lexer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::json::lex {
namespace {

#if defined(__SSE2__)
using Block = __m128i;
Block equal(Block v, char c) {
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}
Block either(Block a, Block b) {
    return _mm_or_si128(a, b);
}
Block at_most(Block v, char c) {
    return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(c)), v);
}
Block with_bit(Block v, char bit) {
    return _mm_or_si128(v, _mm_set1_epi8(bit));
}

/// First byte in [p, end) for which the block test, or for the last bytes the byte test, holds.
template <class BlockTest, class ByteTest>
const char* find(const char* p, const char* end, BlockTest block_test, ByteTest byte_test) {
    for (; end - p >= 16; p += 16) {
        Block v = _mm_loadu_si128(reinterpret_cast<const Block*>(p));
        auto hits = static_cast<unsigned>(_mm_movemask_epi8(block_test(v)));
        if (hits) return p + std::countr_zero(hits);
    }
    while (p != end && !byte_test(*p))
        ++p;
    return p;
}
#else
struct Block {};
Block equal(Block, char) {
    return {};
}
Block either(Block, Block) {
    return {};
}
Block at_most(Block, char) {
    return {};
}
Block with_bit(Block v, char) {
    return v;
}
template <class BlockTest, class ByteTest>
const char* find(const char* p, const char* end, BlockTest, ByteTest byte_test) {
    while (p != end && !byte_test(*p))
        ++p;
    return p;
}
#endif

/// The four hexadecimal digits at p, or -1.
int hex4(const char* p, const char* end) {
    if (end - p < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        char c = p[i];
        int digit = is_digit(c)              ? c - '0'
                    : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                    : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                             : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

bool is_high_surrogate(int unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(int unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

const char* stop(Problem& problem, const char* at, const char* expected) {
    problem = {at, expected};
    return nullptr;
}

struct Utf8 {
    char bytes[4];
    size_t size;
};

Utf8 encode(uint32_t c) {
    auto byte = [](uint32_t v) { return static_cast<char>(v); };
    if (c < 0x80) return {{byte(c)}, 1};
    if (c < 0x800) return {{byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))}, 2};
    if (c < 0x10000)
        return {{byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))}, 3};
    return {{byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
             byte(0x80 | (c & 0x3F))},
            4};
}

/// Reads the valid escape at p (a backslash) and moves p behind it.
Utf8 decode_escape(const char*& p, const char* end) {
    char kind = p[1];
    p += 2;
    switch (kind) {
        case 'b':
            return {{'\b'}, 1};
        case 'f':
            return {{'\f'}, 1};
        case 'n':
            return {{'\n'}, 1};
        case 'r':
            return {{'\r'}, 1};
        case 't':
            return {{'\t'}, 1};
        case 'u':
            break;
        default:
            return {{kind}, 1};
    }
    int unit = hex4(p, end);
    p += 4;
    if (!is_high_surrogate(unit)) return encode(static_cast<uint32_t>(unit));
    int low = hex4(p + 2, end);
    p += 6;
    return encode(0x10000 + (static_cast<uint32_t>(unit - 0xD800) << 10) +
                  static_cast<uint32_t>(low - 0xDC00));
}

/// Length of the valid UTF-8 character at p, or 0 (RFC 3629 §4).
size_t utf8_length(const unsigned char* p, const unsigned char* end) {
    auto left = static_cast<size_t>(end - p);
    auto tail = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < left && p[i] >= low && p[i] <= high;
    };
    unsigned c = p[0];
    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF)
        return tail(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
    if (c >= 0xF0 && c <= 0xF4)
        return tail(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4
                                                                                               : 0;
    return 0;
}

}  // namespace

const char* find_string_special(const char* p, const char* end) {
    return find(
        p, end,
        [](Block v) { return either(either(equal(v, '"'), equal(v, '\\')), at_most(v, 0x1F)); },
        [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
}

const char* find_quote_or_backslash(const char* p, const char* end) {
    return find(
        p, end, [](Block v) { return either(equal(v, '"'), equal(v, '\\')); },
        [](char c) { return c == '"' || c == '\\'; });
}

const char* find_quote_or_bracket(const char* p, const char* end) {
    // '[' and '{' differ in bit 5 only, so do ']' and '}'.
    return find(
        p, end,
        [](Block v) {
            Block folded = with_bit(v, 0x20);
            return either(equal(v, '"'), either(equal(folded, '{'), equal(folded, '}')));
        },
        [](char c) { return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}'; });
}

const char* skip_escape(const char* p, const char* end, Problem& problem) {
    if (end - p < 2) return stop(problem, p, "a character after \\");
    switch (p[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return p + 2;
        case 'u':
            break;
        default:
            return stop(problem, p, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    }
    int unit = hex4(p + 2, end);
    if (unit < 0) return stop(problem, p, "four hexadecimal digits after \\u");
    if (is_low_surrogate(unit)) return stop(problem, p, "a high surrogate before a low one");
    if (!is_high_surrogate(unit)) return p + 6;
    if (end - p < 8 || p[6] != '\\' || p[7] != 'u' || !is_low_surrogate(hex4(p + 8, end)))
        return stop(problem, p, "a low surrogate after a high one");
    return p + 12;
}

const char* skip_string(const char* p, const char* end, Problem& problem) {
    for (;;) {
        p = find_string_special(p, end);
        if (p == end) return stop(problem, p, "the end of a string");
        if (*p == '"') return p + 1;
        if (*p != '\\') return stop(problem, p, "no control character in a string");
        p = skip_escape(p, end, problem);
        if (!p) return nullptr;
    }
}

const char* skip_number(const char* p, const char* end, Problem& problem) {
    auto digits = [&] {
        const char* first = p;
        while (p != end && is_digit(*p))
            ++p;
        return p != first;
    };
    if (p != end && *p == '-') ++p;
    if (p != end && *p == '0')
        ++p;
    else if (!digits())
        return stop(problem, p, "a digit");
    if (p != end && *p == '.') {
        ++p;
        if (!digits()) return stop(problem, p, "a digit");
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p != end && (*p == '+' || *p == '-')) ++p;
        if (!digits()) return stop(problem, p, "a digit");
    }
    return p;
}

const char* skip_literal(const char* p, const char* end, Problem& problem) {
    std::string_view rest(p, static_cast<size_t>(end - p));
    if (rest.starts_with("true") || rest.starts_with("null")) return p + 4;
    if (rest.starts_with("false")) return p + 5;
    return stop(problem, p, "a value");
}

void append_unescaped(std::string& out, std::string_view raw) {
    const char* p = raw.data();
    const char* end = p + raw.size();
    for (;;) {
        auto* backslash =
            static_cast<const char*>(p == end ? nullptr : std::memchr(p, '\\', size_t(end - p)));
        if (!backslash) {
            out.append(p, end);
            return;
        }
        out.append(p, backslash);
        p = backslash;
        Utf8 character = decode_escape(p, end);
        out.append(character.bytes, character.size);
    }
}

bool unescaped_equal(std::string_view raw, std::string_view text) {
    if (raw.size() < text.size()) return false;
    const char* p = raw.data();
    const char* end = p + raw.size();
    size_t at = 0;
    while (p != end) {
        Utf8 character{{*p}, 1};
        if (*p == '\\')
            character = decode_escape(p, end);
        else
            ++p;
        if (!text.substr(at).starts_with(std::string_view(character.bytes, character.size)))
            return false;
        at += character.size;
    }
    return at == text.size();
}

Result<void> check_utf8(std::string_view text) {
    if (simdjson::validate_utf8(text.data(), text.size())) return {};
    auto* begin = reinterpret_cast<const unsigned char*>(text.data());
    auto* end = begin + text.size();
    auto* p = begin;
    while (p != end) {
        size_t length = utf8_length(p, end);
        if (length == 0) break;
        p += length;
    }
    return fail(codes::body_invalid_json, fmt::format("byte {}: invalid UTF-8", p - begin));
}

std::string repair_utf8(std::string_view text) {
    std::string out;
    auto* end = reinterpret_cast<const unsigned char*>(text.data() + text.size());
    for (size_t at = 0; at < text.size();) {
        size_t length = utf8_length(reinterpret_cast<const unsigned char*>(text.data()) + at, end);
        out.append(length ? text.substr(at, length) : std::string_view("\xEF\xBF\xBD"));
        at += std::max<size_t>(length, 1);
    }
    return out;
}

Error to_error(std::string_view document, const Problem& problem) {
    return {codes::body_invalid_json,
            fmt::format("byte {}: expected {}", problem.at - document.data(), problem.expected)};
}

}  // namespace weir::json::lex
