// Formats: Vertex AI and Gemini API references, "GenerateContent", "Embeddings"; docs.cohere.com,
// "Embed", "Rerank".
#include "mock/read_other.h"

#include <algorithm>

#include "dialect/gemini/schema.h"
#include "mock/body.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using json::Value;

void read_contents(const Value& contents, Question& q) {
    for (const Value& content : contents.items()) {
        ++q.turns;
        const bool user = content.string_at("role") != "model";
        q.after_tool = false;
        for (const Value& part : at(content, "parts").items())
            if (const Value& result = at(part, "functionResponse"); result.is_object()) {
                q.after_tool = true;
                q.tool_text = at(result, "response", "output").text();
            }
        std::string text = text_of(at(content, "parts"));
        if (user && !text.empty()) q.last_user_text = std::move(text);
    }
    q.input_tokens += words_in(contents);
}

void read_functions(const Value& body, Question& q) {
    for (const Value& tool : at(body, "tools").items()) {
        q.searches = q.searches || tool.find("googleSearch");
        for (const Value& function : at(tool, "functionDeclarations").items()) {
            const Value& schema = at(function, "parametersJsonSchema");
            const Value& open = at(function, "parameters");
            q.tools.push_back({std::string(function.string_at("name")),
                               schema.is_object() ? schema : dialect::gemini::from_openapi(open)});
        }
    }
    const Value& config = at(body, "toolConfig", "functionCallingConfig");
    if (config.string_at("mode") == "NONE") q.choice = Question::Choice::none;
    if (config.string_at("mode") == "ANY") q.choice = Question::Choice::any;
    const Value& allowed = at(config, "allowedFunctionNames");
    if (allowed.items().size() != 1) return;
    q.choice = Question::Choice::named;
    q.chosen_tool = allowed.items()[0].text();
}

void add_input(std::string text, Question& q) {
    q.input_tokens += count_words(text);
    q.inputs.push_back(std::move(text));
}

void read_dimensions(const Value& value, Question& q) {
    if (const auto asked = value.as_int())
        q.dimensions = static_cast<std::size_t>(std::clamp<int64_t>(*asked, 0, 4096));
}

}  // namespace

void read_generate(const Value& body, Question& q) {
    read_contents(at(body, "contents"), q);
    q.input_tokens += words_in(at(body, "systemInstruction"));
    read_functions(body, q);
    const Value& config = at(body, "generationConfig");
    q.max_tokens = at(config, "maxOutputTokens").as_int();
    q.thinking = at(config, "thinkingConfig", "includeThoughts").as_bool();
    if (config.string_at("responseMimeType") != "application/json") return;
    const Value& schema = at(config, "responseJsonSchema");
    const Value& old = at(config, "responseSchema");
    if (schema.is_object())
        q.format_schema = schema;
    else if (old.is_object())
        q.format_schema = dialect::gemini::from_openapi(old);
    else
        q.json_object = true;
}

void read_google_count(const Value& body, Question& q) {
    const Value& whole = at(body, "generateContentRequest");
    read_generate(whole.is_object() ? whole : body, q);
    if (whole.is_object()) q.input_tokens += words_in(at(whole, "tools"));
}

void read_google_inputs(const Value& body, Question& q) {
    for (const Value& instance : at(body, "instances").items())
        add_input(std::string(instance.string_at("content")), q);
    for (const Value& request : at(body, "requests").items()) {
        add_input(text_of(at(request, "content", "parts")), q);
        read_dimensions(at(request, "outputDimensionality"), q);
    }
    if (const Value& content = at(body, "content"); content.is_object())
        add_input(text_of(at(content, "parts")), q);
    for (std::string_view holder : {"parameters", "embedContentConfig"})
        read_dimensions(at(body, holder, "outputDimensionality"), q);
    read_dimensions(at(body, "outputDimensionality"), q);
}

void read_cohere_chat(const Value& body, Question& q) {
    for (const Value& document : at(body, "documents").items()) {
        const Value& data = at(document, "data");
        if (q.document) break;
        q.document = document.is_string()
                         ? CitedDocument{{}, std::string(document.text())}
                         : CitedDocument{std::string(data.string_at("title")),
                                         std::string(data.is_string() ? data.text()
                                                                      : data.string_at("text"))};
    }
    const std::string_view choice = body.string_at("tool_choice");
    if (choice == "REQUIRED") q.choice = Question::Choice::any;
    if (choice == "NONE") q.choice = Question::Choice::none;
    q.thinking = at(body, "thinking").string_at("type") == "enabled";
    const Value& format = at(body, "response_format");
    const Value& schema = at(format, format.find("schema") ? "schema" : "json_schema");
    if (format.string_at("type") == "json_object" && schema.is_object()) {
        q.json_object = false;
        q.format_schema = schema;
    }
    const auto& messages = at(body, "messages").items();
    if (!q.after_tool || messages.empty()) return;
    for (const Value& part : at(messages.back(), "content").items()) {
        const Value& data = at(at(part, "document"), "data");
        if (data.is_null()) continue;
        q.tool_text.append(q.tool_text.empty() ? "" : " ");
        q.tool_text.append(data.is_string() ? std::string(data.text()) : json::serialize(data));
    }
}

void read_cohere(const Value& body, Question& q) {
    q.last_user_text = body.string_at("query");
    q.input_tokens += count_words(q.last_user_text);
    const bool ranks = q.ask == Ask::rerank;
    for (const Value& item : at(body, ranks ? "documents" : "texts").items())
        add_input(std::string(item.is_string() ? item.text() : item.string_at("text")), q);
    read_dimensions(at(body, "output_dimension"), q);
    q.max_tokens = at(body, "top_n").as_int();
}

}  // namespace weir::mock
