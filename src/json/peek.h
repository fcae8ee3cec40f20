/// What a request body says at its top level, without building it.
///
/// A Peeker validates a body whole (RFC 8259, UTF-8, depth) in one sweep and remembers where its
/// top-level members are; the rest is only judged. One Peeker serves one worker: its storage is
/// reused, so that a peek allocates nothing once it has seen a body of that size. No padding is
/// needed behind the body.
///
///     WEIR_TRY(json::Peek peek, peeker.peek(body));
///     if (peek.count("model") != 1) …
///     std::string_view model = peek.find("model")->text(buffer);
///
/// Lifetime: a Peek is a view of its body and of its Peeker's storage: valid until the body goes or
/// the Peeker peeks again. Threads: one Peeker per worker; not thread-safe.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace weir::json {

/// A member of an object as it stands in a valid body.
struct PeekMember {
    std::string_view name;      ///< between the quotes, not unescaped
    std::string_view raw;       ///< the value's bytes, without white space around them
    Kind kind = Kind::null;     ///< of the value
    bool name_escaped = false;  ///< the name has a backslash in it

    bool is_named(std::string_view key) const;
    bool is_true() const { return kind == Kind::boolean && raw.front() == 't'; }
    /// A string's text: a view of the body, or of `buffer` when there was something to unescape.
    /// Empty for other kinds.
    std::string_view text(std::string& buffer) const;
};

/// The top level of a valid body.
class Peek {
public:
    Peek(Kind root, std::string_view raw, std::span<const PeekMember> members)
        : root_(root), raw_(raw), members_(members) {}

    Kind root() const { return root_; }
    bool is_object() const { return root_ == Kind::object; }
    std::string_view raw() const {
        return raw_;
    }  ///< the root value, without white space around it
    std::span<const PeekMember> members() const { return members_; }  ///< in the body's order
    /// First member of that name (names are compared unescaped), or null.
    const PeekMember* find(std::string_view key) const;
    size_t count(std::string_view key) const;

private:
    Kind root_;
    std::string_view raw_;
    std::span<const PeekMember> members_;
};

/// Looks a member up in the raw bytes of an object that a peek found valid, e.g. `include_usage` in
/// the raw value of `stream_options`. Reads the object from its start; nullopt for other kinds.
std::optional<PeekMember> find_member(std::string_view valid_raw, std::string_view key);

class Peeker {
public:
    static constexpr size_t kMaxMembers = 4096;  ///< of the root object; more are refused
    static constexpr size_t kMaxDepth = 256;     ///< as ParseLimits

    Peeker();
    ~Peeker();
    Peeker(Peeker&&) noexcept;
    Peeker& operator=(Peeker&&) noexcept;

    /// Fails with body.invalid_json ("byte 17: expected …") or, with too many members,
    /// body.invalid.
    Result<Peek> peek(std::string_view body);

private:
    struct Index;
    std::unique_ptr<Index> index_;
    std::vector<PeekMember> members_;
};

}  // namespace weir::json
