/// Counts the tokens of a text under one vocabulary, as the provider's tokenizer would.
///
/// The text is cut into pieces (splitter.h). Most pieces are tokens; the others are merged pair by
/// pair, the lowest rank first, which is what BPE is defined as: short pieces by looking for the
/// lowest each time, long ones with a queue (rank_queue.h). A piece of more than kLongestPiece
/// bytes (no text has such words) is counted over its beginning and scaled, so that no input takes
/// more than a few times what text does.
///
/// Special tokens in a text count as the text they look like, as OpenAI's API does.
/// Threads: one counter per worker; it owns scratch memory of at most some hundred kilobytes.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens/rank_queue.h"
#include "tokens/vocabulary.h"

namespace weir::tokens {

class TokenCounter {
public:
    static constexpr size_t kLongestPiece = 4096;

    struct Count {
        int64_t tokens = 0;
        bool exact = true;
    };

    Count count(const Vocabulary& vocabulary, std::string_view text);
    /// Tokens of one piece (at most kLongestPiece bytes) that is no token itself.
    int64_t merge(const Vocabulary& vocabulary, std::string_view piece);

private:
    template <class NextPiece>
    Count count(const Vocabulary& vocabulary, std::string_view text, NextPiece next_piece);
    int64_t merge_short(const Vocabulary& vocabulary, std::string_view piece) const;
    int64_t merge_long(const Vocabulary& vocabulary, std::string_view piece);

    struct Part {
        uint32_t token;
        uint32_t merged;  ///< with the next part; Vocabulary::kNone: not at all
        uint32_t before;
        uint32_t next;
    };
    uint32_t merge_with_next(const Vocabulary& vocabulary, const Part& part) const;
    /// Merges the part at that place with the next one.
    void merge_at(const Vocabulary& vocabulary, uint32_t place);

    std::vector<Part> parts_;
    RankQueue queue_;
};

}  // namespace weir::tokens
