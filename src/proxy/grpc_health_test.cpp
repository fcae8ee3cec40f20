#include "proxy/grpc_health.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using namespace std::string_literals;

TEST(GrpcHealthTest, QuestionsAreMessagesBehindTheirLength) {
    EXPECT_EQ(grpc_health_question(""), "\0\0\0\0\0"s);
    EXPECT_EQ(grpc_health_question("chat"), "\0\0\0\0\6\x0a\4chat"s);
    const std::string name(200, 'x');
    EXPECT_EQ(grpc_health_question(name), "\0\0\0\0\xcb\x0a\xc8\1"s + name);
}

TEST(GrpcHealthTest, AnswersAreReadWhole) {
    struct Case {
        const char* name;
        std::string body;
        std::optional<uint64_t> status;
    };
    const Case cases[] = {
        {"serving", "\0\0\0\0\2\x08\1"s, 1},
        {"not serving", "\0\0\0\0\2\x08\2"s, 2},
        {"unknown is not written", "\0\0\0\0\0"s, 0},
        {"other fields before and behind",
         "\0\0\0\0\x14\x12\2hi\x19"s + "12345678\x08\1\x25"
                                       "1234"s,
         1},
        {"the last one counts", "\0\0\0\0\4\x08\1\x08\2"s, 2},
        {"nothing", "", std::nullopt},
        {"no whole prefix", "\0\0\0\0"s, std::nullopt},
        {"compressed", "\1\0\0\0\2\x08\1"s, std::nullopt},
        {"cut off", "\0\0\0\0\2\x08"s, std::nullopt},
        {"a field cut off", "\0\0\0\0\1\x08"s, std::nullopt},
        {"text that is longer than the message", "\0\0\0\0\3\x12\x7f-"s, std::nullopt},
        {"bytes behind it", "\0\0\0\0\2\x08\1!"s, std::nullopt},
        {"a group", "\0\0\0\0\1\x0b"s, std::nullopt},
        {"a number without end", "\0\0\0\0\x0c\x08"s + std::string(11, '\xff'), std::nullopt},
    };
    for (const Case& c : cases)
        EXPECT_EQ(grpc_health_answer(c.body), c.status) << c.name;
}

TEST(GrpcHealthTest, TrailersAreLines) {
    const std::string_view trailers = "grpc-message: ok\r\nGrpc-Status:  5 \r\nx: y\r\n";
    EXPECT_EQ(trailer_value(trailers, "grpc-status"), "5");
    EXPECT_EQ(trailer_value(trailers, "x"), "y");
    EXPECT_EQ(trailer_value(trailers, "grpc"), "");
    EXPECT_EQ(trailer_value("", "grpc-status"), "");
}

}  // namespace
}  // namespace weir::proxy
