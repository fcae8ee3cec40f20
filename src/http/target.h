/// What a request is sent to, and how long it says to be: rules that every version of HTTP shares.
///
/// Pure functions; views in results point into what was given.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace weir::http {

/// `uri-host [":" port]` of RFC 3986 §3.2, without user information; ASCII only. Empty is valid:
/// the authority of a target without one (RFC 9112 §3.2).
bool valid_authority(std::string_view authority);

/// Splits an origin-form target (or `*`) into out.path and out.query. Fails with http.bad_request
/// for a fragment or a byte that is not ASCII.
Result<void> split_target(std::string_view target, RequestHead& out);

/// The value of a Content-Length, or nothing unless it is 1 to 18 digits.
std::optional<uint64_t> parse_length(std::string_view text);

}  // namespace weir::http
