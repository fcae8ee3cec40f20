/// What an answer rests on in Google's words: groundingMetadata and citationMetadata.
///
/// Places are bytes of the answer's text there, characters of a part here. Source: Gemini API
/// reference, "GroundingMetadata", "CitationMetadata". Plain values; any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dialect/citations.h"

namespace weir::dialect::gemini {

struct PlacedCitation {
    int part = 0;
    Citation citation;
};
/// Of one of the two members of a candidate that has said `said`. `parts`: our numbers of the
/// candidate's parts that are texts, -1 for others; empty in a stream, whose places count all of
/// the text.
std::vector<PlacedCitation> decode_citations(const json::Value& member, const SaidText& said,
                                             std::span<const int> parts = {});

/// Collects citations for a client. Each source is told once.
class Grounding {
public:
    struct Segment {
        int part = 0;  ///< of the candidate
        SaidText::Range bytes;
        std::string_view text = {};  ///< what stands there; empty if it is not kept
    };
    void add(const Citation& citation, const Segment& segment);
    bool empty() const { return supports_.empty(); }
    /// Appends a groundingMetadata object.
    void append(std::string& out) const;

private:
    struct Support {
        Segment segment;
        std::string text;
        std::vector<int> chunks;
    };
    std::vector<std::string> chunks_;  // as JSON
    std::unordered_map<std::string, int> numbers_;
    std::vector<Support> supports_;
};

}  // namespace weir::dialect::gemini
