// Clients of Cohere, Gemini and Bedrock (Converse, and InvokeModel for Claude): their requests to
// every provider, every provider's answers, errors and streams to them.
#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/cohere/chat.h"
#include "dialect/eventstream.h"
#include "dialect/gemini/generate.h"
#include "dialect/sse.h"
#include "dialect/stream.h"
#include "dialect/test_support.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

using test::expect_golden;
using test::parse;

struct Client {
    std::string_view name;
    Operation operation;
    Dialect dialect;
    bool json_array = false;
};
constexpr Client kClients[] = {{"cohere", Operation::chat, Dialect::cohere},
                               {"gemini", Operation::chat, Dialect::gemini},
                               {"gemini_array", Operation::chat, Dialect::gemini, true},
                               {"converse", Operation::chat, Dialect::bedrock},
                               {"invoke", Operation::messages, Dialect::bedrock}};

struct Provider {
    std::string_view name;
    Schema schema;
    std::string_view model;
};
constexpr Provider kProviders[] = {
    {"openai", Schema::OpenAI, "gpt-5-mini"},
    {"anthropic", Schema::Anthropic, "claude-opus-4-6"},
    {"old_anthropic", Schema::Anthropic, "claude-3-7-sonnet-latest"},
    {"awsanthropic", Schema::AWSAnthropic, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
    {"gcpanthropic", Schema::GCPAnthropic, "claude-sonnet-4-5@20250929"},
    {"bedrock", Schema::AWSBedrock, "anthropic.claude-opus-4-6-v1"},
    {"vertex", Schema::GCPVertexAI, "gemini-2.5-flash"},
    {"cohere", Schema::Cohere, "command-a-03-2025"}};

Result<ProviderRequest> send(const Client& client, std::string_view body, const Provider& to,
                             bool stream = false, Headers headers = {}) {
    return translate_request(
        {.operation = client.operation,
         .dialect = client.dialect,
         .body = body,
         .model = "asked",
         .stream = stream,
         .headers = headers},
        {.schema = to.schema, .version = default_version(to.schema), .model_override = to.model});
}

TEST(NativeClients, RequestsMatchTheGoldenFiles) {
    int count = 0;
    for (const Client& client : kClients) {
        if (client.json_array) continue;
        for (const auto& file : test::files(test::testdata() / std::string(client.name), ".json")) {
            ++count;
            json::Value all = json::Value::object();
            for (const Provider& provider : kProviders)
                if (!passes_through(client.operation, client.dialect, provider.schema))
                    all.set(provider.name,
                            test::outcome(send(client, test::read_file(file), provider)));
            auto golden = file;
            expect_golden(golden.replace_extension(".golden.json"), all);
        }
    }
    EXPECT_GE(count, 15);
}

// The two forms of one member's name, none and nothing in it are one.
json::Value tidy(json::Value value) {
    if (!value.is_array() && !value.is_object()) return value;
    json::Value out = value.is_array() ? json::Value::array() : json::Value::object();
    for (auto& item : value.items())
        out.push_back(tidy(std::move(item)));
    for (auto& member : value.members()) {
        json::Value inner = tidy(std::move(member.value));
        const bool config = member.key == "generationConfig" || member.key == "inferenceConfig";
        if (inner.is_null() || (config && inner.members().empty())) continue;
        out.set(member.key, std::move(inner));
    }
    return out;
}

Result<Encoded> there_and_back(Dialect dialect, json::Value body) {
    if (dialect == Dialect::gemini) {
        WEIR_TRY(const auto conversation, gemini::decode_request(std::move(body), "m", false));
        return gemini::encode_request(conversation, "m");
    }
    if (dialect == Dialect::bedrock) {
        WEIR_TRY(const auto conversation, bedrock::decode_request(std::move(body), "m", false));
        return bedrock::encode_request(conversation, "m");
    }
    WEIR_TRY(const auto conversation, cohere::decode_request(std::move(body)));
    return cohere::encode_request(conversation, conversation.model);
}

void expect_same(Dialect dialect, const json::Value& body, const std::string& id) {
    auto back = there_and_back(dialect, body);
    ASSERT_TRUE(back) << id << ": " << back.error().to_string();
    EXPECT_TRUE(back->dropped.empty()) << id << " " << back->dropped.front();
    EXPECT_TRUE(tidy(parse(back->body)) == tidy(body))
        << id << "\n"
        << json::serialize(tidy(parse(back->body))) << "\n"
        << json::serialize(tidy(body));
}

TEST(NativeClients, RequestsComeBackAsTheyWent) {
    const std::pair<std::string_view, Dialect> folders[] = {
        {"cohere", Dialect::cohere}, {"gemini", Dialect::gemini}, {"converse", Dialect::bedrock}};
    for (const auto& [folder, dialect] : folders)
        for (const auto& file : test::files(test::testdata() / std::string(folder), ".json"))
            if (file.stem() != "snake_case")
                expect_same(dialect, parse(test::read_file(file)), file.string());
}

// What is sent to these providers for every recorded request is what their own clients may send.
TEST(NativeClients, EveryRecordedBodyComesBackAsItWent) {
    test::require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    struct Tally {
        Schema schema;
        int same = 0;
    };
    Tally tallies[] = {{Schema::GCPVertexAI}, {Schema::AWSBedrock}, {Schema::Cohere}};
    auto check = [](Tally& tally, const json::Value& body, const std::string& id) {
        const Dialect dialect = dialect_of(tally.schema);
        if (dialect == Dialect::gemini && !body.find("contents")) return;  // nothing was said
        // A result that answers no call is part of no conversation.
        if (dialect == Dialect::gemini && !there_and_back(dialect, body) &&
            json::serialize(body).find("functionResponse") != std::string::npos)
            return;
        expect_same(dialect, body, id);
        ++tally.same;
    };
    for (const auto& file : test::files(test::conformance() / "translator", ".json")) {
        const std::string name = file.filename().string();
        if (name == "index.json" || name == "e2e-backends.json") continue;
        const json::Value cases = parse(test::read_file(file));
        for (const auto& item : cases.items()) {
            const std::string id(item.string_at("id"));
            const auto* upstream = item.find("expectUpstream");
            const auto* recorded = upstream ? upstream->find("body") : nullptr;
            const auto* request = item.find("request");
            const auto* given = request ? request->find("body") : nullptr;
            for (Tally& tally : tallies) {
                const bool talks =
                    recorded && (recorded->find("contents") || recorded->find("messages"));
                if (talks && item.string_at("backendSchema") == to_string(tally.schema))
                    check(tally, *recorded, id);
                if (!given || item.string_at("endpoint") != "/v1/chat/completions") continue;
                const std::string body =
                    given->is_string() ? std::string(given->text()) : json::serialize(*given);
                auto sent = translate_request({.body = body}, {.schema = tally.schema});
                if (sent) check(tally, parse(sent->body), id + " sent");
            }
        }
    }
    for (const Tally& tally : tallies) {
        std::cout << "round trips: " << to_string(tally.schema) << " " << tally.same << "\n";
        EXPECT_GT(tally.same, 80) << to_string(tally.schema);
    }
}

TEST(NativeClients, RefuseWhatTheyCannotRead) {
    const std::pair<int, std::string_view> bodies[] = {
        {0, R"([])"},
        {0, R"({"model":"m"})"},
        {0, R"({"model":"m","messages":[1]})"},
        {0, R"({"model":"m","messages":[{"role":"robot","content":"x"}]})"},
        {0, R"({"model":"m","messages":[{"role":"tool","content":"x"}]})"},
        {0, R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})"},
        {0, R"({"model":"m","messages":[],"tool_choice":"SOME"})"},
        {0, R"({"model":"m","messages":[],"tools":[{}]})"},
        {0, R"({"model":"m","messages":[],"p":"much"})"},
        {1, R"({})"},
        {1, R"({"contents":[{"role":"robot","parts":[{"text":"x"}]}]})"},
        {1, R"({"contents":[{"parts":[{}]}]})"},
        {1, R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"*"}}]}]})"},
        {1, R"({"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]})"},
        {1, R"({"contents":[{"role":"model","parts":[{"functionCall":{"args":{}}}]}]})"},
        {1, R"({"contents":[],"generationConfig":{"topK":"x"}})"},
        {1, R"({"contents":[],"tools":[{"functionDeclarations":[{}]}]})"},
        {3, R"({"messages":{}})"},
        {3, R"({"messages":[{"role":"system","content":[{"text":"x"}]}]})"},
        {3, R"({"messages":[{"role":"user","content":[{}]}]})"},
        {3, R"({"messages":[{"role":"user","content":[{"text":1}]}]})"},
        {3, R"({"messages":[{"role":"user","content":[{"toolResult":{}}]}]})"},
        {3, R"({"messages":[],"toolConfig":{"tools":[{"toolSpec":{}}]}})"},
        {3, R"({"messages":[],"toolConfig":{"toolChoice":{"some":{}}}})"},
        {3, R"({"messages":[],"inferenceConfig":{"maxTokens":"9"}})"},
        {4, R"({"inputText":"a body of Titan's"})"},
    };
    for (const auto& [client, body] : bodies) {
        auto sent = send(kClients[client], body, kProviders[0]);
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 400) << body;
        EXPECT_FALSE(sent.error().detail().empty()) << body;
    }
}

