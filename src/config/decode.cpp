#include "config/decode.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ascii.h"
#include "config/text.h"

namespace weir::config {

std::string space_of(const Node& reference, const ObjectName& owner) {
    std::string_view written = reference.text_at("namespace");
    return written.empty() ? owner.space : std::string(written);
}

Reference read_reference(const Node& node, const ObjectName& owner, std::string_view group,
                         std::string_view kind, std::string field) {
    Reference reference;
    reference.group = node.text_at("group", group);
    reference.kind = node.text_at("kind", kind);
    reference.name = {space_of(node, owner), std::string(node.text_at("name"))};
    reference.section = node.text_at("sectionName");
    reference.place = node.place;
    reference.field = std::move(field);
    return reference;
}

TargetSelector read_target_selector(const Node& node, std::string field, Report& report) {
    TargetSelector selector;
    selector.kind = node.text_at("kind");
    selector.group = node.text_at("group", "gateway.networking.k8s.io");
    selector.place = node.place;
    selector.field = std::move(field);
    using Operator = TargetSelector::Operator;
    if (const Node* labels = node.find("matchLabels"))
        for (const Entry& entry : labels->entries)
            selector.requirements.push_back({entry.key, Operator::in, {entry.value.text}});
    const auto& expressions = list_of(node, "matchExpressions");
    for (size_t i = 0; i < expressions.size(); ++i) {
        TargetSelector::Requirement requirement;
        requirement.key = expressions[i].text_at("key");
        std::string_view op = expressions[i].text_at("operator");
        requirement.op = op == "NotIn"          ? Operator::not_in
                         : op == "Exists"       ? Operator::exists
                         : op == "DoesNotExist" ? Operator::does_not_exist
                                                : Operator::in;
        for (const Node& value : list_of(expressions[i], "values"))
            requirement.values.push_back(value.text);
        bool wants = op == "In" || op == "NotIn";
        if (wants == requirement.values.empty() && !op.empty())
            report.error(expressions[i].place,
                         join(join(join(selector.field, "matchExpressions"), i), "values"),
                         wants ? "Required value; In and NotIn need values"
                               : "Exists and DoesNotExist take no values; remove them");
        selector.requirements.push_back(std::move(requirement));
    }
    const Node* from = node.at("namespaces.from");
    selector.all_namespaces = from && from->text == "All";
    return selector;
}

std::optional<Duration> read_duration(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? parse_duration(value->text) : std::nullopt;
}

std::optional<uint64_t> read_quantity(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? parse_quantity(value->text) : std::nullopt;
}

std::optional<int64_t> read_int(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? read_int(*value) : std::nullopt;
}

std::optional<int64_t> read_int(const Node& value) {
    if (value.kind != Node::Kind::integer) return std::nullopt;
    std::string_view text = value.text;
    if (text.starts_with('+')) text.remove_prefix(1);
    int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

const std::vector<Node>& list_of(const Node& node, std::string_view key) {
    static const std::vector<Node> kNone;
    const Node* list = node.find(key);
    return list ? list->items : kNone;
}

namespace {

/// What a header's value may hold (RFC 9110 §5.5), without white space at its ends.
bool is_header_value(std::string_view text) {
    for (char c : text)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    return trim(text) == text;
}

}  // namespace

HeaderMutation read_headers(const Node* node, std::string_view path, Report& report) {
    HeaderMutation mutation;
    if (!node) return mutation;
    const auto& set = list_of(*node, "set");
    for (size_t i = 0; i < set.size(); ++i) {
        HeaderField field{to_lower(set[i].text_at("name")), std::string(set[i].text_at("value")),
                          set[i].place};
        if (!is_header_value(field.value))
            report.error(field.place, join(join(join(path, "set"), i), "value"),
                         "holds a control character or white space at an end; remove it");
        mutation.set.push_back(std::move(field));
    }
    const auto& remove = list_of(*node, "remove");
    for (size_t i = 0; i < remove.size(); ++i) {
        if (!is_header_name(remove[i].text))
            report.error(remove[i].place, join(join(path, "remove"), i),
                         fmt::format("{} is not a header name; use letters, digits and -",
                                     quote(remove[i].text)));
        mutation.remove.push_back(to_lower(remove[i].text));
    }
    return mutation;
}

BodyMutation read_body(const Node* node) {
    BodyMutation mutation;
    if (!node) return mutation;
    for (const Node& field : list_of(*node, "set")) {
        std::string_view text = field.text_at("value");
        auto parsed = json::parse(text);
        mutation.set.push_back(
            {std::string(field.text_at("path")),
             parsed ? std::move(*parsed) : json::Value::string(std::string(text)), field.place});
    }
    for (const Node& name : list_of(*node, "remove"))
        mutation.remove.push_back(name.text);
    return mutation;
}

std::string bedrock_region(std::string_view host) {
    // bedrock-runtime[-fips].REGION.(amazonaws.com[.cn] | vpce.amazonaws.com | api.aws)
    auto at = host.find("bedrock-runtime");
    if (at == std::string_view::npos || (at != 0 && host[at - 1] != '.')) return {};
    host.remove_prefix(at + std::string_view("bedrock-runtime").size());
    if (host.starts_with("-fips")) host.remove_prefix(5);
    if (!host.starts_with('.')) return {};
    host.remove_prefix(1);
    auto dot = host.find('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    std::string_view domain = host.substr(dot + 1);
    bool ours = domain == "amazonaws.com" || domain == "amazonaws.com.cn" ||
                domain == "vpce.amazonaws.com" || domain == "api.aws";
    return ours ? std::string(host.substr(0, dot)) : std::string();
}

}  // namespace weir::config
