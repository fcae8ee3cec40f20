#include "http/form_scanner.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string part(std::string_view disposition, std::string_view content,
                 std::string_view more = {}) {
    std::string out = "--XyZ\r\nContent-Disposition: ";
    out.append(disposition)
        .append("\r\n")
        .append(more)
        .append("\r\n")
        .append(content)
        .append("\r\n");
    return out;
}
std::string field(std::string_view name, std::string_view content) {
    return part("form-data; name=\"" + std::string(name) + "\"", content);
}
std::string file(std::string_view content) {
    return part("form-data; name=\"file\"; filename=\"a.wav\"", content,
                "Content-Type: audio/wav\r\n");
}
const std::string kEnd = "--XyZ--\r\n";

struct Outcome {
    std::string bad;
    bool found = false;
    std::string value;
    uint64_t begin = 0;
    bool operator==(const Outcome&) const = default;
};

/// Fed in pieces of `size` bytes.
Outcome scan(std::string_view body, std::size_t size) {
    FormScanner scanner("XyZ", "model");
    for (std::string_view rest = body; !rest.empty();) {
        if (const char* bad = scanner.feed(rest.substr(0, size))) return {bad, false, "", 0};
        rest.remove_prefix(std::min(size, rest.size()));
    }
    if (const char* bad = scanner.finish()) return {bad, false, "", 0};
    return {"", scanner.found(), std::string(scanner.value()), scanner.value_begin()};
}

/// The same however the body is cut.
Outcome scan(const std::string& body) {
    Outcome whole = scan(body, body.size());
    for (std::size_t size = 1; size < body.size() && size < 100; ++size) {
        EXPECT_EQ(scan(body, size), whole) << "in pieces of " << size;
    }
    return whole;
}

TEST(FormScannerTest, FindsTheFieldWhereverItStands) {
    std::string audio = std::string("RIFF\r\n--Xy\n\r\n\0--XyZ\r--X", 24);
    for (const std::string& body :
         {field("model", "whisper-1") + file(audio) + kEnd,
          file(audio) + field("model", "whisper-1") + kEnd,
          field("a", "") + field("model", "whisper-1") + file("") + field("b", "x") + kEnd,
          "preamble\r\n" + field("model", "whisper-1") + kEnd + "epilogue\r\n--XyZ\r\n",
          part("form-data;name=model", "whisper-1") + kEnd,
          part("Form-Data ; x=y; NAME=\"model\"", "whisper-1",
               "content-transfer-encoding: 8bit\r\n") +
              kEnd,
          "--XyZ \t\r\nContent-Disposition: form-data; name=\"m\\\"\"\r\n\r\n\r\n" +
              field("model", "whisper-1") + kEnd}) {
        Outcome outcome = scan(body);
        EXPECT_EQ(outcome.bad, "") << body;
        EXPECT_TRUE(outcome.found) << body;
        EXPECT_EQ(outcome.value, "whisper-1") << body;
        EXPECT_EQ(body.substr(outcome.begin, 9), "whisper-1") << body;
    }
}

TEST(FormScannerTest, KnowsTheValueBeforeTheFileHasCome) {
    FormScanner scanner("XyZ", "model");
    EXPECT_EQ(scanner.feed(field("model", "m")), nullptr);
    EXPECT_FALSE(scanner.found());
    EXPECT_EQ(scanner.feed("--XyZ"), nullptr);
    EXPECT_TRUE(scanner.found());
    EXPECT_FALSE(scanner.file_begun());
    EXPECT_EQ(scanner.feed(std::string_view(file("abc")).substr(5)), nullptr);
    EXPECT_TRUE(scanner.file_begun());
    EXPECT_NE(scanner.finish(), nullptr);
}

TEST(FormScannerTest, WithoutTheField) {
    for (const std::string& body :
         {file("abc") + kEnd, field("Model", "x") + field("models", "y") + kEnd, kEnd,
          "--XyZ\r\n\r\nno head\r\n" + kEnd,
          "--XyZ\r\nContent-Type: text/plain\r\n\r\nno name\r\n" + kEnd}) {
        Outcome outcome = scan(body);
        EXPECT_EQ(outcome.bad, "") << body;
        EXPECT_FALSE(outcome.found) << body;
    }
}

