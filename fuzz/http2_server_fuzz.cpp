// A client of HTTP/2 that sends anything: after the preface, bytes in pieces as the first byte
// says. Whatever comes, no handler sees a request that HTTP/1.1 could not say, and every handler
// ends.
#include <cstdio>

#include "http/server.h"
#include "http2_fuzz.h"

namespace {

using namespace weir;

[[noreturn]] void wrong(const char* what) {
    std::fprintf(stderr, "http2 server: %s\n", what);
    std::abort();
}

bool clean(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

class Echo final : public http::Handler {
public:
    int running = 0;
    net::Task<void> handle(http::Exchange& exchange) override {
        struct Count {
            int& n;
            explicit Count(int& of) : n(of) { ++n; }
            ~Count() { --n; }
        } count(running);
        const http::RequestHead& head = exchange.request();
        if (head.method.empty() || head.path.empty() || head.authority.empty())
            wrong("a request without method, path or authority");
        if (!clean(head.target) || !clean(head.authority)) wrong("a line end in the target");
        for (const auto& field : head.headers)
            if (field.name.empty() || field.name[0] == ':' || !clean(field.name) ||
                !clean(field.value) || field.name == "connection" ||
                field.name == "transfer-encoding")
                wrong("a field that must not be forwarded");
        exchange.begin(200);
        exchange.start_chunked();
        uint64_t size = 0;
        while (true) {
            auto piece = co_await exchange.read_some();
            if (!piece) co_return exchange.abort();
            if (piece->empty()) break;
            size += piece->size();
            co_await exchange.write(*piece);
        }
        if (head.framing.kind == http::Framing::Kind::length && size != head.framing.length)
            wrong("a body that is not as long as it says");
        co_await exchange.finish();
    }
    void render_error(const Error& error, std::string& type, std::string& body) override {
        type = "text/plain";
        body = error.code().name;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + fuzz::http2_frame(4, 0, 0, "");
    bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
    net::Worker worker(0);
    Echo echo;
    {
        http::Server server(worker, echo, {});
        fuzz::Wire wire(worker);
        server.serve(std::exchange(wire.stream, nullptr), "client", 0);
        wire.feed(bytes, data[0] == 0 ? 65536 : data[0]);
        wire.close();
        for (int i = 0; i < 8; ++i)
            worker.turn(std::chrono::milliseconds(0));
        if (echo.running != 0) wrong("a handler runs on without its client");
    }
    return 0;
}
