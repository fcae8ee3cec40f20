// Where content begins in a stream, and Retry-After: never a crash; what was looked at stays looked
// at.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "balance/retry.h"
#include "dialect/first_content.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using weir::dialect::Dialect;
    using weir::dialect::FirstContent;
    using weir::dialect::Operation;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto wait = weir::balance::parse_retry_after(text, 1'700'000'000);
    if (wait && wait->count() < 0) __builtin_trap();
    for (auto [dialect, operation] : {std::pair(Dialect::openai, Operation::chat),
                                      std::pair(Dialect::openai, Operation::responses),
                                      std::pair(Dialect::anthropic, Operation::messages)}) {
        FirstContent whole(dialect, operation);
        auto seen = whole.look(text);
        // An event that says nothing in front of others changes nothing.
        const std::string behind = ": ping\n\n" + std::string(text);
        if (FirstContent(dialect, operation).look(behind) != seen) __builtin_trap();
    }
    return 0;
}
