/// One request to a token endpoint and its whole answer.
///
/// Endpoints are https, verified against the system's trust store, or plain http where nothing but
/// this machine or its host can listen: loopback, and the link-local addresses of the clouds'
/// metadata services. Only https goes through a configured proxy: the rest is next door. Answers
/// are small (kLargest) and quick (kPatience); redirects are not followed, so a credential goes
/// nowhere but where the configuration says.
///
/// Threads: the loop's.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "http/client.h"

namespace weir::credential {

struct Url {
    bool tls = true;
    std::string host;  ///< lower case; an IPv6 address without brackets
    uint16_t port = 443;
    std::string authority;  ///< as a Host field has it
    std::string target;     ///< path and query; at least "/"
};

/// Fails with credential.invalid: no http(s) URL, user information, or plain http to a host that is
/// not this machine or link-local. `what` names the URL's place in the error.
Result<Url> parse_endpoint(std::string_view text, std::string_view what);

struct HttpCall {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, Secret>> headers;
    Secret body;
};

struct HttpReply {
    int status = 0;
    Secret body;
};

class HttpCaller {
public:
    virtual ~HttpCaller() = default;
    /// Fails as http::ClientPool and its exchanges do; the detail names the endpoint's host.
    virtual net::Task<Result<HttpReply>> call(HttpCall call) = 0;
};

/// The proxy through which a host is reached; null: directly.
using TunnelTo = std::function<std::shared_ptr<const net::Tunnel>(std::string_view host)>;

class PoolCaller final : public HttpCaller {
public:
    static constexpr std::size_t kLargest = 256 * 1024;
    static constexpr std::chrono::seconds kPatience{10};

    /// Both outlive the caller. `cancel` stops a call under way. Without `through` all is direct.
    PoolCaller(http::ClientPool& pool, net::CancelSource& cancel, TunnelTo through = {})
        : pool_(pool), cancel_(cancel), through_(std::move(through)) {}
    net::Task<Result<HttpReply>> call(HttpCall call) override;

private:
    http::ClientPool& pool_;
    net::CancelSource& cancel_;
    TunnelTo through_;
    std::unique_ptr<net::TlsContext> tls_;
};

}  // namespace weir::credential
