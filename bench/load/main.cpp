// weir_load: the client and the provider of the benchmark. bench/run.py starts it; results are one
// JSON line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "client.h"
#include "origin.h"

namespace {

using namespace weir::bench;

volatile std::sig_atomic_t g_stop = 0;

struct Options {
    int core = -1;
    std::string address;
    std::string key = "sk-bench-client";
    std::string mode = "closed";
    std::string model = "gpt-whole-1024";
    std::size_t request_bytes = 1024;
    bool translated = false;
    std::string client = "openai";
    std::size_t connections = 32;
    unsigned stagger_ms = 0;
    unsigned warm_up_ms = 300;
    unsigned duration_ms = 2000;
    double rate = 500;
    std::vector<pid_t> cpu_of;
};

Dialect client_of(const Options& o) {
    return o.client == "anthropic" ? Dialect::anthropic : Dialect::openai;
}

// The headers of OpenAI's Python client, or of Anthropic's, credential included.
std::string request_of(const Options& o, const Script& script) {
    const bool anthropic = client_of(o) == Dialect::anthropic;
    const auto body =
        request_body(o.model, o.request_bytes, script.kind != Script::Kind::whole, client_of(o));
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: "
        "identity\r\nConnection: keep-alive\r\n"
        "Accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: OpenAI/Python "
        "2.3.0\r\n"
        "X-Stainless-Lang: python\r\nX-Stainless-Package-Version: 2.3.0\r\nX-Stainless-OS: "
        "Linux\r\n"
        "X-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\nX-Stainless-Runtime-Version: "
        "3.11.2\r\n"
        "{}{}\r\nx-stainless-retry-count: 0\r\nx-stainless-read-timeout: "
        "600\r\n"
        "Content-Length: {}\r\n\r\n{}",
        anthropic ? "/v1/messages" : "/v1/chat/completions", o.address,
        anthropic ? "anthropic-version: 2023-06-01\r\nX-Api-Key: " : "Authorization: Bearer ",
        o.key, body.size(), body);
}

double microseconds(nanoseconds t) {
    return static_cast<double>(t.count()) / 1000.0;
}

void print(Tally tally) {
    std::sort(tally.latencies.begin(), tally.latencies.end());
    const auto percentile = [&](double p) {
        if (tally.latencies.empty()) return 0.0;
        const auto last = static_cast<double>(tally.latencies.size() - 1);
        return microseconds(tally.latencies[static_cast<std::size_t>(p * last + 0.5)]);
    };
    fmt::print(
        "{{\"requests\":{},\"events\":{},\"errors\":{},\"reconnects\":{},\"first_error\":\"{}\","
        "\"wall_us\":{:.0f},"
        "\"cpu_us\":{:.0f},\"client_cpu_us\":{:.0f},\"p50_us\":{:.1f},\"p90_us\":{:.1f},\"p99_us\":"
        "{:.1f},\"max_us\":{:.1f}}}\n",
        tally.requests, tally.events, tally.errors, tally.reconnects, tally.first_error,
        microseconds(tally.wall), microseconds(tally.cpu), microseconds(tally.own_cpu),
        percentile(0.5), percentile(0.9), percentile(0.99), percentile(1));
    std::fflush(stdout);
}

void run_origin(const Options& o) {
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    std::signal(SIGINT, [](int) { g_stop = 1; });
    Origin(parse_address(o.address), o.key).run(g_stop);
}

void run_client(const Options& o) {
    const auto script = parse_script(o.model);
    if (!script) throw std::runtime_error("the model's name scripts nothing: " + o.model);
    const Expected expected(o.model, *script, o.translated, client_of(o));
    Plan plan{.target = parse_address(o.address),
              .request = request_of(o, *script),
              .connections = o.connections,
              .stagger = std::chrono::milliseconds(o.stagger_ms),
              .warm_up = std::chrono::milliseconds(o.warm_up_ms),
              .duration = std::chrono::milliseconds(o.duration_ms),
              .rate = o.rate,
              .cpu_of = o.cpu_of};
    Client client(std::move(plan), expected);
    if (o.mode == "closed") return print(client.closed());
    if (o.mode == "open") return print(client.open());
    print(client.open_idle());
    print(client.hold_idle());
}

}  // namespace

int main(int argc, char** argv) {
    Options o;
    CLI::App app("Load generator and provider of Weir's benchmark");
    app.require_subcommand(1);
    app.add_option("--core", o.core, "Run on this core");
    auto* origin =
        app.add_subcommand("origin", "Answer what the model's name scripts, until SIGTERM");
    origin->add_option("address", o.address, "Listen here, HOST:PORT")->required();
    origin->add_option("--key", o.key, "The key a request must carry");
    auto* client = app.add_subcommand("client", "Ask, verify, measure; print one JSON line");
    client->add_option("address", o.address, "Ask here, HOST:PORT")->required();
    client->add_option("--key", o.key, "The key to send");
    client->add_option("--mode", o.mode, "Shape of the load")
        ->check(CLI::IsMember({"closed", "open", "idle"}));
    client->add_option("--model", o.model, "Model, which scripts the answer (script.h)");
    client->add_option("--request-bytes", o.request_bytes, "Size of the request body");
    client->add_flag("--translated", o.translated,
                     "The answer is a translation: check its content, not its bytes");
    client->add_option("--client", o.client, "The API that the client speaks")
        ->check(CLI::IsMember({"openai", "anthropic"}));
    client->add_option("--connections", o.connections, "Connections; idle: streams");
    client->add_option("--stagger-ms", o.stagger_ms,
                       "closed: spread the first requests over this time");
    client->add_option("--warm-up-ms", o.warm_up_ms, "closed: before measuring");
    client->add_option("--duration-ms", o.duration_ms, "Length of the measured window");
    client->add_option("--rate", o.rate, "open: requests per second");
    client->add_option("--cpu-of", o.cpu_of, "Processes whose CPU time is measured")
        ->delimiter(',');
    CLI11_PARSE(app, argc, argv);
    try {
        if (o.core >= 0) pin_to_core(o.core);
        raise_file_limit();
        sharpen_timers();
        if (origin->parsed())
            run_origin(o);
        else
            run_client(o);
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "weir_load: {}\n", e.what());
        return 1;
    }
}
