// A provider of HTTP/2 that answers anything: its SETTINGS, then bytes in pieces as the first byte
// says, while two exchanges wait. Both end, once the provider has closed; an answer that is taken
// for whole has as many bytes as it says.
#include <cstdio>

#include "http/h2/client_session.h"
#include "http2_fuzz.h"

namespace {

using namespace weir;

[[noreturn]] void wrong(const char* what) {
    std::fprintf(stderr, "http2 client: %s\n", what);
    std::abort();
}

struct Nobody final : http::h2::ClientSession::Owner {
    void retired(http::h2::ClientSession&) override {}
    void settled() override {}
};

net::Task<void> ask(std::unique_ptr<http::h2::ClientStream> stream, int& ended) {
    struct End {
        int& n;
        ~End() { ++n; }
    } end{ended};
    std::string head = "POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";
    std::string body = "hello";
    std::array<iovec, 2> pieces{{{head.data(), head.size()}, {body.data(), body.size()}}};
    auto sent =
        co_await stream->send(pieces, http::RequestBody::whole, std::chrono::hours(1), nullptr);
    if (!sent) co_return;
    auto answer = co_await stream->read_head("POST", net::kNever, nullptr);
    if (!answer) co_return;
    uint64_t size = 0;
    const http::Framing framing = (*answer)->framing;
    while (true) {
        auto piece = co_await stream->read_body(net::kNever, nullptr);
        if (!piece) co_return;
        if (piece->empty()) break;
        size += piece->size();
    }
    if (framing.kind == http::Framing::Kind::length && size != framing.length)
        wrong("a body that is not as long as it says");
}

net::Task<void> serve(std::unique_ptr<http::h2::ClientSession> session) {
    co_await session->serve();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    std::string bytes = fuzz::http2_frame(4, 0, 0, "");
    bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
    net::Worker worker(0);
    http::h2::ClientCounters counters;
    Nobody nobody;
    int ended = 0;
    {
        net::TaskScope tasks;
        fuzz::Wire wire(worker);
        auto session = std::make_unique<http::h2::ClientSession>(
            http::Origin{}, std::exchange(wire.stream, nullptr), std::chrono::hours(1), counters,
            nobody);
        auto first = session->open();
        auto second = session->open();
        tasks.spawn(serve(std::move(session)));
        tasks.spawn(ask(std::move(first), ended));
        tasks.spawn(ask(std::move(second), ended));
        wire.feed(bytes, data[0] == 0 ? 65536 : data[0]);
        wire.close();
        for (int i = 0; i < 8; ++i)
            worker.turn(std::chrono::milliseconds(0));
        if (ended != 2) wrong("an exchange waits for a provider that has gone");
    }
    return 0;
}
