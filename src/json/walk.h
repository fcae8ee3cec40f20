/// Steps over values in raw text, judging them by the strict rules and building nothing.
///
/// This is the reference for what Weir takes as JSON: the fast path of peek.cpp may only accept
/// what is accepted here. UTF-8 is not checked (lex::check_utf8 does it for the whole document).
/// Threads: pure functions; recursion is bounded by `depth`.
#pragma once
#include "json/lexer.h"
#include "json/peek.h"

namespace weir::json {

/// `p` is at the first byte of a value; at most `depth` containers may be nested in it. Returns the
/// place behind it, or null with `problem` set.
const char* skip_value(const char* p, const char* end, size_t depth, lex::Problem& problem);

/// Reads an object's members one after the other.
///
///     MemberCursor cursor(p, end, depth);     // p is at the '{'
///     while (cursor.next(member)) …           // false at the '}' and on errors
///     if (!cursor.end()) …                    // an error: cursor.problem()
class MemberCursor {
public:
    MemberCursor(const char* open, const char* end, size_t depth)
        : p_(open + 1), limit_(end), depth_(depth) {}
    bool next(PeekMember& member);
    /// Behind the closing brace; null before it is reached and after an error.
    const char* end() const { return end_; }
    const lex::Problem& problem() const { return problem_; }

private:
    bool stop(const char* expected) {
        problem_ = {p_, expected};
        return false;
    }
    bool at(char c) const { return p_ != limit_ && *p_ == c; }
    bool separator();
    bool name(PeekMember& member);
    bool value(PeekMember& member);

    const char* p_;
    const char* limit_;
    size_t depth_;  ///< left for the members' values
    const char* end_ = nullptr;
    bool first_ = true;
    lex::Problem problem_;
};

/// By a valid value's first byte.
constexpr Kind kind_of(char first) {
    switch (first) {
        case '{':
            return Kind::object;
        case '[':
            return Kind::array;
        case '"':
            return Kind::string;
        case 't':
        case 'f':
            return Kind::boolean;
        case 'n':
            return Kind::null;
        default:
            return Kind::number;
    }
}

inline std::string_view view(const char* begin, const char* end) {
    return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace weir::json