TEST(NativeClients, AGuardrailIsNotLostInSilence) {
    const HeaderView headers[] = {{"X-Amzn-Bedrock-GuardrailIdentifier", "g"}};
    auto sent = send(kClients[4], R"({"messages":[{"role":"user","content":"Hi"}]})", kProviders[0],
                     false, headers);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().status(), 422);
}

TEST(NativeClients, StreamingIsWhatThePathSays) {
    const Client& gemini = kClients[1];
    constexpr std::string_view kBody = R"({"contents":[{"parts":[{"text":"Hi"}]}]})";
    auto streamed = send(gemini, kBody, kProviders[0], true);
    ASSERT_TRUE(streamed);
    EXPECT_TRUE(streamed->stream);
    EXPECT_TRUE(parse(streamed->body).find("stream")->as_bool());
    auto invoke = send(kClients[4],
                       R"({"anthropic_version":"bedrock-2023-05-31","max_tokens":9,)"
                       R"("anthropic_beta":["a","b"],"messages":[]})",
                       kProviders[1], true);
    ASSERT_TRUE(invoke);
    EXPECT_EQ(parse(invoke->body).string_at("model"), "claude-opus-4-6");
    EXPECT_TRUE(parse(invoke->body).find("stream")->as_bool());
    EXPECT_EQ(parse(invoke->body).find("anthropic_version"), nullptr);
    EXPECT_EQ(invoke->headers.front().name, "anthropic-beta");
    EXPECT_EQ(invoke->headers.front().value, "a,b");
}

