#include "telemetry/metrics.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <thread>

#include "json/value.h"

namespace weir::telemetry {
namespace {

using namespace std::chrono_literals;

ExchangeSample sample() {
    ExchangeSample s;
    s.operation = "chat";
    s.provider = "openai";
    s.original_model = "fast";
    s.request_model = "gpt-4o";
    s.response_model = "gpt-4o-2024";
    s.route = "default/agents";
    s.status = 200;
    s.duration = 500ms;
    s.time_to_first_token = 100ms;
    s.input_tokens = 10;
    s.output_tokens = 5;
    return s;
}

/// "name{labels}" → value, of every sample line.
std::map<std::string, double> parse(const std::string& text) {
    std::map<std::string, double> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        auto space = line.rfind(' ');
        EXPECT_TRUE(out.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second)
            << "twice: " << line;
    }
    return out;
}

constexpr std::string_view kModels =
    R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_original_model="fast",)"
    R"(gen_ai_request_model="gpt-4o",gen_ai_response_model="gpt-4o-2024")";

TEST(MetricsTest, GenAiHistogramsHaveUpstreamsNamesLabelsAndBuckets) {
    Metrics metrics(1, {.version = "1.2.3"});
    metrics.shard(0).record(sample());
    auto values = parse(metrics.text());
    auto at = [&](std::string_view name, std::string_view extra = "") {
        std::string key = fmt::format("{}{{{}{}}}", name, kModels, extra);
        EXPECT_TRUE(values.contains(key)) << key;
        return values[key];
    };
    EXPECT_EQ(at("gen_ai_server_request_duration_seconds_count"), 1);
    EXPECT_EQ(at("gen_ai_server_request_duration_seconds_sum"), 0.5);
    EXPECT_EQ(at("gen_ai_server_request_duration_seconds_bucket", R"(,le="0.32")"), 0);
    EXPECT_EQ(at("gen_ai_server_request_duration_seconds_bucket", R"(,le="0.64")"), 1);
    EXPECT_EQ(at("gen_ai_server_request_duration_seconds_bucket", R"(,le="+Inf")"), 1);
    EXPECT_EQ(at("gen_ai_server_time_to_first_token_seconds_bucket", R"(,le="0.08")"), 0);
    EXPECT_EQ(at("gen_ai_server_time_to_first_token_seconds_bucket", R"(,le="0.1")"), 1)
        << "limits are inclusive";
    EXPECT_EQ(at("gen_ai_server_time_per_output_token_seconds_sum"), 0.1) << "400 ms over 4 tokens";
    EXPECT_EQ(at("gen_ai_client_token_usage_sum", R"(,gen_ai_token_type="input")"), 10);
    EXPECT_EQ(at("gen_ai_client_token_usage_sum", R"(,gen_ai_token_type="output")"), 5);
    EXPECT_EQ(at("gen_ai_client_token_usage_bucket", R"(,gen_ai_token_type="output",le="4")"), 0);
    EXPECT_EQ(at("gen_ai_client_token_usage_bucket", R"(,gen_ai_token_type="output",le="16")"), 1);
    EXPECT_FALSE(values.contains(fmt::format(
        R"(gen_ai_client_token_usage_count{{{},gen_ai_token_type="reasoning"}})", kModels)))
        << "what was not reported is absent, not zero";
    EXPECT_EQ(values[R"(weir_requests_total{operation="chat",route="default/agents",code="2xx"})"],
              1);
    EXPECT_EQ(values[R"(weir_build_info{version="1.2.3"})"], 1);
    EXPECT_GT(values["process_resident_memory_bytes"], 1e6);
    EXPECT_GT(values["process_open_fds"], 2);
    EXPECT_GT(values["process_start_time_seconds"], 1.6e9);
}

TEST(MetricsTest, AFailureIsLabelledOnItsDurationAndCountedByCode) {
    Metrics metrics(1, {});
    metrics.shard(0).record(sample());
    ExchangeSample failed = sample();
    failed.status = 502;
    failed.error = &codes::upstream_reset;
    metrics.shard(0).record(failed);
    auto values = parse(metrics.text());
    EXPECT_EQ(
        values[fmt::format(
            R"(gen_ai_server_request_duration_seconds_count{{{},error_type="_OTHER"}})", kModels)],
        1);
    EXPECT_EQ(values[fmt::format("gen_ai_server_request_duration_seconds_count{{{}}}", kModels)],
              1);
    EXPECT_EQ(values[fmt::format(
                  R"(gen_ai_client_token_usage_count{{{},gen_ai_token_type="input"}})", kModels)],
              2)
        << "token usage does not tell failures apart";
    EXPECT_EQ(
        values[fmt::format("gen_ai_server_time_per_output_token_seconds_count{{{}}}", kModels)], 1);
    EXPECT_EQ(values[R"(weir_errors_total{code="upstream.reset",fault="upstream"})"], 1);
}

