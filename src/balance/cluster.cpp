#include "balance/cluster.h"

#include <algorithm>
#include <array>

#include "balance/hash.h"
#include "balance/priorities.h"
#include "balance/slow_start.h"
#include "base/error.h"

namespace weir::balance {

Cluster::Cluster(std::string key, ClusterPolicy policy, const std::vector<ClusterBackend>& backends)
    : key_(std::move(key)), policy_(std::move(policy)) {
    WEIR_ASSERT(backends.size() <= kMaxBackends);
    if (policy_.outlier) outliers_.emplace(*policy_.outlier);
    std::vector<uint32_t> priorities;
    for (const auto& backend : backends)
        if (backend.weight > 0 && !backend.endpoints.empty())
            priorities.push_back(backend.priority);
    std::sort(priorities.begin(), priorities.end());
    priorities.erase(std::unique(priorities.begin(), priorities.end()), priorities.end());
    levels_ = static_cast<uint32_t>(priorities.size());
    for (const auto& backend : backends) {
        auto level = std::find(priorities.begin(), priorities.end(), backend.priority);
        backends_.push_back({backend.endpoints.empty() ? 0 : backend.weight,
                             static_cast<uint32_t>(level - priorities.begin()),
                             static_cast<uint32_t>(endpoints_.size()),
                             static_cast<uint32_t>(backend.endpoints.size())});
        for (const auto& endpoint : backend.endpoints) {
            std::string name = backend.key + "|" + endpoint;
            uint64_t hash = hash_of(name);
            endpoints_.push_back({std::move(name), endpoint, hash});
        }
    }
}

void Attempts::failed(const Cluster& cluster, const Choice& choice, bool elsewhere) {
    endpoints_[count_++ % kRemembered] = choice.flat;
    if (elsewhere) backends_.set(choice.backend);
    seen_levels_.set(cluster.backends()[choice.backend].level);
    uint32_t per_level = cluster.policy().retry.attempts_per_priority;
    if (per_level == 0 || count_ % per_level != 0) return;
    left_levels_ |= seen_levels_;
    seen_levels_.reset();
}

bool Attempts::tried(uint32_t endpoint) const {
    uint32_t remembered = std::min(count_, kRemembered);
    return std::find(endpoints_, endpoints_ + remembered, endpoint) != endpoints_ + remembered;
}

/// One draw: the answers of choose() that its steps share.
class Draw {
public:
    Draw(const Cluster& cluster, ClusterState& state, Attempts& attempts, uint64_t random,
         TimePoint now)
        : cluster_(cluster), state_(state), attempts_(attempts), random_(random), now_(now) {}

    enum class Fresh : uint8_t { backend, endpoint, any };  ///< what must not have been tried yet

    std::optional<Choice> run() {
        judge_health();
        bool only_untried = cluster_.policy().retry.only_untried || attempts_.only_untried;
        if (only_untried && attempts_.count_ > 0) {
            for (Fresh fresh : {Fresh::backend, Fresh::endpoint}) {
                if (fresh == Fresh::endpoint && attempts_.count_ >= Attempts::kRemembered) break;
                for (uint32_t level = 0; level < cluster_.levels(); ++level)
                    if (auto choice = pick_in(level, fresh)) return choice;
            }
            return std::nullopt;
        }
        std::span<const PriorityLoad> loads(loads_.data(), cluster_.levels());
        auto level =
            static_cast<uint32_t>(pick_priority(loads, static_cast<uint32_t>(next_random() % 100)));
        if (level >= cluster_.levels()) return std::nullopt;
        for (Fresh fresh : {Fresh::backend, Fresh::endpoint, Fresh::any})
            if (auto choice = pick_in(level, fresh)) return choice;
        return std::nullopt;
    }

private:
    uint64_t next_random() {
        uint64_t drawn = random_;
        random_ = mixed(random_ + 0x9e3779b97f4a7c15ull);
        return drawn;
    }

