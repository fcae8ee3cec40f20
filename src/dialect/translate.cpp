#include "dialect/translate.h"

#include "base/ascii.h"
#include "dialect/anthropic/wrappers.h"
#include "dialect/bedrock/converse.h"
#include "dialect/cohere/chat.h"
#include "dialect/encode_common.h"
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

// Which codec a client's conversations need; none for its other operations.
enum class ClientCodec : uint8_t { none, chat, responses, messages, generate, converse, cohere };

ClientCodec client_codec(Operation operation, Dialect client) {
    const Dialect dialect = body_dialect(operation, client);
    if (operation == Operation::messages && dialect == Dialect::anthropic)
        return ClientCodec::messages;
    if (operation == Operation::responses && dialect == Dialect::openai)
        return ClientCodec::responses;
    if (operation != Operation::chat) return ClientCodec::none;
    switch (dialect) {
        case Dialect::openai:
            return ClientCodec::chat;
        case Dialect::gemini:
            return ClientCodec::generate;
        case Dialect::bedrock:
            return ClientCodec::converse;
        case Dialect::cohere:
            return ClientCodec::cohere;
        case Dialect::anthropic:
            break;
    }
    return ClientCodec::none;
}

Result<Conversation> decode(const ClientRequest& request, json::Value body, Schema schema) {
    switch (client_codec(request.operation, request.dialect)) {
        case ClientCodec::chat:
            return openai::decode_request(std::move(body));
        case ClientCodec::messages:
            return anthropic::decode_request(std::move(body));
        case ClientCodec::responses:
            return responses::decode_request(std::move(body));
        case ClientCodec::generate:
            return gemini::decode_request(std::move(body), request.model, request.stream);
        case ClientCodec::converse:
            return bedrock::decode_request(std::move(body), request.model, request.stream);
        case ClientCodec::cohere:
            return cohere::decode_request(std::move(body));
        case ClientCodec::none:
            break;
    }
    return no_translation(request.operation, request.dialect, schema);
}

Result<Encoded> encode(const Conversation& conversation, const Target& target,
                       std::string_view model) {
    switch (target.schema) {
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            if (target.api == ConversationApi::responses)
                return responses::encode_request(conversation, model);
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
            return cohere::encode_request(conversation, model);
    }
    return no_translation(conversation.operation, conversation.origin, target.schema);
}

bool is_conversation(Operation operation) {
    return operation == Operation::chat || operation == Operation::messages ||
           operation == Operation::responses;
}

// What OpenAI's providers call the operation in their paths: every conversation is one to them.
Operation provider_operation(Operation operation, const Target& target) {
    const bool openai = dialect_of(target.schema) == Dialect::openai;
    if (counts_input(operation))
        return openai ? Operation::responses_input_tokens : Operation::count_tokens;
    if (!openai || !is_conversation(operation)) return operation;
    return target.api == ConversationApi::responses ? Operation::responses : Operation::chat;
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
            if (context.api == ConversationApi::responses)
                return responses::decode_reply(std::move(body));
            return openai::decode_reply(std::move(body));
        case Dialect::anthropic:
            return anthropic::decode_reply(std::move(body));
        case Dialect::bedrock:
            return bedrock::decode_reply(std::move(body));
        case Dialect::gemini:
            return gemini::decode_reply(std::move(body), context.seed);
        case Dialect::cohere:
            return cohere::decode_reply(std::move(body));
    }
    return fail(codes::dialect_no_translation, "answers of this provider have no translation");
}

// What a client wants to have counted.
Result<Conversation> decode_counted(const ClientRequest& request, json::Value body) {
    if (request.dialect == Dialect::gemini)
        return gemini::decode_count(std::move(body), request.model);
    if (request.operation == Operation::responses_input_tokens)
        return responses::decode_request(std::move(body));
    return anthropic::decode_request(std::move(body));
}

std::string count_answer(Operation operation, Dialect client, int64_t count) {
    const std::string number = std::to_string(count);
    if (client == Dialect::gemini) return R"({"totalTokens":)" + number + "}";
    if (operation == Operation::responses_input_tokens)
        return R"({"object":"response.input_tokens","input_tokens":)" + number + "}";
    if (client == Dialect::openai) return openai::encode_tokenize(count);
    return R"({"input_tokens":)" + number + "}";
}

}  // namespace

bool provider_counts(Operation operation, Dialect dialect, Schema schema, ConversationApi api) {
    if (passes_through(operation, dialect, schema, api)) return true;
    if (dialect_of(schema) == Dialect::openai) return api == ConversationApi::responses;
    return schema != Schema::Cohere;
}

