#include "mock/question.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "mock/body.h"
#include "mock/read_other.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Dialect;
using json::Value;

void read_choice_word(std::string_view word, Question& q) {
    if (word == "none") q.choice = Question::Choice::none;
    if (word == "required" || word == "any") q.choice = Question::Choice::any;
}

void choose(std::string_view name, Question& q) {
    if (name.empty()) return;
    q.choice = Question::Choice::named;
    q.chosen_tool = name;
}

void read_openai_tools(const Value& body, Question& q) {
    q.searches = q.searches || at(body, "web_search_options").is_object();
    for (const Value& tool : at(body, "tools").items()) {
        q.searches = q.searches || tool.string_at("type").starts_with("web_search");
        // Responses has the function's members in the tool itself.
        const Value& function = tool.find("function") ? at(tool, "function") : tool;
        if (auto name = function.string_at("name"); !name.empty())
            q.tools.push_back({std::string(name), at(function, "parameters")});
    }
    const Value& choice = at(body, "tool_choice");
    read_choice_word(choice.text(), q);
    choose(at(choice, "function").string_at("name"), q);
    choose(choice.string_at("name"), q);
    q.parallel_tools = at(body, "parallel_tool_calls").as_bool(true);
}

void read_openai_format(const Value& format, Question& q) {
    std::string_view type = format.string_at("type");
    q.json_object = type == "json_object";
    if (type != "json_schema") return;
    const Value& wrapped = at(format, "json_schema", "schema");
    q.format_schema = wrapped.is_object() ? wrapped : at(format, "schema");
}

/// Of Anthropic's or Bedrock's, if it is to be cited from.
void read_document(const Value& part, Question& q) {
    const bool anthropic = part.string_at("type") == "document";
    const Value& document = anthropic ? part : at(part, "document");
    if (q.document || !at(document, "citations", "enabled").as_bool()) return;
    const Value& source = at(document, "source");
    CitedDocument found{std::string(document.string_at(anthropic ? "title" : "name")), {}};
    if (anthropic && source.string_at("type") == "text") found.text = source.string_at("data");
    if (!anthropic && document.string_at("format") == "txt") {
        found.text = source.string_at("text");
        if (found.text.empty()) found.text = base64_decode(source.string_at("bytes")).value_or("");
    }
    q.document = std::move(found);
}

void read_messages(const Value& messages, Question& q) {
    for (const Value& message : messages.items()) {
        std::string_view role = message.string_at("role");
        const Value& content = at(message, "content");
        q.after_tool = role == "tool";
        if (q.after_tool) q.tool_text = text_of(content);
        for (const Value& part : content.items()) {
            read_document(part, q);
            bool anthropic = part.string_at("type") == "tool_result";
            const Value& result = anthropic ? part : at(part, "toolResult");
            if (!anthropic && !result.is_object()) continue;
            q.after_tool = true;
            q.tool_text = text_of(at(result, "content"));
        }
        if (role != "user") continue;
        if (std::string text = text_of(content); !text.empty()) q.last_user_text = std::move(text);
    }
    q.input_tokens += words_in(messages);
}

void read_chat(const Value& body, Question& q) {
    read_messages(at(body, "messages"), q);
    read_openai_tools(body, q);
    read_openai_format(at(body, "response_format"), q);
    q.stream_usage = at(body, "stream_options", "include_usage").as_bool();
    std::string_view effort = body.string_at("reasoning_effort");
    q.thinking = !effort.empty() && effort != "none" && effort != "minimal";
    q.max_tokens = at(body, "max_completion_tokens").as_int();
    if (!q.max_tokens) q.max_tokens = at(body, "max_tokens").as_int();
}

void read_completion(const Value& body, Question& q) {
    const Value& prompt = at(body, "prompt");
    q.last_user_text = text_of(prompt);
    q.input_tokens += words_in(prompt);
    q.stream_usage = at(body, "stream_options", "include_usage").as_bool();
    q.max_tokens = at(body, "max_tokens").as_int();
}

