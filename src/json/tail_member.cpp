#include "json/tail_member.h"

#include "json/walk.h"

namespace weir::json {
namespace {

/// What must stand before a member's name: a comma or an opening brace.
bool begins_member(std::string_view document, size_t at) {
    while (at > 0 && lex::is_space(document[at - 1]))
        --at;
    return at > 0 && (document[at - 1] == ',' || document[at - 1] == '{');
}

/// From behind a name: its value, or null when there is none.
const char* value_start(const char* p, const char* end) {
    p = lex::skip_space(p, end);
    if (p == end || *p != ':') return nullptr;
    p = lex::skip_space(p + 1, end);
    return p == end ? nullptr : p;
}

/// From behind a value: true if only more members and the root's closing brace follow.
bool ends_root(const char* p, const char* end) {
    lex::Problem problem;
    while (true) {
        p = lex::skip_space(p, end);
        if (p == end) return false;
        if (*p == '}') return lex::skip_space(p + 1, end) == end;
        if (*p != ',') return false;
        p = lex::skip_space(p + 1, end);
        if (p == end || *p != '"') return false;
        p = lex::skip_string(p + 1, end, problem);
        if (!p || !(p = value_start(p, end))) return false;
        p = skip_value(p, end, Peeker::kMaxDepth, problem);
        if (!p) return false;
    }
}

}  // namespace

std::optional<std::string_view> tail_member(std::string_view document, std::string_view quoted,
                                            size_t window) {
    const size_t first = document.size() > window ? document.size() - window : 0;
    const char* end = document.data() + document.size();
    lex::Problem problem;
    for (size_t at = document.rfind(quoted); at != std::string_view::npos && at >= first && at > 0;
         at = document.rfind(quoted, at - 1)) {
        if (!begins_member(document, at)) continue;
        const char* value = value_start(document.data() + at + quoted.size(), end);
        if (!value) continue;
        const char* behind = skip_value(value, end, Peeker::kMaxDepth, problem);
        if (behind && ends_root(behind, end))
            return std::string_view(value, static_cast<size_t>(behind - value));
    }
    return std::nullopt;
}

}  // namespace weir::json
