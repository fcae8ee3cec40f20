// Answers that are not conversation: embeddings, moderations, lists of models, token counts.
#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "base/encoding.h"
#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Dialect;
using dialect::Writer;

constexpr std::size_t kDimensions = 16;
constexpr std::string_view kModels[] = {"mock-small", "mock-large", "mock-embedding"};
constexpr std::string_view kModelDate = "2025-01-01T00:00:00Z";
constexpr int64_t kModelCreated = 1'735'689'600;  // the same

/// A unit vector that depends on the text alone.
std::vector<float> embed(std::string_view text, std::size_t dimensions) {
    std::vector<float> vector(dimensions ? dimensions : kDimensions);
    uint64_t state = hash_text(text);
    double squares = 0;
    for (float& x : vector) {
        state = hash_text("+", state);
        x = static_cast<float>(static_cast<double>(state >> 11) / 9007199254740992.0 * 2 - 1);
        squares += static_cast<double>(x) * static_cast<double>(x);
    }
    for (float& x : vector)
        x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
    return vector;
}

void put_numbers(Writer& w, const std::vector<float>& vector) {
    w.begin_array();
    for (float x : vector)
        w.raw(fmt::format("{}", x));
    w.end_array();
}

/// Little-endian floats in base64, as OpenAI's own SDK asks for.
std::string packed(const std::vector<float>& vector) {
    std::string bytes;
    for (float x : vector) {
        auto bits = std::bit_cast<uint32_t>(x);
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(bits >> shift & 0xFF);
    }
    return base64_encode(bytes);
}

void put_embeddings(Writer& w, const Question& q, const Answer& a) {
    w.key("object").string("list").key("data").begin_array();
    for (std::size_t i = 0; i < q.inputs.size(); ++i) {
        w.begin_object()
            .key("object")
            .string("embedding")
            .key("index")
            .integer(static_cast<int64_t>(i))
            .key("embedding");
        auto vector = embed(q.inputs[i], q.dimensions);
        if (q.base64)
            w.string(packed(vector));
        else
            put_numbers(w, vector);
        w.end_object();
    }
    w.end_array().key("model").string(q.model).key("usage").begin_object();
    w.key("prompt_tokens")
        .integer(*a.usage.input)
        .key("total_tokens")
        .integer(*a.usage.input)
        .end_object();
}

void put_moderations(Writer& w, const Question& q) {
    w.key("id")
        .string(detail::make_id("modr-", q, 24))
        .key("model")
        .string(q.model)
        .key("results")
        .begin_array();
    for (const std::string& input : q.inputs) {
        // Flagged is what says so itself.
        bool flagged = input.find("flag this") != std::string::npos;
        w.begin_object().key("flagged").boolean(flagged);
        w.key("categories").begin_object().key("violence").boolean(flagged).end_object();
        w.key("category_scores")
            .begin_object()
            .key("violence")
            .raw(flagged ? "0.99" : "0.01")
            .end_object();
        w.end_object();
    }
    w.end_array();
}

void put_model(Writer& w, Dialect shape, std::string_view id) {
    w.begin_object().key("id").string(id);
    if (shape == Dialect::anthropic)
        w.key("type")
            .string("model")
            .key("display_name")
            .string(id)
            .key("created_at")
            .string(kModelDate);
    else
        w.key("object")
            .string("model")
            .key("created")
            .integer(kModelCreated)
            .key("owned_by")
            .string("weir-mock");
    w.end_object();
}

void put_models(Writer& w, Dialect shape) {
    if (shape == Dialect::openai) w.key("object").string("list");
    w.key("data").begin_array();
    for (std::string_view id : kModels)
        put_model(w, shape, id);
    w.end_array();
    if (shape == Dialect::anthropic)
        w.key("has_more")
            .boolean(false)
            .key("first_id")
            .string(*std::begin(kModels))
            .key("last_id")
            .string(*std::rbegin(kModels));
}

}  // namespace

std::string detail::embedding(std::string_view text, std::size_t dimensions) {
    std::string out;
    Writer w(out);
    put_numbers(w, embed(text, dimensions));
    return out;
}

std::string detail::other_whole(const Question& q, const Answer& a, int64_t) {
    std::string out;
    Writer w(out);
    if (q.ask == Ask::model) {
        put_model(w, q.shape, q.model);
        return out;
    }
    w.begin_object();
    switch (q.ask) {
        case Ask::embeddings:
            put_embeddings(w, q, a);
            break;
        case Ask::moderations:
            put_moderations(w, q);
            break;
        case Ask::models:
            put_models(w, q.shape);
            break;
        case Ask::count_tokens:
            if (q.shape == Dialect::openai) w.key("object").string("response.input_tokens");
            w.key(q.shape == Dialect::bedrock  ? "inputTokens"
                  : q.shape == Dialect::gemini ? "totalTokens"
                                               : "input_tokens")
                .integer(*a.usage.input);
            break;
        case Ask::titan_embedding:
            w.key("embedding");
            put_numbers(w, embed(q.inputs.empty() ? "" : q.inputs[0], q.dimensions));
            w.key("inputTextTokenCount").integer(*a.usage.input);
            break;
        default:
            break;
    }
    w.end_object();
    return out;
}

}  // namespace weir::mock
