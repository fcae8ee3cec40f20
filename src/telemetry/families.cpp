// The reading side: shards added up into Prometheus families and their text.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>

#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"
#include "telemetry/shard_state.h"
#include "telemetry/utf8.h"

namespace weir::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Families by name, each with its series by labels; the same series given twice is added up.
class Families {
public:
    void add(MetricType type, std::string_view name, std::string_view help, double value,
             const Labels& labels) {
        ClientMetric& metric = find(type, name, help, labels);
        (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) += value;
    }
    template <const auto& Bounds>
    void add(std::string_view name, std::string_view help, const Histogram<Bounds>& from,
             const Labels& labels) {
        uint64_t total = 0;
        for (const Count& count : from.counts())
            total += count.value();
        if (total == 0) return;
        auto& histogram = find(MetricType::Histogram, name, help, labels).histogram;
        histogram.bucket.resize(Histogram<Bounds>::kBuckets);
        uint64_t cumulative = 0;
        for (std::size_t i = 0; i < histogram.bucket.size(); ++i) {
            cumulative += from.counts()[i].value();
            histogram.bucket[i].cumulative_count += cumulative;
            histogram.bucket[i].upper_bound =
                i < Bounds.size() ? Bounds[i] : std::numeric_limits<double>::infinity();
        }
        histogram.sample_count += cumulative;
        histogram.sample_sum += from.sum();
    }
    std::vector<MetricFamily> take() {
        std::vector<MetricFamily> out;
        for (auto& [name, entry] : families_) {
            for (auto& [labels, metric] : entry.series)
                entry.family.metric.push_back(std::move(metric));
            out.push_back(std::move(entry.family));
        }
        return out;
    }

private:
    struct Entry {
        MetricFamily family;
        std::map<Labels, ClientMetric> series;
    };
    ClientMetric& find(MetricType type, std::string_view name, std::string_view help,
                       const Labels& labels) {
        auto [entry, fresh] = families_.try_emplace(std::string(name));
        if (fresh) entry->second.family = {std::string(name), std::string(help), type, {}};
        Labels clean;
        for (const auto& [key, value] : labels)
            if (!value.empty()) clean.emplace_back(key, to_utf8(value));
        auto [series, is_new] = entry->second.series.try_emplace(std::move(clean));
        if (is_new)
            for (const auto& [key, value] : series->first)
                series->second.label.push_back({key, value});
        return series->second;
    }
    std::map<std::string, Entry> families_;
};

class FamilySink final : public Sink {
public:
    explicit FamilySink(Families& families) : families_(families) {}
    void counter(std::string_view name, std::string_view help, double value,
                 Labels labels) override {
        families_.add(MetricType::Counter, name, help, value, labels);
    }
    void gauge(std::string_view name, std::string_view help, double value, Labels labels) override {
        families_.add(MetricType::Gauge, name, help, value, labels);
    }

private:
    Families& families_;
};

void add_gen_ai(Families& families, const std::array<std::string_view, 6>& values,
                const GenAiSeries& series) {
    static constexpr std::string_view kNames[] = {"gen_ai_operation_name", "gen_ai_provider_name",
                                                  "gen_ai_original_model", "gen_ai_request_model",
                                                  "gen_ai_response_model"};
    Labels labels;
    for (std::size_t i = 0; i < std::size(kNames); ++i)
        labels.emplace_back(kNames[i], values[i]);
    families.add("gen_ai_server_time_to_first_token_seconds",
                 "Time to the first token of a stream.", series.first_token, labels);
    families.add("gen_ai_server_time_per_output_token_seconds",
                 "Time per output token after the first, of streams that succeeded.",
                 series.per_token, labels);
    for (std::size_t i = 0; i < kTokenTypes.size(); ++i) {
        Labels typed = labels;
        typed.emplace_back("gen_ai_token_type", kTokenTypes[i]);
        families.add("gen_ai_client_token_usage", "Tokens of each kind that an exchange used.",
                     series.tokens[i], typed);
    }
    labels.emplace_back("error_type", values[5]);
    families.add("gen_ai_server_request_duration_seconds",
                 "Time from a request's head to its answer's last byte.", series.duration, labels);
}

void add_counts(FamilySink& sink, const Shard::State& state) {
    state.requests.for_each([&](const auto& values, const Count& count) {
        sink.counter("weir_requests_total",
                     "Exchanges that ended, by operation, route and class of status.",
                     static_cast<double>(count.value()),
                     {{"operation", std::string(values[0])},
                      {"route", std::string(values[1])},
                      {"code", std::string(values[2])}});
    });
    state.attempts.for_each([&](const auto& values, const Count& count) {
        sink.counter("weir_attempts_total",
                     "Tries of a backend, by outcome: ok, or the error's code.",
                     static_cast<double>(count.value()),
                     {{"backend", std::string(values[0])}, {"outcome", std::string(values[1])}});
    });
    for (std::size_t i = 0; i < kAllCodes.size(); ++i) {
        if (state.errors[i].value() == 0) continue;
        sink.counter("weir_errors_total", "Failures, by code and by who is to blame.",
                     static_cast<double>(state.errors[i].value()),
                     {{"code", std::string(kAllCodes[i]->name)},
                      {"fault", std::string(to_string(kAllCodes[i]->fault))}});
    }
    sink.counter("weir_request_body_bytes_total", "Bytes of request bodies received from clients.",
                 static_cast<double>(state.request_bytes.value()), {});
    sink.counter("weir_response_body_bytes_total", "Bytes of response bodies sent to clients.",
                 static_cast<double>(state.response_bytes.value()), {});
    for (const auto& [side, count] : {std::pair("request", state.dropped_requests.value()),
                                      std::pair("answer", state.dropped_answers.value())})
        sink.counter("weir_dropped_total",
                     "Exchanges that lost something in translation: of the request, of the answer.",
                     static_cast<double>(count), {{"side", side}});
    sink.counter("weir_metrics_series_overflow_total",
                 "Observations filed under _OTHER, to bound the number of series.",
                 static_cast<double>(state.overflow.value()), {});
}

void add_shard(Families& families, FamilySink& sink, const Shard::State& state) {
    std::lock_guard guard(state.lock);
    state.gen_ai.for_each([&](const auto& values, const GenAiSeries& series) {
        add_gen_ai(families, values, series);
    });
    add_counts(sink, state);
    for (const Sampled& s : state.samples)
        families.add(s.counter ? MetricType::Counter : MetricType::Gauge, s.name, s.help, s.value,
                     s.labels);
}

}  // namespace

Metrics::Metrics(std::size_t workers, Options options) : options_(std::move(options)) {
    for (std::size_t i = 0; i < workers; ++i)
        shards_.push_back(std::make_unique<Shard>(static_cast<int>(i), options_.max_series));
}
Metrics::~Metrics() = default;

void Metrics::add_source(Source source) {
    sources_.push_back(std::move(source));
}

std::vector<MetricFamily> Metrics::collect() const {
    Families families;
    FamilySink sink(families);
    for (const auto& shard : shards_)
        add_shard(families, sink, *shard->state_);
    for (const Source& source : sources_)
        source(sink);
    sink.gauge("weir_build_info", "1; the label says which version this is.", 1,
               {{"version", options_.version}});
    sink.gauge("weir_workers", "Worker threads.", static_cast<double>(shards_.size()), {});
    process_metrics(sink);
    return families.take();
}

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(collect());
}

}  // namespace weir::telemetry
