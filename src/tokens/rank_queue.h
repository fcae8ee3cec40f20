/// The merges that a long piece may still make, the lowest rank first, the leftmost of equals.
///
/// A merge makes a token whose own merges all have higher ranks (a token's parts come before it),
/// so the lowest rank in the queue never falls, and a radix heap does: an entry lies in the bucket
/// of the highest bit in which its rank differs from the last one taken, moves to lower buckets
/// only, and costs no comparison with its neighbours. All entries of one rank are taken together.
///
/// Threads: one owner; storage is kept between pieces.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::tokens {

class RankQueue {
public:
    struct Entry {
        uint32_t rank;
        uint32_t place;
    };

    void clear();
    /// `rank` is above that of the last batch (or anything, before the first one).
    void push(uint32_t rank, uint32_t place) {
        const auto bucket = static_cast<size_t>(std::bit_width(rank ^ last_));
        buckets_[bucket].push_back({rank, place});
        filled_ |= uint64_t{1} << bucket;
    }
    /// All entries of the lowest rank, by place; empty at the end. Entries for which `live` is
    /// false may be left out. Valid until the next call.
    template <class Live>
    std::span<const Entry> take(Live live);

private:
    void sort_batch();

    static constexpr size_t kBuckets = 33;
    std::array<std::vector<Entry>, kBuckets> buckets_;
    std::vector<Entry> batch_;
    uint64_t filled_ = 0;  ///< a bit per bucket that is not empty
    uint32_t last_ = 0;
};

template <class Live>
std::span<const RankQueue::Entry> RankQueue::take(Live live) {
    batch_.clear();
    while (filled_ != 0 && batch_.empty()) {
        auto& bucket = buckets_[static_cast<size_t>(std::countr_zero(filled_))];
        filled_ &= filled_ - 1;
        uint32_t lowest = UINT32_MAX;
        for (const Entry& entry : bucket)
            if (entry.rank < lowest && live(entry)) lowest = entry.rank;
        last_ = lowest == UINT32_MAX ? last_ : lowest;
        for (const Entry& entry : bucket) {
            if (!live(entry)) continue;
            if (entry.rank == last_)
                batch_.push_back(entry);
            else
                push(entry.rank, entry.place);  // into a lower bucket
        }
        bucket.clear();
    }
    sort_batch();
    return batch_;
}

}  // namespace weir::tokens
