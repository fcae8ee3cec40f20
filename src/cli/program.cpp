#include "cli/program.h"

#include <fmt/format.h>

#include <ctime>
#include <thread>

#include "base/log.h"
#include "cli/limit_report.h"
#include "cli/load.h"
#include "cli/mock_service.h"
#include "cli/shutdown.h"
#include "cli/worker_parts.h"

namespace weir::cli {
namespace {
constexpr std::size_t kAdminReserve = 4;  // connections that are answered without a free descriptor
const std::string kAdminKey = "admin=";  // a socket's key in a takeover; ports' begin with a number
}  // namespace

Program::Program(RunOptions options) : options_(std::move(options)) {
    if (options_.workers == 0) options_.workers = std::max(1u, std::thread::hardware_concurrency());
}

Program::~Program() {
    stop();
}

Result<std::unique_ptr<Program>> Program::create(const RunOptions& options,
                                                 config::Configuration configuration,
                                                 Inheritance* inherited) {
    std::unique_ptr<Program> self(new Program(options));
    WEIR_CHECK(self->set_up(std::move(configuration), inherited));
    return self;
}

Result<void> Program::set_up(config::Configuration configuration, Inheritance* inherited) {
    if (options_.mock) WEIR_CHECK(set_up_mock());
    tokens_ = std::make_unique<TokenService>(static_cast<int>(options_.workers) + 1, clock_);
    WEIR_TRY(limits_, LimitState::create({.state_dir = options_.state_dir,
                                          .redis = redis_link(configuration),
                                          .loop = static_cast<int>(options_.workers) + 2,
                                          .takeover = inherited != nullptr},
                                         clock_));
    WEIR_TRY(auto snapshot, compile(configuration));
    tokens_->settle();
    limits_->prepare(*snapshot);
    limits_->connect();
    WEIR_TRY(access_log_, telemetry::AccessLog::open(options_.access_log, options_.workers));
    metrics_ = std::make_unique<telemetry::Metrics>(
        options_.workers, telemetry::Metrics::Options{.version = WEIR_VERSION});
    add_sources();
    WEIR_TRY(Ports::Plan plan,
             ports_.plan(*snapshot, parse_overrides(options_.listen), options_.workers, inherited));
    WEIR_TRY(Entrances::Made made, entrances_.make(*snapshot, server_options()));
    set_up_workers();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        WEIR_CHECK(workers_[i]->gateway.publish(snapshot, plan.table));
        workers_[i]->service.server().set_entrances(by_number(plan, made));
        WEIR_CHECK(listen(*workers_[i], i, plan));
    }
    put_in_force(std::move(configuration), std::move(snapshot), std::move(plan));
    return set_up_admin(inherited);
}

/// What the command line says, else a document of kind EnvoyGateway. The mock provider's users have
/// no Redis of a cluster at hand.
RedisLink Program::redis_link(const config::Configuration& configuration) const {
    RedisLink link{.url = options_.redis};
    const auto& said = configuration.shared_store;
    if (!link.url.empty() || !said) return link;
    if (options_.mock) {
        log::warn("limits: with --mock they are not shared through the Redis of EnvoyGateway");
        return link;
    }
    link.url = said->url;
    link.said_by = fmt::format("{}: rateLimit.backend.redis.url", said->place.to_string());
    if (said->client_certificate)
        if (const auto* secret = configuration.secret(said->client_certificate->name)) {
            link.chain_pem = secret->values.at("tls.crt").reveal();
            link.key_pem = secret->values.at("tls.key");
            if (auto ca = secret->values.find("ca.crt"); ca != secret->values.end())
                link.ca_pem = ca->second.reveal();
        }
    return link;
}

Result<void> Program::set_up_mock() {
    WEIR_TRY(auto script, load_mock_script(options_.mock_script));
    mock_ = std::make_unique<MockService>(0, std::move(script));
    WEIR_TRY(net::Address address, net::parse_listen_address("127.0.0.1:0"));
    WEIR_TRY(auto sockets, net::ListenSockets::open(address, 1));
    mock_origin_ = snapshot::Origin{"mock", "127.0.0.1", sockets.address().port(), false, {}, {}};
    mock_->listen(sockets.take(0));
    return {};
}

