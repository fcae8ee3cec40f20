#include "credential/refresh_schedule.h"

#include <algorithm>

namespace weir::credential {

namespace {
WallTime::duration share(WallTime::duration whole, double part) {
    return std::chrono::duration_cast<WallTime::duration>(whole * part);
}
}  // namespace

void RefreshSchedule::issued(WallTime now, WallTime expires) {
    failures_ = 0;
    if (expires == WallTime::max()) {
        due_ = expires;
        return;
    }
    const WallTime::duration life = std::max(expires - now, WallTime::duration::zero());
    const WallTime::duration lead = std::min<WallTime::duration>(kLead, life / 5);
    due_ = std::max(expires - lead - share(lead, dice_()), now + kShortest);
}

void RefreshSchedule::failed(WallTime now) {
    const unsigned doublings = std::min(failures_++, 6u);
    const auto pause = std::min(kFirstRetry * (1 << doublings), kLongestRetry);
    due_ = now + share(pause, 0.5 + dice_() / 2);
}

}  // namespace weir::credential
