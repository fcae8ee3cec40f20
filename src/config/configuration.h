/// A whole configuration: every resource, and the questions other rooms ask across them.
///
/// Vectors keep the order the documents were read in. Names are unique per kind. Pointers returned
/// live as long as the Configuration and are invalid after it changes. Threads: immutable after
/// load().
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/clients.h"
#include "config/limits.h"
#include "config/resources.h"
#include "json/value.h"

namespace weir::config {

/// Where a rule of `Configuration::limit_rules` applies, as load() found it.
struct LimitPlace {
    size_t limit = 0;     ///< index of the LimitRule
    std::string counter;  ///< LimitUse::counter
    std::optional<CostRule> cost;
    /// Gateway and listener that hand it requests: with two Gateways their limits may differ.
    struct Entrance {
        ObjectName gateway;
        std::string listener;
    };
    std::vector<Entrance> entrances;
};

/// A quota of a backend, as load() found it.
struct QuotaPlace {
    ObjectName backend;
    ObjectName policy;
    std::string model;  ///< empty: every model without a quota of its own
    struct Bucket {
        size_t limit = 0;
        std::string counter;
    };
    std::vector<Bucket> buckets;
};

/// The credential a backend is to use, with its Secret found.
struct Credential {
    CredentialType type = CredentialType::api_key;
    ObjectName policy;                 ///< the BackendSecurityPolicy
    std::optional<ObjectName> secret;  ///< absent: the provider's default chain (AWS environment)
    std::string entry;                 ///< key inside the Secret
    const Secret* value = nullptr;  ///< null: the Secret or its key is missing (with --mock only),
                                    ///< or no Secret is named
    std::string aws_region;         ///< policy's, else the backend's
    std::string aws_profile;
    std::string azure_tenant;
    std::string azure_client;
    std::optional<CredentialOverride> override;
    std::optional<OidcExchange> oidc;  ///< with its client_id found
    bool override_only = false;        ///< the policy's own source is never used
    Place place;
};

struct Configuration {
    std::vector<Gateway> gateways;  ///< one implicit Gateway when none was loaded
    std::vector<GatewayClass> gateway_classes;
    std::vector<Route> routes;
    std::vector<Backend> backends;
    std::vector<EndpointBackend> endpoint_backends;
    std::vector<CredentialPolicy> credential_policies;
    std::vector<SecretResource> secrets;
    std::vector<ConfigMapResource> config_maps;
    std::vector<ReferenceGrant> reference_grants;
    std::vector<LimitRule> limit_rules;  ///< of every policy, whether or not it applies anywhere
    /// By route and index of its rule.
    std::map<std::pair<ObjectName, size_t>, std::vector<LimitPlace>> limit_places;
    std::vector<QuotaPlace> quota_places;
    std::optional<SharedStore> shared_store;
    /// By Gateway and listener; there is one for each.
    std::map<std::pair<ObjectName, std::string>, ListenerClients> listener_clients;

    /// With an implicit Gateway every name finds it.
    const Gateway* gateway(const ObjectName& name) const;
    const Backend* backend(const ObjectName& name) const;
    const EndpointBackend* endpoint_backend(const ObjectName& name) const;
    const SecretResource* secret(const ObjectName& name) const;
    const ConfigMapResource* config_map(const ObjectName& name) const;
    /// The policy that targets `backend`; load() refuses two.
    const CredentialPolicy* policy_for(const Backend& backend) const;
    /// What `backend` says to its provider; nothing if no policy targets it or its type is not in
    /// force.
    std::optional<Credential> credential_for(const Backend& backend) const;
    /// Where `backend` connects to: its inline URL, or its EndpointBackend's addresses.
    std::vector<Endpoint> endpoints_of(const Backend& backend) const;
    /// The limits of requests that `route` hands to its rule number `rule`; with `gateway` and
    /// `listener` of those that come in there, else of all.
    std::vector<LimitUse> limits_for(const Route& route, size_t rule,
                                     const Gateway* gateway = nullptr,
                                     const Listener* listener = nullptr) const;
    /// What requests for `model` (as the backend is asked for it) may use of `backend`; nothing if
    /// no quota is set.
    std::optional<QuotaUse> quota_for(const Backend& backend, std::string_view model) const;
    /// Whether `listener` of `gateway` hands requests to `route`.
    bool serves(const Gateway& gateway, const Listener& listener, const Route& route) const;
    /// How `listener` of `gateway` meets its clients.
    const ListenerClients& clients_of(const Gateway& gateway, const Listener& listener) const;
    /// TLS to `backend`, or nothing for plain text.
    std::optional<Tls> tls_of(const Backend& backend) const;
};

/// The configuration as `/api/config` shows it: every Secret value is "[REDACTED]".
json::Value to_json(const Configuration& configuration);

}  // namespace weir::config
