#include "dialect/gemini/embeddings.h"

#include "dialect/embedding_encode.h"
#include "dialect/gemini/media.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {
namespace {

class EmbeddingEncoder {
public:
    EmbeddingEncoder(const EmbeddingRequest& request, std::string_view model, Encoded& out)
        : request_(request), model_(model), out_(out), w_(out.body) {}

    Result<void> encode(EmbeddingMethod method) {
        switch (method) {
            case EmbeddingMethod::predict:
                WEIR_CHECK(write_predict());
                break;
            case EmbeddingMethod::embed_content:
                WEIR_CHECK(write_embed_content());
                break;
            case EmbeddingMethod::batch_embed_contents:
                WEIR_CHECK(write_batch());
                break;
        }
        drop_embedding_unknowns(request_, dropped_);
        out_.dropped = dropped_.take();
        return {};
    }

private:
    // What was said for all inputs counts more than what one of them says.
    std::string_view task_of(const EmbeddingInput& input) const {
        return request_.task ? request_.task.value.text() : std::string_view(input.task);
    }
    std::string_view title_of(const EmbeddingInput& input) const {
        return request_.title ? request_.title.value.text() : std::string_view(input.title);
    }

    Result<void> write_predict() {
        WEIR_CHECK(check_texts(request_));
        w_.begin_object().key("instances").begin_array();
        for (const auto& input : request_.inputs) {
            w_.begin_object().key("content").string(input.text);
            if (const auto task = task_of(input); !task.empty()) w_.key("task_type").string(task);
            if (const auto title = title_of(input); !title.empty()) w_.key("title").string(title);
            w_.end_object();
        }
        w_.end_array().key("parameters").begin_object();
        write_common();
        w_.end_object().end_object();
        return {};
    }

    Result<void> write_embed_content() {
        if (request_.inputs.size() != 1)
            return unsupported("/input", "more than one input; this model embeds one at a time");
        const EmbeddingInput& input = request_.inputs[0];
        w_.begin_object().key("content");
        WEIR_CHECK(write_content(input, 0));
        const std::string_view task = task_of(input);
        const std::string_view title = title_of(input);
        if (request_.dimensions || request_.truncate || !task.empty() || !title.empty()) {
            w_.key("embedContentConfig").begin_object();
            write_common();
            write_purpose(task, title);
            w_.end_object();
        }
        w_.end_object();
        return {};
    }

    Result<void> write_batch() {
        w_.begin_object().key("requests").begin_array();
        for (size_t i = 0; i < request_.inputs.size(); ++i) {
            const EmbeddingInput& input = request_.inputs[i];
            w_.begin_object().key("model").string("models/" + std::string(model_)).key("content");
            WEIR_CHECK(write_content(input, i));
            if (request_.dimensions)
                w_.key("outputDimensionality").value(request_.dimensions.value);
            write_purpose(task_of(input), title_of(input));
            w_.end_object();
        }
        dropped_.add(request_.truncate);
        w_.end_array().end_object();
        return {};
    }

    void write_common() {
        if (request_.dimensions) w_.key("outputDimensionality").value(request_.dimensions.value);
        if (request_.truncate) w_.key("autoTruncate").value(request_.truncate.value);
    }

    void write_purpose(std::string_view task, std::string_view title) {
        if (!task.empty()) w_.key("taskType").string(task);
        if (!title.empty()) w_.key("title").string(title);
    }

    Result<void> write_content(const EmbeddingInput& input, size_t index) {
        const std::string where = input_pointer(request_, index);
        if (input.tokens) return unsupported(where, "tokens; send text");
        w_.begin_object().key("parts").begin_array();
        if (input.parts.empty()) w_.begin_object().key("text").string(input.text).end_object();
        for (const auto& part : input.parts) {
            w_.begin_object();
            if (const auto* text = std::get_if<Text>(&part.body))
                w_.key("text").string(text->text);
            else if (const auto* media = std::get_if<Media>(&part.body))
                WEIR_CHECK(write_media_member(w_, *media, where));
            else
                return unsupported(where, "anything but text and media to embed");
            w_.end_object();
        }
        w_.end_array().end_object();
        return {};
    }

    const EmbeddingRequest& request_;
    std::string_view model_;
    Encoded& out_;
    Writer w_;
    Dropped dropped_;
};

bool add_vector(const json::Value* embedding, EmbeddingReply& reply) {
    const auto* values = embedding ? embedding->find("values") : nullptr;
    if (!values || !values->is_array()) return false;
    const auto* statistics = embedding->find("statistics");
    const auto* truncated = statistics ? statistics->find("truncated") : nullptr;
    reply.vectors.push_back({*values, truncated && truncated->as_bool()});
    const auto* counted = statistics ? statistics->find("token_count") : nullptr;
    if (counted)
        if (const auto tokens = counted->as_double(); tokens && *tokens >= 0 && *tokens < 1e15)
            reply.input_tokens = reply.input_tokens.value_or(0) + static_cast<int64_t>(*tokens);
    return true;
}

std::unexpected<Error> no_vectors() {
    return fail(codes::dialect_response, "the provider's answer has no embeddings");
}

}  // namespace

Result<Encoded> encode_embeddings(const EmbeddingRequest& request, EmbeddingMethod method,
                                  std::string_view model) {
    Encoded out;
    WEIR_CHECK(EmbeddingEncoder(request, model, out).encode(method));
    return out;
}

Result<EmbeddingReply> decode_embeddings(const json::Value& body) {
    EmbeddingReply reply;
    if (const auto* usage = body.find("usageMetadata"))
        reply.input_tokens = decode_usage(Dialect::gemini, *usage).input;
    if (const auto* predictions = body.find("predictions");
        predictions && predictions->is_array()) {
        for (const auto& prediction : predictions->items())
            if (!add_vector(prediction.find("embeddings"), reply)) return no_vectors();
    } else if (const auto* list = body.find("embeddings"); list && list->is_array()) {
        for (const auto& embedding : list->items())
            if (!add_vector(&embedding, reply)) return no_vectors();
    } else {
        if (!add_vector(body.find("embedding"), reply)) return no_vectors();
        const auto* truncated = body.find("truncated");
        reply.vectors[0].truncated = truncated && truncated->as_bool();
    }
    return reply;
}

}  // namespace weir::dialect::gemini
