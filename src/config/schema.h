/// What objects may hold: one table per kind, written in a small notation (tables_*.cpp).
///
///     alias Port = int 1..65535
///     type RuleTimeouts !backend_timeout_within_request { backendRequest: Duration, request:
///     Duration } type RouteRule {
///       matches: [RouteMatch] ..128          # a list of at most 128
///       name*: string 1..253 /^[a-z]+$/      # required, with length and pattern
///       retry: Retry @later                  # accepted, not in force yet: a warning
///     }
///
/// Types: string, int, number, bool, any, int_or_string, enum(A, B), [T], {T} (a map of strings to
/// T), a name. After a type: a range (length, size or value), /pattern/ (RE2), format(name), `set`
/// or `key(name)` for lists, `!rule` (rules.h). After a field: @later, @guard (a protection not
/// enforced yet), @gone (upstream removed it; it has no effect), @quiet (accepted, nothing to do
/// for a proxy). One mechanism so gives unknown fields, wrong types, bounds, "not in force" and how
/// lists merge. Threads: a Schema is immutable once built.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace weir::config {

struct CrossFieldRule;

enum class Standing { in_force, later, guard, gone, quiet };

struct Type;

struct Field {
    std::string name;
    const Type* type = nullptr;
    bool required = false;
    Standing standing = Standing::in_force;
};

struct Type {
    enum class Base {
        any,
        string,
        enumeration,
        integer,
        number,
        boolean,
        int_or_string,
        list,
        map,
        object
    };
    Base base = Base::any;
    std::string name;                 ///< of a named type
    std::optional<int64_t> min, max;  ///< value, length, items or properties
    std::string pattern;
    std::shared_ptr<const re2::RE2> regex;
    std::string format;  ///< "date-time", "uri", "byte"
    std::vector<std::string> choices;
    std::vector<int64_t> numbers;   ///< integers allowed; empty: all
    const Type* item = nullptr;     ///< of a list or map
    bool set = false;               ///< a list without equal items
    std::vector<std::string> keys;  ///< a list whose items are told apart by these fields
    std::vector<Field> fields;
    std::vector<const CrossFieldRule*> rules;

    const Field* field(std::string_view field_name) const;
};

class Schema {
public:
    /// Reads notation; a mistake in it is a bug of ours and aborts.
    explicit Schema(std::vector<std::string_view> tables);
    /// The table of that name; aborts if there is none.
    const Type& type(std::string_view name) const;

private:
    friend class NotationReader;
    std::map<std::string, std::unique_ptr<Type>, std::less<>> named_;
    std::vector<std::unique_ptr<Type>> anonymous_;
};

/// Every table of the program, built on first use.
const Schema& schema();

}  // namespace weir::config
