#include "dialect/eventstream.h"

#include "base/encoding.h"
#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

std::string describe(const EventStreamMessage& m) {
    return std::string(m.message_type) + "|" + std::string(m.event_type) +
           std::string(m.exception_type) + "|" + std::string(m.payload) + ";";
}

std::string read_all(std::string_view bytes) {
    struct Run {
        EventStreamReader reader;
        std::string out;
    };
    return test::replay_every_split(
        bytes, [] { return Run{EventStreamReader(), {}}; },
        [](Run& run, std::string_view piece) {
            EventStreamMessage message;
            while (true) {
                auto more = run.reader.next(piece, message);
                if (!more) {
                    if (!run.out.ends_with("!")) run.out += "!";
                    return;
                }
                if (!*more) return;
                run.out += describe(message);
            }
        },
        [](Run& run) { return run.out + (run.reader.idle() ? "" : "…"); });
}

std::string sample() {
    std::string bytes;
    append_eventstream_event(bytes, "messageStart", R"({"role":"assistant"})");
    append_eventstream_event(bytes, "metadata", "");
    append_eventstream_exception(bytes, "throttlingException", R"({"message":"slow down"})");
    return bytes;
}

TEST(EventStream, ReadsWhatItWrites) {
    EXPECT_EQ(
        read_all(sample()),
        R"(event|messageStart|{"role":"assistant"};event|metadata|;exception|throttlingException|{"message":"slow down"};)");
    EXPECT_EQ(read_all(""), "");
    EXPECT_EQ(read_all(sample().substr(0, sample().size() - 1)).back(), std::string("…").back());
}

// The empty message of the format's description.
TEST(EventStream, KnowsTheDocumentedBytes) {
    std::string bytes;
    append_eventstream(bytes, {}, {});
    EXPECT_EQ(bytes,
              std::string("\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff", 16));
}

// A message with a header of each type before the one we read, made with Python's struct and zlib.
TEST(EventStream, SkipsHeadersOfOtherTypes) {
    const auto bytes = base64_decode(
        "AAAAbAAAAFqyXv3PAXgAAXgBAXgCegF4A3p6AXgEenp6egF4BXp6enp6enp6AXgGAAJ6egF4CHp6enp6enp6AXgJen"
        "p6enp6enp6enp6enp6egs6ZXZlbnQtdHlwZQcABWNodW5re33hZOwl");
    EXPECT_EQ(read_all(bytes.value()), "|chunk|{};");
}

TEST(EventStream, RefusesEveryDamagedByte) {
    std::string bytes;
    append_eventstream_event(bytes, "metadata", R"({"usage":{}})");
    for (size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
        EventStreamReader reader;
        EventStreamMessage message;
        std::string_view view = damaged;
        EXPECT_FALSE(reader.next(view, message)) << "byte " << i;
    }
}

TEST(EventStream, RefusesWhatIsTooLong) {
    std::string bytes;
    append_eventstream_event(bytes, "metadata", std::string(1000, 'x'));
    EventStreamReader reader(500);
    EventStreamMessage message;
    std::string_view view(bytes.data(), 12);  // known as soon as the prelude is there
    auto result = reader.next(view, message);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code().name, codes::upstream_too_large.name);
}

}  // namespace
}  // namespace weir::dialect
