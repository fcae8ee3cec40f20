#include "proxy/content_decoder.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>

#include "base/ascii.h"

namespace weir::proxy {

struct ContentDecoder::State {
    z_stream stream{};
    std::array<char, 32 * 1024> buffer{};
    bool ended = false;
    bool begun = false;
    bool pending = false;  // output that found no room
    ~State() { inflateEnd(&stream); }
};

ContentDecoder::ContentDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentDecoder::~ContentDecoder() = default;

Result<std::unique_ptr<ContentDecoder>> ContentDecoder::create(std::string_view encoding) {
    encoding = trim(encoding);
    if (encoding.empty() || iequals(encoding, "identity")) return std::unique_ptr<ContentDecoder>();
    if (!iequals(encoding, "gzip") && !iequals(encoding, "x-gzip") && !iequals(encoding, "deflate"))
        return fail(
            codes::upstream_protocol,
            fmt::format("the provider answered with content-encoding '{}', unasked", encoding));
    auto state = std::make_unique<State>();
    // 32 added to the window bits: zlib recognises gzip and zlib headers itself.
    if (inflateInit2(&state->stream, 15 + 32) != Z_OK)
        return fail(codes::internal_error, "inflateInit2");
    return std::unique_ptr<ContentDecoder>(new ContentDecoder(std::move(state)));
}

Result<std::string_view> ContentDecoder::decode(std::string_view& input) {
    z_stream& z = state_->stream;
    while (!input.empty() || state_->pending) {
        if (state_->ended) {  // another member may follow (RFC 1952 §2.2)
            if (inflateReset(&z) != Z_OK)
                return fail(codes::upstream_protocol, "the compressed body is damaged");
            state_->ended = false;
        }
        state_->begun = true;
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        z.avail_in = static_cast<uInt>(std::min<std::size_t>(input.size(), 1u << 30));
        z.next_out = reinterpret_cast<Bytef*>(state_->buffer.data());
        z.avail_out = static_cast<uInt>(state_->buffer.size());
        uInt before = z.avail_in;
        int outcome = inflate(&z, Z_SYNC_FLUSH);
        input.remove_prefix(before - z.avail_in);
        if (outcome == Z_STREAM_END)
            state_->ended = true;
        else if (outcome != Z_OK && outcome != Z_BUF_ERROR)
            return fail(codes::upstream_protocol, "the compressed body is damaged");
        state_->pending = z.avail_out == 0 && !state_->ended;
        std::size_t produced = state_->buffer.size() - z.avail_out;
        if (produced > 0) return std::string_view(state_->buffer.data(), produced);
        if (before == z.avail_in) break;
    }
    return std::string_view();
}

bool ContentDecoder::complete() const {
    return state_->ended || !state_->begun;
}

}  // namespace weir::proxy
