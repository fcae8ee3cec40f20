#include "json/value.h"

#include <gtest/gtest.h>

#include "json/conformance_test.h"

namespace weir::json {
namespace {

std::string error_of(std::string_view text, ParseLimits limits = {}) {
    auto parsed = parse(text, limits);
    return parsed ? "parsed" : parsed.error().to_string();
}

TEST(JsonValueTest, KeepsOrderDuplicatesAndDigits) {
    for (std::string_view text :
         {R"({"b":1.10,"a":123456789012345678901234567890,"b":[1e3,-0,0.1E-7]})", R"([])", R"({})",
          R"("a\"\\\n\u0001é/")", "1e99999999999999999999", "null", "[[[[true]]],false]"}) {
        auto parsed = parse(text);
        ASSERT_TRUE(parsed) << parsed.error().to_string();
        EXPECT_EQ(serialize(*parsed), text);
    }
}

TEST(JsonValueTest, Unescapes) {
    auto parsed = parse(R"("\u0041\ud83d\ude00\/\b\f\n\r\t\u00e9\u20ac\u0000")");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->text(), std::string_view("A😀/\b\f\n\r\té€\0", 17));
}

TEST(JsonValueTest, ErrorsNameTheOffsetAndNeverTheText) {
    EXPECT_EQ(error_of(R"({"a":1,})"),
              "body.invalid_json: byte 7: expected a member name in quotes");
    EXPECT_EQ(error_of(R"({"a" 1})"), "body.invalid_json: byte 5: expected ':'");
    EXPECT_EQ(error_of("[1 2]"), "body.invalid_json: byte 3: expected ',' or ']'");
    EXPECT_EQ(error_of(""), "body.invalid_json: byte 0: expected a value");
    EXPECT_EQ(error_of("1 x"), "body.invalid_json: byte 2: expected the end of the document");
    EXPECT_EQ(error_of("\"secret"), "body.invalid_json: byte 7: expected the end of a string");
    EXPECT_EQ(error_of("\"a\xff\""), "body.invalid_json: byte 2: invalid UTF-8");
    EXPECT_EQ(error_of(R"("\ud800x")"),
              "body.invalid_json: byte 1: expected a low surrogate after a high one");
    EXPECT_EQ(error_of("[[[]]]", {.depth = 2}), "body.invalid_json: byte 2: expected less nesting");
    EXPECT_EQ(error_of("[[],[]]", {.depth = 2}), "parsed");
}

TEST(JsonValueTest, IntegersAreExact) {
    auto as_int = [](std::string literal) { return Value::number(std::move(literal)).as_int(); };
    EXPECT_EQ(as_int("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(as_int("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(as_int("9223372036854775808"), std::nullopt);
    EXPECT_EQ(as_int("1.0"), 1);
    EXPECT_EQ(as_int("1e3"), 1000);
    EXPECT_EQ(as_int("12.5e1"), 125);
    EXPECT_EQ(as_int("1.5"), std::nullopt);
    EXPECT_EQ(as_int("-0"), 0);
    EXPECT_EQ(as_int("0e99999999999999999999"), 0);
    EXPECT_EQ(as_int("1e99999999999999999999"), std::nullopt);
    EXPECT_EQ(as_int("1e-99999999999999999999"), std::nullopt);
    EXPECT_EQ(Value::string("1").as_int(), std::nullopt);
}

TEST(JsonValueTest, Doubles) {
    auto as_double = [](std::string text) { return Value::number(std::move(text)).as_double(); };
    EXPECT_EQ(as_double("1.10"), 1.1);
    EXPECT_EQ(as_double("1e400"), std::nullopt);
    EXPECT_EQ(as_double("1e-400"), 0.0);
    EXPECT_EQ(as_double("123123123123123123123123"), 123123123123123123123123.0);
    EXPECT_EQ(serialize(Value::real(0.1)), "0.1");
    EXPECT_EQ(serialize(Value::real(1.0 / 0.0)), "null");
    EXPECT_EQ(serialize(Value::integer(-5)), "-5");
}

TEST(JsonValueTest, EqualityIsByValue) {
    auto same = [](std::string_view a, std::string_view b) { return *parse(a) == *parse(b); };
    EXPECT_TRUE(same(R"({"a":1,"b":2.50})", R"({"b":25e-1,"a":1.0})"));
    EXPECT_TRUE(same("[0,-0.0]", "[0.0,0]"));
    EXPECT_FALSE(same("9007199254740992", "9007199254740993"));
    EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"a":1})"));
    EXPECT_FALSE(same(R"({"a":1,"a":2})", R"({"a":2,"a":1})"));
    EXPECT_FALSE(same("[1,2]", "[2,1]"));
    EXPECT_FALSE(same("null", "false"));
}

TEST(JsonValueTest, Editing) {
    Value v;
    v.set("model", Value::string("a"));
    v.set("n", Value::integer(1));
    v.set("model", Value::string("b"));
    v.set("list", Value()).push_back(Value::boolean(true));
    EXPECT_EQ(serialize(v), R"({"model":"b","n":1,"list":[true]})");
    EXPECT_EQ(v.string_at("model"), "b");
    EXPECT_EQ(v.string_at("n"), "");
    EXPECT_EQ(v.find("absent"), nullptr);
    EXPECT_TRUE(v.erase("n"));
    EXPECT_FALSE(v.erase("n"));
}

TEST(JsonValueTest, OutputIsAlwaysValidUtf8) {
    std::string out;
    append_string(out, "a\xff\xc3\xa9\xe2\x82");
    EXPECT_EQ(out, "\"a\uFFFDé\uFFFD\uFFFD\"");
    EXPECT_TRUE(parse(out));
}

TEST(JsonValueTest, Conformance) {
    for (const auto& document : conformance_documents()) {
        auto parsed = parse(document.text);
        if (document.name[0] == 'y') {
            EXPECT_TRUE(parsed) << document.name << ": " << error_of(document.text);
            if (parsed) {
                EXPECT_EQ(*parse(serialize(*parsed)), *parsed) << document.name;
            }
        } else if (document.name[0] == 'n') {
            ASSERT_FALSE(parsed) << document.name;
            EXPECT_EQ(&parsed.error().code(), &codes::body_invalid_json) << document.name;
        }
    }
}

}  // namespace
}  // namespace weir::json
