/// When a limit counts anew.
///
/// Fixed windows are Envoy's: aligned to multiples of the unit since 1970, so that several
/// gateways and several restarts agree without talking (envoyproxy/ratelimit, UnitToDivider: a
/// month is 30 days, a year is 365). Sliding windows look back one unit from any moment, in
/// kSlices slices, so that no burst over two neighbouring fixed windows passes twice the limit.
/// Plain values; any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::quota {

/// Wall-clock time; always passed in, never read here.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

enum class Unit : uint8_t { second, minute, hour, day, month, year };

std::chrono::seconds length(Unit unit);
/// "second", "minute", …
std::string_view to_string(Unit unit);
std::optional<Unit> unit_from_string(std::string_view name);

struct Window {
    enum class Kind : uint8_t { fixed, sliding };
    /// A sliding window counts the slice under way and this many before it.
    static constexpr uint32_t kSlices = 8;

    Unit unit = Unit::minute;
    Kind kind = Kind::fixed;
    /// Counted together with other gateways, by leases of a store (lease.h).
    bool leased = false;

    bool operator==(const Window&) const = default;
    /// Of a fixed window, or of one slice.
    Milliseconds step() const {
        Milliseconds whole = quota::length(unit);
        return kind == Kind::fixed ? whole : whole / kSlices;
    }
    /// Number of the window (or slice) that `now` lies in, since 1970.
    uint64_t number(Time now) const {
        return static_cast<uint64_t>(now.time_since_epoch() / step());
    }
    /// How many neighbouring numbers count at a moment.
    uint32_t numbers() const { return kind == Kind::fixed ? 1 : kSlices + 1; }
    Time start(uint64_t number) const {
        return Time(step() * static_cast<Milliseconds::rep>(number));
    }
};

}  // namespace weir::quota
