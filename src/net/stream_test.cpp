#include "net/stream.h"

#include <gmock/gmock.h>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Everything until the end, or how it failed.
Task<std::string> read_to_end(Stream& stream, TimePoint deadline, CancelSource* cancel) {
    std::string all;
    char space[100];
    while (true) {
        IoResult r = stream.read(space);
        if (r.state == IoResult::State::end) co_return all;
        if (r.closed()) co_return all + "!" + std::to_string(r.error);
        if (r.done()) all.append(space, r.size);
        if (r.again() && co_await stream.readable(deadline, cancel) == Wake::deadline)
            co_return all + "?";
    }
}

/// Runs a task beside the test and keeps what came of it.
struct Background {
    TaskScope scope;
    std::string result;
    bool ended = false;
    bool cancelled = false;
    void start(Task<std::string> task) { scope.spawn(watch(std::move(task))); }
    Task<void> watch(Task<std::string> task) {
        try {
            result = co_await std::move(task);
        } catch (const Cancelled&) {
            cancelled = true;
        }
        ended = true;
    }
};

struct Ear final : Stream::Observer {
    int heard = 0;
    std::function<void(Stream&)> action;
    void on_readable(Stream& stream) override {
        ++heard;
        if (action) action(stream);
    }
};

TEST(StreamTest, ReadsWhatComesUntilTheEnd) {
    TestLoop loop;
    StreamPair pair(loop);
    Background reader;
    reader.start(read_to_end(*pair.stream, kNever, nullptr));
    EXPECT_FALSE(reader.ended);
    pair.peer.send(loop, "hello ");
    loop.turn();
    pair.peer.send(loop, std::string(1000, 'x'));
    pair.peer.finish();
    loop.until([&] { return reader.ended; });
    EXPECT_EQ(reader.result, "hello " + std::string(1000, 'x'));
    EXPECT_EQ(pair.stream->received(), 1006u);
}

TEST(StreamTest, ResetIsAFailure) {
    TestLoop loop;
    StreamPair pair(loop);
    Background reader;
    reader.start(read_to_end(*pair.stream, kNever, nullptr));
    pair.peer.abort();
    loop.until([&] { return reader.ended; });
    EXPECT_EQ(reader.result, "!" + std::to_string(ECONNRESET));
}

TEST(StreamTest, DeadlineEndsTheWaitNotTheStream) {
    TestLoop loop;
    StreamPair pair(loop);
    TimePoint at = in(milliseconds(60));
    EXPECT_EQ(loop.run(read_to_end(*pair.stream, at, nullptr)), "?");
    EXPECT_GE(std::chrono::steady_clock::now(), at);
    pair.peer.send(loop, "later");
    pair.peer.finish();
    EXPECT_EQ(loop.run(read_to_end(*pair.stream, kNever, nullptr)), "later");
}

TEST(StreamTest, CancelWakesTheWaitWhichThrows) {
    TestLoop loop;
    StreamPair pair(loop);
    CancelSource cancel;
    Background reader;
    reader.start(read_to_end(*pair.stream, kNever, &cancel));
    EXPECT_FALSE(reader.ended);
    cancel.cancel();
    EXPECT_TRUE(reader.cancelled);
    cancel.cancel();
    // A later wait of the same source throws at once, data or not.
    pair.peer.send(loop, "x");
    EXPECT_THROW(loop.run([](Stream& s, CancelSource& c) -> Task<Wake> {
        co_return co_await s.readable(kNever, &c);
    }(*pair.stream, cancel)),
                 Cancelled);
    cancel.reset();
    EXPECT_EQ(loop.run([](Stream& s, CancelSource& c) -> Task<Wake> {
        co_return co_await s.readable(kNever, &c);
    }(*pair.stream, cancel)),
              Wake::ready);
}

