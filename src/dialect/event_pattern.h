/// What the events of a stream have in common, so that most of them need not be read as JSON.
///
/// Of the hundreds of events of an answer nearly all are the same bytes but for the words they
/// bring, some padding and the counts so far. A pattern is taught by one such event and recognises
/// the next: everything else is compared, the words and the rest that varies are judged by the
/// rules of JSON. An event that it takes is therefore valid, and says what its teacher said in
/// other words.
///
///     EventPattern pattern({.padding = kPadding, .counts = "usage"});
///     if (auto found = pattern.match(name, data)) …found->text…
///     else { …parse…; pattern.learn(name, data, text); }
///
/// Ownership: copies what it is taught, at most kMaxEvent bytes. Threads: one at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace weir::dialect {

class EventPattern {
public:
    /// Members of an event's document that may differ from one event to the next. The names outlive
    /// the pattern.
    struct Varying {
        std::span<const std::string_view> padding = {};  ///< strings and numbers that say nothing
        std::string_view counts = {};  ///< an object whose numbers are the usage so far
    };
    struct Found {
        std::string_view text;                ///< unescaped, never empty; good until the next call
        const json::Value* counts = nullptr;  ///< the same; null if the events bring none
    };
    static constexpr size_t kMaxEvent = 4096;

    explicit EventPattern(Varying varying) : varying_(varying) {}
    EventPattern(const EventPattern&) = delete;
    EventPattern& operator=(const EventPattern&) = delete;

    /// The event is as its teacher but for what varies.
    std::optional<Found> match(std::string_view name, std::string_view data);
    /// `data` is valid JSON whose only words are `text`. Learns nothing (and knows nothing any
    /// more) where it cannot tell which string they are, where the event is too large, and for a
    /// while when what it learnt did not come again.
    void learn(std::string_view name, std::string_view data, std::string_view text);
    void forget() {
        pieces_.clear();
        numbers_.clear();
    }

private:
    enum class Hole : uint8_t { text, string, number, count, end };
    struct Piece {
        std::string literal;
        Hole hole;  // what follows it
    };
    struct Place {
        Hole hole;
        std::string_view raw;
    };
    bool find_varying(std::string_view data, std::vector<Place>& places);
    bool find_counts(std::string_view raw, std::vector<Place>& places);
    static bool find_text(std::string_view data, std::string_view text, std::vector<Place>& places);
    bool take(Hole hole, const char*& p, const char* end, size_t& counted, Found& found);
    bool take_text(const char*& p, const char* end, Found& found);

    Varying varying_;
    std::string name_;
    std::vector<Piece> pieces_;  // none: nothing is known
    std::string unescaped_;
    json::Value counts_;
    std::vector<json::Value*> numbers_;  // of the counts, in their order
    int useless_ = 0;                    // lessons in a row that matched nothing
    int resting_ = 0;                    // lessons that are not taken
};

}  // namespace weir::dialect
