#include "dialect/cohere/embeddings.h"

#include "dialect/embedding_encode.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {
namespace {

struct Purpose {
    std::string_view google;
    std::string_view cohere;
};
constexpr Purpose kPurposes[] = {
    {"RETRIEVAL_QUERY", "search_query"},   {"QUESTION_ANSWERING", "search_query"},
    {"FACT_VERIFICATION", "search_query"}, {"CODE_RETRIEVAL_QUERY", "search_query"},
    {"CLASSIFICATION", "classification"},  {"CLUSTERING", "clustering"},
    {"SEMANTIC_SIMILARITY", "clustering"}, {"RETRIEVAL_DOCUMENT", "search_document"}};

// Cohere insists on one for all; who says nothing most likely fills an index.
std::string_view input_type(const EmbeddingRequest& request) {
    std::string_view said = request.task.value.text();
    if (said.empty() && !request.inputs.empty()) said = request.inputs[0].task;
    for (const auto& unknown : request.unknown)
        if (unknown.key == "input_type" && unknown.value.is_string()) return unknown.value.text();
    for (const auto& purpose : kPurposes)
        if (purpose.google == said) return purpose.cohere;
    return "search_document";
}

}  // namespace

Result<Encoded> encode_embeddings(const EmbeddingRequest& request, std::string_view model) {
    WEIR_CHECK(check_texts(request));
    Encoded out;
    Dropped dropped;
    Writer w(out.body);
    w.begin_object();
    if (!model.empty()) w.key("model").string(model);
    w.key("texts").begin_array();
    for (const auto& input : request.inputs)
        w.string(input.text);
    w.end_array().key("input_type").string(input_type(request));
    w.key("embedding_types").begin_array().string("float").end_array();
    if (request.dimensions) w.key("output_dimension").value(request.dimensions.value);
    if (request.truncate)
        w.key("truncate").string(request.truncate.value.as_bool() ? "END" : "NONE");
    w.end_object();
    for (const auto& unknown : request.unknown)
        if (unknown.key != "input_type") dropped.add(std::string(), Unknowns{unknown});
    dropped.add(request.user);
    dropped.add(request.title);
    out.dropped = dropped.take();
    return out;
}

Result<EmbeddingReply> decode_embeddings(const json::Value& body) {
    const auto* vectors = body.find("embeddings");
    if (vectors && vectors->is_object()) vectors = vectors->find("float");
    if (!vectors || !vectors->is_array())
        return fail(codes::dialect_response, "the provider's answer has no embeddings");
    EmbeddingReply reply{.id = std::string(body.string_at("id"))};
    for (const auto& vector : vectors->items())
        reply.vectors.push_back({vector, false});
    const auto* meta = body.find("meta");
    const auto* billed = meta ? meta->find("billed_units") : nullptr;
    const auto* tokens = billed ? billed->find("input_tokens") : nullptr;
    if (tokens) reply.input_tokens = tokens->as_int();
    return reply;
}

}  // namespace weir::dialect::cohere
