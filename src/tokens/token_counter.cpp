#include "tokens/token_counter.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tokens/splitter.h"

namespace weir::tokens {
namespace {

constexpr size_t kShortPiece = 64;  ///< bytes; above it a heap is faster
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
    std::array<uint32_t, kShortPiece> token;
    std::array<uint32_t, kShortPiece> merged;  // token i with token i + 1
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
    heap_.clear();
    const auto size = static_cast<uint32_t>(piece.size());
    for (uint32_t i = 0; i < size; ++i) {
        const bool last = i + 1 == size;
        const uint32_t merged = last ? kNone : vocabulary.of_bytes(piece[i], piece[i + 1]);
        parts_.push_back({vocabulary.of_byte(piece[i]), merged, i - 1, last ? kNowhere : i + 1});
        if (merged != kNone) heap_.push_back(uint64_t{merged} << 32 | i);
    }
    std::ranges::make_heap(heap_, std::greater<>());
    const auto consider = [&](uint32_t left) {
        Part& part = parts_[left];
        part.merged =
            part.next == kNowhere ? kNone : vocabulary.merge(part.token, parts_[part.next].token);
        if (part.merged == kNone) return;
        heap_.push_back(uint64_t{part.merged} << 32 | left);
        std::ranges::push_heap(heap_, std::greater<>());
    };
    int64_t count = size;
    while (!heap_.empty()) {
        std::ranges::pop_heap(heap_, std::greater<>());
        const uint64_t top = heap_.back();
        heap_.pop_back();
        const auto at = static_cast<uint32_t>(top);
        Part& part = parts_[at];
        if (part.merged != top >> 32) continue;  // one of the two has been merged since
        part.token = part.merged;
        Part& gone = parts_[part.next];
        gone.merged = kNone;
        part.next = gone.next;
        if (part.next != kNowhere) parts_[part.next].before = at;
        --count;
        consider(at);
        if (part.before != kNowhere) consider(part.before);
    }
    return count;
}

}  // namespace weir::tokens