    bool healthy(uint32_t flat) const {
        return !cluster_.watches_health() || state_.endpoints[flat]->healthy();
    }

    /// Loads per priority, those left out that had their attempts (Envoy's previous_priorities:
    /// when none is left all count again).
    void judge_health() {
        const uint32_t levels = cluster_.levels();
        std::array<PriorityHealth, kMaxBackends> health;
        std::fill_n(health.begin(), levels, PriorityHealth{});
        for (const auto& backend : cluster_.backends()) {
            if (backend.weight == 0) continue;
            for (uint32_t i = 0; i < backend.count; ++i)
                health[backend.level].healthy += healthy(backend.first + i);
            health[backend.level].total += backend.count;
        }
        auto compute = [&] {
            priority_loads(std::span(health.data(), levels), cluster_.policy().panic_threshold,
                           std::span(loads_.data(), levels));
        };
        if (attempts_.left_levels_.any()) {
            auto kept = health;
            uint32_t left = 0;
            for (uint32_t i = 0; i < levels; ++i)
                if (attempts_.left_levels_[i])
                    health[i].healthy = 0;
                else
                    left += health[i].healthy;
            if (left > 0) return compute();
            health = kept;
            attempts_.left_levels_.reset();
        }
        compute();
    }

    bool eligible(uint32_t flat, bool panic, Fresh fresh) const {
        return (panic || healthy(flat)) && (fresh == Fresh::any || !attempts_.tried(flat));
    }

    std::optional<Choice> pick_in(uint32_t level, Fresh fresh) {
        const bool panic = loads_[level].panic;
        if (cluster_.policy().algorithm == Algorithm::consistent_hash && attempts_.hash)
            return pick_by_hash(level, panic, fresh);
        auto weight_of = [&](size_t b) -> uint64_t {
            const auto& backend = cluster_.backends()[b];
            if (backend.level != level || backend.weight == 0) return 0;
            if (fresh == Fresh::backend && attempts_.backends_[b]) return 0;
            PriorityHealth health{0, backend.count};
            bool any = false;
            for (uint32_t i = backend.first; i < backend.first + backend.count; ++i) {
                health.healthy += healthy(i);
                any = any || eligible(i, panic, fresh);
            }
            if (!any) return 0;
            return uint64_t{backend.weight} * (panic ? 1000 : effective_share(health));
        };
        const size_t size = cluster_.backends().size();
        uint64_t total = 0;
        for (size_t b = 0; b < size; ++b)
            total += weight_of(b);
        if (total == 0) return std::nullopt;
        uint64_t drawn = next_random() % total;  // total is below 2^49: the bias is below 2^-15
        for (size_t b = 0; b < size; ++b) {
            uint64_t weight = weight_of(b);
            if (drawn < weight) return pick_endpoint(static_cast<uint32_t>(b), panic, fresh);
            drawn -= weight;
        }
        return std::nullopt;
    }

    Choice pick_endpoint(uint32_t b, bool panic, Fresh fresh) {
        const auto& backend = cluster_.backends()[b];
        if (backend.count == 1) return {b, 0, backend.first};
        if (cluster_.policy().slow_start.count() > 0)
            if (auto slow = pick_warming(b, panic, fresh)) return *slow;
        const Algorithm algorithm = cluster_.policy().algorithm;
        const bool in_turn =
            algorithm == Algorithm::round_robin || algorithm == Algorithm::least_request;
        uint32_t from = in_turn ? state_.turns[b]++ : static_cast<uint32_t>(next_random());
        uint32_t best = next_eligible(backend, from, panic, fresh);
        if (algorithm == Algorithm::least_request) {
            // The power of two choices; of two that are equally busy the one in turn.
            uint32_t other =
                next_eligible(backend, static_cast<uint32_t>(next_random()), panic, fresh);
            if (active(backend.first + other) < active(backend.first + best)) best = other;
        }
        return {b, best, backend.first + best};
    }

