#include "tokens/rank_queue.h"

#include <algorithm>

namespace weir::tokens {

void RankQueue::clear() {
    for (auto& bucket : buckets_)
        bucket.clear();
    filled_ = 0;
    last_ = 0;
}

/// Entries keep their order from bucket to bucket, so that most batches are in order already.
void RankQueue::sort_batch() {
    const auto by_place = [](const Entry& a, const Entry& b) { return a.place < b.place; };
    if (!std::ranges::is_sorted(batch_, by_place)) std::ranges::sort(batch_, by_place);
}

}  // namespace weir::tokens
