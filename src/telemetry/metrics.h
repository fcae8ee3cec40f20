/// Metrics: what each worker counts, and the text that Prometheus reads.
///
///     Shard& shard = metrics.shard(worker.id());
///     shard.record(sample);                            // once per exchange, on the worker's
///     thread shard.attempt("openai", "ok");                   // once per attempt … std::string
///     text = metrics.text();               // GET /metrics, from any thread
///
/// A worker writes its own Shard only: no lock and, once a label set has been seen, no allocation.
/// The shard's mutex is taken to add a new series and by a scrape, never in between. Scrapes add
/// the shards up. What other rooms count (pools, connections, the ledger) comes from sources:
/// functions that a scrape calls. A worker's numbers may only be read on its own thread, so its
/// sources run in Shard::sample(), which whoever serves /metrics posts to every worker first.
///
/// Families (families.cpp lists them): `gen_ai_*` have the names, buckets and
/// labels of Envoy AI Gateway (OpenTelemetry GenAI conventions), so that its dashboards work;
/// `weir_*` are ours; `process_*` are as every Prometheus client has them.
///
/// Cardinality is bounded: a worker keeps at most Options::max_series label sets of each kind.
/// After that, and for texts over kMaxLabel bytes, what clients choose becomes "_OTHER" and
/// `weir_metrics_series_overflow_total` counts it. Threads: as said at each function.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace prometheus {
struct MetricFamily;
}

namespace weir::telemetry {

inline constexpr std::size_t kMaxLabel = 256;
/// Stands for a label value that is not kept apart.
inline constexpr std::string_view kOther = "_OTHER";

/// One settled exchange. Views are read during Shard::record() only; empty labels are left out.
struct ExchangeSample {
    std::string_view
        operation;  ///< gen_ai_operation_name; empty: no model was asked (no gen_ai_* series)
    std::string_view provider;        ///< gen_ai_provider_name
    std::string_view original_model;  ///< gen_ai_original_model
    std::string_view request_model;   ///< gen_ai_request_model
    std::string_view response_model;  ///< gen_ai_response_model
    std::string_view route;           ///< of weir_requests_total
    int status = 0;
    const Code* error =
        nullptr;  ///< the exchange failed with it: error_type="_OTHER", weir_errors_total
    std::chrono::nanoseconds duration{};
    /// To the first token of a stream; absent for whole answers. With at least two output tokens
    /// and no error it also yields the time per output token.
    std::optional<std::chrono::nanoseconds> time_to_first_token;
    std::optional<int64_t> input_tokens;
    std::optional<int64_t> cached_input_tokens;
    std::optional<int64_t> cache_creation_tokens;
    std::optional<int64_t> output_tokens;
    std::optional<int64_t> reasoning_tokens;
    uint64_t request_bytes = 0;  ///< of bodies
    uint64_t response_bytes = 0;
    bool request_dropped = false;  ///< the provider was not told all of the request
    bool answer_dropped = false;   ///< the client was not told all of the answer
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Receives a source's values. Names and helps are the source's own; the same name and labels from
/// several sources or workers are added up. Counter names end in `_total`.
class Sink {
public:
    virtual void counter(std::string_view name, std::string_view help, double value,
                         Labels labels = {}) = 0;
    virtual void gauge(std::string_view name, std::string_view help, double value,
                       Labels labels = {}) = 0;

protected:
    ~Sink() = default;
};

using Source = std::function<void(Sink&)>;

/// What one worker counts. All but the destructor: that worker's thread only.
class Shard {
public:
    struct State;
    Shard(int worker, std::size_t max_series);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void record(const ExchangeSample& sample);
    /// One try of a backend: weir_attempts_total. `outcome` is "ok" or a Code's name.
    void attempt(std::string_view backend, std::string_view outcome);
    /// An error that belongs to no exchange (a request that could not be parsed, a failed reload).
    void error(const Code& code);
    /// A function for sample() to call. Before the worker runs, or on its thread.
    void add_source(Source source);
    /// Calls the sources and keeps what they say for the next scrapes, with this thread's CPU time
    /// and how long the worker took to get here since `asked`.
    void sample(std::chrono::steady_clock::time_point asked);

private:
    friend class Metrics;
    std::unique_ptr<State> state_;
};

class Metrics {
public:
    struct Options {
        std::size_t max_series = 2000;  ///< per worker and kind
        std::string version;            ///< for weir_build_info
    };
    Metrics(std::size_t workers, Options options);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    Shard& shard(std::size_t worker) { return *shards_[worker]; }
    std::size_t workers() const { return shards_.size(); }
    /// For numbers that any thread may read (the access log's, the configuration's). Called by
    /// scrapes, from their thread. Before the first scrape.
    void add_source(Source source);
    /// Everything, as Prometheus text (version 0.0.4). Any thread; takes milliseconds with
    /// thousands of series or descriptors, so not on a worker's loop.
    std::string text() const;
    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

private:
    std::vector<prometheus::MetricFamily> collect() const;
    Options options_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<Source> sources_;
};

}  // namespace weir::telemetry
