// OpenAI Responses as the only API that a provider has: every client's requests to it, its answers
// and streams to every client. And the other way: its clients, where only chat completions are had.
#include "dialect/eventstream.h"
#include "dialect/responses/provider.h"
#include "dialect/responses/responses.h"
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
    std::string_view folder;  ///< of its requests in testdata
};
constexpr Client kClients[] = {{"chat", Operation::chat, Dialect::openai, "requests"},
                               {"messages", Operation::messages, Dialect::anthropic, "messages"},
                               {"gemini", Operation::chat, Dialect::gemini, "gemini"},
                               {"converse", Operation::chat, Dialect::bedrock, "converse"},
                               {"invoke", Operation::messages, Dialect::bedrock, "invoke"},
                               {"cohere", Operation::chat, Dialect::cohere, "cohere"}};
constexpr auto kApi = ConversationApi::responses;

Result<ProviderRequest> send(const Client& client, std::string_view body,
                             std::string_view model = "gpt-5-pro", bool stream = false) {
    return translate_request({.operation = client.operation,
                              .dialect = client.dialect,
                              .body = body,
                              .model = "asked",
                              .stream = stream},
                             {.schema = Schema::OpenAI, .model_override = model, .api = kApi});
}

Context context(const Client& client) {
    return {.operation = client.operation,
            .dialect = client.dialect,
            .schema = Schema::OpenAI,
            .model = "asked",
            .created = 123,
            .request_id = "req-1",
            .api = kApi};
}

std::filesystem::path folder() {
    return test::testdata() / "provider_responses";
}

TEST(ResponsesProvider, RequestsMatchTheGoldenFiles) {
    for (const Client& client : kClients) {
        json::Value all = json::Value::object();
        for (const auto& file :
             test::files(test::testdata() / std::string(client.folder), ".json")) {
            const std::string body = test::read_file(file);
            all.set(file.stem().string(), test::outcome(send(client, body)));
            EXPECT_FALSE(passes_through(client.operation, client.dialect, Schema::OpenAI, kApi));
        }
        EXPECT_GE(all.members().size(), 1u) << client.name;
        expect_golden(folder() / (std::string(client.name) + ".requests.golden.json"), all);
    }
}

// A model that does not reason is told nothing of it.
TEST(ResponsesProvider, OtherModelsAreNotAskedToReason) {
    auto sent = send(kClients[0],
                     R"({"model":"m","reasoning_effort":"high",)"
                     R"("messages":[{"role":"user","content":"Hi"}]})",
                     "gpt-4.1");
    ASSERT_TRUE(sent);
    const json::Value body = parse(sent->body);
    EXPECT_EQ(sent->path, "/v1/responses");
    EXPECT_EQ(body.find("reasoning"), nullptr);
    EXPECT_EQ(body.find("include"), nullptr);
    EXPECT_EQ(sent->dropped, std::vector<std::string>{"/reasoning_effort"});
}

// An answer of so few tokens is not to be had; that it is longer is said.
TEST(ResponsesProvider, TheLeastThatMayBeAskedForIsSixteenTokens) {
    auto sent = send(kClients[0],
                     R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]})");
    ASSERT_TRUE(sent);
    EXPECT_EQ(parse(sent->body).find("max_output_tokens")->as_int(), 16);
    EXPECT_EQ(sent->dropped, std::vector<std::string>{"/max_tokens"});
}

TEST(ResponsesProvider, AzureNamesTheModelInTheBody) {
    auto sent = translate_request(
        {.body = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})"},
        {.schema = Schema::AzureOpenAI, .version = "v1", .model_override = "dep", .api = kApi});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->path, "/openai/responses?api-version=v1");
    EXPECT_EQ(parse(sent->body).string_at("model"), "dep");
}

TEST(ResponsesProvider, AnswersMatchTheGoldenFiles) {
    int count = 0;
    for (const auto& file : test::files(folder(), ".reply.json")) {
        ++count;
        json::Value all = json::Value::object();
        for (const Client& client : kClients)
            all.set(client.name,
                    test::outcome(translate_response(context(client), test::read_file(file))));
        auto golden = file;
        expect_golden(golden.replace_extension(".golden.json"), all);
    }
    EXPECT_GE(count, 6);
}

