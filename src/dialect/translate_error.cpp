#include "base/ascii.h"
#include "dialect/errors.h"
#include "dialect/translate.h"
#include "dialect/writer.h"
#include "json/peek.h"

namespace weir::dialect {
namespace {

constexpr size_t kMaxMessage = 16 * 1024;

// What a provider calls a failure that it did not describe, in upstream's words.
std::string_view unnamed_type(Schema schema, Operation operation) {
    switch (schema) {
        case Schema::OpenAI:
        case Schema::AzureOpenAI:
            return "OpenAIBackendError";
        case Schema::AWSBedrock:
        case Schema::AWSAnthropic:
            return "AWSBedrockBackendError";
        case Schema::GCPAnthropic:
            return operation == Operation::tokenize ? "GCPAnthropicBackendError"
                                                    : "GCPBackendError";
        case Schema::GCPVertexAI:
            return "GCPVertexAIBackendError";
        case Schema::Gemini:
            return "GeminiBackendError";
        case Schema::Anthropic:
            return "AnthropicBackendError";
        case Schema::Cohere:
            return "CohereBackendError";
    }
    return "BackendError";
}

struct Described {
    std::string type;
    std::string message;
};

// AWS: the type is in a header (kept as it is, also with a URL behind a colon), the message in the
// body.
Described describe_aws(Headers headers, const json::Value& body) {
    std::string_view type = find_header(headers, "x-amzn-errortype");
    if (type.empty()) type = body.string_at("__type");
    std::string_view message = body.string_at("message");
    if (message.empty()) message = body.string_at("Message");
    return {std::string(type), std::string(message)};
}

// OpenAI, Anthropic, Google: {"error":{"type"|"status","message"}}; Cohere: {"message"}.
Described describe_error_object(const json::Value& body) {
    const auto* error = body.find("error");
    if (!error) return {{}, std::string(body.string_at("message"))};
    if (error->is_string()) return {{}, std::string(error->text())};
    std::string_view type = error->string_at("type");
    if (type.empty()) type = error->string_at("status");
    return {std::string(type), std::string(error->string_at("message"))};
}

// Google says in `details` what is wrong where (google.rpc.Status); kept in its own letters.
Described describe_google(const json::Value& body, std::string_view text) {
    Described out = describe_error_object(body);
    const auto error = json::find_member(trim(text, " \t\r\n"), "error");
    const auto details = error ? json::find_member(error->raw, "details") : std::nullopt;
    if (details && details->kind == json::Kind::array && details->raw != "[]")
        out.message = "Error: " + out.message + "\nDetails: " + std::string(details->raw);
    return out;
}

// Upstream's shape for a translated error: OpenAI's object inside Anthropic's envelope.
std::string encode_for_openai(int status, std::string_view type, std::string_view message) {
    std::string out;
    Writer w(out);
    w.begin_object().key("type").string("error").key("error").begin_object();
    w.key("type").string(type).key("code").string(std::to_string(status));
    if (!message.empty()) w.key("message").string(message);
    w.end_object().end_object();
    return out;
}

// Anthropic's envelope; the request's id is the provider's, where it said one.
std::string encode_for_anthropic(const Context& context, int status, std::string_view type,
                                 std::string_view message) {
    std::string out;
    Writer w(out);
    w.begin_object().key("type").string("error").key("error").begin_object();
    w.key("type").string(anthropic_error_type(type, status)).key("message").string(message);
    w.end_object().key("request_id").string(context.request_id).end_object();
    return out;
}

// Claude on Bedrock may answer in Anthropic's own words.
bool is_anthropic_error(const json::Value& body) {
    return body.string_at("type") == "error" && body.find("error");
}

// The words of the body, or a sentence where it has none.
std::string readable(std::string_view body, int status) {
    body = trim(body.substr(0, kMaxMessage), " \t\r\n");
    return body.empty() ? "the provider answered with status " + std::to_string(status)
                        : std::string(body);
}

}  // namespace

ClientError translate_error(const Context& context, int status, Headers headers,
                            std::string_view body) {
    ClientError out{.status = status, .content_type = "application/json"};
    const auto parsed = json::parse(body);
    const bool object = parsed && parsed->is_object();
    const Dialect provider = dialect_of(context.schema);
    Described described;
    if (object) {
        const bool aws =
            context.schema == Schema::AWSBedrock || context.schema == Schema::AWSAnthropic;
        described = aws                           ? describe_aws(headers, *parsed)
                    : provider == Dialect::gemini ? describe_google(*parsed, body)
                                                  : describe_error_object(*parsed);
        out.type = described.type;
        const bool own = aws ? context.dialect == Dialect::bedrock ||
                                   (provider == context.dialect && is_anthropic_error(*parsed))
                             : provider == context.dialect;
        if (own) {
            add_error_headers(context.dialect, out.type, status, out.headers);
            out.body = body;
            return out;
        }
    }
    // Upstream leaves both out for Google, and its clients were written against that.
    const bool google = provider == Dialect::gemini && context.dialect == Dialect::openai;
    if (described.message.empty() && !(google && body.empty()))
        described.message = readable(body, status);
    if (described.type.empty() && !(google && object && parsed->find("error")))
        described.type = unnamed_type(context.schema, context.operation);
    out.type = described.type;
    if (context.dialect == Dialect::openai)
        out.body = encode_for_openai(status, described.type, described.message);
    else if (context.dialect == Dialect::anthropic)
        out.body = encode_for_anthropic(context, status, described.type, described.message);
    else
        out.body =
            encode_error(context.dialect, status,
                         context.dialect == Dialect::gemini ? google_status(described.type, status)
                                                            : std::string_view(described.type),
                         std::to_string(status), described.message);
    add_error_headers(context.dialect, described.type, status, out.headers);
    return out;
}

void add_error_headers(Dialect dialect, std::string_view type, int status,
                       std::vector<OwnedHeader>& headers) {
    if (dialect == Dialect::bedrock)
        headers.push_back({"x-amzn-errortype", std::string(bedrock_exception(type, status))});
}

}  // namespace weir::dialect
