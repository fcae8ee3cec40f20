#include "dialect/web_search.h"

namespace weir::dialect {
namespace {

constexpr std::string_view kPlace[] = {"city", "region", "country", "timezone"};

struct Row {
    std::string_view key;
    WebSearch::Detail WebSearch::* detail;
};
constexpr Row kRows[] = {
    {"max_uses", &WebSearch::max_uses},
    {"allowed_domains", &WebSearch::allowed_domains},
    {"blocked_domains", &WebSearch::blocked_domains},
    {"exclude_domains", &WebSearch::blocked_domains},
    {"excludeDomains", &WebSearch::blocked_domains},
    {"search_context_size", &WebSearch::context_size},
};

// {"type":"approximate", then the place beside it or, as chat has it, in "approximate"}.
json::Value place_of(const json::Value& location) {
    const auto* nested = location.find("approximate");
    json::Value out = json::Value::object();
    for (std::string_view key : kPlace)
        if (const auto* value = (nested ? *nested : location).find(key); value && !value->is_null())
            out.set(key, *value);
    return out;
}

void read(const json::Value& details, const std::string& base, WebSearch& out) {
    for (const auto& [key, value] : details.members()) {
        if (value.is_null() || key == "type" || key == "name") continue;
        if (key == "filters" && value.is_object()) {
            read(value, pointer(base, key), out);
            continue;
        }
        WebSearch::Detail* detail = key == "user_location" ? &out.user_location : nullptr;
        for (const auto& row : kRows)
            if (row.key == key) detail = &(out.*row.detail);
        if (!detail)
            out.others.push_back(pointer(base, key));
        else
            *detail = {pointer(base, key), key == "user_location" ? place_of(value) : value};
    }
}

// A place as tools have it.
json::Value approximate(const json::Value& place) {
    json::Value out = json::Value::object();
    out.set("type", json::Value::string("approximate"));
    for (const auto& [key, value] : place.members())
        out.set(key, value);
    return out;
}

void lose(const WebSearch::Detail& detail, Dropped& dropped) {
    if (!detail.value.is_null()) dropped.add(detail.pointer);
}

void lose_others(const WebSearch& search, Dropped& dropped) {
    for (const auto& other : search.others)
        dropped.add(other);
}

}  // namespace

std::optional<WebSearch> web_search_of(const Tool& tool) {
    const std::string type(tool.foreign.string_at("type"));
    if (!type.starts_with("web_search") && type != "google_search") return std::nullopt;
    WebSearch out;
    const auto* own = tool.foreign.find(type);
    std::string base = pointer(tool);
    if (own) base = pointer(std::move(base), tool.own.is_null() ? type : "googleSearch");
    read(own ? *own : tool.foreign, base, out);
    return out;
}

std::optional<WebSearch> web_search_of(const Conversation& conversation) {
    for (const auto& unknown : conversation.unknown) {
        if (unknown.key != kWebSearchOptions || !unknown.value.is_object()) continue;
        WebSearch out;
        read(unknown.value, pointer(std::string(), unknown.key), out);
        return out;
    }
    return std::nullopt;
}

json::Value anthropic_search(const WebSearch& search, Dropped& dropped) {
    json::Value out = json::Value::object();
    out.set("type", json::Value::string("web_search_20250305"));
    out.set("name", json::Value::string("web_search"));
    if (!search.max_uses.value.is_null()) out.set("max_uses", search.max_uses.value);
    // One or the other; what is allowed says more.
    if (!search.allowed_domains.value.is_null()) {
        out.set("allowed_domains", search.allowed_domains.value);
        lose(search.blocked_domains, dropped);
    } else if (!search.blocked_domains.value.is_null()) {
        out.set("blocked_domains", search.blocked_domains.value);
    }
    if (!search.user_location.value.members().empty())
        out.set("user_location", approximate(search.user_location.value));
    lose(search.context_size, dropped);
    lose_others(search, dropped);
    return out;
}

json::Value responses_search(const WebSearch& search, Dropped& dropped) {
    json::Value out = json::Value::object();
    out.set("type", json::Value::string("web_search"));
    if (!search.allowed_domains.value.is_null()) {
        json::Value filters = json::Value::object();
        filters.set("allowed_domains", search.allowed_domains.value);
        out.set("filters", std::move(filters));
    }
    if (!search.user_location.value.members().empty())
        out.set("user_location", approximate(search.user_location.value));
    if (!search.context_size.value.is_null())
        out.set("search_context_size", search.context_size.value);
    lose(search.max_uses, dropped);
    lose(search.blocked_domains, dropped);
    lose_others(search, dropped);
    return out;
}

json::Value openai_search(const WebSearch& search, Dropped& dropped) {
    json::Value out = json::Value::object();
    if (!search.context_size.value.is_null())
        out.set("search_context_size", search.context_size.value);
    if (!search.user_location.value.members().empty()) {
        json::Value location = json::Value::object();
        location.set("type", json::Value::string("approximate"));
        location.set("approximate", search.user_location.value);
        out.set("user_location", std::move(location));
    }
    lose(search.max_uses, dropped);
    lose(search.allowed_domains, dropped);
    lose(search.blocked_domains, dropped);
    lose_others(search, dropped);
    return out;
}

}  // namespace weir::dialect
