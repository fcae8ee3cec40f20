#include "base/ascii.h"
#include "base/encoding.h"
#include "dialect/anthropic/wrappers.h"
#include "dialect/gemini/models.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

// What stays in a path segment beside the unreserved characters: RFC 3986 pchar without ',' and
// ';'. Bedrock ids keep their ':' and lose their '/'.
std::string segment(std::string_view text) {
    return percent_encode(text, "$&+:=@");
}

// "/v1" for "", "v1", "/v1" and "/v1/"; "" for "/".
std::string prefix_path(std::string_view prefix, std::string_view usual) {
    if (prefix.empty()) prefix = usual;
    prefix = trim(prefix, "/");
    return prefix.empty() ? std::string() : "/" + std::string(prefix);
}

std::string_view openai_suffix(Operation operation) {
    switch (operation) {
        case Operation::chat:
            return "/chat/completions";
        case Operation::completions:
            return "/completions";
        case Operation::embeddings:
            return "/embeddings";
        case Operation::responses:
            return "/responses";
        case Operation::responses_input_tokens:
            return "/responses/input_tokens";
        case Operation::image_generation:
            return "/images/generations";
        case Operation::image_edit:
            return "/images/edits";
        case Operation::image_variation:
            return "/images/variations";
        case Operation::moderation:
            return "/moderations";
        case Operation::speech:
            return "/audio/speech";
        case Operation::transcription:
            return "/audio/transcriptions";
        case Operation::translation:
            return "/audio/translations";
        case Operation::models:
            return "/models";
        default:
            return {};
    }
}

std::string azure_path(const Target& target, Operation operation, std::string_view model) {
    const std::string_view suffix = openai_suffix(operation);
    if (suffix.empty() || operation == Operation::models) return {};
    // Responses name the model in the body, everything else in the path.
    const bool deployed =
        operation != Operation::responses && operation != Operation::responses_input_tokens;
    std::string path = "/openai";
    if (deployed) path.append("/deployments/").append(segment(model));
    path.append(suffix);
    if (!target.version.empty())
        path.append("?api-version=").append(percent_encode(target.version));
    return path;
}

std::string anthropic_path(const Target& target, Operation operation) {
    const std::string prefix = prefix_path(target.prefix, "v1");
    switch (operation) {
        case Operation::chat:
        case Operation::messages:
        case Operation::responses:
            return prefix + "/messages";
        case Operation::count_tokens:
            return prefix + "/messages/count_tokens";
        case Operation::models:
            return prefix + "/models";
        default:
            return {};
    }
}

// Chat is what an OpenAI client calls it, messages an Anthropic client.
bool is_conversation(Operation operation) {
    return operation == Operation::chat || operation == Operation::messages ||
           operation == Operation::responses;
}

// "/v1/projects/P/locations/L/publishers/google/models/" on Vertex AI, "/v1beta/models/" on AI
// Studio.
std::string google_models(const Target& target) {
    if (target.schema != Schema::Gemini)
        return prefix_path(target.prefix, "/") + "/publishers/google/models/";
    const bool usual = target.prefix == "/";  // no such API lives at the root
    return prefix_path(usual ? std::string_view() : target.prefix, "v1beta") + "/models/";
}

// Bedrock counts under a model's own id, without the prefix of a cross-region profile.
std::string_view without_region(std::string_view model) {
    for (std::string_view region :
         {"us-gov.", "us.", "eu.", "apac.", "uk.", "au.", "jp.", "global."})
        if (model.starts_with(region)) return model.substr(region.size());
    return model;
}

// Claude's hosts, Converse and Google count under paths of their own.
std::string count_path(const Target& target, std::string_view model) {
    switch (target.schema) {
        case Schema::AWSBedrock:
        case Schema::AWSAnthropic:
            return "/model/" + segment(without_region(anthropic::counted_model(model))) +
                   "/count-tokens";
        case Schema::GCPAnthropic:
            return prefix_path(target.prefix, "/") +
                   "/publishers/anthropic/models/count-tokens:rawPredict";
        case Schema::GCPVertexAI:
        case Schema::Gemini:
            return google_models(target) + segment(model) + ":countTokens";
        case Schema::Anthropic:
            return anthropic_path(target, Operation::count_tokens);
        default:
            return {};
    }
}

std::string embeddings_path(const Target& target, std::string_view model) {
    switch (target.schema) {
        case Schema::GCPVertexAI:
            return google_models(target) + segment(model) +
                   (gemini::embeds_content(model) ? ":embedContent" : ":predict");
        case Schema::Gemini:
            return google_models(target) + segment(model) + ":batchEmbedContents";
        case Schema::AWSBedrock:
            return "/model/" + segment(model) + "/invoke";
        case Schema::Cohere:
            return prefix_path(target.version, "v2") + "/embed";
        default:
            return {};
    }
}

std::string conversation_path(const Target& target, std::string_view model, bool stream) {
    const std::string id = segment(model);
    switch (target.schema) {
        case Schema::AWSBedrock:
            return "/model/" + id + (stream ? "/converse-stream" : "/converse");
        case Schema::AWSAnthropic:
            return "/model/" + id + (stream ? "/invoke-with-response-stream" : "/invoke");
        case Schema::GCPAnthropic:
            return prefix_path(target.prefix, "/") + "/publishers/anthropic/models/" + id +
                   (stream ? ":streamRawPredict" : ":rawPredict");
        case Schema::GCPVertexAI:
        case Schema::Gemini:
            return google_models(target) + id +
                   (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        default:
            return {};
    }
}

}  // namespace

std::string provider_prefix(const Target& target) {
    return prefix_path(target.prefix, "v1");
}

Result<std::string> provider_path(const Target& target, Operation operation, std::string_view model,
                                  bool stream) {
    std::string path;
    switch (target.schema) {
        case Schema::OpenAI:
            if (operation == Operation::tokenize)
                path = "/tokenize";  // vLLM's, beside its /v1
            else if (const auto suffix = openai_suffix(operation); !suffix.empty())
                path = provider_prefix(target).append(suffix);
            break;
        case Schema::AzureOpenAI:
            path = azure_path(target, operation, model);
            break;
        case Schema::Anthropic:
            path = operation == Operation::tokenize ? count_path(target, model)
                                                    : anthropic_path(target, operation);
            break;
        case Schema::Cohere:
            if (operation == Operation::rerank)
                path = prefix_path(target.version, "v2") + "/rerank";
            else if (operation == Operation::embeddings)
                path = embeddings_path(target, model);
            else if (is_conversation(operation))
                path = prefix_path(target.version, "v2") + "/chat";
            break;
        case Schema::AWSBedrock:
        case Schema::AWSAnthropic:
        case Schema::GCPVertexAI:
        case Schema::GCPAnthropic:
        case Schema::Gemini:
            if (is_conversation(operation))
                path = conversation_path(target, model, stream);
            else if (operation == Operation::count_tokens || operation == Operation::tokenize)
                path = count_path(target, model);
            else if (operation == Operation::embeddings)
                path = embeddings_path(target, model);
    }
    if (path.empty())
        return fail(codes::dialect_no_translation,
                    std::string("operation ")
                        .append(to_string(operation))
                        .append(" is not offered by backends of schema ")
                        .append(to_string(target.schema)));
    return path;
}

}  // namespace weir::dialect
