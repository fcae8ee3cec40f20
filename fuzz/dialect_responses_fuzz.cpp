// OpenAI Responses as the only API of a provider: requests of every client, answers and streams to
// every client; and Responses clients where there are chat completions only. Whatever goes out is
// JSON; its own requests are a fixed point; a split changes nothing.
#include <cstdint>

#include "dialect/responses/responses.h"
#include "dialect_fuzz.h"

namespace {

using namespace weir::dialect;

struct Client {
    Operation operation;
    Dialect dialect;
};
constexpr Client kClients[] = {
    {Operation::chat, Dialect::openai},      {Operation::messages, Dialect::anthropic},
    {Operation::chat, Dialect::gemini},      {Operation::chat, Dialect::bedrock},
    {Operation::messages, Dialect::bedrock}, {Operation::chat, Dialect::cohere}};

void check_request(std::string_view body) {
    constexpr std::string_view kModels[] = {"gpt-5", "gpt-4.1"};
    for (const Client& client : kClients)
        for (std::string_view model : kModels) {
            auto sent = translate_request(
                {.operation = client.operation, .dialect = client.dialect, .body = body},
                {.model_override = model, .api = ConversationApi::responses});
            if (sent) fuzz::require(weir::json::parse(sent->body).has_value());
        }
    auto chat = translate_request({.operation = Operation::responses, .body = body},
                                  {.api = ConversationApi::chat_completions});
    if (chat) fuzz::require(weir::json::parse(chat->body).has_value());
}

void check_round_trip(std::string_view body) {
    auto parsed = weir::json::parse(body);
    if (!parsed) return;
    auto conversation = responses::decode_request(std::move(*parsed));
    if (!conversation) return;
    auto once = responses::encode_request(*conversation, conversation->model);
    if (!once) return;
    auto again = weir::json::parse(once->body);
    fuzz::require(again.has_value());
    auto second = responses::decode_request(std::move(*again));
    fuzz::require(second.has_value());
    auto twice = responses::encode_request(*second, second->model);
    fuzz::require(twice.has_value() && twice->body == once->body);
}

Context context(const Client& client) {
    return {.operation = client.operation,
            .dialect = client.dialect,
            .model = "m",
            .created = 1,
            .request_id = "r",
            .api = ConversationApi::responses};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const size_t piece = data[0] / 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            check_request(bytes);
            break;
        case 1:
            check_round_trip(bytes);
            break;
        case 2:
            for (const Client& client : kClients)
                if (auto answer = translate_response(context(client), bytes))
                    fuzz::require(weir::json::parse(answer->body).has_value());
            break;
        default:
            for (const Client& client : kClients)
                fuzz::translate_split(context(client), bytes, piece, test::unrepeated(bytes));
    }
    return 0;
}
