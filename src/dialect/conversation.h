/// The neutral conversation model: what every codec decodes to and encodes from.
///
/// N client dialects and M providers meet here, so that each format is written once. The types hold
/// what is common to all (typed messages, parts, tools, settings); what a codec read but the model
/// has no word for stays on its node as Unknown: encoded back into its own dialect it is restored,
/// into another it is reported as dropped. Numbers and schemas keep their text (json::Value), tool
/// arguments stay the JSON text that the model or client wrote.
///
/// Plain values that own what they hold. No provider's type appears here.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialect/names.h"
#include "dialect/usage.h"
#include "json/value.h"

namespace weir::dialect {

enum class Role : uint8_t { system, user, assistant, tool };

/// A member that only the dialect it came from understands.
struct Unknown {
    std::string key;
    json::Value value;
    bool cited = false;  ///< of an answer: what it says is among the citations too
};
using Unknowns = std::vector<Unknown>;

/// Where a part stood in its message: {"content", 1} is `/messages/N/content/1`, {"content"} is
/// `/messages/N/content`, {"", 1} is the message's own second element. The name is a literal.
struct Place {
    std::string_view member;
    int index = -1;
};

/// What a text, or a stretch of it, rests on. Characters are Unicode code points.
struct Citation {
    enum class Source : uint8_t {
        page,      ///< of the web
        document,  ///< one that the client sent
        result,    ///< one of the search results that the client sent
    };
    /// What `from` and `to` count in the source; `blocks` are the pieces it was sent in.
    enum class Unit : uint8_t { none, characters, pages, blocks };

    std::string url = {};    ///< empty if the source has none
    std::string title = {};  ///< of the page or document
    std::string quote = {};  ///< the source's words
    json::Value whole = {};  ///< as written, for its own dialect
    Source source = Source::page;
    int64_t index = -1;  ///< which document or result it was; -1 if that is not said
    Unit unit = Unit::none;
    int64_t from = 0;  ///< where in its source the quote begins
    int64_t to = 0;    ///< and what is behind its end
    /// What rests on it: characters of the part, `end` behind the last. All of the part if `begin`
    /// is negative.
    int64_t begin = -1;
    int64_t end = -1;
};
struct Text {
    std::string text;
    std::vector<Citation> citations = {};
};
struct Refusal {
    std::string text;
};
/// Thinking in plain words, with the provider's proof that it is unchanged.
struct Reasoning {
    std::string text;
    std::string signature;
};
/// Thinking the provider hides: opaque, and useful to that provider only.
struct HiddenReasoning {
    enum class Form : uint8_t {
        text,    ///< a string to be handed back as it is
        base64,  ///< a string that is the base64 of the bytes
        bytes,   ///< `data` is an array of byte values
    };
    Form form = Form::text;
    json::Value data;
};
/// An image, a document or a sound: inline (base64) or by reference.
struct Media {
    enum class Kind : uint8_t { image, document, audio, file };
    Kind kind = Kind::image;
    std::string mime;    ///< of inline data: "image/png"
    std::string data;    ///< base64; empty if by reference
    std::string url;     ///< by reference; empty if inline
    std::string detail;  ///< how closely to look, in the client's words
    std::string_view detail_key = "image_url/detail";  ///< where that stood in the part
    std::string name;                                  ///< file name or title; empty if not given
    bool plain = false;                                ///< `data` is the text itself, not base64
};
struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< JSON text
};
struct Part;
struct ToolResult {
    std::string call_id;
    std::vector<Part> content;
    bool is_error = false;
    bool plain = false;  ///< its content was one string, not a list
};
/// A part of a type that only its own dialect knows; kept whole.
struct ForeignPart {
    std::string type;
    json::Value value;
};

struct Part {
    std::variant<Text, Refusal, Reasoning, HiddenReasoning, Media, ToolCall, ToolResult,
                 ForeignPart>
        body;
    Place place;
    json::Value cache;  ///< cache marker ({"type":"ephemeral",…}); null if none
    Unknowns unknown;
    /// As written, where its own dialect says it in more words than the model has; else null.
    json::Value own = {};
};

struct Message {
    Role role = Role::user;
    int index =
        0;  ///< in the client's list; -1 if it is a member of its own, as Anthropic's system
    std::string_view member = "messages";  ///< of the body, where it stood; a literal
    bool developer = false;                ///< a system message under OpenAI's newer name
    std::string name;
    std::vector<Part> parts;
    Unknowns unknown;
};

struct Tool {
    int index = 0;
    std::string_view member = "tools";  ///< of the body, where it stood; a literal
    std::string name;
    std::string description;
    json::Value schema;  ///< JSON Schema of the arguments; null if none was given
    json::Value strict;
    json::Value cache;
    json::Value foreign;     ///< a tool that is no function, whole; null for functions
    std::string type;        ///< of a function, as written; empty if it was not
    std::string_view scope;  ///< where its members stand: "function" for OpenAI chat, else empty
    Unknowns unknown;
    int item = -1;         ///< in a list named `scope`, where a tool holds several (Gemini)
    json::Value own = {};  ///< its schema as written, if that is no JSON Schema; else null
};

struct ToolChoice {
    enum class Kind : uint8_t { unset, automatic, required, none, named, word };
    Kind kind = Kind::unset;
    std::string name;  ///< of the tool, or the word that only some targets understand
};

/// A setting: its value as written and where it was written ("top_p", "metadata/user_id"); unset if
/// that is empty.
struct Setting {
    std::string_view key;  ///< a literal: the pointer without its first slash
    json::Value value;
    explicit operator bool() const { return !key.empty(); }
};

