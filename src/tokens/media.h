/// What images, audio, video and documents cost as input, by the providers' published rules.
///
/// Threads: pure functions over plain values. Sources: docs/tokens.md.
#pragma once
#include <cstddef>
#include <cstdint>

#include "tokens/media_header.h"

namespace weir::tokens {

struct ImagePrice {
    enum class Rule : uint8_t {
        flat,     ///< `base`, whatever the size
        tiles,    ///< OpenAI: fit into 2048 square, shortest side 768; base + each × tiles of 512
        patches,  ///< OpenAI: patches of 32, at most 1536, times `percent` / 100
        area,     ///< Anthropic: at most 1568 pixels long, width × height / 750
        crops,    ///< Gemini: `each` per tile, one tile up to 384 square
        blocks,   ///< Cohere: low is `base`; else base + each × blocks of 512, at most 12
    };
    Rule rule = Rule::flat;
    int base = 0;
    int each = 0;
    int percent = 100;
    int unknown = 0;  ///< for an image whose size cannot be seen

    /// `low`: the request asked for low detail.
    int64_t tokens(const MediaHeader& header, bool low) const;
};

struct MediaPrice {
    int audio_per_second = 10;
    int video_per_second = 263;
    int document_per_page = 1500;

    /// Length and pages are guessed from the size; `size` is in bytes.
    int64_t tokens(MediaKind kind, const MediaHeader& header, size_t size) const;
};

}  // namespace weir::tokens
