#include "dialect/translate.h"

#include "base/ascii.h"
#include "dialect/anthropic/wrappers.h"
#include "dialect/bedrock/converse.h"
#include "dialect/gemini/generate.h"
#include "dialect/openai/chat.h"
#include "dialect/openai/tokenize.h"
#include "dialect/responses/responses.h"
#include "dialect/styles.h"
#include "dialect/translate_other.h"

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

Result<Conversation> decode(const ClientRequest& request, json::Value body, Schema schema) {
    if (request.operation == Operation::chat && request.dialect == Dialect::openai)
        return openai::decode_request(std::move(body));
    if (request.operation == Operation::messages && request.dialect == Dialect::anthropic)
        return anthropic::decode_request(std::move(body));
    if (request.operation == Operation::responses && request.dialect == Dialect::openai)
        return responses::decode_request(std::move(body));
    return no_translation(request.operation, request.dialect, schema);
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
        case Schema::Gemini:
            return gemini::encode_request(conversation, model);
        case Schema::Cohere:
            break;
    }
    return no_translation(conversation.operation, conversation.origin, target.schema);
}

// What providers call the operation in their paths: every conversation is a chat to them.
Operation provider_operation(Operation operation, Dialect provider) {
    const bool conversation = operation == Operation::messages || operation == Operation::responses;
    return conversation && provider == Dialect::openai ? Operation::chat : operation;
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

Result<Reply> decode_reply(const Context& context, json::Value body) {
    switch (dialect_of(context.schema)) {
        case Dialect::openai:
            return openai::decode_reply(std::move(body));
        case Dialect::anthropic:
            return anthropic::decode_reply(std::move(body));
        case Dialect::bedrock:
            return bedrock::decode_reply(std::move(body));
        case Dialect::gemini:
            return gemini::decode_reply(std::move(body), context.seed);
        case Dialect::cohere:
            break;
    }
    return fail(codes::dialect_no_translation, "answers of this provider have no translation");
}

// Whom an Anthropic client can ask to count.
bool counts_tokens(Schema schema) {
    return dialect_of(schema) != Dialect::openai && schema != Schema::Cohere;
}

}  // namespace

std::string_view find_header(Headers headers, std::string_view name) {
    for (const auto& header : headers)
        if (iequals(header.name, name)) return header.value;
    return {};
}

