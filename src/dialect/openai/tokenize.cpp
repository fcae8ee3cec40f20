#include "dialect/openai/tokenize.h"

#include "dialect/openai/chat.h"
#include "dialect/openai/decode.h"

namespace weir::dialect::openai {
namespace {

// How vLLM renders its template: without meaning for a provider that has its own.
constexpr std::string_view kRendering[] = {"add_special_tokens", "return_token_strs",
                                           "add_generation_prompt", "continue_final_message"};

}  // namespace

Result<Conversation> decode_tokenize(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    const auto* prompt = body.find("prompt");
    if ((prompt != nullptr) == (body.find("messages") != nullptr))
        return invalid("prompt", "is what to count; give it, or messages, and not both");
    const auto* generation = body.find("add_generation_prompt");
    const auto* continued = body.find("continue_final_message");
    if (generation && generation->as_bool() && continued && continued->as_bool())
        return invalid("continue_final_message", "and add_generation_prompt exclude each other");
    if (prompt) {
        if (!prompt->is_string()) return invalid("prompt", "must be a string");
        json::Value message = json::Value::object();
        message.set("role", json::Value::string("user"));
        message.set("content", *prompt);
        body.set("messages", json::Value::array({std::move(message)}));
        body.erase("prompt");
    }
    for (std::string_view key : kRendering)
        body.erase(key);
    return decode_request(std::move(body));
}

std::string encode_tokenize(int64_t count) {
    return R"({"count":)" + std::to_string(count) + "}";
}

}  // namespace weir::dialect::openai
