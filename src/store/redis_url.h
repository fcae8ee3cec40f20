/// Where a Redis (or Valkey) is, as its URL says it.
///
///     redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?prefix=TEXT&timeout=20ms]
///     redis+sentinel://…@HOST[:PORT],HOST…/PRIMARY[/DB][?sentinel-password=TEXT]
///     redis+cluster://…@HOST[:PORT],HOST…
///     rediss://…?ca=FILE          TLS; trusted are the system's authorities, or those in FILE
///     HOST:PORT                   as Envoy Gateway writes it
///
/// `valkey` and `valkeys` are the same as `redis` and `rediss`. User, passwords and prefix may have
/// %XX escapes. The form is that of the IANA registrations "redis" and "rediss". Plain values.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace weir::store {

struct RedisHost {
    std::string name;
    uint16_t port = 0;
    std::string to_string() const;
    friend bool operator==(const RedisHost&, const RedisHost&) = default;
};

enum class RedisKind : uint8_t { single, sentinel, cluster };

struct RedisAddress {
    RedisKind kind = RedisKind::single;
    std::vector<RedisHost> hosts;  ///< one; Sentinels; some nodes of a cluster
    std::string primary;           ///< its name, as Sentinels know it
    Secret sentinel_password;
    bool tls = false;
    std::string user;
    Secret password;
    uint32_t database = 0;
    std::string prefix = "weir:";  ///< of every key
    std::string ca_file;
    /// How long a request waits for an answer, before the limit's `failure` holds for it.
    std::chrono::milliseconds timeout{20};
    /// "rediss://cache.example:6380/2", without credentials.
    std::string to_string() const;
};

/// Fails with config.invalid; the detail says what would be right and never shows the text.
Result<RedisAddress> parse_redis_url(std::string_view text);

}  // namespace weir::store
