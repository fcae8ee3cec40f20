#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/options.h"

namespace weir::cli {
namespace {

/// "250ms", "30s", "5m", "1h" or a number of seconds.
std::chrono::milliseconds parse_duration(const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        throw CLI::ValidationError(
            fmt::format("'{}' is not a duration; write 30s, 500ms or 2m", text));
    }
    std::string unit = text.substr(used);
    double factor = unit == "ms"                  ? 1
                    : unit.empty() || unit == "s" ? 1000
                    : unit == "m"                 ? 60'000
                    : unit == "h"                 ? 3'600'000
                                                  : -1;
    if (factor < 0 || value < 0)
        throw CLI::ValidationError(
            fmt::format("'{}' is not a duration; write 30s, 500ms or 2m", text));
    return std::chrono::milliseconds(static_cast<int64_t>(value * factor));
}

void duration_flag(CLI::App& verb, const std::string& flag, const std::string& env,
                   std::chrono::milliseconds& into, const std::string& help) {
    verb.add_option_function<std::string>(
            flag, [&into](const std::string& text) { into = parse_duration(text); }, help)
        ->envname(env)
        ->type_name("DURATION");
}

void add_run(CLI::App& app, RunOptions& o) {
    CLI::App* verb = app.add_subcommand("run",
                                        "Serve the configuration at PATH… (files, folders or -); "
                                        "without one, from *_API_KEY variables");
    verb->add_option("PATH", o.paths,
                     "YAML or JSON files, folders of them, or - for standard input");
    verb->add_flag("--mock", o.mock,
                   "Answer every backend from the built-in mock provider; no keys needed")
        ->envname("WEIR_MOCK");
    verb->add_option("--mock-script", o.mock_script,
                     "File of rules for the mock provider (docs/mock.md)")
        ->envname("WEIR_MOCK_SCRIPT");
    verb->add_option("--listen", o.listen,
                     "Address of the only listener, HOST:PORT, or of one by name, NAME=HOST:PORT; "
                     "port 0 chooses one")
        ->envname("WEIR_LISTEN")
        ->allow_extra_args(false);
    verb->add_option("--admin", o.admin, "Address of the admin server, or off")
        ->envname("WEIR_ADMIN")
        ->capture_default_str();
    verb->add_option("--workers", o.workers, "Worker threads; 0 means one per core")
        ->envname("WEIR_WORKERS")
        ->capture_default_str()
        ->check(CLI::Range(0, 1024));
    verb->add_option("--log-level", o.log_level, "trace, debug, info, warn, error or off")
        ->envname("WEIR_LOG_LEVEL")
        ->capture_default_str();
    verb->add_option("--access-log", o.access_log,
                     "Where the access log goes: a file, - for standard output, or off")
        ->envname("WEIR_ACCESS_LOG")
        ->capture_default_str();
    verb->add_option("--ready-file", o.ready_file,
                     "File to write when ready: the addresses listened on, as JSON")
        ->envname("WEIR_READY_FILE");
    duration_flag(*verb, "--drain-timeout", "WEIR_DRAIN_TIMEOUT", o.drain_timeout,
                  "How long running exchanges may take to finish after SIGTERM [30s]");
    verb->add_option("--state-dir", o.state_dir,
                     "Folder in which the counters of limits survive a restart")
        ->envname("WEIR_STATE_DIR");
    verb->add_option("--redis", o.redis,
                     "Redis or Valkey through which instances share their limits: "
                     "redis://[USER:PASSWORD@]HOST[:PORT][/DB], redis+sentinel://HOST,…/PRIMARY or "
                     "redis+cluster://HOST,…; rediss:// for TLS; a password is better kept in "
                     "WEIR_REDIS")
        ->envname("WEIR_REDIS")
        ->type_name("URL");
    verb->add_option("--takeover", o.takeover,
                     "Unix socket through which this Weir takes the listening sockets of the one "
                     "that runs, which then drains; start both with the same PATH")
        ->envname("WEIR_TAKEOVER")
        ->type_name("PATH");
    verb->add_option("--watch", o.watch,
                     "Read the configuration again when its files change; SIGHUP always does")
        ->envname("WEIR_WATCH")
        ->type_name("BOOL")
        ->default_str("true");
    verb->add_option("--allow-unenforced", o.allow_unenforced,
                     "Start although objects of KIND protect something that is not enforced yet")
        ->envname("WEIR_ALLOW_UNENFORCED")
        ->type_name("KIND")
        ->allow_extra_args(false);
}

void add_check(CLI::App& app, CheckOptions& o) {
    CLI::App* verb = app.add_subcommand(
        "check", "Judge a configuration and report every mistake with its place");
    verb->add_option("PATH", o.paths,
                     "YAML or JSON files, folders of them, or - for standard input")
        ->required();
    verb->add_flag("--schema", o.schema,
                   "Judge each object alone, as an API server would: references may dangle");
    verb->add_flag("--mock", o.mock,
                   "Judge as `weir run --mock` would: missing Secrets are warnings");
}

void add_explain(CLI::App& app, ExplainOptions& o) {
    CLI::App* verb = app.add_subcommand("explain",
                                        "Say which rule serves a request and why, which backends, "
                                        "which credential (never its value)");
    verb->add_option("PATH", o.paths,
                     "YAML or JSON files, folders of them, or - for standard input")
        ->required();
    verb->add_option("--path", o.path, "The request's path, as in /v1/chat/completions")
        ->required();
    verb->add_option("--method", o.method, "The request's method")->capture_default_str();
    verb->add_option("--host", o.host, "The request's host")->capture_default_str();
    verb->add_option("--header", o.headers, "A request header, 'name: value'; may be repeated")
        ->allow_extra_args(false);
    verb->add_option("--body", o.body_file,
                     "File with the request's body, or - for standard input");
    verb->add_option("--model", o.model, "The body's model, instead of a whole body");
}

void add_mock(CLI::App& app, MockOptions& o) {
    CLI::App* verb = app.add_subcommand("mock",
                                        "Serve the mock provider: the APIs of OpenAI, Anthropic, "
                                        "Bedrock, Gemini and Cohere, with faults on demand "
                                        "(docs/mock.md)");
    verb->add_option_function<unsigned>(
            "--port", [&o](unsigned port) { o.listen = fmt::format("127.0.0.1:{}", port); },
            "Port on 127.0.0.1; 0 chooses one [8080]")
        ->check(CLI::Range(0, 65535));
    verb->add_option("--listen", o.listen, "Address, HOST:PORT")
        ->envname("WEIR_MOCK_LISTEN")
        ->capture_default_str();
    verb->add_option("--script", o.script, "File of rules (docs/mock.md)")
        ->envname("WEIR_MOCK_SCRIPT");
    verb->add_option("--ready-file", o.ready_file,
                     "File to write when ready: the address listened on, as JSON")
        ->envname("WEIR_READY_FILE");
    verb->add_option("--workers", o.workers, "Worker threads")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    verb->add_option("--log-level", o.log_level, "trace, debug, info, warn, error or off")
        ->capture_default_str();
}

void add_healthcheck(CLI::App& app, HealthOptions& o) {
    CLI::App* verb = app.add_subcommand(
        "healthcheck", "Ask a running Weir whether it is ready; exit status 0 if so");
    verb->add_option("--admin", o.admin, "Address of its admin server")
        ->envname("WEIR_ADMIN")
        ->capture_default_str();
    duration_flag(*verb, "--timeout", "WEIR_HEALTHCHECK_TIMEOUT", o.timeout,
                  "How long to wait for the answer [2s]");
}

int main_of(int argc, char** argv) {
    CLI::App app("Weir: the gateway between agents and the models, tools and agents they call.",
                 "weir");
    app.require_subcommand(1);
    app.footer(
        "Exit status: 0 done, 1 configuration refused, 2 wrong usage, 3 could not listen.\nEvery "
        "flag also reads WEIR_<FLAG>, as in WEIR_LOG_LEVEL.");
    RunOptions run_options;
    CheckOptions check_options;
    ExplainOptions explain_options;
    MockOptions mock_options;
    HealthOptions health_options;
    add_run(app, run_options);
    add_check(app, check_options);
    add_explain(app, explain_options);
    add_mock(app, mock_options);
    add_healthcheck(app, health_options);
    app.add_subcommand("version", "Print the version");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "weir: %s\nRun `weir --help` or `weir VERB --help`.\n", error.what());
        return static_cast<int>(Exit::usage);
    }
    Exit outcome = Exit::done;
    if (app.got_subcommand("run")) outcome = run(run_options);
    if (app.got_subcommand("check")) outcome = check(check_options);
    if (app.got_subcommand("explain")) outcome = explain(explain_options);
    if (app.got_subcommand("mock")) outcome = mock(mock_options);
    if (app.got_subcommand("healthcheck")) outcome = healthcheck(health_options);
    if (app.got_subcommand("version")) outcome = version();
    return static_cast<int>(outcome);
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2)
    try {
        return weir::cli::main_of(argc, argv);
    } catch (const std::exception& error) {  // no memory, no thread
        std::fprintf(stderr, "weir: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
