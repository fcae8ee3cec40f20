#include "mock/sample.h"

#include <algorithm>
#include <string>

#include "mock/text.h"

namespace weir::mock {
namespace {

using json::Value;

constexpr int kDepth = 16;
constexpr int kValues = 10'000;  // schemas that refer to themselves would grow without end
constexpr std::string_view kPunctuation = ".,;:!?\"'()[]{}<>";

/// The last capitalised word after the first, else the last word, without punctuation.
std::string subject_of(std::string_view text) {
    std::string_view subject = "mock";
    bool first = true;
    bool named = false;
    for (std::string_view word : split_words(clip(text, 4096))) {
        auto begin = word.find_first_not_of(kPunctuation);
        if (begin == std::string_view::npos) continue;
        word = word.substr(begin, word.find_last_not_of(kPunctuation) - begin + 1);
        bool capital = word[0] >= 'A' && word[0] <= 'Z' && !first;
        if (capital || !named) subject = word;
        named |= capital;
        first = false;
    }
    return std::string(subject);
}

class Sampler {
public:
    Sampler(const Value& root, std::string_view text) : root_(root), subject_(subject_of(text)) {}

    Value sample(const Value& schema, int depth) {
        if (depth > kDepth || ++values_ > kValues) return {};
        for (std::string_view fixed : {"const", "default"})
            if (const Value* value = schema.find(fixed)) return *value;
        if (const Value* options = schema.find("enum"); options && !options->items().empty())
            return options->items()[0];
        if (const Value* other = referred(schema)) return sample(*other, depth + 1);
        for (std::string_view combined : {"anyOf", "oneOf", "allOf"})
            if (const Value* options = schema.find(combined))
                for (const Value& option : options->items())
                    if (option.string_at("type") != "null") return sample(option, depth + 1);
        return by_type(schema, depth);
    }

private:
    /// `#/$defs/Name` and the like.
    const Value* referred(const Value& schema) const {
        std::string_view path = schema.string_at("$ref");
        if (!path.starts_with("#/")) return nullptr;
        const Value* at = &root_;
        path.remove_prefix(2);
        while (at && !path.empty()) {
            auto slash = path.find('/');
            at = at->find(path.substr(0, slash));
            path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
        }
        return at;
    }

    Value by_type(const Value& schema, int depth) {
        std::string_view type = schema.string_at("type");
        if (const Value* types = schema.find("type"); types && types->is_array())
            for (const Value& each : types->items())
                if (type.empty() && each.text() != "null") type = each.text();
        if (type.empty() && schema.find("properties")) type = "object";
        if (type == "object") return object(schema, depth);
        if (type == "array") return array(schema, depth);
        if (type == "boolean") return Value::boolean(true);
        if (type == "integer" || type == "number") {
            const Value* least = schema.find("minimum");
            return least && least->is_number() ? *least : Value::integer(1);
        }
        return type == "string" ? Value::string(subject_) : Value();
    }

    Value object(const Value& schema, int depth) {
        Value out = Value::object();
        const Value* properties = schema.find("properties");
        if (!properties) return out;
        const Value* required = schema.find("required");
        bool all = !required || required->items().empty();
        for (const auto& [name, property] : properties->members()) {
            bool wanted = all || std::ranges::any_of(required->items(), [&](const Value& r) {
                              return r.text() == name;
                          });
            if (wanted) out.set(name, sample(property, depth + 1));
        }
        return out;
    }

    Value array(const Value& schema, int depth) {
        Value out = Value::array();
        const Value* items = schema.find("items");
        const Value* least = schema.find("minItems");
        int64_t count = std::clamp<int64_t>(least ? least->as_int().value_or(1) : 1, 1, 16);
        for (int64_t i = 0; items && i < count; ++i)
            out.push_back(sample(*items, depth + 1));
        return out;
    }

    const Value& root_;
    std::string subject_;
    int values_ = 0;
};

}  // namespace

Value sample_value(const Value& schema, std::string_view text) {
    Value value = Sampler(schema, text).sample(schema, 0);
    return value.is_null() ? Value::object() : value;
}

}  // namespace weir::mock
