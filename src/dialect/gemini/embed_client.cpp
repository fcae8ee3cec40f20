#include "dialect/embedding_encode.h"
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

// One of Vertex AI's instances.
Result<void> decode_instance(json::Value instance, const std::string& where,
                             EmbeddingRequest& out) {
    if (!instance.is_object()) return invalid(where, "must be an object");
    EmbeddingInput input;
    const auto* content = instance.find("content");
    for (std::string_view other : {"text", "image", "video", "prompt"})
        if (!content && instance.find(other))
            return unsupported(input_pointer(out, out.inputs.size()),
                               "instances other than {\"content\": TEXT}");
    if (!content || !content->is_string()) return invalid(where + "content", "must be a string");
    input.text = content->text();
    for (auto& [key, value] : instance.members()) {
        if (key == "content" || value.is_null()) continue;
        if (key == "taskType")
            input.task = value.text();
        else if (key == "title")
            input.title = value.text();
        else
            out.unknown.push_back({key, std::move(value)});
    }
    out.inputs.push_back(std::move(input));
    return {};
}

Result<EmbeddingRequest> decode_predict(json::Value instances, json::Value parameters,
                                        std::string_view model) {
    EmbeddingRequest out{.model = std::string(model)};
    out.form = EmbedForm::predict;
    out.member = "instances";
    if (!instances.is_array() || instances.items().empty())
        return invalid("instances", "must be an array with something in it");
    int index = 0;
    for (auto& instance : instances.items())
        WEIR_CHECK(decode_instance(std::move(instance), at("instances", index++) + ".", out));
    json::Value rest = json::Value::object();
    for (auto& [key, value] : parameters.members()) {
        if (value.is_null()) continue;
        if (key == "outputDimensionality" && value.is_number())
            out.dimensions = {"parameters/outputDimensionality", std::move(value)};
        else if (key == "outputDimensionality")
            return invalid("parameters.outputDimensionality", "must be a number");
        else if (key == "autoTruncate" && value.is_bool())
            out.truncate = {"parameters/autoTruncate", std::move(value)};
        else
            rest.set(key, std::move(value));
    }
    if (!rest.members().empty()) out.unknown.push_back({"parameters", std::move(rest)});
    return out;
}

std::string encode_predictions(const EmbeddingReply& reply) {
    std::string out;
    Writer w(out);
    w.begin_object().key("predictions").begin_array();
    for (const auto& vector : reply.vectors) {
        w.begin_object().key("embeddings").begin_object().key("values").value(vector.values);
        w.key("statistics").begin_object().key("truncated").boolean(vector.truncated);
        // Which of several it was, others do not say.
        if (reply.vectors.size() == 1 && reply.input_tokens)
            w.key("token_count").integer(*reply.input_tokens);
        w.end_object().end_object().end_object();
    }
    w.end_array().end_object();
    return out;
}

}  // namespace

Result<EmbeddingRequest> decode_embed(json::Value body, std::string_view model) {
    if (!body.is_object()) return invalid("body", "must be an object");
    use_camel_case(body);
    if (auto instances = take(body, "instances"); !instances.is_null())
        return decode_predict(std::move(instances), take(body, "parameters"), model);
    EmbeddingRequest out{.model = std::string(model)};
    json::Value requests = take(body, "requests");
    if (requests.is_null()) {
        out.form = EmbedForm::single;
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

Result<std::string> encode_embed(const EmbeddingReply& reply, EmbedForm form) {
    if (form == EmbedForm::predict) return encode_predictions(reply);
    const bool single = form == EmbedForm::single;
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
