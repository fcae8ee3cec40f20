#include "dialect/watcher.h"

#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

std::string describe(const PassthroughWatcher& watcher) {
    const Usage& u = watcher.usage();
    return "model=" + std::string(watcher.response_model()) +
           " input=" + std::to_string(u.input.value_or(-1)) +
           " output=" + std::to_string(u.output.value_or(-1)) +
           " cached=" + std::to_string(u.cached_input.value_or(-1)) +
           (watcher.terminated() ? " terminated" : "") +
           (watcher.provider_error() ? " error=" + watcher.provider_error()->type + "/" +
                                           watcher.provider_error()->message
                                     : "");
}

// What is forwarded, and what was found, the same in every split.
std::pair<std::string, std::string> watch(std::string_view bytes,
                                          PassthroughWatcher::Options options) {
    struct Run {
        PassthroughWatcher watcher;
        std::string sent;
    };
    return test::replay_every_split(
        bytes, [&] { return Run{PassthroughWatcher(options), {}}; },
        [](Run& run, const std::string& piece) {
            for (auto part : run.watcher.feed(piece))
                run.sent += part;
        },
        [](Run& run) {
            for (auto part : run.watcher.finish())
                run.sent += part;
            return std::pair(run.sent, describe(run.watcher));
        });
}

constexpr std::string_view kFirst =
    R"(data: {"id":"c","model":"gpt-\u0078","choices":[{"index":0,"delta":{"content":"say \"usage\": {\"a\":1} and [DONE]"}}],"usage":null})";
constexpr std::string_view kUsage =
    R"(data: {"id":"c","model":"other","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":2}}})";

TEST(PassthroughWatcher, FindsUsageModelAndEndInEverySplit) {
    for (std::string_view eol : {"\n", "\r\n", "\r"}) {
        std::string bytes, without;
        for (std::string_view event : {kFirst, kFirst, kUsage, std::string_view("data: [DONE]")}) {
            bytes.append(event).append(eol).append(eol);
            if (event != kUsage) without.append(event).append(eol).append(eol);
        }
        const auto [same, found] = watch(bytes, {});
        EXPECT_EQ(same, bytes);
        EXPECT_EQ(found, "model=gpt-x input=9 output=4 cached=2 terminated");
        const auto [withheld, found_too] = watch(bytes, {.withhold_usage = true});
        EXPECT_EQ(withheld, without);
        EXPECT_EQ(found_too, found);
        // An event longer than what may be held is sent on; the usage is still counted.
        const auto [passed, found_again] =
            watch(bytes, {.withhold_usage = true, .hold_limit = 180});
        EXPECT_EQ(found_again, found);
        EXPECT_EQ(passed.find(kFirst), 0u);
    }
}

TEST(PassthroughWatcher, KeepsUsageThatIsNotAlone) {
    const std::string bytes =
        "data: {\"choices\":[{\"delta\":{}}],\"usage\" : { \"prompt_tokens\" : 1 , "
        "\"completion_tokens\":2}}\n\n: comment\n\n"
        "data:{\"choices\": [ ], \"usage\": {\"prompt_tokens\": "
        "3,\"completion_tokens\":4}}\n\nevent: x\ndata:[DONE]\n\n";
    const auto [sent, found] = watch(bytes, {.withhold_usage = true});
    EXPECT_EQ(sent,
              "data: {\"choices\":[{\"delta\":{}}],\"usage\" : { \"prompt_tokens\" : 1 , "
              "\"completion_tokens\":2}}\n\n"
              ": comment\n\nevent: x\ndata:[DONE]\n\n");
    EXPECT_EQ(found, "model= input=3 output=4 cached=-1 terminated");
}

TEST(PassthroughWatcher, SeesErrorsAndTruncation) {
    EXPECT_EQ(watch("data: {\"choices\":[]}\n\ndata: "
                    "{\"error\":{\"message\":\"bo\\\"om\",\"type\":\"server_error\"}}\n\n",
                    {})
                  .second,
              "model= input=-1 output=-1 cached=-1 error=server_error/bo\"om");
    EXPECT_EQ(watch("data: {\"error\":\"plain\"}\n\n", {}).second,
              "model= input=-1 output=-1 cached=-1 error=/plain");
    EXPECT_EQ(
        watch("data: "
              "{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"\\\"error\\\":{}\"}}]}\n\n",
              {})
            .second,
        "model= input=-1 output=-1 cached=-1");
    const auto [sent, found] = watch("data: {\"choices\":[{\"delta\"", {.withhold_usage = true});
    EXPECT_EQ(sent, "data: {\"choices\":[{\"delta\"");
    EXPECT_EQ(found, "model= input=-1 output=-1 cached=-1");
}

TEST(PassthroughWatcher, KnowsResponsesAndMessages) {
    const std::string responses =
        "event: response.created\ndata: "
        "{\"type\":\"response.created\",\"response\":{\"error\":null,\"model\":\"gpt-4.1\","
        "\"usage\":null}}\n\n"
        "event: response.output_item.done\ndata: "
        "{\"item\":{\"type\":\"mcp_call\",\"error\":{\"message\":\"a tool's own\"}}}\n\n"
        "event: response.completed\ndata: "
        "{\"type\":\"response.completed\",\"response\":{\"output\":[],\"usage\":{\"input_tokens\":"
        "16,"
        "\"input_tokens_details\":{\"cached_tokens\":5},\"output_tokens\":6,\"total_tokens\":22}}}"
        "\n\n";
    EXPECT_EQ(watch(responses, {.operation = Operation::responses}).second,
              "model=gpt-4.1 input=16 output=6 cached=5 terminated");
    const std::string failed =
        "event: response.failed\ndata: "
        "{\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"boom\"},\"usage\":null}}"
        "\n\n";
    EXPECT_EQ(watch(failed, {.operation = Operation::responses}).second,
              "model= input=-1 output=-1 cached=-1 terminated error=/boom");
    const std::string messages = test::read_file(test::testdata() / "streams/mixed.anthropic.sse");
    EXPECT_EQ(
        watch(messages, {.dialect = Dialect::anthropic, .operation = Operation::messages}).second,
        "model=claude-x input=15 output=42 cached=5 terminated");
    const std::string error = test::read_file(test::testdata() / "streams/error.anthropic.sse");
    EXPECT_EQ(
        watch(error, {.dialect = Dialect::anthropic, .operation = Operation::messages}).second,
        "model=claude-x input=10 output=1 cached=0 error=overloaded_error/Overloaded");
}

TEST(PassthroughWatcher, KnowsWhereAnEventMayBeAppended) {
    PassthroughWatcher watcher({});
    EXPECT_TRUE(watcher.at_event_boundary());
    watcher.feed("data: {}\n");
    EXPECT_FALSE(watcher.at_event_boundary());
    watcher.feed("\n");
    EXPECT_TRUE(watcher.at_event_boundary());
}

}  // namespace
}  // namespace weir::dialect
