// Value to text: compact, escaping only what RFC 8259 §7 demands.
#include <simdjson.h>

#include <algorithm>

#include "json/lexer.h"
#include "json/value.h"

namespace weir::json {
namespace {

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

void append_valid(std::string& out, std::string_view text) {
    const char* p = text.data();
    const char* end = p + text.size();
    out += '"';
    while (p != end) {
        const char* special = lex::find_string_special(p, end);
        out.append(p, special);
        if (special == end) break;
        append_escaped(out, *special);
        p = special + 1;
    }
    out += '"';
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    if (simdjson::validate_utf8(text.data(), text.size()))
        append_valid(out, text);
    else
        append_valid(out, lex::repair_utf8(text));
}

void append(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Kind::null:
            out += "null";
            return;
        case Kind::boolean:
            out += value.as_bool() ? "true" : "false";
            return;
        case Kind::number:
            out += value.text();
            return;
        case Kind::string:
            append_string(out, value.text());
            return;
        case Kind::array: {
            char separator = '[';
            for (const Value& item : value.items()) {
                out += separator;
                append(out, item);
                separator = ',';
            }
            out += value.items().empty() ? "[]" : "]";
            return;
        }
        case Kind::object: {
            char separator = '{';
            for (const Member& member : value.members()) {
                out += separator;
                append_string(out, member.key);
                out += ':';
                append(out, member.value);
                separator = ',';
            }
            out += value.members().empty() ? "{}" : "}";
            return;
        }
    }
}

std::string serialize(const Value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace weir::json
