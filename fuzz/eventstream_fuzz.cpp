// The event-stream reader: the same messages for any split; what is written is read back.
#include <cstdint>
#include <string>

#include "dialect/eventstream.h"

namespace {

using namespace weir::dialect;

std::string read(std::string_view bytes, size_t piece) {
    EventStreamReader reader(1 << 16);
    EventStreamMessage message;
    std::string out;
    while (!bytes.empty()) {
        const std::string part(bytes.substr(0, piece));
        bytes.remove_prefix(part.size());
        std::string_view rest = part;
        while (true) {
            auto more = reader.next(rest, message);
            if (!more) return out + "!" + std::string(more.error().code().name);
            if (!*more) break;
            out.append(message.message_type).append("|").append(message.event_type).append("|");
            out.append(message.exception_type).append("|").append(message.payload).append("\n");
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = read(bytes, bytes.size());
    if (whole != read(bytes, 1) || whole != read(bytes, 1 + data[0])) __builtin_trap();
    // The input as a payload, behind whatever name; checksums are right, so the parser proper is
    // reached.
    std::string written;
    const std::string_view name = bytes.substr(0, data[0] % 32);
    append_eventstream_event(written, name, bytes);
    append_eventstream_exception(written, name, bytes);
    const std::string expected = "event|" + std::string(name) + "||" + std::string(bytes) +
                                 "\nexception||" + std::string(name) + "|" + std::string(bytes) +
                                 "\n";
    if (bytes.size() < 60000 && read(written, 1 + data[0]) != expected) __builtin_trap();
    return 0;
}
