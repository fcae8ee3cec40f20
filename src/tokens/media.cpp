#include "tokens/media.h"

#include <algorithm>
#include <cmath>

namespace weir::tokens {
namespace {

/// Where nothing in the data tells its length: speech as MP3 or Opus is sent, video for the web,
/// and a page of a PDF with its share of fonts and figures.
constexpr int64_t kAudioBytesPerSecond = 16'000;
constexpr int64_t kVideoBytesPerSecond = 250'000;
constexpr int64_t kBytesPerPage = 50'000;

struct Pixels {
    double width, height;

    double longest() const { return std::max(width, height); }
    double shortest() const { return std::min(width, height); }
    void scale(double by) {
        width *= by;
        height *= by;
    }
    int64_t tiles(double side) const {
        return static_cast<int64_t>(std::ceil(width / side) * std::ceil(height / side));
    }
};

int64_t tiles_of_512(Pixels image) {
    if (image.longest() > 2048) image.scale(2048 / image.longest());
    if (image.shortest() > 768) image.scale(768 / image.shortest());
    return image.tiles(512);
}

/// Scaled down so that at most 1536 patches of 32 cover it, whole ones along one side.
int64_t patches_of_32(Pixels image) {
    constexpr double kMost = 1536;
    if (image.tiles(32) > static_cast<int64_t>(kMost)) {
        image.scale(std::sqrt(kMost * 32 * 32 / image.width / image.height));
        const double across = image.width / 32, down = image.height / 32;
        image.scale(std::min(std::floor(across) / across, std::floor(down) / down));
        image = {std::max(1.0, std::round(image.width)), std::max(1.0, std::round(image.height))};
    }
    return std::min(image.tiles(32), static_cast<int64_t>(kMost));
}

int64_t area_over_750(Pixels image) {
    constexpr double kMost = 1'200'000;  // larger ones are scaled to about 1600 tokens
    if (image.longest() > 1568) image.scale(1568 / image.longest());
    if (image.width * image.height > kMost)
        image.scale(std::sqrt(kMost / image.width / image.height));
    return static_cast<int64_t>(std::ceil(image.width * image.height / 750));
}

int64_t crops(Pixels image) {
    if (image.longest() <= 384) return 1;
    const double unit = std::clamp(std::floor(image.shortest() / 1.5), 256.0, 768.0);
    return image.tiles(unit);
}

int64_t blocks_of_512(Pixels image) {
    constexpr double kMost = 12;
    if (image.tiles(512) > static_cast<int64_t>(kMost)) return static_cast<int64_t>(kMost);
    return image.tiles(512);
}

int64_t at_least_one(size_t size, int64_t per) {
    return std::max<int64_t>(1, (static_cast<int64_t>(size) + per - 1) / per);
}

}  // namespace

int64_t ImagePrice::tokens(const MediaHeader& header, bool low) const {
    if (low && (rule == Rule::tiles || rule == Rule::blocks)) return base;
    if (rule == Rule::flat) return base;
    if (header.width == 0 || header.height == 0) return unknown;
    const Pixels image{static_cast<double>(header.width), static_cast<double>(header.height)};
    switch (rule) {
        case Rule::tiles:
            return base + each * tiles_of_512(image);
        case Rule::patches:
            return (patches_of_32(image) * percent + 99) / 100;
        case Rule::area:
            return area_over_750(image);
        case Rule::crops:
            return std::min<int64_t>(each * crops(image), int64_t{each} * 64);
        case Rule::blocks:
            return base + each * blocks_of_512(image);
        case Rule::flat:
            break;
    }
    return base;
}

int64_t MediaPrice::tokens(MediaKind kind, const MediaHeader& header, size_t size) const {
    switch (kind) {
        case MediaKind::audio: {
            const int64_t rate =
                header.bytes_per_second ? header.bytes_per_second : kAudioBytesPerSecond;
            return at_least_one(size, rate) * audio_per_second;
        }
        case MediaKind::video:
            return at_least_one(size, kVideoBytesPerSecond) * video_per_second;
        case MediaKind::document:
            return at_least_one(size, kBytesPerPage) * document_per_page;
        case MediaKind::image:
        case MediaKind::unknown:
            break;
    }
    return 0;
}

}  // namespace weir::tokens
