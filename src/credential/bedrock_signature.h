/// What every credential for Bedrock does in the end: sign one request with AWS keys.
///
/// The region is the configured one, else that of the request's host name. Derived signing keys can
/// be remembered by whoever keeps the same credentials for many requests (SigningKeys).
/// Threads: sign_bedrock is pure but for `keys`, which is safe from any thread.
#pragma once
#include <atomic>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "credential/credential.h"
#include "credential/sigv4.h"

namespace weir::credential {

/// Derived signing keys of one AwsCredentials, at most one a day and region for as long as it
/// lives. Readers follow an append-only list without a lock; two workers that derive the same key
/// at once leave one entry too many, which is harmless.
class SigningKeys {
public:
    SigningKeys() = default;
    SigningKeys(const SigningKeys&) = delete;
    SigningKeys& operator=(const SigningKeys&) = delete;
    ~SigningKeys();

    const Secret& get(const AwsCredentials& credentials, std::string_view date,
                      const SigningScope& scope) const;

private:
    struct Entry {
        std::string date;
        std::string region;
        Secret key;
        const Entry* older;
    };
    mutable std::atomic<const Entry*> newest_{nullptr};
};

/// Adds the signature's headers. An empty `region` means the host's; `keys` may be null: then
/// nothing is remembered. Fails with credential.invalid if no region is known; `description` names
/// the credential there.
Result<void> sign_bedrock(const AwsCredentials& credentials, std::string_view region,
                          const SigningKeys* keys, std::string_view description,
                          const RequestToSign& request, HeaderSink& headers);

/// A byte that no header value may hold.
constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace weir::credential
