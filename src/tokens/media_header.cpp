#include "tokens/media_header.h"

namespace weir::tokens {
namespace {

using namespace std::string_view_literals;

int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

MediaHeader image(int64_t width, int64_t height) {
    MediaHeader out{.kind = MediaKind::image};
    if (width > 0 && height > 0) {
        out.width = static_cast<uint32_t>(width);
        out.height = static_cast<uint32_t>(height);
    }
    return out;
}

/// Frames that carry a size: SOF0 to SOF15 but for DHT, JPG and DAC (T.81 table B.1).
bool is_frame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

MediaHeader jpeg(const Base64Bytes& bytes) {
    size_t at = 2;
    for (size_t segment = 0; segment < MediaHeader::kMaxSegments; ++segment) {
        if (bytes.at(at) != 0xFF) break;
        const int marker = bytes.at(at + 1);
        if (marker == 0xFF) {  // fill
            ++at;
            continue;
        }
        if (is_frame(marker)) return image(bytes.big(at + 7, 2), bytes.big(at + 5, 2));
        const int64_t length = bytes.big(at + 2, 2);
        if (length < 2 || marker == 0xDA) break;
        at += 2 + static_cast<size_t>(length);
    }
    return image(0, 0);
}

MediaHeader webp(const Base64Bytes& bytes) {
    if (bytes.has(12, "VP8X")) return image(bytes.little(24, 3) + 1, bytes.little(27, 3) + 1);
    if (bytes.has(12, "VP8L")) {
        const int64_t bits = bytes.little(21, 4);
        if (bytes.at(20) != 0x2F || bits < 0) return image(0, 0);
        return image((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
    }
    if (bytes.has(12, "VP8 ") && bytes.has(23, "\x9D\x01\x2A")) {
        const int64_t width = bytes.little(26, 2), height = bytes.little(28, 2);
        if (width > 0 && height > 0) return image(width & 0x3FFF, height & 0x3FFF);
    }
    return image(0, 0);
}

MediaHeader wave(const Base64Bytes& bytes) {
    MediaHeader out{.kind = MediaKind::audio};
    const int64_t rate = bytes.has(12, "fmt ") ? bytes.little(28, 4) : -1;
    if (rate > 0) out.bytes_per_second = static_cast<uint32_t>(rate);
    return out;
}

bool is_mp3(const Base64Bytes& bytes) {
    const int second = bytes.at(1);
    return bytes.has(0, "ID3") || (bytes.at(0) == 0xFF && second >= 0 && (second & 0xE0) == 0xE0);
}

}  // namespace

size_t Base64Bytes::size() const {
    size_t length = text_.size();
    while (length > 0 && text_[length - 1] == '=')
        --length;
    return length / 4 * 3 + (length % 4 ? length % 4 - 1 : 0);
}

int Base64Bytes::at(size_t i) const {
    if (i >= size()) return -1;
    const size_t first = i / 3 * 4 + i % 3;  // the byte is in this sextet and the next
    const int a = sextet(text_[first]), b = sextet(text_[first + 1]);
    if (a < 0 || b < 0) return -1;
    const auto shift = static_cast<int>(2 * (i % 3));
    return ((a << (shift + 2)) | (b >> (4 - shift))) & 0xFF;
}

int64_t Base64Bytes::big(size_t i, size_t count) const {
    int64_t value = 0;
    for (size_t k = 0; k < count; ++k) {
        const int byte = at(i + k);
        if (byte < 0) return -1;
        value = value << 8 | byte;
    }
    return value;
}

int64_t Base64Bytes::little(size_t i, size_t count) const {
    int64_t value = 0;
    for (size_t k = count; k-- > 0;) {
        const int byte = at(i + k);
        if (byte < 0) return -1;
        value = value << 8 | byte;
    }
    return value;
}

bool Base64Bytes::has(size_t i, std::string_view bytes) const {
    for (size_t k = 0; k < bytes.size(); ++k)
        if (at(i + k) != static_cast<unsigned char>(bytes[k])) return false;
    return true;
}

MediaHeader read_media_header(const Base64Bytes& bytes) {
    if (bytes.has(0, "\x89PNG\r\n\x1A\n"sv)) return image(bytes.big(16, 4), bytes.big(20, 4));
    if (bytes.has(0, "\xFF\xD8\xFF"sv)) return jpeg(bytes);
    if (bytes.has(0, "GIF8"sv)) return image(bytes.little(6, 2), bytes.little(8, 2));
    if (bytes.has(0, "RIFF"sv) && bytes.has(8, "WEBP"sv)) return webp(bytes);
    if (bytes.has(0, "RIFF"sv) && bytes.has(8, "WAVE"sv)) return wave(bytes);
    if (bytes.has(0, "%PDF-"sv)) return {.kind = MediaKind::document};
    if (bytes.has(0, "PK\x03\x04"sv)) return {.kind = MediaKind::document};  // Office documents
    if (bytes.has(4, "ftypM4A"sv) || bytes.has(0, "OggS"sv) || bytes.has(0, "fLaC"sv))
        return {.kind = MediaKind::audio};
    if (bytes.has(4, "ftyp"sv) || bytes.has(0, "\x1A\x45\xDF\xA3"sv))
        return {.kind = MediaKind::video};
    if (is_mp3(bytes)) return {.kind = MediaKind::audio};
    return {};
}

}  // namespace weir::tokens
