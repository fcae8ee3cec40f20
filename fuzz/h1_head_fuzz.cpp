// Heads, judged by our parser, by http_parser (nginx's and Node's old one) and by Boost.Beast's:
// what we accept they must accept too, with the same method, target, fields and framing. We may
// refuse more. Known differences:
// - it knows a fixed list of methods, we take any token: an unknown one is shown to it as POST;
// - it refuses some targets that we pass on (bytes that RFC 3986 forbids but nobody misreads);
// - it takes only one Content-Length and compares, as we do; we take fewer digits;
// - it refuses a tab behind the digits of Content-Length, where RFC 9112 §5 has it be left out.
#include <http_parser.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "http/h1/head_parser.h"

namespace {

using weir::http::Framing;
using weir::http::RequestHead;

[[noreturn]] void differ(const char* what, const std::string& head) {
    std::fprintf(stderr, "the parsers differ: %s\n%s\n", what, head.c_str());
    std::abort();
}

struct Other {
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields;
    bool in_value = true;
    bool headers_done = false;
    bool message_done = false;
};

int on_url(http_parser* p, const char* at, size_t size) {
    static_cast<Other*>(p->data)->target.append(at, size);
    return 0;
}
int on_field(http_parser* p, const char* at, size_t size) {
    auto& other = *static_cast<Other*>(p->data);
    if (other.in_value) other.fields.emplace_back();
    other.in_value = false;
    other.fields.back().first.append(at, size);
    return 0;
}
int on_value(http_parser* p, const char* at, size_t size) {
    auto& other = *static_cast<Other*>(p->data);
    other.in_value = true;
    other.fields.back().second.append(at, size);
    return 0;
}
int on_headers(http_parser* p) {
    static_cast<Other*>(p->data)->headers_done = true;
    return 0;
}
int on_message(http_parser* p) {
    static_cast<Other*>(p->data)->message_done = true;
    return 0;
}

/// http_parser takes a name that only begins with "Transfer-Encoding" for that field (its flag is
/// set before the name has ended), and refuses the message.
bool confuses_it(const RequestHead& ours) {
    static constexpr std::string_view kName = "transfer-encoding";
    for (const auto& field : ours.headers)
        if (field.name.size() > kName.size() && weir::istarts_with(field.name, kName)) return true;
    return false;
}

bool tab_behind_length(const std::string& head, const RequestHead& ours) {
    for (const auto& field : ours.headers) {
        if (!weir::iequals(field.name, "content-length")) continue;
        auto behind =
            static_cast<std::size_t>(field.value.data() + field.value.size() - head.data());
        auto end = head.find_first_not_of(" \t", behind);
        if (head.substr(behind, end - behind).find('\t') != std::string::npos) return true;
    }
    return false;
}

bool known_method(std::string_view method) {
    static constexpr std::string_view kKnown[] = {"DELETE", "GET",     "HEAD",  "POST",
                                                  "PUT",    "OPTIONS", "TRACE", "PATCH"};
    for (auto known : kKnown)
        if (method == known) return true;
    return false;
}

void compare(const std::string& head, const RequestHead& ours) {
    if (confuses_it(ours)) return;
    std::string shown = head;
    if (!known_method(ours.method)) shown.replace(0, ours.method.size(), "POST");
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_headers;
    settings.on_message_complete = on_message;
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    Other other;
    parser.data = &other;
    std::size_t used = http_parser_execute(&parser, &settings, shown.data(), shown.size());
    auto error = HTTP_PARSER_ERRNO(&parser);
    if (error == HPE_INVALID_URL || error == HPE_INVALID_HOST || error == HPE_INVALID_PORT) return;
    if (error == HPE_INVALID_CONTENT_LENGTH && tab_behind_length(head, ours)) return;
    if (error != HPE_OK && error != HPE_PAUSED) differ(http_errno_description(error), head);
    if (used != shown.size() && !parser.upgrade) differ("it sees the end elsewhere", head);
    if (!other.headers_done) differ("it does not see the end", head);
    if (other.target != ours.target) differ("target", head);
    if (parser.http_major != 1 || parser.http_minor != ours.minor) differ("version", head);
    if (known_method(ours.method) &&
        http_method_str(static_cast<http_method>(parser.method)) != ours.method)
        differ("method", head);
    if (other.fields.size() != ours.headers.size()) differ("number of fields", head);
    std::size_t i = 0;
    for (const auto& field : ours.headers) {
        if (field.name != other.fields[i].first) differ("field name", head);
        if (field.value != weir::trim(other.fields[i].second)) differ("field value", head);
        ++i;
    }
    bool chunked = (parser.flags & F_CHUNKED) != 0;
    if (chunked != (ours.framing.kind == Framing::Kind::chunked)) differ("chunked", head);
    bool has_length = (parser.flags & F_CONTENTLENGTH) != 0;
    if (has_length != (ours.framing.kind == Framing::Kind::length)) differ("has a length", head);
    // It counts content_length down to 0 only as a body arrives, and there is none here.
    if (has_length && ours.framing.length != 0 && parser.content_length != ours.framing.length &&
        !other.message_done)
        differ("length", head);
    if (other.message_done && !ours.framing.empty() && !parser.upgrade)
        differ("it sees no body", head);
}

template <bool isRequest>
void compare_with_beast(const std::string& head, const weir::http::Headers& ours) {
    namespace beast = boost::beast;
    beast::http::parser<isRequest, beast::http::empty_body> parser;
    parser.header_limit(1 << 30);
    parser.body_limit(boost::none);
    parser.skip(true);
    beast::error_code error;
    std::size_t used = parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error && error != beast::http::error::need_more) differ(error.message().c_str(), head);
    if (!parser.is_header_done() || used != head.size()) differ("Beast sees another end", head);
    auto theirs = std::distance(parser.get().begin(), parser.get().end());
    if (theirs != static_cast<std::ptrdiff_t>(ours.size())) differ("Beast sees other fields", head);
}

