/// A JSON document that loses nothing: member order, duplicate keys and every digit of a number
/// survive.
///
/// Translation between dialects builds and reads documents of this type. Numbers keep their literal
/// (a provider's 1.10 or a 30-digit id goes out as it came in); strings are held unescaped, as
/// UTF-8. Ownership: a Value owns its children. Threads: a plain value. Format: RFC 8259.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir::json {

enum class Kind : uint8_t { null, boolean, number, string, array, object };

class Value;
struct Member;

class Value {
public:
    Value() = default;  ///< null
    static Value boolean(bool b);
    static Value integer(int64_t i);
    static Value real(double d);  ///< shortest text that reads back equal; non-finite becomes null
    /// `literal` must be a valid JSON number; it is kept as it is.
    static Value number(std::string literal);
    static Value string(std::string text);
    static Value array();
    static Value array(std::vector<Value> items);
    static Value object();
    static Value object(std::vector<Member> members);
    // What a parser fills in place: a null Value becomes…
    void become_array() { kind_ = Kind::array; }
    void become_object() { kind_ = Kind::object; }
    /// `literal` must be a valid JSON number.
    void become_number(std::string_view literal) {
        kind_ = Kind::number;
        text_ = literal;
    }
    /// Its text, to be filled.
    std::string& become_string() {
        kind_ = Kind::string;
        return text_;
    }

    Kind kind() const { return kind_; }
    bool is_null() const { return kind_ == Kind::null; }
    bool is_bool() const { return kind_ == Kind::boolean; }
    bool is_number() const { return kind_ == Kind::number; }
    bool is_string() const { return kind_ == Kind::string; }
    bool is_array() const { return kind_ == Kind::array; }
    bool is_object() const { return kind_ == Kind::object; }

    bool as_bool(bool fallback = false) const { return is_bool() ? bool_ : fallback; }
    /// The number if it is integral and fits (also when written 1.0 or 1e3).
    std::optional<int64_t> as_int() const;
    std::optional<double> as_double() const;
    /// A string's text or a number's literal; empty for every other kind.
    std::string_view text() const { return text_; }

    const std::vector<Value>& items() const { return items_; }  ///< of an array; else empty
    std::vector<Value>& items() { return items_; }
    const std::vector<Member>& members() const { return members_; }  ///< of an object; else empty
    std::vector<Member>& members() { return members_; }

    /// First member of that name, or null; null for other kinds too.
    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    /// find(), then its text if it is a string; else empty.
    std::string_view string_at(std::string_view key) const;

    /// Replaces the member or appends it; makes a null Value an object. Returns the stored value.
    Value& set(std::string_view key, Value value);
    bool erase(std::string_view key);  ///< all members of that name; true if there was one
    Value& push_back(Value item);      ///< makes a null Value an array

    /// Same JSON value: member order ignored, numbers compared by value.
    friend bool operator==(const Value& a, const Value& b);

private:
    Kind kind_ = Kind::null;
    bool bool_ = false;
    std::string text_;
    std::vector<Value> items_;
    std::vector<Member> members_;
};

struct Member {
    std::string key;
    Value value;
};

struct ParseLimits {
    size_t depth = 256;  ///< nesting of arrays and objects
};

/// Parses one whole document (RFC 8259; no comments, no trailing commas, valid UTF-8).
/// Fails with body.invalid_json, the detail naming the byte offset and what was expected, never the
/// text.
Result<Value> parse(std::string_view text, ParseLimits limits = {});

/// Compact text (no spaces). Strings are escaped minimally; `append` adds to `out`.
std::string serialize(const Value& value);
void append(std::string& out, const Value& value);
/// "text", quoted and escaped.
void append_string(std::string& out, std::string_view text);

}  // namespace weir::json
