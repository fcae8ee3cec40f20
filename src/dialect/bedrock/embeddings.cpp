#include "dialect/bedrock/embeddings.h"

#include "dialect/embedding_encode.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {

Result<Encoded> encode_embeddings(const EmbeddingRequest& request) {
    WEIR_CHECK(check_texts(request));
    if (request.inputs.size() != 1)
        return unsupported("/input", "more than one input; Titan embeds one at a time");
    Encoded out;
    Dropped dropped;
    Writer w(out.body);
    w.begin_object().key("inputText").string(request.inputs[0].text);
    if (request.dimensions) w.key("dimensions").value(request.dimensions.value);
    w.end_object();
    drop_embedding_unknowns(request, dropped);
    for (const auto* setting : {&request.task, &request.title, &request.truncate})
        dropped.add(*setting);
    if (!request.inputs[0].task.empty())
        dropped.add(pointer(input_pointer(request, 0), "task_type"));
    if (!request.inputs[0].title.empty()) dropped.add(pointer(input_pointer(request, 0), "title"));
    out.dropped = dropped.take();
    return out;
}

Result<EmbeddingReply> decode_embeddings(const json::Value& body) {
    const auto* embedding = body.find("embedding");
    if (!embedding || !embedding->is_array())
        return fail(codes::dialect_response, "the provider's answer has no embedding");
    EmbeddingReply reply;
    reply.vectors.push_back({*embedding, false});
    if (const auto* tokens = body.find("inputTextTokenCount"))
        reply.input_tokens = tokens->as_int();
    return reply;
}

}  // namespace weir::dialect::bedrock