Context context(const Client& client, Schema schema) {
    return {.operation = client.operation,
            .dialect = client.dialect,
            .schema = schema,
            .model = "asked",
            .created = 123,
            .request_id = "req-1",
            .json_array = client.json_array};
}

Schema schema_of(std::string_view file) {
    const std::pair<std::string_view, Schema> endings[] = {
        {".openai.", Schema::OpenAI},      {".anthropic.", Schema::Anthropic},
        {".bedrock.", Schema::AWSBedrock}, {".gemini.", Schema::GCPVertexAI},
        {".studio.", Schema::Gemini},      {".cohere.", Schema::Cohere}};
    for (const auto& [ending, schema] : endings)
        if (file.find(ending) != std::string_view::npos) return schema;
    ADD_FAILURE() << file;
    return Schema::OpenAI;
}

TEST(NativeClients, AnswersMatchTheGoldenFiles) {
    int count = 0;
    for (const auto& file : test::files(test::testdata() / "replies", ".json")) {
        ++count;
        const Schema schema = schema_of(file.filename().string());
        json::Value all = json::Value::object();
        for (const Client& client : kClients) {
            if (client.json_array ||
                answer_passes_through(client.operation, client.dialect, schema, false))
                continue;
            all.set(client.name, test::outcome(translate_response(context(client, schema),
                                                                  test::read_file(file))));
        }
        if (schema == Schema::Cohere) {
            const Context openai{.operation = Operation::chat, .schema = schema, .model = "asked"};
            const Context messages{.operation = Operation::messages,
                                   .dialect = Dialect::anthropic,
                                   .schema = schema,
                                   .model = "asked"};
            all.set("openai", test::outcome(translate_response(openai, test::read_file(file))));
            all.set("messages", test::outcome(translate_response(messages, test::read_file(file))));
        }
        auto golden = file;
        expect_golden(golden.replace_extension(".clients.golden.json"), all);
    }
    EXPECT_GE(count, 9);
}

