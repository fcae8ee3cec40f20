#include "script.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace weir::bench {
namespace {

constexpr std::string_view kSystemPrompt =
    "You are the planning agent of a team. Answer briefly, cite the tool you used, and never "
    "invent figures.";

constexpr std::array<std::string_view, 16> kDeltas = {
    " the",     " gateway", " measures", ",",        " of",        " each",
    " request", ".\\n\\n",  " Then",     " latency", " caf\u00e9", " \\\"quoted\\\"",
    " tokens",  " settle",  " (42 ms)",  " tomorrow"};

constexpr std::array<std::string_view, 24> kWords = {
    "the",    "river",   "carries", "what",       "each",   "agent",    "asked",     "for",
    "and",    "returns", "an",      "answer",     "before", "anyone",   "notices",   "latency,",
    "tokens", "or",      "cost;",   "\\\"so\\\"", "it",     "goes.\\n", "caf\u00e9", "42"};

bool take_number(std::string_view& in, std::size_t& out) {
    const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), out);
    if (error != std::errc()) return false;
    in.remove_prefix(static_cast<std::size_t>(end - in.data()));
    return true;
}

std::string openai_whole(std::string_view model, std::string_view text) {
    return fmt::format(
        R"({{"id":"chatcmpl-CPqR7bWn4kz1vXo2mTf0aYd3sLeUh","object":"chat.completion","created":1760000000,"model":"{}",)"
        R"("choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},)"
        R"("logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":213,"completion_tokens":87,)"
        R"("total_tokens":300,"prompt_tokens_details":{{"cached_tokens":128,"audio_tokens":0}},)"
        R"("completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0}}}},"service_tier":"default",)"
        R"("system_fingerprint":"fp_9f1d3c5a7b"}})",
        model, text);
}

std::string anthropic_whole(std::string_view model, std::string_view text) {
    return fmt::format(
        R"({{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"{}",)"
        R"("content":[{{"type":"text","text":"{}"}}],"stop_reason":"end_turn","stop_sequence":null,)"
        R"("usage":{{"input_tokens":85,"cache_creation_input_tokens":0,"cache_read_input_tokens":128,)"
        R"("output_tokens":87,"service_tier":"standard"}}}})",
        model, text);
}

// With include_usage, OpenAI puts "usage":null into every other chunk.
std::string openai_chunk(std::string_view model, std::string_view delta, std::string_view finish,
                         bool with_usage) {
    return fmt::format(
        R"(data: {{"id":"chatcmpl-CPqR7bWn4kz1vXo2mTf0aYd3sLeUh","object":"chat.completion.chunk","created":1760000000,)"
        R"("model":"{}","service_tier":"default","system_fingerprint":"fp_9f1d3c5a7b","choices":[{{"index":0,)"
        R"("delta":{{{}}},"logprobs":null,"finish_reason":{}}}]{}}})"
        "\n\n",
        model, delta, finish, with_usage ? R"(,"usage":null)" : "");
}

StreamAnswer openai_stream(std::string_view model, std::size_t events, bool with_usage) {
    StreamAnswer out;
    out.opening = openai_chunk(model, R"("role":"assistant","content":"","refusal":null)", "null",
                               with_usage);
    for (std::size_t i = 0; i < events; ++i) {
        out.content.push_back(openai_chunk(model, fmt::format(R"("content":"{}")", delta_text(i)),
                                           "null", with_usage));
    }
    out.closing = openai_chunk(model, "", R"("stop")", with_usage);
    if (with_usage) {
        out.closing += fmt::format(
            R"(data: {{"id":"chatcmpl-CPqR7bWn4kz1vXo2mTf0aYd3sLeUh","object":"chat.completion.chunk",)"
            R"("created":1760000000,"model":"{}","service_tier":"default","system_fingerprint":"fp_9f1d3c5a7b",)"
            R"("choices":[],"usage":{{"prompt_tokens":213,"completion_tokens":{},"total_tokens":{}}}}})"
            "\n\n",
            model, events, events + 213);
    }
    out.closing += "data: [DONE]\n\n";
    return out;
}

