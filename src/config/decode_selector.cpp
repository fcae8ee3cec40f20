#include <fmt/format.h>

#include "base/ascii.h"
#include "config/cidr.h"
#include "config/decode_limit.h"
#include "config/text.h"

namespace weir::config {

namespace {

bool is_true(const Node& node, std::string_view key) {
    return node.text_at(key) == "true";
}

/// A header's or a query parameter's.
ValueSelector read_value(const Node& node, bool header, const std::string& path, Report& report) {
    ValueSelector out;
    out.place = node.place;
    std::string_view type = node.text_at("type", "Exact");
    out.test = type == "Distinct"            ? ValueTest::distinct
               : type == "RegularExpression" ? ValueTest::regex
                                             : ValueTest::exact;
    out.name = node.text_at("name");
    if (header) {
        if (!out.name.empty() && !is_header_name(out.name))
            report.error(
                out.place, join(path, "name"),
                fmt::format("{} is not a header name; use letters, digits and -", quote(out.name)));
        out.name = to_lower(out.name);
    }
    out.value = node.text_at("value");
    out.invert = is_true(node, "invert");
    if (out.test == ValueTest::distinct) {
        if (node.has("value"))
            report.error(out.place, join(path, "value"),
                         "Distinct counts each value apart; remove value, or use type Exact");
        if (out.invert)
            report.error(out.place, join(path, "invert"),
                         "Distinct cannot be inverted; remove invert");
        out.value.clear();
        out.invert = false;
    } else if (!node.has("value")) {
        report.error(
            out.place, join(path, "value"),
            fmt::format("Required value; add value, or type: Distinct to count each {} apart",
                        header ? "value" : "parameter's value"));
    } else if (out.test == ValueTest::regex) {
        check_regex(out.value, out.place, join(path, "value"), report);
    }
    return out;
}

std::vector<ValueSelector> read_values(const Node& node, std::string_view key, bool header,
                                       const std::string& path, Report& report) {
    std::vector<ValueSelector> out;
    const auto& list = list_of(node, key);
    for (size_t i = 0; i < list.size(); ++i)
        out.push_back(read_value(list[i], header, join(join(path, key), i), report));
    return out;
}

std::optional<AddressSelector> read_source(const Node* node, const std::string& path,
                                           Report& report) {
    if (!node) return std::nullopt;
    std::string_view value = node->text_at("value");
    auto range = parse_cidr(value);
    if (!range) {
        if (!value.empty())
            report.error(node->place, join(path, "value"),
                         fmt::format("{} is not a range of addresses; write one such as "
                                     "10.0.0.0/8, 192.0.2.7/32 or 2001:db8::/32",
                                     quote(value)));
        return std::nullopt;
    }
    AddressSelector out;
    out.text = range->to_string();
    out.network = range->network;
    out.prefix = range->prefix;
    out.v6 = range->v6;
    out.distinct = node->text_at("type") == "Distinct";
    out.invert = is_true(*node, "invert");
    if (out.distinct && out.invert)
        report.error(node->place, join(path, "invert"),
                     "Distinct cannot be inverted; remove invert, or use type Exact");
    return out;
}

Selector read_selector(const Node& node, const std::string& path, Report& report) {
    Selector out;
    out.place = node.place;
    out.headers = read_values(node, "headers", true, path, report);
    out.query = read_values(node, "queryParams", false, path, report);
    for (const Node& method : list_of(node, "methods"))
        out.methods.push_back({std::string(method.text_at("value")), is_true(method, "invert")});
    if (const Node* written = node.find("path"))
        out.path = {read_path_match(*written, join(path, "path"), report),
                    is_true(*written, "invert")};
    out.source = read_source(node.find("sourceCIDR"), join(path, "sourceCIDR"), report);
    return out;
}

}  // namespace

std::vector<Selector> read_selectors(const Node& rule, const std::string& path, Report& report) {
    std::vector<Selector> out;
    const auto& list = list_of(rule, "clientSelectors");
    for (size_t i = 0; i < list.size(); ++i)
        out.push_back(read_selector(list[i], join(join(path, "clientSelectors"), i), report));
    return out;
}

}  // namespace weir::config
