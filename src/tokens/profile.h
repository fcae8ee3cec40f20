/// What is known about a family of models: tokenizer, framing of messages, prices of attachments.
///
/// One table, looked up by the model's name and, for names that say nothing (Azure deployments,
/// own servers), by the dialect of the request. Sources of every number: docs/tokens.md.
/// Threads: pure functions over constants.
#pragma once
#include <cstdint>
#include <string_view>

#include "tokens/media.h"
#include "tokens/text_shape.h"
#include "tokens/vocabularies.h"

namespace weir::tokens {

/// Tokens around the text of a chat.
struct Framing {
    int message = 4;      ///< per message, with its role
    int assistant = 0;    ///< more for a message of the assistant
    int name = 1;         ///< more for a message that names its sender
    int reply = 3;        ///< once: the beginning of the answer
    bool known = false;   ///< published, or seen to hold in recorded exchanges; else assumed
    bool single = false;  ///< known for one message only
};

/// How definitions of tools are shown to a model.
struct ToolCost {
    int64_t once = 0;      ///< instructions that come with any tool
    int64_t function = 0;  ///< per function, beside its name and description
    bool recipe = false;   ///< counted by OpenAI's published recipe where its encoding is loaded
};

struct Profile {
    Encoding encoding = Encoding::none;
    Framing framing;
    TextRatio ratio;
    ToolCost tools;
    ImagePrice image;
    MediaPrice media;
};

const Profile& profile_of(std::string_view model, std::string_view dialect);

}  // namespace weir::tokens
