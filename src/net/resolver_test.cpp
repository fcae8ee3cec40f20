#include "net/resolver.h"

#include <gmock/gmock.h>

#include <map>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Addresses = Result<std::vector<Address>>;

void append_16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
}

/// A DNS server on loopback that gives every name the same answer, once the test calls serve().
class TestDns {
public:
    static constexpr unsigned kA = 1;
    static constexpr unsigned kAaaa = 28;
    static constexpr unsigned kServerFailure = 2;
    static constexpr unsigned kNoSuchName = 3;

    TestDns() {
        auto any = parse_address("127.0.0.1", 0);
        fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::bind(fd_, any->get(), any->length), 0);
        address_.length = sizeof address_.storage;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_.storage), &address_.length);
    }
    ~TestDns() { ::close(fd_); }

    NameLookup::Options options() const {
        return {.servers = address_.to_string(), .resolv_conf = "/nonexistent/resolv.conf"};
    }
    /// Takes every question that has come, and answers all so far unless `silent`.
    void serve() {
        receive();
        if (silent) return;
        for (const Reply& reply : std::exchange(held_, {}))
            ::sendto(fd_, reply.packet.data(), reply.packet.size(), 0,
                     reinterpret_cast<const sockaddr*>(&reply.to), reply.length);
    }

    std::vector<const char*> v4;
    unsigned code = 0;
    unsigned ttl = 60;
    bool silent = false;
    std::map<std::string, int> asked;  // "A name" → how often

private:
    struct Reply {
        sockaddr_storage to{};
        socklen_t length = sizeof to;
        std::string packet;
    };

    void receive() {
        char space[1024];
        while (true) {
            Reply reply;
            ssize_t n = ::recvfrom(fd_, space, sizeof space, 0,
                                   reinterpret_cast<sockaddr*>(&reply.to), &reply.length);
            if (n < 12) return;
            reply.packet = answer({space, static_cast<std::size_t>(n)});
            held_.push_back(std::move(reply));
        }
    }

    /// RFC 1035 §4.1: the question again, then one record per address.
    std::string answer(std::string_view question) {
        std::string name;
        std::size_t at = 12;
        while (question[at] != 0) {
            auto label = static_cast<unsigned char>(question[at]);
            name.append(name.empty() ? "" : ".").append(question.substr(at + 1, label));
            at += 1U + label;
        }
        unsigned type = static_cast<unsigned char>(question[at + 2]);
        ++asked[(type == kA ? "A " : "AAAA ") + name];
        std::size_t records = type == kA && code == 0 ? v4.size() : 0;
        std::string out(question.substr(0, 2));
        append_16(out, 0x8180 | code);
        append_16(out, 1);
        append_16(out, static_cast<unsigned>(records));
        append_16(out, 0);
        append_16(out, 0);
        out += question.substr(12, at + 5 - 12);
        for (std::size_t i = 0; i < records; ++i) {
            Address address = *parse_address(v4[i], 0);
            append_16(out, 0xc00c);  // the question's name
            append_16(out, kA);
            append_16(out, 1);
            append_16(out, ttl >> 16);
            append_16(out, ttl & 0xffff);
            append_16(out, 4);
            out.append(reinterpret_cast<const char*>(
                           &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr),
                       4);
        }
        return out;
    }

    int fd_;
    Address address_;
    std::vector<Reply> held_;
};

/// Somebody who asks, from a task of its own.
struct Asker {
    std::optional<Addresses> found;
    bool cancelled = false;
    CancelSource cancel;

    std::string first() const {
        if (!found) return "nothing yet";
        return *found ? (*found)->front().to_string() : (*found).error().to_string();
    }
};

