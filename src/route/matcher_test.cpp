#include "route/matcher.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "route/hosts.h"

namespace weir::route {
namespace {

using HeaderMap = std::map<std::string, std::string, std::less<>>;

class Headers final : public HeaderLookup {
public:
    explicit Headers(HeaderMap values) : values_(std::move(values)) {}
    std::optional<std::string_view> find(std::string_view name) const override {
        auto it = values_.find(name);
        return it == values_.end() ? std::nullopt : std::optional<std::string_view>(it->second);
    }

private:
    HeaderMap values_;
};

Matcher compiled(std::vector<Alternative> alternatives) {
    for (uint32_t i = 0; i < alternatives.size(); ++i)
        alternatives[i].rule = i;
    auto matcher = Matcher::compile(std::move(alternatives));
    EXPECT_TRUE(matcher) << matcher.error().to_string();
    return std::move(*matcher);
}

RequestView request(std::string_view path, std::string_view host = "h") {
    return {
        .host = host, .path = path, .method = "POST", .model = std::nullopt, .headers = nullptr};
}

int chosen(const Matcher& matcher, const RequestView& view) {
    auto match = matcher.match(view);
    return match ? static_cast<int>(match->rule) : -1;
}

PathMatch exact(std::string path) {
    return {PathType::exact, std::move(path)};
}
PathMatch prefix(std::string path) {
    return {PathType::prefix, std::move(path)};
}
PathMatch regex(std::string path) {
    return {PathType::regex, std::move(path)};
}
HeaderMatch model(std::string name) {
    return {"X-AI-EG-Model", std::move(name), false};
}

TEST(MatcherTest, PathPrecedence) {
    Matcher matcher = compiled({{.path = prefix("/")},
                                {.path = regex("/v1/.*")},
                                {.path = prefix("/v1/chat")},
                                {.path = prefix("/v1/chat/completions/")},
                                {.path = exact("/v1/chat/completions")}});
    EXPECT_EQ(chosen(matcher, request("/v1/chat/completions")), 4);
    EXPECT_EQ(chosen(matcher, request("/v1/chat/completions/")), 3);
    EXPECT_EQ(chosen(matcher, request("/v1/chat/completions/x")), 3);
    EXPECT_EQ(chosen(matcher, request("/v1/chat/other")), 2);
    EXPECT_EQ(chosen(matcher, request("/v1/chat")), 2);
    EXPECT_EQ(chosen(matcher, request("/v1/chats")), 1);
    EXPECT_EQ(chosen(matcher, request("/v2")), 0);
    EXPECT_EQ(chosen(matcher, request("/")), 0);
    EXPECT_EQ(chosen(matcher, request("*")), 0);
}

TEST(MatcherTest, PrefixLengthLeavesTheRest) {
    Matcher matcher = compiled({{.path = prefix("/v1/reasoning/")}, {.path = prefix("/")}});
    EXPECT_EQ(matcher.match(request("/v1/reasoning/chat/completions"))->prefix_length, 13u);
    EXPECT_EQ(matcher.match(request("/v1/reasoning"))->prefix_length, 13u);
    EXPECT_EQ(matcher.match(request("/v1/other"))->prefix_length, 0u);
}

TEST(MatcherTest, HostPrecedence) {
    Matcher matcher = compiled({{},
                                {.hostnames = {"*.example.com"}},
                                {.hostnames = {"*.a.example.com"}},
                                {.hostnames = {"X.a.Example.com", "other.org"}},
                                {.hostnames = {"*.example.com"}, .path = exact("/only")}});
    EXPECT_EQ(chosen(matcher, request("/", "x.a.example.com")), 3);
    EXPECT_EQ(chosen(matcher, request("/", "other.org")), 3);
    EXPECT_EQ(chosen(matcher, request("/", "y.a.example.com")), 2);
    EXPECT_EQ(chosen(matcher, request("/", "z.y.a.example.com")), 2);
    EXPECT_EQ(chosen(matcher, request("/", "a.example.com")), 1);
    EXPECT_EQ(chosen(matcher, request("/", "example.com")), 0);
    EXPECT_EQ(chosen(matcher, request("/", "")), 0);
    EXPECT_EQ(chosen(matcher, request("/only", "b.example.com")), 4);
}

TEST(MatcherTest, ALessSpecificHostServesWhatAMoreSpecificDoesNot) {
    Matcher matcher =
        compiled({{.path = prefix("/a")}, {.hostnames = {"h.org"}, .path = prefix("/b")}});
    EXPECT_EQ(chosen(matcher, request("/a", "h.org")), 0);
    EXPECT_EQ(chosen(matcher, request("/b", "h.org")), 1);
}

TEST(MatcherTest, MethodThenHeadersThenOrder) {
    Matcher matcher = compiled({{},
                                {.headers = {{"a", "1"}}},
                                {.headers = {{"A", "1"}, {"b", "x.*", true}}},
                                {.method = "POST"},
                                {.method = "POST", .headers = {{"a", "2"}}},
                                {}});
    auto with = [&](std::string_view method, HeaderMap values) {
        Headers headers(std::move(values));
        RequestView view = request("/");
        view.method = method;
        view.headers = &headers;
        return chosen(matcher, view);
    };
    EXPECT_EQ(with("GET", {}), 0);
    EXPECT_EQ(with("GET", {{"a", "1"}}), 1);
    EXPECT_EQ(with("GET", {{"a", "1"}, {"b", "xyz"}}), 2);
    EXPECT_EQ(with("GET", {{"a", "1"}, {"b", "yxz"}}), 1);
    EXPECT_EQ(with("POST", {{"a", "1"}}), 3);
    EXPECT_EQ(with("POST", {{"a", "2"}}), 4);
}

TEST(MatcherTest, TheModelComesFromTheBodyOnly) {
    Matcher matcher = compiled({{.headers = {model("gpt-4o")}},
                                {.headers = {{"x-ai-eg-model", "claude-.*", true}}},
                                {.headers = {{"x-ai-eg-model", ".*", true}}}});
    Headers forged(HeaderMap{{"x-ai-eg-model", "gpt-4o"}});
    RequestView view = request("/v1/chat/completions");
    view.headers = &forged;
    EXPECT_EQ(chosen(matcher, view), -1);
    view.model = "gpt-4o";
    EXPECT_EQ(chosen(matcher, view), 0);
    view.model = "claude-3";
    EXPECT_EQ(chosen(matcher, view), 1);
    view.model = "x-claude-3";
    EXPECT_EQ(chosen(matcher, view), 2);
    view.model = "";
    EXPECT_EQ(chosen(matcher, view), 2);
}

TEST(MatcherTest, BadExpressionsAndPathsAreRefused) {
    auto path = Matcher::compile({{.path = regex("/a(")}});
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().to_string(),
              "config.invalid: path: not a valid regular expression: missing ): /a(");
    EXPECT_FALSE(Matcher::compile({{.headers = {{"x", "*", true}}}}));
    EXPECT_FALSE(Matcher::compile({{.path = prefix("v1")}}));
    EXPECT_FALSE(Matcher::compile({{.path = exact("")}}));
    EXPECT_EQ(check_regex("a+"), "");
    EXPECT_NE(check_regex("(?<x"), "");
}

TEST(MatcherTest, ListsModelsByHost) {
    Matcher matcher = compiled({{.headers = {model("all-1")}},
                                {.hostnames = {"a.example.com"}, .headers = {model("exact")}},
                                {.hostnames = {"*.example.com"}, .headers = {model("wild")}},
                                {.hostnames = {"*.b.example.com"}, .headers = {model("longer")}},
                                {.headers = {{"x-ai-eg-model", "re.*", true}}},
                                {.headers = {{"other", "1"}, model("all-2")}},
                                {.headers = {model("all-1")}},
                                {.hostnames = {"a.example.com"}, .headers = {model("all-2")}}});
    auto listed = [&](std::string_view host) {
        std::string out;
        for (const Matcher::Model& m : matcher.list_models(host))
            out.append(m.name).append(" ");
        return out;
    };
    EXPECT_EQ(listed("a.example.com"), "exact all-2 all-1 ");
    EXPECT_EQ(listed("c.example.com"), "wild all-1 all-2 ");
    EXPECT_EQ(listed("c.b.example.com"), "longer all-1 all-2 ");
    EXPECT_EQ(listed("nowhere"), "all-1 all-2 ");
    EXPECT_EQ(listed(""), "all-1 all-2 ");
    EXPECT_EQ(matcher.list_models("nowhere")[1].rule, 5u);
}

TEST(MatcherTest, ExplainSaysWhy) {
    Matcher matcher = compiled({{.path = prefix("/v1/a"), .method = "GET"},
                                {.headers = {model("gpt"), {"authorization", "x"}}},
                                {.hostnames = {"*.org"}},
                                {},
                                {.path = regex("/b")}});
    Headers headers(HeaderMap{{"authorization", "planted"}});
    RequestView view = request("/v1/c", "h.com");
    view.model = "claude";
    view.headers = &headers;
    std::map<uint32_t, std::string> reasons;
    for (const Explanation& line : matcher.explain(view))
        reasons[line.rule] = line.reason;
    EXPECT_EQ(reasons[0], "path /v1/c is not under /v1/a; method POST is not GET");
    EXPECT_EQ(reasons[1], "model claude is not gpt; header authorization is not x");
    EXPECT_EQ(reasons[2], "host h.com is not one of *.org");
    EXPECT_EQ(reasons[3], "chosen");
    EXPECT_EQ(reasons[4], "path /v1/c does not match /b");
}

TEST(MatcherTest, MatchAgreesWithExplainOnRandomTables) {
    std::mt19937 random(11);
    auto pick = [&](size_t n) { return random() % n; };
    const std::string hosts[] = {"", "a.org", "*.org", "*.b.org", "x.b.org"};
    const std::string paths[] = {"/", "/v1", "/v1/chat", "/v1/chat/", "/v2/x"};
    const std::string names[] = {"x-ai-eg-model", "x-team"};
    const std::string values[] = {"m1", "m2", "m3"};
    for (int round = 0; round < 300; ++round) {
        std::vector<Alternative> alternatives(1 + pick(30));
        for (Alternative& alternative : alternatives) {
            for (size_t i = pick(3); i > 0; --i)
                alternative.hostnames.push_back(hosts[pick(5)]);
            alternative.path = {static_cast<PathType>(pick(3)), paths[pick(5)]};
            if (pick(4) == 0) alternative.method = pick(2) ? "POST" : "GET";
            for (size_t i = pick(3); i > 0; --i)
                alternative.headers.push_back({names[pick(2)], values[pick(3)], pick(4) == 0});
        }
        Matcher matcher = compiled(std::move(alternatives));
        for (int i = 0; i < 50; ++i) {
            Headers headers(HeaderMap{{"x-team", values[pick(3)]}});
            RequestView view = request(pick(9) ? std::string_view(paths[pick(5)]) : "*",
                                       pick(2) ? "x.b.org" : "a.org");
            if (pick(2)) view.model = values[pick(3)];
            if (pick(2)) view.headers = &headers;
            int expected = -1;
            for (const Explanation& line : matcher.explain(view))
                if (line.matched && expected < 0) expected = static_cast<int>(line.rule);
            ASSERT_EQ(chosen(matcher, view), expected);
        }
    }
}

}  // namespace
}  // namespace weir::route
