#include "net/peer_certificate.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "base/ascii.h"
#include "base/encoding.h"

namespace weir::net {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string name_of(const X509_NAME* name) {
    Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    // RFC 2253, bytes beyond ASCII escaped: the text goes into logs and headers.
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
    return text_of(bio.get());
}

std::string pem_of(X509* certificate) {
    Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string serial_of(const X509* certificate) {
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
    char* hex = BN_bn2hex(number);
    std::string text = to_lower(hex ? hex : "");
    OPENSSL_free(hex);
    BN_free(number);
    return text;
}

std::string address_of(const ASN1_OCTET_STRING* bytes) {
    int size = ASN1_STRING_length(bytes);
    char text[INET6_ADDRSTRLEN] = {};
    if (size == 4 || size == 16)
        ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text,
                    sizeof text);
    return text;
}

void read_names(const X509* certificate, PeerCertificate& into) {
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    if (!names) return;
    auto text = [](const ASN1_IA5STRING* value) {
        return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                           static_cast<std::size_t>(ASN1_STRING_length(value)));
    };
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) into.dns_names.push_back(text(name->d.dNSName));
        if (name->type == GEN_EMAIL) into.emails.push_back(text(name->d.rfc822Name));
        if (name->type == GEN_URI) into.uris.push_back(text(name->d.uniformResourceIdentifier));
        if (name->type == GEN_IPADD) into.addresses.push_back(address_of(name->d.iPAddress));
    }
    GENERAL_NAMES_free(names);
}

}  // namespace

PeerCertificate describe_certificate(X509* certificate, const STACK_OF(X509) * chain) {
    PeerCertificate out;
    out.subject = name_of(X509_get_subject_name(certificate));
    out.issuer = name_of(X509_get_issuer_name(certificate));
    out.serial = serial_of(certificate);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    out.sha256 = hex_encode({reinterpret_cast<const char*>(digest.data()), size});
    unsigned char* der = nullptr;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (length > 0) {
        EVP_Digest(der, static_cast<std::size_t>(length), digest.data(), &size, EVP_sha256(),
                   nullptr);
        out.spki_sha256 = base64_encode({reinterpret_cast<const char*>(digest.data()), size});
    }
    OPENSSL_free(der);
    read_names(certificate, out);
    out.pem = pem_of(certificate);
    out.chain_pem = out.pem;
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (X509* other = sk_X509_value(chain, i); X509_cmp(other, certificate) != 0)
            out.chain_pem += pem_of(other);
    ERR_clear_error();
    return out;
}

}  // namespace weir::net
