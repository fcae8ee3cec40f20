#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "net/test_loop.h"
#include "store/cluster_store.h"
#include "store/redis_store.h"

namespace weir::store {
namespace {

using net::TestLoop;
using ::testing::HasSubstr;

TEST(RedisUrlTest, SaysWhereItIs) {
    auto address = parse_redis_url(
        "rediss://ada:s%40crt@cache.example:6380/2?prefix=team:&ca=/a%20b&timeout=1s");
    ASSERT_TRUE(address);
    EXPECT_THAT(address->hosts, ::testing::ElementsAre(RedisHost{"cache.example", 6380}));
    EXPECT_TRUE(address->tls);
    EXPECT_EQ(address->user, "ada");
    EXPECT_EQ(address->password.reveal(), "s@crt");
    EXPECT_EQ(address->database, 2u);
    EXPECT_EQ(address->prefix, "team:");
    EXPECT_EQ(address->ca_file, "/a b");
    EXPECT_EQ(address->timeout, std::chrono::seconds(1));
    EXPECT_EQ(address->to_string(), "rediss://cache.example:6380/2");
}

TEST(RedisUrlTest, NamesSentinelsAndNodesOfAClusterToo) {
    auto sentinels = parse_redis_url(
        "redis+sentinel://:pw@one.example,[::1]:7000/main/3?sentinel-password=other");
    ASSERT_TRUE(sentinels);
    EXPECT_EQ(sentinels->kind, RedisKind::sentinel);
    EXPECT_EQ(sentinels->primary, "main");
    EXPECT_EQ(sentinels->database, 3u);
    EXPECT_EQ(sentinels->sentinel_password.reveal(), "other");
    EXPECT_EQ(sentinels->to_string(), "redis+sentinel://one.example:26379,[::1]:7000/main/3");
    auto cluster = parse_redis_url("valkeys+cluster://u:pw@a,b:7001?timeout=50ms");
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->kind, RedisKind::cluster);
    EXPECT_TRUE(cluster->tls);
    EXPECT_EQ(cluster->timeout, std::chrono::milliseconds(50));
    EXPECT_EQ(cluster->to_string(), "rediss+cluster://a:6379,b:7001");
}

TEST(RedisUrlTest, HasDefaults) {
    for (const char* text :
         {"redis.svc", "redis://redis.svc", "valkey://redis.svc/", "redis.svc:6379"}) {
        auto address = parse_redis_url(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->to_string(), "redis://redis.svc:6379/0");
        EXPECT_EQ(address->prefix, "weir:");
    }
    auto address = parse_redis_url("redis://:secret@[::1]:7000");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->to_string(), "redis://[::1]:7000/0");
    EXPECT_EQ(address->password.reveal(), "secret");
}

TEST(RedisUrlTest, RefusesWhatIsNone) {
    for (const char* text : {"",
                             "http://cache",
                             "redis://",
                             "redis://:@cache",
                             "redis://a:s%@cache",
                             "redis://cache:0",
                             "redis://cache:70000",
                             "redis://cache/zero",
                             "redis://a,b:1",
                             "redis://[::1",
                             "redis://[::1]7",
                             "redis://cache?ca=/x",
                             "rediss://cache?ca=",
                             "redis://cache?name=x",
                             "redis+cluster://a,b/1",
                             "redis+cluster://a,",
                             "redis+sentinel://a",
                             "redis+sentinel://a/",
                             "redis+ring://a",
                             "redis://a?timeout=0ms",
                             "redis://a?timeout=fast",
                             "redis://a?sentinel-password=x",
                             "redis+cluster://a?prefix={x}"}) {
        auto address = parse_redis_url(text);
        ASSERT_FALSE(address) << text;
        EXPECT_THAT(address.error().detail(), HasSubstr("use redis://"));
    }
    EXPECT_THAT(parse_redis_url("redis://u:hunter2@h:x").error().detail(),
                ::testing::Not(HasSubstr("hunter2")));
}

std::vector<std::string> grants_of(const std::string& bytes, std::size_t step) {
    ReplyReader reader;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(std::string_view(bytes).substr(at, step));
        while (true) {
            auto next = reader.next();
            if (!next) return out.push_back(next.error().detail()), out;
            if (!*next) break;
            auto grant = read_grant(**next);
            out.push_back(grant
                              ? std::to_string(grant->granted) + "/" + std::to_string(grant->others)
                              : grant.error().detail());
        }
    }
    return out;
}

