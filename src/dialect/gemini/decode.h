/// Shared by the two halves of decoding a generateContent request: contents, and everything else.
#pragma once
#include "dialect/decode_common.h"

namespace weir::dialect::gemini {

/// The calls of a conversation that wait for their results; Gemini tells them apart by name.
class OpenCalls {
public:
    void add(std::string name, std::string id) {
        calls_.push_back({std::move(name), std::move(id)});
    }
    /// The id of the oldest call of that name, or of that id; empty if there is none.
    std::string take(std::string_view name, std::string_view id);

private:
    struct Call {
        std::string name;
        std::string id;
    };
    std::vector<Call> calls_;
};

/// One entry of `contents`.
Result<Message> decode_content(json::Value value, int index, OpenCalls& calls);
/// `systemInstruction`.
Result<Message> decode_system(json::Value value);

/// Gives members their camelCase names, but for what clients name themselves: arguments, results,
/// schemas, labels.
void use_camel_case(json::Value& value);

}  // namespace weir::dialect::gemini
