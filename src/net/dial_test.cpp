#include "net/dial.h"

#include <gmock/gmock.h>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Dialling {
    TestLoop loop;
    Resolver resolver{loop.worker};
    Result<StreamPtr> operator()(const std::string& host, uint16_t port,
                                 Duration time = seconds(20)) {
        Target target{host, port, nullptr, ""};
        return loop.run(dial(loop.worker, resolver, target, in(time), nullptr));
    }
};

/// A port on loopback where nobody listens.
uint16_t closed_port() {
    RawListener listener;
    return listener.port();
}

/// A listener whose backlog is full, so that the kernel lets further connections wait.
struct FullListener {
    std::vector<Peer> filling;
    FullListener() {
        raw = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        auto any = parse_address("127.0.0.1", 0);
        EXPECT_EQ(::bind(raw, any->get(), any->length), 0);
        EXPECT_EQ(::listen(raw, 0), 0);
        address.length = sizeof address.storage;
        ::getsockname(raw, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
        for (int i = 0; i < 4; ++i) {
            int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            (void)::connect(fd, address.get(), address.length);
            filling.emplace_back(fd);
        }
    }
    ~FullListener() { ::close(raw); }
    int raw = -1;
    Address address;
};

TEST(DialTest, ConnectsToALiteralAddress) {
    Dialling dialling;
    RawListener listener;
    auto stream = dialling("127.0.0.1", listener.port());
    ASSERT_TRUE(stream) << stream.error().to_string();
    Peer peer = listener.accept(dialling.loop);
    peer.send(dialling.loop, "x");
    char space[4];
    dialling.loop.until([&] { return (*stream)->read(space).done(); });
}

// The listener is IPv4 only; localhost may be ::1 first.
TEST(DialTest, TriesEveryAddressOfAName) {
    Dialling dialling;
    RawListener listener;
    auto stream = dialling("localhost", listener.port());
    ASSERT_TRUE(stream) << stream.error().to_string();
}

TEST(DialTest, RefusedNamesHostAndReason) {
    Dialling dialling;
    auto stream = dialling("localhost", closed_port());
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_connect);
    EXPECT_THAT(stream.error().detail(),
                testing::AllOf(testing::HasSubstr("localhost"), testing::HasSubstr("127.0.0.1:"),
                               testing::HasSubstr("refused")));
}

TEST(DialTest, UnknownName) {
    Dialling dialling;
    auto stream = dialling(std::string(70, 'a') + ".invalid", 80);
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_dns);
}

TEST(DialTest, DeadlineWhileConnecting) {
    Dialling dialling;
    FullListener full;
    auto stream = dialling("127.0.0.1", full.address.port(), milliseconds(120));
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_connect_timeout)
        << stream.error().to_string();
}

TEST(DialTest, NoTimeLeftIsATimeout) {
    Dialling dialling;
    RawListener listener;
    auto stream = dialling("127.0.0.1", listener.port(), milliseconds(-1));
    ASSERT_FALSE(stream);
    EXPECT_EQ(&stream.error().code(), &codes::upstream_connect_timeout);
}

TEST(DialTest, CancelledWhileConnecting) {
    Dialling dialling;
    FullListener full;
    CancelSource cancel;
    bool thrown = false;
    TaskScope scope;
    scope.spawn([](Dialling& d, uint16_t port, CancelSource& c, bool& out) -> Task<void> {
        try {
            Target target{"127.0.0.1", port, nullptr, ""};
            auto stream = co_await dial(d.loop.worker, d.resolver, target, in(seconds(20)), &c);
            (void)stream;
        } catch (const Cancelled&) {
            out = true;
        }
    }(dialling, full.address.port(), cancel, thrown));
    dialling.loop.turn();
    cancel.cancel();
    EXPECT_TRUE(thrown);
    dialling.loop.turn();
}

TEST(ListenAddressTest, Table) {
    struct Row {
        const char* text;
        const char* expected;  // null: refused
    };
    for (const Row& row : {Row{"127.0.0.1:80", "127.0.0.1:80"},
                           {":80", "0.0.0.0:80"},
                           {"*:80", "0.0.0.0:80"},
                           {"localhost:0", "127.0.0.1:0"},
                           {"[::1]:80", "[::1]:80"},
                           {"[::]:65535", "[::]:65535"},
                           {"127.0.0.1", nullptr},
                           {"127.0.0.1:", nullptr},
                           {"127.0.0.1:65536", nullptr},
                           {"127.0.0.1:-1", nullptr},
                           {"127.0.0.1:8x", nullptr},
                           {"example.com:80", nullptr},
                           {"", nullptr},
                           {":", nullptr}}) {
        auto address = parse_listen_address(row.text);
        EXPECT_EQ(address.has_value(), row.expected != nullptr) << row.text;
        if (address && row.expected) {
            EXPECT_EQ(address->to_string(), row.expected) << row.text;
        }
        if (!address) {
            EXPECT_EQ(&address.error().code(), &codes::config_invalid);
        }
    }
}

TEST(ListenerTest, PortZeroIsOnePortForAllWorkers) {
    TestLoop loop;
    auto sockets = ListenSockets::open(*parse_address("127.0.0.1", 0), 3);
    ASSERT_TRUE(sockets);
    EXPECT_NE(sockets->address().port(), 0);
    int accepted = 0;
    std::vector<std::unique_ptr<Listener>> listeners;
    for (std::size_t i = 0; i < 3; ++i)
        listeners.push_back(std::make_unique<Listener>(
            loop.worker, sockets->take(i), [&](StreamPtr, const Address& peer) {
                EXPECT_TRUE(peer.to_string().starts_with("127.0.0.1:"));
                ++accepted;
            }));
    std::vector<Peer> peers;
    for (int i = 0; i < 200; ++i)
        peers.push_back(Peer::connect(sockets->address()));
    loop.until([&] { return accepted == 200; });
}

TEST(ListenerTest, AddressInUse) {
    RawListener other;
    auto sockets = ListenSockets::open(other.address, 1);
    ASSERT_FALSE(sockets);
    EXPECT_EQ(&sockets.error().code(), &codes::listen_failed);
    EXPECT_THAT(sockets.error().detail(), testing::HasSubstr(other.address.to_string()));
}

TEST(ListenerTest, AddressInUseByAnotherWeir) {
    auto first = ListenSockets::open(*parse_address("127.0.0.1", 0), 2);
    ASSERT_TRUE(first);
    auto second = ListenSockets::open(first->address(), 2);
    ASSERT_FALSE(second);
    EXPECT_EQ(&second.error().code(), &codes::listen_failed);
    {
        auto gone = std::move(*first);
    }
    EXPECT_TRUE(ListenSockets::open(first->address(), 2));
}

TEST(ListenerTest, CallbackMayCloseTheListener) {
    TestLoop loop;
    auto sockets = ListenSockets::open(*parse_address("127.0.0.1", 0), 1);
    int accepted = 0;
    std::unique_ptr<Listener> listener;
    listener =
        std::make_unique<Listener>(loop.worker, sockets->take(0), [&](StreamPtr, const Address&) {
            ++accepted;
            listener->close();
        });
    Peer a = Peer::connect(sockets->address());
    Peer b = Peer::connect(sockets->address());
    loop.until([&] { return accepted == 1; });
    b.expect_end(loop);  // never accepted: reset with the socket
    EXPECT_EQ(accepted, 1);
}

}  // namespace
}  // namespace weir::net
