/// The principal of an exchange: who is calling, as something that was verified says.
///
/// Today that is a client's certificate, which its listener has judged (ClientTrafficPolicy
/// clientValidation) before anything of the exchange began. Its name is Envoy's
/// `authenticated.principal_name`: the first URI of its subjectAltName, else the first DNS name,
/// else the subject. A certificate that holds none of them names nobody.
///
/// Ownership: a Principal is a view of what it was made from (the connection's TLS session, which
/// outlives its exchanges). Pure; any thread.
#pragma once
#include <string_view>

#include "net/peer_certificate.h"

namespace weir::identity {

struct Principal {
    std::string_view subject;  ///< "spiffe://example/ns/agents/sa/planner"; empty: nobody is known

    bool known() const { return !subject.empty(); }
};

/// `peer` null: the client has shown none.
Principal principal_of(const net::PeerCertificate* peer);

}  // namespace weir::identity
