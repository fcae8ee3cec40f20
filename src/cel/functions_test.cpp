// What functions and operators answer, beyond the cases of conformance/cel: `expression` is true.
#include <gtest/gtest.h>

#include "cel/test_support.h"

namespace weir::cel::test {
namespace {

/// "true", "false", a number, a text, or the failure's words.
std::string run(std::string_view text, bool checked = true) {
    Environment environment;
    environment.set_time_zones(std::make_shared<SystemZones>());
    environment.set_checked(checked);
    auto program = Program::compile(text, environment);
    if (!program) return program.error().detail();
    Arena arena;
    auto value = program->evaluate(Values({}), arena);
    if (!value) return value.error().detail();
    if (value->is(Kind::boolean)) return value->as_boolean() ? "true" : "false";
    return std::string(type_name(value->kind()));
}

TEST(FunctionsTest, Hold) {
    const std::string_view table[] = {
        // numbers
        "7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1",
        "-9223372036854775808 % -1 == 0",
        "1.0 / 0.0 > 1e308 && -1.0 / 0.0 < -1e308 && 0.0 / 0.0 != 0.0 / 0.0",
        "1 < 2u && 1u < 1.5 && -1 < 0u && 2.5 > 2 && 18446744073709551615u > 9223372036854775807",
        "dyn(1) == 1.0 && dyn(1u) == 1 && dyn(1) != '1'",
        "!(0.0/0.0 < 1.0) && !(0.0/0.0 >= 1.0)",
        "0x7fffffffffffffff == 9223372036854775807 && 0xffu == 255u",
        // conversions
        "int('+5') == 5 && int('-5') == -5 && uint('7') == 7u && int(-1.9) == -1",
        "double('1e3') == 1000.0 && double('+.5') == 0.5 && string(1e21) == '1e+21'",
        "double('NaN') != double('NaN') && string(double('-Infinity')) == '-Infinity'",
        "string(true) == 'true' && string(1.5) == '1.5' && string(b'abc') == 'abc'",
        "bytes('é') == b'\\xc3\\xa9' && size(bytes('é')) == 2 && size('é') == 1",
        "type(1) == int && type([]) == list && type(int) == type && type(null) == null_type",
        // collections
        "[1, 2] + [3] == [1, 2, 3] && 2 in [1, 2] && !(3 in [1, 2]) && [1, 2][1] == 2",
        "{'a': 1}['a'] == 1 && {'a': 1}.a == 1 && 'a' in {'a': 1} && {1: 2}[dyn(1u)] == 2",
        "size({1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 'x'}) == 10",
        "{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 'x'}[10] == dyn('x')",
        "!(11 in {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 'x'})",
        "{'a': {'b': [1, {'c': 2}]}} == {'a': {'b': [1, {'c': 2}]}}",
        "[[1, 2], [3]].map(l, l.map(x, x * 10)) == [[10, 20], [30]]",
        "[1, 2, 3, 4].map(x, x % 2 == 0, x * x) == [4, 16]",
        "{'a': 1, 'b': 2}.filter(k, k != 'a') == ['b']",
        "[3, 4].transformMap(i, v, v * 2) == {0: 6, 1: 8}",
        "[1].all(x, [2].exists(y, y > x && [3].exists_one(x, x > y)))",
        // strings
        "'a+b'.replace('+', '-') == 'a-b' && 'aaa'.replace('a', 'b', 2) == 'bba'",
        "'ab'.replace('', '-') == '-a-b-' && 'ab'.replace('', '-', 2) == '-a-b'",
        "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']",
        "'äb'.split('') == ['ä', 'b'] && ''.split(',') == [''] && ''.split('') == []",
        "'abc'.split('', 2) == ['a', 'bc'] && 'a,b'.split(',', -1) == ['a', 'b']",
        "['a', 'b'].join('-') == 'a-b' && 'abc'.reverse() == 'cba' && ''.reverse() == ''",
        "'héllo'.indexOf('l') == 2 && 'héllo'.lastIndexOf('l') == 3 && 'héllo'.charAt(1) == 'é'",
        "'abc'.indexOf('', 3) == 3 && 'abc'.lastIndexOf('', 1) == 1",
        "'héllo'.substring(1, 3) == 'él' && 'abc'.substring(3) == ''",
        "' a b\\t'.trim() == 'a b' && ''.trim() == '' && '  '.trim() == ''",
        "'ÄbC'.lowerAscii() == 'Äbc' && 'äbc'.upperAscii() == 'äBC'",
        "'2024-01'.matches(r'^\\d{4}-\\d\\d$') && matches('x', 'x') && !'y'.matches('x')",
        "'a.b'.matches('a' + '.' + 'b')",
        "'%d %s %x %b %o %.2f %e %%'.format([5, [1, 'a'], 255, 5u, 8, 1.005, 12.5]) == "
        "'5 [1, a] ff 101 10 1.00 1.250000e+01 %'",
        "'%x %X'.format([-30, b'\\xff']) == '-1e FF' && '%b'.format([true]) == '1'",
        "strings.quote('a\"\\n') == '\"a\\\\\"\\\\n\"'",
        // times
        "timestamp('2024-02-29T12:00:00.5+01:30') == timestamp('2024-02-29T10:30:00.500Z')",
        "timestamp(0) + duration('1h30m') == timestamp('1970-01-01T01:30:00Z')",
        "timestamp('1969-12-31T23:59:59.5Z') < timestamp(0)",
        "string(timestamp(0) - duration('0.5s')) == '1969-12-31T23:59:59.5Z'",
        "string(duration('-1.5s')) == '-1.5s' && duration('1.5h') == duration('90m')",
        "duration('1us') == duration('1000ns') && duration('0') == duration('0s')",
        "duration('-90m').getHours() == -1 && duration('1.234s').getMilliseconds() == 234",
        "-duration('1s') == duration('-1s')",
        "timestamp('2024-12-31T00:00:00Z').getDayOfYear() == 365",
        "timestamp('2024-07-01T12:00:00Z').getHours('Europe/Berlin') == 14",
        "timestamp('2024-01-01T12:00:00Z').getHours('Europe/Berlin') == 13",
        "timestamp('2500-07-01T12:00:00Z').getHours('Europe/Berlin') == 14",
        "timestamp('2500-01-01T12:00:00Z').getHours('Australia/Sydney') == 23",
        "timestamp('2500-07-01T12:00:00Z').getHours('Asia/Tokyo') == 21",
        "timestamp('1800-01-01T12:00:00Z').getHours('UTC') == 12",
        // failures forgiven
        "true || 1 / 0 == 1",
        "!(1 / 0 == 1 && false)",
        "[0, 1].exists(x, 1 / x == 1) && ![0, 2].all(x, 1 / x == 1)",
        "has({'a': {}}.a) && !has({'a': {}}.a.b)",
        "true ? true : 1 / 0 == 1",
    };
    for (const auto text : table)
        EXPECT_EQ(run(text), "true") << text;
}

struct Failing {
    std::string_view text;
    std::string_view why;
};

TEST(FunctionsTest, Fail) {
    const Failing table[] = {
        {"-9223372036854775808 / -1", "column 22: integer overflow"},
        {"-(-9223372036854775808)", "overflow"},
        {"int(9223372036854775808.0)", "range"},
        {"uint(-1)", "range"},
        {"uint(-1.0)", "range"},
        {"int(0.0 / 0.0)", "range"},
        {"int('')", "conversion"},
        {"int('+-5')", "conversion"},
        {"int('1 ')", "conversion"},
        {"double('1e999')", "conversion"},
        {"string(b'\\xff')", "invalid UTF-8"},
        {"[1][1]", "index out of range"},
        {"[1][-1]", "index out of range"},
        {"[1][dyn(0.5)]", "whole number"},
        {"{'a': 1}['b']", "no such key"},
        {"{'a': 1, 'a': 2}", "same key twice"},
        {"{1: 1, dyn(1u): 2}", "same key twice"},
        {"{[1]: 2}", "cannot be the key"},
        {"{dyn([1]): 2}", "unsupported key"},
        {"'a'.substring(2)", "index out of range"},
        {"'a'.charAt(-1)", "index out of range"},
        {"'%s'.format([])", "format string"},
        {"'%q'.format([1])", "format string"},
        {"'%.101f'.format([1.0])", "format string"},
        {"'%'.format([1])", "format string"},
        {"'x'.matches('(' + '')", "RE2"},
        {"timestamp('2023-02-29T00:00:00Z')", "conversion"},
        {"timestamp('2024-01-01 00:00:00Z')", "conversion"},
        {"timestamp('2024-01-01T24:00:00Z')", "conversion"},
        {"timestamp(253402300800)", "range"},
        {"duration('1')", "conversion"},
        {"duration('1x')", "conversion"},
        {"duration('300y')", "conversion"},
        {"duration('99999999999999999999999999999h')", "range"},
        {"timestamp(0).getHours('Mars/Olympus')", "time zone"},
        {"timestamp(0).getHours('../../etc/passwd')", "time zone"},
        {"timestamp(0).getHours('+1:00')", "time zone"},
        {"[1, 2].exists_one(x, 1 / (x - 1) == 1)", "division by zero"},
        {"false || 1 / 0 == 1", "column 12: division by zero"},
        {"1 + 1u", "no such overload: + is not defined for (int, uint)"},
        {"'a' + 1", "(string, int)"},
        {"1 == '1'", "(int, string)"},
        {"1 && true", "wants a bool"},
        {"[1].all(x, x)", "wants a bool"},
        {"size(1)", "size() is not defined for (int)"},
        {"5.all(x, true)", "list or a map"},
        {"sise('x')", "unknown function"},
        {"'x'.Size()", "did you mean size()?"},
    };
    for (const auto& row : table) {
        const std::string got = run(row.text);
        EXPECT_NE(got.find(row.why), std::string::npos) << row.text << " → " << got;
    }
}

TEST(FunctionsTest, UncheckedMistakesFailWhenReached) {
    EXPECT_EQ(run("1 + 1u == 2 || true", false), "true");
    EXPECT_EQ(run("true || nothing", false), "true");
    EXPECT_NE(run("1 + 1u", false).find("no such overload"), std::string::npos);
    EXPECT_NE(run("1 ? 2 : 3", false).find("no such overload"), std::string::npos);
    EXPECT_NE(run("'x'.matches('(')", false).find("RE2"), std::string::npos);
    EXPECT_NE(run("[1, 2].all(x, 5)", false).find("no such overload"), std::string::npos);
}

}  // namespace
}  // namespace weir::cel::test
