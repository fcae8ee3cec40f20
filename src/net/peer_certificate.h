/// Who a client's certificate says it is.
///
/// Made once, after a handshake in which the client proved to have the certificate's key; whether
/// an authority vouches for it is the listener's rule (tls_server.h). Plain values; any thread.
#pragma once
#include <openssl/x509.h>

#include <string>
#include <vector>

namespace weir::net {

struct PeerCertificate {
    std::string subject;  ///< RFC 2253: "CN=agent,O=example"
    std::string issuer;
    std::string serial;                  ///< lower-case hex
    std::string sha256;                  ///< of its DER, lower-case hex
    std::string spki_sha256;             ///< of its public key's DER, base64
    std::vector<std::string> dns_names;  ///< subjectAltName, as written
    std::vector<std::string> emails;
    std::vector<std::string> addresses;  ///< "192.0.2.1", "2001:db8::1"
    std::vector<std::string> uris;
    std::string pem;        ///< the certificate
    std::string chain_pem;  ///< it and what the client sent with it
};

/// `chain` may be null.
PeerCertificate describe_certificate(X509* certificate, const STACK_OF(X509) * chain);

}  // namespace weir::net
