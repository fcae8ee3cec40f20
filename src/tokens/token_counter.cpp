#include "tokens/token_counter.h"

#include <array>

#include "tokens/splitter.h"

namespace weir::tokens {
namespace {

constexpr size_t kShortPiece = 32;  ///< bytes; above it a queue is faster
constexpr uint32_t kNone = Vocabulary::kNone;
constexpr uint32_t kNowhere = UINT32_MAX;

}  // namespace

TokenCounter::Count TokenCounter::count(const Vocabulary& vocabulary, std::string_view text) {
    if (vocabulary.encoding() == Encoding::cl100k_base)
        return count(vocabulary, text, [](auto p, auto end) { return next_piece_cl100k(p, end); });
    return count(vocabulary, text, [](auto p, auto end) { return next_piece_o200k(p, end); });
}

template <class NextPiece>
TokenCounter::Count TokenCounter::count(const Vocabulary& vocabulary, std::string_view text,
                                        NextPiece next_piece) {
    Count out;
    const char* p = text.data();
    const char* end = p + text.size();
    while (p != end) {
        const char* behind = next_piece(p, end);
        const auto size = static_cast<size_t>(behind - p);
        if (vocabulary.is_token(p, behind, end)) {
            ++out.tokens;
        } else if (size <= kLongestPiece) {
            out.tokens += merge(vocabulary, {p, size});
        } else {
            const auto part = static_cast<size_t>(merge(vocabulary, {p, kLongestPiece}));
            out.tokens += static_cast<int64_t>((part * size + kLongestPiece - 1) / kLongestPiece);
            out.exact = false;
        }
        p = behind;
    }
    return out;
}

int64_t TokenCounter::merge(const Vocabulary& vocabulary, std::string_view piece) {
    return piece.size() <= kShortPiece ? merge_short(vocabulary, piece)
                                       : merge_long(vocabulary, piece);
}

int64_t TokenCounter::merge_short(const Vocabulary& vocabulary, std::string_view piece) const {
    std::array<uint32_t, kShortPiece> token{};
    std::array<uint32_t, kShortPiece> merged{};  // token i with token i + 1
    size_t count = piece.size();
    for (size_t i = 0; i < count; ++i)
        token[i] = vocabulary.of_byte(piece[i]);
    for (size_t i = 0; i + 1 < count; ++i)
        merged[i] = vocabulary.of_bytes(piece[i], piece[i + 1]);
    while (count > 1) {
        size_t at = 0;
        uint32_t lowest = merged[0];
        for (size_t i = 1; i + 1 < count; ++i)
            if (merged[i] < lowest) lowest = merged[at = i];
        if (lowest == kNone) break;
        token[at] = lowest;
        --count;
        for (size_t i = at + 1; i < count; ++i) {
            token[i] = token[i + 1];
            merged[i - 1] = merged[i];
        }
        if (at + 1 < count) merged[at] = vocabulary.merge(lowest, token[at + 1]);
        if (at > 0) merged[at - 1] = vocabulary.merge(token[at - 1], lowest);
    }
    return static_cast<int64_t>(count);
}

int64_t TokenCounter::merge_long(const Vocabulary& vocabulary, std::string_view piece) {
    parts_.clear();
    queue_.clear();
    const auto size = static_cast<uint32_t>(piece.size());
    for (uint32_t i = 0; i < size; ++i) {
        const bool last = i + 1 == size;
        const uint32_t merged = last ? kNone : vocabulary.of_bytes(piece[i], piece[i + 1]);
        parts_.push_back({vocabulary.of_byte(piece[i]), merged, i - 1, last ? kNowhere : i + 1});
        if (merged != kNone) queue_.push(merged, i);
    }
    // An entry is out of date once one of its two parts has been merged.
    const auto live = [this](RankQueue::Entry entry) {
        return parts_[entry.place].merged == entry.rank;
    };
    int64_t count = size;
    for (auto batch = queue_.take(live); !batch.empty(); batch = queue_.take(live))
        for (const RankQueue::Entry entry : batch)
            if (live(entry)) {
                merge_at(vocabulary, entry.place);
                --count;
            }
    return count;
}

void TokenCounter::merge_at(const Vocabulary& vocabulary, uint32_t place) {
    Part& part = parts_[place];
    Part& gone = parts_[part.next];
    part.token = part.merged;
    part.next = gone.next;
    gone.merged = kNone;
    if (part.next != kNowhere) parts_[part.next].before = place;
    part.merged = merge_with_next(vocabulary, part);
    if (part.merged != kNone) queue_.push(part.merged, place);
    if (part.before == kNowhere) return;
    Part& before = parts_[part.before];
    before.merged = vocabulary.merge(before.token, part.token);
    if (before.merged != kNone) queue_.push(before.merged, part.before);
}

uint32_t TokenCounter::merge_with_next(const Vocabulary& vocabulary, const Part& part) const {
    return part.next == kNowhere ? kNone : vocabulary.merge(part.token, parts_[part.next].token);
}

}  // namespace weir::tokens
