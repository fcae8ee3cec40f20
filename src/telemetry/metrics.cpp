// The writing side: what a worker does per exchange.
#include "telemetry/metrics.h"

#include <time.h>

#include <algorithm>

#include "telemetry/shard_state.h"

namespace weir::telemetry {
namespace {

double seconds(std::chrono::nanoseconds duration) {
    return static_cast<double>(duration.count()) * 1e-9;
}

std::string_view status_class(int status) {
    static constexpr std::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    return status >= 100 && status < 600 ? kClasses[status / 100 - 1] : "none";
}

/// The series for `values`; when the table is full, or a value too long, the one where the values
/// that clients choose (those from `first` on, `count` of them) are "_OTHER".
template <std::size_t N, class Series>
Series& series(Shard::State& state, SeriesTable<N, Series>& table,
               std::array<std::string_view, N> values, std::size_t first, std::size_t count) {
    bool too_long = false;
    for (std::string_view value : values)
        too_long |= value.size() > kMaxLabel;
    if (!too_long) {
        if (Series* known = table.find(values)) return *known;
        if (table.size() < state.max_series) return table.add(values);
    }
    state.overflow.add(1);
    for (std::size_t i = first; i < first + count; ++i)
        values[i] = kOther;
    for (std::string_view& value : values)
        value = value.substr(0, kMaxLabel);
    if (Series* known = table.find(values)) return *known;
    return table.add(values);
}

void observe_tokens(GenAiSeries& gen_ai, const ExchangeSample& sample) {
    const std::optional<int64_t> counts[] = {sample.input_tokens, sample.cached_input_tokens,
                                             sample.cache_creation_tokens, sample.output_tokens,
                                             sample.reasoning_tokens};
    static_assert(std::size(counts) == kTokenTypes.size());
    for (std::size_t i = 0; i < std::size(counts); ++i)
        if (counts[i]) gen_ai.tokens[i].observe(static_cast<double>(*counts[i]));
}

void observe_gen_ai(Shard::State& state, const ExchangeSample& sample) {
    std::array<std::string_view, 6> labels{
        sample.operation,     sample.provider,       sample.original_model,
        sample.request_model, sample.response_model, sample.error ? kOther : std::string_view()};
    GenAiSeries& gen_ai = series(state, state.gen_ai, labels, 2, 3);
    gen_ai.duration.observe(seconds(sample.duration));
    observe_tokens(gen_ai, sample);
    if (!sample.time_to_first_token) return;
    gen_ai.first_token.observe(seconds(*sample.time_to_first_token));
    int64_t after_first = sample.output_tokens.value_or(0) - 1;
    if (after_first > 0 && !sample.error)
        gen_ai.per_token.observe(seconds(sample.duration - *sample.time_to_first_token) /
                                 static_cast<double>(after_first));
}

double thread_cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

Shard::Shard(int worker, std::size_t max_series)
    : state_(std::make_unique<State>(worker, max_series)) {}
Shard::~Shard() = default;

void Shard::record(const ExchangeSample& sample) {
    State& state = *state_;
    series(state, state.requests, {sample.operation, sample.route, status_class(sample.status)}, 0,
           2)
        .add(1);
    state.request_bytes.add(sample.request_bytes);
    state.response_bytes.add(sample.response_bytes);
    if (sample.request_dropped) state.dropped_requests.add(1);
    if (sample.answer_dropped) state.dropped_answers.add(1);
    if (sample.error) error(*sample.error);
    if (!sample.operation.empty()) observe_gen_ai(state, sample);
}

void Shard::attempt(std::string_view backend, std::string_view outcome) {
    series(*state_, state_->attempts, {backend, outcome}, 0, 1).add(1);
}

void Shard::error(const Code& code) {
    auto found = std::find(kAllCodes.begin(), kAllCodes.end(), &code);
    if (found != kAllCodes.end())
        state_->errors[static_cast<std::size_t>(found - kAllCodes.begin())].add(1);
}

void Shard::add_source(Source source) {
    state_->sources.push_back(std::move(source));
}

void Shard::sample(std::chrono::steady_clock::time_point asked) {
    SampleSink sink;
    for (const Source& source : state_->sources)
        source(sink);
    Labels worker{{"worker", std::to_string(state_->worker)}};
    sink.counter("weir_worker_cpu_seconds_total", "CPU time of a worker's thread.",
                 thread_cpu_seconds(), worker);
    sink.gauge("weir_worker_lag_seconds",
               "How long a worker took to get to the last scrape's request.",
               std::max(0.0, seconds(std::chrono::steady_clock::now() - asked)), worker);
    std::lock_guard guard(state_->lock);
    state_->samples = std::move(sink.values);
}

}  // namespace weir::telemetry
