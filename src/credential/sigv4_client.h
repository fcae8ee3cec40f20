/// Checks what a client signed with AWS Signature Version 4: who it is, and that nobody changed
/// what it said.
///
/// The signature is made again from the request with the client's key and compared in constant
/// time. Host and x-amz-date must be signed and the time be ours within fifteen minutes, as AWS
/// asks; the body counts with its own hash, so that UNSIGNED-PAYLOAD and signed chunks are refused.
/// Only the Authorization header is read, not a signature in the query. A signature that is seen
/// again within its time is not told apart. Source: AWS General Reference, "Create a signed AWS API
/// request". Pure functions over plain values; any thread.
#pragma once
#include <chrono>
#include <span>

#include "base/error.h"
#include "credential/sigv4.h"

namespace weir::credential {

/// A request as it came in.
struct ReceivedRequest {
    std::string_view method;
    std::string_view target;                ///< as sent
    std::string_view host;                  ///< the Host field, or :authority
    std::span<const SignedHeader> headers;  ///< all, in their order
    std::string_view body;
};

/// Which of the keys signed it. Fails with auth.denied; the detail says what is wrong, and never
/// what would be right.
Result<size_t> verify_client(const ReceivedRequest& request, std::span<const AwsCredentials> keys,
                             std::chrono::system_clock::time_point now);

}  // namespace weir::credential
