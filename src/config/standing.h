/// What is decoded but not in force yet: the one list to change when a room begins to enforce it.
///
/// A kind or field listed here is judged and decoded like any other; while `in_force` is false a
/// warning says that it has no effect, and `weir run` refuses to start if it protects something.
/// What is not even decoded carries its mark in its kind's table (schema.h).
#pragma once
#include <string_view>

namespace weir::config {

struct PendingFeature {
    std::string_view kind;
    std::string_view field;  ///< "spec.rateLimit"; empty: the whole kind
    bool protects = false;   ///< its silent absence would be a danger
    bool in_force = false;
};

inline constexpr PendingFeature kPendingFeatures[] = {
    {"BackendTrafficPolicy", "spec.rateLimit", true, true},
    {"QuotaPolicy", "", true, true},
    {"AIGatewayRoute", "spec.llmRequestCosts", false, true},
    {"ClientTrafficPolicy", "spec.tls", true, true},
    {"ClientTrafficPolicy", "spec.connection.connectionLimit", true, true},
    {"ClientTrafficPolicy", "spec.clientIPDetection", false, true},
    {"ClientTrafficPolicy", "spec.enableProxyProtocol", false, true},
    {"ClientTrafficPolicy", "spec.proxyProtocol", false, true},
    {"ClientTrafficPolicy", "spec.headers", false, true},
    {"GatewayConfig", "spec.globalLLMRequestCosts", false, true},
};

}  // namespace weir::config
