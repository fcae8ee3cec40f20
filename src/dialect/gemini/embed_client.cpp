#include "dialect/gemini/decode.h"
#include "dialect/gemini/embeddings.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {
namespace {

Result<EmbeddingInput> decode_input(json::Value content, const std::string& where) {
    if (!content.is_object()) return invalid(where, "must be an object");
    OpenCalls none;
    WEIR_TRY(auto message, decode_content(std::move(content), 0, none));
    EmbeddingInput input;
    bool texts = !message.parts.empty();
    for (const auto& part : message.parts)
        texts = texts && std::holds_alternative<Text>(part.body);
    if (!texts) {
        input.parts = std::move(message.parts);
        if (input.parts.empty()) return invalid(where + ".parts", "must not be empty");
        return input;
    }
    for (const auto& part : message.parts)
        input.text.append(input.text.empty() ? "" : "\n").append(std::get<Text>(part.body).text);
    return input;
}

// One EmbedContentRequest. What holds for all inputs must be said alike in each.
Result<void> decode_one(json::Value request, const std::string& where, EmbeddingRequest& out) {
    if (!request.is_object()) return invalid(where, "must be an object");
    WEIR_TRY(auto input, decode_input(take(request, "content"), where + "content"));
    const bool first = out.inputs.empty();
    for (auto& [key, value] : request.members()) {
        if (key == "content" || key == "model" || value.is_null()) continue;
        if (key == "taskType") {
            input.task = value.text();
        } else if (key == "title") {
            input.title = value.text();
        } else if (key == "outputDimensionality") {
            if (!value.is_number()) return invalid(where + key, "must be a number");
            if (!first && !(out.dimensions.value == value))
                return invalid(where + key, "must be the same in all requests");
            out.dimensions = {"outputDimensionality", std::move(value)};
        } else if (key == "autoTruncate" && value.is_bool()) {
            out.truncate = {"autoTruncate", std::move(value)};
        } else {
            out.unknown.push_back({key, std::move(value)});
        }
    }
    out.inputs.push_back(std::move(input));
    return {};
}

}  // namespace

Result<EmbeddingRequest> decode_embed(json::Value body, std::string_view model) {
    if (!body.is_object()) return invalid("body", "must be an object");
    use_camel_case(body);
    EmbeddingRequest out{.model = std::string(model)};
    json::Value requests = take(body, "requests");
    if (requests.is_null()) {
        out.single = true;
        out.member = "content";
        if (auto config = take(body, "embedContentConfig"); config.is_object())
            for (auto& member : config.members())
                body.set(member.key, std::move(member.value));
        WEIR_CHECK(decode_one(std::move(body), {}, out));
        return out;
    }
    if (!requests.is_array() || requests.items().empty())
        return invalid("requests", "must be an array with something in it");
    out.member = "requests";
    int index = 0;
    for (auto& request : requests.items())
        WEIR_CHECK(decode_one(std::move(request), at("requests", index++) + ".", out));
    return out;
}

Result<std::string> encode_embed(const EmbeddingReply& reply, bool single) {
    if (single && reply.vectors.size() != 1)
        return fail(codes::dialect_response, "the provider's answer has not one embedding");
    std::string out;
    Writer w(out);
    w.begin_object().key(single ? "embedding" : "embeddings");
    if (!single) w.begin_array();
    for (const auto& vector : reply.vectors)
        w.begin_object().key("values").value(vector.values).end_object();
    if (!single) w.end_array();
    if (reply.input_tokens) {
        w.key("usageMetadata").begin_object();
        w.key("promptTokenCount").integer(*reply.input_tokens).end_object();
    }
    w.end_object();
    return out;
}

}  // namespace weir::dialect::gemini
