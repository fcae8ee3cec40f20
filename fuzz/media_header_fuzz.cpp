// Headers of attachments, as base64 and as what is no base64: nothing is read beyond the text, and
// what comes out is priced within bounds by every rule.
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "tokens/profile.h"

namespace {

using namespace weir::tokens;

void check(const std::string& text) {
    const Base64Bytes bytes(text);
    const MediaHeader header = read_media_header(bytes);
    if ((header.width == 0) != (header.height == 0)) __builtin_trap();
    if (header.width != 0 && header.kind != MediaKind::image) __builtin_trap();
    for (const char* model : {"gpt-4o", "gpt-5-nano", "claude", "gemini", "command-a", "other"}) {
        const Profile& profile = profile_of(model, {});
        for (const bool low : {false, true}) {
            const int64_t tokens = profile.image.tokens(header, low);
            if (tokens < 1 || tokens > 100'000) __builtin_trap();
        }
        if (profile.media.tokens(header.kind, header, bytes.size()) < 0) __builtin_trap();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::string text = weir::base64_encode(bytes);
    check(text);
    check(bytes);
    const Base64Bytes read(text);
    if (read.size() != bytes.size()) __builtin_trap();
    for (size_t i = 0; i < bytes.size(); ++i)
        if (read.at(i) != static_cast<unsigned char>(bytes[i])) __builtin_trap();
    return 0;
}
