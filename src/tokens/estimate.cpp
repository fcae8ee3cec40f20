#include "tokens/estimate.h"

#include <algorithm>
#include <cmath>

#include "tokens/body_walk.h"

namespace weir::tokens {
namespace {

/// Bytes of an upload per token: audio at 16 kB and 10 tokens a second is the usual one.
constexpr int64_t kOpaqueBytesPerToken = 1600;

bool is_chat(std::string_view operation) {
    return operation == "chat" || operation == "messages" || operation == "responses" ||
           operation == "count_tokens" || operation == "responses_input_tokens";
}

/// Operations whose answer is no generated text: vectors, scores, counts.
bool has_no_output(std::string_view operation) {
    return operation == "embeddings" || operation == "moderation" || operation == "rerank" ||
           operation == "tokenize" || operation == "count_tokens" ||
           operation == "responses_input_tokens" || operation == "models";
}

/// Operations whose count is published for their whole body.
bool can_be_exact(std::string_view operation) {
    return operation == "chat" || operation == "completion" || operation == "embeddings";
}

}  // namespace

class Estimator::State {
public:
    State(const Vocabularies& vocabularies, const Calibration& calibration, Options options)
        : vocabularies_(vocabularies), calibration_(calibration), options_(options) {}

    Estimate estimate(const Question& question, const json::Peek& body) {
        const Profile& profile = profile_of(question.model, question.dialect);
        const Vocabulary* vocabulary = vocabularies_.find(profile.encoding);
        meter_.reset(vocabulary, profile.ratio, options_.exact_limit);
        const BodyFacts facts =
            BodyWalk(profile, meter_, buffer_).walk(body, is_chat(question.operation));
        Estimate out;
        if (!vocabulary) out.missing = profile.encoding;
        out.uncorrected_input =
            meter_.tokens() + facts.framing + facts.attachments + facts.tools + facts.token_ids;
        out.exact = facts.plain && meter_.exact() && can_be_exact(question.operation);
        out.input =
            out.exact ? out.uncorrected_input : corrected(question.model, out.uncorrected_input);
        add_output(question, facts, out);
        return out;
    }

    Estimate opaque(const Question& question, size_t size) const {
        Estimate out;
        out.uncorrected_input =
            (static_cast<int64_t>(size) + kOpaqueBytesPerToken - 1) / kOpaqueBytesPerToken;
        out.input = corrected(question.model, out.uncorrected_input);
        add_output(question, {}, out);
        return out;
    }

private:
    int64_t corrected(std::string_view model, int64_t tokens) const {
        return static_cast<int64_t>(
            std::ceil(static_cast<double>(tokens) * calibration_.correction(model)));
    }

    void add_output(const Question& question, const BodyFacts& facts, Estimate& out) const {
        const int64_t answers =
            facts.choices * (question.operation == "completion" ? facts.prompts : 1);
        if (has_no_output(question.operation)) {
            out.output_bounded = true;
        } else if (facts.max_output >= 0) {
            out.output = facts.max_output * answers;
            out.output_bounded = true;
        } else {
            // What was learned is per exchange, with as many answers as are usual for the model.
            const auto learned = calibration_.output(question.model);
            out.output = learned ? *learned : options_.default_output * answers;
        }
    }

    const Vocabularies& vocabularies_;
    const Calibration& calibration_;
    Options options_;
    TextMeter meter_;
    std::string buffer_;
};

Estimator::Estimator(const Vocabularies& vocabularies, const Calibration& calibration,
                     Options options)
    : state_(std::make_unique<State>(vocabularies, calibration, options)) {}
Estimator::~Estimator() = default;
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;

Estimate Estimator::estimate(const Question& question, const json::Peek& body) {
    return state_->estimate(question, body);
}

Estimate Estimator::estimate_opaque(const Question& question, size_t body_size) const {
    return state_->opaque(question, body_size);
}

}  // namespace weir::tokens
