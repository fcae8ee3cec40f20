/// What a Shard keeps. Internal to telemetry/: written by the worker (metrics.cpp), read by scrapes
/// (families.cpp).
#pragma once
#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "telemetry/histogram.h"
#include "telemetry/metrics.h"
#include "telemetry/series_table.h"

namespace weir::telemetry {

// Bucket limits of Envoy AI Gateway's histograms.
inline constexpr std::array<double, 14> kTokenBounds{
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
inline constexpr std::array<double, 14> kDurationBounds{
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
inline constexpr std::array<double, 21> kFirstTokenBounds{
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25, 0.5, 0.75,
    1.0,   2.5,   5.0,  7.5,  10.0, 15.0, 20.0, 30.0, 45.0, 60.0};
inline constexpr std::array<double, 13> kPerTokenBounds{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                                        0.3,  0.4,   0.5,  0.75,  1.0, 2.5};

/// In the order of GenAiSeries::tokens.
inline constexpr std::array<std::string_view, 5> kTokenTypes{
    "input", "cached_input", "cache_creation_input", "output", "reasoning"};

struct GenAiSeries {
    std::array<Histogram<kTokenBounds>, kTokenTypes.size()> tokens;
    Histogram<kDurationBounds> duration;
    Histogram<kFirstTokenBounds> first_token;
    Histogram<kPerTokenBounds> per_token;
};

/// What a source said, kept until the next sample.
struct Sampled {
    bool counter = false;
    std::string name;
    std::string help;
    double value = 0;
    Labels labels;
};

class SampleSink final : public Sink {
public:
    void counter(std::string_view name, std::string_view help, double value,
                 Labels labels) override {
        values.push_back({true, std::string(name), std::string(help), value, std::move(labels)});
    }
    void gauge(std::string_view name, std::string_view help, double value, Labels labels) override {
        values.push_back({false, std::string(name), std::string(help), value, std::move(labels)});
    }
    std::vector<Sampled> values;
};

struct Shard::State {
    State(int id, std::size_t max) : worker(id), max_series(max) {}

    const int worker;
    const std::size_t max_series;
    mutable std::mutex lock;  // the tables' shape, and `samples`
    /// operation, provider, original model, request model, response model, error type
    SeriesTable<6, GenAiSeries> gen_ai{lock};
    SeriesTable<3, Count> requests{lock};  ///< operation, route, status class
    SeriesTable<2, Count> attempts{lock};  ///< backend, outcome
    std::array<Count, kAllCodes.size()> errors;
    Count request_bytes;
    Count response_bytes;
    Count overflow;
    Count dropped_requests;
    Count dropped_answers;
    std::vector<Source> sources;  // the worker's
    std::vector<Sampled> samples;
};

}  // namespace weir::telemetry
