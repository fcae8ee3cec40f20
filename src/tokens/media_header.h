/// What the first bytes of an attachment tell: its kind and, for images, its size in pixels.
///
/// Attachments come as base64 in a body. Only the bytes that are asked for are decoded, so that
/// reading the header of a large image costs no more than of a small one; a JPEG's segments are
/// stepped over, at most kMaxSegments of them. Damaged and unknown data is `unknown`, or an image
/// without a size; nothing here fails. Sources: PNG (ISO 15948 §11.2.2), JPEG (ITU T.81 §B.2.2),
/// GIF89a §18, WebP (RFC 9649 §2), RIFF/WAVE. Threads: pure functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::tokens {

/// The bytes that a base64 text (either alphabet, with or without padding) stands for.
class Base64Bytes {
public:
    explicit Base64Bytes(std::string_view text) : text_(text) {}
    size_t size() const;  ///< as the length of the text says
    /// Byte i, or -1 beyond the end and where the text is no base64.
    int at(size_t i) const;
    /// Two or four bytes in network or in Intel order; -1 if one of them is.
    int64_t big(size_t i, size_t count) const;
    int64_t little(size_t i, size_t count) const;
    bool has(size_t i, std::string_view bytes) const;

private:
    std::string_view text_;
};

enum class MediaKind : uint8_t { unknown, image, audio, video, document };

struct MediaHeader {
    static constexpr size_t kMaxSegments = 64;

    MediaKind kind = MediaKind::unknown;
    uint32_t width = 0;  ///< of an image, in pixels; 0: not known
    uint32_t height = 0;
    uint32_t bytes_per_second = 0;  ///< of uncompressed audio; 0: not known
};

MediaHeader read_media_header(const Base64Bytes& bytes);

}  // namespace weir::tokens
