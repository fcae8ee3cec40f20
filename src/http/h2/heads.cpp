#include "http/h2/heads.h"

#include <array>
#include <cstring>

#include "http/h1/head_parser.h"
#include "http/target.h"

namespace weir::http::h2 {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // RFC 7541 §4.1
constexpr std::size_t kAbsurd = 4;          // times the limit

/// Characters of a token (RFC 9110 §5.6.2), letters in lower case; the others are 0.
constexpr std::array<char, 256> kToken = [] {
    std::array<char, 256> made{};
    for (char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"))
        made[static_cast<unsigned char>(c)] = c;
    for (char c = 'A'; c <= 'Z'; ++c)
        made[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
    return made;
}();

bool is_token(std::string_view text) {
    for (char c : text)
        if (!kToken[static_cast<unsigned char>(c)]) return false;
    return !text.empty();
}

/// What has to stay out of the compression's table: secrets, which would be compared with what
/// others send, and values that never come again, which would only drive the others out.
bool keeps_out_of_table(std::string_view name) {
    return name.ends_with("request-id") || name == "authorization" || name == "set-cookie" ||
           name == "x-api-key" || name == "api-key" || name == "x-goog-api-key";
}

/// Printable ASCII without what HTTP/1.1's request line could not carry.
bool is_path(std::string_view path) {
    if (path.empty() || (path[0] != '/' && path != "*")) return false;
    for (char c : path)
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') return false;
    return true;
}

struct Pseudo {
    std::string_view method, scheme, authority, path, status;
    bool has_authority = false;
};

void note_pseudo(const HeadCollector::Field& f, Pseudo& out) {
    if (f.name == ":method") out.method = f.value;
    if (f.name == ":scheme") out.scheme = f.value;
    if (f.name == ":path") out.path = f.value;
    if (f.name == ":status") out.status = f.value;
    if (f.name == ":authority") {
        out.authority = f.value;
        out.has_authority = true;
    }
}

/// One field of all cookies, as HTTP/1.1 wants it (RFC 9113 §8.2.3).
void add_cookies(HeadCollector& fields, Headers& out) {
    std::string& joined = fields.joined();
    joined.clear();
    for (std::size_t i = 0; i < fields.count(); ++i) {
        HeadCollector::Field f = fields[i];
        if (f.name != "cookie") continue;
        if (!joined.empty()) joined += "; ";
        joined += f.value;
    }
    if (!joined.empty()) out.add("cookie", joined);
}

struct Seen {
    std::string_view host, expect;
    std::optional<uint64_t> length;
    int hosts = 0;
    int lengths = 0;
    bool cookies = false;
};

/// Regular fields; `host` is told by :authority, `cookie` joined afterwards.
void copy_fields(const HeadCollector& fields, Headers& out, Pseudo& pseudo, Seen& seen) {
    for (std::size_t i = 0; i < fields.count(); ++i) {
        HeadCollector::Field f = fields[i];
        if (f.name.starts_with(':')) {
            note_pseudo(f, pseudo);
            continue;
        }
        if (f.name == "host") {
            seen.host = f.value;
            ++seen.hosts;
            continue;
        }
        if (f.name == "cookie") {
            seen.cookies = true;
            continue;
        }
        if (f.name == "content-length") {
            seen.length = parse_length(f.value);
            ++seen.lengths;
        }
        if (f.name == "expect") seen.expect = f.value;
        out.add(f.name, f.value);
    }
}

/// As new, but for the memory of its headers.
template <class Head>
void renew(Head& head) {
    Headers kept = std::move(head.headers);
    kept.clear();
    head = {};
    head.headers = std::move(kept);
}

/// Fields of a connection of HTTP/1.1, or said by pseudo-header fields here.
bool belongs_to_http1(std::string_view name) {
    return name == "connection" || name == "keep-alive" || name == "proxy-connection" ||
           name == "transfer-encoding" || name == "upgrade" || name == "host";
}

/// The next line of `text` without its end, taken off; false if it has no end.
bool next_line(std::span<char>& text, std::span<char>& line) {
    auto* end = static_cast<char*>(std::memchr(text.data(), '\n', text.size()));
    if (!end || end == text.data() || end[-1] != '\r') return false;
    line = text.first(static_cast<std::size_t>(end - text.data()) - 1);
    text = text.subspan(line.size() + 2);
    return true;
}

bool split_line(std::span<char> line, std::string_view& name, std::string_view& value) {
    auto* colon = static_cast<char*>(std::memchr(line.data(), ':', line.size()));
    if (!colon || colon == line.data()) return false;
    for (char* c = line.data(); c != colon; ++c)
        if (char lower = kToken[static_cast<unsigned char>(*c)])
            *c = lower;
        else
            return false;
    name = {line.data(), static_cast<std::size_t>(colon - line.data())};
    value = trim(std::string_view(colon + 1, line.size() - name.size() - 1));
    return true;
}

}  // namespace

HeadCollector::Fit HeadCollector::add(std::string_view name, std::string_view value,
                                      std::size_t limit) {
    size_ += name.size() + value.size() + kFieldOverhead;
    if (size_ > kAbsurd * limit) return Fit::absurd;
    if (size_ > limit || fields_.size() >= h1::kMaxHeaderFields) too_large_ = true;
    if (too_large_) return Fit::too_large;
    fields_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                       static_cast<uint32_t>(value.size())});
    text_.append(name).append(value);
    return Fit::yes;
}

