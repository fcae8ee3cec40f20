/// What an issuer gave us, and until when it holds: a bearer token, or AWS keys of a session.
///
/// Immutable once it is published. Threads: safe from any thread.
#pragma once
#include <chrono>
#include <memory>

#include "base/secret.h"
#include "credential/aws_credentials.h"

namespace weir::credential {

using WallTime = std::chrono::system_clock::time_point;

struct Issued {
    Secret authorization;                  ///< "Bearer …", ready to be a header's value; or empty
    std::unique_ptr<AwsCredentials> keys;  ///< or null
    WallTime expires{};                    ///< WallTime::max(): never
};

/// A bearer token as an Issued; outer white space is removed. Fails with credential.invalid if it
/// is empty or has a byte that no header may hold.
Result<Issued> bearer(std::string_view token, WallTime expires);

}  // namespace weir::credential
