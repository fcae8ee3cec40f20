#include "mock/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace weir::mock {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
constexpr int64_t kMaxMillis = 3'600'000;

template <class T>
std::optional<T> number(std::string_view text, T low, T high) {
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
        return std::nullopt;
    return value;
}

using Setter = bool (*)(Actions&, std::string_view);

template <std::chrono::milliseconds Actions::* Member>
bool set_millis(Actions& actions, std::string_view text) {
    auto value = number<int64_t>(text, 0, kMaxMillis);
    if (value) actions.*Member = std::chrono::milliseconds(*value);
    return value.has_value();
}
template <After Actions::* Member>
bool set_after(Actions& actions, std::string_view text) {
    actions.*Member = number<uint64_t>(text, 0, UINT64_MAX);
    return (actions.*Member).has_value();
}
template <uint64_t Actions::* Member>
bool set_size(Actions& actions, std::string_view text) {
    auto value = number<uint64_t>(text, 0, kMaxBytes);
    if (value) actions.*Member = *value;
    return value.has_value();
}

bool set_status(Actions& actions, std::string_view text) {
    auto value = number<int>(text, 400, 599);
    if (value) actions.status = *value;
    return value.has_value();
}
bool set_retry_after(Actions& actions, std::string_view text) {
    actions.retry_after = text;
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}
bool set_text(Actions& actions, std::string_view text) {
    actions.text = text;
    return true;
}
bool set_no_terminal(Actions& actions, std::string_view text) {
    actions.no_terminal = text == "true" || text == "1";
    return actions.no_terminal || text == "false" || text == "0";
}
bool set_garbage(Actions& actions, std::string_view text) {
    if (text != "head") return set_after<&Actions::garbage_after>(actions, text);
    return actions.garbage_head = true;
}
bool set_usage(Actions& actions, std::string_view text) {
    static constexpr std::pair<std::string_view, std::optional<int64_t> Actions::*> kCounts[] = {
        {"input", &Actions::input},         {"output", &Actions::output},
        {"cached", &Actions::cached},       {"creation", &Actions::creation},
        {"reasoning", &Actions::reasoning},
    };
    while (!text.empty()) {
        auto comma = text.find(',');
        std::string_view item = trim(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        auto equals = item.find('=');
        if (equals == std::string_view::npos) return false;
        auto count = std::ranges::find(kCounts, item.substr(0, equals),
                                       [](const auto& c) { return c.first; });
        auto value = number<int64_t>(item.substr(equals + 1), 0, INT64_MAX / 4);
        if (count == std::end(kCounts) || !value) return false;
        actions.*(count->second) = value;
    }
    return true;
}

struct Action {
    std::string_view name;
    Setter set;
    std::string_view expected;
};
constexpr Action kActions[] = {
    {"delay-ms", set_millis<&Actions::delay>, "milliseconds, at most an hour"},
    {"pace-ms", set_millis<&Actions::pace>, "milliseconds, at most an hour"},
    {"stall-after", set_after<&Actions::stall_after>, "a number of events"},
    {"reset-after", set_after<&Actions::reset_after>, "a number of events"},
    {"cut-after", set_after<&Actions::cut_after>, "a number of events"},
    {"error-after", set_after<&Actions::error_after>, "a number of events"},
    {"garbage", set_garbage, "a number of events, or head"},
    {"no-terminal", set_no_terminal, "true or false"},
    {"status", set_status, "a status from 400 to 599"},
    {"retry-after", set_retry_after, "the header's value"},
    {"text", set_text, "any text"},
    {"events", set_size<&Actions::events>, "a number of events, at most 2^30"},
    {"body-bytes", set_size<&Actions::body_bytes>, "a number of bytes, at most 2^30"},
    {"slow-read", set_size<&Actions::slow_read>, "bytes a second"},
    {"usage", set_usage, "input=N,output=N,cached=N,creation=N,reasoning=N, any of them"},
};

bool glob(std::string_view pattern, std::string_view text) {
    bool before = pattern.starts_with('*');
    if (before) pattern.remove_prefix(1);
    bool after = pattern.ends_with('*');
    if (after) pattern.remove_suffix(1);
    if (before && after) return text.find(pattern) != std::string_view::npos;
    if (before) return text.ends_with(pattern);
    if (after) return text.starts_with(pattern);
    return text == pattern;
}

/// A scalar as a header would say it.
std::string scalar(const json::Value& value) {
    return value.is_bool() ? (value.as_bool() ? "true" : "false") : std::string(value.text());
}

std::unexpected<Error> bad(const std::string& place, std::string_view what) {
    return fail(codes::config_invalid, fmt::format("{}: {}", place, what));
}

}  // namespace

