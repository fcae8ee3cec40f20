#include "identity/principal.h"

#include <gtest/gtest.h>

namespace weir::identity {
namespace {

net::PeerCertificate certificate(std::vector<std::string> uris, std::vector<std::string> dns,
                                 std::string subject) {
    net::PeerCertificate out;
    out.uris = std::move(uris);
    out.dns_names = std::move(dns);
    out.emails = {"agent@example.test"};
    out.subject = std::move(subject);
    return out;
}

TEST(PrincipalTest, ACertificateIsNamedAsEnvoyDoes) {
    struct Case {
        const char* name;
        net::PeerCertificate peer;
        std::string_view subject;
    };
    const Case cases[] = {
        {"URI before DNS name", certificate({"spiffe://a/b", "urn:c"}, {"d.test"}, "CN=e"),
         "spiffe://a/b"},
        {"DNS name before subject", certificate({}, {"d.test", "f.test"}, "CN=e"), "d.test"},
        {"subject, whatever the e-mail address", certificate({}, {}, "CN=e,O=g"), "CN=e,O=g"},
        {"an empty name is none", certificate({""}, {""}, "CN=e"), "CN=e"},
        {"nobody", certificate({}, {}, ""), ""},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(principal_of(&c.peer).subject, c.subject) << c.name;
        EXPECT_EQ(principal_of(&c.peer).known(), !c.subject.empty()) << c.name;
    }
    EXPECT_FALSE(principal_of(nullptr).known());
}

}  // namespace
}  // namespace weir::identity
