#include "dialect/first_content.h"

#include <algorithm>

#include "dialect/sse_scan.h"
#include "json/value.h"

namespace weir::dialect {
namespace {

bool says_something(const json::Value* value) {
    if (!value || value->is_null()) return false;
    if (value->is_string()) return !value->text().empty();
    if (value->is_array()) return !value->items().empty();
    return true;
}

/// chat.completion.chunk and text_completion.
bool openai_content(const json::Value& event) {
    const json::Value* choices = event.find("choices");
    if (!choices || !choices->is_array()) return false;
    return std::ranges::any_of(choices->items(), [](const json::Value& choice) {
        if (says_something(choice.find("finish_reason")) || says_something(choice.find("text")))
            return true;
        const json::Value* delta = choice.find("delta");
        if (!delta || !delta->is_object()) return false;
        for (std::string_view name : {"content", "refusal", "reasoning_content", "reasoning",
                                      "tool_calls", "function_call", "audio"})
            if (says_something(delta->find(name))) return true;
        return false;
    });
}

/// response.output_text.delta, response.completed and the like, by their type.
bool responses_content(std::string_view type) {
    return type.ends_with(".delta") || type.ends_with(".done") || type == "response.completed" ||
           type == "response.incomplete";
}

bool anthropic_content(const json::Value& event, std::string_view type) {
    if (type == "content_block_delta" || type == "message_delta" || type == "message_stop")
        return true;
    if (type != "content_block_start") return false;
    const json::Value* block = event.find("content_block");
    std::string_view kind = block ? block->string_at("type") : std::string_view();
    return kind != "text" && kind != "thinking";
}

}  // namespace

FirstContent::Seen FirstContent::judge(std::string_view data) const {
    if (dialect_ != Dialect::openai && dialect_ != Dialect::anthropic) return Seen::content;
    if (data.empty() || data == "[DONE]") return Seen::nothing;
    auto event = json::parse(data);
    if (!event || !event->is_object()) return Seen::garbage;
    bool content = false;
    if (dialect_ == Dialect::anthropic)
        content = anthropic_content(*event, event->string_at("type"));
    else if (operation_ == Operation::responses)
        content = responses_content(event->string_at("type"));
    else
        content = openai_content(*event);
    return content ? Seen::content : Seen::nothing;
}

FirstContent::Seen FirstContent::look(std::string_view events) {
    while (!events.empty()) {
        size_t end = event_end(events, 0);
        if (end == std::string_view::npos) return Seen::content;
        std::string data = data_of(events.substr(0, end));
        if (Seen seen = judge(data); seen != Seen::nothing) return seen;
        events.remove_prefix(end);
    }
    return Seen::nothing;
}

}  // namespace weir::dialect
