/// Counts the texts of one body: exactly by a vocabulary as far as the limit allows, else by ratio.
///
/// Threads: one per worker; `reset` begins a new body and keeps the scratch memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tokens/text_shape.h"
#include "tokens/token_counter.h"
#include "tokens/vocabularies.h"

namespace weir::tokens {

class TextMeter {
public:
    void reset(const Vocabulary* vocabulary, TextRatio ratio, size_t exact_limit);

    /// What is between the quotes of a valid JSON string.
    void add_raw(std::string_view inside);
    /// Text as it is.
    void add(std::string_view text);
    /// Characters of JSON around the values that a model is shown as JSON.
    void add_structure(int64_t characters);

    bool exact() const { return vocabulary_ && !estimated_; }
    const Vocabulary* vocabulary() const { return vocabulary_; }
    int64_t tokens() const;

private:
    void count(std::string_view text);

    const Vocabulary* vocabulary_ = nullptr;
    TextRatio ratio_;
    size_t left_ = 0;           ///< bytes that may still be counted exactly
    int64_t counted_ = 0;       ///< tokens counted
    int64_t counted_size_ = 0;  ///< bytes that they were counted in
    int64_t beyond_ = 0;        ///< bytes beyond the limit
    bool estimated_ = false;
    TextShape shape_;  ///< of what is estimated by ratio
    TokenCounter counter_;
    std::string unescaped_;
};

}  // namespace weir::tokens
