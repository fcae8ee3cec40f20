#include "dialect/names.h"

#include <gtest/gtest.h>

namespace weir::dialect {
namespace {

template <class E, class FromString>
void expect_round_trip(E last, FromString from_string) {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        const auto value = static_cast<E>(i);
        EXPECT_FALSE(to_string(value).empty());
        EXPECT_EQ(from_string(to_string(value)), value) << to_string(value);
    }
    EXPECT_EQ(from_string(""), std::nullopt);
    EXPECT_EQ(from_string("no such name"), std::nullopt);
}

TEST(Names, EveryNameReadsBack) {
    expect_round_trip(Operation::models, operation_from_string);
    expect_round_trip(Dialect::cohere, dialect_from_string);
    expect_round_trip(Schema::Cohere, schema_from_string);
}

TEST(Names, SchemasKnowTheirDialectAndProvider) {
    EXPECT_EQ(dialect_of(Schema::AWSAnthropic), Dialect::anthropic);
    EXPECT_EQ(dialect_of(Schema::AzureOpenAI), Dialect::openai);
    EXPECT_EQ(dialect_of(Schema::GCPVertexAI), Dialect::gemini);
    EXPECT_EQ(provider_name(Schema::AWSBedrock), "aws.bedrock");
    EXPECT_EQ(provider_name(Schema::GCPVertexAI), "gcp.vertex_ai");
    EXPECT_EQ(schema_from_string("openai"), std::nullopt);
}

}  // namespace
}  // namespace weir::dialect
