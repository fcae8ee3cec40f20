#include "dialect/names.h"

#include <array>

namespace weir::dialect {
namespace {

template <class E>
struct Name {
    E value;
    std::string_view text;
};

// Metric names of upstream's endpoints, so that its dashboards keep working.
constexpr std::array kOperations{
    Name{Operation::chat, "chat"},
    Name{Operation::completions, "completion"},
    Name{Operation::embeddings, "embeddings"},
    Name{Operation::responses, "responses"},
    Name{Operation::responses_input_tokens, "responses_input_tokens"},
    Name{Operation::image_generation, "image_generation"},
    Name{Operation::image_edit, "image_edit"},
    Name{Operation::image_variation, "image_variation"},
    Name{Operation::speech, "speech"},
    Name{Operation::transcription, "transcription"},
    Name{Operation::translation, "translation"},
    Name{Operation::moderation, "moderation"},
    Name{Operation::tokenize, "tokenize"},
    Name{Operation::rerank, "rerank"},
    Name{Operation::messages, "messages"},
    Name{Operation::count_tokens, "count_tokens"},
    Name{Operation::models, "models"},
};

constexpr std::array kDialects{
    Name{Dialect::openai, "openai"},   Name{Dialect::anthropic, "anthropic"},
    Name{Dialect::bedrock, "bedrock"}, Name{Dialect::gemini, "gemini"},
    Name{Dialect::cohere, "cohere"},
};

struct SchemaRow {
    Schema schema;
    std::string_view name;
    Dialect dialect;
    std::string_view provider;
};
constexpr std::array kSchemas{
    SchemaRow{Schema::OpenAI, "OpenAI", Dialect::openai, "openai"},
    SchemaRow{Schema::AzureOpenAI, "AzureOpenAI", Dialect::openai, "azure.openai"},
    SchemaRow{Schema::AWSBedrock, "AWSBedrock", Dialect::bedrock, "aws.bedrock"},
    SchemaRow{Schema::AWSAnthropic, "AWSAnthropic", Dialect::anthropic, "aws.anthropic"},
    SchemaRow{Schema::GCPVertexAI, "GCPVertexAI", Dialect::gemini, "gcp.vertex_ai"},
    SchemaRow{Schema::GCPAnthropic, "GCPAnthropic", Dialect::anthropic, "gcp.anthropic"},
    SchemaRow{Schema::Anthropic, "Anthropic", Dialect::anthropic, "anthropic"},
    SchemaRow{Schema::Cohere, "Cohere", Dialect::cohere, "cohere"},
    SchemaRow{Schema::Gemini, "Gemini", Dialect::gemini, "gcp.gemini"},
};

template <class E, size_t N>
std::string_view name_of(const std::array<Name<E>, N>& names, E value) {
    return names[static_cast<size_t>(value)].text;
}

template <class E, size_t N>
std::optional<E> find_name(const std::array<Name<E>, N>& names, std::string_view text) {
    for (const auto& name : names)
        if (name.text == text) return name.value;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Operation operation) {
    return name_of(kOperations, operation);
}
std::optional<Operation> operation_from_string(std::string_view name) {
    return find_name(kOperations, name);
}

std::string_view to_string(Dialect dialect) {
    return name_of(kDialects, dialect);
}
std::optional<Dialect> dialect_from_string(std::string_view name) {
    return find_name(kDialects, name);
}

std::string_view to_string(Schema schema) {
    return kSchemas[static_cast<size_t>(schema)].name;
}
std::optional<Schema> schema_from_string(std::string_view name) {
    for (const auto& row : kSchemas)
        if (row.name == name) return row.schema;
    return std::nullopt;
}

Dialect dialect_of(Schema schema) {
    return kSchemas[static_cast<size_t>(schema)].dialect;
}
Dialect body_dialect(Operation operation, Dialect client) {
    const bool invoke = client == Dialect::bedrock && operation == Operation::messages;
    return invoke ? Dialect::anthropic : client;
}
std::string_view provider_name(Schema schema) {
    return kSchemas[static_cast<size_t>(schema)].provider;
}

}  // namespace weir::dialect
