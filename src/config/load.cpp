#include "config/load.h"

#include <algorithm>
#include <utility>

#include "config/env.h"
#include "config/resolve.h"
#include "config/yaml.h"

namespace weir::config {

namespace {

/// Reads every file; kinds of no concern are left out.
std::vector<Object> read_objects(std::span<const Document> documents, const Options& options,
                                 Report& report, bool& complete) {
    std::vector<Object> objects;
    auto read = [&](Node node, auto& self) -> void {
        if (node.text_at("kind") == "List" && node.text_at("apiVersion") == "v1" &&
            node.has("items")) {
            for (Node& item : node.find("items")->items)
                self(std::move(item), self);
            return;
        }
        auto object = classify(std::move(node), report);
        if (!object) return;
        substitute(object->node, options.env, "", report);
        const Node* name = object->node.at("metadata.name");
        const Node* space = object->node.at("metadata.namespace");
        object->name = {
            space && space->is_scalar() ? space->text : std::string(defaults::kNamespace),
            name && name->is_scalar() ? name->text : std::string()};
        objects.push_back(std::move(*object));
    };
    for (const Document& document : documents) {
        report.set_subject("");
        for (Node& node : parse_yaml(document.file, document.text, report, complete))
            read(std::move(node), read);
    }
    return objects;
}

void decode(const Object& object, const Options& options, Parts& parts, Report& report) {
    report.set_subject(object.subject());
    switch (object.info->noun) {
        case Noun::route:
            parts.routes.push_back(decode_route(object, report));
            break;
        case Noun::backend:
            parts.backends.push_back(decode_backend(object, report));
            break;
        case Noun::credential_policy:
            parts.credential_policies.push_back(decode_credential_policy(object, report));
            break;
        case Noun::endpoint_backend:
            parts.endpoints.push_back(decode_endpoints(object, report));
            break;
        case Noun::gateway:
            parts.gateways.push_back(decode_gateway(object, report));
            if (auto ref = read_parameters_ref(object, report))
                parts.parameters.push_back(std::move(*ref));
            for (DecodedListenerTls& tls : decode_listener_tls(object, report))
                parts.listener_tls.push_back(std::move(tls));
            break;
        case Noun::gateway_class:
            parts.gateway_classes.push_back(decode_gateway_class(object));
            if (auto ref = read_parameters_ref(object, report))
                parts.parameters.push_back(std::move(*ref));
            break;
        case Noun::reference_grant:
            parts.reference_grants.push_back(decode_reference_grant(object));
            break;
        case Noun::tls_policy:
            parts.tls_policies.push_back(decode_tls_policy(object));
            break;
        case Noun::client_policy:
            parts.client_policies.push_back(decode_client_policy(object, report));
            parts.traffic_policies.push_back(decode_traffic_policy(object, report));
            parts.client_policies.back().settings.timeouts = parts.traffic_policies.back().timeouts;
            parts.client_policies.back().settings.request_body =
                parts.traffic_policies.back().request_body;
            break;
        case Noun::traffic_policy:
        case Noun::gateway_options:
        case Noun::resilience_policy:
            parts.traffic_policies.push_back(decode_traffic_policy(object, report));
            break;
        case Noun::gateway_config:
            parts.gateway_costs.push_back(decode_gateway_config(object, report));
            break;
        case Noun::quota_policy:
            parts.quota_policies.push_back(decode_quota_policy(object, report));
            break;
        case Noun::limit_options:
            parts.limit_options.push_back(decode_limit_options(object, report));
            break;
        case Noun::dialect_policy:
            parts.dialect_policies.push_back(decode_dialect_policy(object));
            break;
        case Noun::secret:
            parts.secrets.push_back(decode_secret(object, options, report));
            break;
        case Noun::config_map:
            parts.config_maps.push_back(decode_config_map(object, report));
            break;
        case Noun::proxy_settings:
            parts.proxies.push_back(decode_proxy_settings(object, report));
            break;
        case Noun::envoy_gateway:
            if (auto store = decode_envoy_gateway(object, report))
                parts.shared_stores.push_back(std::move(*store));
            break;
        case Noun::other:
            if (object.info->kind == "HTTPRoute") parts.other_routes.push_back(object.name);
            break;
    }
}

/// Clears the refusal of protections whose absence was accepted by name.
void accept_unenforced(std::vector<Diagnostic>& diagnostics, const Options& options) {
    for (Diagnostic& d : diagnostics)
        if (d.refuses_run &&
            std::ranges::find(options.allow_unenforced, d.kind) != options.allow_unenforced.end())
            d.refuses_run = false;
}

/// Values that a Secret's annotations took from elsewhere stand in no field of it.
void add_secret_values(Loaded& loaded) {
    for (const SecretResource& secret : loaded.configuration.secrets) {
        std::string object = "Secret/" + secret.meta.name.to_string();
        for (const auto& [key, value] : secret.values) {
            const FieldHashes& fields = loaded.fingerprint[object];
            if (!fields.contains("data." + key) && !fields.contains("stringData." + key))
                add_value(loaded.fingerprint, object, "values." + key, value.reveal());
        }
    }
}

}  // namespace

bool Loaded::ok() const {
    return std::ranges::none_of(diagnostics,
                                [](const Diagnostic& d) { return d.severity == Severity::error; });
}

bool Loaded::may_run() const {
    return ok() && std::ranges::none_of(diagnostics, &Diagnostic::refuses_run);
}

Loaded load(std::span<const Document> documents, const Options& options) {
    Loaded loaded;
    Report report(loaded.diagnostics);
    Parts parts;
    std::vector<Object> objects = read_objects(documents, options, report, parts.complete);
    if (!options.schema_only) objects = merge_objects(std::move(objects), report);
    for (const Object& object : objects) {
        add_to(loaded.fingerprint, object);
        const size_t errors = report.errors();
        check_object(object, report);
        if (!options.schema_only) decode(object, options, parts, report);
        if (report.errors() != errors) continue;
        ++loaded.accepted;
        loaded.accepted_objects.push_back(object.subject());
    }
    if (!options.schema_only) loaded.configuration = resolve(std::move(parts), options, report);
    add_secret_values(loaded);
    accept_unenforced(loaded.diagnostics, options);
    sort_by_place(loaded.diagnostics);
    return loaded;
}

}  // namespace weir::config
