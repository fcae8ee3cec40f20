#include "config/configuration.h"

#include <algorithm>

namespace weir::config {

namespace {

template <class T>
const T* find_named(const std::vector<T>& resources, const ObjectName& name) {
    auto found = std::ranges::find_if(resources, [&](const T& r) { return r.meta.name == name; });
    return found == resources.end() ? nullptr : &*found;
}

/// What a backend of this dialect is told when no policy says it: the seed's spelling.
CredentialType type_for(SchemaName schema) {
    switch (schema) {
        case SchemaName::anthropic:
            return CredentialType::anthropic_api_key;
        case SchemaName::azure_openai:
            return CredentialType::azure_api_key;
        case SchemaName::gemini:
            return CredentialType::gemini_api_key;
        case SchemaName::aws_bedrock:
        case SchemaName::aws_anthropic:
            return CredentialType::aws;
        case SchemaName::gcp_vertex:
        case SchemaName::gcp_anthropic:
            return CredentialType::gcp;
        case SchemaName::openai:
        case SchemaName::cohere:
            return CredentialType::api_key;
    }
    return CredentialType::api_key;
}

constexpr std::string_view kClientSecret = "client-secret";

/// What a Secret holds under `key`, for what is no secret; or nothing.
std::string entry_of(const SecretResource* holder, const std::string& key) {
    if (!holder) return {};
    auto value = holder->values.find(key);
    return value == holder->values.end() ? std::string() : std::string(value->second.reveal());
}

std::string_view entry_for(CredentialType type) {
    switch (type) {
        case CredentialType::aws:
            return defaults::kAwsCredentialsEntry;
        case CredentialType::azure:
            return kClientSecret;
        case CredentialType::gcp:
            return "service_account.json";
        default:
            return defaults::kApiKeyEntry;
    }
}

}  // namespace

const Gateway* Configuration::gateway(const ObjectName& name) const {
    if (gateways.size() == 1 && gateways.front().implicit) return &gateways.front();
    return find_named(gateways, name);
}
const Backend* Configuration::backend(const ObjectName& name) const {
    return find_named(backends, name);
}
const EndpointBackend* Configuration::endpoint_backend(const ObjectName& name) const {
    return find_named(endpoint_backends, name);
}
const SecretResource* Configuration::secret(const ObjectName& name) const {
    return find_named(secrets, name);
}
const ConfigMapResource* Configuration::config_map(const ObjectName& name) const {
    return find_named(config_maps, name);
}

const CredentialPolicy* Configuration::policy_for(const Backend& backend) const {
    for (const CredentialPolicy& policy : credential_policies)
        if (std::ranges::find(policy.targets, backend.meta.name) != policy.targets.end())
            return &policy;
    return nullptr;
}

std::optional<Credential> Configuration::credential_for(const Backend& backend) const {
    const CredentialPolicy* policy = policy_for(backend);
    if (!policy) return std::nullopt;
    Credential credential;
    credential.type = policy->type.value_or(type_for(backend.schema.name));
    credential.policy = policy->meta.name;
    credential.place = policy->meta.place;
    credential.aws_region = policy->aws_region.empty() ? backend.region : policy->aws_region;
    credential.aws_profile = policy->aws_profile;
    credential.azure_tenant = policy->azure_tenant;
    credential.azure_client = policy->azure_client;
    credential.oidc = policy->oidc;
    credential.override = policy->override;
    credential.override_only = policy->override && !policy->override->fall_back;
    credential.entry = entry_for(credential.type);
    if (policy->oidc) {
        credential.entry = kClientSecret;
        if (const auto& ref = policy->oidc->client_id_secret)
            credential.oidc->client_id = entry_of(secret(ref->name), "client-id");
    }
    if (!policy->secret) return credential;
    credential.secret = policy->secret->name;
    const SecretResource* holder = secret(policy->secret->name);
    if (policy->seed_spelling) {
        credential.entry = defaults::kApiKeyEntry;
        for (const std::string& key : {backend.meta.name.name, backend.provider})
            if (holder && !key.empty() && holder->values.contains(key)) {
                credential.entry = key;
                break;
            }
    }
    if (!holder) return credential;
    if (auto value = holder->values.find(credential.entry); value != holder->values.end())
        credential.value = &value->second;
    return credential;
}

bool Configuration::serves(const Gateway& gateway, const Listener& listener,
                           const Route& route) const {
    if (!gateway.implicit && listener.routes == Listener::Routes::same_namespace &&
        gateway.meta.name.space != route.meta.name.space)
        return false;
    return std::ranges::any_of(route.parents, [&](const ParentRef& parent) {
        if (this->gateway(parent.gateway) != &gateway) return false;
        if (gateway.implicit) return true;
        return (parent.section.empty() || parent.section == listener.name) &&
               (!parent.port || *parent.port == listener.port);
    });
}

const ListenerClients& Configuration::clients_of(const Gateway& gateway,
                                                 const Listener& listener) const {
    static const ListenerClients kDefault;
    auto found = listener_clients.find({gateway.meta.name, listener.name});
    return found == listener_clients.end() ? kDefault : found->second;
}

std::vector<LimitUse> Configuration::limits_for(const Route& route, size_t rule,
                                                const Gateway* gateway,
                                                const Listener* listener) const {
    auto through = [&](const LimitPlace::Entrance& entrance) {
        return (!gateway || entrance.gateway == gateway->meta.name) &&
               (!listener || entrance.listener == listener->name);
    };
    std::vector<LimitUse> out;
    auto places = limit_places.find({route.meta.name, rule});
    if (places == limit_places.end()) return out;
    for (const LimitPlace& place : places->second)
        if (std::ranges::any_of(place.entrances, through))
            out.push_back({&limit_rules[place.limit], place.counter, place.cost});
    return out;
}

std::optional<QuotaUse> Configuration::quota_for(const Backend& backend,
                                                 std::string_view model) const {
    const QuotaPlace* found = nullptr;
    for (const QuotaPlace& place : quota_places) {
        if (place.backend != backend.meta.name) continue;
        if (place.model == model && !model.empty()) found = &place;
        if (place.model.empty() && !found) found = &place;
    }
    if (!found) return std::nullopt;
    QuotaUse use{found->policy, found->model, {}};
    for (const QuotaPlace::Bucket& bucket : found->buckets) {
        const LimitRule& rule = limit_rules[bucket.limit];
        use.buckets.push_back({&rule, bucket.counter, rule.response.formula});
    }
    return use;
}

std::vector<Endpoint> Configuration::endpoints_of(const Backend& backend) const {
    if (backend.url) return {backend.url->endpoint};
    const EndpointBackend* target =
        backend.endpoint_ref ? endpoint_backend(*backend.endpoint_ref) : nullptr;
    return target ? target->endpoints : std::vector<Endpoint>();
}

std::optional<Tls> Configuration::tls_of(const Backend& backend) const {
    if (backend.url) {
        if (!backend.url->tls) return std::nullopt;
        Tls tls;
        tls.server_name = backend.url->endpoint.host;
        tls.place = backend.url->endpoint.place;
        return tls;
    }
    const EndpointBackend* target =
        backend.endpoint_ref ? endpoint_backend(*backend.endpoint_ref) : nullptr;
    return target ? target->tls : std::nullopt;
}

}  // namespace weir::config
