#include "balance/chooser.h"

#include <algorithm>

#include "base/error.h"

namespace weir::balance {

Chooser::Chooser(std::vector<Candidate> candidates) : candidates_(std::move(candidates)) {
    WEIR_ASSERT(candidates_.size() <= kMaxBackends);
    for (const Candidate& candidate : candidates_)
        if (candidate.weight > 0) priorities_.push_back(candidate.priority);
    std::sort(priorities_.begin(), priorities_.end());
    priorities_.erase(std::unique(priorities_.begin(), priorities_.end()), priorities_.end());
}

std::optional<size_t> Chooser::next(const Tried& tried, uint64_t random) const {
    for (uint32_t priority : priorities_) {
        auto weight_of = [&](size_t i) -> uint64_t {
            return candidates_[i].priority == priority && !tried[i] ? candidates_[i].weight : 0;
        };
        uint64_t total = 0;
        for (size_t i = 0; i < candidates_.size(); ++i)
            total += weight_of(i);
        if (total == 0) continue;
        uint64_t drawn = random % total;  // total is below 2^39: the bias is below 2^-25
        for (size_t i = 0; i < candidates_.size(); ++i) {
            if (drawn < weight_of(i)) return i;
            drawn -= weight_of(i);
        }
    }
    return std::nullopt;
}

}  // namespace weir::balance
