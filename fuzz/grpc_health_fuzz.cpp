// Answers of gRPC health checks: no beginning of an answer is one, and fields that are not known
// change nothing.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/grpc_health.h"

namespace {

using weir::proxy::grpc_health_answer;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    weir::proxy::trailer_value(bytes, "grpc-status");
    require(grpc_health_answer(weir::proxy::grpc_health_question(bytes)) == 0,
            "a question is an answer whose field 1 is text");
    auto status = grpc_health_answer(bytes);
    if (!status) return 0;
    for (size_t i = 0; i < size; ++i)
        require(!grpc_health_answer(bytes.substr(0, i)), "a beginning of an answer is one");
    std::string longer(bytes);
    longer += std::string("\x12\x01x", 3);
    uint64_t length = longer.size() - 5;
    for (size_t i = 4; i > 0; --i, length >>= 8)
        longer[i] = static_cast<char>(length & 0xff);
    require(grpc_health_answer(longer) == status, "an unknown field changes the answer");
    return 0;
}
