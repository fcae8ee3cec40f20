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
    {"ClientTrafficPolicy", "spec.tls", true, false},
    {"ClientTrafficPolicy", "spec.connection.connectionLimit", true, false},
    {"ClientTrafficPolicy", "spec.clientIPDetection", false, false},
    {"ClientTrafficPolicy", "spec.enableProxyProtocol", false, false},
    {"ClientTrafficPolicy", "spec.proxyProtocol", false, false},
    {"ClientTrafficPolicy", "spec.headers", false, false},
    {"GatewayConfig", "spec.globalLLMRequestCosts", false, true},
};

}  // namespace weir::config
