#include "dialect/embedding_encode.h"

#include <bit>

#include "base/encoding.h"

namespace weir::dialect {

std::string input_pointer(const EmbeddingRequest& request, size_t index) {
    if (request.from_messages) return "/messages";
    const std::string list = "/" + std::string(request.member);
    if (request.form == EmbedForm::single ||
        (request.inputs.size() == 1 && request.member == "input"))
        return list;
    return list + "/" + std::to_string(index);
}

Result<void> check_texts(const EmbeddingRequest& request) {
    for (size_t i = 0; i < request.inputs.size(); ++i) {
        if (request.inputs[i].tokens)
            return unsupported(input_pointer(request, i), "tokens; send text");
        if (!request.inputs[i].parts.empty())
            return unsupported(input_pointer(request, i), "messages to embed");
    }
    return {};
}

void drop_embedding_unknowns(const EmbeddingRequest& request, Dropped& dropped) {
    dropped.add(std::string(), request.unknown);
    dropped.add(request.user);
}

std::string packed_floats(const json::Value& values) {
    std::string bytes;
    bytes.reserve(values.items().size() * sizeof(float));
    for (const auto& item : values.items()) {
        const auto bits = std::bit_cast<uint32_t>(static_cast<float>(item.as_double().value_or(0)));
        for (int shift = 0; shift < 32; shift += 8)
            bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
    return base64_encode(bytes);
}

}  // namespace weir::dialect
