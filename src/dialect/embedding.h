/// The neutral form of embeddings: what every embedding codec decodes to and encodes from.
///
/// Far smaller than a conversation: inputs in, vectors out. Settings keep where they were written,
/// Unknowns are reported as dropped. Plain values that own what they hold.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect {

/// One thing to embed: a text, the tokens of one, or several parts that make one meaning.
struct EmbeddingInput {
    std::string text;
    std::vector<Part> parts;  ///< instead of the text, if there are any
    bool tokens = false;      ///< it was token ids, which only OpenAI takes
    std::string title;
    std::string task;  ///< what the vector is for, in Google's words: "RETRIEVAL_QUERY"
};

struct EmbeddingRequest {
    std::string model;
    std::vector<EmbeddingInput> inputs;
    std::string_view member = "input";  ///< where they stood; a literal
    bool from_messages = false;         ///< the one input stood in `messages`
    Setting dimensions;
    Setting task;  ///< for all inputs
    Setting title;
    Setting truncate;  ///< cut what is too long instead of refusing it
    Setting user;
    bool base64 = false;  ///< the client wants its vectors as base64 of little-endian floats
    EmbedForm form = EmbedForm::list;
    Unknowns unknown;
};

struct EmbeddingReply {
    struct Vector {
        json::Value values;  ///< an array of numbers
        bool truncated = false;
    };
    std::string id;
    std::string model;  ///< empty if the provider does not say
    std::vector<Vector> vectors;
    std::optional<int64_t> input_tokens;
};

}  // namespace weir::dialect