class ResolverTest : public testing::Test {
protected:
    static Task<void> ask(Resolver& resolver, std::string host, Duration time, Asker& asker) {
        try {
            asker.found.emplace(
                co_await resolver.resolve(std::move(host), 81, in(time), &asker.cancel));
        } catch (const Cancelled&) {
            asker.cancelled = true;
        }
    }
    void begin(Asker& asker, const std::string& host, Duration time = seconds(20)) {
        scope.spawn(ask(resolver, host, time, asker));
    }
    void finish(Asker& asker) {
        loop.until([&] {
            dns.serve();
            return asker.found.has_value() || asker.cancelled;
        });
    }
    /// Asks and waits for the answer, as text.
    std::string get(const std::string& host, Duration time = seconds(20)) {
        Asker asker;
        begin(asker, host, time);
        finish(asker);
        return asker.first();
    }
    /// Until DNS has been asked for the IPv4 address of `host` so many times.
    void await_questions(const std::string& host, int times) {
        loop.until([&] {
            dns.serve();
            return dns.asked["A " + host] >= times;
        });
    }

    TestLoop loop;
    TestDns dns;
    FakeClock clock;
    Resolver resolver{loop.worker, dns.options(), &clock};
    TaskScope scope;
};

TEST_F(ResolverTest, LiteralAddressesNeedNoLookUp) {
    for (auto [host, text] : {std::pair{"127.0.0.1", "127.0.0.1:81"},
                              {"::1", "[::1]:81"},
                              {"[2001:db8::7]", "[2001:db8::7]:81"}})
        EXPECT_EQ(get(host), text);
    EXPECT_TRUE(dns.asked.empty());
    for (auto text : {"", "localhost", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4:80", "127.0.0.1 ",
                      "[::1", "0x7f.1"})
        EXPECT_FALSE(parse_address(text, 1)) << text;
}

TEST_F(ResolverTest, LocalhostNeedsNoServer) {
    dns.silent = true;
    EXPECT_THAT(get("localhost"), AnyOf("127.0.0.1:81", "[::1]:81"));
}

TEST_F(ResolverTest, AllAddressesOfAnAnswer) {
    dns.v4 = {"127.0.0.2", "127.0.0.3"};
    Asker asker;
    begin(asker, "api.example.test");
    finish(asker);
    ASSERT_TRUE(asker.found && *asker.found) << asker.first();
    EXPECT_EQ((*asker.found)->size(), 2u);
}

TEST_F(ResolverTest, AnAnswerIsKeptForItsTtl) {
    dns.v4 = {"127.0.0.2"};
    dns.ttl = 20;
    EXPECT_EQ(get("api.example.test"), "127.0.0.2:81");
    clock.advance(seconds(19));
    dns.v4 = {"127.0.0.3"};
    EXPECT_EQ(get("api.example.test"), "127.0.0.2:81");
    EXPECT_EQ(dns.asked["A api.example.test"], 1);
    clock.advance(seconds(1));
    EXPECT_EQ(get("api.example.test"), "127.0.0.3:81");
    EXPECT_EQ(dns.asked["A api.example.test"], 2);
}

TEST_F(ResolverTest, TtlsAreHeldWithinBounds) {
    dns.v4 = {"127.0.0.2"};
    dns.ttl = 0;
    get("short.example.test");
    get("short.example.test");
    EXPECT_EQ(dns.asked["A short.example.test"], 1);
    clock.advance(Resolver::kShortest);
    get("short.example.test");
    EXPECT_EQ(dns.asked["A short.example.test"], 2);

    dns.ttl = 7 * 24 * 3600;
    get("long.example.test");
    clock.advance(Resolver::kLongest);
    get("long.example.test");
    EXPECT_EQ(dns.asked["A long.example.test"], 2);
}

TEST_F(ResolverTest, LookUpsOfOneNameAreJoined) {
    dns.v4 = {"127.0.0.2"};
    Asker askers[5];
    for (Asker& asker : askers)
        begin(asker, "api.example.test");
    Asker other;
    begin(other, "other.example.test");
    for (Asker& asker : askers)
        finish(asker);
    finish(other);
    for (Asker& asker : askers)
        EXPECT_EQ(asker.first(), "127.0.0.2:81");
    EXPECT_EQ(dns.asked["A api.example.test"], 1);
    EXPECT_EQ(dns.asked["A other.example.test"], 1);
}

