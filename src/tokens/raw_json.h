/// Steps over JSON that the Peeker has found valid, calling back for what is in it.
///
/// Unlike json/walk.h it judges nothing; it must never see text that was not judged before.
/// Threads: plain values. Recursion is the caller's, bounded by Peeker::kMaxDepth.
#pragma once
#include <cstring>
#include <string_view>

#include "json/lexer.h"
#include "json/walk.h"

namespace weir::tokens {

class RawJson {
public:
    explicit RawJson(const char* end) : end_(end) {}

    /// The object or value that begins at `p`, and whatever is behind it.
    std::string_view from(const char* p) const { return json::view(p, end_); }

    /// `open` is at a quote; returns the place behind the closing one: the first quote with an even
    /// number of backslashes before it.
    const char* string_end(const char* open) const {
        const char* p = open + 1;
        for (;;) {
            p = static_cast<const char*>(std::memchr(p, '"', static_cast<size_t>(end_ - p)));
            const char* q = p;
            while (q != open + 1 && q[-1] == '\\')
                --q;
            ++p;
            if ((p - q) % 2 == 1) return p;
        }
    }

    /// The place behind the value that begins at p.
    const char* value_end(const char* p) const {
        if (*p == '"') return string_end(p);
        if (*p != '{' && *p != '[') {
            while (p != end_ && *p != ',' && *p != '}' && *p != ']' && !json::lex::is_space(*p))
                ++p;
            return p;
        }
        size_t depth = 0;
        do {
            p = json::lex::find_quote_or_bracket(p, end_);
            if (*p == '"') {
                p = string_end(p);
                continue;
            }
            depth += *p == '{' || *p == '[' ? size_t{1} : ~size_t{0};
            ++p;
        } while (depth != 0);
        return p;
    }

    /// `open` is at a '{'. `visit(name, p)`: p is at the member's value, the result is the place
    /// behind it. Names are as they stand between the quotes.
    template <class Visit>
    const char* members(const char* open, Visit&& visit) const {
        const char* p = space(open + 1);
        if (*p == '}') return p + 1;
        for (;;) {
            const char* behind = string_end(p);
            const std::string_view name = json::view(p + 1, behind - 1);
            p = space(visit(name, space(space(behind) + 1)));
            if (*p != ',') return p + 1;
            p = space(p + 1);
        }
    }

    /// `open` is at a '['. `visit(p)` as above.
    template <class Visit>
    const char* elements(const char* open, Visit&& visit) const {
        const char* p = space(open + 1);
        if (*p == ']') return p + 1;
        for (;;) {
            p = space(visit(p));
            if (*p != ',') return p + 1;
            p = space(p + 1);
        }
    }

private:
    const char* space(const char* p) const { return json::lex::skip_space(p, end_); }

    const char* end_;
};

/// What is between the quotes of the string [p, behind).
inline std::string_view inside(const char* p, const char* behind) {
    return json::view(p + 1, behind - 1);
}

}  // namespace weir::tokens
