/// What the mock provider says: text, thinking, tool calls and usage. A function of the question
/// and the actions alone, so that the same request has the same answer, whole or streamed, on any
/// day.
///
/// - Text: `Mock answer from MODEL: you said "…".`; after a tool's result `…: the tool said "…".`;
/// with
///   a JSON format, JSON of that schema. One word is one token and one event of a stream.
/// - Tools are called when offered, no tool has just answered, and either `tool_choice` demands it
/// or
///   the user's text mentions one: the tool's name, a word of four letters or more of its name, or
///   the word "tool" (then the first). Several mentioned tools are called in parallel. Arguments
///   fit the tool's schema (sample.h).
/// - A text rests on a page when the provider may search the web, on the first document of the
/// request
///   when citations are asked for: all of the text is cited.
/// - Thinking comes when asked for. `max_tokens` cuts the text (stop reason length).
/// - Usage counts words: all text of the request, all that is answered.
/// Pure; plain values.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dialect/usage.h"
#include "mock/question.h"
#include "mock/script.h"

namespace weir::mock {

/// The answer's text as the pieces in which it is streamed. Large ones exist only while they are
/// written.
class PieceText {
public:
    PieceText() = default;
    /// The words of `text`, the spaces between them going with the later word.
    explicit PieceText(std::string text);
    /// `events` pieces (0: as many as there are words), together of `bytes` bytes (0: as they
    /// come).
    PieceText(std::string text, uint64_t events, uint64_t bytes);

    uint64_t size() const { return count_; }
    void append_piece(uint64_t index, std::string& out) const;
    std::string whole() const;
    /// At most `count` pieces.
    void limit(uint64_t count) { count_ = std::min(count_, count); }

private:
    std::string text_;
    std::vector<uint32_t> ends_;  // of the pieces in text_
    uint64_t count_ = 0;
    uint64_t bytes_ = 0;  // filler: pieces are runs of this many bytes in all
};

struct CalledTool {
    std::string name;
    std::string arguments;  ///< JSON text
};

/// What all of an answer's text rests on.
struct Source {
    std::string url;  ///< of a page that was found; empty for a document of the request
    std::string title;
    std::string quote;
};

struct Answer {
    enum class Stop : uint8_t { end, length, tools };
    std::string thinking;  ///< empty: none
    PieceText text;
    std::vector<CalledTool> tools;
    std::optional<Source> source;
    Stop stop = Stop::end;
    dialect::Usage usage;
};

Answer answer(const Question& question, const Actions& actions);

}  // namespace weir::mock
