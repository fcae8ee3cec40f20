/// What Weir says to a provider to be let in: a key in a header, or a signature over the request.
///
/// A Credential is made when the configuration is compiled, from Secrets that are already read, and
/// is then immutable: every worker applies the same one, without a lock. For a static key the
/// header's value is ready and applying it is one append. A key is trimmed; one that is empty or
/// has a control character inside is refused, by the name of where it came from, never its value.
///
/// Threads: safe from any thread after construction. Nothing here reads a file, clock or variable.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace weir::credential {

/// Takes the headers of a credential; the views are valid during the call only.
class HeaderSink {
public:
    virtual void add(std::string_view name, std::string_view value) = 0;

protected:
    ~HeaderSink() = default;
};

/// The headers of the client's request, for credentials that tenants bring themselves.
class ClientHeaders {
public:
    /// The value of the first field of that name (compared without case), or empty.
    virtual std::string_view value(std::string_view name) const = 0;

protected:
    ~ClientHeaders() = default;
};

/// A request as it will be sent: after translation, mutation and escaping.
struct RequestToSign {
    std::string_view method;
    std::string_view host;    ///< the Host header, with the port if that has one
    std::string_view target;  ///< path and query, as on the request line
    std::string_view body;
    std::chrono::system_clock::time_point now;
    const ClientHeaders* client = nullptr;  ///< of the call only; null: there is no client
};

class Credential {
public:
    virtual ~Credential() = default;
    Credential(const Credential&) = delete;
    Credential& operator=(const Credential&) = delete;

    /// Adds this credential's headers. Fails with credential.invalid if the request cannot be
    /// signed (no region in configuration or host name), auth.missing if the client had to bring a
    /// credential and did not, credential.unavailable if a token has not been issued yet.
    virtual Result<void> apply(const RequestToSign& request, HeaderSink& headers) const = 0;
    /// The headers depend on the body, so that it has to be whole before the head can be sent.
    virtual bool needs_body() const { return false; }
    /// The client's header of this name carries a credential and is not forwarded.
    virtual bool takes(std::string_view /*header*/) const { return false; }
    /// For explain and errors: "APIKey from Secret default/api-keys key openai".
    const std::string& description() const { return description_; }

protected:
    explicit Credential(std::string description) : description_(std::move(description)) {}

private:
    std::string description_;
};

struct AwsCredentials;

/// `source` says where the value came from: "Secret default/api-keys key openai".
/// All fail with credential.missing (empty) or credential.invalid (control character).
Result<std::unique_ptr<Credential>> api_key(const Secret& key, std::string_view source);
Result<std::unique_ptr<Credential>> anthropic_api_key(const Secret& key, std::string_view source);
/// For Gemini on AI Studio: x-goog-api-key.
Result<std::unique_ptr<Credential>> gemini_api_key(const Secret& key, std::string_view source);
Result<std::unique_ptr<Credential>> azure_api_key(const Secret& key, std::string_view source);
/// SigV4 for Bedrock. An empty `region` means the one in the host name of each request.
Result<std::unique_ptr<Credential>> aws_sigv4(AwsCredentials credentials, std::string region,
                                              std::string_view source);
/// Adds nothing.
std::unique_ptr<Credential> none();

/// The region of `bedrock-runtime[-fips].{region}.{amazonaws.com|vpce.amazonaws.com|api.aws}`, a
/// port allowed; empty for any other host.
std::string_view bedrock_region(std::string_view host);

}  // namespace weir::credential
