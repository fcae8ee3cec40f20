/// How many tokens a request will cost, before it is sent.
///
/// A limit that holds must reserve before the provider has counted. The Estimator walks the body
/// that the Peeker validated, once, building nothing: text is counted by the model's own tokenizer
/// where that is known and loaded (exact), else by a ratio of characters; images, audio, documents
/// and tools by the providers' published rules. What was estimated is corrected by what earlier
/// requests for the same model turned out to cost (calibration.h).
///
///     tokens::Estimator estimator(vocabularies, calibration, options);      // one per worker
///     tokens::Estimate estimate =
///         estimator.estimate({.dialect = "openai", .operation = "chat", .model = model}, peek);
///     reserve(estimate.input, estimate.output);
///     …
///     calibration.settle(model, estimate, usage.input, usage.output);       // once it is known
///
/// Ownership: vocabularies and calibration outlive the Estimator; nothing of a body is kept.
/// Threads: one Estimator per worker; it has scratch memory that it reuses, so that an estimate
/// allocates nothing once it has seen a text of that size. Failure: none; what is not understood
/// is estimated. Cost and rules: docs/tokens.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "json/peek.h"
#include "tokens/calibration.h"
#include "tokens/vocabularies.h"

namespace weir::tokens {

struct Options {
    /// Bytes of text that one estimate counts exactly; what is beyond it is counted by the ratio
    /// that the text before it had. Bounds the time of an estimate.
    size_t exact_limit = 64 * 1024;
    /// Output of a request that names no limit, for a model that nothing is known about yet.
    int64_t default_output = 1024;
};

/// What is asked, beside the body.
struct Question {
    std::string_view dialect;  ///< of the body: "openai", "anthropic", "bedrock", "gemini", …
    std::string_view
        operation;           ///< as in metrics: "chat", "embeddings", "responses", "messages", …
    std::string_view model;  ///< as the provider calls it
};

struct Estimate {
    int64_t input = 0;   ///< what the provider will count as input, as far as we can tell
    int64_t output = 0;  ///< of all choices together
    bool exact = false;  ///< input is the provider's own count, not an estimate
    /// The request limits its output to `output`; without it, `output` is what the model usually
    /// produces (or Options::default_output) and may be exceeded.
    bool output_bounded = false;
    int64_t uncorrected_input = 0;  ///< before calibration, for Calibration::settle
    /// The tokenizer of the model, if it is known and was not loaded: whoever routes names that no
    /// configuration lists may have it prepared (off the request path) for the requests to come.
    Encoding missing = Encoding::none;
};

class Estimator {
public:
    Estimator(const Vocabularies& vocabularies, const Calibration& calibration,
              Options options = {});
    ~Estimator();
    Estimator(Estimator&&) noexcept;
    Estimator& operator=(Estimator&&) noexcept;

    /// `body` is the request's body as the Peeker found it. A root that is no object holds no text.
    Estimate estimate(const Question& question, const json::Peek& body);
    /// For bodies that are no JSON (forms with audio or images in them): by size alone.
    Estimate estimate_opaque(const Question& question, size_t body_size) const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::tokens
