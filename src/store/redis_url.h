/// Where a Redis (or Valkey) is, as its URL says it.
///
///     redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?prefix=TEXT]
///     rediss://…?ca=FILE          TLS; trusted are the system's authorities, or those in FILE
///     HOST:PORT                   as Envoy Gateway writes it
///
/// `valkey:` and `valkeys:` are the same. User, password and prefix may have %XX escapes. The form
/// is that of the IANA registrations "redis" and "rediss". Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace weir::store {

struct RedisAddress {
    std::string host;
    uint16_t port = 6379;
    bool tls = false;
    std::string user;
    Secret password;
    uint32_t database = 0;
    std::string prefix = "weir:";  ///< of every key
    std::string ca_file;
    /// "rediss://cache.example:6380/2", without credentials.
    std::string to_string() const;
};

/// Fails with config.invalid; the detail says what would be right and never shows the text.
Result<RedisAddress> parse_redis_url(std::string_view text);

}  // namespace weir::store
