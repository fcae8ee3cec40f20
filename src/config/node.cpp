#include "config/node.h"

#include <algorithm>

namespace weir::config {

const Node* Node::find(std::string_view key) const {
    for (const Entry& entry : entries)
        if (entry.key == key) return entry.value.is_null() ? nullptr : &entry.value;
    return nullptr;
}

Node* Node::find(std::string_view key) {
    return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

const Node* Node::at(std::string_view path) const {
    const Node* node = this;
    while (node && !path.empty()) {
        auto dot = path.find('.');
        node = node->find(path.substr(0, dot));
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    return node;
}

std::string_view Node::text_at(std::string_view key, std::string_view fallback) const {
    const Node* node = find(key);
    return node && node->is_scalar() ? std::string_view(node->text) : fallback;
}

std::string_view type_name(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::boolean:
            return "boolean";
        case Node::Kind::integer:
            return "integer";
        case Node::Kind::real:
            return "number";
        case Node::Kind::string:
            return "string";
        case Node::Kind::map:
            return "object";
        case Node::Kind::list:
            return "array";
    }
    return "null";
}

std::string describe(const Node& document) {
    const Node* name = document.at("metadata.name");
    return std::string(document.text_at("kind", "?")) + "/" +
           (name && name->is_scalar() ? name->text : "?");
}

bool same_value(const Node& a, const Node& b) {
    if (a.kind != b.kind) return false;
    if (a.is_list()) return std::ranges::equal(a.items, b.items, same_value);
    if (!a.is_map()) return a.text == b.text;
    if (a.entries.size() != b.entries.size()) return false;
    return std::ranges::all_of(a.entries, [&](const Entry& entry) {
        auto other = std::ranges::find(b.entries, entry.key, &Entry::key);
        return other != b.entries.end() && same_value(entry.value, other->value);
    });
}

namespace {

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_integer(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    return all_digits(text);
}

/// [-+]? digits? (. digits?)? ([eE] [-+]? digits)?, with at least one digit before the exponent.
bool is_real(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    std::string_view exponent;
    if (auto e = text.find_first_of("eE"); e != std::string_view::npos) {
        exponent = text.substr(e + 1);
        text = text.substr(0, e);
        if (!is_integer(exponent)) return false;
    }
    auto dot = text.find('.');
    std::string_view whole = text.substr(0, dot);
    std::string_view fraction =
        dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    if (!whole.empty() && !all_digits(whole)) return false;
    if (!fraction.empty() && !all_digits(fraction)) return false;
    return !whole.empty() || !fraction.empty();
}

}  // namespace

void resolve_plain(Node& node) {
    std::string_view text = node.text;
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
        node.kind = Node::Kind::null;
    else if (text == "true" || text == "True" || text == "TRUE" || text == "false" ||
             text == "False" || text == "FALSE")
        node.kind = Node::Kind::boolean;
    else if (is_integer(text))
        node.kind = Node::Kind::integer;
    else if (is_real(text))
        node.kind = Node::Kind::real;
    else
        node.kind = Node::Kind::string;
}

}  // namespace weir::config
