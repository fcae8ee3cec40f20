/// The encoder of Messages requests; its parts are written in encode_parts.cpp, the rest in
/// encode_request.cpp.
#pragma once
#include "dialect/anthropic/messages.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::anthropic {

/// One request's encoding: the writer, the options and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, const RequestOptions& options,
                   std::string& out)
        : conversation_(conversation), options_(options), w_(out) {}

    Result<std::vector<std::string>> encode();

private:
    Result<void> write_settings();
    void write_output_config();
    void write_thinking();
    void write_max_tokens();
    void write_stop();
    Result<void> write_system();
    Result<void> write_messages();
    Result<void> write_parts(const Message& message);
    Result<void> write_part(const Message& message, const Part& part);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    Result<void> write_tool_result(const Message& message, const Part& part,
                                   const ToolResult& result);
    void write_reasoning(const Message& message, const Part& part, const Reasoning& reasoning);
    Result<void> write_hidden(const Message& message, const Part& part,
                              const HiddenReasoning& hidden);
    void write_text(std::string_view text, const json::Value& cache);
    Result<void> write_tools();
    Result<void> write_tool_choice();
    void write_cache(const json::Value& cache) {
        if (cache.is_object()) w_.key("cache_control").value(cache);
    }

    const Conversation& conversation_;
    const RequestOptions& options_;
    Writer w_;
    Dropped dropped_;
};

}  // namespace weir::dialect::anthropic
