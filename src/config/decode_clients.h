/// Decoders of what listeners say about clients. See decode.h.
#pragma once
#include <map>
#include <string>

#include "config/clients.h"
#include "config/decode.h"

namespace weir::config {

/// ClientTrafficPolicy, beside what decode_traffic_policy() reads of it.
struct ClientPolicy {
    Meta meta;
    std::vector<Reference> targets;
    ClientSettings settings;             ///< validation.ca_pem is filled in when resolved
    Place tls_place;                     ///< of spec.tls
    std::vector<Reference> authorities;  ///< ConfigMaps or Secrets with "ca.crt"
};

/// The certificates that a listener's `tls` names, with what messages need.
struct DecodedListenerTls {
    ObjectName gateway;
    std::string listener;
    ListenerTls tls;
    std::vector<Reference> certificates;  ///< as `tls.certificates`
};

ClientPolicy decode_client_policy(const Object& object, Report& report);
std::vector<DecodedListenerTls> decode_listener_tls(const Object& gateway, Report& report);
/// Fields of TLSSettings, whose mistakes are reported below `path`.
TlsSettings read_tls_settings(const Node& node, const std::string& path, Report& report);

}  // namespace weir::config
