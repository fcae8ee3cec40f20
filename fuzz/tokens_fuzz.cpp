// The tokenizer: pieces cover the text, merging equals its definition, the sum over pieces is the
// count of the whole, and no text has more tokens than bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/splitter.h"
#include "tokens/token_counter.h"

namespace {

using namespace weir::tokens;

const Vocabulary& words(Encoding encoding) {
    static Vocabularies& all = *new Vocabularies;
    if (!all.prepare(encoding)) std::abort();
    return *all.find(encoding);
}

/// BPE as it is defined: the lowest rank first, the leftmost of equals.
int64_t merge(const Vocabulary& vocabulary, std::string_view piece) {
    std::vector<uint32_t> parts;
    for (char c : piece)
        parts.push_back(vocabulary.of_byte(c));
    for (;;) {
        uint32_t lowest = Vocabulary::kNone;
        size_t at = 0;
        for (size_t i = 0; i + 1 < parts.size(); ++i)
            if (const uint32_t merged = vocabulary.merge(parts[i], parts[i + 1]); merged < lowest) {
                lowest = merged;
                at = i;
            }
        if (lowest == Vocabulary::kNone) return static_cast<int64_t>(parts.size());
        parts[at] = lowest;
        parts.erase(parts.begin() + static_cast<ptrdiff_t>(at) + 1);
    }
}

void check(Encoding encoding, std::string_view text) {
    const Vocabulary& vocabulary = words(encoding);
    const auto next = encoding == Encoding::cl100k_base ? next_piece_cl100k : next_piece_o200k;
    TokenCounter counter;
    const TokenCounter::Count whole = counter.count(vocabulary, text);
    if (!whole.exact || whole.tokens > static_cast<int64_t>(text.size())) __builtin_trap();
    int64_t sum = 0;
    const char* end = text.data() + text.size();
    for (const char* p = text.data(); p != end;) {
        const char* behind = next(p, end);
        if (behind <= p || behind > end) __builtin_trap();
        const std::string piece(p, behind);  // storage of its own
        sum += vocabulary.is_token(piece.data(), piece.data() + piece.size(),
                                   piece.data() + piece.size())
                   ? 1
                   : merge(vocabulary, piece);
        p = behind;
    }
    if (sum != whole.tokens) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data),
                           size < TokenCounter::kLongestPiece ? size : TokenCounter::kLongestPiece);
    check(Encoding::cl100k_base, text);
    check(Encoding::o200k_base, text);
    return 0;
}
