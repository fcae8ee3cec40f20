// Counts beside those of js-tiktoken itself, run under Node over texts made here: slices of this
// repository's files and strings of random characters. Another seed: WEIR_TEST_SEED.
#include <cstdio>
#include <random>

#include "tokens/test_support.h"
#include "tokens/token_counter.h"

namespace weir::tokens {
namespace {

namespace fs = std::filesystem;

void append_utf8(std::string& out, uint32_t point) {
    const auto byte = [&](uint32_t v) { out.push_back(static_cast<char>(v)); };
    if (point < 0x80) return byte(point);
    if (point < 0x800) return byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F));
    if (point < 0x10000)
        return byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)),
               byte(0x80 | (point & 0x3F));
    byte(0xF0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3F));
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
}

/// Mostly the blocks that texts are written in; every plane now and then.
uint32_t random_point(std::mt19937& random) {
    constexpr uint32_t kBlocks[][2] = {{0x20, 0x7F},     {0x20, 0x7F},       {0x00, 0x20},
                                       {0xA0, 0x250},    {0x300, 0x530},     {0x590, 0xE00},
                                       {0x2000, 0x2070}, {0x3040, 0x3100},   {0x4E00, 0x9FFF},
                                       {0xAC00, 0xD7A4}, {0x1F300, 0x1FA00}, {0, 0x110000}};
    for (;;) {
        const auto& block = kBlocks[random() % std::size(kBlocks)];
        const uint32_t point = block[0] + random() % (block[1] - block[0]);
        if (point < 0xD800 || point >= 0xE000) return point;
    }
}

std::vector<std::string> make_texts(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<std::string> out;
    for (int i = 0; i < 800; ++i) {
        std::string text;
        for (size_t n = 1 + random() % 30; n > 0; --n) {
            const uint32_t point = random_point(random);
            for (size_t repeat = random() % 8 ? 1 : 1 + random() % 5; repeat > 0; --repeat)
                append_utf8(text, point);
        }
        out.push_back(std::move(text));
    }
    const fs::path root = WEIR_SOURCE_DIR;
    for (const char* name : {"HACKING.md", "dev", "src/tokens/profile.cpp", "docs/mock.md",
                             "src/tokens/testdata/chinese.txt", "tests/conftest.py"}) {
        const std::string file = test::read_file(root / name);
        EXPECT_FALSE(file.empty()) << name;
        for (int i = 0; i < 30 && !file.empty(); ++i) {
            size_t begin = random() % file.size(),
                   end = std::min(file.size(), begin + random() % 800);
            const auto inner = [&](size_t at) {
                return at < file.size() && (static_cast<unsigned char>(file[at]) & 0xC0) == 0x80;
            };
            while (inner(begin))
                ++begin;
            while (inner(end))
                ++end;
            out.push_back(file.substr(begin, end > begin ? end - begin : 0));
        }
    }
    return out;
}

/// Its output, or empty if it failed.
std::string run(const std::string& command) {
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (!pipe) return {};
    std::string out;
    char block[4096];
    while (const size_t size = std::fread(block, 1, sizeof block, pipe))
        out.append(block, size);
    return ::pclose(pipe) == 0 ? out : std::string();
}

TEST(Reference, CountsEqualThoseOfJsTiktoken) {
    const fs::path root = WEIR_SOURCE_DIR;
    if (!fs::exists(root / "tests/node/node_modules/js-tiktoken") ||
        run("node --version 2>/dev/null").empty()) {
        const char* ci = std::getenv("CI");
        if (ci && std::string_view(ci) == "true") FAIL() << "no node with js-tiktoken";
        GTEST_SKIP() << "no node with js-tiktoken (./dev setup test)";
    }
    const char* seed = std::getenv("WEIR_TEST_SEED");
    const auto texts = make_texts(seed ? static_cast<uint32_t>(std::stoul(seed)) : 1);
    json::Value list = json::Value::array();
    for (const std::string& text : texts)
        list.push_back(json::Value::string(text));
    const fs::path input = fs::path(testing::TempDir()) /
                           ("weir-texts-" + std::to_string(std::random_device{}()) + ".json");
    std::ofstream(input, std::ios::binary) << json::serialize(list);
    const std::string answer = run(
        "cd '" + root.string() + "' && node tools/token_goldens.mjs - < '" + input.string() + "'");
    fs::remove(input);
    const auto counts = json::parse(answer);
    ASSERT_TRUE(counts) << "node tools/token_goldens.mjs failed";
    ASSERT_EQ(counts->items().size(), texts.size());
    TokenCounter counter;
    for (size_t i = 0; i < texts.size(); ++i) {
        const auto& row = counts->items()[i].items();
        const Vocabulary* words[] = {test::loaded().find(Encoding::cl100k_base),
                                     test::loaded().find(Encoding::o200k_base)};
        for (size_t e = 0; e < 2; ++e)
            ASSERT_EQ(counter.count(*words[e], texts[i]).tokens, row[e].as_int())
                << to_string(words[e]->encoding()) << ": " << testing::PrintToString(texts[i]);
    }
}

}  // namespace
}  // namespace weir::tokens
