#include "quota/lease_keeper.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "quota/registry.h"
#include "quota/reservation.h"

namespace weir::quota {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kStart{seconds(1'700'000'040)};  // 20 s into a minute's window

/// Keeps the contract of store.h, answers when it is told to, and may lose claims or memory.
class FakeStore final : public Store {
public:
    enum class Mood : uint8_t {
        answers,
        down,           ///< claims do not arrive
        loses_answers,  ///< claims take effect, and their sender is not told
    };
    void claim(std::vector<Claim> claims, Done done) override {
        pending_.push_back([this, claims = std::move(claims), done = std::move(done)] {
            if (mood == Mood::down) return done(Grants(claims.size()));
            Grants grants;
            for (const Claim& claim : claims)
                grants.push_back(apply(claim));
            if (mood == Mood::loses_answers) return done(Grants(claims.size()));
            done(std::move(grants));
        });
    }
    /// Answers what was asked, and what is asked meanwhile.
    void answer() {
        while (!pending_.empty()) {
            auto next = std::move(pending_.front());
            pending_.erase(pending_.begin());
            next();
        }
    }
    void forget() { counters_.clear(); }
    /// Granted to all in the window.
    uint64_t sum(uint64_t number, uint32_t numbers = 1) const {
        uint64_t all = 0;
        for (const auto& [counter, fields] : counters_)
            for (const auto& [field, amount] : fields)
                if (field.first <= number && field.first + numbers > number) all += amount;
        return all;
    }
    Mood mood = Mood::answers;
    std::size_t applied = 0;

private:
    using Field = std::pair<uint64_t, uint64_t>;  // number, holder
    Grant apply(const Claim& claim) {
        ++applied;
        auto& fields = counters_[claim.counter];
        uint64_t all = 0, others = 0;
        for (const auto& [field, amount] : fields) {
            bool counts = field.first + claim.numbers > claim.number &&
                          (field.first <= claim.number || claim.numbers > 1);
            if (!counts || field == Field{claim.number, claim.holder}) continue;
            all += amount;
            if (field.second != claim.holder) others += amount;
        }
        uint64_t rest = claim.limit - std::min(claim.limit, all);
        uint64_t granted = std::max(claim.floor, std::min(claim.want, rest));
        fields[{claim.number, claim.holder}] = granted;
        return {granted, others};
    }
    std::map<std::string, std::map<Field, uint64_t>> counters_;
    std::vector<std::function<void()>> pending_;
};

/// One process: counters and their keeper.
struct Gateway {
    Gateway(FakeStore& shared, std::mt19937_64& dice, Window window, bool distinct = false)
        : store(shared),
          counters(std::make_shared<Counters>(
              CounterSpec{
                  .identity = "limit", .window = window, .distinct = distinct, .max_keys = 100},
              arena)),
          keeper(shared, [&dice] { return dice(); }) {}

    Demand demand(uint64_t limit, uint64_t amount, Lacking lacking = Lacking::ask) const {
        return {.counters = counters.get(), .limit = limit, .amount = amount, .lacking = lacking};
    }
    /// As an exchange does it: asks for a lease if need be, and accepts the answer.
    bool reserve(uint64_t limit, uint64_t amount, Reservation& into, Time now,
                 Lacking without_store = Lacking::refuse) {
        Lacking lacking = Lacking::ask;
        for (int i = 0; i < 8; ++i) {
            Demand wanted = demand(limit, amount, lacking);
            auto refusal = quota::reserve({&wanted, 1}, now, into);
            if (!refusal) {
                if (into.beyond_lease(0, now)) keeper.touch(need(limit, 0), now);
                return true;
            }
            if (!refusal->lacks_lease) return false;
            LeaseOutcome outcome = LeaseOutcome::lost;
            keeper.refill(
                {need(limit, amount)},
                [&](const std::vector<LeaseOutcome>& all) { outcome = all.at(0); }, now);
            store.answer();
            if (outcome == LeaseOutcome::full) lacking = Lacking::refuse;
            if (outcome == LeaseOutcome::lost) lacking = without_store;
        }
        return false;
    }
    LeaseNeed need(uint64_t limit, uint64_t amount) const {
        return {.counters = counters, .limit = limit, .amount = amount, .ahead = ahead};
    }
    void tick(Time now) {
        keeper.tick(now);
        store.answer();
    }
    uint64_t taken(Time now) const { return counters->use(now).taken; }
    uint64_t granted(Time now) const {
        const Node* node = counters->find(kEverybody);
        return node ? node->granted_in(counters->window(), counters->window().number(now)) : 0;
    }

    FakeStore& store;
    HeapArena arena;
    std::shared_ptr<Counters> counters;
    LeaseKeeper keeper;
    bool ahead = true;
};

constexpr Window kMinute{Unit::minute, Window::Kind::fixed, true};
constexpr Window kSlidingMinute{Unit::minute, Window::Kind::sliding, true};

class LeaseKeeperTest : public ::testing::Test {
protected:
    FakeStore store;
    std::mt19937_64 dice{7};
    uint64_t number(Time now = kStart) const { return kMinute.number(now); }
};

TEST_F(LeaseKeeperTest, TakesSomeInAdvanceAndThenAsksNobody) {
    Gateway gateway(store, dice, kMinute);
    Reservation held;
    ASSERT_TRUE(gateway.reserve(10'000, 50, held, kStart));
    EXPECT_EQ(gateway.granted(kStart), 50u + 200);  // a fiftieth
    EXPECT_EQ(store.applied, 1u);
    Reservation second;
    ASSERT_TRUE(gateway.reserve(10'000, 150, second, kStart));
    EXPECT_EQ(store.applied, 1u);
    gateway.tick(kStart);
    EXPECT_GE(gateway.granted(kStart), 400u) << "renewed before it runs out";
}

TEST_F(LeaseKeeperTest, GivesBackWhatNobodyUses) {
    Gateway gateway(store, dice, kMinute);
    {
        Reservation held;
        ASSERT_TRUE(gateway.reserve(10'000, 50, held, kStart));
        uint64_t used = 30;
        held.settle({&used, 1}, kStart);
    }
    for (int i = 0; i < LeaseKeeper::kIdle + 2; ++i)
        gateway.tick(kStart);
    EXPECT_EQ(store.sum(number()), 30u);
    EXPECT_EQ(gateway.keeper.active(), 0u);
    Reservation again;
    EXPECT_TRUE(gateway.reserve(10'000, 50, again, kStart));
    EXPECT_GE(store.sum(number()), 80u);
}

TEST_F(LeaseKeeperTest, AGatewayHasWhatAnotherGaveBack) {
    Gateway one(store, dice, kMinute), two(store, dice, kMinute);
    Reservation first, second;
    ASSERT_TRUE(one.reserve(1000, 900, first, kStart));
    EXPECT_FALSE(two.reserve(1000, 200, second, kStart));
    uint64_t used = 100;
    first.settle({&used, 1}, kStart);
    one.keeper.retire();
    one.tick(kStart);
    EXPECT_TRUE(one.keeper.all_returned(kStart));
    EXPECT_TRUE(two.reserve(1000, 900, second, kStart));
    EXPECT_EQ(second.standing(0, kStart).remaining(), 0u);
}

TEST_F(LeaseKeeperTest, WithoutAdvanceALeaseIsWhatIsUsed) {
    Gateway gateway(store, dice, kMinute);
    gateway.ahead = false;
    Reservation held;
    ASSERT_TRUE(gateway.reserve(10'000, 50, held, kStart));
    EXPECT_EQ(store.sum(number()), 50u);
    uint64_t used = 20;
    held.settle({&used, 1}, kStart);
    gateway.tick(kStart);
    gateway.tick(kStart);
    gateway.tick(kStart);
    EXPECT_EQ(store.sum(number()), 20u);
}

TEST_F(LeaseKeeperTest, UseBeyondTheLeaseIsToldWhateverTheLimitSays) {
    Gateway gateway(store, dice, kMinute);
    Reservation held;
    ASSERT_TRUE(gateway.reserve(100, 100, held, kStart));
    uint64_t used = 130;
    held.settle({&used, 1}, kStart);
    gateway.tick(kStart);
    EXPECT_EQ(store.sum(number()), 130u);
}

TEST_F(LeaseKeeperTest, AStoreThatForgotIsToldAnew) {
    Gateway gateway(store, dice, kMinute);
    Reservation held;
    ASSERT_TRUE(gateway.reserve(10'000, 50, held, kStart));
    uint64_t used = 50;
    held.settle({&used, 1}, kStart);
    for (int i = 0; i < LeaseKeeper::kIdle + 2; ++i)
        gateway.tick(kStart);
    ASSERT_EQ(gateway.keeper.active(), 0u);
    store.forget();
    gateway.keeper.set_growing(false);
    gateway.keeper.restore({gateway.counters}, kStart);
    gateway.tick(kStart);
    EXPECT_EQ(store.sum(number()), 50u);
}

TEST_F(LeaseKeeperTest, WithoutTheStoreALocalRuleKeepsToWhatIsLeft) {
    Gateway one(store, dice, kMinute), two(store, dice, kMinute);
    Reservation first, second, third;
    ASSERT_TRUE(one.reserve(1000, 300, first, kStart));
    ASSERT_TRUE(two.reserve(1000, 300, second, kStart));
    store.mood = FakeStore::Mood::down;
    EXPECT_FALSE(two.reserve(1000, 500, third, kStart, Lacking::refuse));
    EXPECT_FALSE(two.reserve(1000, 500, third, kStart, Lacking::rest));  // one has 320
    EXPECT_TRUE(two.reserve(1000, 380, third, kStart, Lacking::rest));
    store.mood = FakeStore::Mood::answers;
    two.tick(kStart);
    EXPECT_EQ(store.sum(number()), 1000u);
    Reservation open;
    store.mood = FakeStore::Mood::down;
    EXPECT_TRUE(two.reserve(1000, 380, open, kStart, Lacking::admit));
}

TEST_F(LeaseKeeperTest, TheNextWindowBeginsWithNothing) {
    Gateway gateway(store, dice, kMinute);
    Reservation held;
    ASSERT_TRUE(gateway.reserve(100, 100, held, kStart));
    Reservation refused, next;
    EXPECT_FALSE(gateway.reserve(100, 100, refused, kStart));
    EXPECT_TRUE(gateway.reserve(100, 100, next, kStart + seconds(60)));
    EXPECT_EQ(store.sum(number(kStart + seconds(60))), 100u);
}

/// What a killed process had leased stays counted; with its state file the next one has it.
TEST_F(LeaseKeeperTest, ARestartGoesOnWithTheLease) {
    HeapArena arena;
    Block block;
    {
        struct Keeping final : Arena {
            Block take(std::size_t bytes) override { return kept = heap.take(bytes); }
            void give_back(Block) override {}
            HeapArena heap;
            Block kept;
        } keeping;
        auto counters = std::make_shared<Counters>(
            CounterSpec{.identity = "limit", .window = kMinute}, keeping);
        LeaseKeeper keeper(store, [this] { return dice(); });
        Reservation held;
        keeper.refill(
            {{.counters = counters, .limit = 10'000, .amount = 50}}, [](const auto&) {}, kStart);
        store.answer();
        Demand demand{.counters = counters.get(), .limit = 10'000, .amount = 50};
        ASSERT_FALSE(reserve({&demand, 1}, kStart, held));
        uint64_t used = 50;
        held.settle({&used, 1}, kStart);
        block = keeping.kept;
    }
    EXPECT_EQ(store.sum(number()), 250u);
    Registry registry(arena, {block});
    auto counters = registry.acquire({.identity = "limit", .window = kMinute});
    LeaseKeeper keeper(store, [this] { return dice(); });
    keeper.adopt(registry.leased(), kStart);
    EXPECT_EQ(registry.leased().size(), 1u);
    EXPECT_EQ(counters->use(kStart).taken, 50u);
    EXPECT_EQ(keeper.active(), 1u);
    keeper.tick(kStart);
    store.answer();
    EXPECT_EQ(store.sum(number()), 50u);
}

/// Random exchanges of three gateways, over windows, with a store that is away at times: in reserve
/// mode the limit holds, and in the end the store knows what was used.
class RandomGatewaysTest : public ::testing::TestWithParam<std::tuple<Window, bool>> {};

TEST_P(RandomGatewaysTest, NeverPassTheLimitTogether) {
    auto [window, ahead] = GetParam();
    constexpr uint64_t kLimit = 3000;
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 dice(seed);
        FakeStore store;
        std::vector<std::unique_ptr<Gateway>> gateways;
        for (int i = 0; i < 3; ++i) {
            gateways.push_back(std::make_unique<Gateway>(store, dice, window));
            gateways.back()->ahead = ahead;
        }
        struct Running {
            std::unique_ptr<Reservation> held;
            uint64_t amount;
        };
        std::vector<Running> running;
        Time now = kStart;
        auto taken = [&] {
            uint64_t sum = 0;
            for (auto& gateway : gateways)
                sum += gateway->taken(now);
            return sum;
        };
        for (int step = 0; step < 2000; ++step) {
            Gateway& gateway = *gateways[dice() % 3];
            switch (dice() % 8) {
                case 0:
                    gateway.tick(now);
                    break;
                case 1:
                    if (dice() % 4 == 0) now += milliseconds(dice() % 20'000);
                    break;
                case 2:
                    if (dice() % 4 == 0) store.mood = static_cast<FakeStore::Mood>(dice() % 3);
                    break;
                case 3:
                case 4:
                    if (!running.empty()) {
                        auto& one = running[dice() % running.size()];
                        uint64_t used = dice() % (one.amount + 1);
                        one.held->settle({&used, 1}, now);
                        std::swap(one, running.back());
                        running.pop_back();
                    }
                    break;
                default: {
                    auto held = std::make_unique<Reservation>();
                    uint64_t amount = 1 + dice() % 200;
                    if (gateway.reserve(kLimit, amount, *held, now))
                        running.push_back({std::move(held), amount});
                }
            }
            ASSERT_LE(taken(), kLimit) << "seed " << seed << " step " << step;
        }
        store.mood = FakeStore::Mood::answers;
        for (auto& one : running)
            one.held->release();
        for (auto& gateway : gateways) {
            gateway->keeper.retire();
            gateway->tick(now);
            EXPECT_TRUE(gateway->keeper.all_returned(now));
        }
        EXPECT_EQ(store.sum(window.number(now), window.numbers()), taken()) << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Windows, RandomGatewaysTest,
                         ::testing::Combine(::testing::Values(kMinute, kSlidingMinute),
                                            ::testing::Bool()));

}  // namespace
}  // namespace weir::quota
