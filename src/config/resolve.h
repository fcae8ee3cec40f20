/// What only the whole shows: references, grants, conflicts, and the policies that reach across.
#pragma once
#include <string>
#include <vector>

#include "config/decode_clients.h"
#include "config/decode_limit.h"

namespace weir::config {

/// Everything decoded, with the references that still have to be followed.
struct Parts {
    std::vector<Gateway> gateways;
    std::vector<GatewayClass> gateway_classes;
    std::vector<Route> routes;
    std::vector<DecodedBackend> backends;
    std::vector<DecodedEndpoints> endpoints;
    std::vector<DecodedPolicy> credential_policies;
    std::vector<SecretResource> secrets;
    std::vector<ConfigMapResource> config_maps;
    std::vector<ReferenceGrant> reference_grants;
    std::vector<TlsPolicy> tls_policies;
    std::vector<TrafficPolicy> traffic_policies;  ///< GatewayOptions among them
    std::vector<GatewayCosts> gateway_costs;
    std::vector<ClientPolicy> client_policies;
    std::vector<DecodedListenerTls> listener_tls;
    std::vector<QuotaPolicy> quota_policies;
    std::vector<LimitOptions> limit_options;
    std::vector<DialectPolicy> dialect_policies;
    std::vector<ProxySettings> proxies;
    std::vector<ParametersRef> parameters;  ///< of GatewayClasses and Gateways
    std::vector<DecodedSharedStore> shared_stores;
    std::vector<ObjectName> other_routes;  ///< HTTPRoutes, which policies may name
    bool complete =
        true;  ///< false: a document could not be read, so what seems absent may be in it
};

/// Follows every reference and applies every policy; mistakes go to `report`.
Configuration resolve(Parts parts, const Options& options, Report& report);

// ---- steps of resolve(), each in a file of its own

/// Puts BackendTLSPolicies and the certificates they name on the Backends they target.
void apply_tls(const Parts& parts, const Options& options, Configuration& configuration,
               Report& report);
/// Puts deadlines and limits on the Gateways and routes that policies target.
void apply_traffic(const Parts& parts, Configuration& configuration, Report& report);
/// Puts what policies say about failing providers on the rules they govern.
void apply_resilience(const Parts& parts, Configuration& configuration);
/// Gives routes the costs of their Gateways' GatewayConfigs.
void apply_costs(const Parts& parts, Configuration& configuration, Report& report);
/// Finds which limits hold where, and what their costs mean there.
void apply_limits(const Parts& parts, Configuration& configuration, Report& report);
/// Finds what every listener's clients meet.
void apply_clients(const Parts& parts, const Options& options, Configuration& configuration,
                   Report& report);
/// Gives Gateways what their EnvoyProxy says, and the process its shared store.
void apply_proxies(const Parts& parts, const Options& options, Configuration& configuration,
                   Report& report);
void apply_shared_store(const Parts& parts, const Options& options, Configuration& configuration,
                        Report& report);
/// Finds which quotas hold for which models of which backends.
void apply_quotas(const Parts& parts, Configuration& configuration, Report& report);
/// Settles how every rule is enforced.
void apply_limit_options(const Parts& parts, Configuration& configuration, Report& report);
/// Marks the rules whose requests must reach the provider whole.
void apply_dialect_policies(const Parts& parts, Configuration& configuration, Report& report);
/// Finds the Secret of every credential policy, and two policies on one backend.
void check_credentials(const Parts& parts, const Options& options, Configuration& configuration,
                       Report& report);

/// An error, or with --mock a warning: what a laptop without credentials may lack.
void lacking(const Options& options, const Place& place, const std::string& field,
             std::string message, Report& report);
/// The certificates that `references` name, from their "ca.crt".
std::vector<std::string> certificates(const std::vector<Reference>& references, const Meta& owner,
                                      bool complete, const Options& options,
                                      const Configuration& configuration, Report& report);
/// Whether the Secret that `ref` names holds a certificate and its key that are good now; what is
/// wrong is reported, lacking() deciding how.
bool check_certificate(const Reference& ref, const Meta& owner, bool complete,
                       const Options& options, const Configuration& configuration, Report& report);
/// "kind/name".
std::string subject(const Meta& meta);
/// " does not exist" with the nearest names of `present`, most like `wanted`.
std::string absent(std::string_view kind, const ObjectName& wanted, const ObjectName& from,
                   const std::vector<ObjectName>& present);
/// Names of a list of resources.
template <class T>
std::vector<ObjectName> names_of(const std::vector<T>& resources) {
    std::vector<ObjectName> names;
    for (const T& resource : resources)
        names.push_back(resource.meta.name);
    return names;
}
/// Whether a ReferenceGrant permits a reference from another namespace.
bool granted(const Configuration& configuration, const Meta& from, std::string_view to_group,
             std::string_view to_kind, const ObjectName& to);
/// A reference from namespace to namespace that no ReferenceGrant permits is reported.
void check_grant(const Configuration& configuration, const Meta& from, std::string_view to_group,
                 std::string_view to_kind, const ObjectName& to, const Place& place,
                 const std::string& field, Report& report);

}  // namespace weir::config
