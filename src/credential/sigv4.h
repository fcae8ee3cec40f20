/// AWS Signature Version 4 in the Authorization header.
///
/// A pure function of request, credentials and time; every stage is kept for tests and for reading.
/// The path is taken as it is sent, already escaped, and escaped once more for the canonical
/// request, as every service but S3 wants it. Source: AWS General Reference, "Create a signed AWS
/// API request". Threads: pure functions over plain values.
#pragma once
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "credential/aws_credentials.h"

namespace weir::credential {

struct SignedHeader {
    std::string_view name;
    std::string_view value;
};

struct SigningRequest {
    std::string_view method;
    std::string_view target;                ///< path and query as sent
    std::span<const SignedHeader> headers;  ///< all are signed; `host` must be one of them
    std::string_view body;
};

struct SigningScope {
    std::string_view region;
    std::string_view service;
};

struct SigningOptions {
    bool normalize_path = true;       ///< resolve `.`, `..` and `//` in the canonical path
    bool content_sha256 = false;      ///< add and sign x-amz-content-sha256
    bool omit_session_token = false;  ///< send x-amz-security-token without signing it
};

/// The key derived from the secret for one day, region and service.
Secret derive_signing_key(const AwsCredentials& credentials, std::string_view date,
                          const SigningScope& scope);

struct SignedRequest {
    std::string canonical_request;
    std::string string_to_sign;
    std::string signature;
    /// To be added to the request: x-amz-security-token, x-amz-date, x-amz-content-sha256,
    /// authorization, as far as they apply. Values may be secret (the token).
    std::vector<std::pair<std::string_view, std::string>> headers;
};

/// "20150830T123600Z"; its first eight characters are the date of the scope.
std::string amz_timestamp(std::chrono::system_clock::time_point time);

/// `key` is derive_signing_key's for the same credentials and scope and the timestamp's date.
SignedRequest sign(const SigningRequest& request, const AwsCredentials& credentials,
                   const Secret& key, const SigningScope& scope, std::string_view timestamp,
                   const SigningOptions& options = {});

}  // namespace weir::credential
