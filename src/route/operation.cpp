#include "route/operation.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir::route {
namespace {

constexpr std::string_view kOpenAi = "openai";
constexpr std::string_view kAnthropic = "anthropic";
constexpr std::string_view kCohere = "cohere";
constexpr std::string_view kGemini = "gemini";
constexpr std::string_view kBedrock = "bedrock";

using E = Endpoint;
constexpr EndpointRow kRows[] = {
    {E::chat, "POST", "/chat/completions", "chat", kOpenAi},
    {E::completion, "POST", "/completions", "completion", kOpenAi},
    {E::embeddings, "POST", "/embeddings", "embeddings", kOpenAi},
    {E::responses, "POST", "/responses", "responses", kOpenAi},
    {E::responses_input_tokens, "POST", "/responses/input_tokens", "responses_input_tokens",
     kOpenAi},
    {E::image_generation, "POST", "/images/generations", "image_generation", kOpenAi},
    {E::image_edit, "POST", "/images/edits", "image_edit", kOpenAi},
    {E::image_variation, "POST", "/images/variations", "image_variation", kOpenAi},
    {E::speech, "POST", "/audio/speech", "speech", kOpenAi},
    {E::transcription, "POST", "/audio/transcriptions", "transcription", kOpenAi},
    {E::translation, "POST", "/audio/translations", "translation", kOpenAi},
    {E::moderation, "POST", "/moderations", "moderation", kOpenAi},
    {E::tokenize, "POST", "/tokenize", "tokenize", kOpenAi},
    {E::models, "GET", "/models", "models", kOpenAi},
    {E::rerank, "POST", "/rerank", "rerank", kCohere},
    {E::chat, "POST", "/chat", "chat", kCohere},
    {E::embeddings, "POST", "/embed", "embeddings", kCohere},
    {E::chat, "POST", "/models/{model}:generateContent", "chat", kGemini},
    {E::chat, "POST", "/models/{model}:streamGenerateContent", "chat", kGemini, true},
    {E::count_tokens, "POST", "/models/{model}:countTokens", "count_tokens", kGemini},
    {E::embeddings, "POST", "/models/{model}:embedContent", "embeddings", kGemini},
    {E::embeddings, "POST", "/models/{model}:batchEmbedContents", "embeddings", kGemini},
    {E::embeddings, "POST", "/models/{model}:predict", "embeddings", kGemini},
    {E::chat, "POST", "/model/{model}/converse", "chat", kBedrock},
    {E::chat, "POST", "/model/{model}/converse-stream", "chat", kBedrock, true},
    {E::messages, "POST", "/model/{model}/invoke", "messages", kBedrock},
    {E::messages, "POST", "/model/{model}/invoke-with-response-stream", "messages", kBedrock, true},
    {E::messages, "POST", "/messages", "messages", kAnthropic},
    {E::count_tokens, "POST", "/messages/count_tokens", "count_tokens", kAnthropic},
    {E::models, "GET", "/models", "models", kAnthropic},
    {E::models, "GET", "/models", "models", kGemini},
    {E::passthrough, "GET", "/models/{id}", "model", kOpenAi},
    {E::passthrough, "GET", "/responses/{id}", "stored_responses", kOpenAi},
    {E::passthrough, "DELETE", "/responses/{id}", "stored_responses", kOpenAi},
    {E::passthrough, "POST", "/responses/{id}/cancel", "stored_responses", kOpenAi},
    {E::passthrough, "GET", "/responses/{id}/input_items", "stored_responses", kOpenAi},
    {E::passthrough, "GET", "/files", "files", kOpenAi},
    {E::passthrough, "POST", "/files", "files", kOpenAi},
    {E::passthrough, "GET", "/files/{id}", "files", kOpenAi},
    {E::passthrough, "DELETE", "/files/{id}", "files", kOpenAi},
    {E::passthrough, "GET", "/files/{id}/content", "files", kOpenAi},
    {E::passthrough, "GET", "/batches", "batches", kOpenAi},
    {E::passthrough, "POST", "/batches", "batches", kOpenAi},
    {E::passthrough, "GET", "/batches/{id}", "batches", kOpenAi},
    {E::passthrough, "POST", "/batches/{id}/cancel", "batches", kOpenAi},
    {E::passthrough, "GET", "/messages/batches", "message_batches", kAnthropic},
    {E::passthrough, "POST", "/messages/batches", "message_batches", kAnthropic},
    {E::passthrough, "GET", "/messages/batches/{id}", "message_batches", kAnthropic},
    {E::passthrough, "DELETE", "/messages/batches/{id}", "message_batches", kAnthropic},
    {E::passthrough, "POST", "/messages/batches/{id}/cancel", "message_batches", kAnthropic},
    {E::passthrough, "GET", "/messages/batches/{id}/results", "message_batches", kAnthropic},
};

/// A path below root or prefix, cut into the parts that are looked up.
struct Parts {
    std::string_view family;   ///< dialect whose rows count; empty: all
    std::string_view version;  ///< "v1", "v2", "v1beta" or empty
    std::string_view suffix;
};

bool take_segment(std::string_view& path, std::string_view segment) {
    if (path.size() <= segment.size() + 1 || path[0] != '/' || path[segment.size() + 1] != '/' ||
        !path.substr(1).starts_with(segment))
        return false;
    path.remove_prefix(segment.size() + 1);
    return true;
}

/// "/projects/P/locations/L/publishers/google", or its last two segments alone (Vertex AI).
bool take_publisher(std::string_view& path) {
    std::string_view rest = path;
    for (std::string_view collection : {"projects", "locations"}) {
        if (!take_segment(rest, collection)) continue;
        const size_t end = rest.find('/', 1);
        if (end == std::string_view::npos) return false;
        rest.remove_prefix(end);
    }
    if (!take_segment(rest, "publishers") || !take_segment(rest, "google")) return false;
    path = rest;
    return true;
}

Parts cut(std::string_view path) {
    Parts parts;
    for (std::string_view family : {kAnthropic, kCohere, kGemini, kBedrock})
        if (parts.family.empty() && take_segment(path, family)) parts.family = family;
    for (std::string_view version : {"v1", "v2", "v1beta", "v1beta1", "v1alpha"})
        if (parts.version.empty() && take_segment(path, version)) parts.version = version;
    if ((parts.family.empty() || parts.family == kGemini) && take_publisher(path))
        parts.family = kGemini;
    parts.suffix = path;
    return parts;
}

bool allows(const Parts& parts, const EndpointRow& row) {
    if (!parts.family.empty() && parts.family != row.dialect) return false;
    if (parts.version == "v2") return row.dialect == kCohere;
    if (parts.version == "v1")  // of Cohere's chat and embed it is another API
        return row.dialect != kCohere || row.endpoint == E::rerank;
    return parts.version.empty() || row.dialect == kGemini;
}

/// One segment with its slash: {id} or {model} and what is written behind it.
bool fits_segment(std::string_view wanted, std::string_view segment) {
    if (!wanted.starts_with("/{")) return wanted == segment;
    const std::string_view behind = wanted.substr(wanted.find('}') + 1);
    return segment.size() > 1 + behind.size() && segment.ends_with(behind);
}

/// Segment by segment.
bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
        size_t path_end = std::min(path.find('/', 1), path.size());
        if (!fits_segment(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
        pattern.remove_prefix(pattern_end);
        path.remove_prefix(path_end);
    }
    return pattern.empty() && path.empty();
}

/// The rows of one suffix, and its Allow header for each family ("" at index 0).
struct Group {
    std::string_view suffix;
    std::vector<const EndpointRow*> rows;
    std::string allow;
};

struct Table {
    std::unordered_map<std::string_view, Group> literal;
    std::vector<Group> patterns;