const std::vector<std::string_view>& action_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        for (const Action& action : kActions)
            all.push_back(action.name);
        return all;
    }();
    return names;
}

Result<void> set_action(Actions& actions, std::string_view name, std::string_view value) {
    for (const Action& action : kActions) {
        if (action.name != name) continue;
        if (action.set(actions, value)) return {};
        return fail(codes::body_invalid, fmt::format("{}: expected {}", name, action.expected));
    }
    return fail(codes::body_invalid, fmt::format("{}: no such action", name));
}

bool Script::Rule::fits(std::string_view request_path, const HeaderLookup& header) const {
    if (!path.empty() && !glob(path, request_path)) return false;
    return std::all_of(headers.begin(), headers.end(),
                       [&](const auto& h) { return header(h.first) == h.second; });
}

Result<Actions> Script::actions(std::string_view path, std::string_view model,
                                const HeaderLookup& header, bool asked) const {
    Actions out;
    for (const auto& rule : rules_) {
        if (!rule->fits(path, header) || (!rule->model.empty() && !glob(rule->model, model)))
            continue;
        uint64_t nth = rule->seen.fetch_add(1) + 1;
        if (!rule->nth.empty() && std::ranges::find(rule->nth, nth) == rule->nth.end()) continue;
        out = rule->then;
        break;
    }
    if (!asked) return out;
    for (const Action& action : kActions) {
        std::string_view value = header(fmt::format("x-mock-{}", action.name));
        if (!value.empty() && !action.set(out, value))
            return fail(codes::body_invalid,
                        fmt::format("x-mock-{}: expected {}", action.name, action.expected));
    }
    return out;
}

uint64_t Script::slow_read(std::string_view path, const HeaderLookup& header) const {
    if (auto asked = number<uint64_t>(header("x-mock-slow-read"), 0, kMaxBytes)) return *asked;
    for (const auto& rule : rules_)
        if (rule->then.slow_read && rule->model.empty() && rule->nth.empty() &&
            rule->fits(path, header))
            return rule->then.slow_read;
    return 0;
}

Result<void> Script::read_match(const json::Value& match, const std::string& place, Rule& rule) {
    for (const auto& [key, value] : match.members()) {
        std::string at = fmt::format("{}.{}", place, key);
        if (key == "path" && value.is_string()) {
            rule.path = value.text();
        } else if (key == "model" && value.is_string()) {
            rule.model = value.text();
        } else if (key == "headers" && value.is_object()) {
            for (const auto& header : value.members())
                rule.headers.emplace_back(to_lower(header.key), scalar(header.value));
        } else if (key == "nth" && (value.is_number() || value.is_array())) {
            std::vector<json::Value> one{value};
            for (const auto& item : value.is_array() ? value.items() : one) {
                auto nth = item.as_int();
                if (!nth || *nth < 1) return bad(at, "expected numbers from 1");
                rule.nth.push_back(static_cast<uint64_t>(*nth));
            }
        } else {
            return bad(at,
                       "expected path or model (a string), headers (an object) or nth (numbers)");
        }
    }
    return {};
}

Result<std::unique_ptr<Script::Rule>> Script::read_rule(const json::Value& value,
                                                        const std::string& place) {
    auto rule = std::make_unique<Rule>();
    for (const auto& [key, part] : value.members()) {
        if (key == "match" && part.is_object()) {
            WEIR_CHECK(read_match(part, place + ".match", *rule));
        } else if (key == "then" && part.is_object()) {
            for (const auto& [name, setting] : part.members())
                if (auto set = set_action(rule->then, name, scalar(setting)); !set)
                    return bad(place + ".then", set.error().detail());
        } else {
            return bad(place, "expected match and then, both objects");
        }
    }
    return rule;
}

Result<std::shared_ptr<const Script>> Script::from(const json::Value& document) {
    const json::Value* rules = document.find("rules");
    if (!document.is_object() || !rules || !rules->is_array() || document.members().size() != 1)
        return bad("script", "expected {rules: [{match: …, then: …}]}");
    auto script = std::make_shared<Script>();
    for (std::size_t i = 0; i < rules->items().size(); ++i) {
        std::string place = fmt::format("rules[{}]", i);
        if (!rules->items()[i].is_object()) return bad(place, "expected an object");
        WEIR_TRY(auto rule, read_rule(rules->items()[i], place));
        script->rules_.push_back(std::move(rule));
    }
    return script;
}

Result<std::shared_ptr<const Script>> Script::parse(std::string_view text) {
    auto document = json::parse(text);
    if (!document) return bad("script", document.error().detail());
    return from(*document);
}

}  // namespace weir::mock
