#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "config/object.h"

namespace weir::config {

namespace {

class Merger {
public:
    explicit Merger(Report& report) : report_(report) {}

    void merge(Node& into, Node from, const Type* type, const std::string& path) {
        if (into.is_map() && from.is_map())
            merge_maps(into, std::move(from), type, path);
        else if (into.is_list() && from.is_list() && type && (type->set || !type->keys.empty()))
            merge_lists(into, std::move(from), *type, path);
        else if (!same_value(into, from))
            report_.error(
                from.place, path,
                fmt::format(
                    "differs from the value at {}; both describe one object, so write it once",
                    into.place.to_string()));
    }

private:
    static const Type* field_type(const Type* type, std::string_view name) {
        if (!type) return nullptr;
        if (type->base == Type::Base::map) return type->item;
        const Field* field = type->field(name);
        return field ? field->type : nullptr;
    }

    void merge_maps(Node& into, Node from, const Type* type, const std::string& path) {
        for (Entry& entry : from.entries) {
            auto present = std::ranges::find(into.entries, entry.key, &Entry::key);
            if (present == into.entries.end())
                into.entries.push_back(std::move(entry));
            else if (present->value.is_null())
                present->value = std::move(entry.value);
            else if (!entry.value.is_null())
                merge(present->value, std::move(entry.value), field_type(type, entry.key),
                      join(path, entry.key));
        }
    }

    /// Items of equal keys are one; in a set equal items are one. New ones are appended.
    void merge_lists(Node& into, Node from, const Type& type, const std::string& path) {
        const size_t present = into.items.size();
        for (Node& item : from.items) {
            size_t at = 0;
            while (at < present && !same_item(into.items[at], item, type))
                ++at;
            if (at == present)
                into.items.push_back(std::move(item));
            else
                merge(into.items[at], std::move(item), type.item, join(path, at));
        }
    }

    static bool same_item(const Node& a, const Node& b, const Type& type) {
        if (type.set) return same_value(a, b);
        return std::ranges::all_of(
            type.keys, [&](const std::string& key) { return a.text_at(key) == b.text_at(key); });
    }

    Report& report_;
};

/// Of apiVersion only the group must be equal.
bool same_group(const Object& a, const Object& b) {
    return a.info->group == b.info->group;
}

void unite(Object& into, Object from, Report& report) {
    report.set_subject(from.subject());
    if (!same_group(into, from)) {
        report.error(
            from.node.place, "apiVersion",
            fmt::format("the object at {} has the same kind and name in group {}; rename one",
                        into.node.place.to_string(), into.info->group));
        return;
    }
    std::erase_if(from.node.entries,
                  [](const Entry& e) { return e.key == "apiVersion" || e.key == "status"; });
    Merger merger(report);
    const Type& object = schema().type(into.info->whole ? into.info->table : "Object");
    const Type* spec =
        into.info->whole || into.info->table.empty() ? nullptr : &schema().type(into.info->table);
    for (Entry& entry : from.node.entries) {
        Node* present = into.node.find(entry.key);
        const Field* field = object.field(entry.key);
        if (present && !entry.value.is_null())
            merger.merge(*present, std::move(entry.value),
                         entry.key == "spec" ? spec
                         : field             ? field->type
                                             : nullptr,
                         entry.key);
        else if (!present)
            into.node.entries.push_back(std::move(entry));
    }
}

}  // namespace

std::vector<Object> merge_objects(std::vector<Object> objects, Report& report) {
    std::map<std::tuple<std::string_view, std::string, std::string>, size_t> index;
    std::vector<Object> merged;
    for (Object& object : objects) {
        auto [at, fresh] = index.emplace(
            std::tuple(object.info->kind, object.name.space, object.name.name), merged.size());
        if (fresh || object.name.name.empty())
            merged.push_back(std::move(object));
        else
            unite(merged[at->second], std::move(object), report);
    }
    return merged;
}

}  // namespace weir::config