/// Where nothing is stored, an item of reasoning is worth what its proof is.
Result<void> check_reasoning(const Value& item) {
    if (item.string_at("type") != "reasoning") return {};
    std::string_view id = item.string_at("id");
    std::string_view proof = item.string_at("encrypted_content");
    if (proof.empty())
        return fail(codes::body_invalid, fmt::format("Item with id '{}' not found.", clip(id, 80)));
    if (proof == proof_of(id)) return {};
    return fail(
        codes::body_invalid,
        fmt::format("The encrypted content for item {} could not be verified.", clip(id, 80)));
}

Result<void> read_responses(const Value& body, Question& q) {
    const Value& input = at(body, "input");
    if (!at(body, "store").as_bool(true))
        for (const Value& item : input.items())
            WEIR_CHECK(check_reasoning(item));
    if (input.is_string()) q.last_user_text = input.text();
    for (const Value& item : input.items()) {
        q.after_tool = item.string_at("type") == "function_call_output";
        if (q.after_tool) q.tool_text = text_of(at(item, "output"));
        if (item.string_at("role") == "user") q.last_user_text = text_of(at(item, "content"));
    }
    q.input_tokens += words_in(input) + words_in(at(body, "instructions"));
    read_openai_tools(body, q);
    read_openai_format(at(body, "text", "format"), q);
    std::string_view effort = at(body, "reasoning").string_at("effort");
    q.thinking = !effort.empty() && effort != "none" && effort != "minimal";
    q.summary = !at(body, "reasoning").string_at("summary").empty();
    for (const Value& what : at(body, "include").items())
        q.sealed = q.sealed || what.text() == "reasoning.encrypted_content";
    q.max_tokens = at(body, "max_output_tokens").as_int();
    return {};
}

void read_anthropic(const Value& body, Question& q) {
    q.input_tokens += words_in(at(body, "system"));
    read_messages(at(body, "messages"), q);
    for (const Value& tool : at(body, "tools").items()) {
        const std::string_view type = tool.string_at("type");
        q.searches = q.searches || type.starts_with("web_search");
        if (!type.empty() && type != "custom") continue;  // a tool that Anthropic runs
        if (auto name = tool.string_at("name"); !name.empty())
            q.tools.push_back({std::string(name), at(tool, "input_schema")});
    }
    const Value& choice = at(body, "tool_choice");
    read_choice_word(choice.string_at("type"), q);
    choose(choice.string_at("name"), q);
    q.parallel_tools = !at(choice, "disable_parallel_tool_use").as_bool();
    std::string_view thinking = at(body, "thinking").string_at("type");
    q.thinking = thinking == "enabled" || thinking == "adaptive";
    const Value& format = at(body, "output_config", "format");
    read_openai_format(format.is_object() ? format : at(body, "output_format"), q);
    q.max_tokens = at(body, "max_tokens").as_int();
}

void read_converse(const Value& body, Question& q) {
    q.input_tokens += words_in(at(body, "system"));
    read_messages(at(body, "messages"), q);
    for (const Value& tool : at(body, "toolConfig", "tools").items()) {
        const Value& spec = at(tool, "toolSpec");
        if (auto name = spec.string_at("name"); !name.empty())
            q.tools.push_back({std::string(name), at(spec, "inputSchema", "json")});
    }
    const Value& choice = at(body, "toolConfig", "toolChoice");
    if (choice.find("any")) q.choice = Question::Choice::any;
    choose(at(choice, "tool").string_at("name"), q);
    const Value& more = at(body, "additionalModelRequestFields");
    std::string_view type = at(more, "thinking").string_at("type");
    if (type.empty()) type = at(more, "reasoning_config").string_at("type");
    q.thinking = type == "enabled" || type == "adaptive";
    q.max_tokens = at(body, "inferenceConfig", "maxTokens").as_int();
}

/// A string, several, or token numbers: one input each.
void read_inputs(const Value& input, Question& q) {
    bool several = input.is_array() && !input.items().empty() && !input.items()[0].is_number();
    auto one = [&](const Value& value) {
        q.inputs.push_back(value.is_string() ? std::string(value.text()) : json::serialize(value));
        q.input_tokens += value.is_string() ? count_words(value.text())
                                            : static_cast<int64_t>(value.items().size());
    };
    if (!several) return one(input);
    for (const Value& item : input.items())
        one(item);
}