TEST(NativeClients, AnswersOfTheirOwnDialectPass) {
    EXPECT_TRUE(passes_through(Operation::chat, Dialect::gemini, Schema::Gemini));
    EXPECT_TRUE(passes_through(Operation::chat, Dialect::gemini, Schema::GCPVertexAI));
    EXPECT_TRUE(passes_through(Operation::chat, Dialect::bedrock, Schema::AWSBedrock));
    EXPECT_TRUE(passes_through(Operation::messages, Dialect::bedrock, Schema::AWSAnthropic));
    EXPECT_TRUE(passes_through(Operation::embeddings, Dialect::cohere, Schema::Cohere));
    EXPECT_FALSE(passes_through(Operation::messages, Dialect::bedrock, Schema::AWSBedrock));
    EXPECT_FALSE(passes_through(Operation::chat, Dialect::bedrock, Schema::AWSAnthropic));
    EXPECT_TRUE(
        answer_passes_through(Operation::messages, Dialect::bedrock, Schema::GCPAnthropic, false));
    EXPECT_FALSE(
        answer_passes_through(Operation::messages, Dialect::bedrock, Schema::AWSAnthropic, true));
}

std::string translate(const Client& client, Schema schema, std::string_view bytes) {
    const std::string out = test::translate_every_split(context(client, schema), bytes);
    if (client.json_array) {
        EXPECT_TRUE(parse(out.substr(0, out.rfind(": "))).is_array()) << out;
    }
    return out;
}

TEST(NativeClients, StreamsMatchTheGoldenFilesInEverySplit) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::testdata() / "streams")) {
        const std::string name = entry.path().filename().string();
        if (name.find(".golden") != std::string::npos) continue;
        ++count;
        SCOPED_TRACE(name);
        const std::string text = test::read_file(entry.path());
        const Schema schema = schema_of(name);
        const std::string bytes = schema == Schema::AWSBedrock ? test::frames(text) : text;
        std::string out;
        for (const Client& client : kClients)
            out.append("== ")
                .append(client.name)
                .append("\n")
                .append(translate(client, schema, bytes));
        const std::filesystem::path golden(entry.path().string() + ".clients.golden");
        if (test::update_golden()) test::write_file(golden, out);
        EXPECT_EQ(out, test::read_file(golden));
    }
    EXPECT_GE(count, 15);
}

bool ends_whole(const Client& client, std::string_view out) {
    if (client.dialect == Dialect::cohere)
        return out.find("\"finish_reason\":") != std::string_view::npos &&
               out.find("\"finish_reason\":\"ERROR\"") == std::string_view::npos;
    if (client.dialect == Dialect::gemini)
        return out.find("\"finishReason\":") != std::string_view::npos &&
               out.find("\"error\":") == std::string_view::npos;
    const std::string text = test::lines(out);
    return text.find(client.operation == Operation::messages ? "\"message_stop\""
                                                             : "messageStop") != std::string::npos;
}

// The dialect's terminal event or an error, never both, wherever the stream is cut.
TEST(NativeClients, ACutStreamEndsInAnError) {
    const std::string mixed = test::read_file(test::testdata() / "streams/mixed.openai.sse");
    for (const Client& client : kClients)
        for (size_t size = 0; size <= mixed.size(); ++size) {
            StreamTranslator stream(context(client, Schema::OpenAI));
            std::string out;
            auto result = stream.feed(std::string_view(mixed).substr(0, size), out);
            if (result) result = stream.finish(out);
            EXPECT_EQ(ends_whole(client, out), result.has_value()) << client.name << " at " << size;
            if (result) continue;
            stream.encode_error(result.error(), out);
            EXPECT_FALSE(ends_whole(client, out)) << client.name << " at " << size;
            const std::string once = out;
            stream.encode_error(result.error(), out);
            EXPECT_EQ(out, once);
            if (client.json_array) {
                EXPECT_TRUE(parse(out).is_array());
            }
        }
}

