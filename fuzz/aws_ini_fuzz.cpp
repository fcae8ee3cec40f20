// The AWS credentials file: what is read has both keys without control characters; errors never
// carry a line's text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "credential/aws_credentials.h"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto read = credential::parse_aws_credentials(text, "default", "S");
    if (!read) {
        const std::string& detail = read.error().detail();
        WEIR_ASSERT(detail.starts_with("S: line ") || detail == "S: no profile `default`" ||
                    detail.starts_with("S: profile `default`: "));
        WEIR_ASSERT(detail.size() < 100);
        return 0;
    }
    WEIR_ASSERT(text.find("default") != text.npos);
    for (const Secret* secret : {&read->access_key_id, &read->secret_access_key}) {
        WEIR_ASSERT(!secret->empty());
        WEIR_ASSERT(text.find(secret->reveal()) != text.npos);
        for (char c : secret->reveal())
            WEIR_ASSERT(static_cast<unsigned char>(c) >= 0x20);
    }
    return 0;
}