void check(const std::string& head, const RequestHead& ours) {
    auto inside = [&](std::string_view v) {
        return v.empty() ||
               (v.data() >= head.data() && v.data() + v.size() <= head.data() + head.size());
    };
    for (const auto& field : ours.headers)
        if (!inside(field.name) || !inside(field.value) || field.name.empty())
            differ("a view outside the head", head);
    if (!inside(ours.path) && ours.path != "/") differ("path outside the head", head);
    if (!inside(ours.query) || !inside(ours.authority)) differ("a view outside the head", head);
    if (ours.path.find('?') != std::string_view::npos ||
        ours.path.find('#') != std::string_view::npos)
        differ("path", head);
    if (ours.path != "*" && !ours.path.starts_with('/')) differ("path without slash", head);
    compare(head, ours);
    compare_with_beast<true>(head, ours.headers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    std::size_t from = 0;
    std::size_t end = weir::http::h1::find_head_end(bytes, from);
    // However the bytes arrive, the end is found at the same place.
    std::size_t resumed = 0;
    std::size_t half = size / 2;
    std::size_t again =
        weir::http::h1::find_head_end(std::string_view(bytes).substr(0, half), resumed);
    if (again == std::string_view::npos) again = weir::http::h1::find_head_end(bytes, resumed);
    if (again != end) differ("end after a split", bytes);
    if (end == std::string_view::npos) return 0;
    std::string head = bytes.substr(0, end);
    RequestHead ours;
    if (weir::http::h1::parse_request_head(head, ours)) check(head, ours);
    weir::http::ResponseHead response;
    if (weir::http::h1::parse_response_head(head, "POST", response)) {
        if (response.status < 100 || response.status > 999) differ("status", head);
        compare_with_beast<false>(head, response.headers);
    }
    return 0;
}
