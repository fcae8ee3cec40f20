/// Which operation a method and path ask for, once a rule's prefix is known.
///
/// A prefix is a base URL: below it, and below the root, a path may have a family (`/anthropic`,
/// `/cohere`, `/gemini`, `/bedrock`) and a version (`/v1`, `/v2`, `/v1beta`) before the operation's
/// own suffix, so that any SDK works with the prefix, with or without the version, as its base URL.
/// Vertex AI's `/v1/projects/P/locations/L/publishers/google` is such a family and version too. The
/// table is plain data; the dialect room gives the names their meaning. Threads: pure functions
/// over constants.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::route {

enum class Endpoint : uint8_t {
    chat,
    completion,
    embeddings,
    responses,
    responses_input_tokens,
    image_generation,
    image_edit,
    image_variation,
    speech,
    transcription,
    translation,
    moderation,
    tokenize,
    rerank,
    messages,
    count_tokens,
    models,       ///< answered by Weir itself
    passthrough,  ///< stored objects (files, batches, stored responses, one model): no model in a
                  ///< body
};

struct EndpointRow {
    Endpoint endpoint = Endpoint::passthrough;
    std::string_view method;
    std::string_view suffix;   ///< "/chat/completions"; {id} and {model} stand for any one segment,
                               ///< the latter for as much of it as is not written
    std::string_view name;     ///< in metrics and logs: "chat"
    std::string_view dialect;  ///< of the client: "openai", "anthropic", "cohere", …
    bool streams = false;      ///< where the path says it: its answer is a stream
    /// The path names the model, and says whether the answer is a stream; else the body does.
    bool names_model() const { return suffix.find("{model}") != std::string_view::npos; }
};

enum class Identified : uint8_t {
    found,
    bare_prefix,  ///< nothing behind a prefix: by method and body (design §4) the caller's to say
    method_not_allowed,  ///< the path is known, with other methods: 405
    unknown_path,        ///< 404
};

struct Operation {
    Identified outcome = Identified::unknown_path;
    EndpointRow row;          ///< of `found`; its dialect is that of the path's family
    std::string_view allow;   ///< of `method_not_allowed`: value for the Allow header
    std::string_view suffix;  ///< the path behind prefix, family and version
};

/// `path` is without query; `prefix_length` is Match::prefix_length.
Operation identify(std::string_view method, std::string_view path, size_t prefix_length);

/// The model that a path names, percent-encoded as it stands there, whatever the prefix: of
/// Gemini's and Bedrock's operations. Empty if the path names none.
std::string_view model_in_path(std::string_view path);

/// All rows, for documentation and tests.
std::span<const EndpointRow> endpoints();

}  // namespace weir::route
