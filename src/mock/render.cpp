#include "mock/render.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "dialect/eventstream.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::mock {
namespace {

using dialect::Dialect;

struct ErrorWords {
    int status;
    std::string_view openai, anthropic, bedrock, gemini;
};
constexpr ErrorWords kErrors[] = {
    {400, "invalid_request_error", "invalid_request_error", "ValidationException",
     "INVALID_ARGUMENT"},
    {401, "invalid_request_error", "authentication_error", "UnrecognizedClientException",
     "UNAUTHENTICATED"},
    {403, "invalid_request_error", "permission_error", "AccessDeniedException",
     "PERMISSION_DENIED"},
    {404, "invalid_request_error", "not_found_error", "ResourceNotFoundException", "NOT_FOUND"},
    {413, "invalid_request_error", "request_too_large", "ValidationException", "INVALID_ARGUMENT"},
    {429, "rate_limit_exceeded", "rate_limit_error", "ThrottlingException", "RESOURCE_EXHAUSTED"},
    {500, "server_error", "api_error", "InternalServerException", "INTERNAL"},
    {503, "server_error", "overloaded_error", "ServiceUnavailableException", "UNAVAILABLE"},
    {529, "server_error", "overloaded_error", "ServiceUnavailableException", "UNAVAILABLE"},
};

const ErrorWords& words_for(int status) {
    for (const ErrorWords& words : kErrors)
        if (words.status == status) return words;
    return words_for(status < 500 ? 400 : 500);
}

}  // namespace

void StreamPlan::append(uint64_t index, std::string& out) const {
    if (framing != Framing::json_array) return append_event(index, out);
    out += index == 0 ? "[" : ",\r\n";
    append_event(index, out);
    if (index + 1 == size()) out += "]";
}

void StreamPlan::append_event(uint64_t index, std::string& out) const {
    if (index < before.size()) return frame(before[index].name, before[index].payload, out);
    index -= before.size();
    if (index >= text.size()) {
        const PlannedEvent& event = after[index - text.size()];
        return frame(event.name, event.payload, out);
    }
    std::string piece;
    text.append_piece(index, piece);
    std::string payload = delta_prefix;
    if (first_number >= 0)
        payload.append(std::to_string(first_number + static_cast<int64_t>(index)))
            .append(delta_middle);
    json::append_string(payload, piece);
    payload += delta_suffix;
    frame(delta_name, payload, out);
}

void StreamPlan::append_error(std::string& out) const {
    if (framing == Framing::json_array) {
        out.append(",\r\n").append(error.payload).append("]");
    } else if (framing == Framing::eventstream) {
        dialect::append_eventstream_exception(out, error.name, error.payload);
    } else {
        frame(error.name, error.payload, out);
    }
}

void StreamPlan::frame(std::string_view name, std::string_view payload, std::string& out) const {
    switch (framing) {
        case Framing::sse:
            dialect::append_sse(out, name, payload);
            break;
        case Framing::json_array:
            out += payload;
            break;
        case Framing::eventstream:
            dialect::append_eventstream_event(out, name, payload);
            break;
        case Framing::aws_chunks:
            dialect::append_eventstream_event(
                out, "chunk", fmt::format(R"({{"bytes":"{}"}})", base64_encode(payload)));
            break;
    }
}

std::string_view StreamPlan::content_type() const {
    if (framing == Framing::json_array) return "application/json; charset=UTF-8";
    return framing == Framing::sse ? "text/event-stream; charset=utf-8"
                                   : "application/vnd.amazon.eventstream";
}

std::string render_whole(const Question& q, const Answer& a, int64_t created) {
    switch (q.ask) {
        case Ask::chat:
            if (q.shape == Dialect::cohere) return detail::cohere_chat_whole(q, a);
            [[fallthrough]];
        case Ask::completions:
            return detail::openai_whole(q, a, created);
        case Ask::responses:
            return detail::responses_whole(q, a, created);
        case Ask::messages:
            return detail::anthropic_whole(q, a);
        case Ask::converse:
            return detail::converse_whole(q, a);
        case Ask::generate:
            return detail::gemini_whole(q, a);
        case Ask::predict:
        case Ask::embed_content:
        case Ask::batch_embed_contents:
            return detail::google_embeddings(q, a);
        case Ask::cohere_embed:
        case Ask::rerank:
            return detail::cohere_whole(q, a);
        default:
            return detail::other_whole(q, a, created);
    }
}

StreamPlan plan_stream(const Question& q, const Answer& a, int64_t created) {
    switch (q.ask) {
        case Ask::chat:
            if (q.shape == Dialect::cohere) return detail::cohere_chat_stream(q, a);
            break;
        case Ask::responses:
            return detail::responses_stream(q, a, created);
        case Ask::messages:
            return detail::anthropic_stream(q, a);
        case Ask::converse:
            return detail::converse_stream(q, a);
        case Ask::generate:
            return detail::gemini_stream(q, a);
        default:
            break;
    }
    return detail::openai_stream(q, a, created);
}

std::string render_error(Dialect shape, int status, std::string_view message,
                         std::string_view code) {
    const ErrorWords& words = words_for(status);
    std::string out;
    dialect::Writer w(out);
    w.begin_object();
    switch (shape) {
        case Dialect::anthropic:
            w.key("type").string("error").key("error").begin_object();
            w.key("type").string(words.anthropic).key("message").string(message).end_object();
            w.key("request_id").string("req_mock");
            break;
        case Dialect::bedrock:
            w.key("message").string(message).key("__type").string(words.bedrock);
            break;
        case Dialect::gemini:
            w.key("error").begin_object().key("code").integer(status);
            w.key("message").string(message).key("status").string(words.gemini).end_object();
            break;
        case Dialect::cohere:
            w.key("message").string(message);
            break;
        default:
            w.key("error").begin_object().key("message").string(message).key("type").string(
                words.openai);
            w.key("param").null().key("code");
            code.empty() ? w.null() : w.string(code);
            w.end_object();
    }
    w.end_object();
    return out;
}

std::string_view bedrock_error_type(int status) {
    return words_for(status).bedrock;
}

std::string detail::make_id(std::string_view prefix, const Question& q, std::size_t length,
                            uint64_t salt) {
    constexpr std::string_view kLetters =
        "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    std::string id(prefix);
    uint64_t state = q.seed + salt * 0x9E3779B97F4A7C15;
    for (std::size_t i = 0; i < length; ++i) {
        // splitmix64: spreads seeds that differ in one bit
        uint64_t z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        id += kLetters[(z ^ (z >> 31)) % kLetters.size()];
    }
    return id;
}

}  // namespace weir::mock