std::string_view default_version(Schema schema) {
    switch (schema) {
        case Schema::Anthropic:
            return "2023-06-01";
        case Schema::AWSAnthropic:
            return anthropic::default_version(anthropic::Host::aws);
        case Schema::GCPAnthropic:
            return anthropic::default_version(anthropic::Host::gcp);
        default:
            return {};
    }
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

bool answer_passes_through(Operation operation, Dialect dialect, Schema schema, bool stream) {
    if (passes_through(operation, dialect, schema)) return true;
    if (dialect != Dialect::anthropic) return false;
    if (operation == Operation::count_tokens) return schema == Schema::GCPAnthropic;
    return operation == Operation::messages &&
           (schema == Schema::GCPAnthropic || (schema == Schema::AWSAnthropic && !stream));
}

namespace {

// An Anthropic client's body for a host of Claude.
Result<void> wrap(const ClientRequest& request, const Target& target, json::Value body,
                  ProviderRequest& out) {
    if (out.model.empty()) out.model = body.string_at("model");
    const anthropic::RequestOptions options{
        .host = anthropic_host(target.schema), .model = out.model, .version = target.version};
    const auto* stream = body.find("stream");
    out.stream = stream && stream->as_bool();
    WEIR_TRY(out.body,
             anthropic::wrap_request(std::move(body), options,
                                     find_header(request.headers, "anthropic-beta"), out.dropped));
    return {};
}

Result<void> translate(const ClientRequest& request, const Target& target, json::Value body,
                       ProviderRequest& out) {
    WEIR_TRY(const Conversation conversation, decode(request, std::move(body), target.schema));
    out.stream = conversation.settings.stream;
    if (out.model.empty()) out.model = conversation.model;
    WEIR_TRY(auto encoded, encode(conversation, target, out.model));
    out.body = std::move(encoded.body);
    out.dropped = std::move(encoded.dropped);
    return {};
}

Result<void> count(const ClientRequest& request, const Target& target, json::Value body,
                   ProviderRequest& out) {
    if (request.dialect != Dialect::anthropic || !counts_tokens(target.schema))
        return fail(
            codes::dialect_unsupported,
            std::string("backends of schema ")
                .append(to_string(target.schema))
                .append(
                    " do not count the tokens of a request; ask a backend of schema "
                    "Anthropic, AWSAnthropic, GCPAnthropic, AWSBedrock, GCPVertexAI or Gemini"));
    const Dialect provider = dialect_of(target.schema);
    if (provider == Dialect::anthropic) {
        out.body = anthropic::wrap_count(
            std::move(body),
            {.host = anthropic_host(target.schema), .model = out.model, .version = target.version});
        return {};
    }
    WEIR_TRY(const auto conversation, anthropic::decode_request(std::move(body)));
    const bool studio = target.schema == Schema::Gemini;
    auto counted = provider == Dialect::gemini
                       ? gemini::encode_count(conversation, out.model, studio)
                       : bedrock::encode_count(conversation, out.model);
    WEIR_TRY(auto encoded, std::move(counted));
    out.body = std::move(encoded.body);
    out.dropped = std::move(encoded.dropped);
    return {};
}

}  // namespace

Result<ProviderRequest> translate_request(const ClientRequest& request, const Target& target) {
    WEIR_TRY(auto body, json::parse(request.body));
    ProviderRequest out{.method = "POST"};
    out.model = !target.model_override.empty() ? target.model_override : request.model;
    const Dialect provider = dialect_of(target.schema);
    const bool openai_client = request.dialect == Dialect::openai;
    if (openai_client && request.operation == Operation::embeddings)
        WEIR_CHECK(translate_embeddings(request, target, std::move(body), out));
    else if (openai_client && request.operation == Operation::tokenize)
        WEIR_CHECK(translate_tokenize(request, target, std::move(body), out));
    else if (request.operation == Operation::count_tokens)
        WEIR_CHECK(count(request, target, std::move(body), out));
    else if (request.dialect == Dialect::anthropic && provider == Dialect::anthropic &&
             target.schema != Schema::Anthropic && body.is_object())
        WEIR_CHECK(wrap(request, target, std::move(body), out));
    else
        WEIR_CHECK(translate(request, target, std::move(body), out));
    WEIR_TRY(out.path, provider_path(target, provider_operation(request.operation, provider),
                                     out.model, out.stream));
    out.headers = provider_headers(target, out.stream);
    return out;
}

namespace {

Result<std::string> encode_reply(const Context& context, const Reply& reply, ClientResponse& out) {
    const ReplyFrame frame{out.id, out.model, reply.created > 0 ? reply.created : context.created};
    if (context.dialect == Dialect::anthropic) {
        for (const auto& choice : reply.choices)
            out.finish_reasons.emplace_back(anthropic::stop_word(choice.stop, false));
        return anthropic::encode_reply(reply, frame, out.dropped);
    }
    if (context.operation == Operation::responses) {
        for (const auto& choice : reply.choices)
            out.finish_reasons.emplace_back(responses::status(choice.stop));
        return responses::encode_reply(reply, frame, out.dropped);
    }
    for (const auto& choice : reply.choices)
        out.finish_reasons.emplace_back(openai::finish_reason(choice.stop, choice.stop_word));
    return openai::encode_reply(reply, frame, reply_style(context.schema), out.dropped);
}

Result<ClientResponse> translate_count(const Context& context, const json::Value& body) {
    WEIR_TRY(const int64_t count, counted_tokens(body));
    ClientResponse out{.content_type = "application/json"};
    out.body = context.dialect == Dialect::openai
                   ? openai::encode_tokenize(count)
                   : R"({"input_tokens":)" + std::to_string(count) + "}";
    return out;
}

bool has_reply_codec(const Context& context) {
    return (context.dialect == Dialect::openai &&
            (context.operation == Operation::chat || context.operation == Operation::responses)) ||
           (context.dialect == Dialect::anthropic && context.operation == Operation::messages);
}

}  // namespace

Result<ClientResponse> translate_response(const Context& context, std::string_view body) {
    const bool counting =
        (context.dialect == Dialect::anthropic && context.operation == Operation::count_tokens) ||
        (context.dialect == Dialect::openai && context.operation == Operation::tokenize);
    const bool embedding =
        context.dialect == Dialect::openai && context.operation == Operation::embeddings;
    if (!counting && !embedding && !has_reply_codec(context))
        return no_translation(context.operation, context.dialect, context.schema);
    auto parsed = json::parse(body);
    if (!parsed || !parsed->is_object())
        return fail(codes::dialect_response, "the provider's answer is no JSON object");
    if (counting) return translate_count(context, *parsed);
    if (embedding) return translate_embeddings_answer(context, *parsed);
    WEIR_TRY(Reply reply, decode_reply(context, std::move(*parsed)));
    ClientResponse out{.content_type = "application/json", .dropped = std::move(reply.dropped)};
    if (reply.usage) out.usage = *reply.usage;
    const bool own_id_only =
        context.dialect == Dialect::openai && reply_style(context.schema).own_id_only;
    out.id = !reply.id.empty() || own_id_only ? reply.id : answer_id(context);
    out.model = reply.model.empty() ? context.model : reply.model;
    WEIR_TRY(out.body, encode_reply(context, reply, out));
    return out;
}

}  // namespace weir::dialect
