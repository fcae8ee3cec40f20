#include <algorithm>

#include "dialect/gemini/models.h"
#include "dialect/gemini/request_encoder.h"
#include "dialect/gemini/schema.h"

namespace weir::dialect::gemini {
namespace {

// OpenAI's way to let the model search; its details have no word here.
constexpr std::string_view kWebSearch = "web_search_options";

struct Renamed {
    std::string_view theirs;
    std::string_view ours;
};
// Members of a search tool, in the names that clients give them.
constexpr Renamed kSearchMembers[] = {{"exclude_domains", "excludeDomains"},
                                      {"blocked_domains", "excludeDomains"},
                                      {"excludeDomains", "excludeDomains"},
                                      {"blocking_confidence", "blockingConfidence"},
                                      {"blockingConfidence", "blockingConfidence"}};

std::string_view renamed(std::string_view key) {
    for (const auto& row : kSearchMembers)
        if (row.theirs == key) return row.ours;
    return {};
}

bool is_search(const Tool& tool) {
    const std::string_view type = tool.foreign.string_at("type");
    return type == "google_search" || type.starts_with("web_search");
}

}  // namespace

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object();
    if (same_) {
        write_own();
        w_.end_object();
        return dropped_.take();
    }
    WEIR_CHECK(write_contents());
    WEIR_CHECK(write_system());
    WEIR_CHECK(write_tools());
    WEIR_CHECK(write_tool_config());
    WEIR_CHECK(write_config());
    if (conversation_.settings.safety)
        w_.key("safetySettings").value(conversation_.settings.safety.value);
    WEIR_CHECK(drop_unknowns(conversation_, dropped_, kWebSearch));
    w_.end_object();
    return dropped_.take();
}

Result<std::vector<std::string>> RequestEncoder::encode_count(bool studio) {
    w_.begin_object();
    if (studio) {
        w_.key("generateContentRequest").begin_object();
        w_.key("model").string("models/" + std::string(model_));
    }
    if (same_) {
        write_own_contents();
        write_own_tools();
    } else {
        WEIR_CHECK(write_contents());
        WEIR_CHECK(write_system());
        WEIR_CHECK(write_tools());
    }
    if (studio) w_.end_object();
    w_.end_object();
    return dropped_.take();
}

Result<void> RequestEncoder::write_system() {
    bool open = false;
    for (const auto& message : conversation_.messages) {
        if (message.role != Role::system) continue;
        for (const auto& part : message.parts) {
            const auto* text = std::get_if<Text>(&part.body);
            if (!text)
                return unsupported(pointer(message, part), "anything but text in a system message");
            dropped_.add_rest(message, part);
            if (text->text.empty()) continue;
            if (!open) w_.key("systemInstruction").begin_object().key("parts").begin_array();
            open = true;
            w_.begin_object().key("text").string(text->text).end_object();
        }
    }
    if (open) w_.end_array().end_object();
    return {};
}

Result<void> RequestEncoder::write_tools() {
    const auto& unknowns = conversation_.unknown;
    const auto search = std::find_if(unknowns.begin(), unknowns.end(),
                                     [](const Unknown& u) { return u.key == kWebSearch; });
    if (conversation_.tools.empty() && search == unknowns.end()) return {};
    w_.key("tools").begin_array();
    if (search != unknowns.end()) {
        w_.raw(R"({"googleSearch":{}})");
        for (const auto& detail : search->value.members())
            dropped_.add(pointer(pointer(std::string(), kWebSearch), detail.key));
    }
    for (const auto& tool : conversation_.tools)
        if (!tool.foreign.is_null()) WEIR_CHECK(write_search(tool));
    WEIR_CHECK(write_functions());
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_functions() {
    bool open = false;
    for (const auto& tool : conversation_.tools) {
        if (!tool.foreign.is_null()) continue;
        if (!open) w_.begin_object().key("functionDeclarations").begin_array();
        open = true;
        w_.begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) w_.key("description").string(tool.description);
        const bool empty =
            tool.schema.is_null() || (tool.schema.is_object() && tool.schema.members().empty());
        if (!empty && takes_json_schema(model_)) {
            w_.key("parametersJsonSchema").value(tool.schema);
        } else if (!empty) {
            WEIR_TRY(auto schema, to_openapi(tool.schema, pointer(tool, "parameters"), dropped_));
            w_.key("parameters").value(schema);
        }
        w_.end_object();
        if (tool.strict.as_bool()) dropped_.add(pointer(tool, "strict"));
        if (!tool.cache.is_null()) dropped_.add(pointer(pointer(tool), "cache_control"));
        dropped_.add(tool, tool.unknown);
    }
    if (open) w_.end_array().end_object();
    return {};
}

// {"type":"google_search","google_search":{…}}, or the web search of other clients, whose members
// stand beside the type.
Result<void> RequestEncoder::write_search(const Tool& tool) {
    const std::string type(tool.foreign.string_at("type"));
    if (type == "enterprise_search") {
        w_.begin_object().key("enterpriseWebSearch").begin_object().end_object().end_object();
        return {};
    }
    if (!is_search(tool)) return unsupported(pointer(tool), "tools of type " + type);
    w_.begin_object().key("googleSearch").begin_object();
    const auto* own = tool.foreign.find(type);
    const std::string base = own ? pointer(pointer(tool), type) : pointer(tool);
    for (const auto& [key, value] : (own ? *own : tool.foreign).members()) {
        if (key == "type" || key == "name" || value.is_null()) continue;
        if (const auto name = renamed(key); !name.empty()) {
            w_.key(name).value(value);
        } else if (key == "time_range_filter" || key == "timeRangeFilter") {
            w_.key("timeRangeFilter").begin_object();
            for (const auto& bound : value.members())
                w_.any_key(bound.key == "start_time" ? "startTime"
                           : bound.key == "end_time" ? "endTime"
                                                     : std::string_view(bound.key))
                    .value(bound.value);
            w_.end_object();
        } else {
            dropped_.add(pointer(base, key));
        }
    }
    w_.end_object().end_object();
    return {};
}

Result<void> RequestEncoder::write_tool_config() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    std::string_view mode;
    switch (choice.kind) {
        case Kind::unset:
            return {};
        case Kind::automatic:
            mode = "AUTO";
            break;
        case Kind::none:
            mode = "NONE";
            break;
        case Kind::required:
        case Kind::named:
            mode = "ANY";
            break;
        case Kind::word:
            return unsupported("/tool_choice", "this word");
    }
    if (conversation_.tools.empty()) {  // nothing to choose from: only a demand is lost
        if (mode == "ANY") dropped_.add("/tool_choice");
        return {};
    }
    w_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
    w_.key("mode").string(mode);
    if (choice.kind == Kind::named)
        w_.key("allowedFunctionNames").begin_array().string(choice.name).end_array();
    w_.end_object().end_object();
    return {};
}

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

Result<Encoded> encode_count(const Conversation& conversation, std::string_view model,
                             bool studio) {
    Encoded out;
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode_count(studio));
    return out;
}

}  // namespace weir::dialect::gemini
