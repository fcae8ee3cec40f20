// GatewayConfig spec.forwardProxy: the HTTP proxy between Weir and its providers.
#include <fmt/format.h>

#include <charconv>

#include "base/ascii.h"
#include "base/encoding.h"
#include "config/decode.h"
#include "config/text.h"

namespace weir::config {
namespace {

/// "user:password" of a URL, its escapes undone (RFC 3986 §3.2.1).
std::optional<std::string> credentials_of(std::string_view written) {
    auto colon = std::min(written.find(':'), written.size());
    auto user = percent_decode(written.substr(0, colon));
    auto password = percent_decode(written.substr(std::min(colon + 1, written.size())));
    if (!user || !password) return std::nullopt;
    return *user + ":" + *password;
}

bool read_host_and_port(std::string_view text, ForwardProxy& into) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    std::string_view digits = text.substr(colon + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into.port);
    if (error != std::errc() || end != digits.data() + digits.size() || into.port == 0)
        return false;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    into.host = to_lower(host);
    return !host.empty() && host.find_first_of("/?#@ []") == std::string_view::npos;
}

}  // namespace

std::optional<ForwardProxy> read_forward_proxy(const Object& object, Report& report) {
    const Node* node = object.spec().find("forwardProxy");
    const Node* address = node ? node->find("address") : nullptr;
    if (!address) return std::nullopt;
    const std::string field = "spec.forwardProxy.address";
    ForwardProxy proxy;
    proxy.place = address->place;
    std::string_view text = address->text;
    if (istarts_with(text, "https://") || istarts_with(text, "socks")) {
        report.error(address->place, field,
                     "only HTTP proxies are spoken to; write HOST:PORT or http://HOST:PORT");
        return std::nullopt;
    }
    if (istarts_with(text, "http://")) text.remove_prefix(7);
    if (text.ends_with('/')) text.remove_suffix(1);
    // The message never quotes the address: a password may be in it.
    if (auto at = text.rfind('@'); at != std::string_view::npos) {
        auto credentials = credentials_of(text.substr(0, at));
        if (!credentials) {
            report.error(address->place, field, "the user or password has a broken %-escape");
            return std::nullopt;
        }
        proxy.credentials = Secret(std::move(*credentials));
        text.remove_prefix(at + 1);
    }
    if (!read_host_and_port(text, proxy)) {
        report.error(address->place, field,
                     "not an address; write HOST:PORT, or http://USER:PASSWORD@HOST:PORT");
        return std::nullopt;
    }
    for (const Node& name : list_of(*node, "noProxy"))
        proxy.no_proxy.push_back(to_lower(name.text));
    return proxy;
}

bool bypasses(const ForwardProxy& proxy, std::string_view host) {
    for (std::string_view name : proxy.no_proxy) {
        if (name == "*" || name == host) return true;
        std::string_view domain = name.starts_with("*.") ? name.substr(1) : name;
        if (domain.starts_with('.') && (host.ends_with(domain) || host == domain.substr(1)))
            return true;
    }
    return false;
}

}  // namespace weir::config
