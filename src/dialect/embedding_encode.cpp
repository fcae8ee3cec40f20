#include "dialect/embedding_encode.h"

namespace weir::dialect {

std::string input_pointer(const EmbeddingRequest& request, size_t index) {
    if (request.from_messages) return "/messages";
    return request.inputs.size() == 1 ? "/input" : "/input/" + std::to_string(index);
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

}  // namespace weir::dialect
