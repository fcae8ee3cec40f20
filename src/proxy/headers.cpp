#include "proxy/headers.h"

#include "base/encoding.h"

namespace weir::proxy {
namespace {

bool gateway_header(std::string_view name) {
    return istarts_with(name, "x-ai-eg-") || istarts_with(name, "x-envoy-") ||
           istarts_with(name, "x-weir-");
}

bool one_connection(std::string_view name) {
    switch (name.size()) {
        case 2:
            return iequals(name, "te");
        case 7:
            return iequals(name, "upgrade") || iequals(name, "trailer");
        case 10:
            return iequals(name, "connection") || iequals(name, "keep-alive");
        case 16:
            return iequals(name, "proxy-connection");
        case 17:
            return iequals(name, "transfer-encoding");
        case 18:
            return iequals(name, "proxy-authenticate");
        case 19:
            return iequals(name, "proxy-authorization");
        default:
            return false;
    }
}

/// By the letter behind "x-": SDKs send a dozen such fields, and none of them is a case of its own.
bool extension_forwards(std::string_view name) {
    if (name.size() < 3 || name[1] != '-') return true;
    switch (ascii_lower(name[2])) {
        case 'a':
            return !iequals(name, "x-api-key") && !istarts_with(name, "x-aigw-") &&
                   !istarts_with(name, "x-amz-") && !gateway_header(name);
        case 'g':
            return !iequals(name, "x-goog-api-key");
        case 'r':
            return !iequals(name, "x-request-id") && !iequals(name, "x-real-ip");
        case 'f':
            return !istarts_with(name, "x-forwarded-");
        case 'e':
        case 'w':
            return !gateway_header(name);
        default:
            return true;
    }
}

}  // namespace

bool forwards_to_provider(std::string_view name, dialect::Dialect target) {
    if (name.empty() || one_connection(name)) return false;
    switch (ascii_lower(name[0])) {
        case 'a':
            if (istarts_with(name, "anthropic-")) return target == dialect::Dialect::anthropic;
            return !iequals(name, "authorization") && !iequals(name, "api-key") &&
                   !iequals(name, "accept-encoding") && !istarts_with(name, "amz-sdk-");
        case 'c':
            return !iequals(name, "cookie") && !iequals(name, "cookie2") &&
                   !iequals(name, "content-length") && !iequals(name, "content-encoding");
        case 'e':
            return !iequals(name, "expect");
        case 'f':
            return !iequals(name, "forwarded");
        case 'h':
            return !iequals(name, "host") && !iequals(name, "http2-settings");
        case 'o':
            if (istarts_with(name, "openai-")) return target == dialect::Dialect::openai;
            return true;
        case 'x':
            if (istarts_with(name, "x-goog-"))
                return target == dialect::Dialect::gemini && extension_forwards(name);
            return extension_forwards(name);
        default:
            return true;
    }
}

bool forwards_to_client(std::string_view name) {
    if (name.empty() || one_connection(name)) return false;
    switch (ascii_lower(name[0])) {
        case 'a':
            return !iequals(name, "alt-svc");
        case 'c':
            return !iequals(name, "content-length");
        case 's':
            return !iequals(name, "set-cookie") && !iequals(name, "strict-transport-security");
        case 'x':
            return !iequals(name, "x-request-id") && !gateway_header(name);
        default:
            return true;
    }
}

bool names_extra_hops(const http::Headers& headers) {
    for (const auto& field : headers) {
        if (!iequals(field.name, "connection")) continue;
        if (!iequals(field.value, "keep-alive") && !iequals(field.value, "close")) return true;
    }
    return false;
}

namespace {

/// The first parameter of `query`, cut off it.
std::string_view take_parameter(std::string_view& query) {
    std::size_t end = std::min(query.find('&'), query.size());
    std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    return parameter;
}

}  // namespace

bool names_parameter(std::string_view query, std::string_view name, std::string_view value) {
    while (!query.empty()) {
        std::string_view parameter = take_parameter(query);
        std::size_t equals = std::min(parameter.find('='), parameter.size());
        if (parameter.substr(0, equals) == name && equals < parameter.size() &&
            parameter.substr(equals + 1) == value)
            return true;
    }
    return false;
}

std::string forwarded_query(std::string_view query, dialect::Dialect client) {
    if (client != dialect::Dialect::gemini) return std::string(query);
    std::string out;
    while (!query.empty()) {
        std::string_view parameter = take_parameter(query);
        std::string name =
            percent_decode(parameter.substr(0, parameter.find('='))).value_or(std::string());
        // Keys of the client, and how it wants its stream.
        if (name.empty() || name == "key" || name == "alt" || name == "access_token" ||
            name == "oauth_token" || name == "$alt")
            continue;
        out.append(out.empty() ? "" : "&").append(parameter);
    }
    return out;
}

bool acceptable_request_id(std::string_view id) {
    if (id.empty() || id.size() > 128) return false;
    for (char c : id)
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == '\\') return false;
    return true;
}

}  // namespace weir::proxy
