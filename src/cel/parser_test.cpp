#include "cel/parser.h"

#include <gtest/gtest.h>

#include "cel/test_support.h"

namespace weir::cel::test {
namespace {

struct Printed {
    std::string_view text;
    std::string_view again;
};

TEST(ParserTest, TreeAsText) {
    const Printed table[] = {
        {"1+2*3", "1 + (2 * 3)"},
        {"1-2-3", "(1 - 2) - 3"},
        {"a||b&&c||d", "a || (b && c) || d"},
        {"a?b:c?d:e", "a ? b : c ? d : e"},
        {"(a?b:c)?d:e", "(a ? b : c) ? d : e"},
        {"a ? b : (c ? d : e)", "a ? b : (c ? d : e)"},
        {"!a.b", "!a.b"},
        {"!!a", "!(!a)"},
        {"-1", "-1"},
        {"- 1", "-1"},
        {"-(1)", "-(1)"},
        {"--1", "-(-1)"},
        {"-x", "-x"},
        {"(-1).f()", "(-1).f()"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"0x1F", "31"},
        {"7U", "7u"},
        {"1.0", "1.0"},
        {".5e-3", "0.0005"},
        {"1e300", "1e+300"},
        {"'it''s'", ""},
        {"'it\\'s \"\\n'", "\"it's \\\"\\x0a\""},
        {"r'\\d'", "\"\\\\d\""},
        {"b'\\xff\\u'", ""},
        {"b'\\377a'", "b\"\\xffa\""},
        {"a in b", "a in b"},
        {"a < b == c", "(a < b) == c"},
        {"[1,2,]", "[1, 2]"},
        {"{'a':1,}", "{\"a\": 1}"},
        {"f(a)(b)", ""},
        {"a[b].c(d)[e]", "a[b].c(d)[e]"},
        {".a.b", ".a.b"},
        {"has(a.b)", "has(a.b)"},
        {"a.`b-c`", "a.`b-c`"},
        {"a.`b`", "a.b"},
        {"a.if", "a.if"},
        {"if", ""},
        {"l.all(x, x > 0)", "l.all(x, x > 0)"},
        {"l.map(x, y, z)", "l.map(x, y, z)"},
        {"l.existsOne(i, v, i)", "l.exists_one(i, v, i)"},
        {"l.transformMap(k, v, k, v)", "l.transformMap(k, v, k, v)"},
        {"l.all(x)", "l.all(x)"},
        {"a // comment\n + b", "a + b"},
        {"null", "null"},
        {"true && false", "true && false"},
    };
    for (const auto& row : table) {
        auto ast = parse(row.text);
        if (row.again.empty()) {
            EXPECT_FALSE(ast) << row.text << " → " << to_text(*ast);
            continue;
        }
        ASSERT_TRUE(ast) << row.text << ": " << ast.error().to_string();
        EXPECT_EQ(to_text(*ast), row.again) << row.text;
        auto again = parse(row.again);
        ASSERT_TRUE(again) << row.again << ": " << again.error().to_string();
        EXPECT_EQ(to_text(*again), row.again);
    }
}

TEST(ParserTest, ConformanceExpressionsPrintAndParseAgain) {
    require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(conformance())) {
        if (entry.path().extension() != ".jsonl") continue;
        for (const auto& c : read_lines(entry.path())) {
            auto ast = parse(c.string_at("expr"));
            if (!ast) continue;
            const std::string text = to_text(*ast);
            auto again = parse(text);
            ASSERT_TRUE(again) << text << ": " << again.error().to_string();
            EXPECT_EQ(to_text(*again), text);
            ++count;
        }
    }
    EXPECT_GT(count, 800u);
}

TEST(ParserTest, RefusesWithColumnAndRemedy) {
    const Printed table[] = {
        {"", "column 1: the expression is empty"},
        {"a b", "column 3: the expression ends before this"},
        {"(a", "column 3: a parenthesis is not closed"},
        {"a)", "column 2: the expression ends before this"},
        {"a ? b", "column 6: a conditional lacks"},
        {"a = b", "column 3: there are no bit operators and no assignment"},
        {"a & b", "column 3: there are no bit operators"},
        {"'ab", "column 1: a text does not end"},
        {"'a\nb'", "line 1, column 1: a text does not end on its line"},
        {"'''a", "close it with the three quotes"},
        {"'\\q'", "column 2: unknown escape"},
        {"'\\ud800'", "column 2: the escape names no character"},
        {"'\\x4'", "hexadecimal escape"},
        {"'\\400'", "unknown escape"},
        {"99999999999999999999", "does not fit 64 bits"},
        {"9223372036854775808", "does not fit 64 bits"},
        {"1e999", "does not fit a double"},
        {"1abc", "ends in a letter"},
        {"0x", "ends in a letter"},
        {"a.", "column 3: a field name must follow"},
        {"a.1", "column 2: the expression ends before this"},
        {"a.?b", "optional fields"},
        {"T{a: 1}", "messages cannot be built"},
        {"has(a)", "asks for one field"},
        {"l.all(x.y, true)", "plain name"},
        {"l.all(x, x, true)", "different names"},
        {"while", "reserved word"},
        {"f(a,)", "an argument is missing"},
        {"[a b]", "a comma or ]"},
        {"{a}", "colon is missing"},
        {"a\xff", "column 2: the expression is not UTF-8"},
        {"ä", "no expression has this character"},
        {"a.`b;c`", "letters, digits"},
        {"'ä' + ", "column 7"},
    };
    for (const auto& row : table) {
        auto ast = parse(row.text);
        ASSERT_FALSE(ast) << row.text;
        EXPECT_NE(ast.error().detail().find(row.again), std::string::npos)
            << row.text << " → " << ast.error().detail();
    }
}

}  // namespace
}  // namespace weir::cel::test
