#include "dialect/conformance_match.h"

#include <gtest/gtest.h>

#include <regex>

#include "dialect/sse.h"
#include "dialect/test_support.h"

namespace weir::dialect::test {
namespace {

bool says_nothing(const json::Value& value) {
    switch (value.kind()) {
        case json::Kind::null:
            return true;
        case json::Kind::boolean:
            return !value.as_bool();
        case json::Kind::number:
            return value.as_double() == 0.0;
        case json::Kind::string:
            return value.text().empty();
        case json::Kind::array:
            return value.items().empty();
        case json::Kind::object:
            return value.members().empty();
    }
    return false;
}

std::string differ(const std::string& where, const json::Value& expected,
                   const json::Value* actual) {
    return where + ": expected " + json::serialize(expected).substr(0, 400) + ", got " +
           (actual ? json::serialize(*actual).substr(0, 400) : "nothing");
}

std::string compare(bool subset, const std::string& where, const json::Value& expected,
                    const json::Value* actual) {
    if (!actual || actual->is_null()) {
        const bool fine = subset ? says_nothing(expected) : expected.is_null();
        return fine ? std::string() : differ(where, expected, actual);
    }
    if (expected.is_null() && subset) return differ(where, expected, actual);
    if (expected.kind() != actual->kind()) return differ(where, expected, actual);
    if (expected.is_array()) {
        if (expected.items().size() != actual->items().size())
            return differ(where, expected, actual);
        for (size_t i = 0; i < expected.items().size(); ++i) {
            auto found = compare(subset, where + "/" + std::to_string(i), expected.items()[i],
                                 &actual->items()[i]);
            if (!found.empty()) return found;
        }
        return {};
    }
    if (!expected.is_object())
        return expected == *actual ? std::string() : differ(where, expected, actual);
    for (const auto& member : expected.members()) {
        auto found =
            compare(subset, where + "/" + member.key, member.value, actual->find(member.key));
        if (!found.empty()) return found;
    }
    if (subset) return {};
    for (const auto& member : actual->members())
        if (!expected.find(member.key) && !member.value.is_null())
            return where + "/" + member.key +
                   ": not expected: " + json::serialize(member.value).substr(0, 400);
    return {};
}

void strip(const std::vector<std::string>& ignore, json::Value& value) {
    for (const auto& name : ignore) {
        value.erase(name);
        auto* calls = name == "tool_call_ids" ? value.find("tool_calls") : nullptr;
        if (calls)
            for (auto& call : calls->items())
                call.erase("id");
    }
    for (auto& item : value.items())
        strip(ignore, item);
    for (auto& member : value.members())
        strip(ignore, member.value);
}

}  // namespace

std::string difference(std::string_view match, const json::Value& expected,
                       const json::Value& actual) {
    return compare(match == "subset", "", expected, &actual);
}

std::string difference_ignoring(const std::vector<std::string>& ignore, json::Value expected,
                                json::Value actual, std::string_view match) {
    strip(ignore, expected);
    strip(ignore, actual);
    return difference(match, expected, actual);
}

std::vector<json::Value> sse_values(std::string_view text) {
    std::vector<json::Value> out;
    SseReader reader;
    SseEvent event;
    auto add = [&] {
        out.push_back(event.data == "[DONE]" ? json::Value::string("[DONE]") : parse(event.data));
    };
    while (reader.next(text, event).value_or(false))
        add();
    if (reader.finish(event)) add();
    return out;
}

std::string sse_difference(const std::vector<std::string>& ignore, std::string_view expected,
                           std::string_view actual) {
    const auto want = sse_values(expected);
    const auto got = sse_values(actual);
    for (size_t i = 0; i < std::min(want.size(), got.size()); ++i)
        if (auto found = difference_ignoring(ignore, want[i], got[i]); !found.empty())
            return "event " + std::to_string(i) + " " + found;
    if (want.size() == got.size()) return {};
    return "expected " + std::to_string(want.size()) + " events, got " + std::to_string(got.size());
}

const json::Value* at_dotted(const json::Value& value, std::string_view path) {
    const json::Value* at = &value;
    while (at && !path.empty()) {
        const size_t dot = path.find('.');
        at = at->find(path.substr(0, dot));
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    return at;
}

std::string undated(std::string text) {
    static const std::regex kCreated("\"created\":[0-9]+");
    static const std::regex kUuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    return std::regex_replace(std::regex_replace(text, kCreated, "\"created\":123"), kUuid, "UUID");
}

std::string usage_difference(const json::Value& expected, const Usage& actual) {
    std::string out;
    auto check = [&](std::string_view name, const std::optional<int64_t>& count) {
        const auto* want = expected.find(name);
        if (want && want->as_int() != count.value_or(0))
            out += std::string(name) + ": expected " + json::serialize(*want) + ", got " +
                   std::to_string(count.value_or(-1)) + "; ";
    };
    check("inputTokens", actual.input);
    check("outputTokens", actual.output);
    check("totalTokens", actual.total);
    check("cachedInputTokens", actual.cached_input);
    check("cacheCreationInputTokens", actual.cache_creation);
    check("reasoningTokens", actual.reasoning);
    return out;
}

TEST(ConformanceMatch, EqualTakesNullAndAbsentAsOne) {
    EXPECT_EQ(difference("equal", parse(R"({"a":null,"b":1})"), parse(R"({"b":1.0,"c":null})")),
              "");
    EXPECT_NE(difference("equal", parse(R"({"a":""})"), parse("{}")), "");
    EXPECT_NE(difference("equal", parse("{}"), parse(R"({"a":1})")), "");
    EXPECT_NE(difference("equal", parse("[1]"), parse("[1,2]")), "");
}

TEST(ConformanceMatch, SubsetAllowsMoreMembersButNotMoreElements) {
    EXPECT_EQ(difference("subset", parse(R"({"a":[{"b":1}],"x":"","y":[],"z":false})"),
                         parse(R"({"a":[{"b":1,"c":2}]})")),
              "");
    EXPECT_NE(difference("subset", parse(R"({"a":[1]})"), parse(R"({"a":[1,2]})")), "");
    EXPECT_NE(difference("subset", parse(R"({"a":1})"), parse("{}")), "");
}

TEST(ConformanceMatch, IgnoresWhatIsGenerated) {
    EXPECT_EQ(difference_ignoring({"created", "tool_call_ids"},
                                  parse(R"({"created":1,"tool_calls":[{"id":"a","x":1}]})"),
                                  parse(R"({"created":2,"tool_calls":[{"id":"b","x":1}]})")),
              "");
    EXPECT_EQ(undated(R"({"created":1731,"id":"2bc5b090-a26c-4007-9467-ce5adc4ffa1d"})"),
              R"({"created":123,"id":"UUID"})");
}

}  // namespace weir::dialect::test
