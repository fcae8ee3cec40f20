/// The verdict of active health checks, one endpoint each.
///
/// Envoy's rules: the first result decides at once. After that `unhealthy_threshold` failures in a
/// row make an endpoint unhealthy and `healthy_threshold` successes healthy again; an HTTP answer
/// whose status is neither expected nor retriable is a plain refusal and needs no threshold.
/// Sending probes is proxy/'s; here is only what their results mean. Threads: one prober each.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "balance/time.h"

namespace weir::balance {

struct HealthCheckPolicy {
    enum class Type : uint8_t { http, tcp, grpc };
    Type type = Type::http;
    Duration timeout = std::chrono::seconds(1);
    Duration interval = std::chrono::seconds(3);
    Duration initial_jitter{0};
    uint32_t unhealthy_threshold = 3;
    uint32_t healthy_threshold = 1;
    std::string method = "GET";
    std::string path = "/";
    std::string host;  ///< empty: the endpoint's
    std::vector<uint16_t> expected{200};
    std::vector<uint16_t> retriable;
    std::string expected_body;     ///< must occur in the answer; empty: any
    std::string send, receive;     ///< TCP: bytes to send; bytes that must come; empty: connecting
    std::string service;           ///< gRPC: the one that is asked about; empty: the server
    std::optional<uint16_t> port;  ///< probes go to this port instead
};

enum class Probe : uint8_t { success, failure, refusal };

/// What an HTTP probe's status means.
Probe judge_status(const HealthCheckPolicy& policy, int status);

class HealthState {
public:
    /// True if healthiness changed (or was decided for the first time).
    bool record(const HealthCheckPolicy& policy, Probe probe);
    /// Unknown counts as healthy: a configuration that was just loaded serves at once.
    bool healthy() const { return healthy_.value_or(true); }

private:
    std::optional<bool> healthy_;
    uint32_t in_a_row_ = 0;  ///< results that contradict healthy_
};

}  // namespace weir::balance
