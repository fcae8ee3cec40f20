/// The encoder of Cohere chat requests; messages are written in encode_messages.cpp, the rest in
/// encode_request.cpp.
#pragma once
#include "dialect/cohere/chat.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {

/// One request's encoding: the writer and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out)
        : conversation_(conversation),
          model_(model),
          same_(conversation.origin == Dialect::cohere),
          w_(out) {}

    Result<std::vector<std::string>> encode();

private:
    // encode_messages.cpp
    Result<void> write_message(const Message& message);
    Result<void> write_results(const Message& message);
    Result<void> write_result(const Message& message, const Part& part, const ToolResult& result);
    Result<void> write_assistant(const Message& message);
    Result<void> write_content(const Message& message, const std::vector<const Part*>& parts);
    Result<void> write_block(const Message& message, const Part& part);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    void write_calls(const Message& message);
    bool is_content(const Message& message, const Part& part);
    void end_block(const Message& message, const Part& part);

    // encode_request.cpp
    Result<void> write_tools();
    void write_tool(const Tool& tool);
    Result<void> write_tool_choice();
    void write_settings();
    void write_thinking();
    void write_format();
    void drop_settings();
    Result<void> write_unknowns();
    void write_setting(std::string_view key, const Setting& setting) {
        if (setting) w_.key(key).value(setting.value);
    }
    void write_members(const std::string& base, const Unknowns& unknowns) {
        if (!same_) return dropped_.add(base, unknowns);
        for (const auto& unknown : unknowns)
            w_.any_key(unknown.key).value(unknown.value);
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool same_;  // what the model has no word for was Cohere's and may go back
    Writer w_;
    Dropped dropped_;
};

}  // namespace weir::dialect::cohere
