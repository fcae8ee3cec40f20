/// Tokens as a provider counted them, in one meaning for all dialects.
///
/// `input` includes cached reads and cache creation, `output` includes reasoning, `total` is what
/// the provider reported or else input + output. A count the provider did not report is absent,
/// which is not the same as zero. Plain values; any thread. Source: each provider's `usage` object.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/names.h"
#include "json/value.h"

namespace weir::dialect {

struct Usage {
    std::optional<int64_t> input;
    std::optional<int64_t> cached_input;    ///< part of input that was read from a cache
    std::optional<int64_t> cache_creation;  ///< part of input that was written to a cache
    std::optional<int64_t> output;
    std::optional<int64_t> reasoning;  ///< part of output
    std::optional<int64_t> total;

    bool empty() const {
        return !input && !output && !total && !cached_input && !cache_creation && !reasoning;
    }
    /// Counts of `later` replace ours (providers report running totals, never differences).
    void update(const Usage& later);
    friend bool operator==(const Usage&, const Usage&) = default;
};

/// Reads a `usage` object of that dialect (OpenAI chat, completions, embeddings and Responses names
/// all count as openai). Members of a wrong type are taken as absent.
Usage decode_usage(Dialect dialect, const json::Value& usage);

/// Anthropic counts what was not cached apart, and a stream corrects its counts piece by piece;
/// this keeps the counts apart until they are asked for.
class AnthropicUsage {
public:
    void read(const json::Value& usage);
    Usage usage() const;

private:
    std::optional<int64_t> fresh_input_;
    std::optional<int64_t> cache_read_;
    std::optional<int64_t> cache_creation_;
    std::optional<int64_t> output_;
};

/// What a whole provider body tells about an exchange, beside its text.
struct BodyFacts {
    Usage usage;
    std::string model;  ///< the model that answered; empty if the body does not say
    std::string id;
    std::vector<std::string> finish_reasons;  ///< one per choice, in the provider's words
};

/// For bodies that pass through: OpenAI chat, completions, embeddings, Responses and images,
/// Anthropic messages, Bedrock Converse. A body that is not a JSON object yields nothing.
BodyFacts extract_facts(Dialect dialect, std::string_view body);
/// extract_facts(…).usage.
Usage extract_usage(Dialect dialect, std::string_view body);

}  // namespace weir::dialect