TEST(FormScannerTest, LongValuesAndHeadsAreRefused) {
    std::string longest(FormScanner::kMaxValue, 'm');
    EXPECT_EQ(scan(field("model", longest) + kEnd, 1000).value, longest);
    EXPECT_NE(scan(field("model", longest + "m") + kEnd, 1000).bad, "");
    EXPECT_EQ(scan(part("form-data; name=model", "m",
                        "x: " + std::string(FormScanner::kMaxHead - 100, 'x') + "\r\n") +
                       kEnd,
                   1000)
                  .bad,
              "");
    EXPECT_NE(scan(part("form-data; name=model", "m",
                        "x: " + std::string(FormScanner::kMaxHead, 'x') + "\r\n") +
                       kEnd,
                   1000)
                  .bad,
              "");
}

TEST(FormScannerTest, AmbiguousFormsAreRefused) {
    std::string model = field("model", "m");
    for (const std::string& body : {
             model + model + kEnd,                                           // twice
             model + file("x") + part("form-data; name=model", "n") + kEnd,  // also behind the file
             part("form-data; name=\"model\"; filename=\"m\"", "m") + kEnd,  // as a file
             part("form-data; name=\"model\"; filename*=UTF-8''m", "m") + kEnd,
             part("form-data; name*=UTF-8''model", "m") + kEnd,
             part("form-data; name=\"model\"", "bQ==", "Content-Transfer-Encoding: base64\r\n") +
                 kEnd,
             part("form-data; name=\"model\"; name=\"x\"", "m") + kEnd,
             part("form-data; name=\"x\"", "m",
                  "Content-Disposition: form-data; name=\"model\"\r\n") +
                 kEnd,
             part("attachment; name=\"model\"", "m") + kEnd,
             part("form-data; name=\"model", "m") + kEnd,
             part("form-data; name=\"model\"x", "m") + kEnd,
             part("form-data; name", "m") + kEnd,
             part("form-data; name=", "m") + kEnd,
             part("form-data; name=mo\"del", "m") + kEnd,
             part("form-data; name=mo del", "m") + kEnd,
             file("x\n--XyZ\r\nContent-Disposition: form-data; name=model\r\n\r\nn") +
                 kEnd,  // bare LF
             "\n" + model + kEnd,
             file("x\r\n--XyZzy\r\n\r\n") + kEnd,  // a longer line than the boundary
             file("x\r\n--XyZ-\r\n\r\n") + kEnd,
             file("x\r\n--XyZ\n\r\n") + kEnd,
             file("x\r\n--XyZ\rx\r\n") + kEnd,
             "--XyZ\r\nA: b\r\n\r\n" + model + kEnd,  // a delimiter where an empty line must be
             "--XyZ\r\nA: b\nC: d\r\n\r\nx\r\n" + kEnd,
             "--XyZ\r\nA: b\rC: d\r\n\r\nx\r\n" + kEnd,
             "--XyZ\r\nA: b\r\n c\r\n\r\nx\r\n" + kEnd,
             "--XyZ\r\nContent-Disposition : form-data; name=model\r\n\r\nx\r\n" + kEnd,
             "--XyZ\r\nA\r\n\r\nx\r\n" + kEnd,
             "--XyZ\r\n: b\r\n\r\nx\r\n" + kEnd,
             std::string("--XyZ\r\nA: \0\r\n\r\nx\r\n", 19) + kEnd,
             model,             // no end
             model + "--XyZ-",  // half an end
             std::string("no form"),
         })
        EXPECT_NE(scan(body).bad, "") << body;
}

TEST(FormScannerTest, ABareLineFeedRightBehindAHeadIsContent) {
    Outcome outcome = scan(field("model", "\nm") + kEnd);
    EXPECT_EQ(outcome.bad, "");
    EXPECT_EQ(outcome.value, "\nm");
    EXPECT_NE(scan("--XyZ\r\nA: b\r\n\r\n\n--XyZ--\r\n").bad, "");
}

TEST(FormBoundaryTest, Table) {
    for (auto [type, boundary] :
         {std::pair{"multipart/form-data; boundary=abc", "abc"},
          {"multipart/form-data;boundary=\"a b:c\"", "a b:c"},
          {"multipart/form-data; charset=utf-8; BOUNDARY=--x=y ", "--x=y"},
          {"multipart/form-data", ""},
          {"multipart/form-data; boundary=", ""},
          {"multipart/form-data; boundary=\"\"", ""},
          {"multipart/form-data; boundary=\"a", ""},
          {"multipart/form-data; boundary=a; boundary=b", ""},
          {"multipart/form-data; boundary=\"a \"", ""},
          {"multipart/form-data; boundary=a\\b", ""},
          {"multipart/form-data; xboundary=a", ""},
          {"multipart/form-data; boundary="
           "01234567890123456789012345678901234567890123456789012345678901234567890",
           ""}})
        EXPECT_EQ(form_boundary(type), boundary) << type;
}

}  // namespace
}  // namespace weir::http
