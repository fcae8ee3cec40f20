#include "tokens/text_shape.h"

#include <algorithm>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::tokens {
namespace {

bool is_sign(unsigned char c) {
    const unsigned char folded = c | 0x20;
    const bool letter = folded >= 'a' && folded <= 'z', digit = c >= '0' && c <= '9';
    return c > ' ' && c < 0x7F && !letter && !digit;
}

/// Bytes by what they are: `high` are not ASCII, `inner` continue a character, `long3` begin one of
/// three bytes or more, `long4` one of four.
struct Bytes {
    int64_t digits = 0, signs = 0, spaces = 0, high = 0, inner = 0, long3 = 0, long4 = 0;

    [[maybe_unused]] void add(unsigned char c) {
        digits += c >= '0' && c <= '9';
        signs += is_sign(c);
        spaces += c <= ' ';
        high += c >= 0x80;
        inner += c >= 0x80 && c < 0xC0;
        long3 += c >= 0xE0;
        long4 += c >= 0xF0;
    }
};

#if defined(__SSE2__)
// NOLINTBEGIN(portability-simd-intrinsics): std::simd is not in GCC 12; there is a way without.
using Block = __m128i;

Block load(const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const Block*>(p));
}
int64_t sum(Block bytes) {
    const Block sums = _mm_sad_epu8(bytes, _mm_setzero_si128());
    return _mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
}
/// All bits set in the bytes v with first <= v <= last, unsigned.
Block between(Block v, unsigned char first, unsigned char last) {
    const Block low = _mm_set1_epi8(static_cast<char>(first));
    const Block span = _mm_set1_epi8(static_cast<char>(last - first));
    const Block from = _mm_sub_epi8(v, low);
    return _mm_cmpeq_epi8(_mm_min_epu8(from, span), from);
}

/// Counters of 16 lanes; they are emptied before one can overflow.
struct Lanes {
    Block digits = _mm_setzero_si128(), signs = digits, spaces = digits, high = digits,
          inner = digits, long3 = digits, long4 = digits;

    void add(Block v) {
        const Block digit = between(v, '0', '9');
        const Block letter = between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
        const Block sign = _mm_andnot_si128(_mm_or_si128(digit, letter), between(v, ' ' + 1, 0x7E));
        digits = _mm_sub_epi8(digits, digit);
        signs = _mm_sub_epi8(signs, sign);
        spaces = _mm_sub_epi8(spaces, between(v, 0, ' '));
        if (_mm_movemask_epi8(v) == 0) return;
        high = _mm_sub_epi8(high, between(v, 0x80, 0xFF));
        inner = _mm_sub_epi8(inner, between(v, 0x80, 0xBF));
        long3 = _mm_sub_epi8(long3, between(v, 0xE0, 0xFF));
        long4 = _mm_sub_epi8(long4, between(v, 0xF0, 0xFF));
    }
    void empty_into(Bytes& out) const {
        out.digits += sum(digits);
        out.signs += sum(signs);
        out.spaces += sum(spaces);
        out.high += sum(high);
        out.inner += sum(inner);
        out.long3 += sum(long3);
        out.long4 += sum(long4);
    }
};

/// The last block is filled up with spaces, which are taken off again.
void add_tail(const char* p, const char* end, Lanes& lanes, Bytes& out) {
    char block[16];
    std::memset(block, ' ', sizeof block);
    std::memcpy(block, p, static_cast<size_t>(end - p));
    lanes.add(load(block));
    out.spaces -= 16 - (end - p);
}

Bytes count_bytes(std::string_view text) {
    Bytes out;
    const char* p = text.data();
    const char* end = p + text.size();
    do {
        Lanes lanes;
        const char* stop = p + 16 * std::min<ptrdiff_t>(254, (end - p) / 16);
        for (; p != stop; p += 16)
            lanes.add(load(p));
        if (end - p < 16) {
            add_tail(p, end, lanes, out);
            p = end;
        }
        lanes.empty_into(out);
    } while (p != end);
    return out;
}
// NOLINTEND(portability-simd-intrinsics)
#else
Bytes count_bytes(std::string_view text) {
    Bytes out;
    for (const char c : text)
        out.add(static_cast<unsigned char>(c));
    return out;
}
#endif