struct Thinking {
    enum class Mode : uint8_t { enabled, disabled, adaptive };
    Mode mode = Mode::enabled;
    json::Value budget;                 ///< tokens; null if none
    std::string display;                ///< empty if not given
    std::string_view key = "thinking";  ///< as Setting::key
};

/// What the answer has to look like. `schema` is the JSON Schema, the array of choices or the
/// pattern, as the kind says.
struct ResponseFormat {
    enum class Kind : uint8_t { text, json_object, json_schema, choice, regex };
    Kind kind = Kind::text;
    json::Value schema;
    std::string name;                          ///< of the schema; empty if none
    json::Value strict;                        ///< null if not said
    json::Value whole;                         ///< that member as written, for its own dialect
    std::string_view key = "response_format";  ///< as Setting::key
};

struct Settings {
    Setting max_tokens;
    Setting temperature;
    Setting top_p;
    Setting top_k;
    Setting choices;  ///< how many answers
    Setting seed;
    Setting presence_penalty;
    Setting frequency_penalty;
    Setting user;
    Setting service_tier;
    Setting effort;  ///< of reasoning: "low" … "max"
    Setting stop;    ///< as written: a string or an array of strings
    Setting parallel_tools;
    Setting logprobs;           ///< true: tell how probable each token was
    Setting top_logprobs;       ///< and how many others were considered
    Setting safety;             ///< what to block: [{"category":…,"threshold":…}] in Google's words
    Setting generation_config;  ///< an object: what Google has beside all these
    std::optional<Thinking> thinking;
    json::Value thinking_whole;  ///< as written, where `thinking` and `effort` come of one member
    std::optional<ResponseFormat> format;
    bool stream = false;
    bool stream_usage = false;  ///< the client asked for usage in its stream
};

struct Conversation {
    Dialect origin = Dialect::openai;
    Operation operation = Operation::chat;  ///< tells OpenAI's two forms (chat, responses) apart
    std::string model;
    std::vector<Message> messages;
    std::vector<Tool> tools;
    ToolChoice tool_choice;
    Settings settings;
    Unknowns unknown;
};

enum class StopReason : uint8_t {
    end,
    stop_sequence,
    length,
    tool_calls,
    content_filter,
    refusal,
    pause,
    other,  ///< for a reason that only the provider has a word for
};

/// How probable a token was, and the others that were considered.
struct TokenProbability {
    std::string token;
    json::Value logprob;
    std::vector<TokenProbability> others;
};

/// One of the answers to a request (there is nearly always one).
struct Choice {
    std::vector<Part> parts;
    StopReason stop = StopReason::end;
    std::string stop_sequence = {};  ///< which one it was, if the provider says
    std::string stop_word = {};      ///< of `other`, in lower case
    std::vector<TokenProbability> logprobs = {};
    Unknowns unknown = {};  ///< the provider's names: "safetyRatings", "groundingMetadata", …
};

struct Reply {
    std::string id;
    std::string model;    ///< empty if the provider does not say
    int64_t created = 0;  ///< Unix seconds; 0 if the provider does not say
    std::vector<Choice> choices;
    std::optional<Usage> usage;
    std::string service_tier;
    std::vector<std::string> dropped;  ///< pointers into the provider's body: what has no word here
};

/// What an answer says about itself beside its content.
struct ReplyFrame {
    std::string_view id;
    std::string_view model;
    int64_t created = 0;
};

/// What a stream says next. All views live until the decoder is called again.
struct Event {
    enum class Kind : uint8_t {
        start,       ///< id, model, created
        part_start,  ///< part, type; of a tool call: id, name
        delta,       ///< part, type; text (of a tool call: a piece of its arguments)
        signature,   ///< part; text proves the reasoning part that is open
        citation,    ///< part, of text that was said, whether it has ended or not; citation
        part_end,    ///< part
        logprobs,    ///< logprobs of the tokens just said
        unknown,     ///< name, value: as Choice::unknown
        stop,        ///< stop; text (the stop sequence it was, the word of `other`)
        usage,       ///< usage so far, complete
        pause,       ///< the provider's own event is over: nothing that belongs to it follows
        end,         ///< the terminal event; a provider may end without a stop
    };
    enum class Type : uint8_t { text, reasoning, hidden_reasoning, tool_call, refusal };

    Kind kind = Kind::start;
    Type type = Type::text;
    int choice = 0;
    int part = 0;
    std::string_view text;
    std::string_view id;
    std::string_view name;  ///< tool; of start: the model
    std::string_view service_tier;
    StopReason stop = StopReason::end;
    int64_t created = 0;
    const Usage* usage = nullptr;
    const std::vector<TokenProbability>* logprobs = nullptr;
    const json::Value* value = nullptr;
    const Citation* citation = nullptr;
    bool base64 = false;  ///< of hidden reasoning: text is the base64 of its bytes
    bool cited = false;   ///< of unknown: as Unknown::cited
};

/// Receives a decoder's events.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on(const Event& event) = 0;
};

/// An encoder's output: text in its dialect and what it could not say, as pointers into the
/// client's body.
struct Encoded {
    std::string body;
    std::vector<std::string> dropped;
};

/// `/messages/2/content/1` and the like.
std::string pointer(const Message& message);
std::string pointer(const Message& message, const Part& part);
std::string pointer(const Tool& tool);
/// Of a tool's member: `/tools/1/function/strict`.
std::string pointer(const Tool& tool, std::string_view key);
/// "/" + key.
std::string pointer(const Setting& setting);
/// Of a part of an answer, in its provider's body: `/content/1`, with a member behind it if given.
std::string reply_pointer(const Part& part, std::string_view member = {});
/// `base` + "/" + key, escaped as RFC 6901 asks.
std::string pointer(std::string base, std::string_view key);

}  // namespace weir::dialect
