#include "dialect/errors.h"

#include <algorithm>

#include "dialect/writer.h"

namespace weir::dialect {
namespace {

// A kind of failure as the dialects tell them apart.
struct Kind {
    std::string_view openai;
    std::string_view anthropic;
    std::string_view gemini;
    std::string_view bedrock;
};
// Sources: OpenAI "Error codes"; Anthropic "Errors"; google.rpc.Code; Bedrock Runtime "Common
// errors".
constexpr Kind kInvalid{"invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT",
                        "ValidationException"};
constexpr Kind kUnauthenticated{"authentication_error", "authentication_error", "UNAUTHENTICATED",
                                "AccessDeniedException"};
constexpr Kind kForbidden{"permission_error", "permission_error", "PERMISSION_DENIED",
                          "AccessDeniedException"};
constexpr Kind kNotFound{"invalid_request_error", "not_found_error", "NOT_FOUND",
                         "ResourceNotFoundException"};
constexpr Kind kTooLarge{"invalid_request_error", "request_too_large", "INVALID_ARGUMENT",
                         "ValidationException"};
constexpr Kind kSlowClient{"invalid_request_error", "invalid_request_error", "DEADLINE_EXCEEDED",
                           "ModelTimeoutException"};
constexpr Kind kBroken{"server_error", "api_error", "INTERNAL", "InternalServerException"};
constexpr Kind kBadProvider{"upstream_error", "api_error", "UNAVAILABLE",
                            "ServiceUnavailableException"};
constexpr Kind kSlowProvider{"upstream_error", "timeout_error", "DEADLINE_EXCEEDED",
                             "ModelTimeoutException"};
constexpr Kind kOverloaded{"server_error", "overloaded_error", "UNAVAILABLE",
                           "ServiceUnavailableException"};
constexpr Kind kRateLimited{"rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED",
                            "ThrottlingException"};

struct Row {
    const Code* code;
    const Kind* kind;
    std::string_view message;
    std::string_view openai_code =
        {};  ///< where OpenAI has a word of its own; else the Code's name
};

// `error.details.error_code` of the Messages API: its SDKs then send the whole conversation without
// `thread`.
constexpr std::string_view kThreadUnsupported = "thread_unsupported_request";

constexpr Row kRows[] = {
    {&codes::http_bad_request, &kInvalid, "The request is malformed."},
    {&codes::http_head_too_large, &kTooLarge, "The request's headers are too large."},
    {&codes::http_body_too_large, &kTooLarge, "The request's body is too large."},
    {&codes::http_not_implemented, &kInvalid,
     "The request uses a feature of HTTP that is not supported."},
    {&codes::http_version, &kInvalid, "This version of HTTP is not supported."},
    {&codes::http_timeout, &kSlowClient, "The request did not arrive in time."},
    {&codes::http_expectation, &kInvalid, "The request's expectation cannot be met."},
    {&codes::http_client_gone, &kInvalid, "The client closed the connection."},
    {&codes::route_not_found, &kNotFound, "There is nothing at this path."},
    {&codes::route_method, &kInvalid, "This path does not take that method."},
    {&codes::route_model_not_found, &kNotFound, "The model is not configured here.",
     "model_not_found"},
    {&codes::route_no_backend, &kOverloaded, "No backend is available for this model."},
    {&codes::body_invalid_json, &kInvalid, "The request's body is not valid JSON."},
    {&codes::body_invalid, &kInvalid, "The request's body is not what this path takes."},
    {&codes::body_invalid_form, &kInvalid, "The form in the request's body is damaged."},
    {&codes::body_model, &kInvalid, "The request must name one model."},
    {&codes::auth_missing, &kUnauthenticated, "Valid credentials are required.", "invalid_api_key"},
    {&codes::auth_denied, &kForbidden, "These credentials do not allow this request."},
    {&codes::quota_exhausted, &kRateLimited, "A limit is reached.", "rate_limit_exceeded"},
    {&codes::quota_backend, &kRateLimited, "The backend's quota is used up.",
     "rate_limit_exceeded"},
    {&codes::quota_unavailable, &kOverloaded, "A limit cannot be checked at the moment."},
    {&codes::store_unavailable, &kBroken, "The store of the gateway's limits does not answer."},
    {&codes::dialect_request, &kInvalid, "The request is not valid."},
    {&codes::dialect_unsupported, &kInvalid,
     "The provider does not support what the request asks."},
    {&codes::dialect_no_translation, &kInvalid, "The provider does not offer this operation."},
    {&codes::dialect_thread, &kInvalid, "The provider keeps no conversations.", kThreadUnsupported},
    {&codes::dialect_response, &kBadProvider, "The provider's answer could not be understood."},
    {&codes::upstream_connect, &kBadProvider, "The provider could not be reached."},
    {&codes::upstream_dns, &kBadProvider, "The provider's name could not be resolved."},
    {&codes::upstream_tls, &kBadProvider, "No secure connection to the provider could be made."},
    {&codes::upstream_reset, &kBadProvider,
     "The provider closed the connection before its answer was complete."},
    {&codes::upstream_protocol, &kBadProvider, "The provider's answer broke the protocol."},
    {&codes::upstream_truncated, &kBadProvider,
     "The provider's answer ended before it was complete."},
    {&codes::upstream_too_large, &kBadProvider, "The provider's answer is too large."},
    {&codes::upstream_connect_timeout, &kSlowProvider,
     "The provider could not be reached in time."},
    {&codes::upstream_first_byte_timeout, &kSlowProvider, "The provider did not answer in time."},
    {&codes::upstream_idle_timeout, &kSlowProvider, "The provider stopped answering."},
    {&codes::upstream_first_token_timeout, &kSlowProvider,
     "The provider did not begin its answer in time."},
    {&codes::upstream_request_timeout, &kSlowProvider,
     "The provider did not finish its answer in time."},
    {&codes::upstream_error, &kBadProvider, "The provider reported an error."},
    {&codes::upstream_empty, &kBadProvider, "The provider's answer was empty."},
    {&codes::upstream_overflow, &kOverloaded, "Too many requests for this model are under way."},
    {&codes::upstream_unhealthy, &kOverloaded, "No provider of this model is healthy."},
    {&codes::credential_missing, &kBroken, "The gateway has no credential for this provider."},
    {&codes::credential_invalid, &kBroken,
     "The gateway's credential for this provider cannot be used."},
    {&codes::credential_unavailable, &kOverloaded,
     "The gateway has no token for this provider at the moment."},
    {&codes::config_invalid, &kBroken, "The gateway's configuration is invalid."},
    {&codes::config_io, &kBroken, "The gateway's configuration could not be read."},
    {&codes::expression_failed, &kBroken,
     "An expression of the gateway's configuration could not be evaluated."},
    {&codes::listen_failed, &kBroken, "The gateway could not listen."},
    {&codes::overloaded, &kOverloaded, "The gateway is overloaded."},
    {&codes::shutting_down, &kOverloaded, "The gateway is shutting down."},
    {&codes::internal_error, &kBroken, "The gateway met an internal error."},
};

const Row* find_row(const Code& code) {
    for (const auto& row : kRows)
        if (row.code == &code || row.code->name == code.name) return &row;
    return nullptr;
}

// For a Code that the table does not know yet: never without an answer.
const Kind& kind_of_status(int status) {
    switch (status) {
        case 401:
            return kUnauthenticated;
        case 403:
            return kForbidden;
        case 404:
            return kNotFound;
        case 413:
            return kTooLarge;
        case 429:
            return kRateLimited;
        case 502:
            return kBadProvider;
        case 503:
            return kOverloaded;
        case 504:
            return kSlowProvider;
        default:
            return status >= 500 ? kBroken : kInvalid;
    }
}

std::string_view type_in(Dialect dialect, const Kind& kind) {
    switch (dialect) {
        case Dialect::openai:
            return kind.openai;
        case Dialect::anthropic:
            return kind.anthropic;
        case Dialect::gemini:
            return kind.gemini;
        case Dialect::bedrock:
            return kind.bedrock;
        case Dialect::cohere:
            return kind.openai;
    }
    return kind.openai;
}

}  // namespace

ErrorWords error_words(Dialect dialect, const Code& code) {
    const Row* row = find_row(code);
    if (!row) return {type_in(dialect, kind_of_status(code.status)), code.name, {}};
    return {type_in(dialect, *row->kind), row->openai_code.empty() ? code.name : row->openai_code,
            row->message};
}

std::string_view anthropic_error_type(std::string_view type, int status) {
    // Anthropic "Errors", and the names upstream has for two statuses beside them.
    static constexpr std::string_view kTypes[] = {
        "invalid_request_error", "authentication_error", "billing_error",    "permission_error",
        "not_found_error",       "request_too_large",    "rate_limit_error", "api_error",
        "timeout_error",         "overloaded_error",     "validation_error"};
    for (std::string_view known : kTypes)
        if (known == type) return type;
    switch (status) {
        case 0:
            return "api_error";
        case 400:
        case 422:
            return "invalid_request_error";
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 503:
            return "service_unavailable_error";
        case 504:
            return "timeout_error";
        case 529:
            return "overloaded_error";
        default:
            return "internal_server_error";
    }
}

std::string_view google_status(std::string_view type, int status) {
    static constexpr std::string_view kTypes[] = {
        "CANCELLED",         "UNKNOWN",           "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED", "NOT_FOUND",         "ABORTED",
        "ALREADY_EXISTS",    "PERMISSION_DENIED", "FAILED_PRECONDITION",
        "DATA_LOSS",         "OUT_OF_RANGE",      "UNIMPLEMENTED",
        "INTERNAL",          "UNAVAILABLE",       "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED"};
    for (std::string_view known : kTypes)
        if (known == type) return type;
    switch (status) {
        case 499:
            return "CANCELLED";
        case 501:
            return "UNIMPLEMENTED";
        case 502:
        case 529:
            return "UNAVAILABLE";
        case 408:
            return "DEADLINE_EXCEEDED";
        case 0:
            return "INTERNAL";
        default:
            return kind_of_status(status).gemini;
    }
}

std::string_view bedrock_exception(std::string_view type, int status) {
    type = type.substr(0, type.find(':'));  // AWS may put a URL behind it
    const bool name = std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (name && type.ends_with("Exception")) return type;
    switch (status) {
        case 408:
            return "ModelTimeoutException";
        case 424:
            return "ModelErrorException";
        case 502:
        case 529:
            return "ServiceUnavailableException";
        case 0:
            return "InternalServerException";
        default:
            return kind_of_status(status).bedrock;
    }
}

std::string public_message(const Error& error) {
    const bool for_client = error.fault() == Fault::client || error.fault() == Fault::policy;
    if (for_client && !error.detail().empty()) return error.detail();
    const std::string_view message = error_words(Dialect::openai, error.code()).message;
    return std::string(message.empty() ? error.code().name : message);
}

std::string encode_error(Dialect dialect, const Error& error) {
    const ErrorWords words = error_words(dialect, error.code());
    return encode_error(dialect, error.status(), words.type, words.code, public_message(error));
}

std::string encode_error(Dialect dialect, int status, std::string_view type, std::string_view code,
                         std::string_view message) {
    std::string out;
    Writer w(out);
    w.begin_object();
    switch (dialect) {
        case Dialect::openai:
            w.key("error").begin_object().key("message").string(message).key("type").string(type);
            w.key("param").null().key("code");
            if (code.empty())
                w.null();
            else
                w.string(code);
            w.end_object();
            break;
        case Dialect::anthropic:
            w.key("type").string("error").key("error").begin_object();
            w.key("type").string(type).key("message").string(message);
            if (code == kThreadUnsupported)
                w.key("details").begin_object().key("error_code").string(code).end_object();
            w.end_object();
            break;
        case Dialect::gemini:
            w.key("error").begin_object().key("code").integer(status).key("message").string(
                message);
            w.key("status").string(type).end_object();
            break;
        case Dialect::bedrock:
        case Dialect::cohere:
            w.key("message").string(message);
            break;
    }
    w.end_object();
    return out;
}

}  // namespace weir::dialect