Result<void> read_body(const Value& body, Question& q) {
    switch (q.ask) {
        case Ask::chat:
            read_chat(body, q);
            if (q.shape == Dialect::cohere) read_cohere_chat(body, q);
            break;
        case Ask::completions:
            read_completion(body, q);
            break;
        case Ask::responses:
            return read_responses(body, q);
        case Ask::messages:
        case Ask::count_tokens:
            if (q.shape == Dialect::openai) return read_responses(body, q);
            if (q.shape == Dialect::gemini)
                read_google_count(body, q);
            else if (at(body, "toolConfig").is_object())  // counted for Converse
                read_converse(body, q);
            else
                read_anthropic(body, q);
            break;
        case Ask::converse:
            read_converse(body, q);
            break;
        case Ask::embeddings:
        case Ask::moderations:
            read_inputs(at(body, "input"), q);
            q.dimensions = static_cast<std::size_t>(
                std::clamp<int64_t>(at(body, "dimensions").as_int().value_or(0), 0, 4096));
            q.base64 = body.string_at("encoding_format") == "base64";
            break;
        case Ask::titan_embedding:
            read_inputs(at(body, "inputText"), q);
            break;
        case Ask::generate:
            read_generate(body, q);
            break;
        case Ask::predict:
        case Ask::embed_content:
        case Ask::batch_embed_contents:
            read_google_inputs(body, q);
            break;
        case Ask::cohere_embed:
        case Ask::rerank:
            read_cohere(body, q);
            break;
        case Ask::models:
        case Ask::model:
            break;
    }
    const bool google = q.shape == Dialect::gemini;
    if ((q.ask == Ask::generate || (q.ask == Ask::count_tokens && google)) && q.turns == 0)
        return fail(codes::body_invalid, "contents: at least one content is required");
    if (google) return {};
    bool talks = q.ask == Ask::chat || q.ask == Ask::messages || q.ask == Ask::converse ||
                 q.ask == Ask::count_tokens;
    if (talks && at(body, "messages").items().empty())
        return fail(codes::body_invalid, "messages: at least one message is required");
    return {};
}

bool take_suffix(std::string_view& path, std::string_view suffix) {
    if (!path.ends_with(suffix)) return false;
    path.remove_suffix(suffix.size());
    return true;
}

/// …/model/{id}/converse and its kin (Bedrock runtime).
std::optional<Destination> bedrock_destination(std::string_view path) {
    Destination d{Ask::converse, Dialect::bedrock, false, false, {}};
    if (take_suffix(path, "/converse-stream")) {
        d.stream = true;
    } else if (take_suffix(path, "/invoke-with-response-stream")) {
        d = {Ask::messages, Dialect::anthropic, true, true, {}};
    } else if (take_suffix(path, "/invoke")) {
        d = {Ask::messages, Dialect::anthropic, true, false, {}};
    } else if (take_suffix(path, "/count-tokens")) {
        d.ask = Ask::count_tokens;
    } else if (!take_suffix(path, "/converse")) {
        return std::nullopt;
    }
    auto model = path.rfind("/model/");
    if (model == std::string_view::npos) return std::nullopt;
    d.model = percent_decode(path.substr(model + 7)).value_or("");
    return d;
}

/// The model that a path names: an Azure deployment, or Vertex AI's publisher model.
std::string model_in_path(std::string_view path) {
    for (std::string_view before : {"/deployments/", "/models/"}) {
        auto found = path.rfind(before);
        if (found == std::string_view::npos) continue;
        std::string_view rest = path.substr(found + before.size());
        return percent_decode(rest.substr(0, rest.find_first_of("/:"))).value_or("");
    }
    return {};
}

