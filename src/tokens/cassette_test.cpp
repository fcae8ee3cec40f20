// Estimates beside what OpenAI counted in recorded exchanges (conformance/cassettes): text alone
// must be equal, what is estimated is printed.
#include <fmt/format.h>

#include <iostream>

#include "tokens/test_support.h"

namespace weir::tokens {
namespace {

namespace fs = std::filesystem;

/// The request and the response of each exchange, from go-vcr's YAML: the bodies are double-quoted
/// or block scalars on lines that begin with `body:`.
std::vector<std::string> bodies_of(const fs::path& file) {
    std::vector<std::string> lines, out;
    std::istringstream text(test::read_file(file));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    for (size_t i = 0; i < lines.size(); ++i) {
        const size_t first = lines[i].find_first_not_of(" -");
        if (first == std::string::npos || lines[i].compare(first, 6, "body: ") != 0) continue;
        std::string value = lines[i].substr(first + 6);
        if (value.starts_with('"')) {
            const auto parsed = json::parse(value);
            out.emplace_back(parsed ? parsed->text() : "");
            continue;
        }
        if (!value.starts_with('|')) {
            out.push_back(value);
            continue;
        }
        value.clear();
        const size_t indent = lines[i + 1].find_first_not_of(' ');
        for (size_t k = i + 1; k < lines.size(); ++k) {
            const size_t at = lines[k].find_first_not_of(' ');
            if (at != std::string::npos && at < indent) break;
            value += at == std::string::npos ? "" : lines[k].substr(indent);
            value += '\n';
        }
        out.push_back(value);
    }
    return out;
}

std::string_view operation_of(const std::string& name) {
    if (name.starts_with("embeddings")) return "embeddings";
    if (name.starts_with("completion")) return "completion";
    return "chat";
}

/// What the model was asked for and has not been counted.
std::optional<int64_t> counted_input(const json::Value& response) {
    const json::Value* usage = response.find("usage");
    const json::Value* input = usage ? usage->find("prompt_tokens") : nullptr;
    return input ? input->as_int() : std::nullopt;
}

TEST(Cassettes, TextIsCountedAsTheProviderCountedIt) {
    const fs::path folder = fs::path(WEIR_CONFORMANCE_DIR) / "cassettes/openai";
    if (!fs::is_directory(folder)) {
        const char* ci = std::getenv("CI");
        if (ci && std::string_view(ci) == "true") FAIL() << "no conformance data at " << folder;
        GTEST_SKIP() << "no conformance data at " << folder;
    }
    int equal = 0, estimated = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const auto bodies = bodies_of(entry.path());
        for (size_t i = 0; i + 1 < bodies.size(); i += 2) {
            const auto request = json::parse(bodies[i]), response = json::parse(bodies[i + 1]);
            if (!request || !response) continue;
            const auto counted = counted_input(*response);
            if (!counted) continue;
            const Question question{.dialect = "openai",
                                    .operation = operation_of(name),
                                    .model = request->string_at("model")};
            const Estimate exact = test::estimate(question, bodies[i]);
            const Estimate ratio = test::estimate(question, bodies[i], test::nothing_loaded());
            const auto off = [&](const Estimate& e) {
                return 100.0 * static_cast<double>(e.input - *counted) /
                       static_cast<double>(*counted);
            };
            std::cout << fmt::format(
                "{:36} counted {:4}  tokenizer {:4} ({:+.0f} %){}  ratio {:4} ({:+.0f} %)\n", name,
                *counted, exact.input, off(exact), exact.exact ? " exact" : "", ratio.input,
                off(ratio));
            EXPECT_FALSE(ratio.exact && name.find("token") == std::string::npos) << name;
            if (exact.exact) {
                EXPECT_EQ(exact.input, *counted) << name;
                ++equal;
            } else {
                EXPECT_LT(std::abs(off(exact)), 60) << name;
                ++estimated;
            }
        }
    }
    EXPECT_GE(equal, 11);
    EXPECT_LE(estimated, 4);
}

}  // namespace
}  // namespace weir::tokens
