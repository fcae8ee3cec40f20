#include "dialect/gemini/schema.h"

#include <algorithm>

namespace weir::dialect::gemini {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxNodes = 20'000;  // references may multiply what was written once

constexpr std::string_view kCopied[] = {
    "title",    "description", "format",    "enum",          "default",       "example",
    "nullable", "required",    "pattern",   "minimum",       "maximum",       "minItems",
    "maxItems", "minLength",   "maxLength", "minProperties", "maxProperties", "propertyOrdering"};
// Say nothing about the value, or were looked at where they count.
constexpr std::string_view kSilent[] = {"$schema",  "$id",   "$comment",   "$defs", "definitions",
                                        "examples", "$ref",  "allOf",      "anyOf", "oneOf",
                                        "type",     "const", "properties", "items"};

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_null_type(const json::Value& schema) {
    return schema.string_at("type") == "null" && schema.members().size() == 1;
}

// What is there stays.
void merge(json::Value& into, json::Value from) {
    for (auto& member : from.members())
        if (!into.find(member.key)) into.set(member.key, std::move(member.value));
}

// "a~1b" is "a/b" (RFC 6901).
std::string unescaped(std::string_view token) {
    std::string out;
    for (size_t i = 0; i < token.size(); ++i) {
        const bool escape = token[i] == '~' && i + 1 < token.size();
        out.push_back(!escape ? token[i] : token[++i] == '1' ? '/' : '~');
    }
    return out;
}

class Converter {
public:
    Converter(const json::Value& root, Dropped& dropped) : root_(root), dropped_(dropped) {}

    Result<json::Value> convert(const json::Value& schema, const std::string& where, int depth) {
        if (depth > kMaxDepth || ++nodes_ > kMaxNodes)
            return unsupported(where, "schemas as deep or as large as this");
        if (schema.is_bool()) return json::Value::object();
        if (!schema.is_object()) return unsupported(where, "a schema that is no object");
        json::Value out = json::Value::object();
        WEIR_CHECK(convert_members(schema, where, depth, out));
        WEIR_CHECK(convert_reference(schema, where, depth, out));
        WEIR_CHECK(convert_all_of(schema, where, depth, out));
        for (std::string_view key : {"anyOf", "oneOf"})
            WEIR_CHECK(convert_alternatives(schema, key, where, depth, out));
        return out;
    }

private:
    Result<void> convert_members(const json::Value& schema, const std::string& where, int depth,
                                 json::Value& out) {
        convert_type(schema, out);
        for (const auto& member : schema.members()) {
            if (is_one_of(kCopied, member.key))
                out.set(member.key, member.value);
            else if (member.key == "properties")
                WEIR_CHECK(convert_properties(member.value, where, depth, out));
            else if (member.key == "items" && !member.value.is_array())
                WEIR_CHECK(
                    convert_into(member.value, "items", pointer(where, "items"), depth, out));
            else if (member.key == "const" && member.value.is_string())
                merge(out, json::Value::object({{"type", json::Value::string("string")},
                                                {"enum", json::Value::array({member.value})}}));
            else if (!is_one_of(kSilent, member.key) || member.key == "const")
                dropped_.add(pointer(where, member.key));
        }
        return {};
    }

    // {"type":["string","null"]} has `nullable`; other lists are alternatives.
    static void convert_type(const json::Value& schema, json::Value& out) {
        const auto* type = schema.find("type");
        if (!type) return;
        if (!type->is_array()) {
            out.set("type", *type);
            return;
        }
        json::Value alternatives = json::Value::array();
        for (const auto& item : type->items()) {
            if (item.text() == "null")
                out.set("nullable", json::Value::boolean(true));
            else
                alternatives.push_back(json::Value::object({{"type", item}}));
        }
        if (alternatives.items().size() == 1)
            merge(out, std::move(alternatives.items()[0]));
        else if (!alternatives.items().empty())
            out.set("anyOf", std::move(alternatives));
    }

    Result<void> convert_into(const json::Value& schema, std::string_view key,
                              const std::string& where, int depth, json::Value& out) {
        WEIR_TRY(auto converted, convert(schema, where, depth + 1));
        out.set(key, std::move(converted));
        return {};
    }

    Result<void> convert_properties(const json::Value& properties, const std::string& where,
                                    int depth, json::Value& out) {
        const std::string base = pointer(where, "properties");
        json::Value converted = json::Value::object();
        for (const auto& member : properties.members())
            WEIR_CHECK(convert_into(member.value, member.key, pointer(base, member.key), depth,
                                    converted));
        out.set("properties", std::move(converted));
        return {};
    }

    Result<void> convert_reference(const json::Value& schema, const std::string& where, int depth,
                                   json::Value& out) {
        const auto* reference = schema.find("$ref");
        if (!reference) return {};
        const auto* target = resolve(reference->text());
        if (!target)
            return unsupported(pointer(where, "$ref"), "a reference to nothing in the schema");
        if (std::find(active_.begin(), active_.end(), target) != active_.end())
            return unsupported(pointer(where, "$ref"), "schemas that contain themselves");
        active_.push_back(target);
        auto converted = convert(*target, where, depth + 1);
        active_.pop_back();
        if (!converted) return std::unexpected(std::move(converted).error());
        merge(out, std::move(*converted));
        return {};
    }

    const json::Value* resolve(std::string_view reference) const {
        if (!reference.starts_with('#')) return nullptr;
        reference.remove_prefix(1);
        const json::Value* found = &root_;
        while (found && !reference.empty()) {
            if (reference[0] != '/') return nullptr;
            const size_t end = std::min(reference.find('/', 1), reference.size());
            found = found->find(unescaped(reference.substr(1, end - 1)));
            reference.remove_prefix(end);
        }
        return found;
    }

    Result<void> convert_all_of(const json::Value& schema, const std::string& where, int depth,
                                json::Value& out) {
        const auto* all = schema.find("allOf");
        if (!all) return {};
        if (all->items().size() != 1)
            return unsupported(pointer(where, "allOf"), "an allOf of several schemas");
        WEIR_TRY(auto converted,
                 convert(all->items()[0], pointer(pointer(where, "allOf"), "0"), depth + 1));
        merge(out, std::move(converted));
        return {};
    }

    Result<void> convert_alternatives(const json::Value& schema, std::string_view key,
                                      const std::string& where, int depth, json::Value& out) {
        const auto* given = schema.find(key);
        if (!given) return {};
        json::Value kept = json::Value::array();
        for (size_t i = 0; i < given->items().size(); ++i) {
            const json::Value& item = given->items()[i];
            if (is_null_type(item)) {
                out.set("nullable", json::Value::boolean(true));
                continue;
            }
            const std::string place = pointer(pointer(where, key), std::to_string(i));
            WEIR_TRY(auto converted, convert(item, place, depth + 1));
            kept.push_back(std::move(converted));
        }
        if (kept.items().size() == 1)
            merge(out, std::move(kept.items()[0]));
        else if (!kept.items().empty() && out.find("anyOf"))
            dropped_.add(pointer(where, key));
        else if (!kept.items().empty())
            out.set("anyOf", std::move(kept));
        return {};
    }

    const json::Value& root_;
    Dropped& dropped_;
    std::vector<const json::Value*> active_;  // references that are being put in place
    size_t nodes_ = 0;
};

}  // namespace

Result<json::Value> to_openapi(const json::Value& schema, std::string where, Dropped& dropped) {
    return Converter(schema, dropped).convert(schema, where, 0);
}

}  // namespace weir::dialect::gemini
