/// What encoders of requests share: reporting what a target cannot say, and reading tool arguments.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect {

/// Collects pointers; a value that says nothing (null, false, "", [], {}) is no loss.
class Dropped {
public:
    void add(std::string pointer) { pointers_.push_back(std::move(pointer)); }
    void add(const Setting& setting) {
        if (setting) add(pointer(setting));
    }
    /// Unless it says what a target without it does anyway.
    void add_unless(const Setting& setting, double usual) {
        if (setting && setting.value.as_double() != usual) add(setting);
    }
    /// A setting that is an object of settings: each of them by itself.
    void add_members(const Setting& setting) {
        for (const auto& member : setting.value.members())
            add(pointer(pointer(setting), member.key));
    }
    /// Members that only their own dialect knows.
    void add(const std::string& base, const Unknowns& unknowns);
    void add(const Tool& tool, const Unknowns& unknowns);
    /// What a text rested on.
    void add(const Message& message, const Part& part, const Text& text) {
        if (!text.citations.empty()) add(pointer(message, part) + "/citations");
    }
    /// What a part says beside its content: citations, cache marker, members of its own dialect.
    void add_rest(const Message& message, const Part& part);
    std::vector<std::string> take() { return std::move(pointers_); }

private:
    std::vector<std::string> pointers_;
};

/// Reports the conversation's and its messages' Unknowns; refuses those whose loss would change
/// what the request means (sound as the answer, the old `functions`). `said` is a member of the
/// body that the target has a word for after all.
Result<void> drop_unknowns(const Conversation& conversation, Dropped& dropped,
                           std::string_view said = {});
/// The same of an answer: what its provider alone has a word for, but what its citations say too.
void drop_unknowns(const Choice& choice, std::vector<std::string>& dropped);
/// Refuses those of the conversation's Unknowns that drop_unknowns() refuses.
Result<void> check_unknowns(const Conversation& conversation);
/// Reports what neither Anthropic nor Bedrock has: several answers, penalties, seed, probabilities,
/// Google's safety settings. Values that equal the default are no loss.
void drop_openai_settings(const Settings& settings, Dropped& dropped);

/// What of a part's Unknowns both Anthropic and Bedrock know by the same name: whether to cite from
/// a document, and what it is about. Empty for other parts.
Unknowns shared_of_document(const Part& part);
/// And the others.
Unknowns without_shared(const Part& part);

/// The message has no parts, or only texts without a letter: providers refuse it, and nothing is
/// lost.
bool is_empty(const Message& message);

/// The arguments of a tool call as a JSON object, in the text given; "" is {}. Fails with
/// dialect.invalid_request.
Result<std::string_view> object_text(const Message& message, const Part& part,
                                     const ToolCall& call);

/// A part that the target has no word for. What an assistant once said in a form that only its
/// provider knows is reported; what the client says must not vanish: 422.
Result<void> lose(const Message& message, const Part& part, std::string_view what,
                  Dropped& dropped);

/// 422 with a pointer and what the target does not take.
std::unexpected<Error> unsupported(std::string pointer, std::string_view what);

/// 400 in the words on which Anthropic's SDKs send a conversation whole instead of its last turn.
std::unexpected<Error> no_threads();

}  // namespace weir::dialect
