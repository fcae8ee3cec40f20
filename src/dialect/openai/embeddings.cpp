#include "dialect/openai/embeddings.h"

#include "dialect/embedding_encode.h"
#include "dialect/openai/decode.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {
namespace {

bool is_tokens(const json::Value& value) {
    if (!value.is_array() || value.items().empty()) return false;
    for (const auto& item : value.items())
        if (!item.is_number()) return false;
    return true;
}

Result<EmbeddingInput> decode_input(const json::Value& value, const std::string& where) {
    if (value.is_string()) return EmbeddingInput{.text = std::string(value.text())};
    if (is_tokens(value)) return EmbeddingInput{.tokens = true};
    const auto* content = value.find("content");
    if (!content || !content->is_string())
        return invalid(where, "must be a string, an array of tokens or an object with content");
    return EmbeddingInput{.text = std::string(content->text()),
                          .title = std::string(value.string_at("title")),
                          .task = std::string(value.string_at("task_type"))};
}

Result<void> decode_inputs(const json::Value& value, EmbeddingRequest& out) {
    if (!value.is_array() || is_tokens(value)) {
        WEIR_TRY(auto input, decode_input(value, "input"));
        out.inputs.push_back(std::move(input));
        return {};
    }
    if (value.items().empty()) return invalid("input", "must not be empty");
    int index = 0;
    for (const auto& item : value.items()) {
        WEIR_TRY(auto input, decode_input(item, at("input", index++)));
        out.inputs.push_back(std::move(input));
    }
    return {};
}

// Everything the user says is one thing to embed.
Result<void> decode_messages(json::Value messages, EmbeddingRequest& out) {
    if (!messages.is_array()) return invalid("messages", "must be an array");
    EmbeddingInput input;
    int index = 0;
    for (auto& item : messages.items()) {
        const std::string where = at("messages", index, "role");
        WEIR_TRY(auto message, decode_message(std::move(item), index++));
        if (message.role != Role::user) return invalid(where, "must be user");
        for (auto& part : message.parts)
            input.parts.push_back(std::move(part));
    }
    if (input.parts.empty()) return invalid("messages", "must not be empty");
    out.from_messages = true;
    out.inputs.push_back(std::move(input));
    return {};
}

Result<void> decode_setting(std::string_view key, json::Value& value, EmbeddingRequest& out) {
    if (key == "dimensions") {
        if (!value.is_number()) return invalid("dimensions", "must be a number");
        out.dimensions = {"dimensions", std::move(value)};
    } else if (key == "encoding_format") {
        out.base64 = value.text() == "base64";
        if (!out.base64 && value.text() != "float")
            return invalid("encoding_format", "must be float or base64");
    } else if (key == "task_type") {
        out.task = {"task_type", std::move(value)};
    } else if (key == "title") {
        out.title = {"title", std::move(value)};
    } else if (key == "auto_truncate") {
        out.truncate = {"auto_truncate", std::move(value)};
    } else if (key == "user") {
        out.user = {"user", std::move(value)};
    } else {
        out.unknown.push_back({std::string(key), std::move(value)});
    }
    return {};
}

}  // namespace

Result<EmbeddingRequest> decode_embeddings(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    EmbeddingRequest out{.model = std::string(body.string_at("model"))};
    const auto* input = body.find("input");
    auto* messages = body.find("messages");
    if ((input != nullptr) == (messages != nullptr))
        return invalid("input", "is what to embed; give it, or messages");
    if (input)
        WEIR_CHECK(decode_inputs(*input, out));
    else
        WEIR_CHECK(decode_messages(std::move(*messages), out));
    for (auto& [key, value] : body.members()) {
        if (key == "model" || key == "input" || key == "messages" || value.is_null()) continue;
        WEIR_CHECK(decode_setting(key, value, out));
    }
    return out;
}

std::string encode_embeddings(const EmbeddingReply& reply, const EmbeddingFrame& frame) {
    std::string out;
    Writer w(out);
    w.begin_object().key("object").string("list").key("data").begin_array();
    int index = 0;
    for (const auto& vector : reply.vectors) {
        w.begin_object().key("object").string("embedding").key("index").integer(index++);
        w.key("embedding");
        if (frame.base64)
            w.string(packed_floats(vector.values));
        else
            w.value(vector.values);
        if (vector.truncated) w.key("truncated").boolean(true);
        w.end_object();
    }
    w.end_array().key("model").string(frame.model);
    const int64_t tokens = reply.input_tokens.value_or(0);
    w.key("usage").begin_object().key("prompt_tokens").integer(tokens);
    w.key("total_tokens").integer(tokens).end_object().end_object();
    return out;
}

// Token ids are only OpenAI's own clients' to send; a title is part of no text here.
Result<Encoded> encode_embeddings_request(const EmbeddingRequest& request, std::string_view model) {
    WEIR_CHECK(check_texts(request));
    Encoded out;
    Dropped dropped;
    Writer w(out.body);
    w.begin_object().key("model").string(model).key("input").begin_array();
    for (const auto& input : request.inputs)
        w.string(input.text);
    w.end_array().key("encoding_format").string("float");
    if (request.dimensions) w.key("dimensions").value(request.dimensions.value);
    if (request.user) w.key("user").value(request.user.value);
    w.end_object();
    dropped.add(std::string(), request.unknown);
    for (const auto* setting : {&request.task, &request.title, &request.truncate})
        dropped.add(*setting);
    for (size_t i = 0; i < request.inputs.size(); ++i) {
        const auto& input = request.inputs[i];
        if (!input.task.empty()) dropped.add(pointer(input_pointer(request, i), "taskType"));
        if (!input.title.empty()) dropped.add(pointer(input_pointer(request, i), "title"));
    }
    out.dropped = dropped.take();
    return out;
}

Result<EmbeddingReply> decode_embeddings_reply(const json::Value& body) {
    const auto* data = body.find("data");
    if (!data || !data->is_array())
        return fail(codes::dialect_response, "the provider's answer has no embeddings");
    EmbeddingReply reply{.id = std::string(body.string_at("id")),
                         .model = std::string(body.string_at("model"))};
    for (const auto& item : data->items()) {
        const auto* vector = item.find("embedding");
        if (!vector || !vector->is_array())
            return fail(codes::dialect_response, "one of the provider's embeddings is no list");
        reply.vectors.push_back({*vector, false});
    }
    if (const auto* usage = body.find("usage"))
        reply.input_tokens = decode_usage(Dialect::openai, *usage).input;
    return reply;
}

}  // namespace weir::dialect::openai
