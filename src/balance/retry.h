/// When another attempt is made, and how long it waits.
///
/// A RetryPolicy is what BackendTrafficPolicy `retry` says, in Envoy's words; an Outcome is how an
/// attempt ended before the client saw anything of it. `retries()` brings the two together. Without
/// a policy (kDefaultRetry) there is one more attempt, on an endpoint not tried yet, at once.
///
/// Triggers: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/
/// router_filter#x-envoy-retry-on. Those that name gRPC states never fire: no provider speaks gRPC.
/// Threads: plain values and pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "balance/time.h"

namespace weir::balance {

/// What may cause a retry; bits of RetryPolicy::triggers.
enum class Trigger : uint32_t {
    any_5xx = 1 << 0,          ///< "5xx": a 5xx answer, or none
    gateway_error = 1 << 1,    ///< "gateway-error": 502, 503, 504
    reset = 1 << 2,            ///< "reset": no answer (disconnect, reset, time-out)
    before_request = 1 << 3,   ///< "reset-before-request": the request had not been sent
    connect_failure = 1 << 4,  ///< "connect-failure"
    retriable_4xx = 1 << 5,    ///< "retriable-4xx": 409
    refused_stream = 1 << 6,   ///< "refused-stream" (HTTP/2)
    status_codes = 1 << 7,     ///< "retriable-status-codes"
    broken_answer = 1 << 8,    ///< ours: a 2xx answer that is none (no JSON, empty or cut stream)
    overloaded = 1 << 9,       ///< ours: 429, and 529 of Anthropic
};
/// The Trigger of Envoy's name; nothing for an unknown one. gRPC states give 0.
std::optional<uint32_t> trigger_bits(std::string_view name);

struct RetryPolicy {
    uint32_t retries = 1;                ///< attempts after the first
    uint32_t attempts_per_priority = 0;  ///< then the next priority; 0: stay with the healthiest
    Duration per_try{0};  ///< from an attempt's begin to the client's first byte; 0: none
    Duration base{0};     ///< back-off; 0: none
    Duration max{0};
    uint32_t triggers = 0;
    std::vector<uint16_t> statuses;
    bool only_untried = false;  ///< no second attempt on the same endpoint
};

/// Without a policy: once more elsewhere for what another may do better.
RetryPolicy default_retry();
/// What BackendTrafficPolicy `retry: {}` means: Envoy Gateway's defaults.
RetryPolicy plain_retry();

/// How an attempt ended, as far as retrying goes.
struct Outcome {
    enum class Kind : uint8_t {
        answered,         ///< `status` tells
        connect_failure,  ///< DNS, TCP, TLS, or the time for them
        unsent,           ///< the connection died before the whole request was on it
        no_answer,        ///< reset or time-out after the request
        broken_answer,    ///< a head that promised well, then nothing usable
    };
    Kind kind = Kind::answered;
    int status = 0;
};

bool retries(const RetryPolicy& policy, const Outcome& outcome);

/// The wait before retry number `retry` (1 is the first): uniform in [0, (2^retry - 1) · base),
/// at most `max` (Envoy's "fully jittered exponential back-off"). `random` is uniform over 64 bits.
Duration backoff(const RetryPolicy& policy, uint32_t retry, uint64_t random);

/// The value of a Retry-After field (RFC 9110 §10.2.3): seconds, or a date compared with
/// `now_unix`. Nothing if it is neither. A date in the past is 0.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, int64_t now_unix);

}  // namespace weir::balance
