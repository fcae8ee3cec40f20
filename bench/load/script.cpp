#include "script.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
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

// AWS "Event stream encoding": lengths, their checksum, headers, payload, the checksum of it all.
std::uint32_t crc32(std::string_view bytes) {
    static const auto kTable = [] {
        std::array<std::uint32_t, 256> table{};
        for (std::uint32_t i = 0; i < table.size(); ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit)
                c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
            table[i] = c;
        }
        return table;
    }();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char byte : bytes)
        crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

void put_32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>((value >> shift) & 0xFF));
}

std::string aws_event(std::string_view type, std::string_view payload) {
    constexpr char kString = 7;
    std::string headers;
    const auto put = [&](std::string_view name, std::string_view value) {
        headers.push_back(static_cast<char>(name.size()));
        headers.append(name).push_back(kString);
        headers.push_back(0);
        headers.push_back(static_cast<char>(value.size()));
        headers.append(value);
    };
    put(":event-type", type);
    put(":content-type", "application/json");
    put(":message-type", "event");
    std::string out;
    put_32(out, static_cast<std::uint32_t>(16 + headers.size() + payload.size()));
    put_32(out, static_cast<std::uint32_t>(headers.size()));
    put_32(out, crc32(out));
    out.append(headers).append(payload);
    put_32(out, crc32(out));
    return out;
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

std::string gemini_whole(std::string_view model, std::string_view text) {
    return fmt::format(
        R"({{"candidates":[{{"content":{{"parts":[{{"text":"{}"}}],"role":"model"}},"finishReason":"STOP",)"
        R"("index":0}}],"usageMetadata":{{"promptTokenCount":213,"candidatesTokenCount":87,)"
        R"("totalTokenCount":300}},"modelVersion":"{}","responseId":"mAitaLmkHPPIvdIPgu6q2Qw"}})",
        text, model);
}

std::string bedrock_whole(std::string_view text) {
    return fmt::format(
        R"({{"metrics":{{"latencyMs":412}},"output":{{"message":{{"content":[{{"text":"{}"}}],"role":"assistant"}}}},)"
        R"("stopReason":"end_turn","usage":{{"inputTokens":213,"outputTokens":87,"totalTokens":300}}}})",
        text);
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

std::string gemini_chunk(std::string_view model, std::string_view text, std::string_view more,
                         std::size_t tokens) {
    return fmt::format(
        R"(data: {{"candidates": [{{"content": {{"parts": [{{"text": "{}"}}],"role": "model"}}{},"index": 0}}],)"
        R"("usageMetadata": {{"promptTokenCount": 213,"candidatesTokenCount": {},"totalTokenCount": {}}},)"
        R"("modelVersion": "{}","responseId": "mAitaLmkHPPIvdIPgu6q2Qw"}})"
        "\r\n\r\n",
        text, more, tokens, tokens + 213, model);
}

StreamAnswer gemini_stream(std::string_view model, std::size_t events) {
    StreamAnswer out;
    for (std::size_t i = 0; i < events; ++i)
        out.content.push_back(gemini_chunk(model, delta_text(i), "", i + 1));
    out.closing = gemini_chunk(model, "", R"(,"finishReason": "STOP")", events);
    return out;
}

// Bedrock pads its payloads with a member "p" of a few letters.
StreamAnswer bedrock_stream(std::size_t events) {
    StreamAnswer out;
    out.opening = aws_event("messageStart", R"({"p":"abcdefghijkl","role":"assistant"})");
    for (std::size_t i = 0; i < events; ++i)
        out.content.push_back(aws_event(
            "contentBlockDelta",
            fmt::format(
                R"({{"contentBlockIndex":0,"delta":{{"text":"{}"}},"p":"abcdefghijklmnop"}})",
                delta_text(i))));
    out.closing =
        aws_event("contentBlockStop", R"({"contentBlockIndex":0,"p":"abcdefg"})") +
        aws_event("messageStop", R"({"p":"abcdefghij","stopReason":"end_turn"})") +
        aws_event("metadata",
                  fmt::format(R"({{"metrics":{{"latencyMs":412}},"p":"abcd","usage":)"
                              R"({{"inputTokens":213,"outputTokens":{},"totalTokens":{}}}}})",
                              events, events + 213));
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

std::string request_body(std::string_view model, std::size_t bytes, bool stream, Dialect dialect) {
    // A conversation grows by turns: the long request is many messages, not one long string.
    constexpr std::size_t kTurn = 1500;
    std::string out =
        dialect == Dialect::anthropic
            ? fmt::format(
                  R"({{"model":"{}","system":"{}","messages":[{{"role":"user","content":"Hello."}},)"
                  R"({{"role":"assistant","content":"How can I help?"}})",
                  model, kSystemPrompt)
            : fmt::format(R"({{"model":"{}","messages":[{{"role":"system","content":"{}"}})", model,
                          kSystemPrompt);
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
    switch (dialect) {
        case Dialect::openai:
            break;
        case Dialect::anthropic:
            return anthropic_whole(model, text);
        case Dialect::gemini:
            return gemini_whole(model, text);
        case Dialect::bedrock:
            return bedrock_whole(text);
    }
    return openai_whole(model, text);
}

StreamAnswer stream_answer(std::string_view model, const Script& script, Dialect dialect,
                           bool with_usage) {
    switch (dialect) {
        case Dialect::openai:
            break;
        case Dialect::anthropic:
            return anthropic_stream(model, script.events);
        case Dialect::gemini:
            return gemini_stream(model, script.events);
        case Dialect::bedrock:
            return bedrock_stream(script.events);
    }
    return openai_stream(model, script.events, with_usage);
}

}  // namespace weir::bench