    Table() {
        for (const EndpointRow& row : kRows) {
            Group& group = group_of(row.suffix);
            group.rows.push_back(&row);
            if (group.allow.find(row.method) != std::string::npos) continue;
            group.allow.append(group.allow.empty() ? "" : ", ").append(row.method);
        }
    }

    Group& group_of(std::string_view suffix) {
        if (suffix.find('{') == std::string_view::npos) {
            Group& group = literal[suffix];
            group.suffix = suffix;
            return group;
        }
        for (Group& group : patterns)
            if (group.suffix == suffix) return group;
        return patterns.emplace_back(Group{suffix, {}, {}});
    }
};

const Table& table() {
    static const Table instance;
    return instance;
}

Operation judge(const Group& group, const Parts& parts, std::string_view method) {
    Operation operation;
    operation.suffix = parts.suffix;
    for (const EndpointRow* row : group.rows) {
        if (!allows(parts, *row)) continue;
        operation.outcome = Identified::method_not_allowed;
        operation.allow = group.allow;
        if (row->method != method) continue;
        operation.outcome = Identified::found;
        operation.row = *row;
        break;
    }
    return operation;
}

Operation find_literal(std::string_view path, std::string_view method) {
    Parts parts = cut(path);
    auto found = table().literal.find(parts.suffix);
    return found == table().literal.end() ? Operation{} : judge(found->second, parts, method);
}

Operation find_pattern(std::string_view path, std::string_view method) {
    Parts parts = cut(path);
    for (const Group& group : table().patterns) {
        if (!fits(group.suffix, parts.suffix)) continue;
        Operation operation = judge(group, parts, method);
        if (operation.outcome != Identified::unknown_path) return operation;
    }
    return {};
}

}  // namespace

Operation identify(std::string_view method, std::string_view path, size_t prefix_length) {
    prefix_length = std::min(prefix_length, path.size());
    const std::string_view rest = path.substr(prefix_length);
    // A rule's prefix may be (part of) an operation's own path, as /v1/chat: that path counts.
    Operation operation = find_literal(path, method);
    if (operation.outcome != Identified::unknown_path || prefix_length == 0)
        return operation.outcome != Identified::unknown_path ? operation
                                                             : find_pattern(path, method);
    if (rest.empty() || rest == "/") {
        operation.outcome = Identified::bare_prefix;
        return operation;
    }
    operation = find_literal(rest, method);
    if (operation.outcome == Identified::unknown_path) operation = find_pattern(rest, method);
    if (operation.outcome == Identified::unknown_path) operation = find_pattern(path, method);
    return operation;
}

std::string_view model_in_path(std::string_view path) {
    constexpr std::string_view kPlaceholder = "{model}";
    if (path.find("/model") == std::string_view::npos) return {};
    for (const EndpointRow& row : kRows) {
        const size_t begin = row.suffix.find(kPlaceholder);
        if (begin == std::string_view::npos) continue;
        const std::string_view before = row.suffix.substr(0, begin);
        const std::string_view behind = row.suffix.substr(begin + kPlaceholder.size());
        if (!path.ends_with(behind)) continue;
        std::string_view rest = path.substr(0, path.size() - behind.size());
        const size_t slash = rest.rfind('/');
        if (slash == std::string_view::npos || slash + 1 == rest.size()) continue;
        if (rest.substr(0, slash + 1).ends_with(before)) return rest.substr(slash + 1);
    }
    return {};
}

std::span<const EndpointRow> endpoints() {
    return kRows;
}

}  // namespace weir::route
