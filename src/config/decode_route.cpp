#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "config/decode.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// RE2's program for a pattern may take this much memory; larger ones are refused.
constexpr int64_t kRegexMemory = 1 << 20;

}  // namespace

void check_regex(const std::string& pattern, const Place& place, const std::string& field,
                 Report& report) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(kRegexMemory);
    re2::RE2 regex(pattern, options);
    if (!regex.ok())
        report.error(place, field,
                     fmt::format("not a regular expression: {}; write RE2 syntax", regex.error()));
}

PathMatch read_path_match(const Node& node, const std::string& path, Report& report) {
    PathMatch match;
    std::string_view type = node.text_at("type", "PathPrefix");
    match.type = type == "Exact"               ? PathMatch::Type::exact
                 : type == "RegularExpression" ? PathMatch::Type::regex
                                               : PathMatch::Type::prefix;
    match.value = node.text_at("value", "/");
    match.place = node.place;
    if (match.type == PathMatch::Type::regex) {
        check_regex(match.value, match.place, join(path, "value"), report);
    } else if (match.value.find("//") != std::string::npos ||
               match.value.find_first_of("?#") != std::string::npos) {
        report.error(
            match.place, join(path, "value"),
            fmt::format("{} can match no path; write it without //, ? and #", quote(match.value)));
    }
    return match;
}

namespace {

HeaderMatch read_header(const Node& node, const std::string& path, Report& report) {
    HeaderMatch match;
    match.type = node.text_at("type") == "RegularExpression" ? HeaderMatch::Type::regex
                                                             : HeaderMatch::Type::exact;
    match.name = to_lower(node.text_at("name"));
    match.value = node.text_at("value");
    match.place = node.place;
    if (match.type == HeaderMatch::Type::regex)
        check_regex(match.value, match.place, join(path, "value"), report);
    return match;
}

RuleMatch read_match(const Node& node, const std::string& path, Report& report) {
    RuleMatch match;
    match.place = node.place;
    match.method = node.text_at("method");
    if (const Node* written = node.find("path"))
        match.path = read_path_match(*written, join(path, "path"), report);
    const auto& headers = list_of(node, "headers");
    for (size_t i = 0; i < headers.size(); ++i)
        match.headers.push_back(read_header(headers[i], join(join(path, "headers"), i), report));
    return match;
}

uint32_t read_uint32(const Node& node, std::string_view key, uint32_t fallback,
                     const std::string& path, Report& report) {
    auto value = read_int(node, key);
    if (!value || *value < 0) return fallback;
    if (*value <= std::numeric_limits<int32_t>::max()) return static_cast<uint32_t>(*value);
    report.error(
        node.place, join(path, key),
        fmt::format("{} is too large; at most {}", *value, std::numeric_limits<int32_t>::max()));
    return fallback;
}

BackendRef read_backend_ref(const Node& node, const ObjectName& owner, const std::string& path,
                            Report& report) {
    BackendRef ref;
    ref.place = node.place;
    ref.kind = node.text_at("kind") == "InferencePool" ? BackendRef::Kind::inference_pool
                                                       : BackendRef::Kind::backend;
    ref.name = {space_of(node, owner), std::string(node.text_at("name"))};
    ref.weight = read_uint32(node, "weight", 1, path, report);
    ref.priority = read_uint32(node, "priority", 0, path, report);
    ref.model_override = node.text_at("modelNameOverride");
    ref.headers = read_headers(node.find("headerMutation"), join(path, "headerMutation"), report);
    ref.body = read_body(node.find("bodyMutation"));
    if (ref.kind == BackendRef::Kind::inference_pool)
        report.warning(ref.place, path,
                       "InferencePool is accepted but not in force yet; requests for it get 503");
    return ref;
}

TimeoutOverrides read_timeouts(const Node& rule) {
    TimeoutOverrides timeouts;
    if (const Node* written = rule.find("timeouts")) {
        timeouts.request = read_duration(*written, "request");
        timeouts.first_byte = read_duration(*written, "backendRequest");
    }
    timeouts.stream_idle = read_duration(rule, "streamIdleTimeout");
    return timeouts;
}

Rule read_rule(const Node& node, const ObjectName& owner, const std::string& path, Report& report) {
    Rule rule;
    rule.place = node.place;
    rule.name = node.text_at("name");
    rule.timeouts = read_timeouts(node);
    rule.models_owned_by = node.text_at("modelsOwnedBy", defaults::kModelsOwnedBy);
    if (const Node* created = node.find("modelsCreatedAt"))
        rule.models_created_at = parse_time(created->text);
    const auto& matches = list_of(node, "matches");
    for (size_t i = 0; i < matches.size(); ++i)
        rule.matches.push_back(read_match(matches[i], join(join(path, "matches"), i), report));
    std::string_view list = node.has("backends") ? "backends" : "backendRefs";
    const auto& backends = list_of(node, list);
    for (size_t i = 0; i < backends.size(); ++i)
        rule.backends.push_back(
            read_backend_ref(backends[i], owner, join(join(path, list), i), report));
    bool no_weight =
        std::ranges::all_of(rule.backends, [](const BackendRef& b) { return b.weight == 0; });
    if (rule.backends.empty())
        report.warning(rule.place, path, "no backends; requests that match get 503");
    else if (no_weight)
        report.error(rule.place, join(path, list),
                     "every weight is 0, so no backend can be chosen; give one a weight");
    return rule;
}

}  // namespace

Route decode_route(const Object& object, Report& report) {
    const Node& spec = object.spec();
    Route route;
    route.meta = object.meta();
    for (const Node& node : list_of(spec, "parentRefs")) {
        ParentRef parent;
        parent.gateway = {space_of(node, object.name), std::string(node.text_at("name"))};
        parent.section = node.text_at("sectionName");
        if (auto port = read_int(node, "port"); port && *port > 0 && *port <= 65535)
            parent.port = static_cast<uint16_t>(*port);
        parent.place = node.place;
        route.parents.push_back(std::move(parent));
    }
    for (const Node& name : list_of(spec, "hostnames"))
        route.hostnames.push_back(to_lower(name.text));
    std::string_view list = spec.has("routes") ? "routes" : "rules";
    const auto& rules = list_of(spec, list);
    for (size_t i = 0; i < rules.size(); ++i)
        route.rules.push_back(
            read_rule(rules[i], object.name, join(join("spec", list), i), report));
    route.costs = read_costs(spec, "llmRequestCosts", report);
    return route;
}

}  // namespace weir::config
