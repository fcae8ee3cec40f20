/// A credential that is fetched from an issuer and ends: the token of a cloud.
///
/// A TokenSource is one issuer with one identity. It is created when a configuration needs it,
/// shared by every worker and every snapshot that means the same (equal `key`), and kept fresh by
/// a TokenDesk on a loop of its own, off the request path. Requests read what was published last:
/// no lock, no wait. Without a valid token they are refused with credential.unavailable, which
/// another backend may still answer.
///
/// Threads: `with` from any thread; `publish` on the desk's loop only.
#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "credential/credential.h"
#include "credential/http_caller.h"
#include "credential/issued.h"
#include "credential/token_slot.h"
#include "net/task.h"

namespace weir::credential {

/// One way to get a token. A fetch is a coroutine on the desk's loop; the Issuer outlives it.
class Issuer {
public:
    virtual ~Issuer() = default;
    Issuer(const Issuer&) = delete;
    Issuer& operator=(const Issuer&) = delete;
    /// Fails with what went wrong on the way to the issuer, or credential.invalid with the issuer's
    /// own words for why it refuses. Never says a secret.
    virtual net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) = 0;

protected:
    Issuer() = default;
};

class TokenSource {
public:
    /// `key` tells apart sources that get different tokens; it is a digest, not a secret.
    /// `description`: "GCP service account a@b from Secret default/gcp key service_account.json".
    /// `through`: the proxy between here and the issuer; empty: none.
    TokenSource(std::string key, std::string description, std::unique_ptr<Issuer> issuer,
                TunnelTo through = {})
        : key_(std::move(key)),
          description_(std::move(description)),
          issuer_(std::move(issuer)),
          through_(std::move(through)) {}

    const std::string& key() const { return key_; }
    const std::string& description() const { return description_; }
    Issuer& issuer() { return *issuer_; }
    const TunnelTo& through() const { return through_; }
    TokenSlot& slot() { return slot_; }
    const TokenSlot& slot() const { return slot_; }

private:
    std::string key_;
    std::string description_;
    std::unique_ptr<Issuer> issuer_;
    TunnelTo through_;
    TokenSlot slot_;
};

/// Says "Authorization: Bearer …" with the source's current token.
std::unique_ptr<Credential> bearer_from(std::shared_ptr<TokenSource> source);
/// Signs for Bedrock with the source's current keys. An empty `region`: the one in the host name.
std::unique_ptr<Credential> sigv4_from(std::shared_ptr<TokenSource> source, std::string region);

}  // namespace weir::credential
