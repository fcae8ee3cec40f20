#include "dialect/translate_other.h"

#include "dialect/anthropic/wrappers.h"
#include "dialect/bedrock/converse.h"
#include "dialect/bedrock/embeddings.h"
#include "dialect/cohere/embeddings.h"
#include "dialect/gemini/embeddings.h"
#include "dialect/gemini/generate.h"
#include "dialect/gemini/models.h"
#include "dialect/openai/embeddings.h"
#include "dialect/openai/tokenize.h"
#include "dialect/responses/responses.h"
#include "dialect/styles.h"

namespace weir::dialect {
namespace {

std::unexpected<Error> not_offered(std::string_view what, Schema schema) {
    std::string detail("backends of schema ");
    detail.append(to_string(schema)).append(" do not offer ").append(what);
    return fail(codes::dialect_unsupported, std::move(detail));
}

gemini::EmbeddingMethod gemini_method(Schema schema, std::string_view model) {
    if (schema == Schema::Gemini) return gemini::EmbeddingMethod::batch_embed_contents;
    return gemini::embeds_content(model) ? gemini::EmbeddingMethod::embed_content
                                         : gemini::EmbeddingMethod::predict;
}

Result<Encoded> encode_embeddings(const EmbeddingRequest& request, const Target& target,
                                  std::string_view model) {
    switch (target.schema) {
        case Schema::GCPVertexAI:
        case Schema::Gemini:
            return gemini::encode_embeddings(request, gemini_method(target.schema, model), model);
        case Schema::AWSBedrock:
            if (is_cohere_on_bedrock(model)) return cohere::encode_embeddings(request, {});
            return bedrock::encode_embeddings(request);
        case Schema::Cohere:
            return cohere::encode_embeddings(request, model);
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            return openai::encode_embeddings_request(request, model);
        default:
            return not_offered("embeddings", target.schema);
    }
}

Result<EmbeddingReply> decode_embeddings(const Context& context, const json::Value& body) {
    switch (dialect_of(context.schema)) {
        case Dialect::gemini:
            return gemini::decode_embeddings(body);
        case Dialect::cohere:
            return cohere::decode_embeddings(body);
        case Dialect::bedrock:
            return is_cohere_on_bedrock(context.model) ? cohere::decode_embeddings(body)
                                                       : bedrock::decode_embeddings(body);
        case Dialect::openai:
            return openai::decode_embeddings_reply(body);
        default:
            return not_offered("embeddings", context.schema);
    }
}

Result<EmbeddingRequest> decode_client(const ClientRequest& client, json::Value body) {
    switch (client.dialect) {
        case Dialect::openai:
            return openai::decode_embeddings(std::move(body));
        case Dialect::gemini:
            return gemini::decode_embed(std::move(body), client.model);
        case Dialect::cohere:
            return cohere::decode_embed(std::move(body));
        default:
            return fail(codes::dialect_no_translation, "clients of this API do not embed");
    }
}

// The body that Claude would be sent, for a host that counts it.
Result<Encoded> encode_claude_count(const Conversation& conversation, const Target& target,
                                    std::string_view model) {
    WEIR_TRY(auto encoded, anthropic::encode_request(conversation, {.host = anthropic::Host::native,
                                                                    .model = model,
                                                                    .version = target.version}));
    WEIR_TRY(auto body, json::parse(encoded.body));
    for (std::string_view key : {"max_tokens", "stream", "temperature", "top_p", "top_k",
                                 "stop_sequences", "metadata", "service_tier", "output_config"})
        body.erase(key);
    const auto host = target.schema == Schema::AWSAnthropic   ? anthropic::Host::aws
                      : target.schema == Schema::GCPAnthropic ? anthropic::Host::gcp
                                                              : anthropic::Host::native;
    encoded.body = anthropic::wrap_count(std::move(body),
                                         {.host = host, .model = model, .version = target.version});
    return encoded;
}

}  // namespace

bool is_cohere_on_bedrock(std::string_view model) {
    return model.find("cohere.embed") != std::string_view::npos;
}

Result<void> translate_embeddings(const ClientRequest& client, const Target& target,
                                  json::Value body, ProviderRequest& out) {
    WEIR_TRY(const auto request, decode_client(client, std::move(body)));
    if (out.model.empty()) out.model = request.model;
    WEIR_TRY(auto encoded, encode_embeddings(request, target, out.model));
    out.body = std::move(encoded.body);
    out.dropped = std::move(encoded.dropped);
    out.base64 = request.base64;
    out.form = request.form;
    return {};
}

Result<ClientResponse> translate_embeddings_answer(const Context& context,
                                                   const json::Value& body) {
    WEIR_TRY(auto reply, decode_embeddings(context, body));
    if (!reply.input_tokens) reply.input_tokens = context.counted_input;
    ClientResponse out{.content_type = "application/json"};
    out.model = reply.model.empty() ? context.model : reply.model;
    out.id = reply.id;
    out.usage.input = out.usage.total = reply.input_tokens;
    if (context.dialect == Dialect::gemini) {
        WEIR_TRY(out.body, gemini::encode_embed(reply, context.form));
    } else if (context.dialect == Dialect::cohere) {
        if (out.id.empty()) out.id = reply.id = answer_id(context);
        out.body = cohere::encode_embed(reply, context.base64);
    } else {
        out.body = openai::encode_embeddings(reply, {out.model, context.base64});
    }
    return out;
}

Result<void> encode_counted(const Conversation& conversation, const Target& target,
                            ProviderRequest& out) {
    auto encoded = [&]() -> Result<Encoded> {
        switch (dialect_of(target.schema)) {
            case Dialect::gemini:
                return gemini::encode_count(conversation, out.model,
                                            target.schema == Schema::Gemini);
            case Dialect::anthropic:
                return encode_claude_count(conversation, target, out.model);
            case Dialect::bedrock:
                return bedrock::encode_count(conversation, out.model);
            case Dialect::openai:
                if (target.api == ConversationApi::responses)
                    return responses::encode_count(conversation, out.model);
                [[fallthrough]];
            default:
                return not_offered("counting tokens", target.schema);
        }
    }();
    if (!encoded) return std::unexpected(std::move(encoded).error());
    out.body = std::move(encoded->body);
    out.dropped = std::move(encoded->dropped);
    return {};
}

Result<void> translate_tokenize(const ClientRequest&, const Target& target, json::Value body,
                                ProviderRequest& out) {
    WEIR_TRY(const auto conversation, openai::decode_tokenize(std::move(body)));
    if (out.model.empty()) out.model = conversation.model;
    return encode_counted(conversation, target, out);
}

Result<int64_t> counted_tokens(const json::Value& body) {
    for (std::string_view key : {"input_tokens", "inputTokens", "totalTokens"})
        if (const auto* value = body.find(key))
            if (const auto count = value->as_int(); count && *count >= 0) return *count;
    return fail(codes::dialect_response, "the provider's answer has no count of tokens");
}

}  // namespace weir::dialect
