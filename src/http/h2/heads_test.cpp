#include "http/h2/heads.h"

#include <gtest/gtest.h>

namespace weir::http::h2 {
namespace {

constexpr std::size_t kLimit = 4096;

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Fields with(Fields fields, const Fields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}
const Fields kPost = {{":method", "POST"},
                      {":scheme", "https"},
                      {":path", "/v1/x?q=1"},
                      {":authority", "api.test:1"}};

struct Made {
    HeadCollector collector;
    RequestHead head;
    Result<void> outcome;
};
std::unique_ptr<Made> make(const Fields& fields, bool end = false) {
    auto out = std::make_unique<Made>();
    for (auto [name, value] : fields)
        out->collector.add(name, value, kLimit);
    out->outcome = make_request_head(out->collector, end, out->head);
    return out;
}

TEST(HeadsTest, ARequestHeadIsAsOneOfHttp1) {
    auto made = make(with(
        kPost, {{"content-length", "12"}, {"cookie", "a=1"}, {"x-a", "b"}, {"cookie", "c=2"}}));
    ASSERT_TRUE(made->outcome) << made->outcome.error().to_string();
    const RequestHead& head = made->head;
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/v1/x?q=1");
    EXPECT_EQ(head.path, "/v1/x");
    EXPECT_EQ(head.query, "q=1");
    EXPECT_EQ(head.authority, "api.test:1");
    EXPECT_EQ(head.headers.value("Host"), "api.test:1");
    EXPECT_EQ(head.headers.value("cookie"), "a=1; c=2");
    EXPECT_EQ(head.headers.value("x-a"), "b");
    EXPECT_EQ(head.framing.kind, Framing::Kind::length);
    EXPECT_EQ(head.framing.length, 12u);
    for (const auto& field : head.headers)
        EXPECT_FALSE(field.name.starts_with(':'))
            << "no pseudo-header field is left to be forwarded";
    EXPECT_EQ(make(kPost)->head.framing.kind, Framing::Kind::chunked) << "a body of any length";
    EXPECT_EQ(make(kPost, true)->head.framing.kind, Framing::Kind::none);
}

TEST(HeadsTest, WhatIsAmbiguousOrUnsaidInHttp1IsRefused) {
    auto replaced = [](std::string_view name, std::string_view value) {
        Fields out = kPost;
        for (auto& field : out)
            if (field.first == name) field.second = value;
        return out;
    };
    struct Case {
        const char* name;
        Fields fields;
        int status;
    };
    const Case cases[] = {
        {"other host", with(kPost, {{"host", "other.test"}}), 400},
        {"two hosts", with(kPost, {{"host", "api.test:1"}, {"host", "api.test:1"}}), 400},
        {"no authority", {kPost[0], kPost[1], kPost[2]}, 400},
        {"user in authority", replaced(":authority", "user@api.test"), 400},
        {"space in authority", replaced(":authority", "a b"), 400},
        {"space in path", replaced(":path", "/a b"), 400},
        {"line end in path", replaced(":path", "/a\r\nx: y"), 400},
        {"no slash", replaced(":path", "v1/x"), 400},
        {"absolute path", replaced(":path", "http://other.test/"), 400},
        {"fragment", replaced(":path", "/a#b"), 400},
        {"not ASCII", replaced(":path", "/\xc3\xa4"), 400},
        {"asterisk", replaced(":path", "*"), 400},
        {"method", replaced(":method", "PO ST"), 400},
        {"CONNECT", replaced(":method", "CONNECT"), 501},
        {"scheme", replaced(":scheme", "ftp"), 400},
        {"length", with(kPost, {{"content-length", "+1"}}), 400},
        {"two lengths", with(kPost, {{"content-length", "1"}, {"content-length", "1"}}), 400},
        {"expectation", with(kPost, {{"expect", "tea"}}), 417},
    };
    for (const auto& c : cases) {
        auto made = make(c.fields);
        ASSERT_FALSE(made->outcome) << c.name;
        EXPECT_EQ(made->outcome.error().status(), c.status) << c.name;
    }
}

TEST(HeadsTest, SizeIsBounded) {
    HeadCollector collector;
    std::string large(1000, 'x');
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(collector.add("a", large, kLimit), HeadCollector::Fit::yes);
    for (int i = 0; i < 12; ++i)
        EXPECT_EQ(collector.add("a", large, kLimit), HeadCollector::Fit::too_large);
    EXPECT_EQ(collector.add("a", large, kLimit), HeadCollector::Fit::absurd);
    RequestHead head;
    EXPECT_EQ(make_request_head(collector, true, head).error().status(), 431);
    collector.clear();
    for (int i = 0; i < 128; ++i)
        EXPECT_EQ(collector.add("a", "b", 1 << 20), HeadCollector::Fit::yes);
    EXPECT_EQ(collector.add("a", "b", 1 << 20), HeadCollector::Fit::too_large) << "too many";
}

std::string text_of(const std::vector<nghttp2_nv>& fields) {
    std::string out;
    for (const auto& f : fields)
        out.append(reinterpret_cast<char*>(f.name), f.namelen)
            .append("=")
            .append(reinterpret_cast<char*>(f.value), f.valuelen)
            .append(";");
    return out;
}

TEST(HeadsTest, LinesBecomeFieldsWithoutWhatConcernsOneConnection) {
    std::string lines =
        "Content-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        "Keep-Alive: 1\r\nUpgrade: x\r\nProxy-Connection: x\r\nTE: gzip\r\nX-A:  b \r\n";
    std::vector<nghttp2_nv> fields;
    ASSERT_TRUE(to_fields(lines, fields));
    EXPECT_EQ(text_of(fields), "content-type=text/plain;x-a=b;");
    for (std::string bad : {"no colon\r\n", ": empty\r\n", "a b: c\r\n", "a: b"}) {
        fields.clear();
        EXPECT_FALSE(to_fields(bad, fields)) << bad;
    }
}

TEST(HeadsTest, ARequestHeadOfHttp1BecomesFields) {
    std::string head =
        "POST /v1/x?y HTTP/1.1\r\nHost: api.test\r\nContent-Length: 3\r\nX-A: b\r\n\r\n";
    std::vector<nghttp2_nv> fields;
    ASSERT_TRUE(to_request_fields(head, "https", fields));
    EXPECT_EQ(
        text_of(fields),
        ":method=POST;:scheme=https;:path=/v1/x?y;:authority=api.test;content-length=3;x-a=b;");
    std::string without = "GET / HTTP/1.1\r\n\r\n";
    fields.clear();
    EXPECT_FALSE(to_request_fields(without, "https", fields)) << "no host";
}

TEST(HeadsTest, AResponseHeadIsAsOneOfHttp1) {
    auto make_response = [](const Fields& fields, std::string_view method, bool end,
                            ResponseHead& head) {
        static HeadCollector collector;
        collector.clear();
        for (auto [name, value] : fields)
            collector.add(name, value, kLimit);
        return make_response_head(collector, end, method, head);
    };
    ResponseHead head;
    ASSERT_TRUE(make_response({{":status", "200"}, {"x-a", "b"}}, "POST", false, head));
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.headers.value("x-a"), "b");
    EXPECT_EQ(head.framing.kind, Framing::Kind::chunked);
    ASSERT_TRUE(make_response({{":status", "200"}, {"content-length", "5"}}, "POST", false, head));
    EXPECT_EQ(head.framing.length, 5u);
    ASSERT_TRUE(make_response({{":status", "200"}, {"content-length", "5"}}, "HEAD", true, head));
    EXPECT_EQ(head.framing.kind, Framing::Kind::none);
    ASSERT_TRUE(make_response({{":status", "404"}}, "GET", true, head));
    EXPECT_EQ(head.framing.kind, Framing::Kind::length);
    for (std::string_view bad : {"", "20", "2000", "2x0", "099"})
        EXPECT_FALSE(make_response({{":status", bad}}, "GET", true, head)) << bad;
}

}  // namespace
}  // namespace weir::http::h2
