// The SSE reader: the same events for any split; what is read can be written and read again.
#include <cstdint>
#include <string>
#include <vector>

#include "dialect/sse.h"

namespace {

using weir::dialect::SseEvent;
using weir::dialect::SseReader;

struct Outcome {
    std::vector<std::pair<std::string, std::string>> events;
    bool failed = false;
    bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, size_t piece) {
    SseReader reader(4096);
    Outcome out;
    SseEvent event;
    auto add = [&] { out.events.emplace_back(event.event, event.data); };
    while (!bytes.empty()) {
        const std::string part(bytes.substr(0, piece));  // storage of its own
        bytes.remove_prefix(part.size());
        std::string_view rest = part;
        while (true) {
            auto more = reader.next(rest, event);
            if (!more) {
                out.failed = true;
                return out;
            }
            if (!*more) break;
            add();
        }
    }
    if (reader.finish(event)) add();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = read(bytes, bytes.size());
    if (!(whole == read(bytes, 1)) || !(whole == read(bytes, 1 + data[0] % 64))) __builtin_trap();
    if (whole.failed) return 0;
    std::string written;
    for (const auto& [name, text] : whole.events)
        weir::dialect::append_sse(written, name, text);
    if (read(written, written.size() + 1).events != whole.events) __builtin_trap();
    return 0;
}
