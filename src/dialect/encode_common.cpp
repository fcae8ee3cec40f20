#include "dialect/encode_common.h"

#include "base/ascii.h"

namespace weir::dialect {
namespace {

/// A member that a target without it treats as it wants to be treated.
bool says_nothing(const Unknown& unknown) {
    const json::Value& value = unknown.value;
    switch (value.kind()) {
        case json::Kind::null:
            return true;
        case json::Kind::boolean:
            return !value.as_bool();
        case json::Kind::number:
            return false;
        case json::Kind::string:
            return value.text().empty();
        case json::Kind::array:
            return value.items().empty();
        case json::Kind::object:
            return value.members().empty() && unknown.key != "web_search_options";
    }
    return true;
}

/// Anthropic's server holds what was said before: what is sent here is not all of it.
bool is_thread(const Conversation& conversation, const Unknown& unknown) {
    return conversation.origin == Dialect::anthropic && unknown.key == "thread" &&
           !unknown.value.is_null();
}

bool asks_for_sound(const Unknown& unknown) {
    if (unknown.key != "modalities") return false;
    for (const auto& item : unknown.value.items())
        if (item.text() == "audio") return true;
    return false;
}

}  // namespace

void Dropped::add(const std::string& base, const Unknowns& unknowns) {
    for (const auto& unknown : unknowns)
        if (!says_nothing(unknown)) add(pointer(base, unknown.key));
}

void Dropped::add(const Tool& tool, const Unknowns& unknowns) {
    for (const auto& unknown : unknowns)
        if (!says_nothing(unknown)) add(pointer(tool, unknown.key));
}

void Dropped::add_rest(const Message& message, const Part& part) {
    const std::string where = pointer(message, part);
    if (const auto* text = std::get_if<Text>(&part.body)) add(message, part, *text);
    if (!part.cache.is_null()) add(where + "/cache_control");
    add(where, part.unknown);
}

Result<void> check_unknowns(const Conversation& conversation) {
    struct Row {
        std::string_view key;
        std::string_view what;
    };
    static constexpr Row kRows[] = {{"functions", "the old form of tools; use tools"},
                                    {"documents", "documents to cite; put them into a message"},
                                    {"cachedContent", "another provider's cache; send the content"},
                                    {"guardrailConfig", "Bedrock's guardrails"},
                                    {"promptVariables", "prompts that Bedrock stores"}};
    for (const auto& unknown : conversation.unknown) {
        if (is_thread(conversation, unknown)) return no_threads();
        if (asks_for_sound(unknown)) return unsupported("/modalities", "answers in sound");
        for (const auto& row : kRows)
            if (unknown.key == row.key && !says_nothing(unknown))
                return unsupported("/" + unknown.key, row.what);
    }
    return {};
}

Result<void> drop_unknowns(const Conversation& conversation, Dropped& dropped,
                           std::string_view said) {
    WEIR_CHECK(check_unknowns(conversation));
    for (const auto& unknown : conversation.unknown)
        if (unknown.key != said) dropped.add(std::string(), Unknowns{unknown});
    for (const auto& message : conversation.messages) {
        if (!message.unknown.empty()) dropped.add(pointer(message), message.unknown);
        if (!message.name.empty() && message.role != Role::tool)
            dropped.add(pointer(pointer(message), "name"));
    }
    return {};
}

void drop_unknowns(const Choice& choice, std::vector<std::string>& dropped) {
    for (const auto& unknown : choice.unknown)
        if (!unknown.cited) dropped.push_back(pointer("/candidates/0", unknown.key));
}

void drop_openai_settings(const Settings& settings, Dropped& dropped) {
    dropped.add_unless(settings.choices, 1);
    dropped.add_unless(settings.presence_penalty, 0);
    dropped.add_unless(settings.frequency_penalty, 0);
    dropped.add(settings.seed);
    if (settings.logprobs.value.as_bool()) dropped.add(settings.logprobs);
    dropped.add_unless(settings.top_logprobs, 0);
    dropped.add(settings.safety);
    dropped.add_members(settings.generation_config);
}

namespace {

Unknowns pick_shared(const Part& part, bool shared) {
    const auto* media = std::get_if<Media>(&part.body);
    const bool document = media && media->kind == Media::Kind::document;
    Unknowns out;
    for (const auto& unknown : part.unknown) {
        const bool known = document && (unknown.key == "citations" || unknown.key == "context");
        if (known == shared) out.push_back(unknown);
    }
    return out;
}

}  // namespace

Unknowns shared_of_document(const Part& part) {
    return pick_shared(part, true);
}

Unknowns without_shared(const Part& part) {
    return pick_shared(part, false);
}

bool is_empty(const Message& message) {
    for (const auto& part : message.parts) {
        const auto* text = std::get_if<Text>(&part.body);
        if (!text || !text->text.empty()) return false;
    }
    return true;
}

Result<std::string_view> object_text(const Message& message, const Part& part,
                                     const ToolCall& call) {
    const std::string_view text = trim(call.arguments, " \t\r\n");
    if (text.empty()) return "{}";
    auto value = json::parse(text);
    if (!value || !value->is_object())
        return fail(
            codes::dialect_request,
            pointer(message, part) + ": the arguments of a tool call must be a JSON object");
    return text;
}

Result<void> lose(const Message& message, const Part& part, std::string_view what,
                  Dropped& dropped) {
    if (message.role != Role::assistant) return unsupported(pointer(message, part), what);
    dropped.add(pointer(message, part));
    return {};
}

std::unexpected<Error> unsupported(std::string pointer, std::string_view what) {
    return fail(codes::dialect_unsupported,
                std::move(pointer.append(": the provider does not take ").append(what)));
}

std::unexpected<Error> no_threads() {
    return fail(codes::dialect_thread,
                "/thread: the provider keeps no conversations; send all messages without it");
}

}  // namespace weir::dialect
