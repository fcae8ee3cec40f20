#include "cel/program.h"

#include <gtest/gtest.h>

#include "cel/json_document.h"
#include "cel/run.h"
#include "cel/test_support.h"

namespace weir::cel::test {
namespace {

/// The request of an MCP tool call, as an authorization rule sees it.
class ToolCall final : public Activation {
public:
    ToolCall(std::string_view tool, const json::Value& claims) : tool_(tool), claims_(claims) {}
    Value variable(uint32_t index, Arena& arena) const override {
        return index == 0 ? Value::string(tool_) : json_document(claims_, arena);
    }

private:
    std::string_view tool_;
    const json::Value& claims_;
};

Environment tool_environment() {
    Environment environment;
    EXPECT_EQ(environment.declare("request.tool", Type::string()), 0u);
    EXPECT_EQ(environment.declare("claims", Type::map(Type::string(), Type::dyn())), 1u);
    return environment;
}

TEST(ProgramTest, SeesJsonDocumentsWithoutCopies) {
    const auto claims = json::parse(
        R"({"sub": "agent-7", "level": 3, "tools": ["search", "read"], "org": {"team": "red"},
            "admin": false, "none": null, "big": 1e400})");
    ASSERT_TRUE(claims);
    struct {
        std::string_view text;
        std::string_view answer;
    } const table[] = {
        {"request.tool in claims.tools", "true"},
        {"claims.sub.startsWith('agent-') && claims.level == 3 && claims.level >= 2u", "true"},
        {"claims.org.team == 'red' && claims['org']['team'] == 'red'", "true"},
        {"has(claims.org.team) && !has(claims.org.lead) && !has(claims.email)", "true"},
        {"claims.none == null && !claims.admin && type(claims.level) == double", "true"},
        {"claims.tools == ['search', 'read'] && claims.tools[1] == 'read'", "true"},
        {"claims.tools.exists(t, t == request.tool) && size(claims) == 7", "true"},
        {"claims.org == {'team': 'red'}", "true"},
        {"claims.exists(k, v, k == 'level' && v == 3.0)", "true"},
        {"claims.tools.map(t, t.upperAscii()).join('+') == 'SEARCH+READ'", "true"},
        {"claims.email == 'x'", "no such key"},
        {"claims.sub.name == 'x'", "no such overload"},
        {"claims.big > 1.0", "range"},
    };
    const Environment environment = tool_environment();
    for (const auto& row : table) {
        auto program = Program::compile(row.text, environment);
        ASSERT_TRUE(program) << program.error().to_string();
        Arena arena;
        auto value = program->evaluate(ToolCall("search", *claims), arena);
        const std::string got =
            value ? value->is_true() ? "true" : "false" : value.error().detail();
        EXPECT_NE(got.find(row.answer), std::string::npos) << row.text << " → " << got;
    }
}

TEST(ProgramTest, KnowsTheTypeOfItsResult) {
    const Environment environment = tool_environment();
    struct {
        std::string_view text;
        std::string_view type;
    } const table[] = {
        {"request.tool == 'x'", "bool"},
        {"claims.sub", "dyn"},
        {"[1, 2].map(x, string(x))", "list(string)"},
        {"{'a': 1u}", "map(string, uint)"},
        {"[]", "list(dyn)"},
        {"[1, 'a']", "list(dyn)"},
        {"[] + [1.5]", "list(double)"},
        {"{'a': [1]}.a[0]", "int"},
        {"[[], [1]]", "list(list(int))"},
        {"timestamp(0) - timestamp(1)", "google.protobuf.Duration"},
        {"claims.x + 1", "int"},
        {"claims.x + claims.y", "dyn"},
        {"{1: 'a'}.transformMap(k, v, k)", "map(int, int)"},
        {"true ? claims.x : 1", "dyn"},
    };
    for (const auto& row : table) {
        auto program = Program::compile(row.text, environment);
        ASSERT_TRUE(program) << row.text << ": " << program.error().to_string();
        EXPECT_EQ(program->result_type().to_string(), row.type) << row.text;
    }
}

TEST(ProgramTest, LoopVariablesHideOthers) {
    Environment environment;
    environment.declare("x", Type::integer());
    environment.declare("x.y", Type::integer());
    const Value values[] = {Value::integer(1), Value::integer(2)};
    struct {
        std::string_view text;
        int64_t answer;
    } const table[] = {
        {"x", 1},
        {"x.y", 2},
        {".x", 1},
        {"[5].map(x, x)[0]", 5},
        {"[5].map(x, .x)[0]", 1},
        {"[{'y': 7}].map(x, x.y)[0]", 7},
        {"[5].map(x, [6].map(x, x)[0] + x)[0]", 11},
        {"[5].map(a, x)[0] + x", 2},
    };
    for (const auto& row : table) {
        auto program = Program::compile(row.text, environment);
        ASSERT_TRUE(program) << row.text << ": " << program.error().to_string();
        Arena arena;
        auto value = program->evaluate(Values(values), arena);
        ASSERT_TRUE(value) << row.text << ": " << value.error().to_string();
        EXPECT_EQ(value->as_integer(), row.answer) << row.text;
    }
}

TEST(ProgramTest, AVariableWithoutAValueFailsWhereItIs) {
    Environment environment;
    environment.declare("x", Type::integer());
    auto program = Program::compile("1 + x", environment);
    ASSERT_TRUE(program);
    Arena arena;
    auto value = program->evaluate(Values({}), arena);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().to_string(),
              "expression.failed: column 5: unknown variable, or one that has no value here");
}

