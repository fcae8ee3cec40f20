/// A YAML value with the place of everything: what decoding reads and what merging unites.
///
/// Plain scalars are typed as YAML 1.2's core schema types them; quoted ones are strings. A scalar
/// that held a `${VAR}` is marked: its text came from the environment, so it is never printed and
/// counts as a string where one is wanted. Ownership: a Node owns its children. Threads: a plain
/// value.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/place.h"

namespace weir::config {

struct Entry;

struct Node {
    enum class Kind : uint8_t { null, boolean, integer, real, string, map, list };
    Kind kind = Kind::null;
    bool substituted = false;  ///< the text, or part of it, came from the environment
    bool plain = false;        ///< a scalar written without quotes
    Place place;
    std::string text;  ///< of a scalar
    std::vector<Node> items;
    std::vector<Entry> entries;

    bool is_null() const { return kind == Kind::null; }
    bool is_map() const { return kind == Kind::map; }
    bool is_list() const { return kind == Kind::list; }
    bool is_scalar() const { return !is_map() && !is_list() && !is_null(); }
    bool is_string() const { return kind == Kind::string || (substituted && is_scalar()); }

    /// The value of `key` in a map; null if absent, written as null, or this is no map.
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
    /// find() along "a.b.c".
    const Node* at(std::string_view path) const;
    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// Text of the scalar under `key`, or `fallback`.
    std::string_view text_at(std::string_view key, std::string_view fallback = {}) const;
};

struct Entry {
    std::string key;
    Place key_place;
    Node value;
};

/// "null", "boolean", "integer", "number", "string", "object" or "array", as Kubernetes names
/// types.
std::string_view type_name(const Node& node);

/// "kind/name" of a document, for messages.
std::string describe(const Node& document);

/// Same value, wherever written; order of map entries does not matter.
bool same_value(const Node& a, const Node& b);

/// Gives a plain scalar its type from its text.
void resolve_plain(Node& node);

}  // namespace weir::config
