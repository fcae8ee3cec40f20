/// The encoder of chat completion requests; messages are written in encode_messages.cpp, the rest
/// in encode_request.cpp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dialect/encode_common.h"
#include "dialect/openai/chat.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {

/// How a model behind OpenAI's API is told to think.
enum class ThinkingStyle : uint8_t {
    none,    ///< not at all: the members would be refused
    effort,  ///< reasoning_effort
    budget,  ///< Anthropic's `thinking`, as compatible servers of several families take it
};
ThinkingStyle thinking_style(std::string_view model);
/// A gateway that speaks OpenAI for Claude understands Anthropic's extensions (cache_control,
/// thinking_blocks); OpenAI itself refuses members it does not know.
bool is_claude(std::string_view model);

/// What a budget of thinking amounts to in OpenAI's words.
std::string_view effort_of(const Thinking& thinking);
/// OpenAI holds an answer to a schema strictly only if every object in it lists all its members as
/// required and allows no others (guide "Structured outputs").
bool can_be_strict(const json::Value& schema);

/// One request's encoding: the writer, and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out)
        : conversation_(conversation),
          model_(model),
          same_(conversation.origin == Dialect::openai &&
                conversation.operation == Operation::chat),
          extended_(same_ || is_claude(model)),
          w_(out) {}

    Result<std::vector<std::string>> encode();

private:
    // encode_messages.cpp
    Result<void> write_message(const Message& message);
    Result<void> write_results(const Message& message);
    Result<void> write_result(const Message& message, const Part& part, const ToolResult& result);
    Result<void> write_system(const Message& message);
    Result<void> write_assistant(const Message& message);
    Result<void> write_content(const Message& message, const std::vector<const Part*>& parts);
    Result<void> write_part(const Message& message, const Part& part);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    void write_thinking_blocks(const Message& message);
    void write_thinking_block(const Part& part);
    void write_tool_calls(const Message& message);
    bool is_aside(const Part& part) const;
    bool is_plain(const std::vector<const Part*>& parts) const;

    // encode_request.cpp
    Result<void> write_tools();
    Result<void> write_tool(const Tool& tool);
    void write_tool_choice();
    void write_settings();
    void write_limits();
    void write_thinking();
    void write_effort();
    void write_user();
    void write_format();
    void write_setting(std::string_view key, const Setting& setting) {
        if (setting) w_.key(key).value(setting.value);
    }
    void write_value(std::string_view key, const json::Value& value) {
        if (!value.is_null()) w_.key(key).value(value);
    }
    void write_unknowns(const std::string& base, const Unknowns& unknowns) {
        if (!same_) return dropped_.add(base, unknowns);
        for (const auto& unknown : unknowns)
            w_.any_key(unknown.key).value(unknown.value);
    }
    void write_cache(const json::Value& cache, std::string pointer) {
        if (cache.is_null()) return;
        if (extended_)
            w_.key("cache_control").value(cache);
        else
            dropped_.add(std::move(pointer.append("/cache_control")));
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool same_;               // what we do not know was OpenAI's and may go back
    bool extended_;           // the target takes Anthropic's extensions
    bool has_tools_ = false;  // some were written
    Writer w_;
    Dropped dropped_;
};

}  // namespace weir::dialect::openai
