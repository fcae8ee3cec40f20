/// The encoder of Messages requests; its parts are written in encode_parts.cpp, the rest in
/// encode_request.cpp.
#pragma once
#include "dialect/anthropic/messages.h"
#include "dialect/web_search.h"
#include "dialect/writer.h"

namespace weir::dialect::anthropic {

/// One request's encoding: the writer, the options and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, const RequestOptions& options,
                   std::string& out)
        : conversation_(conversation),
          options_(options),
          same_(conversation.origin == Dialect::anthropic),
          searches_(!same_ && options.host != Host::aws),
          w_(out) {}

    Result<std::vector<std::string>> encode();

private:
    void write_head();
    Result<void> write_settings();
    void write_metadata();
    void write_service_tier();
    void write_output_config();
    void write_format(std::string_view key);
    void write_thinking();
    void write_thinking_budget(const Thinking& thinking);
    void write_max_tokens();
    void write_stop();
    Result<void> write_system();
    Result<void> write_own_system();
    Result<void> write_messages();
    Result<void> write_own_message(const Message& message);
    Result<void> write_content(const Message& message, const std::vector<Part>& parts);
    Result<void> write_parts(const Message& message);
    Result<void> write_block(const Message& message, const Part& part);
    void write_said(const Message& message, const Part& part, std::string_view text);
    Result<void> write_tool_call(const Message& message, const Part& part, const ToolCall& call);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    Result<void> write_tool_result(const Message& message, const Part& part,
                                   const ToolResult& result);
    void write_reasoning(const Message& message, const Part& part, const Reasoning& reasoning);
    Result<void> write_hidden(const Message& message, const Part& part,
                              const HiddenReasoning& hidden);
    void write_text(std::string_view text, const json::Value& cache);
    Result<void> write_result_content(const Message& message, const ToolResult& result,
                                      json::Value& cache);
    Result<void> write_tools();
    void write_tool(const Tool& tool);
    Result<void> write_tool_choice();
    /// What follows the members of a block: its marker, and what only its own dialect knows.
    void end_block(const Message& message, const Part& part);
    Result<void> write_unknowns();
    void write_members(const Unknowns& unknowns) {
        for (const auto& unknown : unknowns)
            w_.any_key(unknown.key).value(unknown.value);
    }
    void write_cache(const json::Value& cache) {
        if (cache.is_object()) w_.key("cache_control").value(cache);
    }

    const Conversation& conversation_;
    const RequestOptions& options_;
    bool same_;      // what the model has no word for was Anthropic's and may go back
    bool searches_;  // Claude searches the web at Anthropic and on Vertex AI, not on Bedrock
    Writer w_;
    Dropped dropped_;
};

}  // namespace weir::dialect::anthropic
