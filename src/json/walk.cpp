#include "json/walk.h"

namespace weir::json {
namespace {

const char* skip_array(const char* p, const char* end, size_t depth, lex::Problem& problem) {
    p = lex::skip_space(p + 1, end);
    if (p != end && *p == ']') return p + 1;
    for (;;) {
        p = skip_value(p, end, depth, problem);
        if (!p) return nullptr;
        p = lex::skip_space(p, end);
        if (p != end && *p == ']') return p + 1;
        if (p == end || *p != ',') {
            problem = {p, "',' or ']'"};
            return nullptr;
        }
        p = lex::skip_space(p + 1, end);
    }
}

const char* skip_object(const char* p, const char* end, size_t depth, lex::Problem& problem) {
    MemberCursor cursor(p, end, depth);
    PeekMember member;
    while (cursor.next(member)) {
    }
    if (!cursor.end()) problem = cursor.problem();
    return cursor.end();
}

}  // namespace

const char* skip_value(const char* p, const char* end, size_t depth, lex::Problem& problem) {
    const char first = p == end ? '\0' : *p;
    if (depth == 0 && (first == '{' || first == '[')) {
        problem = {p, "less nesting"};
        return nullptr;
    }
    switch (first) {
        case '{':
            return skip_object(p, end, depth - 1, problem);
        case '[':
            return skip_array(p, end, depth - 1, problem);
        case '"':
            return lex::skip_string(p + 1, end, problem);
        default:
            break;
    }
    if (first == '-' || lex::is_digit(first)) return lex::skip_number(p, end, problem);
    return lex::skip_literal(p, end, problem);
}

bool MemberCursor::next(PeekMember& member) {
    return separator() && name(member) && value(member);
}

/// Moves to the quote of the next member's name; false at the end of the object.
bool MemberCursor::separator() {
    p_ = lex::skip_space(p_, limit_);
    if (at('}')) {
        end_ = p_ + 1;
        return false;
    }
    if (first_) {
        first_ = false;
        return true;
    }
    if (!at(',')) return stop("',' or '}'");
    p_ = lex::skip_space(p_ + 1, limit_);
    return true;
}

bool MemberCursor::name(PeekMember& member) {
    if (!at('"')) return stop("a member name in quotes");
    const char* start = p_ + 1;
    p_ = lex::skip_string(start, limit_, problem_);
    if (!p_) return false;
    member.name = view(start, p_ - 1);
    member.name_escaped = member.name.find('\\') != std::string_view::npos;
    p_ = lex::skip_space(p_, limit_);
    if (!at(':')) return stop("':'");
    p_ = lex::skip_space(p_ + 1, limit_);
    return true;
}

bool MemberCursor::value(PeekMember& member) {
    const char* start = p_;
    p_ = skip_value(start, limit_, depth_, problem_);
    if (!p_) return false;
    member.raw = view(start, p_);
    member.kind = kind_of(*start);
    return true;
}

}  // namespace weir::json
