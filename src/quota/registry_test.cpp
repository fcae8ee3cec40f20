#include "quota/registry.h"

#include <gtest/gtest.h>

#include <cstring>

#include "quota/reservation.h"

namespace weir::quota {
namespace {

using std::chrono::seconds;
constexpr Time kNow{seconds(1'700'000'000)};

/// Blocks out of one image, as a state file lends them.
class ImageArena final : public Arena {
public:
    explicit ImageArena(std::size_t size) : image_(size / 8) {}
    std::span<std::byte> image() { return std::as_writable_bytes(std::span(image_)); }
    Block take(std::size_t bytes) override {
        Block block = image().subspan(end_, bytes);
        end_ += bytes;
        new (block.data()) BlockHeader{.granules = static_cast<uint32_t>(bytes / kGranule)};
        return block;
    }
    void give_back(Block block) override {
        header_of(block).used = 0;
        ++returned;
    }
    void go_on_at(std::size_t end) { end_ = end; }
    int returned = 0;

private:
    std::vector<uint64_t> image_;
    std::size_t end_ = 0;
};

CounterSpec spec(std::string identity, bool distinct = false) {
    return {.identity = std::move(identity), .window = {Unit::hour}, .distinct = distinct};
}

void charge(Counters& counters, Key key, uint64_t amount, Time now = kNow) {
    Reservation held;
    Demand demand{.counters = &counters, .key = key, .limit = 1'000'000, .amount = amount};
    ASSERT_FALSE(reserve({&demand, 1}, now, held));
    held.settle({&amount, 1}, now);
}

TEST(RegistryTest, AReloadNeitherResetsNorLeaks) {
    HeapArena arena;
    Registry registry(arena);
    auto first = registry.acquire(spec("a"));
    charge(*first, kEverybody, 70);
    auto second = registry.acquire(spec("a"));
    EXPECT_EQ(first, second);
    EXPECT_NE(registry.acquire(spec("a", true)), first) << "other keys are another limit";
    first.reset();
    second.reset();
    registry.sweep(kNow);
    EXPECT_EQ(registry.acquire(spec("a"))->use(kNow).taken, 70u) << "taken out and put back";
    Time later = kNow + seconds(3600);
    std::weak_ptr<Counters> gone = registry.acquire(spec("a"));
    registry.sweep(later);
    EXPECT_TRUE(gone.expired());
}

TEST(RegistryTest, CountsSurviveInTheirBlocks) {
    ImageArena killed(1 << 20), arena(1 << 20);
    KeyHasher hasher(1, 2);
    {
        Registry registry(killed);
        auto single = registry.acquire(spec("single"));
        auto users = registry.acquire(spec("users", true));
        auto gone = registry.acquire(spec("gone"));
        charge(*single, kEverybody, 70);
        for (int i = 0; i < 1000; ++i)
            charge(*users, hasher.of(std::to_string(i)), static_cast<uint64_t>(i));
        charge(*gone, kEverybody, 5);
        Reservation running;
        Demand demand{.counters = single.get(), .limit = 1'000'000, .amount = 30};
        ASSERT_FALSE(reserve({&demand, 1}, kNow, running));
        // Killed here: what is reserved counts as used.
        std::memcpy(arena.image().data(), killed.image().data(), arena.image().size());
    }
    Scan found = scan(arena.image());
    EXPECT_FALSE(found.damaged);
    arena.go_on_at(found.end);
    Registry registry(arena, found.used);
    auto single = registry.acquire(spec("single"));
    EXPECT_EQ(single->use(kNow).taken, 100u);
    auto users = registry.acquire(spec("users", true));
    EXPECT_EQ(look(*users, hasher.of("421"), 1000, kNow).taken, 421u);
    charge(*users, hasher.of("new"), 1);
    EXPECT_EQ(users->use(kNow).keys, 1000u);  // "0" used nothing
    registry.sweep(kNow);
    EXPECT_EQ(arena.returned, 0) << "a limit nobody acquired still counts";
    registry.sweep(kNow + seconds(3600));
    EXPECT_EQ(arena.returned, 1);
}

TEST(ScanTest, StopsAtDamage) {
    ImageArena arena(1 << 16);
    Registry registry(arena);
    auto a = registry.acquire(spec("a"));
    auto b = registry.acquire(spec("b"));
    charge(*a, kEverybody, 1);
    charge(*b, kEverybody, 1);
    EXPECT_EQ(scan(arena.image()).used.size(), 2u);
    header_of(arena.image().subspan(kGranule)).nodes = 1'000'000;
    Scan found = scan(arena.image());
    EXPECT_EQ(found.used.size(), 1u);
    EXPECT_TRUE(found.damaged);
    EXPECT_EQ(found.end, kGranule);
    EXPECT_TRUE(scan({}).used.empty());
}

}  // namespace
}  // namespace weir::quota
