// In-place edits against the same edits made on the parsed document. Input: a body, and after a
// zero byte the edits, three or more bytes each (operation and depth, keys, value).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/edit.h"
#include "json/value.h"

using namespace weir;

namespace {

std::vector<json::Edit> read_edits(std::string_view text) {
    const std::string keys[] = {"a", "b", "model", "stream_options", "\"\n"};
    const std::string values[] = {"1", "{}", R"({"a":2})", R"({"b":{"a":null}})", "\"s\"", "[]"};
    std::vector<json::Edit> edits;
    size_t at = 0;
    auto next = [&]() -> size_t { return at < text.size() ? static_cast<uint8_t>(text[at++]) : 0; };
    while (at < text.size() && edits.size() < 8) {
        size_t head = next();
        json::Edit edit;
        edit.op = static_cast<json::Edit::Op>(head % 3);
        for (size_t i = 0; i <= head / 3 % 3; ++i)
            edit.path.push_back(keys[next() % 5]);
        edit.value = values[next() % 6];
        edits.push_back(std::move(edit));
    }
    return edits;
}

void apply_to(json::Value& object, const json::Edit& edit, size_t depth) {
    const std::string& key = edit.path[depth];
    json::Value* old = object.find(key);
    if (depth + 1 < edit.path.size()) {
        if (!old || !old->is_object()) {
            if (edit.op == json::Edit::Op::remove) return;
            old = &object.set(key, json::Value::object());
        }
        return apply_to(*old, edit, depth + 1);
    }
    if (edit.op == json::Edit::Op::remove)
        object.erase(key);
    else if (edit.op == json::Edit::Op::set || !old)
        object.set(key, *json::parse(edit.value));
}

/// In no object two members of one name: with them, what an edit leaves depends on which is meant.
bool names_are_unique(const json::Value& value) {
    for (const json::Member& member : value.members())
        if (value.find(member.key) != &member.value || !names_are_unique(member.value))
            return false;
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    size_t zero = std::min(input.find('\0'), input.size());
    std::string_view body = input.substr(0, zero);
    std::vector<json::Edit> edits = read_edits(input.substr(std::min(zero + 1, input.size())));
    auto document = json::parse(body, {.depth = 200});  // leaves room for what the edits nest
    if (!document) return 0;
    auto out = json::edited(body, edits);
    if (!out) return 0;  // too many members
    auto result = json::parse(*out);
    WEIR_ASSERT(result);
    if (edits.empty() || !document->is_object()) WEIR_ASSERT(*out == body);
    if (!document->is_object() || !names_are_unique(*document)) return 0;
    for (const json::Edit& edit : edits)
        apply_to(*document, edit, 0);
    WEIR_ASSERT(*result == *document);
    return 0;
}
