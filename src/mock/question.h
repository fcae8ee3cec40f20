/// What a request to the mock provider asks for, whatever dialect it is in.
///
/// The operation is known by the end of the path, so that any prefix, and every backend of any
/// configuration, works. Pure; plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialect/names.h"
#include "json/value.h"

namespace weir::mock {

enum class Ask : uint8_t {
    chat,
    completions,
    embeddings,
    responses,
    moderations,
    messages,
    count_tokens,
    converse,
    titan_embedding,  ///< /model/{id}/invoke with inputText
    generate,         ///< Gemini
    predict,          ///< the ways to embed of Google's models
    embed_content,
    batch_embed_contents,
    cohere_embed,  ///< also /model/{id}/invoke with texts
    rerank,
    models,
    model,
};

struct OfferedTool {
    std::string name;
    json::Value schema;  ///< of its arguments; null if none was given
};

/// A document of the request.
struct CitedDocument {
    std::string title;
    std::string text;  ///< empty if it is no plain text
};

struct Question {
    enum class Choice : uint8_t { automatic, none, any, named };

    Ask ask = Ask::chat;
    dialect::Dialect shape = dialect::Dialect::openai;  ///< of the answer and of errors
    bool aws_frames = false;  ///< an Anthropic stream inside AWS event-stream messages
    std::string model;
    bool stream = false;
    bool json_array = false;     ///< Gemini: a stream as one array instead of events
    int turns = 0;               ///< Gemini: contents of the conversation
    bool stream_usage = false;   ///< OpenAI: the usage chunk was asked for
    std::string last_user_text;  ///< of the last user message that has any
    bool after_tool = false;     ///< the last message is a tool's result
    std::string tool_text;       ///< what the tool said
    std::vector<OfferedTool> tools;
    Choice choice = Choice::automatic;
    std::string chosen_tool;
    bool parallel_tools = true;
    bool thinking = false;
    bool searches = false;                  ///< the provider may search the web for the answer
    std::optional<CitedDocument> document;  ///< the first that the answer is to be cited from
    bool summary = false;                   ///< Responses: of the reasoning, in words
    bool sealed = false;                    ///< Responses: its proof
    std::optional<int64_t> max_tokens;
    std::optional<json::Value> format_schema;  ///< the answer must be JSON of this schema
    bool json_object = false;                  ///< the answer must be some JSON object
    std::vector<std::string> inputs;           ///< embeddings, moderations
    std::size_t dimensions = 0;                ///< 0: not asked
    bool base64 = false;
    int64_t input_tokens = 0;  ///< words in everything that the model would read
    uint64_t seed = 0;         ///< hash of path and body; ids are made from it
};

/// Where a path leads: the operation, its dialect, and the model if the path names it.
struct Destination {
    Ask ask;
    dialect::Dialect shape;
    bool aws_frames = false;
    bool stream = false;
    std::string model;
    bool json_array = false;
};

/// Responses: what proves an item of reasoning, and no other.
std::string proof_of(std::string_view id);

/// The dialect in which an error on this path is said.
dialect::Dialect error_shape(std::string_view path, bool anthropic_version);

/// `anthropic_version`: the request has that header (it decides how models are listed). Fails with
/// route.not_found, or route.method_not_allowed.
Result<Destination> find_destination(std::string_view method, std::string_view path,
                                     bool anthropic_version);

/// Fails with body.invalid_json or body.invalid.
Result<Question> read_question(Destination destination, std::string_view path,
                               std::string_view body);

}  // namespace weir::mock
