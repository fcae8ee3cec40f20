/// The encoder of generateContent requests; its messages are written in encode_contents.cpp, its
/// generationConfig in encode_config.cpp, the rest in encode_request.cpp.
#pragma once
#include "dialect/encode_common.h"
#include "dialect/gemini/generate.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {

/// One request's encoding: the writer and what is lost. Borrows all it is given.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out)
        : conversation_(conversation),
          model_(model),
          same_(conversation.origin == Dialect::gemini),
          w_(out) {}

    Result<std::vector<std::string>> encode();
    Result<std::vector<std::string>> encode_count(bool studio);

private:
    // encode_own.cpp: what was Google's goes back as it came
    void write_own();
    void write_own_contents();
    void write_own_content(const Message& message);
    void write_own_part(const Part& part);
    void write_own_tools();
    void write_own_tool_config();
    void write_own_generation_config();

    Result<void> write_system();
    Result<void> write_contents();
    Result<void> write_user(const Message& message);
    Result<void> write_assistant(const Message& message);
    Result<void> write_call(const Message& message, const Part& part, std::string_view signature);
    Result<void> write_said(const Message& message, size_t calls_end);
    Result<void> write_result(const Message& message, const Part& part, const ToolResult& result);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    void write_detail(const Message& message, const Part& part, const Media& media);
    void write_text(std::string_view role, std::string_view text);
    void open_content(std::string_view role);
    void close_content();
    Result<std::string_view> name_of(const Message& message, const Part& part,
                                     const ToolResult& result) const;

    Result<void> write_tools();
    Result<void> write_functions();
    Result<void> write_search(const Tool& tool);
    Result<void> write_tool_config();

    Result<void> write_config();
    void write_sampling();
    void write_stop();
    Result<void> write_thinking();
    Result<void> write_effort(bool levels);
    Result<void> write_format();
    Result<void> write_schema(const ResponseFormat& format);
    void write_own_config();
    void write_setting(std::string_view key, const Setting& setting) {
        if (setting) w_.key(key).value(setting.value);
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool same_;
    Writer w_;
    Dropped dropped_;
    std::string_view open_;  // role of the content that is being written; empty if none
    bool listed_ = false;    // "contents" was begun
};

}  // namespace weir::dialect::gemini
