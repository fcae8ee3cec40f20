// Estimates of any body that the Peeker takes, for every family: within bounds, the same twice, and
// the same by tokenizer whether or not it was asked for something else before.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tokens/estimate.h"

namespace {

using namespace weir::tokens;

constexpr Question kQuestions[] = {
    {.dialect = "openai", .operation = "chat", .model = "gpt-4o"},
    {.dialect = "openai", .operation = "responses", .model = "gpt-5"},
    {.dialect = "openai", .operation = "completion", .model = "babbage-002"},
    {.dialect = "anthropic", .operation = "messages", .model = "claude-sonnet-4"},
    {.dialect = "gemini", .operation = "chat", .model = "gemini-2.5-pro"},
    {.dialect = "bedrock", .operation = "chat", .model = "amazon.nova-pro"},
    {.dialect = "cohere", .operation = "rerank", .model = "rerank-v3.5"},
};

const Vocabularies& vocabularies() {
    static Vocabularies& all = *[] {
        auto* out = new Vocabularies;
        if (!out->prepare(Encoding::cl100k_base) || !out->prepare(Encoding::o200k_base))
            std::abort();
        return out;
    }();
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string body(reinterpret_cast<const char*>(data), size);
    weir::json::Peeker peeker;
    const auto peek = peeker.peek(body);
    if (!peek) return 0;
    const Calibration calibration(8);
    const Vocabularies none;
    Estimator exact(vocabularies(), calibration, {.exact_limit = 512}), ratio(none, calibration);
    for (const Question& question : kQuestions)
        for (Estimator* estimator : {&exact, &ratio}) {
            const Estimate e = estimator->estimate(question, *peek);
            // The dearest byte: an attachment of 32 characters at 2833 + 8 × 5667 tokens.
            const auto most = static_cast<int64_t>(body.size()) * 2000 + 100'000;
            if (e.input < 0 || e.input > most || e.output < 0) __builtin_trap();
            const Estimate again = estimator->estimate(question, *peek);
            if (again.input != e.input || again.output != e.output || again.exact != e.exact)
                __builtin_trap();
        }
    return 0;
}
