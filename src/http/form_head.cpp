#include "http/form_head.h"

#include "base/ascii.h"

namespace weir::http {
namespace {

constexpr const char* kBadDisposition = "a part's Content-Disposition is malformed";

bool is_token_end(char c) {
    return c == ';' || c == ' ' || c == '\t';
}

/// The content of a quoted string that begins behind the first quote; false if it does not end.
bool read_quoted(std::string_view& rest, std::string& value) {
    rest.remove_prefix(1);
    while (!rest.empty()) {
        char c = rest.front();
        rest.remove_prefix(1);
        if (c == '"') return true;
        if (c == '\\' && !rest.empty() && (rest.front() == '"' || rest.front() == '\\')) {
            c = rest.front();
            rest.remove_prefix(1);
        }
        value += c;
    }
    return false;
}

const char* read_disposition(std::string_view value, PartHead& out) {
    auto semicolon = value.find(';');
    if (!iequals(trim(value.substr(0, semicolon)), "form-data"))
        return "a part's Content-Disposition is not form-data";
    std::string_view rest =
        semicolon == std::string_view::npos ? std::string_view() : value.substr(semicolon);
    std::string_view name;
    std::string text;
    bool bad = false;
    bool named = false;
    while (next_parameter(rest, name, text, bad)) {
        if (iequals(name, "name")) {
            if (named) return "a part has two names";
            named = true;
            out.name = text;
        } else if (iequals(name, "filename")) {
            out.file = true;
        } else if (iequals(name, "name*")) {
            return "a part's name has an extended spelling (name*), which RFC 7578 forbids";
        } else if (iequals(name, "filename*")) {
            out.file = true;
        }
    }
    return bad ? kBadDisposition : nullptr;
}

bool changes_bytes(std::string_view encoding) {
    return !iequals(encoding, "7bit") && !iequals(encoding, "8bit") && !iequals(encoding, "binary");
}

}  // namespace

bool next_parameter(std::string_view& rest, std::string_view& name, std::string& value, bool& bad) {
    rest = trim(rest);
    while (rest.starts_with(';'))
        rest = trim(rest.substr(1));
    if (rest.empty()) return false;
    auto equals = rest.find('=');
    name = rest.substr(0, equals);
    bad = equals == std::string_view::npos || name.empty() ||
          name.find_first_of("; \t\"") != std::string_view::npos;
    if (bad) return false;
    rest.remove_prefix(equals + 1);
    value.clear();
    if (rest.starts_with('"')) {
        bad = !read_quoted(rest, value) || (!rest.empty() && !is_token_end(rest.front()));
    } else {
        while (!rest.empty() && !is_token_end(rest.front())) {
            value += rest.front();
            rest.remove_prefix(1);
        }
        bad = value.empty() || value.find('"') != std::string::npos;
    }
    rest = trim(rest);
    if (!rest.empty() && rest.front() != ';') bad = true;
    return !bad;
}

const char* parse_part_head(std::string_view text, PartHead& out) {
    out = {};
    bool disposed = false;
    while (!text.empty()) {
        auto end = text.find("\r\n");
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 2);
        auto colon = line.find(':');
        if (colon == 0 || colon == std::string_view::npos)
            return "a part's head has a line that is no header";
        std::string_view name = line.substr(0, colon);
        std::string_view value = trim(line.substr(colon + 1));
        if (name.find_first_of(" \t") != std::string_view::npos)
            return "a part's head has a folded line, or white space in a header's name";
        if (iequals(name, "content-disposition")) {
            if (disposed) return "a part has two Content-Disposition headers";
            disposed = true;
            if (const char* bad = read_disposition(value, out)) return bad;
        } else if (iequals(name, "content-transfer-encoding")) {
            out.encoded = out.encoded || changes_bytes(value);
        }
    }
    return nullptr;
}

}  // namespace weir::http