Result<std::shared_ptr<const snapshot::Snapshot>> Program::compile(
    const config::Configuration& configuration) const {
    config::Options load = load_options();
    return snapshot::compile(configuration, {.env = load.env,
                                             .mock = mock_origin_,
                                             .now = std::time(nullptr),
                                             .limits = &limits_->registry(),
                                             .read_file = load.read_file,
                                             .tokens = &tokens_->desk()});
}

/// What the process shares; the rest is each listener's (Entrances).
http::ServerOptions Program::server_options() {
    http::ServerOptions server;
    server.body_memory = &body_memory_;
    server.connections = &connections_;
    return server;
}

/// The entrances in the order of the listeners' numbers.
std::vector<std::shared_ptr<const http::Entrance>> Program::by_number(const Ports::Plan& plan,
                                                                      const Entrances::Made& made) {
    std::vector<std::shared_ptr<const http::Entrance>> out;
    for (const proxy::ListenerPort& listener : plan.table)
        out.push_back(listener.port == proxy::kNoPort ? nullptr : made[listener.port]);
    return out;
}

void Program::set_up_workers() {
    http::ServerOptions server = server_options();
    for (unsigned i = 0; i < options_.workers; ++i) {
        workers_.push_back(std::make_unique<WorkerParts>(
            static_cast<int>(i), metrics_->shard(i), access_log_->writer(i), clock_, health_,
            in_flight_, principals_, server, limits_->limiting()));
        add_worker_sources(metrics_->shard(i), *workers_.back());
    }
}

/// One worker's share of what a plan adds.
Result<void> Program::listen(WorkerParts& worker, std::size_t index,
                             const Ports::Plan& plan) const {
    for (const Ports::Bound& bound : plan.added) {
        for (std::size_t i = index; i < bound.sockets.size(); i += options_.workers) {
            WEIR_TRY(int fd, bound.sockets.duplicate(i));
            worker.service.listen(fd, bound.number);
        }
    }
    return {};
}

/// Every connection may need a second one, to a provider; some descriptors are for files and admin.
uint32_t Program::connections_that_fit() {
    constexpr uint64_t kOthers = 128;
    uint64_t descriptors = descriptor_limit();
    return static_cast<uint32_t>(std::min<uint64_t>(
        descriptors > 2 * kOthers ? (descriptors - kOthers) / 2 : descriptors / 4, UINT32_MAX));
}

void Program::put_in_force(config::Configuration configuration,
                           std::shared_ptr<const snapshot::Snapshot> snapshot, Ports::Plan plan) {
    const config::Limits& limits = snapshot->limits;
    body_memory_.limit = limits.body_memory;
    connections_.limit =
        limits.connections
            ? static_cast<uint32_t>(std::min<uint64_t>(limits.connections, UINT32_MAX))
            : connections_that_fit();
    entrances_.handshakes().limit =
        static_cast<uint32_t>(std::min<uint64_t>(limits.handshakes, UINT32_MAX));
    addresses_ = plan.addresses;
    ports_.commit(std::move(plan));
    std::lock_guard lock(configuration_mutex_);
    configuration_ = std::make_shared<const config::Configuration>(std::move(configuration));
    snapshot_ = std::move(snapshot);
}

std::shared_ptr<const snapshot::Snapshot> Program::in_force() const {
    std::lock_guard lock(configuration_mutex_);
    return snapshot_;
}

quota::Time Program::limit_time() const {
    return std::chrono::floor<quota::Milliseconds>(clock_.system_now());
}

