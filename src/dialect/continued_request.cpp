#include "dialect/continued_request.h"

#include <algorithm>

namespace weir::dialect {
namespace {

constexpr std::string_view kInstruction =
    "Your answer was cut off by a technical fault. Continue it from exactly where it stopped: "
    "repeat nothing, explain nothing, do not mention the interruption, and begin with the very "
    "next characters.";
/// Fewer are not worth asking for, and refused by some.
constexpr int64_t kLeastTokens = 16;

bool present(const json::Value* value) {
    return value && !value->is_null();
}

bool more_than_one(const json::Value& request, std::string_view key) {
    const json::Value* value = request.find(key);
    return present(value) && value->as_int() != 1;
}

/// A format that is not plain text.
bool structured(const json::Value* format) {
    return present(format) && format->string_at("type") != "text";
}

bool chat_may(const json::Value& request) {
    if (more_than_one(request, "n") || structured(request.find("response_format"))) return false;
    if (present(request.find("audio"))) return false;
    for (const json::Member& member : request.members())
        if (member.key.starts_with("guided_") || member.key == "structured_outputs" ||
            member.key == "grammar")
            return false;
    const json::Value* messages = request.find("messages");
    return messages && messages->is_array();
}

bool completions_may(const json::Value& request) {
    const json::Value* prompt = request.find("prompt");
    const json::Value* echo = request.find("echo");
    return prompt && prompt->is_string() && !more_than_one(request, "n") &&
           !more_than_one(request, "best_of") && !(echo && echo->as_bool()) &&
           !present(request.find("suffix"));
}

bool messages_may(const json::Value& request) {
    const json::Value* config = request.find("output_config");
    if (present(request.find("output_format")) || (config && present(config->find("format"))))
        return false;
    const json::Value* messages = request.find("messages");
    return messages && messages->is_array();
}

bool responses_may(const json::Value& request) {
    const json::Value* text = request.find("text");
    const json::Value* background = request.find("background");
    if (text && structured(text->find("format"))) return false;
    if (background && background->as_bool()) return false;
    for (std::string_view key : {"previous_response_id", "conversation", "prompt"})
        if (present(request.find(key))) return false;
    const json::Value* input = request.find("input");
    return input && (input->is_string() || input->is_array());
}

/// Google takes both spellings of a name.
template <class Value>
Value* either(Value& object, std::string_view camel, std::string_view snake) {
    Value* found = object.find(camel);
    return found ? found : object.find(snake);
}

bool gemini_may(const json::Value& request) {
    if (present(either(request, "cachedContent", "cached_content"))) return false;
    if (const json::Value* config = either(request, "generationConfig", "generation_config")) {
        for (const auto& [camel, snake] : {std::pair("responseSchema", "response_schema"),
                                           std::pair("responseJsonSchema", "response_json_schema"),
                                           std::pair("responseModalities", "response_modalities")})
            if (present(either(*config, camel, snake))) return false;
        const json::Value* count = either(*config, "candidateCount", "candidate_count");
        if (present(count) && count->as_int() != 1) return false;
        const json::Value* type = either(*config, "responseMimeType", "response_mime_type");
        if (present(type) && !(type->is_string() && type->text() == "text/plain")) return false;
    }
    const json::Value* contents = request.find("contents");
    return contents && contents->is_array();
}

bool converse_may(const json::Value& request) {
    const json::Value* output = request.find("outputConfig");
    if (output && present(output->find("textFormat"))) return false;
    const json::Value* messages = request.find("messages");
    return messages && messages->is_array();
}

bool cohere_may(const json::Value& request) {
    const json::Value* messages = request.find("messages");
    return messages && messages->is_array() && !structured(request.find("response_format"));
}

/// A last message of the assistant is continued; not while it thinks.
bool takes_prefill(Schema target, const json::Value& request) {
    if (const json::Value* config = either(request, "generationConfig", "generation_config"))
        if (present(either(*config, "thinkingConfig", "thinking_config"))) return false;
    if (const json::Value* more = request.find("additionalModelRequestFields"))
        for (std::string_view key : {"thinking", "reasoning_config", "reasoningConfig"})
            if (present(more->find(key))) return false;
    const json::Value* thinking = request.find("thinking");
    if (present(thinking) && thinking->string_at("type") != "disabled") return false;
    if (present(request.find("reasoning_effort")) || present(request.find("reasoning")))
        return false;
    switch (target) {
        case Schema::Anthropic:
        case Schema::AWSAnthropic:
        case Schema::GCPAnthropic:
        case Schema::AWSBedrock:
            return true;
        default:
            return false;
    }
}

json::Value said(std::string_view role, std::string_view text) {
    json::Value message = json::Value::object();
    message.set("role", json::Value::string(std::string(role)));
    message.set("content", json::Value::string(std::string(text)));
    return message;
}

json::Value typed(std::string_view role, std::string_view type, std::string_view text) {
    json::Value part = json::Value::object();
    part.set("type", json::Value::string(std::string(type)));
    part.set("text", json::Value::string(std::string(text)));
    json::Value message = json::Value::object();
    message.set("type", json::Value::string("message"));
    message.set("role", json::Value::string(std::string(role)));
    message.set("content", json::Value::array({std::move(part)}));
    return message;
}

/// Behind the messages; a beginning that the client itself gave the assistant is lengthened.
void append_said(json::Value& messages, std::string_view text) {
    if (!messages.items().empty()) {
        json::Value& last = messages.items().back();
        json::Value* content = last.find("content");
        if (last.string_at("role") == "assistant" && content && content->is_string()) {
            *content = json::Value::string(std::string(content->text()) + std::string(text));
            return;
        }
    }
    messages.push_back(said("assistant", text));
}

void append_to_input(json::Value& request, std::string_view text, bool instruct) {
    json::Value& input = *request.find("input");
    if (input.is_string()) {
        std::string question(input.text());
        input = json::Value::array();
        input.push_back(typed("user", "input_text", question));
    }
    input.push_back(typed("assistant", "output_text", text));
    if (instruct) input.push_back(typed("user", "input_text", kInstruction));
}

/// How a format writes turns made of parts.
struct Turns {
    std::string_view list, parts, model;
};
constexpr Turns kGemini = {"contents", "parts", "model"};
constexpr Turns kBedrock = {"messages", "content", "assistant"};

json::Value turn(const Turns& turns, std::string_view role, std::string_view text) {
    json::Value part = json::Value::object();
    part.set("text", json::Value::string(std::string(text)));
    json::Value made = json::Value::object();
    made.set("role", json::Value::string(std::string(role)));
    made.set(turns.parts, json::Value::array({std::move(part)}));
    return made;
}

/// Behind the turns; one that the client itself began for the model is lengthened.
void append_turn(const Turns& turns, json::Value& request, std::string_view text, bool instruct) {
    json::Value& list = *request.find(turns.list);
    json::Value made = turn(turns, turns.model, text);
    json::Value* last = list.items().empty() ? nullptr : &list.items().back();
    json::Value* parts = last ? last->find(turns.parts) : nullptr;
    if (parts && parts->is_array() && last->string_at("role") == turns.model)
        parts->push_back(std::move(made.find(turns.parts)->items().front()));
    else
        list.push_back(std::move(made));
    if (instruct) list.push_back(turn(turns, "user", kInstruction));
}

void lessen(json::Value& request, std::string_view key, uint64_t tokens) {
    json::Value* limit = request.find(key);
    if (!limit) return;
    if (auto value = limit->as_int())
        *limit = json::Value::integer(std::max<int64_t>(std::min(*value, kLeastTokens),
                                                        *value - static_cast<int64_t>(tokens)));
}

}  // namespace

bool may_be_continued(Dialect dialect, Operation operation, const json::Value& request) {
    if (!request.is_object()) return false;
    if (dialect == Dialect::anthropic)
        return operation == Operation::messages && messages_may(request);
    if (dialect == Dialect::gemini) return operation == Operation::chat && gemini_may(request);
    if (dialect == Dialect::bedrock) return operation == Operation::chat && converse_may(request);
    if (dialect == Dialect::cohere) return operation == Operation::chat && cohere_may(request);
    if (dialect != Dialect::openai) return false;
    switch (operation) {
        case Operation::chat:
            return chat_may(request);
        case Operation::completions:
            return completions_may(request);
        case Operation::responses:
            return responses_may(request);
        default:
            return false;
    }
}

ContinuedRequest continue_request(Dialect dialect, Operation operation, json::Value request,
                                  const SoFar& so_far, Schema target, bool prefill) {
    ContinuedRequest made;
    made.prefilled = prefill && takes_prefill(target, request);
    std::string_view text = so_far.text;
    if (made.prefilled) {
        auto end = text.find_last_not_of(" \t\r\n\f\v") + 1;
        made.tail = text.substr(end);
        text = text.substr(0, end);
    }
    if (operation == Operation::completions) {
        json::Value& prompt = *request.find("prompt");
        prompt = json::Value::string(std::string(prompt.text()) + std::string(text));
    } else if (dialect == Dialect::openai && operation == Operation::responses) {
        append_to_input(request, text, !made.prefilled);
    } else if (dialect == Dialect::gemini) {
        append_turn(kGemini, request, text, !made.prefilled);
        if (json::Value* config = either(request, "generationConfig", "generation_config"))
            for (std::string_view key : {"maxOutputTokens", "max_output_tokens"})
                lessen(*config, key, so_far.tokens);
    } else if (dialect == Dialect::bedrock) {
        append_turn(kBedrock, request, text, !made.prefilled);
        if (json::Value* config = request.find("inferenceConfig"))
            lessen(*config, "maxTokens", so_far.tokens);
    } else {
        json::Value& messages = *request.find("messages");
        append_said(messages, text);
        if (!made.prefilled) messages.push_back(said("user", kInstruction));
    }
    for (std::string_view key : {"max_completion_tokens", "max_tokens", "max_output_tokens"})
        lessen(request, key, so_far.tokens);
    made.body = json::serialize(request);
    return made;
}

}  // namespace weir::dialect
