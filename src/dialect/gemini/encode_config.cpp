#include "dialect/gemini/models.h"
#include "dialect/gemini/request_encoder.h"
#include "dialect/gemini/schema.h"

namespace weir::dialect::gemini {
namespace {

// Tokens of thinking for a word (Gemini API, "OpenAI compatibility"); nothing for other words.
std::optional<int> budget_of(std::string_view effort) {
    if (effort == "none") return 0;
    if (effort == "minimal" || effort == "low") return 1024;
    if (effort == "medium") return 8192;
    if (effort == "high" || effort == "xhigh" || effort == "max") return 24576;
    return std::nullopt;
}

// Pro has two levels only: what lies between is the higher one.
std::string_view level_of(std::string_view effort, bool flash) {
    if (effort == "none") return flash ? "MINIMAL" : "";
    if (effort == "minimal") return flash ? "MINIMAL" : "LOW";
    if (effort == "low") return "LOW";
    if (effort == "medium") return flash ? "MEDIUM" : "HIGH";
    if (effort == "high" || effort == "xhigh" || effort == "max") return "HIGH";
    return {};
}

bool is_usual_tier(const Setting& tier) {
    return tier.value.text() == "auto" || tier.value.text() == "default" ||
           tier.value.text() == "standard_only";
}

}  // namespace

Result<void> RequestEncoder::write_config() {
    w_.key("generationConfig").begin_object();
    write_sampling();
    write_stop();
    WEIR_CHECK(write_thinking());
    WEIR_CHECK(write_format());
    write_own_config();
    w_.end_object();
    return {};
}

void RequestEncoder::write_sampling() {
    const Settings& s = conversation_.settings;
    write_setting("maxOutputTokens", s.max_tokens);
    write_setting("temperature", s.temperature);
    write_setting("topP", s.top_p);
    write_setting("topK", s.top_k);
    write_setting("candidateCount", s.choices);
    write_setting("seed", s.seed);
    write_setting("presencePenalty", s.presence_penalty);
    write_setting("frequencyPenalty", s.frequency_penalty);
    if (s.logprobs.value.as_bool()) {
        w_.key("responseLogprobs").boolean(true);
        write_setting("logprobs", s.top_logprobs);
    }
    dropped_.add(s.user);
    if (s.service_tier && !is_usual_tier(s.service_tier)) dropped_.add(s.service_tier);
    if (s.parallel_tools && !s.parallel_tools.value.as_bool()) dropped_.add(s.parallel_tools);
}

void RequestEncoder::write_stop() {
    const json::Value& stop = conversation_.settings.stop.value;
    if (stop.is_string())
        w_.key("stopSequences").begin_array().string(stop.text()).end_array();
    else if (stop.is_array() && !stop.items().empty())
        w_.key("stopSequences").value(stop);
}

Result<void> RequestEncoder::write_thinking() {
    const Settings& s = conversation_.settings;
    if (!s.thinking && !s.effort) return {};
    if (!thinks(model_)) {
        if (s.thinking && s.thinking->mode != Thinking::Mode::disabled)
            dropped_.add("/" + std::string(s.thinking->key));
        dropped_.add(s.effort);
        return {};
    }
    const bool levels = thinks_in_levels(model_);
    w_.key("thinkingConfig").begin_object();
    bool told = false;
    if (s.thinking) {
        using Mode = Thinking::Mode;
        const Mode mode = s.thinking->mode;
        if (mode != Mode::disabled)
            w_.key("includeThoughts").boolean(s.thinking->display != "omitted");
        if (mode == Mode::enabled && !s.thinking->budget.is_null()) {
            w_.key("thinkingBudget").value(s.thinking->budget);
            told = true;
        } else if (mode == Mode::disabled && !levels) {
            w_.key("thinkingBudget").integer(0);
            told = true;
        } else if (mode == Mode::disabled && !s.effort) {
            // No thinking at all is not on offer: the least there is.
            w_.key("thinkingLevel").string(is_flash(model_) ? "MINIMAL" : "LOW");
            told = true;
        }
    }
    if (s.effort && told)
        dropped_.add(s.effort);  // a budget and a level exclude each other
    else if (s.effort)
        WEIR_CHECK(write_effort(levels));
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_effort(bool levels) {
    const std::string_view effort = conversation_.settings.effort.value.text();
    const Setting& setting = conversation_.settings.effort;
    if (levels) {
        const std::string_view level = level_of(effort, is_flash(model_));
        if (level.empty()) return unsupported(pointer(setting), "this effort");
        w_.key("thinkingLevel").string(level);
        return {};
    }
    const auto budget = budget_of(effort);
    if (!budget) return unsupported(pointer(setting), "this effort");
    w_.key("thinkingBudget").integer(*budget);
    return {};
}

Result<void> RequestEncoder::write_format() {
    using Kind = ResponseFormat::Kind;
    const auto& format = conversation_.settings.format;
    if (!format) return {};
    switch (format->kind) {
        case Kind::text:
            w_.key("responseMimeType").string("text/plain");
            return {};
        case Kind::json_object:
            w_.key("responseMimeType").string("application/json");
            return {};
        case Kind::json_schema:
            w_.key("responseMimeType").string("application/json");
            return write_schema(*format);
        case Kind::choice:
            w_.key("responseMimeType").string("text/x.enum");
            w_.key("responseSchema").begin_object().key("type").string("STRING");
            w_.key("enum").value(format->schema).end_object();
            return {};
        case Kind::regex:
            w_.key("responseMimeType").string("application/json");
            w_.key("responseSchema").begin_object().key("type").string("STRING");
            w_.key("pattern").value(format->schema).end_object();
    }
    return {};
}

Result<void> RequestEncoder::write_schema(const ResponseFormat& format) {
    if (format.schema.is_null()) return {};
    if (takes_json_schema(model_)) {
        w_.key("responseJsonSchema").value(format.schema);
        return {};
    }
    std::string where = "/" + std::string(format.key);
    if (format.key == "response_format") where += "/json_schema/schema";
    WEIR_TRY(auto schema, to_openapi(format.schema, std::move(where), dropped_));
    w_.key("responseSchema").value(schema);
    return {};
}

// {"media_resolution":…}: what upstream lets through of Google's own settings.
void RequestEncoder::write_own_config() {
    const Setting& own = conversation_.settings.generation_config;
    bool written = false;
    for (const auto& member : own.value.members()) {
        const bool resolution = member.key == "media_resolution" || member.key == "mediaResolution";
        if (resolution && !written)
            w_.key("mediaResolution").value(member.value);
        else
            dropped_.add(pointer(pointer(own), member.key));
        written = written || resolution;
    }
}

}  // namespace weir::dialect::gemini
