#include "json/peek.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "json/conformance_test.h"
#include "json/structure.h"

namespace weir::json {
namespace {

std::string error_of(std::string_view body) {
    Peeker peeker;
    auto peek = peeker.peek(body);
    return peek ? "valid" : peek.error().to_string();
}

TEST(JsonPeekTest, FindsTopLevelMembers) {
    Peeker peeker;
    std::string_view body =
        " { \"model\" : \"gpt \\u0034\" ,\n\"n\":-1.50e3 ,\"messages\":[ {\"model\":\"x\"} ] ,"
        "\"stream\": true,\"stream_options\":{\"include_usage\":false },\"e\":\"\",\"z\":null } ";
    auto peek = peeker.peek(body);
    ASSERT_TRUE(peek) << peek.error().to_string();
    EXPECT_TRUE(peek->is_object());
    EXPECT_EQ(peek->raw(), body.substr(1, body.size() - 2));
    ASSERT_EQ(peek->members().size(), 7u);
    std::string buffer;
    EXPECT_EQ(peek->find("model")->text(buffer), "gpt 4");
    EXPECT_EQ(peek->find("model")->raw, "\"gpt \\u0034\"");
    EXPECT_EQ(peek->find("n")->raw, "-1.50e3");
    EXPECT_EQ(peek->find("n")->kind, Kind::number);
    EXPECT_EQ(peek->find("messages")->raw, "[ {\"model\":\"x\"} ]");
    EXPECT_TRUE(peek->find("stream")->is_true());
    EXPECT_EQ(peek->find("e")->raw, "\"\"");
    EXPECT_EQ(peek->find("z")->kind, Kind::null);
    EXPECT_EQ(peek->find("absent"), nullptr);
    auto include = find_member(peek->find("stream_options")->raw, "include_usage");
    ASSERT_TRUE(include);
    EXPECT_EQ(include->raw, "false");
    EXPECT_FALSE(find_member(peek->find("messages")->raw, "model"));
}

TEST(JsonPeekTest, NamesAreComparedUnescaped) {
    Peeker peeker;
    auto peek = peeker.peek(R"({"mod\u0065l":1,"model":2,"model\u0000":3})");
    ASSERT_TRUE(peek);
    EXPECT_EQ(peek->count("model"), 2u);
    EXPECT_EQ(peek->find("model")->raw, "1");
}

TEST(JsonPeekTest, RootsThatAreNoObjects) {
    Peeker peeker;
    for (auto [body, kind] : {std::pair{" [1] ", Kind::array},
                              {"\"a\"", Kind::string},
                              {"12", Kind::number},
                              {"null ", Kind::null},
                              {"true", Kind::boolean}}) {
        auto peek = peeker.peek(body);
        ASSERT_TRUE(peek) << body;
        EXPECT_EQ(peek->root(), kind);
        EXPECT_FALSE(peek->is_object());
    }
}

TEST(JsonPeekTest, ErrorsNameTheOffset) {
    EXPECT_EQ(error_of(""), "body.invalid_json: byte 0: expected a value");
    EXPECT_EQ(error_of(R"({"a":1}x)"),
              "body.invalid_json: byte 7: expected the end of the document");
    EXPECT_EQ(error_of(R"({"a":1"b"})"), "body.invalid_json: byte 6: expected ',' or '}'");
    EXPECT_EQ(error_of(R"({"a":tru"b"})"), "body.invalid_json: byte 5: expected a value");
    EXPECT_EQ(error_of("{\"a\":\"\\x\"}"),
              "body.invalid_json: byte 6: expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    EXPECT_EQ(error_of("{\"a\":\f1}"), "body.invalid_json: byte 5: expected a value");
    EXPECT_EQ(error_of("{\"a\":\"\xff\"}"), "body.invalid_json: byte 6: invalid UTF-8");
    EXPECT_EQ(error_of("{\\\"a\":1}"),
              "body.invalid_json: byte 1: expected a member name in quotes");
}

TEST(JsonPeekTest, NestingIsLimited) {
    auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(error_of(nested(Peeker::kMaxDepth)), "valid");
    EXPECT_EQ(error_of("{\"a\":" + nested(Peeker::kMaxDepth - 1) + "}"), "valid");
    EXPECT_NE(error_of(nested(Peeker::kMaxDepth + 1)), "valid");
    EXPECT_NE(error_of("{\"a\":" + nested(Peeker::kMaxDepth) + "}"), "valid");
}

TEST(JsonPeekTest, TooManyMembersAreRefused) {
    std::string body = "{\"a\":1";
    for (size_t i = 1; i < Peeker::kMaxMembers; ++i)
        body += ",\"b\":1";
    EXPECT_EQ(error_of(body + "}"), "valid");
    EXPECT_EQ(error_of(body + ",\"c\":1}"),
              "body.invalid: more than 4096 members at the top level");
}

TEST(JsonPeekTest, LargeBodiesAreJudgedToo) {
    std::string padding(Structure::kMaxDocument, 'x');
    Peeker peeker;
    std::string body = "{\"model\":\"m\",\"data\":\"" + padding + "\"}";
    auto peek = peeker.peek(body);
    ASSERT_TRUE(peek);
    EXPECT_EQ(peek->find("data")->raw.size(), padding.size() + 2);
    body.back() = ']';
    EXPECT_FALSE(peeker.peek(body));
}

TEST(JsonPeekTest, Conformance) {
    Peeker peeker;
    for (const auto& document : conformance_documents()) {
        auto peek = peeker.peek(document.text);
        if (document.name[0] == 'y') {
            EXPECT_TRUE(peek) << document.name;
        }
        if (document.name[0] == 'n') {
            ASSERT_FALSE(peek) << document.name;
            EXPECT_EQ(&peek.error().code(), &codes::body_invalid_json) << document.name;
            EXPECT_TRUE(peek.error().detail().starts_with("byte ")) << peek.error().detail();
        }
        EXPECT_EQ(peek.has_value(), parse(document.text).has_value()) << document.name;
    }
}

/// A copy of `text` that ends where readable memory ends.
class AtPageEnd {
public:
    explicit AtPageEnd(std::string_view text) {
        auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        size_ = (text.size() / page + 2) * page;
        base_ = static_cast<char*>(
            mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        char* guard = base_ + size_ - page;
        mprotect(guard, page, PROT_NONE);
        std::memcpy(guard - text.size(), text.data(), text.size());
        text_ = {guard - text.size(), text.size()};
    }
    AtPageEnd(const AtPageEnd&) = delete;
    AtPageEnd& operator=(const AtPageEnd&) = delete;
    ~AtPageEnd() { munmap(base_, size_); }
    std::string_view text() const { return text_; }

private:
    char* base_;
    size_t size_;
    std::string_view text_;
};

TEST(JsonPeekTest, NothingBehindTheBodyIsRead) {
    std::string body = R"({"model":"gpt-4o","content":"a\nb","n":12})";
    for (size_t fill = 0; fill < 130; ++fill) {
        std::string padded = body;
        padded.insert(padded.size() - 10, fill, 'x');
        for (size_t cut = 0; cut < 8; ++cut) {
            AtPageEnd guarded(std::string_view(padded).substr(0, padded.size() - cut));
            Peeker peeker;
            EXPECT_EQ(peeker.peek(guarded.text()).has_value(), cut == 0);
            for (std::string_view name : {"fallback", "westmere", "haswell", "icelake", "arm64"}) {
                Structure structure;
                if (structure.use_implementation(name)) structure.find(guarded.text());
            }
        }
    }
}

}  // namespace
}  // namespace weir::json
