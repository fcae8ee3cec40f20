/// For tests of answers: a request's question, and the bytes of its answer. Only *_test.cpp files
/// include this.
#pragma once
#include <gtest/gtest.h>

#include "dialect/sse.h"
#include "mock/answer.h"
#include "mock/render.h"

namespace weir::mock::test {

inline constexpr int64_t kCreated = 1'700'000'000;
inline constexpr std::string_view kChat = "/v1/chat/completions";
inline constexpr std::string_view kTools =
    R"("tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object",)"
    R"("properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":3}},)"
    R"("required":["city","unit"]}}},{"type":"function","function":{"name":"searchNews","parameters":{"type":"object","properties":{"query":{"type":"string"}}}}}])";

inline Question question(std::string_view path, std::string_view body,
                         std::string_view method = "POST") {
    auto destination = find_destination(method, path, false);
    if (!destination) throw std::runtime_error(destination.error().to_string());
    auto q = read_question(*destination, path, body);
    if (!q) throw std::runtime_error(q.error().to_string());
    return *q;
}

inline json::Value whole(const Question& q, const Actions& actions = {}) {
    auto value = json::parse(render_whole(q, answer(q, actions), kCreated));
    if (!value) throw std::runtime_error(value.error().to_string());
    return *value;
}

/// `a.0.b` of a document.
inline json::Value at(const json::Value& value, std::string_view path) {
    const json::Value* here = &value;
    while (!path.empty()) {
        auto dot = path.find('.');
        std::string_view key = path.substr(0, dot);
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
        if (here->is_array()) {
            auto index = static_cast<std::size_t>(std::stoul(std::string(key)));
            if (index >= here->items().size()) return {};
            here = &here->items()[index];
        } else if (const json::Value* found = here->find(key)) {
            here = found;
        } else {
            return {};
        }
    }
    return *here;
}
inline std::string text_at(const json::Value& value, std::string_view path) {
    return std::string(at(value, path).text());
}

inline std::string stream_bytes(const Question& q, const Actions& actions = {}) {
    StreamPlan plan = plan_stream(q, answer(q, actions), kCreated);
    std::string out;
    for (uint64_t i = 0; i < plan.size(); ++i)
        plan.append(i, out);
    return out;
}

inline std::vector<std::pair<std::string, std::string>> sse_events(std::string_view bytes) {
    std::vector<std::pair<std::string, std::string>> out;
    dialect::SseReader reader;
    dialect::SseEvent event;
    while (*reader.next(bytes, event))
        out.emplace_back(event.event, event.data);
    EXPECT_TRUE(reader.idle());
    return out;
}

inline std::string chat_body(std::string_view text, std::string_view more = "") {
    return fmt::format(
        R"({{"model":"gpt-4o","messages":[{{"role":"system","content":"be brief"}},{{"role":"user","content":"{}"}}]{}{}}})",
        text, more.empty() ? "" : ",", more);
}

}  // namespace weir::mock::test
