#include "config/limits.h"

#include <fmt/format.h>

#include <array>

namespace weir::config {

namespace {

constexpr std::array<std::string_view, 6> kUnits = {"Second", "Minute", "Hour",
                                                    "Day",    "Month",  "Year"};
constexpr std::array<std::string_view, 6> kEach = {"a second", "a minute", "an hour",
                                                   "a day",    "a month",  "a year"};

/// What is counted: "requests", "llm_total_token", "quota_cost".
std::string counted(const LimitRule& rule) {
    switch (rule.response.from) {
        case ResponseCost::From::nothing:
            return rule.request_cost == 1 ? "requests"
                                          : fmt::format("requests of {} each", rule.request_cost);
        case ResponseCost::From::number:
            return fmt::format("answers of {} each", rule.response.number);
        case ResponseCost::From::key:
            return rule.response.key;
        case ResponseCost::From::formula:
            return rule.response.formula.type == CostRule::Type::cel ? rule.response.formula.cel
                                                                     : "total tokens";
    }
    return {};
}

void add_values(const std::vector<ValueSelector>& values, std::string_view what,
                std::vector<std::string>& each, std::vector<std::string>& where) {
    for (const ValueSelector& value : values) {
        if (value.test == ValueTest::distinct) {
            each.push_back(fmt::format("{} {}", what, value.name));
            continue;
        }
        // What selects may be a credential: only the model is told.
        std::string_view shown =
            value.name == "x-ai-eg-model" ? std::string_view(value.value) : "as configured";
        std::string_view verb = value.test == ValueTest::regex
                                    ? (value.invert ? "does not match" : "matches")
                                    : (value.invert ? "is not" : "is");
        where.push_back(fmt::format("{} {} {} {}", what, value.name, verb, shown));
    }
}

void add_rest(const Selector& selector, std::vector<std::string>& each,
              std::vector<std::string>& where) {
    std::vector<std::string> methods;
    for (const MethodSelector& method : selector.methods)
        methods.push_back((method.invert ? "not " : "") + method.method);
    if (!methods.empty()) where.push_back(fmt::format("method {}", fmt::join(methods, " or ")));
    if (selector.path) {
        static constexpr std::array<std::string_view, 3> kVerbs = {"is", "under", "matches"};
        where.push_back(fmt::format("{}path {} {}", selector.path->invert ? "not " : "",
                                    kVerbs[static_cast<size_t>(selector.path->match.type)],
                                    selector.path->match.value));
    }
    if (!selector.source) return;
    const AddressSelector& source = *selector.source;
    if (source.distinct) each.push_back("address");
    where.push_back(fmt::format("address {}in {}", source.invert ? "not " : "", source.text));
}

}  // namespace

std::string_view to_string(LimitUnit unit) {
    return kUnits[static_cast<size_t>(unit)];
}

std::string describe(const LimitRule& rule) {
    std::vector<std::string> each, where;
    for (const Selector& selector : rule.selectors) {
        add_values(selector.headers, "header", each, where);
        add_values(selector.query, "parameter", each, where);
        add_rest(selector, each, where);
    }
    std::string out =
        fmt::format("{} {} {}", rule.limit, counted(rule), kEach[static_cast<size_t>(rule.unit)]);
    if (!rule.model.empty()) out += " of model " + rule.model;
    if (!each.empty()) out += fmt::format(", for each {}", fmt::join(each, " and "));
    if (!where.empty()) out += fmt::format(", where {}", fmt::join(where, ", "));
    if (rule.otherwise) out += ", for those that no other local rule selects";
    if (rule.scope == LimitRule::Scope::local) out += ", by each instance";
    if (rule.shared) out += ", shared";
    if (rule.shadow) out += ", only counted";
    return out;
}

}  // namespace weir::config
