/// Every default of the configuration, in one place. Each has a field that changes it, named beside
/// it.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::config::defaults {

using namespace std::chrono_literals;
using Duration = std::chrono::milliseconds;

// Deadlines: `weir.dev/v1alpha1` GatewayOptions spec.timeouts.*, and what is named behind each.
inline constexpr Duration kHeadRead =
    10s;  ///< headRead; ClientTrafficPolicy timeout.http.requestReceivedTimeout
inline constexpr Duration kHandshake = 10s;  ///< handshake: PROXY header and TLS of a client
inline constexpr Duration kIdle = 60s;       ///< idle; ClientTrafficPolicy timeout.http.idleTimeout
inline constexpr Duration kConnect =
    10s;  ///< connect; BackendTrafficPolicy timeout.tcp.connectTimeout
inline constexpr Duration kFirstByte = 300s;  ///< firstByte; rule timeouts.backendRequest
inline constexpr Duration kStreamIdle =
    300s;  ///< streamIdle; rule streamIdleTimeout, BackendTrafficPolicy
           ///< timeout.http.streamIdleTimeout
/// request; rule timeouts.request, BackendTrafficPolicy timeout.http.requestTimeout. Upstream's 60
/// s cuts long answers.
inline constexpr Duration kRequest = 600s;

// Limits: GatewayOptions spec.limits.*
inline constexpr uint64_t kRequestBody =
    100ull << 20;  ///< requestBody; ClientTrafficPolicy connection.bufferLimit
inline constexpr uint64_t kRequestHead = 64ull << 10;  ///< requestHead
inline constexpr uint64_t kBodyMemory =
    512ull << 20;  ///< bodyMemory: request bodies held at once, per worker
inline constexpr uint64_t kResponseBody =
    64ull << 20;  ///< responseBody: a whole answer held for translation

/// connections: 0 means as many as the descriptors allow, two for each (GatewayOptions spec.limits)
inline constexpr uint64_t kConnections = 0;
/// exchanges, exchangesPerListener, exchangesPerPrincipal: 0 means no bound but that of connections
inline constexpr uint64_t kExchanges = 0;

/// handshakes: each takes some milliseconds of a core, so more would time out anyway
inline constexpr uint64_t kHandshakes = 2000;

// Limits on use: weir.dev/v1alpha1 LimitOptions.
inline constexpr uint64_t kLimitKeys =
    1'000'000;  ///< distinct.maxKeys: values of one Distinct selector counted at once

// Listening and names.
inline constexpr std::string_view kListenHost = "127.0.0.1";  ///< --listen
inline constexpr uint16_t kListenPort = 1975;                 ///< --listen
inline constexpr std::string_view kNamespace = "default";     ///< metadata.namespace
inline constexpr std::string_view kPrefix = "v1";  ///< AIServiceBackend spec.schema.prefix
inline constexpr std::string_view kGeminiPrefix = "v1beta";  ///< the same for provider gemini
inline constexpr std::string_view kModelsOwnedBy =
    "Envoy AI Gateway";  ///< rule modelsOwnedBy (upstream's default)
inline constexpr std::string_view kAwsProfile =
    "default";  ///< awsCredentials.credentialsFile.profile
inline constexpr std::string_view kApiKeyEntry = "apiKey";  ///< the Secret's key of an API key
inline constexpr bool kCredentialFallback =
    true;  ///< credentialOverride.fromRequestHeaders.fallbackToConfigured
inline constexpr std::string_view kAwsCredentialsEntry =
    "credentials";  ///< the Secret's key of an AWS credentials file

}  // namespace weir::config::defaults