uint32_t hex4(const char* p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const auto c = static_cast<uint32_t>(p[i]);
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/// `p` is at a backslash; returns the place behind the escape (both halves of a pair).
const char* add_escape(TextShape& shape, const char* p) {
    if (p[1] != 'u') {
        ++(is_sign(static_cast<unsigned char>(p[1])) ? shape.signs : shape.plain);
        return p + 2;
    }
    const uint32_t unit = hex4(p + 2);
    if (unit >= 0xD800 && unit < 0xDC00) {
        ++shape.four;
        return p + 12;
    }
    if (unit < 0x80) {
        const char c = static_cast<char>(unit);
        shape.add({&c, 1});
    } else {
        ++(unit < 0x800 ? shape.two : shape.three);
    }
    return p + 6;
}

/// Escape by escape from p to end, or behind the last escape that begins before end.
const char* add_escaped(TextShape& shape, const char* p, const char* end) {
    while (p < end) {
        auto* backslash = static_cast<const char*>(std::memchr(p, '\\', size_t(end - p)));
        shape.add({p, backslash ? backslash : end});
        if (!backslash) return end;
        p = add_escape(shape, backslash);
    }
    return p;
}

struct Escapes {
    int64_t simple = 0;
    bool others = false;  ///< an escaped backslash or a code point, or what looks like one
};

#if defined(__SSE2__)
/// Blocks of 16 that have one more byte behind them.
const char* count_in_blocks(const char* p, const char* end, Escapes& out) {
    const Block backslash = _mm_set1_epi8('\\'), u = _mm_set1_epi8('u');
    Block others = _mm_setzero_si128();
    while (end - p > 16) {
        Block simple = _mm_setzero_si128();
        const char* stop = p + 16 * std::min<ptrdiff_t>(255, (end - p - 1) / 16);
        for (; p != stop; p += 16) {
            const Block found = _mm_cmpeq_epi8(load(p), backslash);
            const Block next = load(p + 1);
            const Block special =
                _mm_or_si128(_mm_cmpeq_epi8(next, backslash), _mm_cmpeq_epi8(next, u));
            simple = _mm_sub_epi8(simple, found);  // NOLINT(portability-simd-intrinsics)
            others = _mm_or_si128(others, _mm_and_si128(found, special));
        }
        out.simple += sum(simple);
    }
    out.others |= _mm_movemask_epi8(others) != 0;
    return p;
}
#else
const char* count_in_blocks(const char* p, const char*, Escapes&) {
    return p;
}
#endif

Escapes count_escapes(std::string_view inside) {
    Escapes out;
    const char* end = inside.data() + inside.size();
    const char* p = count_in_blocks(inside.data(), end, out);
    for (; p != end; ++p) {
        if (*p != '\\') continue;
        ++out.simple;
        out.others |= p + 1 == end || p[1] == 'u' || p[1] == '\\';
    }
    return out;
}

/// No language and no code has words of 20 letters on average.
bool is_dense(int64_t letters, int64_t breaks) {
    constexpr int64_t kEnough = 64, kLongWord = 20;
    return letters >= kEnough && letters > kLongWord * (breaks + 1);
}

}  // namespace

void TextShape::add(std::string_view utf8) {
    if (utf8.empty()) return;
    const Bytes bytes = count_bytes(utf8);
    const int64_t others =
        static_cast<int64_t>(utf8.size()) - bytes.high - bytes.digits - bytes.signs;
    (is_dense(others - bytes.spaces, bytes.spaces + bytes.signs) ? dense : plain) += others;
    digits += bytes.digits;
    signs += bytes.signs;
    two += bytes.high - bytes.inner - bytes.long3;
    three += bytes.long3 - bytes.long4;
    four += bytes.long4;
}

/// Most escapes stand for one ASCII character and are two bytes; they are taken off by their
/// number.
void TextShape::add_raw(std::string_view inside) {
    constexpr ptrdiff_t kStretch = 512;  // one with an escaped backslash in it is read bit by bit
    const char* p = inside.data();
    const char* end = p + inside.size();
    while (p < end) {
        const char* stop = p + std::min(end - p, kStretch);
        if (stop[-1] == '\\' && stop != end) ++stop;
        const std::string_view stretch(p, static_cast<size_t>(stop - p));
        const Escapes escapes = count_escapes(stretch);
        if (escapes.others) {
            p = add_escaped(*this, p, stop);
            continue;
        }
        add(stretch);
        signs -= escapes.simple;
        p = stop;
    }
}

}  // namespace weir::tokens