TEST(RedisProtocolTest, RepliesMeanTheSameHoweverTheyAreSplit) {
    const std::string bytes =
        "*2\r\n:250\r\n:17\r\n-NOSCRIPT No matching "
        "script.\r\n*2\r\n:1\r\n$1\r\nx\r\n*1\r\n:1\r\n$-1\r\n"
        "*2\r\n:-1\r\n:0\r\n+OK\r\n";
    auto whole = grants_of(bytes, bytes.size());
    ASSERT_EQ(whole.size(), 7u);
    EXPECT_EQ(whole[0], "250/17");
    EXPECT_EQ(whole[1], "NOSCRIPT No matching script.");
    for (std::size_t i = 2; i < whole.size(); ++i)
        EXPECT_EQ(whole[i], "an answer that was not expected");
    for (std::size_t step = 1; step < bytes.size(); ++step)
        EXPECT_EQ(grants_of(bytes, step), whole);
    EXPECT_THAT(grants_of("?what\r\n", 7),
                ::testing::ElementsAre("the answer is not Redis's protocol"));
}

/// A Store whose Redis is the test.
class RedisStoreTest : public ::testing::Test {
protected:
    ~RedisStoreTest() override {
        store->stop();
        loop.until([&] { return loop.worker.tasks().running() == 0; });
    }
    void begin(const std::string& more = {}) {
        auto address =
            parse_redis_url("redis://" + more + "127.0.0.1:" + std::to_string(listener.port()));
        ASSERT_TRUE(address);
        open(*address);
    }
    void open(const RedisAddress& address) {
        store = std::make_unique<RedisStore>(
            Network{loop.worker, resolver}, address, [] { return 0.5; },
            [this](RedisStore::Change change) { changes.push_back(change); });
        store->start();
    }
    /// Answers a new connection's first commands.
    void welcome(std::string_view memory = "1000-7", int64_t age = 5000) {
        peer = listener.accept(loop);
        ASSERT_TRUE(peer.expect(loop, "EVAL\r\n"));
        ASSERT_TRUE(peer.expect(loop, "weir:born"));
        std::size_t before = changes.size();
        send(bulk("# Replication\r\nrole:master\r\nmaster_replid:" + history + "\r\n"));
        send("$4\r\nabcd\r\n" + birth(memory, age));
        loop.until([&] { return changes.size() > before; });
    }
    static std::string bulk(std::string_view text) {
        return fmt::format("${}\r\n{}\r\n", text.size(), text);
    }
    static std::string birth(std::string_view memory, int64_t age) {
        return fmt::format("*2\r\n{}:{}\r\n", bulk(memory), age);
    }
    void send(std::string_view bytes) { ASSERT_TRUE(peer.send(loop, bytes)); }
    void claim(std::size_t count) {
        std::vector<quota::Claim> claims;
        for (std::size_t i = 0; i < count; ++i)
            claims.push_back({.counter = "rule@1",
                              .holder = 0xfeed,
                              .number = 7,
                              .numbers = 1,
                              .keep = quota::Milliseconds(60'000),
                              .floor = 10 + i,
                              .want = 20,
                              .limit = 100});
        store->claim(std::move(claims),
                     [this](quota::Grants answer) { answers.push_back(std::move(answer)); });
    }
    void await_answers(std::size_t count) {
        loop.until([&] { return answers.size() >= count; });
    }

    TestLoop loop;
    net::Resolver resolver{loop.worker};
    net::RawListener listener;
    net::Peer peer;
    std::unique_ptr<RedisStore> store;
    std::vector<RedisStore::Change> changes;
    std::vector<quota::Grants> answers;
    std::string history = "a1b2";
};

TEST_F(RedisStoreTest, ClaimsArePipelinedAndAnsweredInOrder) {
    begin();
    welcome();
    EXPECT_TRUE(store->settled());
    claim(2);
    claim(1);
    ASSERT_TRUE(peer.expect(loop, "EVALSHA", 3));
    EXPECT_THAT(peer.received,
                HasSubstr("$4\r\nabcd\r\n$1\r\n1\r\n$17\r\nweir:limit:rule@1\r\n$16\r\n"
                          "000000000000feed\r\n$1\r\n7\r\n"));
    send("*2\r\n:20\r\n:5\r\n*2\r\n:30\r");
    send("\n:6\r\n*2\r\n:40\r\n:7\r\n");
    await_answers(2);
    EXPECT_EQ(answers[0].at(0).value().granted, 20u);
    EXPECT_EQ(answers[0].at(1).value().others, 6u);
    EXPECT_EQ(answers[1].at(0).value().granted, 40u);
    EXPECT_TRUE(store->answers(std::chrono::seconds(1)));
}

TEST_F(RedisStoreTest, SaysWhoItIs) {
    begin("ada:secret@");
    peer = listener.accept(loop);
    ASSERT_TRUE(peer.expect(loop, "*3\r\n$4\r\nAUTH\r\n$3\r\nada\r\n$6\r\nsecret\r\n"));
    send("-WRONGPASS invalid username-password pair\r\n");
    ASSERT_TRUE(peer.expect_end(loop));
    EXPECT_THAT(changes, ::testing::ElementsAre(RedisStore::Change::lost));
    claim(1);
    await_answers(1);
    EXPECT_THAT(answers[0], ::testing::ElementsAre(std::nullopt));
}

TEST_F(RedisStoreTest, ALostConnectionFailsItsClaimsAndIsMadeAgain) {
    begin();
    welcome();
    claim(1);
    ASSERT_TRUE(peer.expect(loop, "EVALSHA"));
    peer.abort();
    await_answers(1);
    EXPECT_THAT(answers[0], ::testing::ElementsAre(std::nullopt));
    welcome();
    using enum RedisStore::Change;
    EXPECT_THAT(changes, ::testing::ElementsAre(forgot, lost, connected));
    peer.abort();
    welcome("2000-1", 10);
    EXPECT_EQ(changes.back(), forgot) << "another memory";
    EXPECT_FALSE(store->settled()) << "others may not have told it yet";
}

TEST_F(RedisStoreTest, APromotedReplicaMayNotKnowTheLastGrants) {
    begin();
    welcome();
    EXPECT_TRUE(store->settled());
    peer.abort();
    history = "c3d4";
    welcome();
    EXPECT_EQ(changes.back(), RedisStore::Change::forgot);
    EXPECT_FALSE(store->settled());
}

TEST_F(RedisStoreTest, AMemoryThatIsLostMeanwhileIsNoticed) {
    begin();
    welcome();
    peer.received.clear();
    ASSERT_TRUE(peer.expect(loop, "weir:born"));  // it looks again
    send(birth("1000-7", 6000));
    peer.received.clear();
    ASSERT_TRUE(peer.expect(loop, "weir:born"));
    EXPECT_EQ(changes.size(), 1u);
    send(birth("7000-1", 3));
    loop.until([&] { return changes.size() == 2; });
    EXPECT_EQ(changes.back(), RedisStore::Change::forgot);
    EXPECT_FALSE(store->settled());
}

TEST_F(RedisStoreTest, AReplicaIsNotAsked) {
    begin();
    peer = listener.accept(loop);
    ASSERT_TRUE(peer.expect(loop, "weir:born"));
    send(bulk("role:slave\r\n"));
    ASSERT_TRUE(peer.expect_end(loop));
    EXPECT_THAT(changes, ::testing::ElementsAre(RedisStore::Change::lost));
}

TEST_F(RedisStoreTest, SentinelsAreAskedWhereThePrimaryIs) {
    net::RawListener ignorant, sentinel;
    auto address = parse_redis_url(
        fmt::format("redis+sentinel://127.0.0.1:{},127.0.0.1:{}/main?sentinel-password=pw",
                    ignorant.port(), sentinel.port()));
    ASSERT_TRUE(address);
    open(*address);
    net::Peer first = ignorant.accept(loop);
    ASSERT_TRUE(first.expect(loop, "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n"));
    ASSERT_TRUE(first.send(loop, "+OK\r\n"));
    ASSERT_TRUE(first.expect(loop, "get-master-addr-by-name\r\n$4\r\nmain\r\n"));
    ASSERT_TRUE(first.send(loop, "*-1\r\n"));
    net::Peer second = sentinel.accept(loop);
    ASSERT_TRUE(second.expect(loop, "pw\r\n"));
    ASSERT_TRUE(second.send(loop, "+OK\r\n"));
    ASSERT_TRUE(second.expect(loop, "main\r\n"));
    std::string port = std::to_string(listener.port());
    ASSERT_TRUE(second.send(loop, "*2\r\n" + bulk("127.0.0.1") + bulk(port)));
    welcome();
    EXPECT_THAT(changes, ::testing::ElementsAre(RedisStore::Change::forgot));
}

TEST_F(RedisStoreTest, AnErrorOfTheServerEndsTheConnection) {
    begin();
    welcome();
    claim(2);
    ASSERT_TRUE(peer.expect(loop, "EVALSHA", 2));
    send("*2\r\n:20\r\n:5\r\n-READONLY You can't write against a read only replica.\r\n");
    await_answers(1);
    EXPECT_TRUE(answers[0].at(0));
    EXPECT_FALSE(answers[0].at(1));
    ASSERT_TRUE(peer.expect_end(loop));
}

TEST_F(RedisStoreTest, BytesThatAreNoProtocolEndTheConnection) {
    begin();
    welcome();
    send("HTTP/1.1 400 Bad Request\r\n\r\n");
    ASSERT_TRUE(peer.expect_end(loop));
    EXPECT_EQ(changes.back(), RedisStore::Change::lost);
}

}  // namespace
}  // namespace weir::store
