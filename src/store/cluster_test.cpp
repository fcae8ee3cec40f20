#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "net/test_loop.h"
#include "store/cluster_store.h"

namespace weir::store {
namespace {

using net::TestLoop;
using ::testing::HasSubstr;

// Numbers from the specification (CRC16("123456789") = 0x31c3) and of redis-cli's CLUSTER KEYSLOT.
TEST(SlotsTest, AKeyBelongsToOne) {
    EXPECT_EQ(key_slot("123456789"), 0x31c3);
    EXPECT_EQ(key_slot("foo"), 12182);
    EXPECT_EQ(key_slot("a{foo}b"), 12182);
    EXPECT_EQ(key_slot("a{foo}{bar}"), 12182);
    EXPECT_EQ(key_slot("{}foo"), key_slot("{}foo"));
    EXPECT_NE(key_slot("{}foo"), key_slot("{}bar"));
    for (uint16_t slot : {0, 1, 8191, 16383})
        EXPECT_EQ(key_slot(key_in_slot("weir:born", slot)), slot);
}

/// Two nodes of a cluster that are the test.
class ClusterStoreTest : public ::testing::Test {
protected:
    ClusterStoreTest() {
        auto address = parse_redis_url(fmt::format("redis+cluster://127.0.0.1:{}", one.port()));
        EXPECT_TRUE(address);
        store = std::make_unique<ClusterStore>(
            Network{loop.worker, resolver}, *address, [] { return 0.5; },
            [this](SharedStore::Change change) { changes.push_back(change); });
        store->start();
    }
    ~ClusterStoreTest() override {
        store->stop();
        loop.until([&] { return loop.worker.tasks().running() == 0; });
    }
    static std::string bulk(std::string_view text) {
        return fmt::format("${}\r\n{}\r\n", text.size(), text);
    }
    /// Answers CLUSTER SLOTS: slots below `border` are the first's, who does not know its name.
    void tell_map(int border) {
        net::Peer asked = one.accept(loop);
        ASSERT_TRUE(asked.expect(loop, "CLUSTER\r\n$5\r\nSLOTS\r\n"));
        ASSERT_TRUE(asked.send(
            loop, fmt::format("*2\r\n*3\r\n:0\r\n:{}\r\n*3\r\n$-1\r\n:{}\r\n$2\r\nid\r\n"
                              "*3\r\n:{}\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:{}\r\n$2\r\nid\r\n",
                              border - 1, one.port(), border, two.port())));
    }
    void welcome(net::RawListener& listener, net::Peer& peer) {
        peer = listener.accept(loop);
        ASSERT_TRUE(peer.expect(loop, "weir:born:{"));
        std::size_t before = changes.size();
        ASSERT_TRUE(peer.send(loop, bulk("role:master\r\nmaster_replid:ab\r\n") + bulk("digest") +
                                        "*2\r\n" + bulk("1000-7") + ":5000\r\n"));
        loop.until([&] { return changes.size() > before; });
    }
    /// A counter whose key is in the lower half of the slots, or the upper.
    static std::string counter(bool upper) {
        for (int i = 0;; ++i) {
            quota::Claim claim{.counter = fmt::format("rule@{}", i)};
            if ((key_slot(limit_key("weir:", claim)) >= 8192) == upper) return claim.counter;
        }
    }
    void claim(std::vector<bool> uppers) {
        std::vector<quota::Claim> claims;
        for (bool upper : uppers)
            claims.push_back({.counter = counter(upper), .holder = 1, .want = 20, .limit = 100});
        store->claim(std::move(claims),
                     [this](quota::Grants answer) { answers.push_back(std::move(answer)); });
    }
    void await_answers(std::size_t count) {
        loop.until([&] { return answers.size() >= count; });
    }

    TestLoop loop;
    net::Resolver resolver{loop.worker};
    net::RawListener one, two;
    net::Peer first, second;
    std::unique_ptr<ClusterStore> store;
    std::vector<SharedStore::Change> changes;
    std::vector<quota::Grants> answers;
};

TEST_F(ClusterStoreTest, EachClaimGoesToTheOwnerOfItsSlot) {
    tell_map(8192);
    welcome(one, first);
    welcome(two, second);
    EXPECT_TRUE(store->settled());
    EXPECT_TRUE(store->answers(std::chrono::seconds(1)));
    claim({true, false, true});
    ASSERT_TRUE(first.expect(loop, "EVALSHA", 1));
    ASSERT_TRUE(second.expect(loop, "EVALSHA", 2));
    ASSERT_TRUE(second.send(loop, "*2\r\n:21\r\n:1\r\n*2\r\n:23\r\n:3\r\n"));
    EXPECT_TRUE(answers.empty());
    ASSERT_TRUE(first.send(loop, "*2\r\n:22\r\n:2\r\n"));
    await_answers(1);
    ASSERT_EQ(answers[0].size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(answers[0][i].value().granted, 21 + i);
}

TEST_F(ClusterStoreTest, OneThatIsAwayDoesNotKeepTheOthersClaims) {
    tell_map(8192);
    welcome(one, first);
    welcome(two, second);
    std::size_t before = changes.size();
    second.abort();
    loop.until([&] { return changes.size() > before; });
    EXPECT_EQ(changes.back(), SharedStore::Change::connected) << "to the other";
    claim({true, false});
    ASSERT_TRUE(first.expect(loop, "EVALSHA"));
    ASSERT_TRUE(first.send(loop, "*2\r\n:22\r\n:2\r\n"));
    await_answers(1);
    EXPECT_FALSE(answers[0].at(0));
    EXPECT_EQ(answers[0].at(1).value().granted, 22u);
}

TEST_F(ClusterStoreTest, ASlotThatMovedIsLookedForAnew) {
    tell_map(16383);
    welcome(one, first);
    welcome(two, second);
    claim({true});
    ASSERT_TRUE(first.expect(loop, "EVALSHA"));
    ASSERT_TRUE(first.send(loop, fmt::format("-MOVED 9000 127.0.0.1:{}\r\n", two.port())));
    await_answers(1);
    EXPECT_FALSE(answers[0].at(0));
    tell_map(8192);
    EXPECT_TRUE(loop.until([&] {
        claim({true});
        second.receive();
        return second.received.find("EVALSHA") != std::string::npos;
    }));
}

TEST_F(ClusterStoreTest, AnAnswerThatIsNoMapIsAskedForAgain) {
    net::Peer asked = one.accept(loop);
    ASSERT_TRUE(asked.expect(loop, "SLOTS\r\n"));
    ASSERT_TRUE(asked.send(loop, "-ERR This instance has cluster support disabled\r\n"));
    ASSERT_TRUE(asked.expect_end(loop));
    claim({true});
    await_answers(1);
    EXPECT_FALSE(answers[0].at(0));
    tell_map(8192);
    welcome(one, first);
}

}  // namespace
}  // namespace weir::store
