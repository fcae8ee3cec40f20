#include "http/h1/head_parser.h"

#include <gmock/gmock.h>

namespace weir::http::h1 {
namespace {

using namespace std::string_literals;

/// One line that says all a head means: "POST /p?q host=a v1 keep len=5".
std::string describe(const RequestHead& head) {
    std::string out = std::string(head.method) + " " + std::string(head.path);
    if (head.query.data()) out += "?" + std::string(head.query);
    out += " host=" + std::string(head.authority) + " v" + std::to_string(head.minor);
    out += head.keep_alive ? " keep" : " close";
    if (head.framing.kind == Framing::Kind::length)
        out += " len=" + std::to_string(head.framing.length);
    if (head.framing.kind == Framing::Kind::chunked) out += " chunked";
    if (head.expect_continue) out += " expect";
    return out;
}

struct Row {
    const char* name;
    std::string head;
    std::string expected;  // describe(), or the code's name
};

std::string get(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields) {
    return get(fields, "POST / HTTP/1.1");
}

const std::string kPlain = "GET / host=a v1 keep";
const std::string kBad = "http.bad_request";
const std::string kNot = "http.not_implemented";

std::vector<Row> rows() {
    return {
        {"plain", get(""), kPlain},
        {"query", get("", "GET /p/q?x=1&y=/?z HTTP/1.1"), "GET /p/q?x=1&y=/?z host=a v1 keep"},
        {"empty query", get("", "GET /p? HTTP/1.1"), "GET /p? host=a v1 keep"},
        {"percent", get("", "GET /%41%zz HTTP/1.1"), "GET /%41%zz host=a v1 keep"},
        {"asterisk", get("", "OPTIONS * HTTP/1.1"), "OPTIONS * host=a v1 keep"},
        {"absolute", get("", "GET http://a/p?q HTTP/1.1"), "GET /p?q host=a v1 keep"},
        {"absolute https without path", get("", "GET HTTPS://A HTTP/1.1"), "GET / host=A v1 keep"},
        {"absolute with query only", get("", "GET http://a?q HTTP/1.1"), "GET /?q host=a v1 keep"},
        {"absolute of another host", get("", "GET http://b/ HTTP/1.1"), kBad},
        {"absolute with userinfo", get("", "GET http://u@a/ HTTP/1.1"), kBad},
        {"absolute without host", get("", "GET http:///p HTTP/1.1"), kBad},
        {"absolute of another scheme", get("", "GET ftp://a/ HTTP/1.1"), kBad},
        {"authority form", get("", "GET a:80 HTTP/1.1"), kBad},
        {"relative", get("", "GET p HTTP/1.1"), kBad},
        {"fragment", get("", "GET /p#f HTTP/1.1"), kBad},
        {"connect", get("", "CONNECT a:80 HTTP/1.1"), kNot},
        {"own method", get("", "BREW /p HTTP/1.1"), "BREW /p host=a v1 keep"},
        {"method in small letters", get("", "get / HTTP/1.1"), "get / host=a v1 keep"},
        {"no method", get("", " / HTTP/1.1"), kBad},
        {"method with a slash", get("", "GE/T / HTTP/1.1"), kBad},
        {"two spaces", get("", "GET  / HTTP/1.1"), kBad},
        {"tab in the line", get("", "GET\t/ HTTP/1.1"), kBad},
        {"space at the line's end", get("", "GET / HTTP/1.1 "), kBad},
        {"space in the target", get("", "GET /a b HTTP/1.1"), kBad},
        {"control in the target", get("", "GET /\x01 HTTP/1.1"), kBad},
        {"delete in the target", get("", "GET /\x7f HTTP/1.1"), kBad},
        {"UTF-8 in the target", get("", "GET /\xc3\xa4 HTTP/1.1"), kBad},
        {"a high byte in the query", get("", "GET /?q=\x80 HTTP/1.1"), kBad},
        {"no target", get("", "GET HTTP/1.1"), kBad},
        {"no version", get("", "GET /"), kBad},
        {"HTTP/0.9", get("", "GET / HTTP/0.9"), "http.version"},
        {"HTTP/2.0", get("", "GET / HTTP/2.0"), "http.version"},
        {"HTTP/1.2", get("", "GET / HTTP/1.2"), "http.version"},
        {"HTTP/1.10", get("", "GET / HTTP/1.10"), kBad},
        {"http in small letters", get("", "GET / http/1.1"), kBad},
        {"HTTP/1.0", get("", "GET / HTTP/1.0"), "GET / host=a v0 close"},
        {"HTTP/1.0 keep-alive", get("Connection: Keep-Alive\r\n", "GET / HTTP/1.0"),
         "GET / host=a v0 keep"},
        {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET / host= v0 close"},
        {"close", get("Connection: x, CLOSE\r\n"), "GET / host=a v1 close"},
        {"close and keep-alive", get("Connection: keep-alive\r\nConnection: close\r\n"),
         "GET / host=a v1 close"},
        {"Connection beyond tokens", get("Connection: \xe3lose\r\n"), kBad},
        {"Connection with a quoted string", get("Connection: \"close\"\r\n"), kBad},
        {"Connection with empty places", get("Connection: , x,, \r\n"), kPlain},
        {"Proxy-Connection beyond tokens", get("Proxy-Connection: a b\r\n"), kBad},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", kBad},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / host= v1 keep"},
        {"two Hosts", get("Host: a\r\n"), kBad},
        {"two Hosts in HTTP/1.0", get("Host: a\r\n", "GET / HTTP/1.0"), kBad},
        {"Host with port", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
         "GET / host=[::1]:80 v1 keep"},
        {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", kBad},
        {"Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", kBad},
        {"Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", kBad},
        {"Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET / host=a: v1 keep"},
        {"Host whose port is no number", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", kBad},
        {"Host with two ports", "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", kBad},
        {"Host of a port alone", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", kBad},
        {"Host beyond ASCII", "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", kBad},
        {"Host in open brackets", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", kBad},
        {"Host in brackets, port without colon", "GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n", kBad},
        {"name in brackets", "GET / HTTP/1.1\r\nHost: [xy]:80\r\n\r\n", kBad},
        {"absolute whose port is no number", get("", "GET http://a:8x/ HTTP/1.1"), kBad},
        {"length", post("Content-Length: 5\r\n"), "POST / host=a v1 keep len=5"},
        {"length zero", post("Content-Length: 0\r\n"), "POST / host=a v1 keep len=0"},
        {"length with spaces", post("Content-Length: \t 5 \t\r\n"), "POST / host=a v1 keep len=5"},
        {"length with leading zeros", post("Content-Length: 005\r\n"),
         "POST / host=a v1 keep len=5"},
        {"length of a GET", get("content-length: 5\r\n"), "GET / host=a v1 keep len=5"},
        {"length with sign", post("Content-Length: +5\r\n"), kBad},
        {"length negative", post("Content-Length: -5\r\n"), kBad},
        {"length hexadecimal", post("Content-Length: 0x5\r\n"), kBad},
        {"length with a space inside", post("Content-Length: 5 5\r\n"), kBad},
        {"length empty", post("Content-Length:\r\n"), kBad},
        {"length twice the same", post("Content-Length: 5\r\nContent-Length: 5\r\n"), kBad},
        {"length twice different", post("Content-Length: 5\r\nContent-Length: 6\r\n"), kBad},
        {"length list", post("Content-Length: 5, 5\r\n"), kBad},
        {"length too large", post("Content-Length: 99999999999999999999\r\n"), kBad},
        {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"), kBad},
        {"chunked", post("Transfer-Encoding: chunked\r\n"), "POST / host=a v1 keep chunked"},
        {"chunked in capitals", post("transfer-encoding: CHUNKED\r\n"),
         "POST / host=a v1 keep chunked"},
        {"chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), kBad},
        {"length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), kBad},
        {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         kBad},
        {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n"), kNot},
        {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), kNot},
        {"identity", post("Transfer-Encoding: identity\r\n"), kNot},
        {"xchunked", post("Transfer-Encoding: xchunked\r\n"), kNot},
        {"chunked with a vertical tab", post("Transfer-Encoding: \vchunked\r\n"), kBad},
        {"empty transfer encoding", post("Transfer-Encoding:\r\n"), kNot},
        {"chunked in HTTP/1.0", get("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), kBad},
        {"space before the colon", post("Content-Length : 5\r\n"), kBad},
        {"space before the name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", kBad},
        {"folded field", get("x: a\r\n b\r\n"), kBad},
        {"field without colon", get("x\r\n"), kBad},
        {"field without name", get(": x\r\n"), kBad},
        {"field name with a parenthesis", get("x(: x\r\n"), kBad},
        {"field name beyond ASCII", get("x\xc3\xa9: x\r\n"), kBad},
        {"field value beyond ASCII", get("x: \xc3\xa9\r\n"), kPlain},
        {"control in a value", get("x: a\x01z\r\n"), kBad},
        {"NUL in a value", get("x: a\0z\r\n"s), kBad},
        {"delete in a value", get("x: a\x7fz\r\n"), kBad},
        {"empty value", get("x:\r\n"), kPlain},
        {"bare LF after the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", kBad},
        {"bare LF in the fields", get("x: y\nz: t\r\n"), kBad},
        {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", kBad},
        {"bare CR in a value", get("x: a\rb\r\n"), kBad},
        {"CR CR LF", get("x: a\r\r\n"), kBad},
        {"expect", post("Expect: 100-Continue\r\nContent-Length: 5\r\n"),
         "POST / host=a v1 keep len=5 expect"},
        {"expect without a body", post("Expect: 100-continue\r\n"), "POST / host=a v1 keep"},
        {"expect in HTTP/1.0",
         get("Expect: 100-continue\r\nContent-Length: 5\r\n", "POST / HTTP/1.0"),
         "POST / host=a v0 close len=5"},
        {"expect something else", post("Expect: 200-ok\r\n"), "http.expectation"},
        {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", "http.version"},
        {"TLS client hello", "\x16\x03\x01\x02\r\n\r\n", kBad},
    };
}

TEST(RequestHeadTest, Table) {
    for (const Row& row : rows()) {
        RequestHead head;
        auto parsed = parse_request_head(row.head, head);
        std::string got = parsed ? describe(head) : std::string(parsed.error().code().name);
        EXPECT_EQ(got, row.expected) << row.name << (parsed ? "" : ": " + parsed.error().detail());
    }
    EXPECT_GE(rows().size(), 60u);
}

TEST(RequestHeadTest, AcceptedHeadsEndWhereTheyAreFoundToEnd) {
    for (const Row& row : rows()) {
        RequestHead head;
        if (!parse_request_head(row.head, head)) continue;
        std::size_t from = 0;
        EXPECT_EQ(find_head_end(row.head + "GET / HTTP/1.1\r\n\r\n", from), row.head.size())
            << row.name;
    }
}

TEST(RequestHeadTest, FieldsKeepOrderCaseAndTrimmedValues) {
    RequestHead head;
    std::string text = get("X-B: \t 1 2 \t\r\nx-a:3\r\nX-b: 4\r\n");
    ASSERT_TRUE(parse_request_head(text, head));
    std::string all;
    for (const auto& field : head.headers)
        all += std::string(field.name) + "=" + std::string(field.value) + ";";
    EXPECT_EQ(all, "Host=a;X-B=1 2;x-a=3;X-b=4;");
    EXPECT_EQ(head.headers.value("x-b"), "1 2");
    EXPECT_EQ(head.headers.find("x-c"), nullptr);
}

TEST(RequestHeadTest, NothingIsLeftOfAnEarlierHead) {
    RequestHead head;
    std::string first = post("Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n");
    std::string second = get("", "GET /p HTTP/1.1");
    ASSERT_TRUE(parse_request_head(first, head));
    ASSERT_TRUE(parse_request_head(second, head));
    EXPECT_EQ(describe(head), "GET /p host=a v1 keep");
    EXPECT_EQ(head.headers.size(), 1u);
}

TEST(RequestHeadTest, TooManyFields) {
    std::string fields;
    for (std::size_t i = 0; i + 1 < kMaxHeaderFields; ++i)
        fields += "x: y\r\n";
    RequestHead head;
    EXPECT_TRUE(parse_request_head(get(fields), head));
    auto parsed = parse_request_head(get(fields + "x: y\r\n"), head);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(&parsed.error().code(), &codes::http_head_too_large);
}

TEST(RequestHeadTest, NoPrefixOfAHeadIsAccepted) {
    std::string whole = post("Content-Length: 5\r\nx: y\r\n");
    for (std::size_t n = 0; n < whole.size(); ++n) {
        RequestHead head;
        EXPECT_FALSE(parse_request_head(std::string_view(whole).substr(0, n), head)) << n;
    }
}

TEST(HeadEndTest, FoundWhereverTheBytesAreSplit) {
    for (std::string head : {"GET / HTTP/1.1\r\nHost: a\r\nx: y\r\n\r\n",
                             "GET / HTTP/1.1\nHost: a\n\n", "a\r\n\n", "a\n\r\n", "a\r\n\r\n"}) {
        std::string bytes = head + "GET /next HTTP/1.1\r\n\r\n";
        for (std::size_t a = 0; a <= bytes.size(); ++a)
            for (std::size_t b = a; b <= bytes.size(); ++b) {
                std::size_t from = 0;
                std::size_t end = find_head_end(std::string_view(bytes).substr(0, a), from);
                if (end == std::string_view::npos)
                    end = find_head_end(std::string_view(bytes).substr(0, b), from);
                if (end == std::string_view::npos) end = find_head_end(bytes, from);
                ASSERT_EQ(end, head.size()) << a << " " << b;
            }
        std::size_t from = 0;
        for (std::size_t n = 0; n < head.size(); ++n)  // byte by byte
            ASSERT_EQ(find_head_end(std::string_view(bytes).substr(0, n), from),
                      std::string_view::npos)
                << n;
        EXPECT_EQ(find_head_end(head, from), head.size());
    }
}

std::string describe(const ResponseHead& head) {
    std::string out = std::to_string(head.status) + " " + std::string(head.reason) +
                      (head.keep_alive ? " keep" : " close");
    if (head.framing.kind == Framing::Kind::length)
        out += " len=" + std::to_string(head.framing.length);
    if (head.framing.kind == Framing::Kind::chunked) out += " chunked";
    if (head.framing.kind == Framing::Kind::until_close) out += " until-close";
    return out;
}

TEST(ResponseHeadTest, Table) {
    const std::string bad = "upstream.protocol";
    struct ResponseRow {
        const char* name;
        std::string head;
        std::string expected;
        const char* method = "POST";
    };
    for (const ResponseRow& row : std::vector<ResponseRow>{
             {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK keep len=5"},
             {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
              "200 OK keep chunked"},
             {"until close", "HTTP/1.1 200 OK\r\n\r\n", "200 OK close until-close"},
             {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200  keep len=0"},
             {"odd reason", "HTTP/1.1 429 Slow \xe2\x80\xa6 down!\r\nContent-Length: 0\r\n\r\n",
              "429 Slow \xe2\x80\xa6 down! keep len=0"},
             {"own status", "HTTP/1.1 529 Overloaded\r\nContent-Length: 0\r\n\r\n",
              "529 Overloaded keep len=0"},
             {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
              "200 OK close len=5"},
             {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK close len=5"},
             {"HTTP/1.0 keep-alive",
              "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
              "200 OK keep len=5"},
             {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 OK keep", "HEAD"},
             {"204", "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content keep"},
             {"304 with length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
              "304 Not Modified keep"},
             {"100", "HTTP/1.1 100 Continue\r\n\r\n", "100 Continue keep"},
             {"chunked and length",
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", bad},
             {"chunked and length where no body follows",
              "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
              bad},
             {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
              bad},
             {"bad length", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", bad},
             {"gzip transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", bad},
             {"four digits", "HTTP/1.1 2000 OK\r\n\r\n", bad},
             {"two digits", "HTTP/1.1 20 OK\r\n\r\n", bad},
             {"status 0", "HTTP/1.1 000 OK\r\n\r\n", bad},
             {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", bad},
             {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", bad},
             {"ICY", "ICY 200 OK\r\n\r\n", bad},
             {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\n", bad},
             {"folded", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n", bad},
             {"garbage", "hello\r\n\r\n", bad},
             {"request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
         }) {
        ResponseHead head;
        auto parsed = parse_response_head(row.head, row.method, head);
        EXPECT_EQ(parsed ? describe(head) : std::string(parsed.error().code().name), row.expected)
            << row.name;
    }
}

// A value is read eight bytes at a time: whatever is forbidden is found at every place.
TEST(RequestHeadTest, ForbiddenBytesAreFoundAtEveryPlaceOfAValue) {
    for (std::size_t length = 1; length <= 20; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string value(length, 'v');
                value[at] = static_cast<char>(byte);
                bool fits = byte == '\t' || (byte >= ' ' && byte != 0x7f);
                RequestHead head;
                auto parsed = parse_request_head(get("x: " + value + "\r\n"), head);
                ASSERT_EQ(parsed.has_value(), fits) << length << " " << at << " " << byte;
            }
        }
    }
}

TEST(ResponseHeadTest, ValuesLoseTheSpaceAroundThemOnly) {
    for (const auto& [written, value] : std::vector<std::pair<std::string, std::string>>{
             {"", ""},
             {" \t ", ""},
             {"\t a\tb  c \t", "a\tb  c"},
             {"long enough for two words", "long enough for two words"},
             {"caf\xc3\xa9 \x80\xff", "caf\xc3\xa9 \x80\xff"}}) {
        std::string text = "HTTP/1.1 200 OK\r\nx:" + written + "\r\n\r\n";
        ResponseHead head;
        ASSERT_TRUE(parse_response_head(text, "GET", head)) << text;
        EXPECT_EQ(head.headers.value("x"), value);
    }
}

TEST(MessageTest, FieldsAreAppendedWhateverRoomThereIs) {
    std::string head;
    std::string expected;
    for (std::size_t size = 0; size < 40; ++size) {
        std::string name(size % 7 + 1, 'n');
        std::string value(size, 'v');
        append_field(head, name, value);
        expected += name + ": " + value + "\r\n";
        ASSERT_EQ(head, expected);
    }
}

TEST(MessageTest, HopByHopFieldsAndHost) {
    Headers headers;
    headers.add("Connection", "close, X-Mine ,");
    for (auto name : {"connection", "Keep-Alive", "TE", "trailer", "Upgrade", "transfer-encoding",
                      "proxy-connection", "Proxy-Authenticate", "proxy-authorization", "x-mine"})
        EXPECT_TRUE(is_hop_by_hop(name, headers)) << name;
    for (auto name : {"content-length", "x-mine2", "authorization", "te2", "host"})
        EXPECT_FALSE(is_hop_by_hop(name, headers)) << name;
    EXPECT_EQ(host_of("A.b:80"), "a.b");
    EXPECT_EQ(host_of("[::A]:80"), "[::a]");
    EXPECT_EQ(host_of(""), "");
}

}  // namespace
}  // namespace weir::http::h1