StreamAnswer anthropic_stream(std::string_view model, std::size_t events) {
    StreamAnswer out;
    out.opening = fmt::format(
        "event: message_start\n"
        R"(data: {{"type":"message_start","message":{{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message",)"
        R"("role":"assistant","model":"{}","content":[],"stop_reason":null,"stop_sequence":null,)"
        R"("usage":{{"input_tokens":85,"cache_creation_input_tokens":0,"cache_read_input_tokens":128,"output_tokens":1}}}}}})"
        "\n\nevent: content_block_start\n"
        R"(data: {{"type":"content_block_start","index":0,"content_block":{{"type":"text","text":""}}}})"
        "\n\nevent: ping\ndata: {{\"type\": \"ping\"}}\n\n",
        model);
    for (std::size_t i = 0; i < events; ++i) {
        out.content.push_back(fmt::format(
            "event: content_block_delta\n"
            R"(data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}})"
            "\n\n",
            delta_text(i)));
    }
    out.closing = fmt::format(
        "event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n"
        "event: message_delta\n"
        R"(data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},)"
        R"("usage":{{"output_tokens":{}}}}})"
        "\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n",
        events);
    return out;
}

}  // namespace

std::optional<Script> parse_script(std::string_view model) {
    const auto dash = model.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    auto rest = model.substr(dash + 1);
    Script out;
    if (rest == "idle") {
        out.kind = Script::Kind::idle;
        out.events = 1;
        return out;
    }
    if (rest.starts_with("whole-")) {
        rest.remove_prefix(6);
        if (take_number(rest, out.bytes) && rest.empty()) return out;
    } else if (rest.starts_with("sse-")) {
        rest.remove_prefix(4);
        std::size_t pace = 0;
        out.kind = Script::Kind::stream;
        if (!take_number(rest, out.events) || !rest.starts_with("-")) return std::nullopt;
        rest.remove_prefix(1);
        if (!take_number(rest, pace) || !rest.empty()) return std::nullopt;
        out.pace = std::chrono::microseconds(pace);
        return out;
    }
    return std::nullopt;
}

std::string prose(std::size_t bytes) {
    std::string out;
    out.reserve(bytes + 16);
    for (std::uint32_t seed = 7; true; seed = seed * 1664525U + 1013904223U) {
        const auto word = kWords[(seed >> 16) % kWords.size()];
        if (out.size() + word.size() + 1 > bytes) break;
        out.append(word).push_back(' ');
    }
    out.append(bytes - out.size(), '.');
    return out;
}

std::string_view delta_text(std::size_t index) {
    return kDeltas[index % kDeltas.size()];
}

std::string answer_text(std::string_view model, const Script& script) {
    const auto bare = openai_whole(model, "").size();
    if (script.bytes < bare)
        throw std::invalid_argument("a whole answer needs more bytes than that");
    return prose(script.bytes - bare);
}

std::string request_body(std::string_view model, std::size_t bytes, bool stream) {
    // A conversation grows by turns: the long request is many messages, not one long string.
    constexpr std::size_t kTurn = 1500;
    std::string out = fmt::format(
        R"({{"model":"{}","messages":[{{"role":"system","content":"{}"}})", model, kSystemPrompt);
    const std::string tail = fmt::format(R"("}}],"temperature":0.2,"max_tokens":512{}}})",
                                         stream ? R"(,"stream":true)" : "");
    constexpr std::string_view kUser = R"(,{"role":"user","content":")";
    constexpr std::string_view kAssistant = R"(,{"role":"assistant","content":")";
    const std::string text = prose(kTurn);
    const auto left = [&] {
        const auto needed = out.size() + kUser.size() + tail.size();
        if (needed > bytes) throw std::invalid_argument("a request needs more bytes than that");
        return bytes - needed;
    };
    while (left() > 3 * kTurn) {
        out.append(kUser).append(text).append("\"}").append(kAssistant).append(text).append("\"}");
    }
    const auto rest = left();
    return out.append(kUser).append(prose(rest)).append(tail);
}

std::string whole_answer(std::string_view model, const Script& script, Dialect dialect) {
    const auto text = answer_text(model, script);
    return dialect == Dialect::openai ? openai_whole(model, text) : anthropic_whole(model, text);
}

StreamAnswer stream_answer(std::string_view model, const Script& script, Dialect dialect,
                           bool with_usage) {
    return dialect == Dialect::openai ? openai_stream(model, script.events, with_usage)
                                      : anthropic_stream(model, script.events);
}

}  // namespace weir::bench
