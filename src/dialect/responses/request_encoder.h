/// The encoder of requests to a provider that is spoken to through Responses: items are written in
/// encode_items.cpp, the rest in encode_request.cpp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::responses {

/// One request's encoding: the writer, and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out);

    Result<std::vector<std::string>> encode();
    Result<std::vector<std::string>> encode_count();

private:
    // encode_items.cpp
    Result<size_t> write_instructions();
    Result<void> write_input(size_t first);
    Result<void> write_results(const Message& message);
    Result<void> write_result(const Message& message, const Part& part, const ToolResult& result);
    Result<void> write_message(const Message& message);
    Result<void> write_assistant(const Message& message);
    void write_said(const Message& message, const Part& part);
    void write_call(const Message& message, const Part& part, const ToolCall& call);
    void write_reasoning(const Message& message, const Part& part, const Reasoning& reasoning);
    Result<void> write_content(const Message& message, const std::vector<const Part*>& parts);
    Result<void> write_part(const Message& message, const Part& part);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    void end_part(const Message& message, const Part& part);

    // encode_request.cpp
    Result<void> write_tools();
    void write_tool(const Tool& tool);
    void write_tool_choice();
    void write_limits();
    void write_settings();
    void write_text();
    void write_format(const ResponseFormat& format);
    void write_thinking();
    std::string_view effort() const;
    void write_include();
    Result<void> write_unknowns();
    const json::Value* unknown(std::string_view key) const;
    const json::Value* merged(std::string_view key) const;
    void write_setting(std::string_view key, const Setting& setting) {
        if (setting) w_.key(key).value(setting.value);
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool same_;     // what we do not know was this API's and may go back
    bool chat_;     // … was the chat API's: some members have the same name here
    bool reasons_;  // the model takes `reasoning`
    bool sealed_;   // the client can give proofs of reasoning back, and expects some
    Writer w_;
    Dropped dropped_;
};

}  // namespace weir::dialect::responses
