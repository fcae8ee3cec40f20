// Recorded exchanges with OpenAI and Azure (conformance/cassettes): the counts that a recording
// shows are the counts we take, and streams pass unchanged.
#include <iostream>

#include "dialect/test_support.h"
#include "dialect/translate.h"
#include "dialect/watcher.h"

namespace weir::dialect {
namespace {

struct Exchange {
    std::string url;
    std::string response;
    int status = 200;
};

// The scalar that begins behind `colon` on lines[at]: double-quoted, block, or plain. Recordings
// use no other forms for what we read.
std::string scalar(const std::vector<std::string>& lines, size_t at, size_t colon) {
    std::string value = lines[at].substr(std::min(colon + 2, lines[at].size()));
    if (value.starts_with('"')) return std::string(test::parse(value).text());
    if (!value.starts_with('|')) return value;
    const size_t indent = at + 1 < lines.size() ? lines[at + 1].find_first_not_of(' ') : 0;
    const bool keep = value.starts_with("|+");
    value.clear();
    for (++at; at < lines.size(); ++at) {
        const size_t first = lines[at].find_first_not_of(' ');
        if (first != std::string::npos && first < indent) break;
        value.append(first == std::string::npos ? std::string() : lines[at].substr(indent))
            .push_back('\n');
    }
    if (!keep) value.resize(value.find_last_not_of('\n') + 1);
    return value;
}

// go-vcr version 2, as far as these recordings go.
std::vector<Exchange> read_cassette(const std::filesystem::path& file) {
    std::vector<std::string> lines;
    std::istringstream text(test::read_file(file));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    std::vector<Exchange> out;
    bool in_response = false;
    for (size_t i = 0; i < lines.size(); ++i) {
        const size_t first = lines[i].find_first_not_of(" -");
        if (first == std::string::npos || first > 8) continue;
        const std::string_view line = std::string_view(lines[i]).substr(first);
        if (line.starts_with("request:")) out.emplace_back();
        if (line.starts_with("request:") || line.starts_with("response:"))
            in_response = line[3] == 'p';
        if (out.empty()) continue;
        if (line.starts_with("url: ")) out.back().url = scalar(lines, i, first + 3);
        if (line.starts_with("code: ")) out.back().status = std::stoi(scalar(lines, i, first + 4));
        if (line.starts_with("body: ") && in_response)
            out.back().response = scalar(lines, i, first + 4);
    }
    return out;
}

Operation operation_of(const std::string& url) {
    if (url.ends_with("/embeddings")) return Operation::embeddings;
    if (url.ends_with("/chat/completions")) return Operation::chat;
    return Operation::completions;
}

struct Watched {
    std::string sent;
    Usage usage;
    std::string model;
    bool terminated = false;
    friend bool operator==(const Watched&, const Watched&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Watched& w) {
        return out << w.sent.size() << " bytes";
    }
};

Watched watch(std::string_view bytes, PassthroughWatcher::Options options) {
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
            return Watched{run.sent, run.watcher.usage(), std::string(run.watcher.response_model()),
                           run.watcher.terminated()};
        });
}

void check_stream(const Exchange& exchange) {
    const Operation operation = operation_of(exchange.url);
    const Watched seen = watch(exchange.response, {.operation = operation});
    EXPECT_EQ(seen.sent, exchange.response);
    EXPECT_TRUE(seen.terminated);
    EXPECT_FALSE(seen.model.empty());
    EXPECT_EQ(seen.usage.empty(), exchange.response.find("\"usage\":{") == std::string::npos);
    const Watched withheld =
        watch(exchange.response, {.operation = operation, .withhold_usage = true});
    EXPECT_EQ(withheld.usage, seen.usage);
    EXPECT_EQ(withheld.sent.find("\"choices\":[],\"usage\":{"), std::string::npos);
}

// False if the body has no token counts.
bool check_whole(const std::string& body) {
    const json::Value parsed = test::parse(body);
    const auto* usage = parsed.find("usage");
    if (!usage || !usage->find("total_tokens")) return false;
    const Usage counted = extract_usage(Dialect::openai, body);
    EXPECT_EQ(counted.total, usage->find("total_tokens")->as_int());
    const auto* input = usage->find("prompt_tokens");
    if (!input) input = usage->find("input_tokens");
    EXPECT_EQ(counted.input, input ? input->as_int() : std::nullopt);
    return true;
}

TEST(Cassettes, UsageOfRecordedBodies) {
    test::require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    int whole = 0, streams = 0, errors = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(test::conformance() / "cassettes/openai")) {
        SCOPED_TRACE(entry.path().filename().string());
        const auto exchanges = read_cassette(entry.path());
        EXPECT_FALSE(exchanges.empty());
        for (const auto& exchange : exchanges) {
            const std::string& body = exchange.response;
            EXPECT_FALSE(body.empty());
            if (body.starts_with("data:") || body.starts_with("event:")) {
                ++streams;
                check_stream(exchange);
            } else if (exchange.status >= 400) {
                ++errors;
                EXPECT_EQ(translate_error({}, exchange.status, {}, body).body, body);
            } else if (json::parse(body)) {
                whole += check_whole(body);
            }
        }
    }
    std::cout << "cassettes: " << whole << " whole, " << streams << " streams, " << errors
              << " errors\n";
    EXPECT_GT(whole, 5);
    EXPECT_GT(streams, 1);
    EXPECT_GT(errors, 1);
}

}  // namespace
}  // namespace weir::dialect
