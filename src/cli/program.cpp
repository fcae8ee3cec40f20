#include "cli/program.h"

#include <fmt/format.h>

#include <ctime>
#include <thread>

#include "base/log.h"
#include "cli/load.h"
#include "cli/mock_service.h"
#include "cli/worker_parts.h"

namespace weir::cli {

Program::Program(const RunOptions& options, config::Configuration configuration)
    : options_(options), configuration_(std::move(configuration)) {
    if (options_.workers == 0) options_.workers = std::max(1u, std::thread::hardware_concurrency());
}

Program::~Program() {
    stop();
}

Result<std::unique_ptr<Program>> Program::create(const RunOptions& options,
                                                 config::Configuration configuration) {
    std::unique_ptr<Program> self(new Program(options, std::move(configuration)));
    WEIR_CHECK(self->set_up());
    return self;
}

Result<void> Program::set_up() {
    snapshot::CompileOptions compile{
        .env = load_options().env, .mock = {}, .now = std::time(nullptr)};
    if (options_.mock) WEIR_CHECK(set_up_mock(compile));
    WEIR_TRY(snapshot_, snapshot::compile(configuration_, compile));
    WEIR_TRY(access_log_, telemetry::AccessLog::open(options_.access_log, options_.workers));
    metrics_ = std::make_unique<telemetry::Metrics>(
        options_.workers, telemetry::Metrics::Options{.version = WEIR_VERSION});
    add_sources();
    WEIR_CHECK(set_up_workers());
    WEIR_CHECK(listen());
    return set_up_admin();
}

Result<void> Program::set_up_mock(snapshot::CompileOptions& compile) {
    WEIR_TRY(auto script, load_mock_script(options_.mock_script));
    mock_ = std::make_unique<MockService>(0, std::move(script));
    WEIR_TRY(net::Address address, net::parse_listen_address("127.0.0.1:0"));
    WEIR_TRY(auto sockets, net::ListenSockets::open(address, 1));
    compile.mock = snapshot::Origin{"mock", "127.0.0.1", sockets.address().port(), false, {}, {}};
    mock_->listen(sockets.take(0));
    return {};
}

Result<void> Program::set_up_workers() {
    const config::Timeouts& timeouts = snapshot_->timeouts;
    const config::Limits& limits = snapshot_->limits;
    auto or_never = [](config::Duration d) {
        return d.count() ? net::Duration(d) : net::Duration(std::chrono::hours(24 * 365));
    };
    body_memory_.limit = limits.body_memory;
    http::ServerOptions server;
    server.head_timeout = or_never(timeouts.head_read);
    server.idle_timeout = or_never(timeouts.idle);
    server.stall_timeout = or_never(timeouts.stream_idle);
    server.head_limit =
        static_cast<std::size_t>(std::min<uint64_t>(limits.request_head, net::Blocks::kSize / 2));
    server.body_limit = limits.request_body;
    server.body_memory = &body_memory_;
    for (unsigned i = 0; i < options_.workers; ++i) {
        workers_.push_back(std::make_unique<WorkerParts>(static_cast<int>(i), metrics_->shard(i),
                                                         access_log_->writer(i), clock_, server));
        WEIR_CHECK(workers_.back()->gateway.publish(snapshot_));
        add_worker_sources(metrics_->shard(i), *workers_.back());
    }
    return {};
}

/// --listen as a map from listener name to address; "" stands for the only one.
Result<std::map<std::string, std::string>> Program::listen_overrides() const {
    std::map<std::string, std::string> overrides;
    for (const auto& text : options_.listen) {
        auto equals = text.find('=');
        overrides[equals == std::string::npos ? "" : text.substr(0, equals)] =
            equals == std::string::npos ? text : text.substr(equals + 1);
    }
    if (overrides.contains("") && snapshot_->ports.size() != 1)
        return fail(codes::config_invalid,
                    "--listen HOST:PORT moves the only listener, but the configuration has "
                    "several; write NAME=HOST:PORT");
    for (const auto& [name, address] : overrides) {
        bool known = name.empty();
        for (const auto& port : snapshot_->ports)
            known |= std::find(port.listeners.begin(), port.listeners.end(), name) !=
                     port.listeners.end();
        if (!known)
            return fail(codes::config_invalid,
                        fmt::format("--listen {}={}: no listener has that name", name, address));
    }
    return overrides;
}

Result<void> Program::listen() {
    WEIR_TRY(auto overrides, listen_overrides());
    for (uint32_t i = 0; i < snapshot_->ports.size(); ++i) {
        const snapshot::Port& port = snapshot_->ports[i];
        std::string where =
            fmt::format("{}:{}", port.implicit ? "127.0.0.1" : "0.0.0.0", port.port);
        if (overrides.contains("")) where = overrides[""];
        for (const auto& name : port.listeners)
            if (overrides.contains(name)) where = overrides[name];
        auto parsed = net::parse_listen_address(where);
        if (!parsed) return fail(parsed.error().code(), "--listen: " + parsed.error().detail());
        net::Address address = *parsed;
        WEIR_TRY(auto sockets, net::ListenSockets::open(address, workers_.size()));
        for (std::size_t w = 0; w < workers_.size(); ++w)
            workers_[w]->service.listen(sockets.take(w), i);
        for (const auto& name : port.listeners)
            addresses_[name] = sockets.address().to_string();
    }
    return {};
}

Result<void> Program::set_up_admin() {
    if (options_.admin == "off") return {};
    auto parsed = net::parse_listen_address(options_.admin);
    if (!parsed) return fail(parsed.error().code(), "--admin: " + parsed.error().detail());
    net::Address address = *parsed;
    WEIR_TRY(auto sockets, net::ListenSockets::open(address, 1));
    admin_loop_ = std::make_unique<LoopThread>(static_cast<int>(options_.workers), "admin");
    admin_handler_ = std::make_unique<admin::AdminHandler>(admin::AdminHandler::Sources{
        [this] { return scrape(); },
        [this] { return json::serialize(config::to_json(configuration_)); }, ready_});
    admin_ = std::make_unique<Service>(*admin_loop_, *admin_handler_, http::ServerOptions{});
    admin_->listen(sockets.take(0), 0);
    admin_address_ = sockets.address().to_string();
    return {};
}

void Program::start() {
    if (mock_) mock_->start();
    for (auto& worker : workers_)
        worker->loop.start();
    if (admin_loop_) admin_loop_->start();
    ready_ = true;
}

void Program::begin_drain() {
    ready_ = false;
    undrained_ = workers_.size();
    for (auto& worker : workers_)
        worker->loop.worker().post([this, parts = worker.get()] {
            parts->service.drain();
            parts->service.server().when_empty([this] { --undrained_; });
        });
}

bool Program::drained() const {
    return undrained_ == 0;
}

uint64_t Program::open_connections() const {
    uint64_t open = 0;
    for (const auto& worker : workers_)
        worker->loop.call(
            [&open, parts = worker.get()] { open += parts->service.server().counters().open; });
    return open;
}

void Program::stop() {
    ready_ = false;
    for (auto& worker : workers_) {
        worker->loop.call([parts = worker.get()] { parts->service.close(); });
        worker->loop.stop();
    }
    if (admin_loop_) {
        admin_loop_->call([this] { admin_->close(); });
        admin_loop_->stop();
    }
    if (mock_) mock_->stop();
    workers_.clear();
    admin_.reset();
    admin_loop_.reset();
    mock_.reset();
    access_log_.reset();
}

void Program::reopen_logs() {
    access_log_->reopen();
}

}  // namespace weir::cli