Result<std::string> encode_count(const ClientRequest& request, int64_t tokens) {
    WEIR_TRY(auto body, json::parse(request.body));
    WEIR_CHECK(decode_counted(request, std::move(body)));
    return count_answer(request.operation, request.dialect, tokens);
}

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

bool passes_through(Operation operation, Dialect dialect, Schema schema, ConversationApi api) {
    switch (schema) {
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            if (dialect != Dialect::openai) return false;
            if (operation == Operation::chat) return api != ConversationApi::responses;
            if (operation == Operation::responses || operation == Operation::responses_input_tokens)
                return api != ConversationApi::chat_completions;
            return true;
        case Schema::Anthropic:
            return dialect == Dialect::anthropic;
        case Schema::Cohere:
            return dialect == Dialect::cohere;
        case Schema::AWSBedrock:
            return dialect == Dialect::bedrock && operation == Operation::chat;
        case Schema::AWSAnthropic:
            return dialect == Dialect::bedrock && operation == Operation::messages;
        case Schema::GCPVertexAI:
        case Schema::Gemini:
            return dialect == Dialect::gemini && operation == Operation::chat;
        case Schema::GCPAnthropic:
            return false;
    }
    return false;
}

bool stream_is_reframed(Operation operation, Dialect dialect) {
    const bool talks = operation == Operation::chat || operation == Operation::messages;
    return talks && dialect != Dialect::openai && dialect != Dialect::anthropic;
}

bool answer_passes_through(Operation operation, Dialect dialect, Schema schema, bool stream,
                           ConversationApi api) {
    if (passes_through(operation, dialect, schema, api))
        return !stream || !stream_is_reframed(operation, dialect);
    // What InvokeModel answers for Claude is Claude's own message.
    if (dialect == Dialect::bedrock)
        return operation == Operation::messages && !stream &&
               dialect_of(schema) == Dialect::anthropic;
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

// InvokeModel's body for Claude as Claude's own clients write it.
void unwrap(const ClientRequest& request, std::string_view model, json::Value& body) {
    body.erase("anthropic_version");
    body.set("model", json::Value::string(std::string(model)));
    if (request.stream) body.set("stream", json::Value::boolean(true));
}

// The same, for another host of Claude: flags go from the body into a header.
Result<void> move(const ClientRequest& request, const Target& target, json::Value body,
                  ProviderRequest& out) {
    unwrap(request, out.model, body);
    out.stream = request.stream;
    std::string flags;
    if (const auto* beta = body.find("anthropic_beta"))
        for (const auto& flag : beta->items())
            flags.append(flags.empty() ? "" : ",").append(flag.text());
    body.erase("anthropic_beta");
    if (flags.find_first_of("\r\n") != std::string::npos)
        return fail(codes::dialect_request, "anthropic_beta: a flag has no line ends");
    if (!flags.empty()) out.headers.push_back({"anthropic-beta", std::move(flags)});
    if (target.schema == Schema::Anthropic) {
        out.body = json::serialize(body);
        return {};
    }
    WEIR_TRY(out.body, anthropic::wrap_request(std::move(body),
                                               {.host = anthropic_host(target.schema),
                                                .model = out.model,
                                                .version = target.version},
                                               {}, out.dropped));
    return {};
}

// A guardrail that protects a client of Bedrock cannot be had elsewhere.
Result<void> check_guardrail(const ClientRequest& request) {
    if (request.dialect != Dialect::bedrock) return {};
    if (find_header(request.headers, "x-amzn-bedrock-guardrailidentifier").empty()) return {};
    return fail(codes::dialect_unsupported,
                "x-amzn-bedrock-guardrailidentifier: the provider does not take Bedrock's "
                "guardrails");
}

Result<void> translate(const ClientRequest& request, const Target& target, json::Value body,
                       ProviderRequest& out) {
    if (request.dialect == Dialect::bedrock && request.operation == Operation::messages)
        unwrap(request, request.model, body);
    WEIR_TRY(const Conversation conversation, decode(request, std::move(body), target.schema));
    // Before what is said of messages: without their beginning they may mean nothing.
    if (conversation.origin != dialect_of(target.schema)) WEIR_CHECK(check_unknowns(conversation));
    out.stream = conversation.settings.stream;
    if (out.model.empty()) out.model = conversation.model;
    WEIR_TRY(auto encoded, encode(conversation, target, out.model));
    out.body = std::move(encoded.body);
    out.dropped = std::move(encoded.dropped);
    return {};
}

Result<void> count(const ClientRequest& request, const Target& target, json::Value body,
                   ProviderRequest& out) {
    if (!provider_counts(request.operation, request.dialect, target.schema, target.api))
        return fail(codes::dialect_unsupported,
                    std::string("backends of schema ")
                        .append(to_string(target.schema))
                        .append(" do not count the tokens of a request"));
    const bool claude = dialect_of(target.schema) == Dialect::anthropic;
    if (request.dialect == Dialect::anthropic && claude) {
        out.body = anthropic::wrap_count(
            std::move(body),
            {.host = anthropic_host(target.schema), .model = out.model, .version = target.version});
        return {};
    }
    WEIR_TRY(const auto conversation, decode_counted(request, std::move(body)));
    if (out.model.empty()) out.model = conversation.model;
    return encode_counted(conversation, target, out);
}

}  // namespace

