#include "json/peek.h"

#include <fmt/format.h>

#include <cstring>

#include "json/structure.h"
#include "json/walk.h"

namespace weir::json {
namespace {

/// The grammar over the tokens that Structure found. Sound, not complete: what it refuses is judged
/// again, and explained, by the strict rules of walk.h.
class TokenWalk {
public:
    TokenWalk(std::string_view body, std::span<const uint32_t> tokens)
        : body_(body.data()),
          end_(body.data() + body.size()),
          next_(tokens.data()),
          last_(tokens.data() + tokens.size()) {}

    /// Judges the whole body; `raw` is the root value, `members` those of a root object.
    bool document(std::string_view& raw, std::vector<PeekMember>& members) {
        const char* start = here();
        if (!start || !escapes()) return false;
        bool valid = *start == '{' ? root_object(members) : value(Peeker::kMaxDepth);
        if (!valid || next_ != last_) return false;
        const char* behind = end_;
        while (lex::is_space(behind[-1]))
            --behind;
        raw = view(start, behind);
        return true;
    }

private:
    const char* here() const { return next_ == last_ ? nullptr : body_ + *next_; }
    /// Moves behind the next token if it is that character.
    bool take(char c) {
        bool taken = next_ != last_ && body_[*next_] == c;
        next_ += taken;
        return taken;
    }

    /// All of them at once: a backslash outside a string is refused as a token anyway.
    bool escapes() const {
        lex::Problem problem;
        const char* p = body_;
        while (p != end_ &&
               (p = static_cast<const char*>(std::memchr(p, '\\', size_t(end_ - p))))) {
            p = lex::skip_escape(p, end_, problem);
            if (!p) return false;
        }
        return true;
    }

    /// The string that was just taken began at `quote`: its end is the last byte before the next
    /// token that is not white space. Null if there is no next token.
    const char* string_end(const char* quote) const {
        const char* behind = here();
        if (!behind) return nullptr;
        while (lex::is_space(behind[-1]))
            --behind;
        return behind - quote >= 2 && behind[-1] == '"' ? behind : nullptr;
    }

    /// The scalar must be followed by what may follow one: a quote would not have got a token.
    bool ends_scalar(const char* p) const {
        return p && (p == end_ || lex::is_space(*p) || *p == ',' || *p == ']' || *p == '}');
    }

    bool value(size_t depth) {
        const char* p = here();
        if (!p) return false;
        ++next_;
        switch (*p) {
            case '"':
                return true;
            case '{':
                return depth > 0 && object(depth - 1);
            case '[':
                return depth > 0 && array(depth - 1);
            default:
                return scalar(p) != nullptr;
        }
    }

    /// The place behind a number or literal, or null.
    const char* scalar(const char* p) const {
        lex::Problem problem;
        const char* behind = *p == '-' || lex::is_digit(*p) ? lex::skip_number(p, end_, problem)
                                                            : lex::skip_literal(p, end_, problem);
        return ends_scalar(behind) ? behind : nullptr;
    }

    bool array(size_t depth) {
        if (take(']')) return true;
        do {
            if (!value(depth)) return false;
        } while (take(','));
        return take(']');
    }

    bool object(size_t depth) {
        if (take('}')) return true;
        do {
            if (!take('"') || !take(':') || !value(depth)) return false;
        } while (take(','));
        return take('}');
    }

    bool root_object(std::vector<PeekMember>& members) {
        ++next_;
        if (take('}')) return true;
        do {
            if (members.size() > Peeker::kMaxMembers) return false;
            if (!root_member(members.emplace_back())) return false;
        } while (take(','));
        return take('}');
    }

    bool root_member(PeekMember& member) {
        const char* quote = here();
        if (!take('"')) return false;
        const char* behind = string_end(quote);
        if (!behind || !take(':')) return false;
        member.name = view(quote + 1, behind - 1);
        member.name_escaped = std::memchr(member.name.data(), '\\', member.name.size()) != nullptr;
        const char* start = here();
        if (!value(Peeker::kMaxDepth - 1)) return false;
        member.kind = kind_of(*start);
        const char* end = value_end(member.kind, start);
        if (!end) return false;
        member.raw = view(start, end);
        return true;
    }

    const char* value_end(Kind kind, const char* start) const {
        switch (kind) {
            case Kind::string:
                return string_end(start);
            case Kind::array:
            case Kind::object:
                return body_ + next_[-1] + 1;
            default:
                return scalar(start);
        }
    }

    const char* body_;
    const char* end_;
    const uint32_t* next_;
    const uint32_t* last_;
};

/// The same result from the strict rules, at a byte at a time outside strings.
Result<std::string_view> strict_walk(std::string_view body, std::vector<PeekMember>& members) {
    WEIR_CHECK(lex::check_utf8(body));
    const char* end = body.data() + body.size();
    const char* start = lex::skip_space(body.data(), end);
    const char* behind = nullptr;
    lex::Problem problem;
    if (start != end && *start == '{') {
        MemberCursor cursor(start, end, Peeker::kMaxDepth - 1);
        for (PeekMember member; members.size() <= Peeker::kMaxMembers && cursor.next(member);)
            members.push_back(member);
        if (members.size() > Peeker::kMaxMembers)
            return fail(codes::body_invalid,
                        fmt::format("more than {} members at the top level", Peeker::kMaxMembers));
        behind = cursor.end();
        problem = cursor.problem();
    } else {
        behind = skip_value(start, end, Peeker::kMaxDepth, problem);
    }
    if (!behind) return std::unexpected(lex::to_error(body, problem));
    const char* rest = lex::skip_space(behind, end);
    if (rest != end) return std::unexpected(lex::to_error(body, {rest, "the end of the document"}));
    return view(start, behind);
}

}  // namespace

bool PeekMember::is_named(std::string_view key) const {
    return name_escaped ? lex::unescaped_equal(name, key) : name == key;
}

std::string_view PeekMember::text(std::string& buffer) const {
    if (kind != Kind::string) return {};
    std::string_view inside = raw.substr(1, raw.size() - 2);
    if (inside.find('\\') == std::string_view::npos) return inside;
    buffer.clear();
    lex::append_unescaped(buffer, inside);
    return buffer;
}

const PeekMember* Peek::find(std::string_view key) const {
    for (const PeekMember& member : members_)
        if (member.is_named(key)) return &member;
    return nullptr;
}

size_t Peek::count(std::string_view key) const {
    size_t found = 0;
    for (const PeekMember& member : members_)
        found += member.is_named(key);
    return found;
}

std::optional<PeekMember> find_member(std::string_view valid_raw, std::string_view key) {
    if (!valid_raw.starts_with('{')) return std::nullopt;
    MemberCursor cursor(valid_raw.data(), valid_raw.data() + valid_raw.size(), Peeker::kMaxDepth);
    for (PeekMember member; cursor.next(member);)
        if (member.is_named(key)) return member;
    return std::nullopt;
}

struct Peeker::Index : Structure {};

Peeker::Peeker() : index_(std::make_unique<Index>()) {}
Peeker::~Peeker() = default;
Peeker::Peeker(Peeker&&) noexcept = default;
Peeker& Peeker::operator=(Peeker&&) noexcept = default;

Result<Peek> Peeker::peek(std::string_view body) {
    members_.clear();
    std::string_view raw;
    bool quick = TokenWalk(body, index_->find(body)).document(raw, members_);
    if (!quick || members_.size() > kMaxMembers) {
        members_.clear();
        WEIR_TRY(raw, strict_walk(body, members_));
    }
    return Peek(kind_of(raw.front()), raw, members_);
}

}  // namespace weir::json