struct Suffix {
    std::string_view text;
    Ask ask;
    Dialect shape;
    bool stream = false;
};
// Longer ends first where one is the end of another.
constexpr Suffix kSuffixes[] = {
    {"/chat/completions", Ask::chat, Dialect::openai},
    {"/completions", Ask::completions, Dialect::openai},
    {"/embeddings", Ask::embeddings, Dialect::openai},
    {"/responses", Ask::responses, Dialect::openai},
    {"/responses/input_tokens", Ask::count_tokens, Dialect::openai},
    {"/moderations", Ask::moderations, Dialect::openai},
    {"/messages/count_tokens", Ask::count_tokens, Dialect::anthropic},
    {"/messages", Ask::messages, Dialect::anthropic},
    {"/count-tokens:rawPredict", Ask::count_tokens, Dialect::anthropic},
    {":rawPredict", Ask::messages, Dialect::anthropic},
    {":streamRawPredict", Ask::messages, Dialect::anthropic, true},
    {":generateContent", Ask::generate, Dialect::gemini},
    {":streamGenerateContent", Ask::generate, Dialect::gemini, true},
    {":countTokens", Ask::count_tokens, Dialect::gemini},
    {":predict", Ask::predict, Dialect::gemini},
    {":embedContent", Ask::embed_content, Dialect::gemini},
    {":batchEmbedContents", Ask::batch_embed_contents, Dialect::gemini},
    {"/rerank", Ask::rerank, Dialect::cohere},
    {"/embed", Ask::cohere_embed, Dialect::cohere},
    {"/chat", Ask::chat, Dialect::cohere},
};

/// Bedrock's CountTokens wraps what would be sent to Converse or, in base64, to InvokeModel.
Result<Value> unwrap_count(const Value& body) {
    const Value& input = at(body, "input");
    if (const Value& converse = at(input, "converse"); converse.is_object()) return converse;
    auto text = base64_decode(at(input, "invokeModel").string_at("body"));
    if (!text || text->empty())
        return fail(codes::body_invalid, "input: needs converse, or invokeModel with a body");
    return json::parse(*text);
}

}  // namespace

std::string proof_of(std::string_view id) {
    return fmt::format("gAAAAA-mock-proof-of-{}", id);
}

Dialect error_shape(std::string_view path, bool anthropic_version) {
    if (path.find("/model/") != std::string_view::npos) return Dialect::bedrock;
    if (anthropic_version || path.find("/messages") != std::string_view::npos ||
        path.find("awPredict") != std::string_view::npos)
        return Dialect::anthropic;
    for (const Suffix& s : kSuffixes)
        if (path.ends_with(s.text)) return s.shape;
    return Dialect::openai;
}

Result<Destination> find_destination(std::string_view method, std::string_view path,
                                     bool anthropic_version) {
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    auto post_only = [&](Destination d) -> Result<Destination> {
        if (method != "POST") return fail(codes::route_method, fmt::format("{} takes POST", path));
        return d;
    };
    if (auto bedrock = bedrock_destination(path)) return post_only(std::move(*bedrock));
    for (const Suffix& s : kSuffixes)
        if (path.ends_with(s.text))
            return post_only({s.ask, s.shape, false, s.stream, model_in_path(path)});
    Dialect shape = anthropic_version ? Dialect::anthropic : Dialect::openai;
    if (method == "GET" && path.ends_with("/models"))
        return Destination{Ask::models, shape, false, false, {}};
    if (method == "GET" && path.find("/models/") != std::string_view::npos)
        return Destination{Ask::model, shape, false, false, model_in_path(path)};
    return fail(codes::route_not_found,
                fmt::format("the mock provider does not know {}", clip(path, 200)));
}

Result<Question> read_question(Destination destination, std::string_view path,
                               std::string_view body) {
    Question q;
    q.ask = destination.ask;
    q.shape = destination.shape;
    q.aws_frames = destination.aws_frames;
    q.stream = destination.stream;
    q.json_array = destination.json_array;
    q.model = std::move(destination.model);
    q.seed = hash_text(body, hash_text(path));
    if (q.ask == Ask::models || q.ask == Ask::model) return q;
    WEIR_TRY(Value document, json::parse(body));
    if (!document.is_object()) return fail(codes::body_invalid, "the body must be a JSON object");
    if (q.ask == Ask::count_tokens && q.shape == Dialect::bedrock) {
        WEIR_TRY(document, unwrap_count(document));
    }
    if (auto model = document.string_at("model"); !model.empty()) q.model = model;
    if (q.aws_frames && document.find("inputText")) q.ask = Ask::titan_embedding;
    if (q.aws_frames && document.find("texts")) q.ask = Ask::cohere_embed;
    q.stream = q.stream || (!q.aws_frames && at(document, "stream").as_bool());
    if (q.model.empty()) return fail(codes::body_model, "model: a model is required");
    q.input_tokens += words_in(at(document, "tools"));
    WEIR_CHECK(read_body(document, q));
    return q;
}

}  // namespace weir::mock
