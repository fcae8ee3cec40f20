#include "identity/principal.h"

namespace weir::identity {

Principal principal_of(const net::PeerCertificate* peer) {
    if (!peer) return {};
    for (const auto* names : {&peer->uris, &peer->dns_names})
        for (const std::string& name : *names)
            if (!name.empty()) return {name};
    return {peer->subject};
}

}  // namespace weir::identity
