#include "config/yaml.h"

#include "config/env.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

struct Parsed {
    std::vector<Node> documents;
    std::vector<Diagnostic> diagnostics;
    bool complete = true;
};

Parsed parse(std::string_view text, const YamlLimits& limits = {}) {
    Parsed out;
    Report report(out.diagnostics);
    out.documents = parse_yaml("f.yaml", text, report, out.complete, limits);
    return out;
}

std::string first_message(const Parsed& parsed) {
    return parsed.diagnostics.empty() ? "" : to_string(parsed.diagnostics.front());
}

TEST(YamlTest, EveryKeyAndValueKnowsItsPlace) {
    auto parsed = parse("# comment\n---\na: 1\nb:\n  - x\n  - {c: \"d\"}\n---\ne: f\n");
    ASSERT_EQ(parsed.documents.size(), 2u);
    const Node& first = parsed.documents[0];
    EXPECT_EQ(first.find("a")->place.to_string(), "f.yaml:3:4");
    EXPECT_EQ(first.entries[1].key_place.to_string(), "f.yaml:4:1");
    EXPECT_EQ(first.find("b")->items[1].find("c")->place.to_string(), "f.yaml:6:9");
    EXPECT_EQ(parsed.documents[1].find("e")->place.to_string(), "f.yaml:8:4");
}

TEST(YamlTest, PlainScalarsAreTypedAndQuotedOnesAreText) {
    auto parsed = parse(
        "i: 42\nn: -1\nf: 1.5\ne: 1e3\nb: true\ns: yes\nq: \"42\"\nv: 1.2.3\nt: ~\nd: "
        "2024-01-01\n");
    const Node& node = parsed.documents.at(0);
    using enum Node::Kind;
    EXPECT_EQ(node.find("i")->kind, integer);
    EXPECT_EQ(node.find("n")->kind, integer);
    EXPECT_EQ(node.find("f")->kind, real);
    EXPECT_EQ(node.find("e")->kind, real);
    EXPECT_EQ(node.find("b")->kind, boolean);
    EXPECT_EQ(node.find("s")->kind, string);
    EXPECT_EQ(node.find("q")->kind, string);
    EXPECT_EQ(node.find("v")->kind, string);
    EXPECT_EQ(node.find("d")->kind, string);
    EXPECT_EQ(node.find("t"), nullptr);
}

TEST(YamlTest, JsonIsYaml) {
    auto parsed =
        parse("{\n\t\"a\": [1, true, null, \"x\\u00e9\"],\n\t\"b\": {\"c\": \"http://x/y\"}\n}\n");
    ASSERT_EQ(parsed.documents.size(), 1u) << first_message(parsed);
    EXPECT_EQ(parsed.documents[0].find("a")->items.size(), 4u);
    EXPECT_EQ(parsed.documents[0].at("b.c")->text, "http://x/y");
}

TEST(YamlTest, AMistakeInOneDocumentLeavesTheOthers) {
    auto parsed = parse("a: 1\n---\nb: [1, 2\n---\nc: 3\n");
    EXPECT_EQ(parsed.documents.size(), 2u);
    EXPECT_FALSE(parsed.complete);
    EXPECT_EQ(parsed.diagnostics.size(), 1u);
    EXPECT_TRUE(first_message(parsed).starts_with("f.yaml:4:1: not valid YAML: "))
        << first_message(parsed);
}

TEST(YamlTest, AliasesAndMergeKeysExpand) {
    auto parsed = parse("base: &b {x: 1, y: 2}\nuse: *b\nover:\n  <<: *b\n  y: 3\n");
    const Node& node = parsed.documents.at(0);
    EXPECT_EQ(node.at("use.x")->text, "1");
    EXPECT_EQ(node.at("over.x")->text, "1");
    EXPECT_EQ(node.at("over.y")->text, "3");
}

TEST(YamlTest, BombsAreRefused) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        std::string last = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
        for (int j = 0; j < 9; ++j)
            bomb += ", " + last;
        bomb += "]\n";
    }
    EXPECT_NE(first_message(parse(bomb)).find("aliases expand to too much"), std::string::npos);
    EXPECT_NE(first_message(parse(std::string(5000, '['))).find("not valid YAML"),
              std::string::npos);
    EXPECT_NE(first_message(parse(std::string(300, '[') + std::string(300, ']')))
                  .find("nested deeper than 100"),
              std::string::npos);
    YamlLimits limits;
    limits.text = 10;
    EXPECT_NE(first_message(parse("a: 12345678901", limits)).find("larger than 10 bytes"),
              std::string::npos);
}

