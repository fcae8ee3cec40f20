/// What one evaluation has to spend, and where its results go.
///
/// Functions charge for what grows with their data; once the steps are used up, or the arena is
/// full, the whole evaluation fails, also where `||` would forgive. Lives for one evaluation, on
/// its thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "cel/arena.h"
#include "cel/value.h"

namespace weir::cel {

class TimeZones;

class Run {
public:
    Run(Arena& arena_, uint64_t steps, const TimeZones* zones_)
        : arena(arena_), zones(zones_), steps_(steps) {}

    /// False, for ever, once the steps are used up.
    bool charge(uint64_t steps) {
        if (steps > steps_) {
            steps_ = 0;
            spent_ = true;
        } else {
            steps_ -= steps;
        }
        return !spent_;
    }
    /// For looking at, or making, that many bytes.
    bool charge_text(size_t bytes) { return charge(bytes / 64); }
    bool over() const { return spent_ || arena.exhausted(); }
    /// The failure that over() means.
    Value over_failure() const { return Value::failure(spent_ ? Failure::steps : Failure::memory); }

    /// Held while looking into a list or map; false if they are too many inside each other.
    class Nested {
    public:
        explicit Nested(Run& run) : run_(run) { ++run.nesting_; }
        ~Nested() { --run_.nesting_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;
        explicit operator bool() const {
            return run_.nesting_ <= kMaxNesting || run_.charge(UINT64_MAX);
        }

    private:
        Run& run_;
    };

    /// Looks a key up, and charges for a map that may search for it.
    std::optional<Value> find(const MapView& map, const Value& key) {
        charge(map.size() / 64);
        return map.find(key, arena);
    }

    /// Texts in the arena, as Values; a failure if there is no room.
    Value string(std::string_view text);
    Value concatenate(Kind kind, std::string_view a, std::string_view b);
    /// A list or map of what is in the arena.
    Value list(std::span<const Value> items);
    /// `entries`: key, value, key, value, …; fails for a key that no map has, and for one twice.
    Value map(std::span<const Value> entries);

    Arena& arena;
    const TimeZones* zones;  ///< null: only offsets and UTC

private:
    static constexpr uint32_t kMaxNesting = 300;

    uint64_t steps_;
    uint32_t nesting_ = 0;
    bool spent_ = false;
};

}  // namespace weir::cel
