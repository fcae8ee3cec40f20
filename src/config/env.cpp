#include "config/env.h"

#include <fmt/format.h>

namespace weir::config {

namespace {

constexpr char kStart = '\x0f';   // the "$" of a placeholder
constexpr char kEscape = '\x10';  // both "$" of an escaped one
// \x04 is left out: yaml-cpp reads it as the end of the text.
constexpr std::string_view kPlain = "{}:#,[]";
constexpr std::string_view kMasked = "\x01\x02\x03\x05\x06\x07\x0e";

bool name_start(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
bool name_char(char c) {
    return name_start(c) || (c >= '0' && c <= '9');
}

/// Length of a placeholder that begins "${" at the front of `text`; 0 if it is none.
size_t placeholder(std::string_view text) {
    size_t i = 2;
    if (i >= text.size() || !name_start(text[i])) return 0;
    while (i < text.size() && name_char(text[i]))
        ++i;
    if (i < text.size() && text[i] == '}') return i + 1;
    if (text.substr(i, 2) != ":-") return 0;
    size_t end = text.find_first_of("}\n\r", i);
    return end != std::string_view::npos && text[end] == '}' ? end + 1 : 0;
}

char translate(char c, std::string_view from, std::string_view to) {
    auto at = from.find(c);
    return at == std::string_view::npos ? c : to[at];
}

bool masked(std::string_view text) {
    return text.find_first_of("\x0f\x10") != std::string_view::npos;
}

struct Placeholder {
    std::string name;
    std::optional<std::string> fallback;
};

/// Of a masked run without its kStart: "\x01NAME\x02" or "\x01NAME\x03-default\x02".
Placeholder read(std::string_view run) {
    std::string text = unmask(run.substr(1, run.size() - 2));
    auto colon = text.find(":-");
    if (colon == std::string::npos) return {text, std::nullopt};
    return {text.substr(0, colon), text.substr(colon + 2)};
}

void substitute_scalar(Node& node, const EnvLookup& env, std::string_view path, Report& report) {
    std::string out;
    std::string_view rest = node.text;
    while (!rest.empty()) {
        auto start = rest.find(kStart);
        auto end = start == std::string_view::npos ? start : rest.find('\x02', start);
        if (end == std::string_view::npos) break;
        out += unmask(rest.substr(0, start));
        auto [name, fallback] = read(rest.substr(start + 1, end - start));
        std::optional<std::string> value = env ? env(name) : std::nullopt;
        if (fallback && (!value || value->empty())) value = std::move(fallback);
        if (!value)
            report.warning(
                node.place, std::string(path),
                fmt::format("variable {} is not set and reads as empty; set it, or write "
                            "${{{}:-default}}",
                            name, name));
        else
            node.substituted = true;
        out += value.value_or("");
        rest.remove_prefix(end + 1);
    }
    out += unmask(rest);
    node.text = std::move(out);
    if (node.plain) resolve_plain(node);
}

}  // namespace

std::string mask(std::string_view text) {
    std::string out(text);
    for (size_t at = out.find('$'); at != std::string::npos; at = out.find('$', at)) {
        bool escaped = out.compare(at, 3, "$${") == 0;
        size_t begin = at + (escaped ? 1 : 0);
        size_t length =
            out.compare(begin, 2, "${") == 0 ? placeholder(std::string_view(out).substr(begin)) : 0;
        if (length == 0) {
            ++at;
            continue;
        }
        out[at] = escaped ? kEscape : kStart;
        out[begin] = escaped ? kEscape : kStart;
        for (size_t i = begin + 1; i < begin + length; ++i)
            out[i] = translate(out[i], kPlain, kMasked);
        at = begin + length;
    }
    return out;
}

std::string unmask(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == kStart || c == kEscape) {
            out += '$';
            if (c == kEscape) ++i;  // "$$" stands for one
        } else {
            out += translate(c, kMasked, kPlain);
        }
    }
    return out;
}

void substitute(Node& node, const EnvLookup& env, std::string_view path, Report& report) {
    if (masked(node.text)) substitute_scalar(node, env, path, report);
    for (Entry& entry : node.entries) {
        if (masked(entry.key)) entry.key = unmask(entry.key);
        substitute(entry.value, env, join(path, entry.key), report);
    }
    for (size_t i = 0; i < node.items.size(); ++i)
        substitute(node.items[i], env, join(path, i), report);
}

}  // namespace weir::config
