#include "http/h1/head_parser.h"

#include <cstring>
#include <optional>

#include "http/h1/head_lines.h"
#include "http/target.h"

namespace weir::http::h1 {
namespace {

/// What framing needs to know, collected while the fields go by.
struct Collected {
    Headers* headers = nullptr;
    std::string_view host;
    std::string_view content_length;
    std::string_view transfer_encoding;
    std::string_view expect;
    int hosts = 0;
    int content_lengths = 0;
    int transfer_encodings = 0;
    bool close = false;
    bool keep_alive = false;
    bool too_many = false;
    bool bad_list = false;  // a Connection that is no list of tokens

    void field(std::string_view name, std::string_view value) {
        headers->add(name, value);
        switch (name.size()) {
            case 4:
                if (!iequals(name, "host")) break;
                host = value;
                ++hosts;
                break;
            case 6:
                if (iequals(name, "expect")) expect = value;
                break;
            case 10:
                if (iequals(name, "connection")) connection(value);
                break;
            case 14:
                if (!iequals(name, "content-length")) break;
                content_length = value;
                ++content_lengths;
                break;
            case 16:
                if (iequals(name, "proxy-connection")) connection(value);
                break;
            case 17:
                if (!iequals(name, "transfer-encoding")) break;
                transfer_encoding = value;
                ++transfer_encodings;
                break;
            default:
                break;
        }
    }
    void connection(std::string_view value) {
        while (!value.empty()) {
            auto comma = value.find(',');
            auto token = trim(value.substr(0, comma));
            if (!token.empty() && !is_token(token)) bad_list = true;
            if (iequals(token, "close")) close = true;
            if (iequals(token, "keep-alive")) keep_alive = true;
            if (comma == std::string_view::npos) break;
            value.remove_prefix(comma + 1);
        }
    }
};

/// The fields up to the empty line. Null, or what is wrong.
const char* read_fields(HeadLines& lines, Collected& seen) {
    std::string_view name;
    std::string_view value;
    while (!lines.at_empty_line()) {
        if (const char* bad = lines.field(name, value)) return bad;
        if (seen.headers->size() >= kMaxHeaderFields)
            seen.too_many = true;
        else
            seen.field(name, value);
    }
    if (seen.bad_list) return "Connection is not a list of tokens";
    return lines.whole() ? nullptr : "the head is malformed";
}

/// What is wrong with the bytes of a head that cannot be read, in the words that help most; null if
/// it is none of these.
const char* bad_bytes(std::string_view head) {
    if (std::memchr(head.data(), 0, head.size())) return "the head contains a NUL byte";
    for (std::size_t at = 0; (at = head.find('\n', at)) != std::string_view::npos; ++at) {
        if (at == 0 || head[at - 1] != '\r') return "a line ends with LF alone";
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t'))
            return "a field is folded over several lines";
    }
    for (std::size_t at = 0; (at = head.find('\r', at)) != std::string_view::npos; ++at)
        if (at + 1 >= head.size() || head[at + 1] != '\n')
            return "the head contains a CR without LF";
    return nullptr;
}

/// True if the request line names a version of HTTP that is not served here.
bool other_version(std::string_view head) {
    std::string_view line = head.substr(0, head.find('\r'));
    if (line.size() < 9) return false;
    std::string_view version = line.substr(line.size() - 9);
    auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return version.starts_with(" HTTP/") && digit(version[6]) && version[7] == '.' &&
           digit(version[8]) && version != " HTTP/1.1" && version != " HTTP/1.0";
}

std::unexpected<Error> unreadable_request(std::string_view head, const char* why) {
    if (const char* bytes = bad_bytes(head)) return fail(codes::http_bad_request, bytes);
    if (other_version(head))
        return fail(codes::http_version, "the version is not HTTP/1.0 or HTTP/1.1");
    return fail(codes::http_bad_request, why);
}

Result<Framing> request_framing(const Collected& seen, int minor) {
    if (seen.transfer_encodings > 0) {
        if (seen.content_lengths > 0)
            return fail(codes::http_bad_request,
                        "Content-Length and Transfer-Encoding exclude each other");
        if (minor == 0) return fail(codes::http_bad_request, "HTTP/1.0 has no Transfer-Encoding");
        if (seen.transfer_encodings > 1)
            return fail(codes::http_bad_request, "Transfer-Encoding is repeated");
        if (!iequals(seen.transfer_encoding, "chunked"))
            return fail(codes::http_not_implemented,
                        "the only Transfer-Encoding served is one 'chunked'");
        return Framing{Framing::Kind::chunked, 0};
    }
    if (seen.content_lengths > 1)
        return fail(codes::http_bad_request, "Content-Length is repeated");
    if (seen.content_lengths == 0) return Framing{};
    auto length = parse_length(seen.content_length);
    if (!length) return fail(codes::http_bad_request, "Content-Length is not a number");
    return Framing{Framing::Kind::length, *length};
}

/// Splits the target into path and query, and settles the authority (RFC 9112 §3.2).
Result<void> read_target(RequestHead& out, const Collected& seen) {
    if (seen.hosts > 1) return fail(codes::http_bad_request, "Host is repeated");
    if (seen.hosts == 0 && out.minor >= 1) return fail(codes::http_bad_request, "Host is missing");
    if (!valid_authority(seen.host)) return fail(codes::http_bad_request, "Host is malformed");
    out.authority = seen.host;
    std::string_view target = out.target;
    if (out.method == "CONNECT") return fail(codes::http_not_implemented, "CONNECT is not served");
    if (!target.starts_with('/') && target != "*") {
        auto scheme = target.find("://");
        if (scheme == std::string_view::npos || !(iequals(target.substr(0, scheme), "http") ||
                                                  iequals(target.substr(0, scheme), "https")))
            return fail(codes::http_bad_request,
                        "the request target is neither a path nor an http URL");
        auto rest = target.substr(scheme + 3);
        auto slash = rest.find_first_of("/?");
        auto authority = rest.substr(0, slash);
        if (seen.hosts == 1 && !iequals(authority, seen.host))
            return fail(codes::http_bad_request, "the request target names another host than Host");
        if (authority.empty() || !valid_authority(authority))
            return fail(codes::http_bad_request, "the request target has no valid host");
        out.authority = authority;
        target = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    }
    return split_target(target, out);
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t& from) {
    // Each line end is looked at once; the head ends at an empty line, however its ends are
    // written.
    std::size_t at = from;
    while ((at = bytes.find('\n', at)) != std::string_view::npos) {
        std::size_t next = at + 1;
        if (next < bytes.size() && bytes[next] == '\n') return next + 1;
        if (next + 1 < bytes.size() && bytes[next] == '\r' && bytes[next + 1] == '\n')
            return next + 2;
        if (next >= bytes.size() || (bytes[next] == '\r' && next + 1 >= bytes.size()))
            break;  // undecided yet
        at = next;
    }
    from = at == std::string_view::npos ? bytes.size() : at;
    return std::string_view::npos;
}

Result<void> parse_request_head(std::string_view head, RequestHead& out) {
    out.headers.clear();
    Collected seen;
    seen.headers = &out.headers;
    HeadLines lines(head);
    const char* bad = lines.request_line(out.method, out.target, out.minor);
    if (!bad) bad = read_fields(lines, seen);
    if (bad) return unreadable_request(head, bad);
    if (seen.too_many) return fail(codes::http_head_too_large, "too many header fields");
    WEIR_TRY(out.framing, request_framing(seen, out.minor));
    WEIR_CHECK(read_target(out, seen));
    out.keep_alive = out.minor >= 1 ? !seen.close : seen.keep_alive && !seen.close;
    out.expect_continue = false;
    if (!seen.expect.empty()) {
        if (!iequals(seen.expect, "100-continue"))
            return fail(codes::http_expectation, "the only expectation served is 100-continue");
        out.expect_continue = out.minor >= 1 && !out.framing.empty();
    }
    return {};
}

Result<void> parse_response_head(std::string_view head, std::string_view method,
                                 ResponseHead& out) {
    out.headers.clear();
    Collected seen;
    seen.headers = &out.headers;
    HeadLines lines(head);
    const char* bad = lines.status_line(out.status, out.reason, out.minor);
    if (!bad) bad = read_fields(lines, seen);
    if (bad) {
        const char* bytes = bad_bytes(head);
        return fail(codes::upstream_protocol, bytes ? bytes : bad);
    }
    if (out.status < 100) return fail(codes::upstream_protocol, "the status is not three digits");
    if (seen.too_many) return fail(codes::upstream_protocol, "too many header fields");
    out.keep_alive = out.minor >= 1 ? !seen.close : seen.keep_alive && !seen.close;
    // An ambiguous framing is refused also where no body follows.
    if (seen.transfer_encodings > 0 && (seen.content_lengths > 0 || seen.transfer_encodings > 1 ||
                                        !iequals(seen.transfer_encoding, "chunked")))
        return fail(codes::upstream_protocol, "the provider's body framing is ambiguous");
    auto length = seen.content_lengths > 0 ? parse_length(seen.content_length) : std::nullopt;
    if (seen.content_lengths > 1 || (seen.content_lengths == 1 && !length))
        return fail(codes::upstream_protocol,
                    "the provider's Content-Length is malformed or repeated");
    // RFC 9112 §6.3, in its order.
    if (method == "HEAD" || out.status / 100 == 1 || out.status == 204 || out.status == 304) {
        out.framing = {};
    } else if (seen.transfer_encodings > 0) {
        out.framing = {Framing::Kind::chunked, 0};
    } else if (length) {
        out.framing = {Framing::Kind::length, *length};
    } else {
        out.framing = {Framing::Kind::until_close, 0};
        out.keep_alive = false;
    }
    return {};
}

}  // namespace weir::http::h1
