#include "tokens/body_walk.h"

#include <algorithm>
#include <charconv>

#include "json/lexer.h"
#include "tokens/openai_tools.h"

namespace weir::tokens {
namespace {

constexpr size_t kHeaderPrefix = 128 * 1024;  ///< of base64 in which a header is looked for

bool is_string(const char* p) {
    return *p == '"';
}

/// "data:image/png;base64,…" → what is behind the comma; empty for other addresses.
std::string_view data_url(std::string_view address) {
    if (!address.starts_with("data:")) return {};
    const size_t comma = address.substr(0, 256).find(',');
    return comma == std::string_view::npos ? std::string_view() : address.substr(comma + 1);
}

/// Long enough and of that alphabet: no text that people write looks like it.
bool looks_like_base64(std::string_view text) {
    if (text.size() < 32) return false;
    for (char c : text.substr(0, 256)) {
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !json::lex::is_digit(c) && !std::string_view("+/-_=\\").contains(c))
            return false;
    }
    return true;
}

bool says(std::string_view raw, std::string_view word) {
    return raw.size() == word.size() + 2 && raw.substr(1, word.size()) == word;
}

}  // namespace

BodyFacts BodyWalk::walk(const json::Peek& body, bool chat) {
    facts_ = {};
    raw_ = RawJson(body.raw().data() + body.raw().size());
    for (const json::PeekMember& member : body.members())
        top(member, chat);
    if (chat && facts_.messages > 0) facts_.framing += profile_.framing.reply;
    if (!profile_.framing.known && chat) facts_.plain = false;
    if (profile_.framing.single && facts_.messages != 1) facts_.plain = false;
    return facts_;
}

/// Unescaped: nobody may hide a text by how its name is written.
std::string_view BodyWalk::name_of(const json::PeekMember& member) {
    if (!member.name_escaped) return member.name;
    buffer_.clear();
    json::lex::append_unescaped(buffer_, member.name);
    return buffer_;
}

void BodyWalk::top(const json::PeekMember& member, bool chat) {
    const bool container = member.kind == json::Kind::object || member.kind == json::Kind::array;
    const TopKey key = top_key_of(name_of(member));
    switch (key) {
        case TopKey::messages:
            if (member.kind == json::Kind::array) list_of_messages(member.raw.data());
            break;
        case TopKey::system:
            single_message(member, chat);
            break;
        case TopKey::prompt:
            prompt(member, chat);
            break;
        case TopKey::tools:
            if (container) tools(member);
            break;
        case TopKey::request:
            if (member.kind == json::Kind::object) inner_request(member, chat);
            break;
        case TopKey::state:
            if (member.kind != json::Kind::null) facts_.plain = false;
            break;
        default:
            setting(key, member);
    }
}

void BodyWalk::inner_request(const json::PeekMember& member, bool chat) {
    raw_.members(member.raw.data(), [&](std::string_view name, const char* p) {
        const char* behind = raw_.value_end(p);
        if (top_key_of(name) != TopKey::request)
            top({.name = name,
                 .raw = json::view(p, behind),
                 .kind = json::kind_of(*p),
                 .name_escaped = name.find('\\') != std::string_view::npos},
                chat);
        return behind;
    });
}

void BodyWalk::setting(TopKey key, const json::PeekMember& member) {
    int64_t number = 0;
    switch (key) {
        case TopKey::max_output:
            if (member.kind == json::Kind::number) limit(member.raw);
            break;
        case TopKey::choices:
            std::from_chars(member.raw.data(), member.raw.data() + member.raw.size(), number);
            facts_.choices = std::clamp<int64_t>(number, 1, 128);
            break;
        case TopKey::generation:
            if (member.kind != json::Kind::object) break;
            raw_.members(member.raw.data(), [&](std::string_view name, const char* p) {
                const char* behind = raw_.value_end(p);
                if (const TopKey inner = top_key_of(name); inner != TopKey::generation)
                    setting(
                        inner,
                        {.name = name, .raw = json::view(p, behind), .kind = json::kind_of(*p)});
                return behind;
            });
            break;
        case TopKey::schema:
            if (member.kind == json::Kind::object) answer_schema(member);
            break;
        default:
            break;
    }
}

/// OpenAI: response_format.json_schema or text.format.schema; Gemini: the schema itself. Other
/// formats (text, json_object) cost nothing.
void BodyWalk::answer_schema(const json::PeekMember& member) {
    const bool itself =
        member.name.starts_with("responseSchema") || member.name.starts_with("responseJsonSchema");
    const auto format = json::find_member(member.raw, "format");
    const std::string_view holder = format ? format->raw : member.raw;
    auto schema = json::find_member(holder, "json_schema");
    if (!schema) schema = json::find_member(holder, "schema");
    if (!schema && !itself) return;
    facts_.plain = false;
    shown_as_json(itself ? member.raw.data() : schema->raw.data());
}

