/// For this room's tests only: files, conformance data, and replaying a stream in every split.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "dialect/stream.h"
#include "dialect/test_streams.h"
#include "dialect/translate.h"
#include "json/value.h"

namespace weir::dialect::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

inline std::filesystem::path testdata() {
    return std::filesystem::path(WEIR_SOURCE_DIR) / "src/dialect/testdata";
}
inline std::filesystem::path conformance() {
    return WEIR_CONFORMANCE_DIR;
}
inline bool has_conformance() {
    return std::filesystem::is_directory(conformance() / "translator");
}

/// The place of the conformance data, for a test that is nothing without it.
inline void require_conformance() {
    if (has_conformance()) return;
    const char* ci = std::getenv("CI");
    if (ci && std::string_view(ci) == "true") FAIL() << "no conformance data at " << conformance();
    GTEST_SKIP() << "no conformance data at " << conformance();
}

inline bool update_golden() {
    const char* flag = std::getenv("WEIR_UPDATE_GOLDEN");
    return flag && std::string_view(flag) == "1";
}

inline json::Value parse(std::string_view text) {
    auto value = json::parse(text);
    if (value) return std::move(*value);
    ADD_FAILURE() << value.error().to_string() << " in " << text.substr(0, 200);
    return {};
}

inline std::vector<std::filesystem::path> files(const std::filesystem::path& folder,
                                                std::string_view ending) {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(ending) && name.find(".golden.") == std::string::npos)
            out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// Compares parsed JSON; WEIR_UPDATE_GOLDEN=1 rewrites.
inline void expect_golden(const std::filesystem::path& golden, const json::Value& actual) {
    if (update_golden()) write_file(golden, json::serialize(actual) + "\n");
    ASSERT_TRUE(std::filesystem::exists(golden))
        << golden << " is missing; WEIR_UPDATE_GOLDEN=1 writes it";
    const json::Value expected = parse(read_file(golden));
    EXPECT_EQ(json::serialize(actual), json::serialize(expected)) << golden;
}

inline json::Value string_list(const std::vector<std::string>& list) {
    json::Value out = json::Value::array();
    for (const auto& item : list)
        out.push_back(json::Value::string(item));
    return out;
}

/// What a golden file holds of a request, or of an answer.
inline json::Value outcome(const Result<ProviderRequest>& sent) {
    json::Value out = json::Value::object();
    if (!sent) {
        out.set("error", json::Value::string(sent.error().to_string()));
        return out;
    }
    out.set("path", json::Value::string(sent->path));
    json::Value headers = json::Value::object();
    for (const auto& header : sent->headers)
        headers.set(header.name, json::Value::string(header.value));
    out.set("headers", std::move(headers));
    out.set("body", parse(sent->body));
    out.set("dropped", string_list(sent->dropped));
    return out;
}
inline json::Value outcome(const Result<ClientResponse>& answer) {
    json::Value out = json::Value::object();
    if (!answer) {
        out.set("error", json::Value::string(answer.error().to_string()));
        return out;
    }
    out.set("body", parse(answer->body));
    out.set("dropped", string_list(answer->dropped));
    return out;
}

/// Feeds `bytes` to fresh consumers in many ways: `make` starts one, `feed` takes a piece, `end`
/// gives the result. Whole, byte by byte, and cut in two at every offset must all give the same.
template <class Make, class Feed, class End>
auto replay_every_split(std::string_view bytes, Make make, Feed feed, End end) {
    auto run = [&](const std::vector<std::string_view>& pieces) {
        auto consumer = make();
        // Each piece in storage of its own, so that reading beyond it is seen by the sanitizer.
        for (auto piece : pieces)
            feed(consumer, std::string(piece));
        return end(consumer);
    };
    const auto whole = run({bytes});
    std::vector<std::string_view> single;
    for (size_t i = 0; i < bytes.size(); ++i)
        single.push_back(bytes.substr(i, 1));
    EXPECT_EQ(run(single), whole) << "byte by byte";
    const size_t step = bytes.size() > 4096 ? bytes.size() / 1024 : 1;
    for (size_t cut = 1; cut < bytes.size(); cut += step) {
        EXPECT_EQ(run({bytes.substr(0, cut), bytes.substr(cut)}), whole) << "cut at " << cut;
        if (testing::Test::HasFailure()) break;
    }
    return whole;
}

/// The other way of frames(), for reading; InvokeModel's chunks as what they hold.
inline std::string lines(std::string_view bytes) {
    std::string out;
    EventStreamReader reader;
    EventStreamMessage message;
    while (true) {
        auto more = reader.next(bytes, message);
        EXPECT_TRUE(more) << "broken frames";
        if (!more || !*more) break;
        const bool exception = message.message_type == "exception";
        out.append(exception ? "!" : "");
        out.append(exception ? message.exception_type : message.event_type).append(" ");
        const auto chunk =
            message.event_type == "chunk" ? json::parse(message.payload) : Result<json::Value>();
        out.append(message.event_type == "chunk"
                       ? base64_decode(chunk->string_at("bytes")).value_or("no base64")
                       : std::string(message.payload));
        out.append("\n");
    }
    EXPECT_TRUE(reader.idle());
    return out;
}

/// What a client gets of a provider's stream, the same in every split: its events, the error event
/// if it failed, then how it ended and what was noted.
inline std::string translate_every_split(const Context& context, std::string_view bytes) {
    struct Run {
        StreamTranslator stream;
        std::string out = {};
        std::string failure = {};
        void fail(const Error& error) {
            if (failure.empty()) stream.encode_error(error, out);
            failure = error.code().name;
        }
    };
    return replay_every_split(
        bytes, [&] { return Run{StreamTranslator(context)}; },
        [&](Run& run, std::string_view piece) {
            if (auto ok = run.stream.feed(piece, run.out); !ok) run.fail(ok.error());
        },
        [&](Run& run) {
            if (auto ok = run.stream.finish(run.out); !ok) run.fail(ok.error());
            const Usage& usage = run.stream.usage();
            std::string reasons;
            for (const auto& reason : run.stream.finish_reasons())
                reasons.append(reason).append(" ");
            return (context.dialect == Dialect::bedrock ? lines(run.out) : run.out) + ": " +
                   run.failure + " " + reasons +
                   "model=" + std::string(run.stream.response_model()) +
                   " id=" + std::string(run.stream.response_id()) +
                   " input=" + std::to_string(usage.input.value_or(-1)) +
                   " output=" + std::to_string(usage.output.value_or(-1)) +
                   (run.stream.done() ? " done" : " not done") +
                   (run.stream.content_started() ? " content" : "") + "\n";
        });
}

}  // namespace weir::dialect::test
