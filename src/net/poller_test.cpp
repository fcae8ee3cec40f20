#include "net/poller.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "net/stream.h"
#include "net/test_loop.h"

namespace weir::net {
namespace {

struct Ear final : Stream::Observer {
    void on_readable(Stream& stream) override {
        char byte;
        heard += stream.read({&byte, 1}).done();
    }
    int heard = 0;
};

struct Pairs {
    explicit Pairs(TestLoop& loop, int count) {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
        ::setrlimit(RLIMIT_NOFILE, &limit);
        for (int i = 0; i < count; ++i) {
            int fds[2];
            EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
            streams.push_back(Stream::adopt(loop.worker, fds[0]));
            peers.emplace_back(fds[1]);
        }
    }
    void speak() {
        for (Peer& peer : peers)
            EXPECT_EQ(::write(peer.fd(), "x", 1), 1);
    }
    std::vector<StreamPtr> streams;
    std::vector<Peer> peers;
};

// The loop hears of new events only: what one turn leaves must not wait for another event.
TEST(PollerTest, MoreEventsThanOneTurnTakes) {
    TestLoop loop;
    Pairs pairs(loop, 1100);
    Ear ear;
    for (StreamPtr& stream : pairs.streams)
        stream->watch(&ear);
    for (int round = 1; round <= 3; ++round) {
        pairs.speak();
        loop.until([&] { return ear.heard == round * 1100; });
    }
}

// Whoever closes others while a batch is delivered takes their events out of it.
TEST(PollerTest, EventsOfAClosedStreamAreNotDelivered) {
    TestLoop loop;
    Pairs pairs(loop, 20);
    struct CloseAll final : Stream::Observer {
        void on_readable(Stream&) override {
            ++called;
            for (StreamPtr& stream : pairs.streams)
                stream->close();
        }
        explicit CloseAll(Pairs& all) : pairs(all) {}
        Pairs& pairs;
        int called = 0;
    } closer(pairs);
    for (StreamPtr& stream : pairs.streams)
        stream->watch(&closer);
    loop.turn();
    pairs.speak();
    loop.until([&] { return closer.called > 0; });
    loop.turn();
    EXPECT_EQ(closer.called, 1);
}

TEST(PollerTest, SetUpAndTornDownWithStreamsAndWithout) {
    for (int count : {0, 3}) {
        TestLoop loop;
        Pairs pairs(loop, count);
        loop.turn();
    }
}

}  // namespace
}  // namespace weir::net