TEST(StreamTest, CancelledTaskMayDestroyTheStream) {
    TestLoop loop;
    auto pair = std::make_unique<StreamPair>(loop);
    CancelSource cancel;
    Background reader;
    reader.start([](StreamPtr own, CancelSource& c) -> Task<std::string> {
        co_return co_await read_to_end(*own, kNever, &c);
    }(pair->stream, cancel));
    pair->stream.reset();
    cancel.cancel();
    EXPECT_TRUE(reader.cancelled);
    loop.turn();
    EXPECT_TRUE(pair->peer.expect_end(loop) || pair->peer.reset);
}

TEST(StreamTest, CloseWakesTheWaiter) {
    TestLoop loop;
    StreamPair pair(loop);
    Background reader;
    reader.start(read_to_end(*pair.stream, kNever, nullptr));
    pair.stream->close();
    loop.until([&] { return reader.ended; });
    EXPECT_EQ(reader.result, "!" + std::to_string(ECONNABORTED));
}

TEST(StreamTest, ScopeDestroyedWhileWaitingLeavesTheStreamUsable) {
    TestLoop loop;
    StreamPair pair(loop);
    CancelSource cancel;
    {
        Background reader;
        reader.start(read_to_end(*pair.stream, in(seconds(60)), &cancel));
    }
    cancel.cancel();  // nothing waits any more
    pair.peer.send(loop, "x");
    pair.peer.finish();
    EXPECT_EQ(loop.run(read_to_end(*pair.stream, kNever, nullptr)), "x");
}

TEST(StreamTest, DroppedWhileArmedLivesUntilTheLoopHasRunIt) {
    TestLoop loop;
    StreamPair pair(loop);
    Ear ear;
    pair.stream->watch(&ear);
    pair.stream->close();
    pair.stream.reset();
    loop.turn();
    EXPECT_EQ(ear.heard, 0);
    pair.peer.expect_end(loop);
}

TEST(StreamTest, LoopDestroyedWithArmedStreams) {
    Peer peer;
    Ear ear;
    {
        TestLoop loop;
        StreamPair pair(loop);
        peer = std::move(pair.peer);
        pair.stream->watch(&ear);
        loop.worker.deadlines();
    }
    EXPECT_EQ(ear.heard, 0);
}

TEST(StreamTest, ObserverHearsBytesAndTheEndWhileNobodyWaits) {
    TestLoop loop;
    StreamPair pair(loop);
    Ear ear;
    std::string got;
    bool ended = false;
    ear.action = [&](Stream& s) {
        char space[64];
        IoResult r = s.read(space);
        if (r.done()) got.append(space, r.size);
        if (r.closed())
            ended = true;
        else
            s.watch(&ear);
    };
    pair.stream->watch(&ear);
    loop.turn();
    EXPECT_EQ(ear.heard, 0);
    EXPECT_FALSE(pair.stream->stale());
    pair.peer.send(loop, "abc");
    loop.until([&] { return got == "abc"; });
    pair.peer.finish();
    loop.until([&] { return ended; });
    EXPECT_TRUE(pair.stream->at_end());
}

TEST(StreamTest, ObserverMayCloseOrDropTheStream) {
    TestLoop loop;
    StreamPair pair(loop);
    Ear ear;
    ear.action = [&](Stream& s) {
        s.close();
        pair.stream.reset();
    };
    pair.stream->watch(&ear);
    pair.peer.send(loop, "abc");
    loop.until([&] { return ear.heard == 1; });
    pair.peer.expect_end(loop);
}

TEST(StreamTest, UnwatchedStreamTurnsStaleWhenSomethingComes) {
    TestLoop loop;
    StreamPair pair(loop);
    Ear ear;
    pair.stream->watch(&ear);
    pair.stream->unwatch();
    EXPECT_FALSE(pair.stream->stale());
    pair.peer.finish();
    loop.until([&] { return pair.stream->stale(); });
    EXPECT_EQ(ear.heard, 0);
}

TEST(StreamTest, WaiterComesBeforeTheObserver) {
    TestLoop loop;
    StreamPair pair(loop);
    Ear ear;
    pair.stream->watch(&ear);
    Background reader;
    reader.start(read_to_end(*pair.stream, kNever, nullptr));
    pair.peer.send(loop, "x");
    pair.peer.finish();
    loop.until([&] { return reader.ended; });
    EXPECT_EQ(reader.result, "x");
    EXPECT_EQ(ear.heard, 0);
}

