#include "net/tls.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "net/dial.h"
#include "net/test_tls.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct TlsTest : testing::Test {
    TlsTest() { std::signal(SIGPIPE, SIG_IGN); }  // as in Worker::run, which these tests do not use

    /// Dials while playing the server; the server's side of it is in `peer`.
    Result<StreamPtr> connect(TlsListener& listener, TlsContext& context, const std::string& name,
                              Duration time = seconds(20), bool answer = true) {
        std::optional<Result<StreamPtr>> result;
        TaskScope scope;
        Target target{"127.0.0.1", listener.raw.port(), &context, name};
        scope.spawn([](TlsTest& t, Target to, TimePoint deadline,
                       std::optional<Result<StreamPtr>>& out) -> Task<void> {
            out.emplace(co_await dial(t.loop.worker, t.resolver, to, deadline, nullptr));
        }(*this, target, in(time), result));
        peer.reset();
        bool shaken = false;
        loop.until([&] {
            if (!peer) {
                if (auto accepted = listener.try_accept()) peer.emplace(std::move(*accepted));
            } else if (answer && !shaken && !peer->failed) {
                shaken = peer->handshake();
            }
            return result.has_value() && (shaken || !*result);
        });
        return std::move(*result);
    }
    /// Reads until the end; "!" if it failed.
    static Task<std::string> read_to_end(Stream& stream) {
        std::string all;
        char space[100];
        while (true) {
            IoResult r = stream.read(space);
            if (r.state == IoResult::State::failed) co_return all + "!";
            if (r.closed()) co_return all;
            if (r.done()) all.append(space, r.size);
            if (r.again() && co_await stream.readable(in(seconds(10)), nullptr) == Wake::deadline)
                co_return all + "?";
        }
    }

    TestLoop loop;
    Resolver resolver{loop.worker};
    TestAuthority authority;
    std::optional<TlsPeer> peer;
};

TEST_F(TlsTest, TrustedBundleSniAndBothDirections) {
    TlsListener listener(authority, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    ASSERT_TRUE(context);
    auto stream = connect(listener, **context, "api.example.com");
    ASSERT_TRUE(stream) << stream.error().to_string();
    EXPECT_EQ(peer->sni(), "api.example.com");
    EXPECT_FALSE((*stream)->tls()->resumed());

    std::string head(300, 'h'), body(200000, 'b');
    int written = -1;
    TaskScope scope;
    scope.spawn([](Stream& s, std::string h, std::string b, int& out) -> Task<void> {
        iovec pieces[2] = {{h.data(), h.size()}, {b.data(), b.size()}};
        out = co_await write_all(s, pieces, seconds(10), nullptr);
    }(**stream, head, body, written));
    loop.until([&] {
        while (peer->receive()) {
        }
        return peer->received.size() == head.size() + body.size();
    });
    EXPECT_TRUE(peer->received == head + body);
    loop.until([&] { return written == 0; });

    peer->send(std::string(1000, 'a'));
    peer->close_notify();
    EXPECT_EQ(loop.run(read_to_end(**stream)), std::string(1000, 'a'));
    (*stream)->close();
    loop.until([&] { return peer->receive() || peer->closed_properly; });
}

TEST_F(TlsTest, WrongNameIsRefused) {
    TlsListener listener(authority, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    for (const char* name :
         {"other.example.com", "example.com", "x.api.example.com", "127.0.0.1"}) {
        auto stream = connect(listener, **context, name);
        ASSERT_FALSE(stream) << name;
        EXPECT_EQ(&stream.error().code(), &codes::upstream_tls);
        EXPECT_THAT(stream.error().detail(), testing::HasSubstr(name));
    }
}

TEST_F(TlsTest, AddressIsVerifiedAsAddressAndNotSentAsSni) {
    TlsListener listener(authority, "IP:127.0.0.1");
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "127.0.0.1");
    ASSERT_TRUE(stream) << stream.error().to_string();
    EXPECT_EQ(peer->sni(), "");
    EXPECT_FALSE(connect(listener, **context, "127.0.0.2"));
}

TEST_F(TlsTest, WildcardCoversOneLabel) {
    TlsListener listener(authority, "DNS:*.example.com");
    auto context = TlsContext::create(authority.pem());
    EXPECT_TRUE(connect(listener, **context, "a.example.com"));
    EXPECT_FALSE(connect(listener, **context, "a.b.example.com"));
    EXPECT_FALSE(connect(listener, **context, "example.com"));
}

TEST_F(TlsTest, EmptyServerNameIsRefused) {
    TlsListener listener(authority, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "", milliseconds(500));
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_tls);
}

