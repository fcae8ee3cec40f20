// Functions on strings that take them apart and put them together, from cel-go's ext/strings:
// replace, split, join, strings.quote. A negative limit means none.
#include <vector>

#include "cel/functions.h"
#include "cel/text_builder.h"
#include "cel/utf8.h"

namespace weir::cel {
namespace {

/// A third or fourth argument that says how many; nothing if it is no int.
std::optional<int64_t> limit_of(const Call& call, size_t index) {
    if (call.size() <= index) return -1;
    if (!call[index].is(Kind::integer)) return std::nullopt;
    return call[index].as_integer();
}

/// The end of the piece at `at`, and where the next one begins. An empty separator stands behind
/// each character.
struct Cut {
    size_t end;
    size_t next;
};
std::optional<Cut> next_cut(std::string_view text, size_t at, std::string_view separator) {
    if (separator.empty()) {
        if (at >= text.size()) return std::nullopt;
        const size_t end = at + character_length(text.substr(at));
        if (end == text.size()) return std::nullopt;
        return Cut{end, end};
    }
    const size_t end = text.find(separator, at);
    if (end == std::string_view::npos) return std::nullopt;
    return Cut{end, end + separator.size()};
}

}  // namespace

Value replace(Call& call) {
    const auto limit = limit_of(call, 3);
    if (!limit || !call[0].is(Kind::string) || !call[1].is(Kind::string) ||
        !call[2].is(Kind::string))
        return no_overload();
    const auto text = call[0].text();
    const auto wanted = call[1].text();
    TextBuilder out(call.run);
    size_t at = 0;
    int64_t left = *limit;
    if (wanted.empty() && left != 0) {  // before each character, and at the end
        out.add(call[2].text());
        --left;
    }
    while (left != 0 && !call.run.over()) {
        std::optional<Cut> cut;
        if (wanted.empty() && at < text.size())
            cut =
                Cut{at + character_length(text.substr(at)), at + character_length(text.substr(at))};
        else if (!wanted.empty())
            cut = next_cut(text, at, wanted);
        if (!cut || !call.run.charge(1)) break;
        out.add(text.substr(at, cut->end - at));
        out.add(call[2].text());
        at = cut->next;
        --left;
    }
    out.add(text.substr(at));
    return call.run.over() ? call.run.over_failure() : out.finish();
}

Value split(Call& call) {
    const auto limit = limit_of(call, 2);
    if (!limit || !call[0].is(Kind::string) || !call[1].is(Kind::string)) return no_overload();
    const auto text = call[0].text();
    const auto separator = call[1].text();
    std::vector<Value> pieces;
    size_t at = 0;
    while (*limit != 0) {
        const bool last = *limit > 0 && pieces.size() + 1 >= static_cast<uint64_t>(*limit);
        const auto cut = last ? std::nullopt : next_cut(text, at, separator);
        if (!call.run.charge(1)) return call.run.over_failure();
        if (!cut && separator.empty() && text.empty()) break;  // nothing to take apart
        pieces.push_back(Value::string(text.substr(at, cut ? cut->end - at : std::string::npos)));
        if (!cut) break;
        at = cut->next;
    }
    if (!call.run.charge_text(text.size())) return call.run.over_failure();
    auto items = call.run.arena.array<Value>(pieces.size());
    if (call.run.over()) return call.run.over_failure();
    std::copy(pieces.begin(), pieces.end(), items.begin());
    return call.run.list(items);
}

Value join(Call& call) {
    if (!call[0].is(Kind::list)) return no_overload();
    if (call.size() == 2 && !call[1].is(Kind::string)) return no_overload();
    const ListView& list = call[0].as_list();
    TextBuilder out(call.run);
    for (size_t i = 0; i < list.size(); ++i) {
        if (!call.run.charge(1)) return call.run.over_failure();
        if (i && call.size() == 2) out.add(call[1].text());
        const Value item = list.at(i, call.run.arena);
        if (!item.is(Kind::string)) return no_overload();
        out.add(item.text());
    }
    return call.run.over() ? call.run.over_failure() : out.finish();
}

Value quote(Call& call) {
    if (!call[0].is(Kind::string)) return no_overload();
    constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"";
    constexpr std::string_view kNames = "abfnrtv\\\"";
    TextBuilder out(call.run);
    out.add("\"");
    for (auto text = call[0].text(); !text.empty() && !call.run.over();) {
        const Character c = first_character(text);
        const size_t special = kSpecial.find(text[0]);
        if (!c.valid) {
            out.add("\xEF\xBF\xBD");
        } else if (special == std::string_view::npos) {
            out.add(text.substr(0, c.length));
        } else {
            out.add("\\");
            out.add(kNames.substr(special, 1));
        }
        text.remove_prefix(c.length);
    }
    out.add("\"");
    return call.run.over() ? call.run.over_failure() : out.finish();
}

}  // namespace weir::cel