TEST_F(ResolverTest, OneThatLeavesDoesNotDisturbTheOthers) {
    dns.silent = true;
    dns.v4 = {"127.0.0.2"};
    Asker leaving;
    Asker late;
    Asker staying;
    begin(leaving, "api.example.test");
    begin(late, "api.example.test", milliseconds(50));
    begin(staying, "api.example.test");
    await_questions("api.example.test", 1);
    leaving.cancel.cancel();
    EXPECT_TRUE(leaving.cancelled);
    finish(late);
    EXPECT_EQ(&late.found->error().code(), &codes::upstream_connect_timeout);
    dns.silent = false;
    finish(staying);
    EXPECT_EQ(staying.first(), "127.0.0.2:81");
}

TEST_F(ResolverTest, WaitersMayBeDestroyed) {
    dns.silent = true;
    dns.v4 = {"127.0.0.2"};
    Asker askers[3];
    for (Asker& asker : askers)
        begin(asker, "api.example.test");
    await_questions("api.example.test", 1);
    scope.destroy_all();
    dns.silent = false;
    EXPECT_EQ(get("api.example.test"), "127.0.0.2:81");  // joins the look-up that is under way
}

TEST_F(ResolverTest, UnknownNameSaysWhichAndIsRememberedBriefly) {
    dns.code = TestDns::kNoSuchName;
    EXPECT_THAT(get("nowhere.example.test"),
                testing::AllOf(HasSubstr("upstream.dns"), HasSubstr("nowhere.example.test")));
    get("nowhere.example.test");
    EXPECT_EQ(dns.asked["A nowhere.example.test"], 1);
    clock.advance(Resolver::kShortest);
    dns.code = 0;
    dns.v4 = {"127.0.0.2"};
    EXPECT_EQ(get("nowhere.example.test"), "127.0.0.2:81");
}

TEST_F(ResolverTest, NameThatDnsCannotSay) {
    EXPECT_THAT(get(std::string(70, 'a') + ".example.test"), HasSubstr("upstream.dns"));
    EXPECT_THAT(get(""), HasSubstr("upstream.dns"));
}

TEST_F(ResolverTest, OldAddressesServeWhenServersFail) {
    dns.v4 = {"127.0.0.2"};
    dns.ttl = 1;
    get("api.example.test");
    clock.advance(seconds(1));
    dns.code = TestDns::kServerFailure;
    EXPECT_EQ(get("api.example.test"), "127.0.0.2:81");
    clock.advance(Resolver::kStale);
    EXPECT_THAT(get("api.example.test"), HasSubstr("upstream.dns"));
}

TEST_F(ResolverTest, OldAddressesServeWhenServersAreSilent) {
    dns.v4 = {"127.0.0.2"};
    dns.ttl = 1;
    get("api.example.test");
    clock.advance(seconds(1));
    dns.silent = true;
    auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(get("api.example.test"), "127.0.0.2:81");
    EXPECT_GE(std::chrono::steady_clock::now() - before, Resolver::kPatience);
    Asker next;
    begin(next, "api.example.test");
    EXPECT_EQ(next.first(), "127.0.0.2:81");  // nobody waits for those servers a second time
}

TEST_F(ResolverTest, SilentServersEndAtTheDeadline) {
    dns.silent = true;
    EXPECT_THAT(get("api.example.test", milliseconds(60)),
                testing::AllOf(HasSubstr("upstream.connect_timeout"), HasSubstr("looking up")));
}

TEST_F(ResolverTest, DestroyedWithALookUpUnderWay) {
    Asker asker;
    {
        TestDns silent;
        TaskScope tasks;
        Resolver short_lived(loop.worker, silent.options(), &clock);
        tasks.spawn(ask(short_lived, "api.example.test", seconds(20), asker));
        loop.until([&] {
            silent.silent = true;
            silent.serve();
            return silent.asked["A api.example.test"] == 1;
        });
        tasks.destroy_all();
    }
    loop.turn();
    EXPECT_FALSE(asker.found);
}

}  // namespace
}  // namespace weir::net
