#include "dialect/openai/embeddings.h"

#include <bit>
#include <cstring>

#include "base/encoding.h"
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

// Each number as a little-endian float, all of them as base64: what OpenAI's own SDKs ask for.
std::string packed(const json::Value& values) {
    std::string bytes;
    bytes.reserve(values.items().size() * sizeof(float));
    for (const auto& item : values.items()) {
        const auto bits = std::bit_cast<uint32_t>(static_cast<float>(item.as_double().value_or(0)));
        for (int shift = 0; shift < 32; shift += 8)
            bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
    return base64_encode(bytes);
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
            w.string(packed(vector.values));
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

}  // namespace weir::dialect::openai
