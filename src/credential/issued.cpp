#include "credential/issued.h"

#include <algorithm>

#include "base/ascii.h"
#include "credential/bedrock_signature.h"

namespace weir::credential {

Result<Issued> bearer(std::string_view token, WallTime expires) {
    token = trim(token, " \t\r\n");
    if (token.empty()) return fail(codes::credential_invalid, "the token is empty");
    if (std::ranges::any_of(token, is_control))
        return fail(codes::credential_invalid, "the token has a control character");
    constexpr std::string_view kScheme = "Bearer ";
    std::string text;
    text.reserve(kScheme.size() + token.size());  // one buffer: nothing is left behind unwiped
    text.append(kScheme).append(token);
    Issued issued;
    issued.authorization = Secret(std::move(text));
    issued.expires = expires;
    return issued;
}

}  // namespace weir::credential
