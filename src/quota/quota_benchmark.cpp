// What an admission costs: reservations over several rules, alone and with threads at the same
// counters, and how much memory a million users take.
#include <benchmark/benchmark.h>

#include <string>

#include "quota/registry.h"
#include "quota/reservation.h"

namespace weir::quota {
namespace {

constexpr uint64_t kMuch = uint64_t{1} << 40;
const Time kNow{std::chrono::seconds(1'700'000'000)};

HeapArena& arena() {
    static HeapArena heap;
    return heap;
}

Counters& shared_limit(int number) {
    static std::vector<std::shared_ptr<Counters>> limits = [] {
        std::vector<std::shared_ptr<Counters>> made;
        for (int i = 0; i < 8; ++i)
            made.push_back(std::make_shared<Counters>(CounterSpec{.identity = std::to_string(i),
                                                                  .window = {.unit = Unit::hour},
                                                                  .distinct = i % 2 == 1,
                                                                  .max_keys = 1'000'000},
                                                      arena()));
        return made;
    }();
    return *limits[static_cast<std::size_t>(number)];
}

/// Two limits for everybody, two for each of 1,000 users.
void ReserveAndSettleFourRules(benchmark::State& state) {
    KeyHasher hasher(1, 2);
    std::vector<Key> users;
    for (int i = 0; i < 1000; ++i)
        users.push_back(hasher.of("user-" + std::to_string(i)));
    std::vector<Demand> demands;
    for (int i = 0; i < 4; ++i)
        demands.push_back({.counters = &shared_limit(i), .limit = kMuch, .amount = 1500});
    std::vector<uint64_t> actual(4, 700);
    Reservation held;
    std::size_t user = static_cast<std::size_t>(state.thread_index()) * 317;
    for (auto _ : state) {
        for (auto& demand : demands)
            demand.key = users[user % users.size()];
        ++user;
        benchmark::DoNotOptimize(reserve(demands, kNow, held));
        held.settle(actual, kNow);
    }
}
BENCHMARK(ReserveAndSettleFourRules)->ThreadRange(1, 2)->UseRealTime();

void ReserveSliding(benchmark::State& state) {
    Counters counters({.identity = "sliding", .window = {Unit::hour, Window::Kind::sliding}},
                      arena());
    std::vector<Demand> demands{{.counters = &counters, .limit = kMuch, .amount = 1500}};
    std::vector<uint64_t> actual{700};
    Reservation held;
    for (auto _ : state) {
        benchmark::DoNotOptimize(reserve(demands, kNow, held));
        held.settle(actual, kNow);
    }
}
BENCHMARK(ReserveSliding);

void HashUserId(benchmark::State& state) {
    KeyHasher hasher(1, 2);
    std::string user = "user-4711-of-tenant-12";
    for (auto _ : state)
        benchmark::DoNotOptimize(hasher.of(user));
}
BENCHMARK(HashUserId);

class CountingArena final : public Arena {
public:
    Block take(std::size_t bytes) override {
        lent += bytes;
        return heap_.take(bytes);
    }
    void give_back(Block block) override { heap_.give_back(block); }
    std::size_t lent = 0;

private:
    HeapArena heap_;
};

void MillionUsers(benchmark::State& state) {
    auto kind = state.range(0) ? Window::Kind::sliding : Window::Kind::fixed;
    KeyHasher hasher(3, 4);
    for (auto _ : state) {
        CountingArena counting;
        Counters counters({.identity = "users",
                           .window = {Unit::hour, kind},
                           .distinct = true,
                           .max_keys = 1'000'000},
                          counting);
        std::vector<uint64_t> actual{5};
        for (uint64_t i = 0; i < 1'000'000; ++i) {
            Reservation held;
            std::vector<Demand> demand{{.counters = &counters,
                                        .key = hasher.combined({i, 7}, {}),
                                        .limit = 100,
                                        .amount = 10}};
            benchmark::DoNotOptimize(reserve(demand, kNow, held));
            held.settle(actual, kNow);
        }
        state.counters["evicted"] = static_cast<double>(counters.evicted());
        state.counters["keys"] = static_cast<double>(counters.use(kNow).keys);
        // The indexes: at most two entries of 8 bytes per key, twice with the smaller ones before.
        state.counters["MB"] = (static_cast<double>(counting.lent) + 1048576.0 * 8 * 2 * 2) / 1e6;
    }
}
BENCHMARK(MillionUsers)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::quota
