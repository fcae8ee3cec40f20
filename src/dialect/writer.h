/// Writes compact JSON straight into a string: no document, no commas to think of.
///
///     Writer w(out);
///     w.begin_object().key("model").string(model).key("n").integer(1).end_object();
///
/// A comma is put where the text so far ends in a finished value. Borrows `out`, which must be
/// empty or end in something that is no JSON value (such as "data: ").
#pragma once
#include <string>
#include <string_view>

#include "json/value.h"

namespace weir::dialect {

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    Writer& begin_object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& begin_array() { return open('['); }
    Writer& end_array() { return close(']'); }
    /// `name` must need no escaping.
    Writer& key(std::string_view name) {
        comma();
        out_.push_back('"');
        out_.append(name).append("\":");
        return *this;
    }
    /// Any name.
    Writer& any_key(std::string_view name) {
        comma();
        json::append_string(out_, name);
        out_.push_back(':');
        return *this;
    }
    Writer& string(std::string_view text) {
        comma();
        json::append_string(out_, text);
        return *this;
    }
    Writer& value(const json::Value& value) {
        comma();
        json::append(out_, value);
        return *this;
    }
    Writer& integer(int64_t number) { return raw(std::to_string(number)); }
    Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
    Writer& null() { return raw("null"); }
    /// Text that is valid JSON already, without white space around it.
    Writer& raw(std::string_view json) {
        comma();
        out_.append(json);
        return *this;
    }

private:
    Writer& open(char bracket) {
        comma();
        out_.push_back(bracket);
        return *this;
    }
    Writer& close(char bracket) {
        out_.push_back(bracket);
        return *this;
    }
    void comma() {
        if (out_.empty()) return;
        switch (out_.back()) {
            case '{':
            case '[':
            case ':':
            case ' ':
            case '\n':
                return;
            default:
                out_.push_back(',');
        }
    }
    std::string& out_;
};

}  // namespace weir::dialect
