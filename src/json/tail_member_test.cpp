#include "json/tail_member.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "json/value.h"

namespace weir::json {
namespace {

struct Case {
    const char* name;
    std::string document;
    const char* expected;  // null: not found
};

TEST(TailMemberTest, FindsOnlyTheRootsMember) {
    const Case cases[] = {
        {"last", R"({"a":1,"usage":{"x":2}})", R"({"x":2})"},
        {"spaces", "{ \"usage\" : 7 , \"b\" : [ ] }\n", "7"},
        {"followed by members", R"({"usage":{"x":2},"b":"}","c":[{}]})", R"({"x":2})"},
        {"nested", R"({"a":{"usage":{"x":2}}})", nullptr},
        {"nested behind the root's", R"({"usage":1,"a":{"usage":2}})", "1"},
        {"the last of two", R"({"usage":1,"usage":2})", "2"},
        {"in a text", R"({"a":"\"usage\":{\"x\":3}"})", nullptr},
        {"a text that is a name", R"({"a":["usage"],"b":"usage"})", nullptr},
        {"in an array", R"([{"usage":1}])", nullptr},
        {"cut", R"({"usage":{"x":2})", nullptr},
        {"empty", "", nullptr},
    };
    for (const Case& c : cases) {
        auto found = tail_member(c.document, "\"usage\"");
        EXPECT_EQ(found.has_value(), c.expected != nullptr) << c.name;
        if (found && c.expected) {
            EXPECT_EQ(*found, c.expected) << c.name;
        }
    }
}

TEST(TailMemberTest, LooksNoFurtherThanItsWindow) {
    std::string document = R"({"usage":1,"text":")" + std::string(500, 'x') + "\"}";
    EXPECT_EQ(tail_member(document, "\"usage\"", 100), std::nullopt);
    EXPECT_EQ(tail_member(document, "\"usage\"", 1000), "1");
}

/// A random value whose names and texts are often "usage".
Value random_value(std::mt19937& random, int depth) {
    switch (depth == 0 ? random() % 3 : random() % 5) {
        case 0:
            return Value::integer(random() % 100);
        case 1:
            return Value::string(random() % 2 ? "\"usage\":1" : "usage\\");
        case 2:
            return Value();
        case 3: {
            Value array = Value::array();
            for (unsigned i = random() % 3; i > 0; --i)
                array.push_back(random_value(random, depth - 1));
            return array;
        }
        default: {
            Value object = Value::object();
            for (unsigned i = random() % 4; i > 0; --i)
                object.members().push_back(
                    {random() % 2 ? "usage" : "other", random_value(random, depth - 1)});
            return object;
        }
    }
}

TEST(TailMemberTest, AgreesWithTheDocument) {
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        Value document = random_value(random, 4);
        std::string text = serialize(document);
        const Value* expected = nullptr;
        for (const Member& member : document.members())
            if (member.key == "usage") expected = &member.value;
        auto found = tail_member(text, "\"usage\"", text.size());
        ASSERT_EQ(found.has_value(), expected != nullptr) << text;
        if (found) {
            ASSERT_EQ(*found, serialize(*expected)) << text;
        }
    }
}

}  // namespace
}  // namespace weir::json
