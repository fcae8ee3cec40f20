#include "cel/json_document.h"

namespace weir::cel {
namespace {

class JsonList final : public ListView {
public:
    explicit JsonList(const json::Value& array) : array_(array) {}
    size_t size() const override { return array_.items().size(); }
    Value at(size_t index, Arena& arena) const override {
        return json_document(array_.items()[index], arena);
    }

private:
    const json::Value& array_;
};

class JsonMap final : public MapView {
public:
    explicit JsonMap(const json::Value& object) : object_(object) {}
    size_t size() const override { return object_.members().size(); }
    std::optional<Value> find(const Value& key, Arena& arena) const override {
        if (!key.is(Kind::string)) return std::nullopt;
        const json::Value* found = object_.find(key.text());
        if (!found) return std::nullopt;
        return json_document(*found, arena);
    }
    Value key(size_t index, Arena&) const override {
        return Value::string(object_.members()[index].key);
    }
    Value value(size_t index, Arena& arena) const override {
        return json_document(object_.members()[index].value, arena);
    }

private:
    const json::Value& object_;
};

}  // namespace

Value json_document(const json::Value& document, Arena& arena) {
    switch (document.kind()) {
        case json::Kind::null:
            return Value::null();
        case json::Kind::boolean:
            return Value::boolean(document.as_bool());
        case json::Kind::number: {
            const auto number = document.as_double();
            return number ? Value::real(*number) : Value::failure(Failure::range);
        }
        case json::Kind::string:
            return Value::string(document.text());
        case json::Kind::array: {
            const auto* made = arena.make<JsonList>(document);
            return made ? Value::list(*made) : Value::failure(Failure::memory);
        }
        case json::Kind::object: {
            const auto* made = arena.make<JsonMap>(document);
            return made ? Value::map(*made) : Value::failure(Failure::memory);
        }
    }
    return Value::null();
}

}  // namespace weir::cel
