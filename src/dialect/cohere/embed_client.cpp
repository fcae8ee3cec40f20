#include "dialect/cohere/embeddings.h"
#include "dialect/decode_common.h"
#include "dialect/embedding_encode.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {
namespace {

struct Purpose {
    std::string_view cohere;
    std::string_view google;  ///< the neutral word
};
constexpr Purpose kPurposes[] = {{"search_query", "RETRIEVAL_QUERY"},
                                 {"search_document", "RETRIEVAL_DOCUMENT"},
                                 {"classification", "CLASSIFICATION"},
                                 {"clustering", "CLUSTERING"}};

Result<void> decode_texts(const json::Value& list, EmbeddingRequest& out) {
    out.member = "texts";
    for (const auto& item : list.items()) {
        if (!item.is_string()) return invalid("texts", "must be an array of strings");
        out.inputs.push_back({.text = std::string(item.text())});
    }
    return {};
}

Part image_part(std::string_view url) {
    Media media{.kind = Media::Kind::image};
    constexpr std::string_view kBase64 = ";base64,";
    const size_t comma = url.find(kBase64);
    if (url.starts_with("data:") && comma != std::string_view::npos) {
        media.mime = url.substr(5, comma - 5);
        media.data = url.substr(comma + kBase64.size());
    } else {
        media.url = url;
    }
    return {.body = std::move(media)};
}

// {"content":[{"type":"text","text":…},{"type":"image_url","image_url":{"url":…}}]}: one meaning.
Result<void> decode_inputs(const json::Value& list, EmbeddingRequest& out) {
    out.member = "inputs";
    int index = 0;
    for (const auto& item : list.items()) {
        const std::string where = at("inputs", index++, "content");
        const auto* content = item.find("content");
        if (!content || content->items().empty()) return invalid(where, "must be an array");
        EmbeddingInput input;
        for (const auto& block : content->items()) {
            const auto* image = block.find("image_url");
            const auto* text = block.find("text");
            if (image)
                input.parts.push_back(image_part(image->string_at("url")));
            else if (text && text->is_string())
                input.parts.push_back({.body = Text{std::string(text->text())}});
            else
                return invalid(where, "must hold texts and images");
        }
        if (input.parts.size() == 1)
            if (auto* text = std::get_if<Text>(&input.parts[0].body)) {
                input.text = std::move(text->text);
                input.parts.clear();
            }
        out.inputs.push_back(std::move(input));
    }
    return {};
}

Result<void> decode_types(const json::Value& list, EmbeddingRequest& out) {
    if (list.items().size() > 1)
        return unsupported("/embedding_types", "several types of vectors at once");
    for (const auto& item : list.items()) {
        out.base64 = item.text() == "base64";
        if (!out.base64 && item.text() != "float")
            return unsupported("/embedding_types", "other types of vectors than float and base64");
    }
    return {};
}

Result<void> decode_setting(std::string_view key, json::Value& value, EmbeddingRequest& out) {
    if (key == "embedding_types") return decode_types(value, out);
    if (key == "input_type") {
        for (const auto& purpose : kPurposes)
            if (purpose.cohere == value.text())
                out.task = {"input_type", json::Value::string(std::string(purpose.google))};
        if (out.task) return {};
    } else if (key == "output_dimension") {
        if (!value.is_number()) return invalid("output_dimension", "must be a number");
        out.dimensions = {"output_dimension", std::move(value)};
        return {};
    } else if (key == "truncate" && (value.text() == "END" || value.text() == "NONE")) {
        out.truncate = {"truncate", json::Value::boolean(value.text() == "END")};
        return {};
    }
    out.unknown.push_back({std::string(key), std::move(value)});
    return {};
}

}  // namespace

Result<EmbeddingRequest> decode_embed(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    EmbeddingRequest out{.model = std::string(body.string_at("model"))};
    for (auto& [key, value] : body.members()) {
        if (key == "model" || value.is_null()) continue;
        if (key == "texts") {
            WEIR_CHECK(decode_texts(value, out));
        } else if (key == "inputs") {
            WEIR_CHECK(decode_inputs(value, out));
        } else if (key == "images") {
            out.member = "images";
            for (const auto& image : value.items()) {
                out.inputs.emplace_back();
                out.inputs.back().parts.push_back(image_part(image.text()));
            }
        } else {
            WEIR_CHECK(decode_setting(key, value, out));
        }
    }
    if (out.inputs.empty()) return invalid("texts", "is what to embed; give some");
    return out;
}

std::string encode_embed(const EmbeddingReply& reply, bool base64) {
    std::string out;
    Writer w(out);
    w.begin_object().key("id").string(reply.id).key("embeddings").begin_object();
    w.key(base64 ? "base64" : "float").begin_array();
    for (const auto& vector : reply.vectors) {
        if (base64)
            w.string(packed_floats(vector.values));
        else
            w.value(vector.values);
    }
    w.end_array().end_object().key("response_type").string("embeddings_by_type");
    w.key("meta").begin_object().key("api_version").begin_object().key("version").string("2");
    w.end_object().key("billed_units").begin_object();
    if (reply.input_tokens) w.key("input_tokens").integer(*reply.input_tokens);
    w.end_object().end_object().end_object();
    return out;
}

}  // namespace weir::dialect::cohere
