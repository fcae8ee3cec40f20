#include "config/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace weir::config {
namespace {

uint64_t hash_of(std::string_view text, uint64_t kind) {
    return std::hash<std::string_view>()(text) ^ (kind * 0x9e3779b97f4a7c15);
}

void add_node(FieldHashes& fields, const Node& node, const std::string& path) {
    if (node.is_map() && !node.entries.empty()) {
        for (const Entry& entry : node.entries)
            add_node(fields, entry.value, path.empty() ? entry.key : path + "." + entry.key);
    } else if (node.is_list() && !node.items.empty()) {
        for (std::size_t i = 0; i < node.items.size(); ++i)
            add_node(fields, node.items[i], fmt::format("{}[{}]", path, i));
    } else {
        fields[path] = hash_of(node.text, static_cast<uint64_t>(node.kind) + 1);
    }
}

std::vector<std::string> changed_fields(const FieldHashes& before, const FieldHashes& after) {
    std::vector<std::string> out;
    for (const auto& [field, hash] : before)
        if (auto now = after.find(field); now == after.end() || now->second != hash)
            out.push_back(field);
    for (const auto& [field, hash] : after)
        if (!before.contains(field)) out.push_back(field);
    std::ranges::sort(out);
    return out;
}

}  // namespace

void add_to(Fingerprint& fingerprint, const Object& object) {
    add_node(fingerprint[fmt::format("{}/{}", object.info->kind, object.name.to_string())],
             object.node, "");
}

void add_value(Fingerprint& fingerprint, const std::string& object, std::string field,
               std::string_view value) {
    fingerprint[object][std::move(field)] = hash_of(value, 0);
}

std::vector<Change> changes(const Fingerprint& before, const Fingerprint& after) {
    std::vector<Change> out;
    for (const auto& [object, fields] : before) {
        auto now = after.find(object);
        if (now == after.end())
            out.push_back({Change::What::removed, object, {}});
        else if (auto changed = changed_fields(fields, now->second); !changed.empty())
            out.push_back({Change::What::changed, object, std::move(changed)});
    }
    for (const auto& [object, fields] : after)
        if (!before.contains(object)) out.push_back({Change::What::added, object, {}});
    std::ranges::sort(out, {}, &Change::object);
    return out;
}

std::string to_string(const Change& change) {
    if (change.what == Change::What::added) return "+ " + change.object;
    if (change.what == Change::What::removed) return "- " + change.object;
    constexpr std::size_t kShown = 8;
    std::string out = "~ " + change.object + ": ";
    for (std::size_t i = 0; i < change.fields.size() && i < kShown; ++i)
        out.append(i ? ", " : "").append(change.fields[i]);
    if (change.fields.size() > kShown)
        out += fmt::format(" and {} more", change.fields.size() - kShown);
    return out;
}

}  // namespace weir::config
