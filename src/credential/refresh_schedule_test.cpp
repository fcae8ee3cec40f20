#include "credential/refresh_schedule.h"

#include <gtest/gtest.h>

namespace weir::credential {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow(seconds(1'700'000'000));

RefreshSchedule schedule(double dice) {
    return RefreshSchedule([dice] { return dice; });
}

TEST(RefreshScheduleTest, TheFirstFetchIsAtOnce) {
    EXPECT_LE(schedule(0.5).due(), kNow);
}

TEST(RefreshScheduleTest, AFreshTokenIsReplacedBeforeItEnds) {
    struct {
        seconds life;
        double dice;
        seconds after;
    } cases[] = {
        {hours(1), 0.0, minutes(55)},
        {hours(1), 0.5, minutes(52) + seconds(30)},
        {hours(24), 0.0, hours(24) - minutes(5)},
        {seconds(100), 0.0, seconds(80)},  // a fifth of a short life
        {seconds(100), 0.5, seconds(70)},
        {seconds(1), 0.9, seconds(1)},  // no issuer is asked more than once a second
        {seconds(0), 0.0, seconds(1)},
        {seconds(-50), 0.0, seconds(1)},
    };
    for (const auto& c : cases) {
        RefreshSchedule s = schedule(c.dice);
        s.issued(kNow, kNow + c.life);
        EXPECT_EQ(s.due() - kNow, c.after) << c.life.count() << " s, dice " << c.dice;
    }
    RefreshSchedule forever = schedule(0.5);
    forever.issued(kNow, WallTime::max());
    EXPECT_EQ(forever.due(), WallTime::max());
}

TEST(RefreshScheduleTest, FailuresAreTriedAgainLaterAndLater) {
    RefreshSchedule longest = schedule(1.0);
    RefreshSchedule shortest = schedule(0.0);
    for (int expected : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
        longest.failed(kNow);
        EXPECT_EQ(longest.due() - kNow, seconds(expected));
        shortest.failed(kNow);
        EXPECT_EQ((shortest.due() - kNow) * 2, seconds(expected));
    }
    EXPECT_EQ(longest.failures(), 9u);
    longest.issued(kNow, kNow + hours(1));
    EXPECT_EQ(longest.failures(), 0u);
    longest.failed(kNow);
    EXPECT_EQ(longest.due() - kNow, seconds(1)) << "a success forgets earlier failures";
}

}  // namespace
}  // namespace weir::credential
