#include "dialect/sse.h"

#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

using test::replay_every_split;

// "event|data|id;" for each event.
std::string read_all(std::string_view bytes, bool lenient = true) {
    struct Run {
        SseReader reader;
        std::string out;
    };
    auto add = [](std::string& out, const SseEvent& event) {
        out.append(event.event)
            .append("|")
            .append(event.data)
            .append("|")
            .append(event.id)
            .append(";");
    };
    return replay_every_split(
        bytes, [] { return Run{SseReader(), {}}; },
        [&](Run& run, std::string_view piece) {
            SseEvent event;
            while (run.reader.next(piece, event).value())
                add(run.out, event);
        },
        [&](Run& run) {
            SseEvent event;
            if (run.reader.finish(event, lenient)) add(run.out, event);
            return run.out;
        });
}

TEST(SseReader, ReadsEventsWithEveryLineEnd) {
    EXPECT_EQ(read_all("event: a\ndata: 1\n\ndata: 2\n\n"), "a|1|;|2|;");
    EXPECT_EQ(read_all("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"), "a|1|;|2|;");
    EXPECT_EQ(read_all("event: a\rdata: 1\r\rdata: 2\r\r"), "a|1|;|2|;");
    EXPECT_EQ(read_all("data: 1\n\r\ndata: 2\r\n\n"), "|1|;|2|;");
}

TEST(SseReader, FollowsTheStandardInDetail) {
    struct Row {
        std::string_view name, bytes, events;
    };
    constexpr Row kRows[] = {
        {"one space after the colon is optional", "data:x\n\ndata:  y\n\n", "|x|;| y|;"},
        {"data lines are joined", "data: a\ndata\ndata: b\n\n", "|a\n\nb|;"},
        {"comments and unknown fields", ": hello\nretry: 3\nfoo: bar\ndata: x\n\n", "|x|;"},
        {"an event without data is none", "event: ping\n\ndata: x\n\n", "|x|;"},
        {"empty data is data", "data\n\n", "||;"},
        {"ids", "id: 7\ndata: x\n\ndata: y\n\n", "|x|7;|y|;"},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "data: x\n\n",
         "|x|;"},
        {"two bytes of a byte order mark are text",
         "\xEF\xBB"
         "data: x\n\ndata: y\n\n",
         "|y|;"},
        {"a missing last blank line", "data: x\n\ndata: y\n", "|x|;|y|;"},
        {"a missing last line end", "data: x\n\ndata: y", "|x|;|y|;"},
        {"colons in data", "data: {\"a\":1}\n\n", "|{\"a\":1}|;"},
        {"nothing", "", ""},
    };
    for (const auto& row : kRows)
        EXPECT_EQ(read_all(row.bytes), row.events) << row.name;
    EXPECT_EQ(read_all("data: x\n\ndata: y\n", false), "|x|;");
}

TEST(SseReader, RefusesWhatIsTooLong) {
    SseReader reader(64);
    SseEvent event;
    std::string_view line;
    const std::string endless(100, 'x');
    line = endless;
    EXPECT_EQ(reader.next(line, event).error().code().name, codes::upstream_too_large.name);

    SseReader lines(64);
    std::string many;
    for (int i = 0; i < 20; ++i)
        many += "data: 12345678\n";
    std::string_view bytes = many;
    auto result = lines.next(bytes, event);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code().name, codes::upstream_too_large.name);
}

TEST(AppendSse, WritesWhatTheReaderReads) {
    std::string out;
    append_sse(out, "error", "a\nb");
    append_sse(out, "c");
    EXPECT_EQ(out, "event: error\ndata: a\ndata: b\n\ndata: c\n\n");
    EXPECT_EQ(read_all(out), "error|a\nb|;|c|;");
}

}  // namespace
}  // namespace weir::dialect
