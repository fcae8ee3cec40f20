/// HTTP/2 as configurations say it: Envoy Gateway's `http2` of ClientTrafficPolicy (clients) and
/// BackendTrafficPolicy (providers), and GatewayOptions' allowances, that Envoy Gateway cannot say.
///
/// Empty: nothing is said, the defaults of http/h2/limits.h hold. Ownership: plain values.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/decode.h"

namespace weir::config {

/// Windows are 64 KiB (the least that RFC 9113 begins with) to 2^31 - 1; another is a mistake.
Http2Settings read_http2(const Node& node, const std::string& path, Report& report);

/// `spec.limits.http2` of GatewayOptions.
Http2Allowances read_http2_allowances(const Node& node, const std::string& path, Report& report);

}  // namespace weir::config
