#include "mock/script.h"

#include <gtest/gtest.h>

#include <map>

namespace weir::mock {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

HeaderLookup lookup(const Headers& headers) {
    return [&headers](std::string_view name) -> std::string_view {
        auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    };
}

Result<Actions> run(const Script& script, std::string_view path, std::string_view model,
                    const Headers& headers = {}) {
    return script.actions(path, model, lookup(headers));
}

TEST(MockScriptTest, HeadersSetEveryAction) {
    Headers headers{{"x-mock-delay-ms", "5"},
                    {"x-mock-pace-ms", "7"},
                    {"x-mock-stall-after", "1"},
                    {"x-mock-reset-after", "2"},
                    {"x-mock-cut-after", "3"},
                    {"x-mock-error-after", "4"},
                    {"x-mock-garbage", "6"},
                    {"x-mock-no-terminal", "true"},
                    {"x-mock-status", "429"},
                    {"x-mock-retry-after", "9"},
                    {"x-mock-text", "hello you"},
                    {"x-mock-events", "10"},
                    {"x-mock-body-bytes", "11"},
                    {"x-mock-slow-read", "12"},
                    {"x-mock-usage", "input=1, output=2,cached=3,creation=4,reasoning=5"}};
    ASSERT_EQ(headers.size(), action_names().size()) << "an action without a test";
    auto a = run(Script(), "/v1/chat/completions", "m", headers);
    ASSERT_TRUE(a) << a.error().to_string();
    EXPECT_EQ(a->delay.count(), 5);
    EXPECT_EQ(a->pace.count(), 7);
    EXPECT_EQ(a->stall_after, 1U);
    EXPECT_EQ(a->reset_after, 2U);
    EXPECT_EQ(a->cut_after, 3U);
    EXPECT_EQ(a->error_after, 4U);
    EXPECT_EQ(a->garbage_after, 6U);
    EXPECT_TRUE(a->no_terminal);
    EXPECT_EQ(a->status, 429);
    EXPECT_EQ(a->retry_after, "9");
    EXPECT_EQ(a->text, "hello you");
    EXPECT_EQ(a->events, 10U);
    EXPECT_EQ(a->body_bytes, 11U);
    EXPECT_EQ(a->slow_read, 12U);
    EXPECT_EQ(a->input, 1);
    EXPECT_EQ(a->output, 2);
    EXPECT_EQ(a->cached, 3);
    EXPECT_EQ(a->creation, 4);
    EXPECT_EQ(a->reasoning, 5);
}

TEST(MockScriptTest, AWrongValueSaysWhatWouldBeRight) {
    const std::pair<std::string, std::string> cases[] = {
        {"x-mock-delay-ms", "soon"},         {"x-mock-delay-ms", "-1"},
        {"x-mock-delay-ms", "99999999"},     {"x-mock-status", "200"},
        {"x-mock-garbage", "tail"},          {"x-mock-no-terminal", "perhaps"},
        {"x-mock-usage", "tokens=1"},        {"x-mock-usage", "input"},
        {"x-mock-body-bytes", "9999999999"}, {"x-mock-cut-after", "1.5"},
        {"x-mock-retry-after", "1\r\nx: y"},
    };
    for (const auto& [name, value] : cases) {
        auto a = run(Script(), "/", "m", {{name, value}});
        ASSERT_FALSE(a) << name << " " << value;
        EXPECT_TRUE(a.error().detail().starts_with(name)) << a.error().detail();
    }
}

TEST(MockScriptTest, TheFirstRuleThatMatchesActsAndHeadersWin) {
    auto script = Script::parse(R"({"rules":[
        {"match":{"path":"*/messages","headers":{"X-Team":"a"}},"then":{"status":503,"retry-after":"1"}},
        {"match":{"model":"gpt-*"},"then":{"delay-ms":30,"usage":"input=5"}},
        {"then":{"text":"any"}}]})");
    ASSERT_TRUE(script) << script.error().to_string();
    EXPECT_EQ(run(**script, "/v1/messages", "claude", {{"x-team", "a"}})->status, 503);
    EXPECT_EQ(run(**script, "/v1/messages", "claude", {{"x-team", "b"}})->text, "any");
    auto gpt = run(**script, "/v1/chat/completions", "gpt-4o", {{"x-mock-delay-ms", "7"}});
    EXPECT_EQ(gpt->delay.count(), 7);
    EXPECT_EQ(gpt->input, 5);
    EXPECT_FALSE(gpt->text);
}

TEST(MockScriptTest, NthCountsTheRequestsOfItsRule) {
    auto script = Script::parse(
        R"({"rules":[{"match":{"model":"flaky","nth":[1,3]},"then":{"status":500}}]})");
    ASSERT_TRUE(script);
    std::vector<int> statuses;
    for (int i = 0; i < 4; ++i) {
        statuses.push_back(run(**script, "/v1/chat/completions", "flaky")->status);
        EXPECT_EQ(run(**script, "/v1/chat/completions", "other")->status, 0);
    }
    EXPECT_EQ(statuses, (std::vector<int>{500, 0, 500, 0}));
}

TEST(MockScriptTest, SlowReadIsKnownBeforeTheBody) {
    auto script =
        Script::parse(R"({"rules":[{"match":{"path":"/slow*"},"then":{"slow-read":100}}]})");
    ASSERT_TRUE(script);
    EXPECT_EQ((*script)->slow_read("/slow/v1/messages", lookup({})), 100U);
    EXPECT_EQ((*script)->slow_read("/v1/messages", lookup({})), 0U);
    Headers faster{{"x-mock-slow-read", "5"}};
    EXPECT_EQ((*script)->slow_read("/slow", lookup(faster)), 5U);
}

TEST(MockScriptTest, MistakesNameTheirPlace) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"([])", "script: "},
        {R"({"rules":[],"more":1})", "script: "},
        {R"({"rules":[{"then":{"delay":1}}]})", "rules[0].then: delay: no such action"},
        {R"({"rules":[{},{"then":{"status":"x"}}]})", "rules[1].then: status: expected"},
        {R"({"rules":[{"match":{"paht":"/"}}]})", "rules[0].match.paht: expected"},
        {R"({"rules":[{"match":{"nth":0}}]})", "rules[0].match.nth: expected"},
        {R"({"rules":[{"when":{}}]})", "rules[0]: expected"},
        {R"({"rules":)", "script: "},
    };
    for (const auto& [text, expected] : cases) {
        auto script = Script::parse(text);
        ASSERT_FALSE(script) << text;
        EXPECT_TRUE(script.error().detail().starts_with(expected)) << script.error().detail();
    }
}

}  // namespace
}  // namespace weir::mock