TEST(ResponsesProvider, RefusesGarbage) {
    for (std::string_view body : {"", "<html>", "[]", "{}", R"({"output":1})",
                                  R"({"choices":[{"message":{"content":"x"}}]})"}) {
        auto answer = translate_response(context(kClients[0]), body);
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().status(), 502);
    }
}

std::string translate(const Client& client, std::string_view bytes) {
    return test::translate_every_split(context(client), bytes);
}

TEST(ResponsesProvider, StreamsMatchTheGoldenFilesInEverySplit) {
    int count = 0;
    for (const auto& file : test::files(folder(), ".sse")) {
        ++count;
        SCOPED_TRACE(file.filename().string());
        const std::string bytes = test::read_file(file);
        std::string out;
        for (const Client& client : kClients)
            out.append("== ").append(client.name).append("\n").append(translate(client, bytes));
        const std::filesystem::path golden(file.string() + ".golden");
        if (test::update_golden()) test::write_file(golden, out);
        EXPECT_EQ(out, test::read_file(golden));
    }
    EXPECT_GE(count, 8);
}

// The client's terminal event or an error, never both, wherever the stream is cut.
TEST(ResponsesProvider, ACutStreamEndsInAnError) {
    const std::string mixed = test::read_file(folder() / "mixed.sse");
    const size_t last = mixed.find("event: response.completed");
    ASSERT_NE(last, std::string::npos);
    for (const Client& client : kClients)
        for (size_t size = 0; size < mixed.size(); size += 7) {
            StreamTranslator stream(context(client));
            std::string out;
            auto result = stream.feed(std::string_view(mixed).substr(0, size), out);
            if (result) result = stream.finish(out);
            // The last event may end with the stream, without its empty line.
            if (size < last) {
                EXPECT_FALSE(result) << client.name << " at " << size;
            }
            EXPECT_EQ(stream.done(), result.has_value()) << client.name << " at " << size;
        }
}

// One member of an object, at any depth.
std::string find_text(const json::Value& value, std::string_view key) {
    if (const std::string_view text = value.string_at(key); !text.empty()) return std::string(text);
    for (const auto& member : value.members())
        if (std::string found = find_text(member.value, key); !found.empty()) return found;
    for (const auto& item : value.items())
        if (std::string found = find_text(item, key); !found.empty()) return found;
    return {};
}

// What a client is given as the assistant's turn, it gives back in its history.
std::string history(const Client& client, const json::Value& answer) {
    auto turn = [](std::string_view open, const json::Value& said, std::string_view close) {
        std::string out(open);
        return out.append(json::serialize(said)).append(close);
    };
    switch (client.dialect) {
        case Dialect::openai:
            return turn(R"({"model":"m","messages":[)",
                        *answer.find("choices")->items()[0].find("message"),
                        R"(,{"role":"tool","tool_call_id":"call_A1","content":"rain"}]})");
        case Dialect::anthropic:
            return turn(
                R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"},)"
                R"({"role":"assistant","content":)",
                *answer.find("content"),
                R"(},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_A1",)"
                R"("content":"rain"}]}]})");
        case Dialect::gemini:
            return turn(R"({"contents":[{"parts":[{"text":"Hi"}]},)",
                        *answer.find("candidates")->items()[0].find("content"),
                        R"(,{"role":"user","parts":[{"text":"Go on"}]}]})");
        case Dialect::bedrock:
            return turn(R"({"messages":[{"role":"user","content":[{"text":"Hi"}]},)",
                        *answer.find("output")->find("message"),
                        R"(,{"role":"user","content":[{"text":"Go on"}]}]})");
        case Dialect::cohere:
            break;
    }
    return {};
}

// An item's proof is good with its own id only: both come back through every client that keeps
// thinking.
TEST(ResponsesProvider, ReasoningComesBackSealed) {
    const std::string reply = test::read_file(folder() / "full.reply.json");
    for (const Client& client : kClients) {
        if (client.dialect == Dialect::cohere || client.name == "invoke") continue;
        auto answer = translate_response(context(client), reply);
        ASSERT_TRUE(answer) << client.name;
        auto sent = send(client, history(client, parse(answer->body)));
        ASSERT_TRUE(sent) << client.name << sent.error().to_string();
        const json::Value body = parse(sent->body);
        const json::Value* found = nullptr;
        for (const auto& item : body.find("input")->items())
            if (item.string_at("type") == "reasoning") found = &item;
        ASSERT_TRUE(found) << client.name << sent->body;
        EXPECT_EQ(found->string_at("id"), "rs_68ab02") << client.name;
        EXPECT_EQ(found->string_at("encrypted_content"), "gAAAAABo_proof-1") << client.name;
        EXPECT_EQ(find_text(*found->find("summary"), "text"),
                  "**First**\n\nI look.\n\nThen I call.")
            << client.name;
    }
}

