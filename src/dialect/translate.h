/// Whole messages from one dialect to another: client request → provider request, provider answer →
/// client answer.
///
/// Everything goes client dialect → neutral model (model.h) → provider dialect. What the target
/// cannot express is listed in `dropped`; what would change the meaning of the request is refused.
///
///     WEIR_TRY(auto out, translate_request(request, target));
///     … send out.method, out.path, out.headers, out.body …
///     WEIR_TRY(auto answer, translate_response(context, headers, body));   // 2xx, not streamed
///     auto refused = translate_error(context, status, headers, body);      // anything else
///
/// Pure functions, any thread. Views in arguments live until the call returns; results own their
/// bytes.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialect/names.h"
#include "dialect/usage.h"

namespace weir::dialect {

/// A header as the HTTP layer holds it; names are compared without regard to case.
struct HeaderView {
    std::string_view name;
    std::string_view value;
};
using Headers = std::span<const HeaderView>;
/// First value of that name, or empty.
std::string_view find_header(Headers headers, std::string_view name);

/// What the client sent.
struct ClientRequest {
    Operation operation = Operation::chat;
    Dialect dialect = Dialect::openai;
    std::string_view body;   ///< validated JSON text
    std::string_view model;  ///< the body's `model`, or the path's (Gemini, Bedrock)
    bool stream = false;     ///< the body's `stream` (known since inspection), or the path's
    Headers headers = {};    ///< those that say more about the body (anthropic-beta, guardrails)
};

/// The backend as far as its wire format goes.
struct Target {
    Schema schema = Schema::OpenAI;
    /// Azure: api-version; GCPAnthropic, AWSAnthropic: anthropic_version; Cohere: path version;
    /// native Anthropic: the anthropic-version header. Empty: the default of each (but for an
    /// Anthropic client's body on GCPAnthropic, which is refused: see default_version()).
    std::string_view version;
    /// OpenAI, Anthropic: path prefix, with or without slashes around it; empty means "v1", "/"
    /// means none. GCP: "/v1/projects/P/locations/L", empty if whoever adds the credential adds it.
    /// Gemini: empty or "/" means "v1beta".
    std::string_view prefix;
    std::string_view model_override;  ///< sent instead of the client's model; empty: none
    ConversationApi api = ConversationApi::both;
};

struct OwnedHeader {
    std::string name;
    std::string value;
};

struct ProviderRequest {
    std::string method;                ///< always POST today
    std::string path;                  ///< with query, already percent-encoded
    std::vector<OwnedHeader> headers;  ///< content-type, accept, anthropic-version; no credential
    std::string body;
    bool stream = false;
    std::string model;                 ///< as sent to the provider
    std::vector<std::string> dropped;  ///< JSON pointers into the client's body
    bool base64 = false;               ///< for Context
    EmbedForm form = EmbedForm::list;  ///< likewise
};

/// What a backend's configuration means where it names no version; empty if there is no such thing.
std::string_view default_version(Schema schema);

/// True if the bytes of this request can be sent as they are (same dialect): the caller then only
/// needs provider_path() and, with an override, an edit of `model`.
bool passes_through(Operation operation, Dialect dialect, Schema schema,
                    ConversationApi api = ConversationApi::both);

/// True if the bytes of a 2xx answer are the client's dialect as they come, even where those of the
/// request were not (Claude on Vertex, and unstreamed on Bedrock).
bool answer_passes_through(Operation operation, Dialect dialect, Schema schema, bool stream,
                           ConversationApi api = ConversationApi::both);

/// True for questions how many tokens a request would be.
constexpr bool counts_input(Operation operation) {
    return operation == Operation::count_tokens || operation == Operation::responses_input_tokens;
}

/// Whether such a provider counts the tokens of a request; else an estimate must do.
bool provider_counts(Operation operation, Dialect dialect, Schema schema, ConversationApi api);

/// The answer to such a question, as translate_response() gives it. Fails as translate_request()
/// does for a body that means nothing in its own dialect, or refers to what is not in it.
Result<std::string> encode_count(const ClientRequest& request, int64_t tokens);

/// For requests without an operation (files, batches, …) the caller appends what follows the
/// client's own prefix to this one: "/v1", or what the target says; "" if it says "/".
std::string provider_prefix(const Target& target);

/// True if a stream of this request has to be taken through a StreamTranslator although its events
/// are the client's own: it knows where they end and what they say.
bool stream_is_reframed(Operation operation, Dialect dialect);

/// The path and query at the provider: prefix, Azure deployment, api-version, escaped model.
/// Fails with dialect.no_translation if the schema does not offer the operation.
Result<std::string> provider_path(const Target& target, Operation operation, std::string_view model,
                                  bool stream);

/// Fails with dialect.invalid_request (400) if the body does not mean anything in its own dialect,
/// with dialect.unsupported (422) if the target cannot do what it asks, with dialect.no_translation
/// (400) if no codec leads from this dialect and operation to that schema.
Result<ProviderRequest> translate_request(const ClientRequest& request, const Target& target);

/// What the answer's translation must know of its request. Owns its strings: a stream outlives its
/// head.
struct Context {
    Operation operation = Operation::chat;
    Dialect dialect = Dialect::openai;  ///< the client's
    Schema schema = Schema::OpenAI;
    std::string model;       ///< ProviderRequest::model
    int64_t created = 0;     ///< Unix seconds, for dialects that date their answers
    std::string request_id;  ///< the provider's request id header (x-amzn-requestid), else empty
    uint64_t seed = 0;       ///< any number: where ids come from that the provider did not give
    bool base64 = false;     ///< ProviderRequest::base64: how the client wants its vectors
    EmbedForm form = EmbedForm::list;  ///< ProviderRequest::form
    bool json_array = false;           ///< a Gemini client that did not ask for alt=sse
    int64_t latency_ms = 0;            ///< until the provider answered; Converse tells it
    /// Tokens that the provider counted in a header (x-amzn-bedrock-input-token-count).
    std::optional<int64_t> counted_input = {};
    ConversationApi api = ConversationApi::both;  ///< Target::api
};

struct ClientResponse {
    std::string body;
    std::string content_type;
    Usage usage;
    std::string model;  ///< the model that answered
    std::string id;
    std::vector<std::string> finish_reasons;  ///< in the client dialect's words
    std::vector<std::string> dropped;         ///< JSON pointers into the *provider's* body
};

/// A whole 2xx answer. Fails with dialect.invalid_response.
Result<ClientResponse> translate_response(const Context& context, std::string_view body);

/// An answer that is not 2xx. The provider's status, type and message are kept; a body that already
/// is in the client's dialect comes back unchanged. Never fails: text that is no JSON becomes the
/// message.
struct ClientError {
    int status = 0;
    std::string content_type;
    std::string body;
    std::string type;  ///< the provider's error type, for logs and metrics; may be empty
    /// What the client's dialect says in a header: x-amzn-errortype of AWS.
    std::vector<OwnedHeader> headers;
};
ClientError translate_error(const Context& context, int status, Headers headers,
                            std::string_view body);

/// Appends what a dialect says about an error beside its body; `type` in any dialect's words.
void add_error_headers(Dialect dialect, std::string_view type, int status,
                       std::vector<OwnedHeader>& headers);

}  // namespace weir::dialect
