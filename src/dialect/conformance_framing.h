/// How the fake provider of upstream's end-to-end run frames a body (conformance/translator/
/// e2e-backends.json, "fakeProvider"). For tests only.
#pragma once
#include <sstream>
#include <string>
#include <string_view>

#include "dialect/eventstream.h"
#include "dialect/test_support.h"

namespace weir::dialect::test {

/// Lines as event-stream messages.
inline std::string frame_lines(std::string_view body) {
    constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
        {"role", "messageStart"},       {"start", "contentBlockStart"},
        {"delta", "contentBlockDelta"}, {"stopReason", "messageStop"},
        {"usage", "metadata"},          {"contentBlockIndex", "contentBlockStop"}};
    std::string out;
    std::istringstream lines{std::string(body)};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        std::string_view type;
        const json::Value payload = parse(line);
        for (const auto& [key, name] : kTypes)
            if (type.empty() && payload.find(key)) type = name;
        append_eventstream(out, {{":event-type", type}, {":message-type", "event"}}, line);
    }
    append_eventstream(out, {{"event-type", "end"}}, "this-is-end");
    return out;
}

/// Blocks or lines as SSE events.
inline std::string frame_sse(std::string_view body) {
    std::string out;
    const bool blocks = body.find("\n\n") != std::string_view::npos;
    const std::string_view separator = blocks ? "\n\n" : "\n";
    while (!body.empty()) {
        const size_t end = body.find(separator);
        const std::string_view piece = body.substr(0, end);
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + separator.size());
        if (piece.empty()) continue;
        if (!blocks) out.append("data: ");
        out.append(piece).append("\n\n");
    }
    return out;
}

}  // namespace weir::dialect::test
