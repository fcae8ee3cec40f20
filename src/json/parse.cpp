// Text to Value: recursive descent, depth-limited, on the lexical rules of lexer.h.
#include <cstring>

#include "json/lexer.h"
#include "json/value.h"

namespace weir::json {
namespace {

/// For an empty string; what assign() does for a few bytes costs five times as much.
void fill(std::string& out, const char* from, const char* to) {
    auto size = static_cast<size_t>(to - from);
    out.resize_and_overwrite(size, [&](char* space, size_t) {
        std::memcpy(space, from, size);
        return size;
    });
}

class Parser {
public:
    Parser(std::string_view text, ParseLimits limits)
        : p_(text.data()),
          end_(p_ + text.size()),
          depth_(limits.depth),
          depth_left_(limits.depth) {}

    bool document(Value& out) {
        space();
        if (!value(out)) return false;
        space();
        return p_ == end_ || stop("the end of the document");
    }
    const lex::Problem& problem() const { return problem_; }

private:
    bool stop(const char* expected) {
        problem_ = {p_, expected};
        return false;
    }
    void space() { p_ = lex::skip_space(p_, end_); }
    bool at(char c) const { return p_ != end_ && *p_ == c; }
    bool moved(const char* behind) {
        if (behind) p_ = behind;
        return behind != nullptr;
    }

    bool value(Value& out) {
        if (p_ == end_) return stop("a value");
        switch (*p_) {
            case '{':
                return object(out);
            case '[':
                return array(out);
            case '"':
                return string(out.become_string());
            case 't':
            case 'f':
            case 'n':
                return literal(out);
            default:
                return number(out);
        }
    }

    bool literal(Value& out) {
        char first = *p_;
        if (!moved(lex::skip_literal(p_, end_, problem_))) return false;
        if (first != 'n') out = Value::boolean(first == 't');
        return true;
    }

    bool number(Value& out) {
        const char* start = p_;
        if (*p_ != '-' && !lex::is_digit(*p_)) return stop("a value");
        if (!moved(lex::skip_number(p_, end_, problem_))) return false;
        out.become_number({start, p_});
        return true;
    }

    bool string(std::string& out) {
        const char* start = p_ + 1;
        const char* special = lex::find_string_special(start, end_);
        if (special != end_ && *special == '"') {
            fill(out, start, special);
            p_ = special + 1;
            return true;
        }
        if (!moved(lex::skip_string(start, end_, problem_))) return false;
        lex::append_unescaped(out, std::string_view(start, static_cast<size_t>(p_ - 1 - start)));
        return true;
    }

    bool enter() {
        if (depth_left_ == 0) return stop("less nesting");
        --depth_left_;
        ++p_;
        space();
        return true;
    }

    bool array(Value& out) {
        out.become_array();
        if (!enter()) return false;
        for (bool more = !at(']'); more;) {
            if (!value(out.items().emplace_back())) return false;
            space();
            more = at(',');
            if (!more && !at(']')) return stop("',' or ']'");
            if (more) ++p_, space();
        }
        ++p_;
        ++depth_left_;
        return true;
    }

    bool object(Value& out) {
        out.become_object();
        const bool outermost = depth_left_ == depth_;
        if (!enter()) return false;
        // Most objects have two to four members, an event or a request more.
        if (!at('}')) out.members().reserve(outermost ? 8 : 4);
        for (bool more = !at('}'); more;) {
            if (!member(out.members().emplace_back())) return false;
            space();
            more = at(',');
            if (!more && !at('}')) return stop("',' or '}'");
            if (more) ++p_, space();
        }
        ++p_;
        ++depth_left_;
        return true;
    }

    bool member(Member& out) {
        if (!at('"')) return stop("a member name in quotes");
        if (!string(out.key)) return false;
        space();
        if (!at(':')) return stop("':'");
        ++p_;
        space();
        return value(out.value);
    }

    const char* p_;
    const char* end_;
    const size_t depth_;
    size_t depth_left_;
    lex::Problem problem_;
};

}  // namespace

Result<Value> parse(std::string_view text, ParseLimits limits) {
    WEIR_CHECK(lex::check_utf8(text));
    Parser parser(text, limits);
    Value value;
    if (!parser.document(value)) return std::unexpected(lex::to_error(text, parser.problem()));
    return value;
}

}  // namespace weir::json
