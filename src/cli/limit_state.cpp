#include "cli/limit_state.h"

#include <pthread.h>

#include <random>
#include <set>

#include "base/log.h"
#include "route/matcher.h"

namespace weir::cli {
namespace {

constexpr std::chrono::seconds kTend{2};
constexpr int kSyncEvery = 5;  // times
constexpr uint64_t kSharedKey[] = {0x7765'6972'206c'696d, 0x6974'7320'6b65'7973};

bool needs_estimates(const snapshot::LimitPlan& plan) {
    return std::any_of(plan.rules().begin(), plan.rules().end(), [](const auto& rule) {
        return !rule.cost.nothing() && rule.settings.enforcement == config::Enforcement::reserve;
    });
}

}  // namespace

Result<std::unique_ptr<LimitState>> LimitState::create(const Where& where, const Clock& clock) {
    std::unique_ptr<LimitState> self(new LimitState(clock));
    if (where.state_dir.empty()) {
        std::random_device random;
        auto word = [&] { return uint64_t{random()} << 32 | random(); };
        self->hasher_ = std::make_unique<quota::KeyHasher>(word(), word());
        self->registry_ = std::make_unique<quota::Registry>(self->heap_);
    } else {
        WEIR_TRY(self->file_, StateFile::open(where.state_dir, where.takeover));
        self->hasher_ = std::make_unique<quota::KeyHasher>(self->file_->hasher());
        self->registry_ = std::make_unique<quota::Registry>(*self->file_, self->file_->take_kept(),
                                                            self->file_->alone());
    }
    if (where.redis.url.empty()) return self;
    // All instances must find the same counter for the same value.
    self->hasher_ = std::make_unique<quota::KeyHasher>(kSharedKey[0], kSharedKey[1]);
    self->registry_->share();
    WEIR_TRY(self->leases_, LeaseService::create(where.redis, where.loop, *self->registry_, clock));
    return self;
}

LimitState::~LimitState() {
    stop();
}

void LimitState::prepare(const snapshot::Snapshot& snapshot) {
    if (leases_) leases_->adopt();
    std::set<std::string> models;
    bool needed = false;
    for (const auto& rule : snapshot.rules) {
        bool here = needs_estimates(rule.limits);
        for (const auto& attempt : rule.attempts) {
            for (const auto& quota : attempt.quotas)
                here |= needs_estimates(quota.plan);
            if (here) models.insert(attempt.model_override);
        }
        needed |= here;
    }
    if (!needed) return;
    for (const auto& port : snapshot.ports)
        for (const auto& alternative : port.matcher.alternatives())
            for (const auto& header : alternative.headers)
                if (header.name == route::kModelHeader && !header.regex)
                    models.insert(header.value);
    models.erase("");
    if (models.empty()) models = {"gpt-4o", "gpt-4"};  // any may come
    for (const auto& model : models)
        if (auto loaded = vocabularies_.prepare(tokens::encoding_of(model)); !loaded)
            log::error("{}", loaded.error().to_string());
}

void LimitState::connect() {
    if (!leases_) return;
    leases_->start();
    leases_->connect();
}

void LimitState::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "limits");
        tend();
    });
}

void LimitState::tend() {
    std::unique_lock guard(lock_);
    for (int turn = 1; !wake_.wait_for(guard, kTend, [this] { return stopping_; }); ++turn) {
        registry_->sweep(std::chrono::floor<quota::Milliseconds>(clock_.system_now()));
        if (!file_) continue;
        file_->tend();
        if (turn % kSyncEvery == 0) file_->sync();
    }
}

void LimitState::drain() {
    {
        std::lock_guard guard(lock_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (leases_) leases_->retire();
    if (file_) file_->seal();
}

void LimitState::stop() {
    drain();
    if (leases_) leases_->stop();
    if (file_) file_->sync();
}

}  // namespace weir::cli
