/// Which backend of a rule is tried next.
///
/// Backends are grouped by priority, 0 first. Within a priority one is drawn by weight; a backend
/// that has been tried is out, and when a priority has none left the next one is drawn from. A
/// weight of 0 takes no traffic, not even as a fallback. The random number comes from the caller,
/// so that a test says what is drawn.
///
///     balance::Tried tried;
///     while (auto index = chooser.next(tried, random())) { tried.set(*index); … }
///
/// Threads: immutable after construction; next() allocates nothing.
#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weir::balance {

inline constexpr size_t kMaxBackends = 128;  ///< of one rule (the CRD's limit)
/// Which indexes have been tried.
using Tried = std::bitset<kMaxBackends>;

struct Candidate {
    uint32_t weight = 1;
    uint32_t priority = 0;
};

class Chooser {
public:
    Chooser() = default;
    /// At most kMaxBackends (asserted; the configuration is checked before).
    explicit Chooser(std::vector<Candidate> candidates);

    /// An index into the candidates, or nullopt when all that take traffic have been tried.
    /// `random` is uniform over 64 bits.
    std::optional<size_t> next(const Tried& tried, uint64_t random) const;
    size_t size() const { return candidates_.size(); }

private:
    std::vector<Candidate> candidates_;
    std::vector<uint32_t> priorities_;  ///< distinct, ascending, of candidates that take traffic
};

}  // namespace weir::balance
