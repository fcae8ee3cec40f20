/// What went wrong, who is to blame, and what an operator should read.
///
/// Every failure that a caller may meet is a `Code`: one constant in this file with a stable name,
/// the blame, and the HTTP status a client sees. An `Error` is a Code plus a detail for operators.
/// Errors are only made by `fail(code, detail)`, so `kAllCodes` is the complete list; the tests of
/// `dialect/` prove that each one has a body in every client dialect.
///
/// Detail text never holds a credential or prompt text. Threads: plain values.
#pragma once
#include <array>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

/// Who is to blame; decides status class, log level and whether another backend may be tried.
enum class Fault { client, upstream, policy, internal };

/// "client", "upstream", "policy" or "internal".
std::string_view to_string(Fault fault);

/// One kind of failure. Instances are the constants in `codes`; compare by address or name.
struct Code {
    std::string_view name;  ///< stable and greppable: "route.model_not_found"
    Fault fault;
    int status;              ///< HTTP status for a client that has received nothing yet
    bool retryable = false;  ///< another backend may succeed
};

namespace codes {
// HTTP, phase 1 (accept)
inline constexpr Code http_bad_request{"http.bad_request", Fault::client, 400};
inline constexpr Code http_head_too_large{"http.head_too_large", Fault::client, 431};
inline constexpr Code http_body_too_large{"http.body_too_large", Fault::client, 413};
inline constexpr Code http_not_implemented{"http.not_implemented", Fault::client, 501};
inline constexpr Code http_version{"http.version", Fault::client, 505};
inline constexpr Code http_timeout{"http.timeout", Fault::client, 408};
inline constexpr Code http_expectation{"http.expectation", Fault::client, 417};
inline constexpr Code http_client_gone{"http.client_gone", Fault::client, 499};
// phases 2 to 5
inline constexpr Code route_not_found{"route.not_found", Fault::client, 404};
inline constexpr Code route_method{"route.method_not_allowed", Fault::client, 405};
inline constexpr Code route_model_not_found{"route.model_not_found", Fault::client, 404};
inline constexpr Code route_no_backend{"route.no_backend", Fault::internal, 503};
inline constexpr Code body_invalid_json{"body.invalid_json", Fault::client, 400};
inline constexpr Code body_invalid{"body.invalid", Fault::client, 400};
inline constexpr Code body_invalid_form{"body.invalid_form", Fault::client, 400};
inline constexpr Code body_model{"body.model", Fault::client, 400};
inline constexpr Code auth_missing{"auth.missing", Fault::client, 401};
inline constexpr Code auth_denied{"auth.denied", Fault::policy, 403};
// limits: at once for everybody, or for one backend (another may have quota)
inline constexpr Code quota_exhausted{"quota.exhausted", Fault::policy, 429};
inline constexpr Code quota_backend{"quota.backend_exhausted", Fault::policy, 429, true};
/// The store that shares limits does not answer, and the limit's policy then admits nobody.
inline constexpr Code quota_unavailable{"quota.unavailable", Fault::policy, 503};
/// That store, as those who wait for it hear of it (never sent to a client).
inline constexpr Code store_unavailable{"store.unavailable", Fault::internal, 503};
// dialect
inline constexpr Code dialect_request{"dialect.invalid_request", Fault::client, 400};
inline constexpr Code dialect_unsupported{"dialect.unsupported", Fault::client, 422};
inline constexpr Code dialect_no_translation{"dialect.no_translation", Fault::client, 400};
/// A conversation that the provider was to keep (Anthropic's `thread`); its clients then send all
/// of it.
inline constexpr Code dialect_thread{"dialect.thread_unsupported", Fault::client, 400};
inline constexpr Code dialect_response{"dialect.invalid_response", Fault::upstream, 502, true};
// upstream
inline constexpr Code upstream_connect{"upstream.connect", Fault::upstream, 502, true};
inline constexpr Code upstream_dns{"upstream.dns", Fault::upstream, 502, true};
inline constexpr Code upstream_tls{"upstream.tls", Fault::upstream, 502, true};
inline constexpr Code upstream_reset{"upstream.reset", Fault::upstream, 502, true};
inline constexpr Code upstream_protocol{"upstream.protocol", Fault::upstream, 502, true};
inline constexpr Code upstream_truncated{"upstream.truncated", Fault::upstream, 502, true};
inline constexpr Code upstream_too_large{"upstream.too_large", Fault::upstream, 502};
inline constexpr Code upstream_connect_timeout{"upstream.connect_timeout", Fault::upstream, 504,
                                               true};
inline constexpr Code upstream_first_byte_timeout{"upstream.first_byte_timeout", Fault::upstream,
                                                  504, true};
inline constexpr Code upstream_idle_timeout{"upstream.idle_timeout", Fault::upstream, 504, true};
inline constexpr Code upstream_first_token_timeout{"upstream.first_token_timeout", Fault::upstream,
                                                   504, true};
inline constexpr Code upstream_request_timeout{"upstream.request_timeout", Fault::upstream, 504};
inline constexpr Code upstream_error{"upstream.error", Fault::upstream, 502, true};
inline constexpr Code upstream_empty{"upstream.empty", Fault::upstream, 502, true};
inline constexpr Code upstream_overflow{"upstream.overflow", Fault::policy, 503};
inline constexpr Code upstream_unhealthy{"upstream.unhealthy", Fault::upstream, 503};
// credentials
inline constexpr Code credential_missing{"credential.missing", Fault::internal, 500};
inline constexpr Code credential_invalid{"credential.invalid", Fault::internal, 500};
/// The token has not been issued yet, or has ended while its issuer gives no new one.
inline constexpr Code credential_unavailable{"credential.unavailable", Fault::upstream, 503, true};
// configuration and start-up (never sent to a client; the status is for completeness)
inline constexpr Code config_invalid{"config.invalid", Fault::internal, 500};
inline constexpr Code config_io{"config.io", Fault::internal, 500};
// an expression that cannot be evaluated; whoever asked decides what then holds
inline constexpr Code expression_failed{"expression.failed", Fault::internal, 500};
inline constexpr Code listen_failed{"listen.failed", Fault::internal, 500};
// ourselves
inline constexpr Code overloaded{"internal.overloaded", Fault::internal, 503};
inline constexpr Code shutting_down{"internal.shutting_down", Fault::internal, 503};
inline constexpr Code internal_error{"internal.error", Fault::internal, 500};
}  // namespace codes

