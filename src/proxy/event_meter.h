/// How much of an answer a client was given, for exchanges that end before usage is reported.
///
/// Streams of events: models send about a token an event, some send several. What every event of a
/// stream has in common (names, ids, quotes) is at least the smallest event; what is more than that
/// is taken as text of four bytes a token, and the larger of both counts holds. Whole bodies: four
/// bytes a token beyond a body without text. An estimate, and logged as one. One exchange's; plain.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>

namespace weir::proxy {

class EventMeter {
public:
    /// The next bytes of an event stream (events end with an empty line).
    void events(std::string_view bytes) {
        while (!bytes.empty()) {
            auto end = bytes.find('\n');
            if (end == std::string_view::npos) {
                size_ += bytes.size();
                line_empty_ = false;
                return;
            }
            bool empty = line_empty_ && end == 0;
            size_ += end + 1;
            if (empty && size_ > 2) close();
            line_empty_ = true;
            bytes.remove_prefix(end + 1);
        }
    }
    /// The next messages, whole ones, of an AWS event stream: each begins with its length.
    void frames(std::string_view bytes) {
        while (bytes.size() >= 4) {
            uint64_t length = 0;
            for (std::size_t i = 0; i < 4; ++i)
                length = length << 8 | static_cast<unsigned char>(bytes[i]);
            size_ = std::clamp<uint64_t>(length, 4, bytes.size());
            bytes.remove_prefix(static_cast<std::size_t>(size_));
            close();
        }
    }
    /// The next bytes of a body that is no stream.
    void body(std::string_view bytes) { body_ += bytes.size(); }

    uint64_t tokens() const {
        if (count_ == 0) return body_ > kEmptyBody ? (body_ - kEmptyBody) / kBytes : body_ > 0;
        uint64_t text = total_ - smallest_ * count_;
        // The first event names the role and brings no text.
        return std::max(count_ - 1, text / kBytes);
    }
    bool streams() const { return count_ > 0; }
    bool anything() const { return count_ + size_ + body_ > 0; }

private:
    static constexpr uint64_t kBytes = 4;        ///< of text per token
    static constexpr uint64_t kEmptyBody = 256;  ///< names and ids of a whole answer
    static constexpr uint64_t kSmall = 64;       ///< [DONE], a ping: these say nothing
    void close() {
        if (size_ >= kSmall) {
            ++count_;
            total_ += size_;
            smallest_ = std::min(smallest_, size_);
        }
        size_ = 0;
    }
    uint64_t count_ = 0;
    uint64_t total_ = 0;
    uint64_t smallest_ = UINT64_MAX;
    uint64_t size_ = 0;  ///< of the event under way
    uint64_t body_ = 0;
    bool line_empty_ = true;
};

}  // namespace weir::proxy
