#include "dialect/gemini/schema.h"

namespace weir::dialect::gemini {
namespace {

// Google's JSON writes 64-bit numbers as strings.
bool is_count(std::string_view key) {
    return key == "minItems" || key == "maxItems" || key == "minLength" || key == "maxLength" ||
           key == "minProperties" || key == "maxProperties";
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.size() < 18 &&
           text.find_first_not_of("0123456789") == std::string_view::npos &&
           (text.size() == 1 || text[0] != '0');
}

std::string lower(std::string_view word) {
    std::string out(word);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

json::Value convert_list(const json::Value& list) {
    json::Value out = json::Value::array();
    for (const auto& item : list.items())
        out.push_back(from_openapi(item));
    return out;
}

json::Value convert_properties(const json::Value& properties) {
    json::Value out = json::Value::object();
    for (const auto& member : properties.members())
        out.set(member.key, from_openapi(member.value));
    return out;
}

void convert_member(const std::string& key, const json::Value& value, bool nullable,
                    json::Value& out) {
    if (key == "type" && value.is_string()) {
        json::Value word = json::Value::string(lower(value.text()));
        out.set("type", nullable
                            ? json::Value::array({std::move(word), json::Value::string("null")})
                            : std::move(word));
    } else if (key == "properties") {
        out.set(key, convert_properties(value));
    } else if (key == "items" || (key == "additionalProperties" && value.is_object())) {
        out.set(key, from_openapi(value));
    } else if (key == "anyOf" || key == "any_of") {
        out.set("anyOf", convert_list(value));
    } else if (key == "prefixItems" || key == "prefix_items") {
        out.set("prefixItems", convert_list(value));
    } else if (is_count(key) && is_digits(value.text())) {
        out.set(key, json::Value::number(std::string(value.text())));
    } else if (key == "example") {
        out.set("examples", json::Value::array({value}));
    } else if (key != "nullable" && key != "propertyOrdering" && key != "property_ordering" &&
               !(key == "format" && value.text() == "enum")) {
        out.set(key, value);  // the order of members says what propertyOrdering says
    }
}

}  // namespace

json::Value from_openapi(const json::Value& schema) {
    if (!schema.is_object()) return schema;
    const auto* nullable = schema.find("nullable");
    json::Value out = json::Value::object();
    for (const auto& member : schema.members())
        convert_member(member.key, member.value, nullable && nullable->as_bool(), out);
    return out;
}

}  // namespace weir::dialect::gemini