/// Several names may be there (max_tokens beside max_completion_tokens): the larger one counts.
void BodyWalk::limit(std::string_view raw) {
    double value = -1;
    std::from_chars(raw.data(), raw.data() + raw.size(), value);
    constexpr double kLargest = 1e9;
    if (value >= 0)
        facts_.max_output =
            std::max(facts_.max_output, static_cast<int64_t>(std::min(value, kLargest)));
}

const char* BodyWalk::list_of_messages(const char* p) {
    return raw_.elements(p, [&](const char* element) {
        return *element == '{' ? message(element) : raw_.value_end(element);
    });
}

const char* BodyWalk::message(const char* p) {
    ++facts_.messages;
    facts_.framing += profile_.framing.message;
    size_t parts = 0;
    return raw_.members(p, [&](std::string_view name, const char* value) {
        const Key key = key_of(name);
        if (key == Key::role) {
            const char* behind = raw_.value_end(value);
            if (says(json::view(value, behind), "assistant"))
                facts_.framing += profile_.framing.assistant;
            return behind;
        }
        if (key == Key::name && is_string(value)) {
            facts_.framing += profile_.framing.name;
            return text(value);
        }
        // Only the text of one content is known to be all; calls, results and lists of parts are
        // shown to the model in a form that is not published.
        if (key != Key::content || !is_string(value) || ++parts > 1)
            facts_.plain &= *value == 'n';  // null
        Context context;
        return member(key, name, value, context);
    });
}

void BodyWalk::single_message(const json::PeekMember& member, bool chat) {
    if (member.kind == json::Kind::null) return;
    ++facts_.messages;
    facts_.plain = false;
    if (chat) facts_.framing += profile_.framing.message;
    content(member.raw.data(), {});
}

void BodyWalk::prompt(const json::PeekMember& member, bool chat) {
    const char* p = member.raw.data();
    if (*p == '[') {
        input_list(p);
        facts_.prompts = std::max<int64_t>(facts_.prompts, texts_in(p));
        return;
    }
    if (member.kind != json::Kind::string && member.kind != json::Kind::object) return;
    if (chat) {
        ++facts_.messages;
        facts_.framing += profile_.framing.message;
    }
    if (*p == '{') facts_.plain = false;
    content(p, {});
}

/// Texts, token numbers, lists of token numbers, messages, or objects with text in them.
const char* BodyWalk::input_list(const char* p) {
    return raw_.elements(p, [&](const char* element) {
        if (is_string(element)) return text(element);
        if (*element == '[') return input_list(element);
        if (*element == '{') {
            facts_.plain = false;
            return message(element);
        }
        ++facts_.token_ids;
        return raw_.value_end(element);
    });
}

/// A list of token numbers is one text.
int64_t BodyWalk::texts_in(const char* p) const {
    int64_t texts = 0;
    raw_.elements(p, [&](const char* element) {
        texts += *element == '"' || *element == '[';
        return raw_.value_end(element);
    });
    return texts;
}

void BodyWalk::tools(const json::PeekMember& member) {
    const char* p = member.raw.data();
    facts_.plain = false;
    if (profile_.tools.recipe && meter_.vocabulary() && *p == '[') {
        facts_.tools += openai_tool_tokens(member.raw, raw_, profile_.tools, meter_, buffer_);
        return;
    }
    const std::string_view list =
        *p == '{' ? json::find_member(member.raw, "tools").value_or(json::PeekMember{}).raw
                  : member.raw;
    if (list.size() <= 2 || !list.starts_with('[')) return;
    facts_.tools += profile_.tools.once;
    raw_.elements(list.data(), [&](const char* element) {
        facts_.tools += profile_.tools.function;
        return shown_as_json(element);
    });
}

/// `outer`: what is known of the object around it.
const char* BodyWalk::content(const char* p, const Context& outer) {
    switch (*p) {
        case '"':
            return text(p);
        case '{':
            return object(p, outer);
        case '[':
            return raw_.elements(p, [&](const char* element) { return content(element, outer); });
        default:
            return raw_.value_end(p);
    }
}

const char* BodyWalk::object(const char* p, const Context& outer) {
    Context context{.open = p, .kind = outer.kind, .low = outer.low, .hidden = outer.hidden};
    const char* behind = raw_.members(p, [&](std::string_view name, const char* value) {
        return member(key_of(name), name, value, context);
    });
    attachment(context);
    return behind;
}

