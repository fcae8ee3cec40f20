/// Counts the tokens of an answer that streams by, with its model's own tokenizer.
///
/// An exchange whose stream breaks, or that a limit may cut, must know what was produced before the
/// provider says so. The texts of the events (`"content":"…"` and the like) are joined and counted
/// whole, as far as a place where tokens begin anew; so many small events cost what their text
/// costs. Texts of several choices are taken for one.
///
/// Ownership: one exchange's, with memory for a few kilobytes that the next one reuses; the
/// vocabulary outlives it. One thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tokens/token_counter.h"

namespace weir::tokens {

class AnswerMeter {
public:
    /// A new answer. `members` are the names, in quotes, of the members that hold text; they
    /// outlive it. Without a vocabulary nothing is counted.
    void begin(const Vocabulary* vocabulary, std::span<const std::string_view> members);
    bool counts() const { return vocabulary_ != nullptr; }
    /// The next bytes of a stream of server-sent events.
    void events(std::string_view bytes);
    /// So far. An event that brings text brings a token at least: where a provider cuts its text
    /// finer than the tokenizer would, its events count.
    uint64_t tokens();

private:
    void line(std::string_view text);
    void add(std::string_view raw);
    void settle(std::size_t keep);

    const Vocabulary* vocabulary_ = nullptr;
    std::span<const std::string_view> members_;
    std::string partial_;  // a line whose end has not come
    std::string text_;     // not counted yet
    uint64_t counted_ = 0;
    uint64_t texts_ = 0;  // that were not empty
    TokenCounter counter_;
};

}  // namespace weir::tokens
