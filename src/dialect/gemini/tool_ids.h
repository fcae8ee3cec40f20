/// Ids for tool calls that the provider gave none.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::dialect::gemini {

/// Makes ids in the form of a random UUID (RFC 9562, version 4). They depend on nothing but seed,
/// answer and number, so that a stream has the same ids however it is split.
class ToolIds {
public:
    ToolIds(uint64_t seed, std::string_view answer);
    std::string next();

private:
    uint64_t state_;
};

}  // namespace weir::dialect::gemini
