#include "dialect/stream.h"

#include "base/encoding.h"
#include "dialect/eventstream.h"
#include "dialect/sse.h"
#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

Context context(Schema schema, Operation operation = Operation::chat) {
    return {.operation = operation,
            .dialect = operation == Operation::messages ? Dialect::anthropic : Dialect::openai,
            .schema = schema,
            .model = "asked",
            .created = 123,
            .request_id = "req-1"};
}

// The events of an SSE stream as InvokeModelWithResponseStream wraps them.
std::string wrapped(std::string_view sse) {
    std::string out;
    SseReader reader;
    SseEvent event;
    while (reader.next(sse, event).value())
        append_eventstream_event(out, "chunk", R"({"bytes":")" + base64_encode(event.data) + "\"}");
    return out;
}

// What a client gets: the stream, and the error event if it failed; then how it ended.
std::string translate(Schema schema, std::string_view bytes, Operation client = Operation::chat) {
    return test::translate_every_split(context(schema, client), bytes);
}

// Every provider's streams to one client dialect; `ending` tells its golden files apart.
void check_golden_streams(Operation client, std::string_view ending) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::testdata() / "streams")) {
        const std::string name = entry.path().filename().string();
        if (name.find(".golden") != std::string::npos) continue;
        ++count;
        SCOPED_TRACE(name);
        const std::string text = test::read_file(entry.path());
        const bool whole = name.find("garbage") == std::string::npos &&
                           name.find("truncated") == std::string::npos;
        std::string out;
        if (name.ends_with(".bedrock.events")) {
            out = translate(Schema::AWSBedrock, test::frames(text), client);
        } else if (name.ends_with(".openai.sse")) {
            out = translate(Schema::OpenAI, text, client);
        } else if (name.ends_with(".anthropic.sse")) {
            out = translate(Schema::Anthropic, text, client);
            if (whole) {
                EXPECT_EQ(translate(Schema::AWSAnthropic, wrapped(text), client), out);
            }
        } else if (name.ends_with(".gemini.sse")) {
            out = translate(Schema::GCPVertexAI, text, client);
        } else if (name.ends_with(".studio.sse")) {
            out = translate(Schema::Gemini, text, client);
        } else if (name.ends_with(".cohere.sse")) {
            out = translate(Schema::Cohere, text, client);
        } else {
            continue;
        }
        const auto golden = std::filesystem::path(entry.path().string() + std::string(ending));
        if (test::update_golden()) test::write_file(golden, out);
        EXPECT_EQ(out, test::read_file(golden));
    }
    EXPECT_GE(count, 10);
}

TEST(StreamTranslator, MatchesTheGoldenFilesInEverySplit) {
    check_golden_streams(Operation::chat, ".golden");
}

TEST(StreamTranslator, AnthropicClientsMatchTheGoldenFilesInEverySplit) {
    check_golden_streams(Operation::messages, ".messages.golden");
}

TEST(StreamTranslator, ResponsesClientsMatchTheGoldenFilesInEverySplit) {
    check_golden_streams(Operation::responses, ".responses.golden");
}

// message_start once, message_stop once and last or an error event, wherever the stream is cut.
TEST(StreamTranslator, AnAnthropicClientsStreamIsWholeOrEndsInAnError) {
    const std::pair<Schema, std::string> streams[] = {
        {Schema::AWSBedrock,
         test::frames(test::read_file(test::testdata() / "streams/mixed.bedrock.events"))},
        {Schema::OpenAI, test::read_file(test::testdata() / "streams/mixed.openai.sse")},
        {Schema::AWSAnthropic,
         wrapped(test::read_file(test::testdata() / "streams/mixed.anthropic.sse"))}};
    auto count = [](std::string_view text, std::string_view word) {
        int found = 0;
        for (size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; at += word.size())
            ++found;
        return found;
    };
    for (const auto& [schema, bytes] : streams)
        for (size_t size = 0; size <= bytes.size(); ++size) {
            StreamTranslator stream(context(schema, Operation::messages));
            std::string out;
            auto result = stream.feed(std::string_view(bytes).substr(0, size), out);
            if (result) result = stream.finish(out);
            const int stops = count(out, "event: message_stop\n");
            EXPECT_EQ(stops, result ? 1 : 0) << to_string(schema) << " cut at " << size;
            EXPECT_LE(count(out, "event: message_start\n"), 1);
            if (!result) stream.encode_error(result.error(), out);
            EXPECT_EQ(count(out, "event: error\n"), result ? 0 : 1);
        }
}

// An error event is never followed by a finish reason or [DONE], wherever the stream is cut.
TEST(StreamTranslator, ACutStreamEndsInAnErrorEvent) {
    const std::pair<Schema, std::string> streams[] = {
        {Schema::Anthropic, test::read_file(test::testdata() / "streams/mixed.anthropic.sse")},
        {Schema::AWSBedrock,
         test::frames(test::read_file(test::testdata() / "streams/mixed.bedrock.events"))},
        {Schema::OpenAI, test::read_file(test::testdata() / "streams/mixed.openai.sse")},
        {Schema::Gemini, test::read_file(test::testdata() / "streams/mixed.gemini.sse")}};
    for (const auto& [schema, bytes] : streams) {
        for (size_t size = 0; size < bytes.size(); ++size) {
            StreamTranslator stream(context(schema));
            std::string out;
            auto result = stream.feed(std::string_view(bytes).substr(0, size), out);
            if (result) result = stream.finish(out);
            const bool whole = out.ends_with("data: [DONE]\n\n");
            EXPECT_EQ(result.has_value(), whole) << to_string(schema) << " cut at " << size;
            EXPECT_EQ(stream.done(), whole);
            if (result) continue;
            EXPECT_EQ(result.error().code().name,
                      size ? result.error().code().name : codes::upstream_truncated.name);
            stream.encode_error(result.error(), out);
            const std::string once = out;
            stream.encode_error(result.error(), out);
            EXPECT_EQ(out, once);
            EXPECT_NE(out.find("data: {\"error\":"), std::string::npos);
            EXPECT_EQ(out.find("[DONE]"), std::string::npos);
            if (schema != Schema::AWSBedrock) {
                EXPECT_EQ(out.find("finish_reason"), std::string::npos);
            }
            EXPECT_FALSE(stream.feed(bytes, out));
            EXPECT_EQ(out, once);
        }
    }
}

TEST(StreamTranslator, KeepsWhatTheProviderSaidAboutItsFailure) {
    std::string out;
    StreamTranslator stream(context(Schema::AWSBedrock));
    auto result = stream.feed(
        test::frames(test::read_file(test::testdata() / "streams/exception.bedrock.events")), out);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code().name, codes::upstream_error.name);
    EXPECT_TRUE(result.error().retryable());
    ASSERT_TRUE(stream.provider_error());
    EXPECT_EQ(stream.provider_error()->status, 429);
    EXPECT_EQ(stream.provider_error()->message, "Too many tokens");
}

}  // namespace
}  // namespace weir::dialect
