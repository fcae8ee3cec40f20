#include "config/object.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/check.h"
#include "config/standing.h"
#include "config/text.h"

namespace weir::config {

namespace {

constexpr std::string_view kSeedGroup = "ai.gateway.envoyproxy.io";
constexpr std::string_view kAiGroup = "aigateway.envoyproxy.io";
constexpr std::string_view kEnvoyGroup = "gateway.envoyproxy.io";
constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
constexpr std::string_view kWeirGroup = "weir.dev";

const std::vector<KindInfo>& kinds() {
    using enum Standing;
    static const std::vector<KindInfo> kKinds = {
        {kSeedGroup, {"v1alpha1"}, "AIGatewayRoute", Noun::route, "SeedRouteSpec", in_force, true},
        {kSeedGroup,
         {"v1alpha1"},
         "AIServiceBackend",
         Noun::backend,
         "SeedBackendSpec",
         in_force,
         true},
        {kSeedGroup,
         {"v1alpha1"},
         "BackendSecurityPolicy",
         Noun::credential_policy,
         "SeedPolicySpec",
         in_force,
         true},
        {kAiGroup, {"v1beta1", "v1alpha1"}, "AIGatewayRoute", Noun::route, "AIGatewayRouteSpec"},
        {kAiGroup,
         {"v1beta1", "v1alpha1"},
         "AIServiceBackend",
         Noun::backend,
         "AIServiceBackendSpec"},
        {kAiGroup,
         {"v1beta1"},
         "BackendSecurityPolicy",
         Noun::credential_policy,
         "BackendSecurityPolicySpec"},
        {kAiGroup,
         {"v1alpha1"},
         "BackendSecurityPolicy",
         Noun::credential_policy,
         "BackendSecurityPolicySpecAlpha"},
        {kAiGroup, {"v1beta1", "v1alpha1"}, "MCPRoute", Noun::other, "MCPRouteSpec", guard},
        {kAiGroup,
         {"v1beta1", "v1alpha1"},
         "GatewayConfig",
         Noun::gateway_config,
         "GatewayConfigSpec"},
        {kAiGroup, {"v1alpha1"}, "QuotaPolicy", Noun::quota_policy, "QuotaPolicySpec"},
        {kEnvoyGroup, {"v1alpha1"}, "Backend", Noun::endpoint_backend, "EnvoyBackendSpec"},
        {kEnvoyGroup,
         {"v1alpha1"},
         "BackendTrafficPolicy",
         Noun::traffic_policy,
         "BackendTrafficPolicySpec"},
        {kEnvoyGroup,
         {"v1alpha1"},
         "ClientTrafficPolicy",
         Noun::client_policy,
         "ClientTrafficPolicySpec"},
        {kEnvoyGroup, {"v1alpha1"}, "SecurityPolicy", Noun::other, "", guard},
        {kEnvoyGroup, {"v1alpha1"}, "EnvoyProxy", Noun::proxy_settings, "EnvoyProxySpec"},
        {kEnvoyGroup,
         {"v1alpha1"},
         "EnvoyGateway",
         Noun::envoy_gateway,
         "EnvoyGatewayObject",
         in_force,
         false,
         true},
        {kEnvoyGroup, {"v1alpha1"}, "EnvoyExtensionPolicy", Noun::other, "", guard},
        {kEnvoyGroup, {"v1alpha1"}, "EnvoyPatchPolicy", Noun::other, "", later},
        {kEnvoyGroup, {"v1alpha1"}, "HTTPRouteFilter", Noun::other, "", later},
        {kGatewayGroup,
         {"v1", "v1beta1", "v1alpha2"},
         "GatewayClass",
         Noun::gateway_class,
         "GatewayClassSpec"},
        {kGatewayGroup, {"v1", "v1beta1", "v1alpha2"}, "Gateway", Noun::gateway, "GatewaySpec"},
        {kGatewayGroup,
         {"v1", "v1beta1", "v1alpha2"},
         "ReferenceGrant",
         Noun::reference_grant,
         "ReferenceGrantSpec"},
        {kGatewayGroup,
         {"v1", "v1alpha3", "v1alpha2"},
         "BackendTLSPolicy",
         Noun::tls_policy,
         "BackendTLSPolicySpec"},
        {kGatewayGroup, {"v1", "v1beta1", "v1alpha2"}, "HTTPRoute", Noun::other, "", later},
        {kGatewayGroup, {"v1", "v1alpha2"}, "GRPCRoute", Noun::other, "", later},
        {kGatewayGroup, {"v1", "v1alpha3", "v1alpha2"}, "TLSRoute", Noun::other, "", later},
        {kGatewayGroup, {"v1alpha2"}, "TCPRoute", Noun::other, "", later},
        {kGatewayGroup, {"v1alpha2"}, "UDPRoute", Noun::other, "", later},
        {"inference.networking.k8s.io", {"v1"}, "InferencePool", Noun::other, "", later},
        {"inference.networking.x-k8s.io",
         {"v1alpha2"},
         "InferenceObjective",
         Noun::other,
         "",
         later},
        {"", {"v1"}, "Secret", Noun::secret, "SecretObject", in_force, false, true},
        {"", {"v1"}, "ConfigMap", Noun::config_map, "ConfigMapObject", in_force, false, true},
        {kWeirGroup, {"v1alpha1"}, "GatewayOptions", Noun::gateway_options, "GatewayOptionsSpec"},
        {kWeirGroup, {"v1alpha1"}, "LimitOptions", Noun::limit_options, "LimitOptionsSpec"},
        {kWeirGroup, {"v1alpha1"}, "DialectPolicy", Noun::dialect_policy, "DialectPolicySpec"},
        {kWeirGroup,
         {"v1alpha1"},
         "ResiliencePolicy",
         Noun::resilience_policy,
         "ResiliencePolicySpec"},
    };
    return kKinds;
}

/// Groups whose kinds are ours to know: an unknown kind there is a mistake, elsewhere it is
/// skipped.
bool known_group(std::string_view group) {
    return group == kSeedGroup || group == kAiGroup || group == kEnvoyGroup ||
           group == kGatewayGroup || group == kWeirGroup;
}

/// Finds the kind, or reports why there is none.
const KindInfo* find_kind(const Node& node, std::string_view api_version, std::string_view kind,
                          Report& report) {
    auto slash = api_version.find('/');
    std::string_view group =
        slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
    std::string_view version =
        slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
    std::vector<std::string> versions;
    std::vector<std::string> kinds_of_group;
    for (const KindInfo& info : kinds()) {
        if (info.group != group) continue;
        kinds_of_group.emplace_back(info.kind);
        if (info.kind != kind) continue;
        if (std::ranges::find(info.versions, version) != info.versions.end()) return &info;
        versions.insert(versions.end(), info.versions.begin(), info.versions.end());
    }
    if (!versions.empty())
        report.error(
            node.find("apiVersion")->place, "apiVersion",
            fmt::format("unknown version {}{}", quote(version), suggest(version, versions)));
    else if (known_group(group))
        report.error(node.find("kind")->place, "kind",
                     fmt::format("unknown kind {} of {}{}", quote(kind), group,
                                 suggest(kind, kinds_of_group)));
    else
        report.warning(node.place, "", "not a kind that a gateway reads; skipped");
    return nullptr;
}

/// The place of the field's name; of the whole object if `field` is empty. Null if it is absent.
const Place* place_of(const Node& object, std::string_view field) {
    if (field.empty()) return &object.place;
    size_t dot = field.rfind('.');
    const Node* holder = object.at(field.substr(0, dot));
    if (!holder || !holder->has(field.substr(dot + 1))) return nullptr;
    for (const Entry& entry : holder->entries)
        if (entry.key == field.substr(dot + 1)) return &entry.key_place;
    return nullptr;
}

/// Says what has no effect yet, or protects something and is not in force.
void report_not_in_force(const Place& place, std::string_view field, bool protects,
                         std::string_view kind, Report& report) {
    std::string_view what = field.empty() ? "kind " : "";
    if (protects)
        report.unenforced(
            place, std::string(field),
            fmt::format("{}protects something but is not in force yet; remove it, or start with "
                        "--allow-unenforced {}",
                        what, kind),
            std::string(kind));
    else
        report.warning(place, std::string(field),
                       fmt::format("{}accepted but not in force yet; it has no effect", what));
}

}  // namespace

const Node& Object::spec() const {
    static const Node kEmpty = [] {
        Node empty;
        empty.kind = Node::Kind::map;
        return empty;
    }();
    const Node* written = node.find("spec");
    return written && written->is_map() ? *written : kEmpty;
}

Meta Object::meta() const {
    Meta meta;
    meta.kind = info->kind;
    meta.api_version = node.text_at("apiVersion");
    meta.name = name;
    meta.place = node.place;
    if (const Node* created = node.at("metadata.creationTimestamp"))
        meta.created = parse_time(created->text);
    if (const Node* labels = node.at("metadata.labels"))
        for (const Entry& entry : labels->entries)
            meta.labels[entry.key] = entry.value.text;
    if (const Node* annotations = node.at("metadata.annotations"))
        for (const Entry& entry : annotations->entries)
            meta.annotations[entry.key] = entry.value.text;
    return meta;
}

std::optional<Object> classify(Node document, Report& report) {
    report.set_subject("");
    if (!document.is_map()) {
        report.error(document.place, "", "a document must be a mapping with apiVersion and kind");
        return std::nullopt;
    }
    const Node* api_version = document.find("apiVersion");
    const Node* kind = document.find("kind");
    if (!api_version && !kind) {
        report.warning(document.place, "",
                       "neither apiVersion nor kind, so not a manifest (Helm values?); skipped");
        return std::nullopt;
    }
    if (kind && kind->is_scalar()) report.set_subject(describe(document));
    for (std::string_view required : {"apiVersion", "kind"}) {
        const Node* node = document.find(required);
        if (node && node->is_string()) continue;
        report.error(node ? node->place : document.place, std::string(required),
                     fmt::format("Required value; add {}", required));
        return std::nullopt;
    }
    Object object;
    object.info = find_kind(document, api_version->text, kind->text, report);
    if (!object.info) return std::nullopt;
    object.version = api_version->text.substr(api_version->text.find('/') + 1);
    object.node = std::move(document);
    return object;
}

void check_object(const Object& object, Report& report) {
    const KindInfo& info = *object.info;
    report.set_subject(object.subject());
    CheckOptions options{std::string(info.kind), info.standing == Standing::in_force};
    check(object.node, schema().type(info.whole ? info.table : "Object"), "", options, report);
    const Node* spec = object.node.find("spec");
    if (spec && !info.whole && !info.table.empty())
        check(*spec, schema().type(info.table), "spec", options, report);
    if (info.standing == Standing::later || info.standing == Standing::guard)
        report_not_in_force(object.node.place, "", info.standing == Standing::guard, info.kind,
                            report);
    for (const PendingFeature& feature : kPendingFeatures) {
        if (feature.in_force || feature.kind != info.kind) continue;
        if (const Place* place = place_of(object.node, feature.field))
            report_not_in_force(*place, feature.field, feature.protects, info.kind, report);
    }
}

}  // namespace weir::config
