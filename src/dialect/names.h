/// The names of this room: operations, dialects and provider schemas, and how users spell them.
///
/// An *operation* is what a client asked for (path and method), a *dialect* is a wire format, and a
/// *schema* is how a provider is spoken to: a dialect together with its paths and wrappers (Claude
/// on Bedrock is the Anthropic dialect in AWS frames). Plain values; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::dialect {

enum class Operation : uint8_t {
    chat,
    completions,
    embeddings,
    responses,
    responses_input_tokens,
    image_generation,
    image_edit,
    image_variation,
    speech,
    transcription,
    translation,
    moderation,
    tokenize,
    rerank,
    messages,
    count_tokens,
    models,
};

/// A wire format. Clients and providers speak all of them; what a client of Bedrock calls
/// `messages` is InvokeModel with a body of Claude's.
enum class Dialect : uint8_t { openai, anthropic, bedrock, gemini, cohere };

/// How a provider is spoken to, as AIServiceBackend `schema.name` says it.
enum class Schema : uint8_t {
    OpenAI,
    AzureOpenAI,
    AWSBedrock,
    AWSAnthropic,
    GCPVertexAI,
    GCPAnthropic,
    Anthropic,
    Cohere,
    Gemini,  ///< AI Studio: Vertex AI's bodies behind other paths, with a key
};

/// Which of OpenAI's two APIs for conversations a provider of OpenAI or Azure has.
enum class ConversationApi : uint8_t {
    both,              ///< Responses clients pass, all others are heard through chat completions
    chat_completions,  ///< only that: Responses clients are translated
    responses,         ///< only that: all others are translated
};

/// In which form a client asked for embeddings, and is answered.
enum class EmbedForm : uint8_t {
    list,     ///< of OpenAI, Cohere and Gemini's batchEmbedContents
    single,   ///< Gemini's embedContent: one
    predict,  ///< Vertex AI's predict: instances and predictions
};

/// The operation's name in metrics and logs: "chat", "completion", "embeddings",
/// "image_generation", …
std::string_view to_string(Operation operation);
std::optional<Operation> operation_from_string(std::string_view name);

/// "openai", "anthropic", "bedrock", "gemini", "cohere".
std::string_view to_string(Dialect dialect);
std::optional<Dialect> dialect_from_string(std::string_view name);

/// The enumerator's own name, as in YAML ("AWSBedrock"); matched case-sensitively.
std::string_view to_string(Schema schema);
std::optional<Schema> schema_from_string(std::string_view name);

/// The wire format inside the schema's frames: AWSAnthropic → anthropic, GCPVertexAI → gemini.
Dialect dialect_of(Schema schema);
/// The wire format of a client's body: anthropic for Claude behind Bedrock's InvokeModel, else the
/// client's own.
Dialect body_dialect(Operation operation, Dialect client);
/// OpenTelemetry `gen_ai.provider.name`: "openai", "azure.openai", "aws.bedrock", "gcp.anthropic",
/// …
std::string_view provider_name(Schema schema);

}  // namespace weir::dialect
