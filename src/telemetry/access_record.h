/// What the access log says about one exchange, and its line of JSON.
///
/// Names are those of the OpenTelemetry semantic conventions where they exist (`gen_ai.*`,
/// `http.*`, `url.path`, `client.address`, `user_agent.original`, `session.id`, `error.type`); what
/// only Weir knows is `weir.*`; `time` and `request_id` stand first. A value that is empty or
/// absent is left out of the line.
///
/// There is no field for a header, a query or a body, so no prompt and no credential can be logged:
/// a query may hold a key (`?key=…`), therefore `path` is cut at its first '?'. Texts are cut at
/// kMaxText bytes; bytes that are not UTF-8 become U+FFFD. Plain values; any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::telemetry {

/// One exchange. Views are read during AccessLog::Writer::append() only.
struct AccessRecord {
    std::chrono::system_clock::time_point time;  ///< time: when the head was complete
    std::string_view request_id;                 ///< request_id
    std::string_view listener;                   ///< weir.listener
    std::string_view client_address;             ///< client.address
    std::string_view principal;                  ///< weir.principal: who calls, if it is known
    std::string_view direct_address;             ///< downstream_direct_remote_address: a proxy's
    // Of TLS with the client, as Envoy's operators are called, in lower case.
    std::string_view tls_server_name;             ///< requested_server_name
    std::string_view tls_version;                 ///< downstream_tls_version
    std::string_view tls_cipher;                  ///< downstream_tls_cipher
    std::string_view peer_subject;                ///< downstream_peer_subject
    std::string_view peer_fingerprint;            ///< downstream_peer_fingerprint_256
    std::span<const std::string> peer_uris;       ///< downstream_peer_uri_san
    std::span<const std::string> peer_dns_names;  ///< downstream_peer_dns_san
    std::string_view user_agent;                  ///< user_agent.original
    std::string_view session_id;                  ///< session.id (header agent-session-id)
    std::string_view method;                      ///< http.request.method
    std::string_view path;                        ///< url.path, without query
    int status = 0;                               ///< http.response.status_code
    std::chrono::nanoseconds duration{};          ///< weir.duration_ms
    std::optional<std::chrono::nanoseconds> time_to_first_token;  ///< weir.time_to_first_token_ms
    uint64_t request_bytes = 0;                                   ///< http.request.body.size
    uint64_t response_bytes = 0;                                  ///< http.response.body.size
    std::string_view operation;                                   ///< gen_ai.operation.name
    std::string_view provider;                                    ///< gen_ai.provider.name
    std::string_view original_model;               ///< gen_ai.original.model: the client's
    std::string_view request_model;                ///< gen_ai.request.model: sent to the provider
    std::string_view response_model;               ///< gen_ai.response.model
    std::string_view response_id;                  ///< gen_ai.response.id
    std::span<const std::string> finish_reasons;   ///< gen_ai.response.finish_reasons
    std::optional<int64_t> input_tokens;           ///< gen_ai.usage.input_tokens
    std::optional<int64_t> output_tokens;          ///< gen_ai.usage.output_tokens
    std::optional<int64_t> cache_read_tokens;      ///< gen_ai.usage.cache_read.input_tokens
    std::optional<int64_t> cache_creation_tokens;  ///< gen_ai.usage.cache_creation.input_tokens
    std::optional<int64_t> reasoning_tokens;       ///< gen_ai.usage.reasoning.output_tokens
    std::string_view error_type;                   ///< error.type: the Code's name
    std::string_view fault;                        ///< weir.fault
    std::string_view route;                        ///< weir.route
    std::string_view rule;                         ///< weir.rule
    std::string_view backend;                      ///< weir.backend
    std::string_view upstream_address;             ///< weir.upstream.address
    int attempts = 0;                              ///< weir.attempts; 0: none was made
    bool streamed = false;                         ///< weir.stream
    std::string_view attempt_list;  ///< weir.attempt_list: "a: upstream.reset, b: ok"
    int continuations = 0;          ///< weir.continuations: breaks of the stream that were mended
    int hedges = 0;                 ///< weir.hedges: attempts beside another one
    /// weir.discarded.input_tokens, .output_tokens: what of gen_ai.usage.* attempts used that were
    /// not the last one; then weir.discarded.estimated
    int64_t discarded_input = 0;
    int64_t discarded_output = 0;
    bool discarded_estimated = false;
    std::string_view dropped;  ///< weir.dropped, as in x-weir-dropped
    /// weir.limit.rule: the limit that refused, else the one with the least share left; then
    /// weir.limit.reserved, .charged, .remaining, and .estimated where usage was not reported
    std::string_view limit_rule;
    uint64_t limit_reserved = 0;
    uint64_t limit_charged = 0;
    uint64_t limit_remaining = 0;
    bool limit_estimated = false;
};

inline constexpr std::size_t kMaxText = 1024;

/// Formats records. Reuses its storage and the text of the current second, so that a line costs a
/// few hundred nanoseconds and no allocation. One per worker; not thread-safe.
class AccessLine {
public:
    /// The record as one JSON object and a line feed; valid until the next call.
    std::string_view format(const AccessRecord& record);

private:
    void put_time(std::chrono::system_clock::time_point time);
    std::string out_;
    int64_t second_ = -1;
    char second_text_[20] = {};  // "2026-11-24T03:41:28"
    std::string time_text_;      // {"time":"2026-11-24T03:41:28.123Z"
};

}  // namespace weir::telemetry
