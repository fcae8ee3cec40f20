#include "json/edit.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::json {
namespace {

std::string applied(std::string_view body, std::vector<Edit> edits) {
    auto out = edited(body, edits);
    return out ? *out : out.error().to_string();
}
Edit set(std::vector<std::string> path, std::string value) {
    return Edit::set(std::move(path), std::move(value));
}

TEST(JsonEditTest, EveryOtherByteStays) {
    std::string_view body =
        "{ \"a\" : 1.10 ,\t\"model\" :\"old\" , \"big\":123456789012345678901 }\n";
    EXPECT_EQ(applied(body, {set({"model"}, "\"new\"")}),
              "{ \"a\" : 1.10 ,\t\"model\" :\"new\" , \"big\":123456789012345678901 }\n");
    EXPECT_EQ(applied(body, {set({"z"}, "[1]")}),
              "{ \"a\" : 1.10 ,\t\"model\" :\"old\" , \"big\":123456789012345678901,\"z\":[1] }\n");
    EXPECT_EQ(applied(body, {set({"model"}, "\"old\"")}), body);
    EXPECT_EQ(applied(body, {}), body);
}

struct Case {
    const char* name;
    std::string body;
    std::vector<Edit> edits;
    std::string expected;
};

TEST(JsonEditTest, Table) {
    auto insert = [](std::vector<std::string> path, std::string value) {
        return Edit::insert(std::move(path), std::move(value));
    };
    auto remove = [](std::vector<std::string> path) { return Edit::remove(std::move(path)); };
    const std::vector<std::string> usage{"stream_options", "include_usage"};
    const Case cases[] = {
        {"into an empty object", "{ }", {set({"a"}, "1")}, "{\"a\":1 }"},
        {"nested, parent absent",
         R"({"a":1})",
         {set(usage, "true")},
         R"({"a":1,"stream_options":{"include_usage":true}})"},
        {"nested, parent there",
         R"({"stream_options":{"x": 1}})",
         {set(usage, "true")},
         R"({"stream_options":{"x": 1,"include_usage":true}})"},
        {"nested, parent empty",
         R"({"stream_options":{}})",
         {set(usage, "true")},
         R"({"stream_options":{"include_usage":true}})"},
        {"nested, member there",
         R"({"stream_options":{"include_usage":false,"x":1}})",
         {set(usage, "true")},
         R"({"stream_options":{"include_usage":true,"x":1}})"},
        {"nested, parent null",
         R"({"stream_options": null})",
         {set(usage, "true")},
         R"({"stream_options": {"include_usage":true}})"},
        {"two into one absent parent",
         "{}",
         {set({"a", "b"}, "1"), set({"a", "c"}, "2")},
         R"({"a":{"b":1,"c":2}})"},
        {"two into one parent",
         R"({"a":{"x":0}})",
         {set({"a", "b"}, "1"), remove({"a", "x"})},
         R"({"a":{"b":1}})"},
        {"insert where it is", R"({"a":1})", {insert({"a"}, "2")}, R"({"a":1})"},
        {"insert where it is not", R"({"b":1})", {insert({"a"}, "2")}, R"({"b":1,"a":2})"},
        {"remove first", R"({"a":1, "b":2,"c":3})", {remove({"a"})}, R"({"b":2,"c":3})"},
        {"remove middle", R"({"a":1, "b":2,"c":3})", {remove({"b"})}, R"({"a":1,"c":3})"},
        {"remove last", R"({"a":1, "b":2 ,"c":3 })", {remove({"c"})}, R"({"a":1, "b":2 })"},
        {"remove two last", R"({"a":1,"b":2,"c":3})", {remove({"c"}), remove({"b"})}, R"({"a":1})"},
        {"remove two first",
         R"({"a":1,"b":2,"c":3})",
         {remove({"a"}), remove({"b"})},
         R"({"c":3})"},
        {"remove ends", R"({"a":1,"b":2,"c":3})", {remove({"a"}), remove({"c"})}, R"({"b":2})"},
        {"remove all", R"({ "a":1 , "b":2 })", {remove({"a"}), remove({"b"})}, "{  }"},
        {"remove all, append",
         R"({ "a":1 , "b":2 })",
         {remove({"a"}), remove({"b"}), set({"c"}, "3"), set({"d"}, "4")},
         "{\"c\":3,\"d\":4  }"},
        {"remove last, append",
         R"({"a":1,"b":2})",
         {remove({"b"}), set({"c"}, "3")},
         R"({"a":1,"c":3})"},
        {"remove absent",
         R"({"a":1})",
         {remove({"x"}), remove({"a", "y"}), remove({"x", "y"})},
         R"({"a":1})"},
        {"remove nested", R"({"a":{"b":1,"c":2}})", {remove({"a", "b"})}, R"({"a":{"c":2}})"},
        {"duplicates, set", R"({"a":1,"b":2,"a":3})", {set({"a"}, "9")}, R"({"a":9,"b":2})"},
        {"duplicates, remove", R"({"a":1,"b":2,"a":3})", {remove({"a"})}, R"({"b":2})"},
        {"duplicates, insert",
         R"({"a":1,"b":2,"a":3})",
         {insert({"a"}, "9")},
         R"({"a":1,"b":2,"a":3})"},
        {"escaped names", R"({"\u0061":1})", {set({"a"}, "2")}, R"({"\u0061":2})"},
        {"names to escape", "{}", {set({"a\"b"}, "2")}, R"({"a\"b":2})"},
        {"last one wins", R"({"a":1})", {set({"a"}, "2"), set({"a"}, "3")}, R"({"a":3})"},
        {"set, then inside",
         R"({"a":1})",
         {set({"a"}, R"({"x":1})"), set({"a", "y"}, "2")},
         R"({"a":{"x":1,"y":2}})"},
        {"inside, then set", R"({"a":{}})", {set({"a", "y"}, "2"), set({"a"}, "5")}, R"({"a":5})"},
        {"remove, then inside",
         R"({"a":{"x":1}})",
         {remove({"a"}), set({"a", "y"}, "2")},
         R"({"a":{"y":2}})"},
        {"set, then remove", R"({"b":1})", {set({"a"}, "2"), remove({"a"})}, R"({"b":1})"},
        {"three levels",
         R"({"a":{"b":{"c":1}}})",
         {set({"a", "b", "d"}, "2"), set({"a", "e"}, "3")},
         R"({"a":{"b":{"c":1,"d":2},"e":3}})"},
        {"root is no object", "[1]", {set({"a"}, "2")}, "[1]"},
    };
    for (const Case& c : cases)
        EXPECT_EQ(applied(c.body, c.edits), c.expected) << c.name;
}

