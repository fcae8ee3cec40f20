#include "base/certificate.h"

#include <gmock/gmock.h>
#include <openssl/rsa.h>

#include <ctime>

#include "base/test_certificate.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string wrong(std::string_view chain, std::string_view key) {
    auto facts = inspect_certificate(chain, key);
    return facts ? "nothing" : facts.error().detail();
}

TEST(CertificateTest, ItsNamesAndTimesAreRead) {
    TestCertificate made("DNS:A.test,DNS:*.b.test,IP:127.0.0.1");
    auto facts = inspect_certificate(made.pem, made.key_pem);
    ASSERT_TRUE(facts) << facts.error().detail();
    EXPECT_THAT(facts->dns_names, ElementsAre("a.test", "*.b.test"));
    EXPECT_NEAR(static_cast<double>(facts->not_after),
                static_cast<double>(std::time(nullptr) + 3600), 60);
    EXPECT_EQ(facts->key_type, "EC");
    TestCertificate plain("");
    EXPECT_THAT(inspect_certificate(plain.pem, plain.key_pem)->dns_names,
                ElementsAre("common.test"));
}

TEST(CertificateTest, WhatIsWrongIsSaidInWords) {
    TestCertificate one("DNS:a.test"), two("DNS:b.test");
    EXPECT_THAT(wrong("planted", one.key_pem), HasSubstr("the certificate cannot be read"));
    EXPECT_THAT(wrong(one.pem, "planted"), HasSubstr("the key cannot be read"));
    EXPECT_THAT(wrong(one.pem, two.key_pem), HasSubstr("does not belong"));
    EXPECT_THAT(wrong(one.pem + two.pem.substr(0, two.pem.size() / 2), one.key_pem),
                HasSubstr("certificate 2 cannot be read"));
    TestCertificate weak("DNS:a.test", 3600, EVP_RSA_gen(1024));
    EXPECT_THAT(wrong(weak.pem, weak.key_pem), HasSubstr("too weak"));
    EXPECT_THAT(wrong(one.pem,
                      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED "
                      "PRIVATE KEY-----\n"),
                HasSubstr("without a pass phrase"));
}

TEST(CertificateTest, ABundleIsCounted) {
    TestCertificate one("DNS:a.test"), two("DNS:b.test");
    EXPECT_EQ(inspect_bundle("text before\n" + one.pem + two.pem).value(), 2u);
    EXPECT_FALSE(inspect_bundle("nothing"));
    EXPECT_FALSE(inspect_bundle(""));
}

TEST(CertificateTest, TermsOfTlsAreKnownByTheirNamesOnly) {
    EXPECT_TRUE(known_tls_term(TlsTerm::cipher, "ECDHE-RSA-AES128-GCM-SHA256"));
    EXPECT_TRUE(known_tls_term(TlsTerm::cipher,
                               "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]"));
    for (const char* name : {"ALL", "HIGH", "ALL:!aNULL", "@SECLEVEL=0", "", "[]", "NULL-SHA"})
        EXPECT_FALSE(known_tls_term(TlsTerm::cipher, name)) << name;
    EXPECT_TRUE(known_tls_term(TlsTerm::curve, "X25519"));
    EXPECT_FALSE(known_tls_term(TlsTerm::curve, "P-9"));
    EXPECT_TRUE(known_tls_term(TlsTerm::signature_algorithm, "ecdsa_secp256r1_sha256"));
    EXPECT_FALSE(known_tls_term(TlsTerm::signature_algorithm, "md5"));
    EXPECT_THAT(single_ciphers({"[A|B]", "C"}), ElementsAre("A", "B", "C"));
}

}  // namespace
}  // namespace weir
