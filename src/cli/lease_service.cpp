#include "cli/lease_service.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/log.h"
#include "net/sleep.h"

namespace weir::cli {
namespace {

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kLastTicks{10};
constexpr std::chrono::seconds kStart{3};
constexpr std::chrono::seconds kEnd{2};

uint64_t seed() {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
}

Result<std::unique_ptr<net::TlsContext>> trust(const store::RedisAddress& address,
                                               const RedisLink& link) {
    if (!address.tls) return std::unique_ptr<net::TlsContext>();
    net::ProviderTls settings;
    settings.alpn.clear();  // Redis has no protocol to negotiate
    settings.chain_pem = link.chain_pem;
    settings.key_pem = link.key_pem;
    std::string& pem = settings.ca_pem = link.ca_pem;
    if (!address.ca_file.empty()) {
        std::ifstream file(address.ca_file);
        std::ostringstream text;
        text << file.rdbuf();
        pem = text.str();
        if (!file || pem.empty())
            return fail(codes::config_invalid, fmt::format("{}: cannot read the CA file {}",
                                                           link.said_by, address.ca_file));
    }
    return net::TlsContext::create(settings);
}

}  // namespace

LeaseService::LeaseService(int id, quota::Registry& registry, const Clock& clock)
    : registry_(registry),
      clock_(clock),
      loop_(id, "leases"),
      resolver_(loop_.worker()),
      random_(seed()) {}

Result<std::unique_ptr<LeaseService>> LeaseService::create(const RedisLink& link, int id,
                                                           quota::Registry& registry,
                                                           const Clock& clock) {
    auto address = store::parse_redis_url(link.url);
    if (!address)
        return fail(codes::config_invalid,
                    fmt::format("{}: {}", link.said_by, address.error().detail()));
    std::unique_ptr<LeaseService> self(new LeaseService(id, registry, clock));
    WEIR_TRY(self->tls_, trust(*address, link));
    LeaseService& service = *self;
    self->store_ = store::open_store(
        {self->loop_.worker(), self->resolver_, self->tls_.get()}, std::move(*address),
        [&service] { return std::uniform_real_distribution<double>(0, 1)(service.random_); },
        [&service](store::SharedStore::Change change) { service.changed(change); });
    self->keeper_ = std::make_unique<quota::LeaseKeeper>(*self->store_,
                                                         [&service] { return service.random_(); });
    return self;
}

LeaseService::~LeaseService() {
    loop_.stop();
}

quota::Time LeaseService::now() const {
    return std::chrono::floor<quota::Milliseconds>(clock_.system_now());
}

void LeaseService::start() {
    store_->start();
    loop_.worker().tasks().spawn(run());
    loop_.start();
    running_ = true;
}

void LeaseService::connect() {
    std::unique_lock guard(lock_);
    if (told_.wait_for(guard, kStart, [this] { return reachable(); }))
        log::info("limits: shared through {}", address());
    else
        log::warn("limits: {} does not answer yet", address());
}

net::Task<void> LeaseService::run() {
    while (true) {
        auto pause = ending_ ? kLastTicks : kTick;
        co_await net::Sleep(loop_.worker(), std::chrono::steady_clock::now() + pause, cancel_);
        step();
    }
}

void LeaseService::set_reachable(bool reachable) {
    if (reachable_.exchange(reachable) == reachable) return;
    std::lock_guard guard(lock_);
    told_.notify_all();
}

void LeaseService::late() {
    reachable_ = false;
}

void LeaseService::step() {
    bool answers = store_->answers(patience());
    keeper_->set_growing(store_->settled());
    if (answers) keeper_->tick(now());
    set_reachable(answers && store_->settled());
    active_ = keeper_->active();
    claims_ = keeper_->claims();
    if (!ending_ || (reachable() && !keeper_->all_returned(now()))) return;
    std::lock_guard guard(lock_);
    ended_ = true;
    told_.notify_all();
}

void LeaseService::changed(store::SharedStore::Change change) {
    if (change == store::SharedStore::Change::lost) return set_reachable(false);
    if (change == store::SharedStore::Change::forgot) keeper_->restore(registry_.leased(), now());
    step();
}

void LeaseService::refill(std::vector<quota::LeaseNeed> needs, Done done) {
    loop_.worker().post([this, needs = std::move(needs), done = std::move(done)]() mutable {
        if (reachable())
            keeper_->refill(std::move(needs), std::move(done), now());
        else
            done(std::vector(needs.size(), quota::LeaseOutcome::lost));
    });
}

void LeaseService::touch(quota::LeaseNeed need) {
    loop_.worker().post([this, need = std::move(need)] { keeper_->touch(need, now()); });
}

void LeaseService::adopt() {
    loop_.worker().post([this] { keeper_->adopt(registry_.leased(), now()); });
}

void LeaseService::retire() {
    loop_.worker().post([this] {
        keeper_->retire();
        step();
    });
}

void LeaseService::stop() {
    if (!std::exchange(running_, false)) return;
    loop_.call([this] {
        keeper_->retire();
        ending_ = true;
        step();
    });
    std::unique_lock guard(lock_);
    bool returned = told_.wait_for(guard, kEnd, [this] { return ended_; });
    guard.unlock();
    if (!returned || !reachable())
        log::warn("limits: {} was not told all that was used and not used here", address());
    loop_.stop();
}

void LeaseService::report(telemetry::Sink& sink) const {
    const store::RedisStats& stats = store_->stats();
    auto value = [](uint64_t n) { return static_cast<double>(n); };
    sink.gauge("weir_limit_store_up", "1 while the Redis that shares limits answers.",
               reachable() ? 1 : 0, {});
    sink.counter("weir_limit_store_connections_total", "Connections made to it.",
                 value(stats.connections), {});
    sink.counter("weir_limit_store_failures_total", "Connections to it lost or not made.",
                 value(stats.failures), {});
    sink.counter("weir_limit_store_answers_total", "Batches of claims (and pings) it answered.",
                 value(stats.answers), {});
    sink.counter("weir_limit_store_seconds_total", "Time until those answers, summed.",
                 value(stats.waited_ns) / 1e9, {});
    sink.counter("weir_limit_store_claims_total", "Claims of leases sent to it.", value(claims_),
                 {});
    sink.gauge("weir_limit_store_leases", "Counters with a lease that is in use.", value(active_),
               {});
}

}  // namespace weir::cli