TEST(StreamTest, QuietMeansNothingMoreHasCome) {
    TestLoop loop;
    StreamPair pair(loop);
    pair.peer.send(loop, "abc");
    char space[3];
    loop.until([&] { return pair.stream->read(space).done(); });
    EXPECT_TRUE(pair.stream->quiet());
    pair.peer.send(loop, "abcd");
    loop.until([&] { return pair.stream->read(space).done(); });
    EXPECT_FALSE(pair.stream->quiet());
}

Task<int> write_text(Stream& stream, std::string text, Duration stall, CancelSource* cancel) {
    iovec pieces[3] = {{text.data(), text.size() / 3},
                       {nullptr, 0},
                       {text.data() + text.size() / 3, text.size() - text.size() / 3}};
    co_return co_await write_all(stream, pieces, stall, cancel);
}

TEST(StreamTest, WritesAllOfManyPiecesToASlowReader) {
    TestLoop loop;
    StreamPair pair(loop);
    std::string text(8 << 20, 'a');
    for (std::size_t i = 0; i < text.size(); i += 1000)
        text[i] = static_cast<char>('a' + i / 1000 % 26);
    int result = -1;
    TaskScope scope;
    scope.spawn([](Stream& s, std::string t, int& out) -> Task<void> {
        out = co_await write_text(s, std::move(t), seconds(20), nullptr);
    }(*pair.stream, text, result));
    EXPECT_EQ(result, -1);  // the kernel's buffers are full
    loop.until([&] {
        pair.peer.receive();
        return result == 0 && pair.peer.received.size() == text.size();
    });
    EXPECT_TRUE(pair.peer.received == text);
    EXPECT_EQ(pair.stream->sent(), text.size());
}

TEST(StreamTest, WriteStallsOut) {
    TestLoop loop;
    StreamPair pair(loop);
    EXPECT_EQ(
        loop.run(write_text(*pair.stream, std::string(32 << 20, 'a'), milliseconds(100), nullptr)),
        ETIMEDOUT);
}

TEST(StreamTest, WriteToAResetConnectionFails) {
    TestLoop loop;
    StreamPair pair(loop);
    pair.peer.abort();
    EXPECT_NE(loop.run(write_text(*pair.stream, std::string(32 << 20, 'a'), seconds(20), nullptr)),
              0);
}

TEST(StreamTest, WriteIsCancelled) {
    TestLoop loop;
    StreamPair pair(loop);
    CancelSource cancel;
    Background writer;
    writer.start([](Stream& s, CancelSource& c) -> Task<std::string> {
        co_return std::to_string(
            co_await write_text(s, std::string(32 << 20, 'a'), seconds(20), &c));
    }(*pair.stream, cancel));
    EXPECT_FALSE(writer.ended);
    cancel.cancel();
    EXPECT_TRUE(writer.cancelled);
}

TEST(StreamTest, AbortIsSeenAsAReset) {
    TestLoop loop;
    StreamPair pair(loop);
    pair.stream->abort();
    pair.peer.expect_end(loop);
    EXPECT_TRUE(pair.peer.reset);
}

TEST(BlocksTest, LendsTakesBackAndReuses) {
    Blocks blocks;
    char* first = nullptr;
    {
        auto a = blocks.take();
        auto b = blocks.take();
        first = a.data();
        EXPECT_EQ(blocks.lent(), 2u);
        auto c = std::move(a);
        EXPECT_FALSE(a);
        EXPECT_EQ(c.data(), first);
        b = std::move(c);
        EXPECT_EQ(blocks.lent(), 1u);
    }
    EXPECT_EQ(blocks.lent(), 0u);
    auto again = blocks.take();
    EXPECT_EQ(again.data(), first);
    std::vector<Blocks::Block> many;
    for (int i = 0; i < 100; ++i)
        many.push_back(blocks.take());
    EXPECT_EQ(blocks.lent(), 101u);
}

}  // namespace
}  // namespace weir::net