Result<void> Program::replace(config::Configuration configuration) {
    WEIR_TRY(auto snapshot, compile(configuration));
    if (redis_link(configuration).url != redis_link(*configuration_).url)
        log::warn("limits: another Redis is named; it is used from the next start on");
    limits_->prepare(*snapshot);
    WEIR_TRY(Ports::Plan plan,
             ports_.plan(*snapshot, parse_overrides(options_.listen), workers_.size(), nullptr));
    WEIR_TRY(Entrances::Made made, entrances_.make(*snapshot, server_options()));
    tokens_->settle();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        Result<void> published;
        // Only the first can refuse (a CA bundle that cannot be used): the others see the same.
        workers_[i]->loop.call([&, &worker = *workers_[i]] {
            published = worker.gateway.publish(snapshot, plan.table);
            if (!published) return;
            worker.service.server().set_entrances(by_number(plan, made));
            if (auto listening = listen(worker, i, plan); !listening)
                log::error("{}", listening.error().detail());
            for (uint32_t number : plan.removed)
                worker.service.retire(number);
        });
        if (!published) return published;
    }
    put_in_force(std::move(configuration), std::move(snapshot), std::move(plan));
    return {};
}

std::string Program::config_json() const {
    std::shared_ptr<const config::Configuration> configuration;
    {
        std::lock_guard lock(configuration_mutex_);
        configuration = configuration_;
    }
    json::Value out = config::to_json(*configuration);
    out.set("reload", reload_status_.to_json());
    return json::serialize(out);
}

Result<void> Program::set_up_admin(Inheritance* inherited) {
    if (options_.admin == "off") return {};
    WEIR_TRY(admin_sockets_,
             open_sockets(kAdminKey + options_.admin, "--admin", options_.admin, 1, inherited));
    admin_loop_ = std::make_unique<LoopThread>(static_cast<int>(options_.workers), "admin");
    admin_handler_ = std::make_unique<admin::AdminHandler>(admin::AdminHandler::Sources{
        [this] { return scrape(); }, [this] { return config_json(); },
        [this] { return limits_json(*in_force(), limits_->leases(), limit_time()); }, ready_});
    admin_ = std::make_unique<Service>(*admin_loop_, *admin_handler_, http::ServerOptions{});
    for (std::size_t i = 0; i < admin_sockets_->size(); ++i) {
        WEIR_TRY(int fd, admin_sockets_->duplicate(i));
        admin_->listen(fd, 0, kAdminReserve);
    }
    admin_address_ = admin_sockets_->address().to_string();
    return {};
}

void Program::start() {
    if (mock_) mock_->start();
    limits_->start();
    for (auto& worker : workers_)
        worker->loop.start();
    if (admin_loop_) admin_loop_->start();
    ready_ = true;
}

std::vector<Handed> Program::sockets() const {
    std::vector<Handed> out;
    auto add = [&](std::string key, const net::ListenSockets& sockets) {
        Handed handed{std::move(key), {}};
        for (std::size_t i = 0; i < sockets.size(); ++i)
            handed.sockets.push_back(sockets.descriptor(i));
        out.push_back(std::move(handed));
    };
    for (const Ports::Bound& bound : ports_.bound())
        add(bound.key, bound.sockets);
    if (admin_sockets_) add(kAdminKey + options_.admin, *admin_sockets_);
    return out;
}

void Program::begin_drain(bool replaced) {
    undrained_ = workers_.size();
    ports_.close();
    limits_->drain();
    if (replaced && admin_) {
        admin_sockets_.reset();
        admin_loop_->call([this] { admin_->retire(0); });
    }
    for (auto& worker : workers_)
        worker->loop.worker().post([this, parts = worker.get()] {
            parts->service.drain();
            parts->service.server().when_empty([this] { --undrained_; });
        });
    ready_ = false;  // last: whoever reads it knows that the workers have been told
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
    if (limits_) limits_->stop();
    if (tokens_) tokens_->stop();
    workers_.clear();
    snapshot_.reset();
    limits_.reset();
    admin_.reset();
    admin_loop_.reset();
    mock_.reset();
    access_log_.reset();
}

void Program::reopen_logs() {
    access_log_->reopen();
}

}  // namespace weir::cli
