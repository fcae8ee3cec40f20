/// AWS keys as people keep them: a credentials file (INI) with profiles, or the environment.
///
/// Errors name what is missing (the profile, the key's name, the place), never a value.
/// Format: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
/// Threads: pure functions and a plain value.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace weir::credential {

struct AwsCredentials {
    Secret access_key_id;
    Secret secret_access_key;
    Secret session_token;  ///< empty: long-term keys
    std::string region;    ///< of the profile, if it says one; else empty
};

/// Reads one profile. `source` names the file or Secret in errors.
/// Fails with credential.invalid (a line is neither section, key nor comment; line number given) or
/// credential.missing (no such profile, or a key absent from it).
Result<AwsCredentials> parse_aws_credentials(std::string_view text, std::string_view profile,
                                             std::string_view source);

/// Reads every profile, in order. Fails as parse_aws_credentials() does, with credential.missing if
/// there is none.
Result<std::vector<AwsCredentials>> parse_all_aws_credentials(std::string_view text,
                                                              std::string_view source);

/// Looks a variable of the environment up.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, and AWS_REGION or
/// AWS_DEFAULT_REGION. Fails with credential.missing naming the variables that are not set.
Result<AwsCredentials> aws_credentials_from(const Environment& environment);

}  // namespace weir::credential
