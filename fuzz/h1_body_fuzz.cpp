// Chunked bodies: cut anywhere they decode as they do whole, and http_parser finds the same bytes
// in what we accept. The first bytes of the input choose the cuts.
#include <http_parser.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/h1/body_decoder.h"

namespace {

using weir::http::Framing;
using weir::http::h1::BodyDecoder;

[[noreturn]] void differ(const char* what) {
    std::fprintf(stderr, "the decoders differ: %s\n", what);
    std::abort();
}

struct Decoded {
    std::string data;
    std::string trailers;
    std::string error;
    std::size_t consumed = 0;
    bool done = false;
};

Decoded decode(const std::string& bytes, const std::vector<std::size_t>& sizes) {
    BodyDecoder decoder({Framing::Kind::chunked, 0});
    Decoded out;
    std::size_t at = 0;
    for (std::size_t turn = 0; at < bytes.size() && !decoder.done(); ++turn) {
        std::size_t size = sizes.empty() ? bytes.size() : sizes[turn % sizes.size()] + 1;
        std::string piece = bytes.substr(at, size);
        BodyDecoder::Step step;
        if (const char* bad = decoder.decode(piece, step)) {
            out.error = bad;
            out.data.clear();  // a whole buffer with a mistake yields nothing, a cut one what came
                               // before
            return out;
        }
        if (step.data.size() > step.consumed || step.consumed > piece.size())
            differ("more data than bytes");
        if (step.consumed < piece.size() && !decoder.done()) differ("bytes left over");
        out.data += step.data;
        out.consumed += step.consumed;
        at += step.consumed;
    }
    out.done = decoder.done();
    out.trailers = decoder.trailers();
    return out;
}

struct Other {
    std::string data;
    bool done = false;
};

int on_body(http_parser* p, const char* at, size_t size) {
    static_cast<Other*>(p->data)->data.append(at, size);
    return 0;
}
int on_message(http_parser* p) {
    static_cast<Other*>(p->data)->done = true;
    http_parser_pause(p, 1);
    return 0;
}

void compare(const std::string& bytes, const Decoded& ours) {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_body = on_body;
    settings.on_message_complete = on_message;
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    Other other;
    parser.data = &other;
    std::string message = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          bytes.substr(0, ours.consumed);
    http_parser_execute(&parser, &settings, message.data(), message.size());
    auto error = HTTP_PARSER_ERRNO(&parser);
    // A trailer field that frames a message is nothing to us (it is not acted on); it refuses some
    // of them.
    if (error == HPE_INVALID_CONTENT_LENGTH || error == HPE_UNEXPECTED_CONTENT_LENGTH ||
        error == HPE_INVALID_TRANSFER_ENCODING)
        return;
    if (error != HPE_OK && error != HPE_PAUSED) differ(http_errno_description(error));
    if (other.data != ours.data) differ("data");
    if (other.done != ours.done) differ("the end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 4) return 0;
    std::vector<std::size_t> sizes(data, data + 3);
    std::string bytes(reinterpret_cast<const char*>(data + 3), size - 3);
    Decoded whole = decode(bytes, {});
    for (const auto& cuts : {sizes, std::vector<std::size_t>{0}}) {
        Decoded cut = decode(bytes, cuts);
        if (cut.error != whole.error || cut.data != whole.data || cut.done != whole.done ||
            cut.consumed != whole.consumed || cut.trailers != whole.trailers)
            if (whole.error.empty() || cut.error != whole.error) differ("cut and whole");
    }
    if (whole.error.empty()) compare(bytes, whole);
    return 0;
}