TEST(JsonEditTest, ValuesThatAreNoJsonBecomeStrings) {
    EXPECT_EQ(raw_or_string("1.50"), "1.50");
    EXPECT_EQ(raw_or_string("{\"a\":[1]}"), "{\"a\":[1]}");
    EXPECT_EQ(raw_or_string("\"text\""), "\"text\"");
    EXPECT_EQ(raw_or_string("flex"), "\"flex\"");
    EXPECT_EQ(raw_or_string("{a:1}"), "\"{a:1}\"");
    EXPECT_EQ(raw_or_string(""), "\"\"");
}

TEST(JsonEditTest, PiecesAndSizeAgree) {
    std::string body = R"({"model":"a","x":[1,2],"y":3})";
    std::vector<Edit> edits{set({"model"}, "\"b\""), Edit::remove({"x"}), set({"z", "q"}, "1")};
    Peeker peeker;
    Editor editor;
    for (int round = 0; round < 2; ++round) {  // storage is reused
        auto peek = peeker.peek(body);
        editor.plan(body, *peek, edits);
        std::string whole, joined;
        editor.append_to(whole);
        std::vector<std::string_view> pieces;
        editor.pieces(pieces);
        for (std::string_view piece : pieces)
            joined += piece;
        EXPECT_EQ(whole, R"({"model":"b","y":3,"z":{"q":1}})");
        EXPECT_EQ(joined, whole);
        EXPECT_EQ(editor.size(), whole.size());
    }
}

/// The meaning of one edit, on the document instead of its text.
void apply_to(Value& object, const Edit& edit, size_t depth) {
    const std::string& key = edit.path[depth];
    Value* old = object.find(key);
    if (depth + 1 < edit.path.size()) {
        if (!old || !old->is_object()) {
            if (edit.op == Edit::Op::remove) return;
            old = &object.set(key, Value::object());
        }
        return apply_to(*old, edit, depth + 1);
    }
    if (edit.op == Edit::Op::remove)
        object.erase(key);
    else if (edit.op == Edit::Op::set || !old)
        object.set(key, *parse(edit.value));
}

TEST(JsonEditTest, ListsMeanOneAfterTheOther) {
    std::mt19937 random(7);
    auto pick = [&](size_t n) { return random() % n; };
    const std::string keys[] = {"a", "b", "c"};
    const std::string values[] = {"1", "{}", R"({"a":2})", R"({"b":{"c":null}})", "\"s\""};
    const std::string bodies[] = {"{}", R"({"a":1,"b":{"a":1,"b":2},"c":3})", R"({"b":{"b":{}}})",
                                  R"( {"c":{"a":{"a":0},"c":[]} , "a":{ } } )"};
    for (int round = 0; round < 20000; ++round) {
        std::vector<Edit> edits(1 + pick(4));
        for (Edit& edit : edits) {
            edit.op = static_cast<Edit::Op>(pick(3));
            edit.path.resize(1 + pick(3));
            for (std::string& key : edit.path)
                key = keys[pick(3)];
            edit.value = values[pick(5)];
        }
        const std::string& body = bodies[pick(4)];
        Value expected = *parse(body);
        for (const Edit& edit : edits)
            apply_to(expected, edit, 0);
        auto out = edited(body, edits);
        ASSERT_TRUE(out);
        auto result = parse(*out);
        ASSERT_TRUE(result) << *out;
        ASSERT_EQ(*result, expected) << body << " became " << *out;
    }
}

}  // namespace
}  // namespace weir::json