Result<ProviderRequest> translate_request(const ClientRequest& request, const Target& target) {
    WEIR_TRY(auto body, json::parse(request.body));
    if (!body.is_object()) return fail(codes::dialect_request, "body: must be an object");
    ProviderRequest out{.method = "POST"};
    out.model = !target.model_override.empty() ? target.model_override : request.model;
    const Dialect provider = dialect_of(target.schema);
    const bool openai_client = request.dialect == Dialect::openai;
    WEIR_CHECK(check_guardrail(request));
    if (request.operation == Operation::embeddings)
        WEIR_CHECK(translate_embeddings(request, target, std::move(body), out));
    else if (openai_client && request.operation == Operation::tokenize)
        WEIR_CHECK(translate_tokenize(request, target, std::move(body), out));
    else if (counts_input(request.operation))
        WEIR_CHECK(count(request, target, std::move(body), out));
    else if (request.dialect == Dialect::anthropic && provider == Dialect::anthropic &&
             target.schema != Schema::Anthropic)
        WEIR_CHECK(wrap(request, target, std::move(body), out));
    else if (request.dialect == Dialect::bedrock && request.operation == Operation::messages &&
             provider == Dialect::anthropic)
        WEIR_CHECK(move(request, target, std::move(body), out));
    else
        WEIR_CHECK(translate(request, target, std::move(body), out));
    WEIR_TRY(out.path, provider_path(target, provider_operation(request.operation, target),
                                     out.model, out.stream));
    for (auto& header : provider_headers(target, out.stream))
        out.headers.push_back(std::move(header));
    return out;
}

namespace {

// Why a choice ended, in the client's word.
std::string finish_word(ClientCodec codec, const Choice& choice) {
    switch (codec) {
        case ClientCodec::messages:
            return std::string(anthropic::stop_word(choice.stop, false));
        case ClientCodec::responses:
            return std::string(responses::status(choice.stop));
        case ClientCodec::generate:
            return gemini::finish_reason(choice.stop, choice.stop_word);
        case ClientCodec::converse:
            return std::string(bedrock::stop_word(choice.stop, false));
        case ClientCodec::cohere:
            return std::string(cohere::finish_reason(choice.stop, false));
        case ClientCodec::chat:
        case ClientCodec::none:
            break;
    }
    return std::string(openai::finish_reason(choice.stop, choice.stop_word));
}

Result<std::string> encode_reply(const Context& context, const Reply& reply, ClientResponse& out) {
    const ReplyFrame frame{out.id, out.model, reply.created > 0 ? reply.created : context.created};
    const ClientCodec codec = client_codec(context.operation, context.dialect);
    for (const auto& choice : reply.choices)
        out.finish_reasons.push_back(finish_word(codec, choice));
    switch (codec) {
        case ClientCodec::messages:
            return anthropic::encode_reply(reply, frame, out.dropped);
        case ClientCodec::responses:
            return responses::encode_reply(reply, frame, out.dropped);
        case ClientCodec::generate:
            return gemini::encode_reply(reply, frame, out.dropped);
        case ClientCodec::converse:
            return bedrock::encode_reply(reply, context.latency_ms, out.dropped);
        case ClientCodec::cohere:
            return cohere::encode_reply(reply, frame, out.dropped);
        case ClientCodec::chat:
        case ClientCodec::none:
            break;
    }
    return openai::encode_reply(reply, frame, reply_style(context.schema), out.dropped);
}

Result<ClientResponse> translate_count(const Context& context, const json::Value& body) {
    WEIR_TRY(const int64_t count, counted_tokens(body));
    ClientResponse out{.content_type = "application/json"};
    out.body = count_answer(context.operation, context.dialect, count);
    return out;
}

bool has_embeddings(Dialect dialect) {
    return dialect == Dialect::openai || dialect == Dialect::gemini || dialect == Dialect::cohere;
}

}  // namespace

Result<ClientResponse> translate_response(const Context& context, std::string_view body) {
    const bool counting =
        counts_input(context.operation) ||
        (context.dialect == Dialect::openai && context.operation == Operation::tokenize);
    const bool embedding =
        context.operation == Operation::embeddings && has_embeddings(context.dialect);
    if (!counting && !embedding &&
        client_codec(context.operation, context.dialect) == ClientCodec::none)
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
