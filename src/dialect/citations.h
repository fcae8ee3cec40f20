/// What an answer rests on, between dialects that count differently.
///
/// OpenAI and Cohere count characters of the whole answer or of one content, Google counts bytes,
/// Anthropic and Bedrock cut the text into blocks that rest on their sources as a whole. Here a
/// place is characters of a part (see Citation). Plain values; pure functions, any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/conversation.h"

namespace weir::dialect {

/// How many characters (code points) a valid UTF-8 text has.
int64_t count_characters(std::string_view text);
/// The byte at which a character begins; the text's size if there are not so many.
size_t byte_of_character(std::string_view text, int64_t character);

/// A stretch of a text and what all of it rests on.
struct Stretch {
    std::string_view text;
    std::vector<const Citation*> citations;
};
/// The text cut where what it rests on changes. Citations whose places overlap share one stretch:
/// it says no less, and it costs no more than the text and its citations are long. White space
/// between two stretches goes with the first.
std::vector<Stretch> stretches(const Text& text);

/// How much text an answer has said, part by part, for encoders and decoders of streams: a place in
/// a part becomes a place in the whole, and back. Costs eight bytes for each character that is not
/// ASCII where `bytes` are asked for, else nothing per character.
class SaidText {
public:
    /// Half open: `end` is behind the last.
    struct Range {
        int64_t begin = 0;
        int64_t end = 0;
    };
    struct Place {
        int part = 0;
        Range characters;  ///< of the part
    };
    explicit SaidText(bool bytes = false) : bytes_(bytes) {}

    /// More text of a part; a part that is new begins here.
    void say(int part, std::string_view text);
    bool empty() const { return parts_.empty(); }
    /// Of what was said last; only if something was.
    int last_part() const { return parts_.back().part; }
    /// Where a part begins in the whole; its end if the part said nothing.
    int64_t begin_byte(int part) const;
    /// The characters of the whole that the citation means; nothing if its part said nothing.
    std::optional<Range> characters(int part, const Citation& citation) const;
    /// The same in bytes.
    std::optional<Range> bytes(int part, const Citation& citation) const;
    /// Where a range of the whole stands; cut to the part in which it begins.
    std::optional<Place> find_characters(Range whole) const;
    std::optional<Place> find_bytes(Range whole) const;

private:
    struct Part {
        int part;
        int64_t begin;  // characters before it
        int64_t size;
    };
    struct Wide {
        int64_t character;  // its number
        int64_t more;       // bytes that the characters up to it need beyond one each
    };
    int64_t byte_of(int64_t character) const;
    int64_t character_of(int64_t byte) const;

    bool bytes_;
    int64_t size_ = 0;  // characters
    std::vector<Part> parts_;
    std::vector<Wide> wide_;
};

/// One answer's texts by choice; nearly always there is one.
class SaidTexts {
public:
    explicit SaidTexts(bool bytes = false) : bytes_(bytes) {}
    SaidText& of(int choice);

private:
    bool bytes_;
    std::vector<std::pair<int, SaidText>> texts_;
};

/// What a citation of a text of that many characters is about, in characters of it.
SaidText::Range place_in(const Citation& citation, int64_t size);

/// More than these a text is not told to rest on where each costs a walk through it.
inline constexpr size_t kMaxCitations = 1000;

/// Pages have addresses, documents that the client sent have not.
bool has_address(const Citation& citation);

}  // namespace weir::dialect
