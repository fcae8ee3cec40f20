/// Upstream's translator cases as their files have them (conformance/translator), and what of them
/// is not run. Only *_test.cpp files include this.
#pragma once
#include <fnmatch.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/encoding.h"
#include "dialect/names.h"
#include "dialect/test_support.h"

namespace weir::dialect::test {

struct Case {
    std::string id;
    Schema schema;
    json::Value value;
    bool whole_program = false;  ///< of e2e.json
};
inline std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.id;
}

struct OutOfScope {
    std::string pattern;
    std::string reason;
};

inline std::vector<OutOfScope> out_of_scope() {
    std::vector<OutOfScope> out;
    std::istringstream lines(read_file(testdata() / "conformance_out_of_scope.txt"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        const size_t space = line.find(' ');
        out.push_back(
            {line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1)});
    }
    return out;
}

inline const OutOfScope* excluded(const std::vector<OutOfScope>& list, const std::string& id) {
    for (const auto& entry : list)
        if (fnmatch(entry.pattern.c_str(), id.c_str(), 0) == 0) return &entry;
    return nullptr;
}

template <class Visit>
inline void for_each_case(Visit visit) {
    if (!has_conformance()) return;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(conformance() / "translator"))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        if (file.filename() == "index.json" || file.filename() == "e2e-backends.json") continue;
        json::Value list = parse(read_file(file));
        for (auto& item : list.items())
            visit(std::move(item), file.filename() == "e2e.json");
    }
}

inline std::vector<Case> cases_in_scope() {
    const auto list = out_of_scope();
    std::vector<Case> cases;
    for_each_case([&](json::Value value, bool whole_program) {
        const std::string id(value.string_at("id"));
        if (excluded(list, id)) return;
        const auto schema = schema_from_string(value.string_at("backendSchema"));
        cases.push_back({id, schema.value_or(Schema::OpenAI), value, whole_program});
        if (const auto* also = value.find("alsoBackendSchemas"))
            for (const auto& other : also->items())
                cases.push_back({id + "/" + std::string(other.text()),
                                 schema_from_string(other.text()).value(), value, whole_program});
    });
    return cases;
}

inline std::vector<std::string> strings(const json::Value* list) {
    std::vector<std::string> out;
    if (list)
        for (const auto& item : list->items())
            out.emplace_back(item.text());
    return out;
}

inline std::string text_of(const json::Value* value) {
    return value ? value->is_string() ? std::string(value->text()) : json::serialize(*value)
                 : std::string();
}

// Google's servers indent what they refuse with, and the letters of `details` reach the client.
inline void append_indented(std::string& out, const json::Value& value, int depth) {
    const bool array = value.is_array();
    if (value.items().empty() && value.members().empty()) return json::append(out, value);
    const std::string line = "\n" + std::string(static_cast<size_t>(depth) * 2 + 2, ' ');
    out.push_back(array ? '[' : '{');
    for (const auto& item : value.items()) {
        out.append(out.back() == '[' ? "" : ",").append(line);
        append_indented(out, item, depth + 1);
    }
    for (const auto& [key, inner] : value.members()) {
        out.append(out.back() == '{' ? "" : ",").append(line);
        json::append_string(out, key);
        append_indented(out.append(": "), inner, depth + 1);
    }
    out.append(line, 0, line.size() - 2).push_back(array ? ']' : '}');
}

inline std::string error_text(const json::Value* value) {
    std::string out;
    if (!value || value->is_string()) return text_of(value);
    append_indented(out, *value, 0);
    return out;
}

inline const json::Value& member(const json::Value& value, std::string_view key) {
    static const json::Value kNone;
    const auto* found = value.find(key);
    return found ? *found : kNone;
}

// Upstream's own test does not compare inline data: the expectation says so, in base64.
inline json::Value without_ignored_data(json::Value parts) {
    for (auto& part : parts.items())
        if (auto* data = part.find("inlineData"); data && base64_decode(data->string_at("data"))
                                                              .value_or("")
                                                              .starts_with("This field is ignored"))
            data->erase("data");
    return parts;
}

inline Operation operation_of(std::string_view path) {
    path = path.substr(0, path.find('?'));
    if (path == "/v1/embeddings") return Operation::embeddings;
    if (path == "/tokenize") return Operation::tokenize;
    if (path == "/cohere/v2/rerank") return Operation::rerank;
    if (path == "/v1/completions") return Operation::completions;
    if (path == "/v1/responses") return Operation::responses;
    if (path == "/v1/images/generations") return Operation::image_generation;
    if (path == "/anthropic/v1/messages") return Operation::messages;
    if (path == "/anthropic/v1/messages/count_tokens") return Operation::count_tokens;
    return Operation::chat;
}

}  // namespace weir::dialect::test