HeadCollector::Field HeadCollector::operator[](std::size_t i) const {
    const Span& span = fields_[i];
    std::string_view text = text_;
    return {text.substr(span.begin, span.name), text.substr(span.begin + span.name, span.value)};
}

void HeadCollector::clear() {
    text_.clear();
    joined_.clear();
    fields_.clear();
    size_ = 0;
    too_large_ = false;
}

Result<void> make_request_head(HeadCollector& fields, bool end_stream, RequestHead& out) {
    renew(out);
    if (fields.too_large())
        return fail(codes::http_head_too_large, "the head is larger than it may be");
    Pseudo pseudo;
    Seen seen;
    copy_fields(fields, out.headers, pseudo, seen);
    if (!is_token(pseudo.method)) return fail(codes::http_bad_request, "the method is not a token");
    out.method = pseudo.method;
    out.target = pseudo.path;
    if (out.method == "CONNECT") return fail(codes::http_not_implemented, "CONNECT is not served");
    if (pseudo.scheme != "http" && pseudo.scheme != "https")
        return fail(codes::http_bad_request, "the scheme is neither http nor https");
    if (!is_path(pseudo.path) || (pseudo.path == "*" && out.method != "OPTIONS"))
        return fail(codes::http_bad_request, "the path is malformed");
    if (seen.hosts > 1) return fail(codes::http_bad_request, "Host is repeated");
    if (seen.hosts == 1 && pseudo.has_authority && !iequals(seen.host, pseudo.authority))
        return fail(codes::http_bad_request, "Host names another host than :authority");
    out.authority = pseudo.has_authority ? pseudo.authority : seen.host;
    if (out.authority.empty()) return fail(codes::http_bad_request, "the authority is missing");
    if (!valid_authority(out.authority))
        return fail(codes::http_bad_request, "the authority is malformed");
    out.headers.add("host", out.authority);
    if (seen.cookies) add_cookies(fields, out.headers);
    WEIR_CHECK(split_target(pseudo.path, out));
    if (seen.lengths > 1 || (seen.lengths == 1 && !seen.length))
        return fail(codes::http_bad_request, "Content-Length is malformed or repeated");
    if (seen.length)
        out.framing = {Framing::Kind::length, *seen.length};
    else if (!end_stream)
        out.framing = {Framing::Kind::chunked, 0};
    if (!seen.expect.empty()) {
        if (!iequals(seen.expect, "100-continue"))
            return fail(codes::http_expectation, "the only expectation served is 100-continue");
        out.expect_continue = !end_stream;
    }
    return {};
}

Result<void> make_response_head(HeadCollector& fields, bool end_stream, std::string_view method,
                                ResponseHead& out) {
    renew(out);
    if (fields.too_large())
        return fail(codes::upstream_protocol, "the provider's response head is too large");
    Pseudo pseudo;
    Seen seen;
    copy_fields(fields, out.headers, pseudo, seen);
    std::string_view status = pseudo.status;
    if (status.size() != 3 || status.find_first_not_of("0123456789") != std::string_view::npos ||
        status[0] == '0')
        return fail(codes::upstream_protocol, "the status is not three digits");
    out.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    if (seen.lengths > 1 || (seen.lengths == 1 && !seen.length))
        return fail(codes::upstream_protocol,
                    "the provider's Content-Length is malformed or repeated");
    if (method == "HEAD" || out.status / 100 == 1 || out.status == 204 || out.status == 304)
        out.framing = {};
    else if (seen.length)
        out.framing = {Framing::Kind::length, *seen.length};
    else if (end_stream)
        out.framing = {Framing::Kind::length, 0};
    else
        out.framing = {Framing::Kind::chunked, 0};
    return {};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
    auto* n = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
    auto* v = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
    return {n, v, name.size(), value.size(),
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

bool to_fields(std::span<char> lines, std::vector<nghttp2_nv>& out) {
    std::span<char> line;
    while (!lines.empty()) {
        if (!next_line(lines, line)) return false;
        if (line.empty()) return lines.empty();
        std::string_view name;
        std::string_view value;
        if (!split_line(line, name, value)) return false;
        if (belongs_to_http1(name) || (name == "te" && value != "trailers")) continue;
        nghttp2_nv made = field(name, value);
        if (keeps_out_of_table(name)) made.flags |= NGHTTP2_NV_FLAG_NO_INDEX;
        out.push_back(made);
    }
    return true;
}

bool to_request_fields(std::span<char> head, std::string_view scheme,
                       std::vector<nghttp2_nv>& out) {
    std::span<char> line;
    if (!next_line(head, line)) return false;
    std::string_view start(line.data(), line.size());
    auto first = start.find(' ');
    auto last = start.rfind(' ');
    if (first == std::string_view::npos || first == last) return false;
    std::size_t begin = out.size();
    out.push_back(field(":method", start.substr(0, first)));
    out.push_back(field(":scheme", scheme));
    out.push_back(field(":path", start.substr(first + 1, last - first - 1)));
    out.push_back(field(":authority", {}));
    std::span<char> rest = head;
    while (next_line(rest, line) && !line.empty()) {
        std::string_view name;
        std::string_view value;
        if (!split_line(line, name, value)) return false;
        if (name == "host") out[begin + 3] = field(":authority", value);
    }
    return out[begin + 3].valuelen > 0 && to_fields(head, out);
}

}  // namespace weir::http::h2
