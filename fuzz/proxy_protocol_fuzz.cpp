// PROXY headers: what is complete stays the same header whatever follows it, and no beginning of it
// is anything but a beginning.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "net/proxy_protocol.h"

namespace {

using weir::net::parse_proxy_header;
using State = weir::net::ProxyParse::State;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto whole = parse_proxy_header(bytes);
    if (whole.state != State::complete) return 0;
    require(whole.header.size > 0 && whole.header.size <= size, "a header longer than its bytes");
    require(whole.header.source.has_value() == whole.header.destination.has_value(),
            "one address without the other");
    auto alone = parse_proxy_header(bytes.substr(0, whole.header.size));
    require(alone.state == State::complete && alone.header.size == whole.header.size,
            "what follows a header changes it");
    for (size_t i = 0; i < whole.header.size; ++i)
        require(parse_proxy_header(bytes.substr(0, i)).state == State::more,
                "a beginning of a header is none");
    return 0;
}
