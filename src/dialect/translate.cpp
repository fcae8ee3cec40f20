#include "dialect/translate.h"

#include "base/ascii.h"
#include "dialect/anthropic/messages.h"
#include "dialect/bedrock/converse.h"
#include "dialect/openai/chat.h"
#include "dialect/styles.h"

namespace weir::dialect {
namespace {

anthropic::Host anthropic_host(Schema schema) {
    if (schema == Schema::AWSAnthropic) return anthropic::Host::aws;
    if (schema == Schema::GCPAnthropic) return anthropic::Host::gcp;
    return anthropic::Host::native;
}

std::unexpected<Error> no_translation(Operation operation, Dialect dialect, Schema schema) {
    std::string detail("no translation leads from ");
    detail.append(to_string(dialect)).append(" ").append(to_string(operation)).append(" to ");
    return fail(codes::dialect_no_translation, std::move(detail.append(to_string(schema))));
}

Result<Conversation> decode(const ClientRequest& request, Schema schema) {
    if (request.operation != Operation::chat || request.dialect != Dialect::openai)
        return no_translation(request.operation, request.dialect, schema);
    WEIR_TRY(auto body, json::parse(request.body));
    return openai::decode_request(std::move(body));
}

Result<Encoded> encode(const Conversation& conversation, const Target& target,
                       std::string_view model) {
    switch (target.schema) {
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            return openai::encode_request(conversation, model);
        case Schema::AWSBedrock:
            return bedrock::encode_request(conversation, model);
        case Schema::Anthropic:
        case Schema::AWSAnthropic:
        case Schema::GCPAnthropic:
            return anthropic::encode_request(
                conversation,
                {.host = anthropic_host(target.schema), .model = model, .version = target.version});
        case Schema::GCPVertexAI:
        case Schema::Cohere:
            break;
    }
    return no_translation(Operation::chat, conversation.origin, target.schema);
}

std::vector<OwnedHeader> provider_headers(const Target& target, bool stream) {
    const bool frames =
        target.schema == Schema::AWSBedrock || target.schema == Schema::AWSAnthropic;
    std::vector<OwnedHeader> headers{{"content-type", "application/json"}};
    headers.push_back({"accept", !stream  ? "application/json"
                                 : frames ? "application/vnd.amazon.eventstream"
                                          : "text/event-stream"});
    if (target.schema == Schema::Anthropic)
        headers.push_back({"anthropic-version",
                           target.version.empty() ? "2023-06-01" : std::string(target.version)});
    return headers;
}

Result<Reply> decode_reply(Dialect provider, json::Value body) {
    switch (provider) {
        case Dialect::openai:
            return openai::decode_reply(std::move(body));
        case Dialect::anthropic:
            return anthropic::decode_reply(std::move(body));
        case Dialect::bedrock:
            return bedrock::decode_reply(std::move(body));
        case Dialect::gemini:
        case Dialect::cohere:
            break;
    }
    return fail(codes::dialect_no_translation, "answers of this provider have no translation");
}

}  // namespace

std::string_view find_header(Headers headers, std::string_view name) {
    for (const auto& header : headers)
        if (iequals(header.name, name)) return header.value;
    return {};
}

bool passes_through(Operation operation, Dialect dialect, Schema schema) {
    switch (schema) {
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            return dialect == Dialect::openai;
        case Schema::Anthropic:
            return dialect == Dialect::anthropic;
        case Schema::Cohere:
            return dialect == Dialect::cohere && operation == Operation::rerank;
        default:
            return false;
    }
}

Result<ProviderRequest> translate_request(const ClientRequest& request, const Target& target) {
    WEIR_TRY(const Conversation conversation, decode(request, target.schema));
    ProviderRequest out{.method = "POST", .stream = conversation.settings.stream};
    out.model = !target.model_override.empty() ? target.model_override
                : !request.model.empty()       ? request.model
                                               : std::string_view(conversation.model);
    WEIR_TRY(auto encoded, encode(conversation, target, out.model));
    WEIR_TRY(out.path, provider_path(target, request.operation, out.model, out.stream));
    out.headers = provider_headers(target, out.stream);
    out.body = std::move(encoded.body);
    out.dropped = std::move(encoded.dropped);
    return out;
}

Result<ClientResponse> translate_response(const Context& context, std::string_view body) {
    if (context.dialect != Dialect::openai || context.operation != Operation::chat)
        return no_translation(context.operation, context.dialect, context.schema);
    auto parsed = json::parse(body);
    if (!parsed || !parsed->is_object())
        return fail(codes::dialect_response, "the provider's answer is no JSON object");
    WEIR_TRY(Reply reply, decode_reply(dialect_of(context.schema), std::move(*parsed)));
    ClientResponse out{.content_type = "application/json", .dropped = std::move(reply.dropped)};
    if (reply.usage) out.usage = *reply.usage;
    out.id = !reply.id.empty() ? reply.id : answer_id(context);
    out.model = reply.model.empty() ? context.model : reply.model;
    for (const auto& choice : reply.choices)
        out.finish_reasons.emplace_back(openai::finish_reason(choice.stop));
    out.body = openai::encode_reply(reply, {out.id, out.model, context.created},
                                    reply_style(context.schema), out.dropped);
    return out;
}

}  // namespace weir::dialect
