/// The units of time of this room. Time is always passed in: nothing here reads a clock.
#pragma once
#include <chrono>

namespace weir::balance {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

}  // namespace weir::balance