// A limit that cuts a stream ends it as the provider's own limit would.
TEST(NativeClients, ALimitCutsAStreamCleanly) {
    const std::pair<Schema, std::string> streams[] = {
        {Schema::OpenAI, test::read_file(test::testdata() / "streams/mixed.openai.sse")},
        {Schema::GCPVertexAI, test::read_file(test::testdata() / "streams/mixed.gemini.sse")},
        {Schema::Cohere, test::read_file(test::testdata() / "streams/mixed.cohere.sse")},
        {Schema::AWSBedrock,
         test::frames(test::read_file(test::testdata() / "streams/mixed.bedrock.events"))},
        {Schema::Anthropic, test::read_file(test::testdata() / "streams/mixed.anthropic.sse")}};
    for (const auto& [schema, bytes] : streams)
        for (const Client& client : kClients)
            for (size_t size = 0; size < bytes.size(); size += 7) {
                StreamTranslator stream(context(client, schema));
                std::string out;
                ASSERT_TRUE(stream.feed(std::string_view(bytes).substr(0, size), out));
                if (stream.done()) break;
                stream.cut(out);
                EXPECT_TRUE(ends_whole(client, out)) << client.name << " at " << size << out;
                EXPECT_TRUE(
                    out.find("MAX_TOKENS") != std::string::npos ||
                    test::lines(client.dialect == Dialect::bedrock ? out : "").find("max_tokens") !=
                        std::string::npos);
                if (client.json_array) {
                    EXPECT_TRUE(parse(out).is_array()) << out;
                }
                std::string more;
                EXPECT_FALSE(stream.feed(bytes, more));
                EXPECT_TRUE(more.empty());
            }
}

TEST(NativeClients, ErrorsAreSaidInTheirWords) {
    constexpr std::string_view kOpenAi = R"({"error":{"message":"No, because.","type":"t"}})";
    auto google = translate_error(context(kClients[1], Schema::OpenAI), 429, {}, kOpenAi);
    EXPECT_EQ(google.body,
              R"({"error":{"code":429,"message":"No, because.","status":"RESOURCE_EXHAUSTED"}})");
    auto cohere = translate_error(context(kClients[0], Schema::OpenAI), 400, {}, kOpenAi);
    EXPECT_EQ(cohere.body, R"({"message":"No, because."})");
    for (const Client* client : {&kClients[3], &kClients[4]}) {
        auto aws = translate_error(context(*client, Schema::OpenAI), 429, {}, kOpenAi);
        EXPECT_EQ(aws.body, R"({"message":"No, because."})");
        ASSERT_EQ(aws.headers.size(), 1u);
        EXPECT_EQ(aws.headers[0].name, "x-amzn-errortype");
        EXPECT_EQ(aws.headers[0].value, "ThrottlingException");
    }
    // What the provider said in the client's own dialect stays as it is.
    const HeaderView headers[] = {
        {"x-amzn-errortype", "ModelErrorException:http://internal.amazon.com/coral/"}};
    auto own = translate_error(context(kClients[3], Schema::AWSBedrock), 424, headers,
                               R"({"message":"m","originalStatusCode":400})");
    EXPECT_EQ(own.body, R"({"message":"m","originalStatusCode":400})");
    EXPECT_EQ(own.headers.at(0).value, "ModelErrorException");
    auto vertex = translate_error(context(kClients[1], Schema::Gemini), 400, {},
                                  R"({"error":{"code":400,"status":"X","details":[1]}})");
    EXPECT_EQ(vertex.body, R"({"error":{"code":400,"status":"X","details":[1]}})");
    auto strange = translate_error(context(kClients[3], Schema::Anthropic), 500, {},
                                   "{\"error\":{\"type\":\"a\\r\\nb: Exception\"}}");
    EXPECT_EQ(strange.headers.at(0).value, "InternalServerException");
}

}  // namespace
}  // namespace weir::dialect
