/// For tests: a client of HTTP/2 whose frames are written by hand, at the far end of a Peer.
///
/// Sends what it is told to, right or wrong; what comes back is cut into frames, and heads are
/// decoded. Only *_test.cpp files include this.
#pragma once
#include <nghttp2/nghttp2.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net/test_loop.h"

namespace weir::http::h2 {

using TestFields = std::vector<std::pair<std::string, std::string>>;

struct TestFrame {
    uint8_t type;
    uint8_t flags;
    int32_t stream;
    std::string payload;
    uint32_t word(std::size_t at = 0) const {
        uint32_t out = 0;
        for (std::size_t i = at; i < at + 4 && i < payload.size(); ++i)
            out = out << 8 | static_cast<uint8_t>(payload[i]);
        return out;
    }
};

inline std::string big_endian(uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i)
        out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

inline std::string frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload) {
    std::string out = big_endian(payload.size(), 3);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + big_endian(static_cast<uint32_t>(stream), 4) + std::string(payload);
}

class TestClient {
public:
    static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    /// `skip`: bytes to come before the first frame (a client's preface, for who plays a provider).
    TestClient(net::TestLoop& loop, net::Peer connected, std::size_t skip = 0)
        : peer(std::move(connected)), loop_(loop), at_(skip) {
        nghttp2_hd_deflate_new(&deflater_, 4096);
        nghttp2_hd_inflate_new(&inflater_);
    }
    ~TestClient() {
        nghttp2_hd_deflate_del(deflater_);
        nghttp2_hd_inflate_del(inflater_);
    }
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;

    void send(std::string_view bytes) { peer.send(loop_, bytes); }
    /// One byte after the other, the loop turning in between.
    void drip(std::string_view bytes) {
        for (char c : bytes) {
            peer.send(loop_, {&c, 1});
            loop_.turn();
        }
    }
    void begin(std::string_view settings = {}) {
        send(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, settings));
    }
    std::string block(const TestFields& fields) {
        std::vector<nghttp2_nv> nva;
        for (const auto& [name, value] : fields)
            nva.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                           reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                           value.size(), NGHTTP2_NV_FLAG_NONE});
        std::string out(nghttp2_hd_deflate_bound(deflater_, nva.data(), nva.size()), '\0');
        auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<uint8_t*>(out.data()),
                                          out.size(), nva.data(), nva.size());
        out.resize(static_cast<std::size_t>(size));
        return out;
    }
    static TestFields post(std::string path) {
        return {{":method", "POST"},
                {":scheme", "http"},
                {":path", std::move(path)},
                {":authority", "a"}};
    }
    std::string head(int32_t stream, const TestFields& fields, bool end) {
        return frame(NGHTTP2_HEADERS,
                     NGHTTP2_FLAG_END_HEADERS | (end ? NGHTTP2_FLAG_END_STREAM : 0), stream,
                     block(fields));
    }
    static std::string data(int32_t stream, std::string_view bytes, bool end) {
        return frame(NGHTTP2_DATA, end ? NGHTTP2_FLAG_END_STREAM : 0, stream, bytes);
    }
    static std::string reset(int32_t stream, uint32_t error = NGHTTP2_CANCEL) {
        return frame(NGHTTP2_RST_STREAM, 0, stream, big_endian(error, 4));
    }
    static std::string window(int32_t stream, uint32_t size) {
        return frame(NGHTTP2_WINDOW_UPDATE, 0, stream, big_endian(size, 4));
    }

    /// Frames received so far; heads and bodies are kept by stream.
    void receive() {
        while (!peer.ended && peer.receive()) {
        }
        while (true) {
            if (peer.received.size() < at_) return;
            std::string_view rest = std::string_view(peer.received).substr(at_);
            if (rest.size() < 9) return;
            std::size_t size = static_cast<uint8_t>(rest[0]) << 16 |
                               static_cast<uint8_t>(rest[1]) << 8 | static_cast<uint8_t>(rest[2]);
            if (rest.size() < 9 + size) return;
            TestFrame f{static_cast<uint8_t>(rest[3]), static_cast<uint8_t>(rest[4]), 0,
                        std::string(rest.substr(9, size))};
            f.stream = static_cast<int32_t>(
                TestFrame{0, 0, 0, std::string(rest.substr(5, 4))}.word() & 0x7fffffff);
            at_ += 9 + size;
            take(f);
            frames.push_back(std::move(f));
        }
    }
    bool until(const std::function<bool()>& done) {
        return loop_.until([&] {
            receive();
            return done();
        });
    }
    bool expect_closed(int32_t stream) {
        return until([&] { return ended.contains(stream) || resets.contains(stream); });
    }
    bool expect_reset(int32_t stream) {
        return until([&] { return resets.contains(stream); });
    }
    /// The error of a GOAWAY that is followed by the end of the connection, or -1.
    int64_t expect_goaway() {
        until([&] { return peer.ended; });
        peer.close();
        return goaways.empty() ? -1 : static_cast<int64_t>(goaways.back().word(4));
    }
    std::size_t count(uint8_t type) const {
        std::size_t n = 0;
        for (const auto& f : frames)
            n += f.type == type;
        return n;
    }

    net::Peer peer;
    std::vector<TestFrame> frames;
    std::map<int32_t, TestFields> heads;  // the last one, of each stream
    std::map<int32_t, std::string> bodies;
    std::map<int32_t, bool> ended;
    std::map<int32_t, uint32_t> resets;
    std::vector<TestFrame> goaways;

private:
    void take(const TestFrame& f) {
        if (f.type == NGHTTP2_HEADERS) decode(f);
        if (f.type == NGHTTP2_DATA) bodies[f.stream] += f.payload;
        if (f.type == NGHTTP2_RST_STREAM) resets[f.stream] = f.word();
        if (f.type == NGHTTP2_GOAWAY) goaways.push_back(f);
        if ((f.type == NGHTTP2_HEADERS || f.type == NGHTTP2_DATA) &&
            (f.flags & NGHTTP2_FLAG_END_STREAM))
            ended[f.stream] = true;
    }
    void decode(const TestFrame& f) {
        TestFields& out = heads[f.stream];
        out.clear();
        auto* in = reinterpret_cast<const uint8_t*>(f.payload.data());
        std::size_t left = f.payload.size();
        while (true) {
            nghttp2_nv nv;
            int flags = 0;
            auto used = nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, in, left, 1);
            if (used < 0) {
                ADD_FAILURE() << "a head that cannot be decoded";
                return;
            }
            in += used;
            left -= static_cast<std::size_t>(used);
            if (flags & NGHTTP2_HD_INFLATE_EMIT)
                out.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                                 std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
            if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
            if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && left == 0) break;
        }
        nghttp2_hd_inflate_end_headers(inflater_);
    }

    net::TestLoop& loop_;
    nghttp2_hd_deflater* deflater_ = nullptr;
    nghttp2_hd_inflater* inflater_ = nullptr;
    std::size_t at_;
};

}  // namespace weir::http::h2