TEST(ResponsesProvider, AProofOfAnotherProviderIsNotGivenToIt) {
    auto sent = send(kClients[1],
                     R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"},)"
                     R"({"role":"assistant","content":[{"type":"thinking","thinking":"x",)"
                     R"("signature":"EqQB"},{"type":"text","text":"Hello"}]},)"
                     R"({"role":"user","content":"Go on"}]})");
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->body.find("reasoning\""), std::string::npos) << sent->body;
    EXPECT_EQ(sent->dropped, std::vector<std::string>{"/messages/1/content/0"});
}

TEST(ResponsesProvider, SealsHoldWhatIsPutIntoThem) {
    const auto seal = responses::read_seal(responses::make_seal("rs_1", "gAA=="));
    ASSERT_TRUE(seal);
    EXPECT_EQ(seal->id, "rs_1");
    EXPECT_EQ(seal->proof, "gAA==");
    EXPECT_EQ(responses::make_seal("rs_1", ""), "");
    EXPECT_EQ(responses::read_seal(responses::make_seal("a:b", "p"))->id, "");
    for (std::string_view other :
         {"", "EqQBCgIYAhIM", "responses:", "responses:rs_1", "responses:x:"})
        EXPECT_FALSE(responses::read_seal(other)) << other;
}

// What the model holds of a body of this API is a fixed point.
TEST(ResponsesProvider, ItsOwnRequestsAreStable) {
    for (const auto& file : test::files(test::testdata() / "responses", ".json")) {
        auto conversation = responses::decode_request(parse(test::read_file(file)));
        ASSERT_TRUE(conversation) << file;
        auto once = responses::encode_request(*conversation, conversation->model);
        ASSERT_TRUE(once) << file << once.error().to_string();
        auto again = responses::decode_request(parse(once->body));
        ASSERT_TRUE(again) << file << again.error().to_string();
        auto twice = responses::encode_request(*again, again->model);
        ASSERT_TRUE(twice) << file;
        EXPECT_EQ(once->body, twice->body) << file;
    }
}

TEST(ChatOnlyProvider, HearsResponsesClientsThroughChatCompletions) {
    const Target chat{.schema = Schema::OpenAI,
                      .model_override = "gpt-5-mini",
                      .api = ConversationApi::chat_completions};
    for (const auto& file : test::files(test::testdata() / "responses", ".json")) {
        auto golden = file;
        golden.replace_extension(".openai.golden.json");
        expect_golden(
            golden, test::outcome(translate_request(
                        {.operation = Operation::responses, .body = test::read_file(file)}, chat)));
    }
}

TEST(ConversationApis, SayWhatPasses) {
    using Api = ConversationApi;
    struct Row {
        Operation operation;
        Api api;
        bool passes;
    };
    const Row rows[] = {
        {Operation::chat, Api::both, true},
        {Operation::chat, Api::chat_completions, true},
        {Operation::chat, Api::responses, false},
        {Operation::responses, Api::both, true},
        {Operation::responses, Api::chat_completions, false},
        {Operation::responses, Api::responses, true},
        {Operation::responses_input_tokens, Api::chat_completions, false},
        {Operation::responses_input_tokens, Api::responses, true},
        {Operation::embeddings, Api::responses, true},
        {Operation::completions, Api::chat_completions, true},
    };
    for (const Row& row : rows)
        for (Schema schema : {Schema::OpenAI, Schema::AzureOpenAI}) {
            EXPECT_EQ(passes_through(row.operation, Dialect::openai, schema, row.api), row.passes)
                << to_string(row.operation);
            EXPECT_EQ(answer_passes_through(row.operation, Dialect::openai, schema, true, row.api),
                      row.passes);
        }
}

}  // namespace
}  // namespace weir::dialect
