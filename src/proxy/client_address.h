/// Whose address a request comes from, when proxies that are trusted stand before Weir
/// (ClientTrafficPolicy clientIPDetection).
///
/// Envoy's meaning: with N trusted hops it is the Nth address of X-Forwarded-For from the right;
/// with trusted ranges the first from the right that lies in none, if the connection itself comes
/// from one; a header of its own is taken as it is. What does not hold an address is passed over
/// for the connection's. Pure; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "config/clients.h"
#include "http/message.h"

namespace weir::proxy {

/// "192.0.2.1:0" or "[2001:db8::1]:0": the shape of Exchange::peer(), without a port to tell.
/// Nothing: the connection's own. `peer` is Exchange::peer().
std::optional<std::string> forwarded_address(const config::AddressDetection& rules,
                                             std::string_view peer, const http::Headers& headers);

/// What stands for a caller who has shown nothing else, as bytes: an IPv4 address, or the /64 that
/// one site has of IPv6 (RFC 6177: a host picks any of its addresses). `peer` as above; text that
/// holds no address stands for itself.
std::string caller_of(std::string_view peer);

}  // namespace weir::proxy