/// Every Code, in the order above. A new constant is added here too (a test counts them).
inline constexpr std::array kAllCodes{&codes::http_bad_request,
                                      &codes::http_head_too_large,
                                      &codes::http_body_too_large,
                                      &codes::http_not_implemented,
                                      &codes::http_version,
                                      &codes::http_timeout,
                                      &codes::http_expectation,
                                      &codes::http_client_gone,
                                      &codes::route_not_found,
                                      &codes::route_method,
                                      &codes::route_model_not_found,
                                      &codes::route_no_backend,
                                      &codes::body_invalid_json,
                                      &codes::body_invalid,
                                      &codes::body_invalid_form,
                                      &codes::body_model,
                                      &codes::auth_missing,
                                      &codes::auth_denied,
                                      &codes::quota_exhausted,
                                      &codes::quota_backend,
                                      &codes::quota_unavailable,
                                      &codes::store_unavailable,
                                      &codes::dialect_request,
                                      &codes::dialect_unsupported,
                                      &codes::dialect_no_translation,
                                      &codes::dialect_thread,
                                      &codes::dialect_response,
                                      &codes::upstream_connect,
                                      &codes::upstream_dns,
                                      &codes::upstream_tls,
                                      &codes::upstream_reset,
                                      &codes::upstream_protocol,
                                      &codes::upstream_truncated,
                                      &codes::upstream_too_large,
                                      &codes::upstream_connect_timeout,
                                      &codes::upstream_first_byte_timeout,
                                      &codes::upstream_idle_timeout,
                                      &codes::upstream_first_token_timeout,
                                      &codes::upstream_request_timeout,
                                      &codes::upstream_error,
                                      &codes::upstream_empty,
                                      &codes::upstream_overflow,
                                      &codes::upstream_unhealthy,
                                      &codes::credential_missing,
                                      &codes::credential_invalid,
                                      &codes::credential_unavailable,
                                      &codes::config_invalid,
                                      &codes::config_io,
                                      &codes::expression_failed,
                                      &codes::listen_failed,
                                      &codes::overloaded,
                                      &codes::shutting_down,
                                      &codes::internal_error};

/// A Code and a detail. The detail reaches clients for client faults and operators for all; it
/// never holds a credential or prompt text.
class Error {
public:
    Error(const Code& code, std::string detail) : code_(&code), detail_(std::move(detail)) {}
    const Code& code() const { return *code_; }
    Fault fault() const { return code_->fault; }
    int status() const { return code_->status; }
    bool retryable() const { return code_->retryable; }
    const std::string& detail() const { return detail_; }
    /// "route.model_not_found: no rule serves …"
    std::string to_string() const;

private:
    const Code* code_;
    std::string detail_;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// `return fail(codes::body_model, "…");` in any function that returns a Result.
inline std::unexpected<Error> fail(const Code& code, std::string detail = {}) {
    return std::unexpected<Error>(std::in_place, code, std::move(detail));
}

}  // namespace weir

#define WEIR_CAT2(a, b) a##b
#define WEIR_CAT(a, b) WEIR_CAT2(a, b)
/// WEIR_TRY(auto x, expr): x is the value of expr, or the function returns its Error.
#define WEIR_TRY(decl, ...) WEIR_TRY_(WEIR_CAT(weir_try_, __LINE__), return, decl, __VA_ARGS__)
/// The same inside a coroutine.
#define WEIR_CO_TRY(decl, ...) \
    WEIR_TRY_(WEIR_CAT(weir_try_, __LINE__), co_return, decl, __VA_ARGS__)
#define WEIR_TRY_(tmp, ret, decl, ...)                     \
    auto tmp = (__VA_ARGS__);                              \
    if (!tmp) ret std::unexpected(std::move(tmp).error()); \
    decl = std::move(*tmp)
/// WEIR_CHECK(expr): for Result<void>, return its Error if it failed.
#define WEIR_CHECK(...)                                             \
    do {                                                            \
        if (auto weir_check_ = (__VA_ARGS__); !weir_check_)         \
            return std::unexpected(std::move(weir_check_).error()); \
    } while (false)
#define WEIR_CO_CHECK(...)                                             \
    do {                                                               \
        if (auto weir_check_ = (__VA_ARGS__); !weir_check_)            \
            co_return std::unexpected(std::move(weir_check_).error()); \
    } while (false)

namespace weir {
/// Prints the reason and aborts. For what cannot happen (a bug of ours), never for input.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
}  // namespace weir
#define WEIR_ASSERT(expr) \
    ((expr) ? static_cast<void>(0) : ::weir::assert_failed(#expr, __FILE__, __LINE__))
