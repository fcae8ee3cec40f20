#include "dialect/errors.h"

#include "dialect/stream.h"
#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

constexpr Dialect kDialects[] = {Dialect::openai, Dialect::anthropic, Dialect::bedrock,
                                 Dialect::gemini, Dialect::cohere};

TEST(Errors, EveryCodeHasABodyInEveryDialect) {
    for (const Code* code : kAllCodes) {
        for (Dialect dialect : kDialects) {
            const ErrorWords words = error_words(dialect, *code);
            EXPECT_FALSE(words.type.empty()) << code->name;
            EXPECT_FALSE(words.code.empty()) << code->name;
            EXPECT_FALSE(words.message.empty())
                << code->name << " has no row in the table of errors.cpp";
            const json::Value body =
                test::parse(encode_error(dialect, Error(*code, "\"detail\"\n")));
            EXPECT_TRUE(body.is_object()) << code->name;
            std::string event;
            append_stream_error(dialect, Error(*code, ""), event);
            EXPECT_FALSE(event.empty()) << code->name;
        }
    }
}

TEST(Errors, DetailsReachClientsOnlyWhenTheyAreForThem) {
    EXPECT_EQ(public_message(Error(codes::body_model, "model: must be a string")),
              "model: must be a string");
    EXPECT_EQ(public_message(Error(codes::upstream_connect, "10.0.0.7:443 refused")),
              "The provider could not be reached.");
    EXPECT_EQ(public_message(Error(codes::internal_error, "stack")),
              "The gateway met an internal error.");
    EXPECT_EQ(public_message(Error(codes::body_model, "")), "The request must name one model.");
}

TEST(Errors, ShapesAreThoseOfTheDialects) {
    const Error error(codes::route_model_not_found, "no rule serves model x");
    EXPECT_EQ(
        encode_error(Dialect::openai, error),
        R"({"error":{"message":"no rule serves model x","type":"invalid_request_error","param":null,"code":"model_not_found"}})");
    EXPECT_EQ(
        encode_error(Dialect::anthropic, error),
        R"({"type":"error","error":{"type":"not_found_error","message":"no rule serves model x"}})");
    EXPECT_EQ(encode_error(Dialect::gemini, error),
              R"({"error":{"code":404,"message":"no rule serves model x","status":"NOT_FOUND"}})");
    EXPECT_EQ(encode_error(Dialect::bedrock, error), R"({"message":"no rule serves model x"})");
    std::string event;
    append_stream_error(Dialect::anthropic, Error(codes::upstream_reset, ""), event);
    EXPECT_EQ(event,
              "event: error\ndata: "
              "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"The provider "
              "closed the connection before its answer was complete.\"}}\n\n");
}

}  // namespace
}  // namespace weir::dialect