TEST_F(TlsTest, UntrustedAuthorityIsRefused) {
    TestAuthority stranger;
    TlsListener listener(stranger, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "api.example.com");
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_tls);
    EXPECT_THAT(stream.error().detail(), testing::HasSubstr("not trusted"));
    auto system = TlsContext::create();
    ASSERT_TRUE(system);
    EXPECT_FALSE(connect(listener, **system, "api.example.com"));
}

TEST_F(TlsTest, CertificateFileOfTheEnvironmentIsHonoured) {
    std::string path = testing::TempDir() + "/weir-tls-test-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(path) << authority.pem();
    ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    auto context = TlsContext::create();
    ::unsetenv("SSL_CERT_FILE");
    std::remove(path.c_str());
    ASSERT_TRUE(context);
    TlsListener listener(authority, "DNS:api.example.com");
    EXPECT_TRUE(connect(listener, **context, "api.example.com"));
}

TEST_F(TlsTest, BundleWithoutCertificateIsRefused) {
    for (const char* pem :
         {"x", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"}) {
        auto context = TlsContext::create(pem);
        ASSERT_FALSE(context);
        EXPECT_EQ(&context.error().code(), &codes::config_invalid);
    }
}

TEST_F(TlsTest, SecondConnectionResumesAlsoWhenTheFirstOutlivedItsContext) {
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsListener listener(authority, "DNS:api.example.com,DNS:b.example.com");
        SSL_CTX_set_max_proto_version(listener.context(), version);
        auto context = TlsContext::create(authority.pem());
        auto first = connect(listener, **context, "api.example.com");
        ASSERT_TRUE(first);
        peer->send("x");  // TLS 1.3 tickets arrive with the first data
        char space[8];
        loop.until([&] { return (*first)->read(space).done(); });
        auto second = connect(listener, **context, "api.example.com");
        ASSERT_TRUE(second);
        EXPECT_TRUE((*second)->tls()->resumed()) << version;
        auto other = connect(listener, **context, "b.example.com");
        ASSERT_TRUE(other);
        EXPECT_FALSE((*other)->tls()->resumed());
        context->reset();
        peer->send("x");
        loop.until([&] { return (*other)->read(space).done(); });
    }
}

TEST_F(TlsTest, EndWithoutCloseNotifyIsAFailure) {
    TlsListener listener(authority, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "api.example.com");
    ASSERT_TRUE(stream);
    peer->send("partial");
    peer->cut();
    EXPECT_EQ(loop.run(read_to_end(**stream)), "partial!");
}

TEST_F(TlsTest, ServerThatNeverAnswersTheHandshake) {
    TlsListener listener(authority, "DNS:api.example.com");
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "api.example.com", milliseconds(120), false);
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_connect_timeout);
}

TEST_F(TlsTest, ServerThatSpeaksPlainText) {
    RawListener raw;
    auto context = TlsContext::create(authority.pem());
    std::optional<Result<StreamPtr>> result;
    TaskScope scope;
    Target target{"127.0.0.1", raw.port(), context->get(), "api.example.com"};
    scope.spawn([](TlsTest& t, Target to, std::optional<Result<StreamPtr>>& out) -> Task<void> {
        out.emplace(co_await dial(t.loop.worker, t.resolver, to, in(seconds(10)), nullptr));
    }(*this, target, result));
    Peer plain = raw.accept(loop);
    plain.send(loop, "HTTP/1.1 400 Bad Request\r\n\r\n");
    loop.until([&] { return result.has_value(); });
    ASSERT_FALSE(*result);
    EXPECT_EQ(&result->error().code(), &codes::upstream_tls);
}

TEST_F(TlsTest, OldProtocolVersionsAreRefused) {
    TlsListener listener(authority, "DNS:api.example.com");
    SSL_CTX_set_min_proto_version(listener.context(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(listener.context(), TLS1_1_VERSION);
    auto context = TlsContext::create(authority.pem());
    auto stream = connect(listener, **context, "api.example.com");
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_tls);
}

}  // namespace
}  // namespace weir::net