TEST(YamlTest, WhatYamlForbidsIsNamedWithItsPlace) {
    EXPECT_EQ(first_message(parse(std::string("a: 1\nb: \x04", 9))),
              "f.yaml:2:4: not valid YAML: a control character; remove it");
    EXPECT_EQ(first_message(parse("a: \xff")),
              "f.yaml:1:4: not valid YAML: bytes that are not UTF-8; remove it");
    EXPECT_NE(first_message(parse("? [a, b]\n: c\n")).find("a key must be a scalar"),
              std::string::npos);
    EXPECT_NE(first_message(parse("a: *nowhere\n")).find("not valid YAML"), std::string::npos);
}

TEST(YamlTest, TextAfterADocumentIsAMistake) {
    for (const char* text : {"a: 1\n...\nb: 2\n", ",--\na: 1\n", "{a: 1} }", "[a]\n]"}) {
        auto parsed = parse(text);
        EXPECT_FALSE(parsed.complete) << text;
        EXPECT_EQ(parsed.diagnostics.size(), 1u) << text;
    }
    EXPECT_EQ(parse("a: 1\n...\n").documents.size(), 1u);
}

TEST(YamlTest, NothingIsNoDocument) {
    for (const char* text :
         {"", "\n\n", "# only a comment\n", "---\n---\n", "--- # x\n...\n", "%YAML 1.2\n---\n"})
        EXPECT_TRUE(parse(text).documents.empty() && parse(text).complete) << text;
}

std::string substituted(std::string_view text, const EnvLookup& env,
                        std::vector<Diagnostic>* out = nullptr) {
    auto parsed = parse(text);
    Report report(parsed.diagnostics);
    EXPECT_EQ(parsed.documents.size(), 1u) << first_message(parsed);
    if (parsed.documents.empty()) return {};
    substitute(parsed.documents[0], env, "", report);
    if (out) *out = parsed.diagnostics;
    const Node* node = parsed.documents[0].find("a");
    return node ? node->text : "(null)";
}

TEST(EnvTest, VariablesAndDefaultsAreReplacedWhereverTheyStand) {
    auto env = environment({{"HOST", "api.example.com"}, {"EMPTY", ""}});
    EXPECT_EQ(substituted("a: https://${HOST}/v1", env), "https://api.example.com/v1");
    EXPECT_EQ(substituted("a: \"${HOST}\"", env), "api.example.com");
    EXPECT_EQ(substituted("a: ${NONE:-http://x:80/#}", env), "http://x:80/#");
    EXPECT_EQ(substituted("a: ${EMPTY:-x}", env), "x");
    EXPECT_EQ(substituted("{b: [1], a: ${HOST}}", env), "api.example.com");
    EXPECT_EQ(substituted("a: |\n  ${HOST}\n", env), "api.example.com\n");
    EXPECT_EQ(substituted("a: $${HOST} $HOST ${not closed", env), "${HOST} $HOST ${not closed");
    EXPECT_EQ(substituted("a: x # ${NONE}", env), "x");
}

TEST(EnvTest, ColumnsStayTrue) {
    auto parsed = parse("{a: ${A_LONG_NAME:-{[,}, b: c}");
    ASSERT_EQ(parsed.documents.size(), 1u) << first_message(parsed);
    EXPECT_EQ(parsed.documents[0].find("b")->place.column, 29u);
}

TEST(EnvTest, AValueNeverChangesTheStructure) {
    auto env = environment({{"EVIL", "x\nb: injected"}, {"N", "8080"}});
    auto parsed = parse("a: ${EVIL}\nn: ${N}\n");
    Report report(parsed.diagnostics);
    substitute(parsed.documents.at(0), env, "", report);
    EXPECT_EQ(parsed.documents[0].entries.size(), 2u);
    EXPECT_EQ(parsed.documents[0].find("a")->text, "x\nb: injected");
    EXPECT_EQ(parsed.documents[0].find("n")->kind, Node::Kind::integer);
    EXPECT_TRUE(parsed.documents[0].find("n")->is_string());
}

TEST(EnvTest, AnUnsetVariableIsAWarningThatNamesItsPlace) {
    std::vector<Diagnostic> diagnostics;
    EXPECT_EQ(substituted("b: c\na: \"[${NONE}]\"", {}, &diagnostics), "[]");
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_EQ(diagnostics[0].severity, Severity::warning);
    EXPECT_EQ(to_string(diagnostics[0]),
              "f.yaml:2:4: a: variable NONE is not set and reads as empty; set it, or write "
              "${NONE:-default}");
}

TEST(EnvTest, MaskIsUndoneByUnmask) {
    for (std::string text :
         {"${A}", "$${A}", "x${A:-{}[],:#}y", "$", "${", "${1}", "$$$${A}", "${A:-\n}"}) {
        EXPECT_EQ(mask(text).size(), text.size()) << text;
        bool escapes = text.find("$${") != std::string::npos;
        EXPECT_EQ(unmask(mask(text)) == text, !escapes || mask(text) == text) << text;
    }
}

}  // namespace
}  // namespace weir::config
