/// When a token is fetched next.
///
/// A fresh token is replaced well before it ends: five minutes before, or when a fifth of its life
/// is left if that is less, and earlier by up to as much again, at random, so that a fleet of Weirs
/// does not ask its issuer in one second. After a failure it is tried again after 1 s, 2 s, 4 s …
/// up to a minute, each between half and the whole of that. The old token serves as long as it is
/// valid, whatever the issuer does.
///
/// A pure function of times and dice. Threads: its owner's.
#pragma once
#include <chrono>
#include <functional>

#include "credential/issued.h"

namespace weir::credential {

class RefreshSchedule {
public:
    static constexpr std::chrono::seconds kLead{300};
    static constexpr std::chrono::seconds kFirstRetry{1};
    static constexpr std::chrono::seconds kLongestRetry{60};
    /// However short a token lives, its issuer is not asked more often.
    static constexpr std::chrono::seconds kShortest{1};

    /// `dice` returns a number in [0, 1).
    explicit RefreshSchedule(std::function<double()> dice) : dice_(std::move(dice)) {}

    /// At once, before anything has happened.
    WallTime due() const { return due_; }
    void issued(WallTime now, WallTime expires);
    void failed(WallTime now);
    /// In a row.
    unsigned failures() const { return failures_; }

private:
    std::function<double()> dice_;
    WallTime due_{};
    unsigned failures_ = 0;
};

}  // namespace weir::credential
