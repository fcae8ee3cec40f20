/// What policies say about providers that fail: each part is absent unless something wrote it.
///
/// BackendTrafficPolicy's retry, healthCheck, circuitBreaker, loadBalancer and connection, and
/// ResiliencePolicy's streams and hedging. Defaults inside a part that was written are Envoy
/// Gateway's; what holds without a part is the snapshot compiler's to know. Plain values.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::config {

using Duration = std::chrono::milliseconds;

struct RetrySettings {
    uint32_t retries = 2;
    uint32_t attempts_per_priority = 0;  ///< 0: stay with the healthiest priority
    Duration per_try{0};                 ///< 0: none
    Duration base_interval{25};
    Duration max_interval{250};
    bool chosen = false;                ///< `retryOn` was written; else Envoy Gateway's defaults
    std::vector<std::string> triggers;  ///< Envoy's names
    std::vector<uint16_t> statuses;
};

struct PassiveHealthSettings {
    bool split = false;
    uint32_t consecutive_local = 5;
    uint32_t consecutive_gateway = 0;
    uint32_t consecutive_5xx = 5;
    Duration interval = std::chrono::seconds(3);
    Duration base_ejection = std::chrono::seconds(30);
    uint32_t max_ejection_percent = 10;
    bool always_eject_one = false;
    uint32_t failure_percent = 0;  ///< 0: not judged
};

struct ActiveHealthSettings {
    enum class Type { http, tcp, grpc };
    Type type = Type::http;
    Duration timeout = std::chrono::seconds(1);
    Duration interval = std::chrono::seconds(3);
    Duration initial_jitter{0};
    uint32_t unhealthy_threshold = 3;
    uint32_t healthy_threshold = 1;
    std::string method = "GET", path, host;
    std::vector<uint16_t> expected{200};
    std::vector<uint16_t> retriable;
    std::string expected_body;
    std::string send, receive;
    std::string service;  ///< gRPC: the one that is asked about; empty: the server
    std::optional<uint16_t> port;
};

struct CircuitSettings {
    uint32_t max_connections = 1024;
    uint32_t max_pending = 1024;
    uint32_t max_requests = 1024;
    uint32_t max_retries = 1024;
    uint32_t max_requests_per_connection = 0;  ///< 0: any number
    std::optional<uint32_t> max_connections_per_endpoint;
    std::optional<double> budget_percent;  ///< retryBudget, instead of max_retries
    uint32_t budget_at_least = 3;
};

struct LoadBalancerSettings {
    enum class Type { least_request, round_robin, random, consistent_hash };
    struct Hash {
        enum class Source { source_ip, headers, cookie, query };
        Source source = Source::source_ip;
        std::vector<std::string> names;  ///< of headers (lower case), cookie or query parameters
        std::optional<Duration> cookie_ttl;  ///< a client without the cookie gets one
    };
    Type type = Type::least_request;
    Hash hash;
    std::optional<Duration>
        slow_start;  ///< an endpoint that is new gets its whole share after that
};

struct ConnectionSettings {
    std::optional<Duration> idle;     ///< connectionIdleTimeout
    std::optional<Duration> max_age;  ///< maxConnectionDuration
    void fill_from(const ConnectionSettings& other);
};

/// `http2`, of clients or providers; empty where nothing is said.
struct Http2Settings {
    std::optional<uint32_t> max_streams, stream_window, connection_window;
    std::optional<bool> end_connection;  ///< onInvalidMessage: TerminateConnection
    // connectionKeepalive
    std::optional<Duration> ping_interval, ping_timeout;
    std::optional<Duration> ping_after_idle;  ///< idleInterval
    std::optional<uint32_t> ping_jitter;      ///< intervalJitter, per cent
    void fill_from(const Http2Settings& other);
};

/// What clients may send beside requests (GatewayOptions `limits.http2`): so many at once, and
/// again in ten seconds.
struct Http2Allowances {
    std::optional<uint32_t> resets, continuations, control_frames, empty_frames, idle_frames,
        window_updates;
    void fill_from(const Http2Allowances& other);
};

/// ResiliencePolicy `streams`.
struct StreamSettings {
    enum class OnBreak { error, proceed };
    std::optional<Duration> first_token;  ///< request sent to the first content
    std::optional<Duration> event_idle;   ///< between two events after it
    std::optional<Duration> keep_alive;   ///< comments to a client while the provider is silent
    std::optional<OnBreak> on_break;
    std::optional<uint32_t> max_continuations;  ///< of one stream
    std::optional<uint64_t> max_held_text;      ///< bytes of text that are kept to be continued
    void fill_from(const StreamSettings& other);
};

/// ResiliencePolicy `hedging`.
struct HedgeSettings {
    std::optional<Duration> delay;
    std::optional<uint32_t> percentile;  ///< of the learned time to first token
    double budget_percent = 10;          ///< of the requests under way
};

struct Resilience {
    std::optional<RetrySettings> retry;
    std::optional<PassiveHealthSettings> passive;
    std::optional<ActiveHealthSettings> active;
    std::optional<uint32_t> panic_threshold;  ///< per cent
    std::optional<CircuitSettings> circuit;
    std::optional<LoadBalancerSettings> load_balancer;
    ConnectionSettings connection;
    Http2Settings http2;  ///< of connections to providers
    StreamSettings streams;
    std::optional<HedgeSettings> hedging;
    /// Fills what is empty here from `other`.
    void fill_from(const Resilience& other);
};

}  // namespace weir::config