std::string repeated(std::string_view piece, size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i)
        out += piece;
    return out;
}

TEST(ProgramTest, TextIsLimited) {
    const Environment environment;
    struct {
        std::string text;
        std::string_view why;
    } const table[] = {
        {repeated("1 + ", 5000) + "1", "make it shorter"},
        {repeated("1 + ", 200) + "1", "inside each other"},
        {repeated("(", 2000) + "1" + repeated(")", 2000), "inside each other"},
        {repeated("[", 2000), "inside each other"},
        {repeated("!", 2000) + "true", "inside each other"},
        {repeated("-", 2000) + "1", "inside each other"},
        {"x" + repeated(".a", 2000), "inside each other"},
        {"x" + repeated("[0]", 2000), "inside each other"},
        {repeated("{1:", 2000), "inside each other"},
        {repeated("int(", 2000), "inside each other"},
    };
    for (const auto& row : table) {
        auto program = Program::compile(row.text, environment);
        ASSERT_FALSE(program) << row.text.substr(0, 40);
        EXPECT_NE(program.error().detail().find(row.why), std::string::npos)
            << program.error().detail();
    }
    // Long chains of && and ?: are no deeper than short ones.
    EXPECT_TRUE(Program::compile(repeated("true && ", 1500) + "true", environment));
    EXPECT_TRUE(Program::compile(repeated("true ? 1 : ", 1300) + "1", environment));
}

TEST(ProgramTest, EvaluationIsLimited) {
    const std::string ten = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]";
    const std::string lists = repeated(".map(x, x + x)", 40);
    const std::string table[] = {
        // a turn each
        ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, " + ten +
            ".all(e, " + ten + ".all(f, true))))))",
        // forgiven by nothing
        ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, " + ten +
            ".all(e, " + ten + ".all(f, true)))))) || true",
        // texts and lists that double
        "['aaaaaaaaaaaaaaaa']" + lists + " == ['']",
        "[[1]]" + lists + " == [[2]]",
        // a list that looks exponentially large
        "[[1]]" + repeated(".map(x, [x, x])", 40) + " == [[1]]" + repeated(".map(x, [x, x])", 40),
        "'%s'.format([[1]" + repeated(".map(x, [x, x])", 40) + "])",
        "'x'" + repeated(".replace('x', 'xxxxxxxxxxxxxxxx')", 12) + " == ''",
        "''.replace('', '" + std::string(4000, 'y') + "')" +
            repeated(".replace('', '" + std::string(1000, 'z') + "')", 2) + " == ''",
        "[" + std::string("['aaaaaaaa']") + repeated(".map(x, [x, x].join(x))", 12) + "] == []",
    };
    const Environment environment;
    for (const auto& text : table) {
        auto program = Program::compile(text, environment);
        ASSERT_TRUE(program) << text.substr(0, 60) << ": " << program.error().to_string();
        Arena arena(program->memory_limit());
        auto value = program->evaluate(Values({}), arena);
        ASSERT_FALSE(value) << text.substr(0, 60);
        const std::string& why = value.error().detail();
        EXPECT_TRUE(why.find("too many steps") != why.npos ||
                    why.find("too much memory") != why.npos)
            << text.substr(0, 60) << ": " << why;
    }
}

TEST(ArenaTest, GivesWhatTheLimitAllows) {
    Arena arena(32 * 1024);
    size_t taken = 0;
    while (char* piece = arena.text(100)) {
        std::fill(piece, piece + 100, 'x');
        taken += 100;
        ASSERT_LT(taken, 40'000u);
    }
    EXPECT_TRUE(arena.exhausted());
    EXPECT_GT(taken, 30'000u);
    Arena other(1000);
    EXPECT_EQ(other.array<Value>(1'000'000).data(), nullptr);
    EXPECT_TRUE(other.exhausted());
}

}  // namespace
}  // namespace weir::cel::test
