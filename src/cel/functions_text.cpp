// Functions on strings that count in characters, from cel-go's ext/strings: charAt, indexOf,
// lastIndexOf, substring, lowerAscii, upperAscii, trim, reverse.
#include <cstring>

#include "cel/functions.h"
#include "cel/text_builder.h"
#include "cel/utf8.h"

namespace weir::cel {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

/// The offset of character `index`, which may be the end; kNowhere if it is outside.
size_t offset_of(std::string_view text, const Value& index) {
    if (index.as_integer() < 0) return kNowhere;
    return offset_of_character(text, static_cast<size_t>(index.as_integer()));
}

Value out_of_range() {
    return Value::failure(Failure::index_out_of_range);
}

/// String first; false also if looking at it costs too much.
bool text_call(Call& call) {
    return call.size() > 0 && call[0].is(Kind::string) &&
           call.run.charge_text(call[0].text().size());
}
Value refused(Call& call) {
    return call.run.over() ? call.run.over_failure() : no_overload();
}

bool is_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

template <class Change>
Value changed(Call& call, Change change) {
    if (!text_call(call)) return refused(call);
    const auto text = call[0].text();
    char* out = call.run.arena.text(text.size());
    if (call.run.over() || !out) return call.run.over_failure();
    for (size_t i = 0; i < text.size(); ++i)
        out[i] = change(text[i]);
    return Value::string({out, text.size()});
}

Value characters_before(std::string_view text, size_t offset) {
    return Value::integer(static_cast<int64_t>(count_characters(text.substr(0, offset))));
}

}  // namespace

Value char_at(Call& call) {
    if (!text_call(call) || !call[1].is(Kind::integer)) return refused(call);
    const auto text = call[0].text();
    const size_t at = offset_of(text, call[1]);
    if (at == kNowhere) return out_of_range();
    if (at == text.size()) return Value::string({});
    return Value::string(text.substr(at, character_length(text.substr(at))));
}

Value index_of(Call& call) {
    if (!text_call(call) || !call[1].is(Kind::string)) return refused(call);
    const auto text = call[0].text();
    const auto wanted = call[1].text();
    size_t from = 0;
    if (call.size() == 3) {
        if (!call[2].is(Kind::integer)) return no_overload();
        from = offset_of(text, call[2]);
        if (from == kNowhere) return out_of_range();
    }
    if (wanted.empty()) return characters_before(text, from);
    const void* found =
        memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
    if (!found) return Value::integer(-1);
    return characters_before(text,
                             static_cast<size_t>(static_cast<const char*>(found) - text.data()));
}

Value last_index_of(Call& call) {
    if (!text_call(call) || !call[1].is(Kind::string)) return refused(call);
    const auto text = call[0].text();
    const auto wanted = call[1].text();
    size_t from = text.size();
    if (call.size() == 3) {
        if (!call[2].is(Kind::integer)) return no_overload();
        from = offset_of(text, call[2]);
        if (from == kNowhere) return out_of_range();
    }
    // Looking backwards may compare the wanted text at every place.
    if (!call.run.charge(text.size() / 64 * (wanted.size() / 64 + 1)))
        return call.run.over_failure();
    const size_t found = text.rfind(wanted, from);
    return found == kNowhere ? Value::integer(-1) : characters_before(text, found);
}

Value substring(Call& call) {
    if (!text_call(call) || !call[1].is(Kind::integer)) return refused(call);
    const auto text = call[0].text();
    const size_t from = offset_of(text, call[1]);
    size_t to = text.size();
    if (call.size() == 3) {
        if (!call[2].is(Kind::integer)) return no_overload();
        to = offset_of(text, call[2]);
    }
    if (from == kNowhere || to == kNowhere || from > to) return out_of_range();
    return Value::string(text.substr(from, to - from));
}

Value lower_ascii(Call& call) {
    return changed(call,
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

Value upper_ascii(Call& call) {
    return changed(call,
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

Value trim(Call& call) {
    if (!text_call(call)) return refused(call);
    auto text = call[0].text();
    while (!text.empty()) {
        const Character c = first_character(text);
        if (!is_space(c.code)) break;
        text.remove_prefix(c.length);
    }
    size_t end = 0;  // behind the last character that is no space
    for (size_t at = 0; at < text.size();) {
        const Character c = first_character(text.substr(at));
        at += c.length;
        if (!is_space(c.code)) end = at;
    }
    return Value::string(text.substr(0, end));
}

Value reverse(Call& call) {
    if (!text_call(call)) return refused(call);
    const auto text = call[0].text();
    char* out = call.run.arena.text(text.size());
    if (call.run.over() || !out) return call.run.over_failure();
    for (size_t at = 0; at < text.size();) {
        const size_t length = character_length(text.substr(at));
        std::memcpy(out + text.size() - at - length, text.data() + at, length);
        at += length;
    }
    return Value::string({out, text.size()});
}

}  // namespace weir::cel