const char* BodyWalk::member(Key key, std::string_view name, const char* p, Context& context) {
    if (!is_string(p)) return container(key, name, p, context);
    const char* behind = raw_.string_end(p);
    string(key, name, inside(p, behind), context);
    return behind;
}

/// A value that is no string.
const char* BodyWalk::container(Key key, std::string_view name, const char* p,
                                const Context& context) {
    if (key == Key::ignored || key == Key::role) return raw_.value_end(p);
    if (key == Key::shown_json && (*p == '{' || *p == '[')) return shown_as_json(p);
    if (key != Key::attachment) return content(p, context);
    Context inner = context;
    inner.data = inner.address = {};
    if (const MediaKind kind = kind_of_name(name); kind != MediaKind::unknown) inner.kind = kind;
    if (inner.kind == MediaKind::unknown && context.open) {  // `source` came before `type`
        const auto type = json::find_member(raw_.from(context.open), "type");
        if (type && type->kind == json::Kind::string)
            inner.kind = kind_of_name(type->raw.substr(1, type->raw.size() - 2));
    }
    return content(p, inner);
}

void BodyWalk::string(Key key, std::string_view name, std::string_view value, Context& context) {
    const bool is_data = !data_url(value).empty() || looks_like_base64(value);
    switch (key) {
        case Key::ignored:
        case Key::role:
            break;
        case Key::type:
            if (const MediaKind kind = kind_of_name(value); kind != MediaKind::unknown)
                context.kind = kind;
            context.hidden |= value == "redacted_thinking";
            break;
        case Key::detail:
            context.low = value == "low";
            break;
        case Key::media_type:
            if (const MediaKind kind = kind_of_media_type(value); kind != MediaKind::unknown)
                context.kind = kind;
            break;
        case Key::data:
            if (context.hidden) break;
            is_data ? attached(context, value) : meter_.add_raw(value);
            break;
        case Key::attachment:  // Responses: "image_url": "data:…", or an address
            if (is_data) return attached(context, value);
            if (name != "image_url") return meter_.add_raw(value);
            context.kind = MediaKind::image;
            context.address = value;
            break;
        case Key::address:
            if (!data_url(value).empty()) return attached(context, value);
            context.address = value;
            break;
        default:
            meter_.add_raw(value);
    }
}

/// Priced at the end of the object, when all is known that it says; a second one ends the first.
void BodyWalk::attached(Context& context, std::string_view data) {
    if (!context.data.empty()) attachment(context);
    context.data = data;
}

/// Quotes, colons and brackets mostly share a token with a neighbour: about one sign in two counts.
const char* BodyWalk::shown_as_json(const char* p) {
    switch (*p) {
        case '"':
            return text(p);
        case '{':
            meter_.add_structure(2);
            return raw_.members(p, [&](std::string_view name, const char* value) {
                meter_.add_raw(name);
                meter_.add_structure(2);
                return shown_as_json(value);
            });
        case '[':
            meter_.add_structure(1);
            return raw_.elements(p, [&](const char* element) {
                meter_.add_structure(1);
                return shown_as_json(element);
            });
        default: {
            const char* behind = raw_.value_end(p);
            meter_.add(json::view(p, behind));
            return behind;
        }
    }
}

const char* BodyWalk::text(const char* p) {
    const char* behind = raw_.string_end(p);
    meter_.add_raw(inside(p, behind));
    return behind;
}

/// The beginning of base64 data; escaped slashes are undone for it.
std::string_view BodyWalk::header_of(std::string_view data) {
    if (data.substr(0, kHeaderPrefix).find('\\') == std::string_view::npos) return data;
    buffer_.clear();
    for (char c : data.substr(0, kHeaderPrefix))
        if (c != '\\') buffer_.push_back(c);
    return buffer_;
}

void BodyWalk::attachment(const Context& context) {
    std::string_view data = context.data;
    if (const auto inlined = data_url(data); !inlined.empty()) data = inlined;
    if (data.empty() && context.address.empty()) return;
    facts_.plain = false;
    if (data.empty() && context.kind == MediaKind::unknown) {  // of a search result, say
        meter_.add_raw(context.address);
        return;
    }
    MediaHeader header;
    if (!data.empty()) header = read_media_header(Base64Bytes(header_of(data)));
    MediaKind kind = header.kind != MediaKind::unknown ? header.kind : context.kind;
    if (kind == MediaKind::unknown) kind = MediaKind::document;
    facts_.attachments += kind == MediaKind::image
                              ? profile_.image.tokens(header, context.low)
                              : profile_.media.tokens(kind, header, Base64Bytes(data).size());
}

}  // namespace weir::tokens
