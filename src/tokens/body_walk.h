/// What of a request's body a model will read, found in one walk over the raw bytes.
///
/// Knows the places of text in every dialect's bodies by their names (messages, system, contents,
/// input, tools, …), because the dialects agree in what a name means; what is under other names is
/// a setting. Text goes to a TextMeter, attachments are priced where they are met.
///
/// Threads: one walk per body. The body must have been found valid by the Peeker.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "json/peek.h"
#include "tokens/body_keys.h"
#include "tokens/profile.h"
#include "tokens/raw_json.h"
#include "tokens/text_meter.h"

namespace weir::tokens {

/// Counts that do not come from text, and what was said about the output.
struct BodyFacts {
    int64_t framing = 0;      ///< tokens around messages
    int64_t attachments = 0;  ///< tokens of images, audio, documents
    int64_t tools = 0;        ///< tokens of tool definitions beside their text
    int64_t token_ids = 0;    ///< input that came as token numbers
    int messages = 0;
    bool plain = true;        ///< nothing but text whose cost is known
    int64_t max_output = -1;  ///< of one choice; -1: not said
    int64_t choices = 1;
    int64_t prompts = 1;  ///< texts that are completed one by one
};

class BodyWalk {
public:
    /// `buffer` is scratch.
    BodyWalk(const Profile& profile, TextMeter& meter, std::string& buffer)
        : profile_(profile), meter_(meter), buffer_(buffer), raw_(nullptr) {}

    /// `chat`: the operation is a conversation, so that messages are framed.
    BodyFacts walk(const json::Peek& body, bool chat);

private:
    /// What an object says about an attachment in it.
    struct Context {
        const char* open = nullptr;           ///< its brace
        MediaKind kind = MediaKind::unknown;  ///< as its name or `type` says
        bool low = false;                     ///< detail: "low"
        bool hidden = false;                  ///< of a type that is no input (redacted thinking)
        std::string_view data;                ///< base64, between the quotes
        std::string_view address;             ///< elsewhere
    };

    void top(const json::PeekMember& member, bool chat);
    std::string_view name_of(const json::PeekMember& member);
    void inner_request(const json::PeekMember& member, bool chat);
    void setting(TopKey key, const json::PeekMember& member);
    void answer_schema(const json::PeekMember& member);
    void prompt(const json::PeekMember& member, bool chat);
    void single_message(const json::PeekMember& member, bool chat);
    void tools(const json::PeekMember& member);
    void limit(std::string_view raw);

    const char* list_of_messages(const char* p);
    const char* message(const char* p);
    const char* input_list(const char* p);
    int64_t texts_in(const char* p) const;
    const char* content(const char* p, const Context& outer);
    const char* object(const char* p, const Context& outer);
    const char* member(Key key, std::string_view name, const char* p, Context& context);
    const char* container(Key key, std::string_view name, const char* p, const Context& context);
    void string(Key key, std::string_view name, std::string_view value, Context& context);
    const char* shown_as_json(const char* p);
    const char* text(const char* p);
    void attached(Context& context, std::string_view data);
    void attachment(const Context& context);
    std::string_view header_of(std::string_view data);

    const Profile& profile_;
    TextMeter& meter_;
    std::string& buffer_;
    RawJson raw_;
    BodyFacts facts_;
};

}  // namespace weir::tokens