TEST(MetricsTest, WorkersAreAddedUp) {
    Metrics metrics(3, {});
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < 3; ++w)
        threads.emplace_back([&, w] {
            metrics.shard(w).add_source(
                [](Sink& sink) { sink.gauge("weir_test_open", "Open things.", 2); });
            for (int i = 0; i < 1000; ++i) {
                ExchangeSample s = sample();
                std::string model = fmt::format("m{}", i % 50);
                s.request_model = model;
                metrics.shard(w).record(s);
                metrics.shard(w).attempt("openai", "ok");
            }
            metrics.shard(w).sample(std::chrono::steady_clock::now());
        });
    for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(metrics.text().empty());  // scrapes meanwhile
    for (auto& thread : threads)
        thread.join();
    auto values = parse(metrics.text());
    EXPECT_EQ(values[R"(weir_requests_total{operation="chat",route="default/agents",code="2xx"})"],
              3000);
    EXPECT_EQ(values[R"(weir_attempts_total{backend="openai",outcome="ok"})"], 3000);
    EXPECT_EQ(values["weir_test_open"], 6);
    EXPECT_TRUE(values.contains(R"(weir_worker_cpu_seconds_total{worker="2"})"));
    EXPECT_TRUE(values.contains(R"(weir_worker_lag_seconds{worker="0"})"));
}

TEST(MetricsTest, ModelsThatClientsInventDoNotMakeSeriesWithoutEnd) {
    Metrics metrics(1, {.max_series = 10});
    for (int i = 0; i < 1000; ++i) {
        ExchangeSample s = sample();
        std::string model = fmt::format("invented-{}", i);
        s.original_model = s.request_model = model;
        s.route = model;
        metrics.shard(0).record(s);
    }
    std::string huge(1 << 16, 'x');
    ExchangeSample s = sample();
    s.original_model = huge;
    metrics.shard(0).record(s);
    auto values = parse(metrics.text());
    double total = 0;
    int series = 0;
    for (const auto& [key, value] : values) {
        if (!key.starts_with("gen_ai_server_request_duration_seconds_count")) continue;
        ++series;
        total += value;
        EXPECT_LT(key.size(), 1000U);
    }
    EXPECT_EQ(total, 1001) << "nothing is lost";
    EXPECT_EQ(series, 11);
    EXPECT_EQ(values["weir_metrics_series_overflow_total"], 990 + 990 + 1 + 1);
}

TEST(MetricsTest, LabelsAreEscapedAndValid) {
    Metrics metrics(1, {});
    ExchangeSample s = sample();
    s.original_model = "a\"b\\c\nd\xFF";
    metrics.shard(0).record(s);
    EXPECT_NE(metrics.text().find("gen_ai_original_model=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\""),
              std::string::npos);
}

TEST(MetricsTest, AnExchangeWithoutAModelHasNoGenAiSeries) {
    Metrics metrics(1, {});
    ExchangeSample s;
    s.status = 404;
    s.error = &codes::route_not_found;
    metrics.shard(0).record(s);
    std::string text = metrics.text();
    EXPECT_EQ(text.find("gen_ai_"), std::string::npos);
    EXPECT_EQ(parse(text)[R"(weir_requests_total{code="4xx"})"], 1);
}

Metrics& everything(Metrics& metrics) {
    ExchangeSample s = sample();
    s.cached_input_tokens = 3;
    s.cache_creation_tokens = 2;
    s.reasoning_tokens = 1;
    metrics.shard(0).record(s);
    s.error = &codes::upstream_reset;
    metrics.shard(0).record(s);
    metrics.shard(0).attempt("openai", "upstream.reset");
    metrics.shard(0).add_source(
        [](Sink& sink) { sink.gauge("weir_connections_open", "Open connections.", 1); });
    metrics.shard(0).sample(std::chrono::steady_clock::now());
    metrics.add_source(
        [](Sink& sink) { sink.counter("weir_access_log_lines_total", "Lines.", 1); });
    return metrics;
}

TEST(MetricsTest, PassesPromtool) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "promtool is not installed";
    Metrics metrics(1, {.version = "0.1.0"});
    auto file = std::filesystem::temp_directory_path() / fmt::format("weir-metrics-{}", ::getpid());
    std::ofstream(file) << everything(metrics).text();
    int status =
        std::system(fmt::format("promtool check metrics < {} 2>&1", file.string()).c_str());
    std::filesystem::remove(file);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

/// Every metric and label that the dashboard of upstream's users asks for must exist.
TEST(MetricsTest, TheDashboardOfTheExamplesFindsEverything) {
    std::filesystem::path dashboard = std::filesystem::path(WEIR_CONFORMANCE_DIR) /
                                      "examples/examples/monitoring/grafana-dashboard.json";
    if (!std::filesystem::exists(dashboard)) {
        const char* ci = std::getenv("CI");
        if (ci && std::string_view(ci) == "true") FAIL() << dashboard << " is missing";
        GTEST_SKIP() << "no conformance data";
    }
    std::ifstream in(dashboard);
    std::string source((std::istreambuf_iterator<char>(in)), {});
    ASSERT_TRUE(json::parse(source));
    Metrics metrics(1, {});
    std::string text = everything(metrics).text();
    int names = 0;
    for (std::regex word("\\b(gen_ai|error)_[a-z_]+\\b");
         const auto& match : std::ranges::subrange(
             std::sregex_iterator(source.begin(), source.end(), word), std::sregex_iterator())) {
        ++names;
        EXPECT_NE(text.find(match.str()), std::string::npos) << match.str();
    }
    EXPECT_GT(names, 10);
}

TEST(MetricsTest, RecordingIsCheap) {
    Metrics metrics(1, {});
    ExchangeSample s = sample();
    constexpr int kTimes = 100'000;
    auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i)
        metrics.shard(0).record(s);
    auto each = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
                    .count() /
                kTimes;
    std::printf("%.3f us per exchange\n", each);
    EXPECT_LT(each, 20.0);
}

}  // namespace
}  // namespace weir::telemetry
