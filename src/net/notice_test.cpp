#include "net/notice.h"

#include <thread>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;

Task<bool> wait_for(std::shared_ptr<Notice> notice, TimePoint deadline, CancelSource& cancel) {
    co_return co_await notice->told(deadline, cancel);
}

TEST(NoticeTest, IsToldByAnotherThread) {
    TestLoop loop;
    CancelSource cancel;
    auto notice = std::make_shared<Notice>(loop.worker);
    std::thread other([notice] { notice->tell(); });
    EXPECT_TRUE(loop.run(wait_for(notice, in(kPatience), cancel)));
    other.join();
    EXPECT_TRUE(loop.run(wait_for(notice, in(kPatience), cancel))) << "once told it stays so";
}

TEST(NoticeTest, EndsAtItsDeadlineAndIsThenUnheard) {
    TestLoop loop;
    CancelSource cancel;
    auto notice = std::make_shared<Notice>(loop.worker);
    EXPECT_FALSE(loop.run(wait_for(notice, in(milliseconds(5)), cancel)));
    notice->tell();
    loop.turn();
}

TEST(NoticeTest, EndsWhenCancelled) {
    TestLoop loop;
    CancelSource cancel;
    auto notice = std::make_shared<Notice>(loop.worker);
    loop.worker.post([&] { cancel.cancel(); });
    EXPECT_THROW((void)loop.run(wait_for(notice, in(kPatience), cancel)), Cancelled);
    notice->tell();
    loop.turn();
}

}  // namespace
}  // namespace weir::net
