#include "tokens/splitter.h"

namespace weir::tokens {
namespace {

constexpr bool is_letter(CharClass c) {
    return c == kUpper || c == kLower || c == kLetter;
}
constexpr bool is_space(CharClass c) {
    return c == kSpace || c == kNewline;
}
/// May stand in front of a word: [^\r\n\p{L}\p{N}].
constexpr bool is_prefix(CharClass c) {
    return c == kOther || c == kMark || c == kSpace;
}
/// [^\s\p{L}\p{N}]
constexpr bool is_sign(CharClass c) {
    return c == kOther || c == kMark;
}
constexpr bool is_both(CharClass c) {  // in U and in W
    return c == kLetter || c == kMark;
}
constexpr bool is_u(CharClass c) {
    return c == kUpper || is_both(c);
}
constexpr bool is_w(CharClass c) {
    return c == kLower || is_both(c);
}

template <class Test>
const char* skip(const char* p, const char* end, Test test) {
    while (p != end) {
        const Character c = read_character(p, end);
        if (!test(c.kind)) break;
        p = c.next;
    }
    return p;
}

/// Behind 's, 'll and the like at p, or p.
const char* skip_contraction(const char* p, const char* end) {
    if (end - p < 2 || *p != '\'') return p;
    const char first = static_cast<char>(p[1] | 0x20);
    if (p[1] < 'A' || p[1] > 'z') return p;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return p + 2;
    if (end - p < 3 || p[2] < 'A' || p[2] > 'z') return p;
    const char second = static_cast<char>(p[2] | 0x20);
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l'))
        return p + 3;
    return p;
}

const char* skip_numbers(Character first, const char* end) {
    const char* p = first.next;
    for (int i = 1; i < 3 && p != end; ++i) {
        const Character c = read_character(p, end);
        if (c.kind != kNumber) break;
        p = c.next;
    }
    return p;
}

/// p is behind the first sign. Line ends that follow belong to the piece.
template <bool Slash>
const char* skip_signs(const char* p, const char* end) {
    p = skip(p, end, is_sign);
    while (p != end && (*p == '\r' || *p == '\n' || (Slash && *p == '/')))
        ++p;
    return p;
}

/// p is at white space that is no prefix of a word or sign: up to the last line end of the run if
/// it has one, else but for its last character if something follows.
const char* skip_white_space(const char* p, const char* end) {
    const char* behind_newline = nullptr;
    const char* last = p;
    const char* q = p;
    while (q != end) {
        const Character c = read_character(q, end);
        if (!is_space(c.kind)) break;
        last = q;
        q = c.next;
        if (c.kind == kNewline) behind_newline = q;
    }
    if (behind_newline) return behind_newline;
    return q == end || last == p ? q : last;
}

/// Everything but words: numbers, signs, white space.
template <bool Slash>
const char* skip_rest(const char* p, Character first, const char* end) {
    if (first.kind == kNumber) return skip_numbers(first, end);
    if (is_sign(first.kind)) return skip_signs<Slash>(first.next, end);
    if (*p == ' ' && first.next != end) {
        const Character second = read_character(first.next, end);
        if (is_sign(second.kind)) return skip_signs<Slash>(second.next, end);
    }
    return skip_white_space(p, end);
}

/// U*W+ from p, or null.
const char* word_with_lower(const char* p, const char* end) {
    const char* behind_both = nullptr;  // the furthest place where W+ may end if U* gives back
    const char* q = p;
    while (q != end) {
        const Character c = read_character(q, end);
        if (!is_u(c.kind)) return c.kind == kLower ? skip(c.next, end, is_w) : behind_both;
        q = c.next;
        if (is_both(c.kind)) behind_both = q;
    }
    return behind_both;
}

/// U+W* from p where U*W+ does not match: no W follows.
const char* word_of_upper(const char* p, const char* end) {
    const char* q = skip(p, end, is_u);
    return q == p ? nullptr : q;
}

/// A word of o200k from p, whose first character is `first`, or null.
const char* word_o200k(const char* p, Character first, const char* end) {
    const char* behind = is_prefix(first.kind) ? first.next : nullptr;
    const char* q = behind ? word_with_lower(behind, end) : nullptr;
    if (!q) q = word_with_lower(p, end);
    if (!q && behind) q = word_of_upper(behind, end);
    if (!q) q = word_of_upper(p, end);
    return q ? skip_contraction(q, end) : nullptr;
}

}  // namespace

const char* next_piece_cl100k(const char* p, const char* end) {
    if (const char* q = skip_contraction(p, end); q != p) return q;
    const Character first = read_character(p, end);
    if (is_letter(first.kind)) return skip(first.next, end, is_letter);
    if (is_prefix(first.kind) && first.next != end) {
        const Character second = read_character(first.next, end);
        if (is_letter(second.kind)) return skip(second.next, end, is_letter);
    }
    return skip_rest<false>(p, first, end);
}

const char* next_piece_o200k(const char* p, const char* end) {
    const Character first = read_character(p, end);
    if (first.kind != kNumber && first.kind != kNewline)
        if (const char* q = word_o200k(p, first, end)) return q;
    return skip_rest<true>(p, first, end);
}

}  // namespace weir::tokens
