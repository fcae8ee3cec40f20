/// The tables of schema.h's notation, one constant per family of kinds.
#pragma once
#include <string_view>

namespace weir::config::tables {

extern const std::string_view kCommon;  ///< aliases, metadata, references, mutations
extern const std::string_view
    kRoute;  ///< AIGatewayRoute, AIServiceBackend, GatewayConfig, QuotaPolicy
extern const std::string_view kCredential;    ///< BackendSecurityPolicy
extern const std::string_view kCluster;       ///< Envoy Gateway's settings towards a cluster
extern const std::string_view kMcp;           ///< MCPRoute
extern const std::string_view kSeed;          ///< the seed's spelling
extern const std::string_view kGatewayApi;    ///< Gateway API and core kinds
extern const std::string_view kEnvoyGateway;  ///< Envoy Gateway's kinds
extern const std::string_view kClients;       ///< ClientTrafficPolicy, TLS of listeners
extern const std::string_view kLimits;        ///< rateLimit, and our options for limits
extern const std::string_view kWeir;          ///< our own kinds

}  // namespace weir::config::tables