    /// While endpoints differ in how long they have been there: by chance, in proportion to that
    /// (of least request also to how idle they are). Nothing where all are alike.
    std::optional<Choice> pick_warming(uint32_t b, bool panic, Fresh fresh) {
        // Two workers may have seen the endpoints of a beginning in the same moment, not at once.
        constexpr double kAlike = 0.01;
        const auto& backend = cluster_.backends()[b];
        const bool by_load = cluster_.policy().algorithm == Algorithm::least_request;
        double total = 0, least = 1, most = 0;
        auto weight_of = [&](uint32_t i) {
            const uint32_t flat = backend.first + i;
            if (!eligible(flat, panic, fresh)) return 0.0;
            const double warm = warmth(*state_.endpoints[flat], cluster_.policy().slow_start, now_);
            least = std::min(least, warm);
            most = std::max(most, warm);
            return by_load ? warm / (active(flat) + 1) : warm;
        };
        for (uint32_t i = 0; i < backend.count; ++i)
            total += weight_of(i);
        if (most - least < kAlike) return std::nullopt;
        double drawn = static_cast<double>(next_random() >> 11) * 0x1.0p-53 * total;
        std::optional<Choice> last;
        for (uint32_t i = 0; i < backend.count; ++i) {
            const double weight = weight_of(i);  // may have changed meanwhile, so: the last one
            if (weight <= 0) continue;
            last = Choice{b, i, backend.first + i};
            if (drawn < weight) break;
            drawn -= weight;
        }
        return last;
    }

    uint32_t active(uint32_t flat) const {
        return state_.endpoints[flat]->active.load(std::memory_order_relaxed);
    }

    uint32_t next_eligible(const Cluster::Backend& backend, uint32_t from, bool panic,
                           Fresh fresh) const {
        for (uint32_t i = 0; i < backend.count; ++i) {
            uint32_t at = (from + i) % backend.count;
            if (eligible(backend.first + at, panic, fresh)) return at;
        }
        return from % backend.count;
    }

    std::optional<Choice> pick_by_hash(uint32_t level, bool panic, Fresh fresh) const {
        std::optional<Choice> best;
        double lowest = 0;
        for (uint32_t b = 0; b < cluster_.backends().size(); ++b) {
            const auto& backend = cluster_.backends()[b];
            if (backend.level != level || backend.weight == 0) continue;
            if (fresh == Fresh::backend && attempts_.backends_[b]) continue;
            double weight = static_cast<double>(backend.weight) / backend.count;
            for (uint32_t i = 0; i < backend.count; ++i) {
                uint32_t flat = backend.first + i;
                if (!eligible(flat, panic, fresh)) continue;
                double score =
                    rendezvous_score(cluster_.endpoints()[flat].hash, *attempts_.hash, weight);
                if (best && score >= lowest) continue;
                best = Choice{b, i, flat};
                lowest = score;
            }
        }
        return best;
    }

    const Cluster& cluster_;
    ClusterState& state_;
    Attempts& attempts_;
    uint64_t random_;
    TimePoint now_;
    std::array<PriorityLoad, kMaxBackends> loads_;
};

std::optional<Choice> choose(const Cluster& cluster, ClusterState& state, Attempts& attempts,
                             uint64_t random, TimePoint now) {
    if (cluster.outliers() && cluster.outliers()->due(state.counts->last_sweep, now))
        cluster.outliers()->sweep(state.endpoints, state.counts->last_sweep, now);
    // The usual rule, one backend at one address: health leaves no choice, unless panic is off.
    if (cluster.endpoints().size() == 1 && cluster.backends().size() == 1 &&
        attempts.count() == 0 &&
        (cluster.policy().panic_threshold > 0 || !cluster.watches_health()))
        return cluster.backends()[0].weight > 0 ? std::optional(Choice{}) : std::nullopt;
    return Draw(cluster, state, attempts, random, now).run();
}

}  // namespace weir::balance
