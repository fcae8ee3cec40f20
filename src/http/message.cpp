#include "http/message.h"

#include <algorithm>

namespace weir::http {

const HeaderField* Headers::find(std::string_view name) const {
    for (const auto& field : fields_)
        if (iequals(field.name, name)) return &field;
    return nullptr;
}

std::string_view Headers::value(std::string_view name) const {
    const HeaderField* field = find(name);
    return field ? field->value : std::string_view();
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
    for (const auto& field : fields_) {
        if (!iequals(field.name, name)) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            auto comma = rest.find(',');
            if (iequals(trim(rest.substr(0, comma)), token)) return true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return false;
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
    const std::size_t old = head.size();
    const std::size_t whole = old + name.size() + value.size() + 4;
    // Not the size that the operation is given: GCC 12 passes the new capacity.
    head.resize_and_overwrite(whole, [&](char* text, std::size_t) {
        char* to = std::copy(name.begin(), name.end(), text + old);
        *to++ = ':';
        *to++ = ' ';
        to = std::copy(value.begin(), value.end(), to);
        *to++ = '\r';
        *to = '\n';
        return whole;
    });
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 424:
            return "Failed Dependency";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 499:
            return "Client Closed Request";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 529:
            return "Overloaded";
        default:
            return "";
    }
}

bool is_hop_by_hop(std::string_view name, const Headers& headers) {
    switch (name.size()) {
        case 2:
            if (iequals(name, "te")) return true;
            break;
        case 7:
            if (iequals(name, "upgrade") || iequals(name, "trailer")) return true;
            break;
        case 10:
            if (iequals(name, "connection") || iequals(name, "keep-alive")) return true;
            break;
        case 16:
            if (iequals(name, "proxy-connection")) return true;
            break;
        case 17:
            if (iequals(name, "transfer-encoding")) return true;
            break;
        case 18:
            if (iequals(name, "proxy-authenticate")) return true;
            break;
        case 19:
            if (iequals(name, "proxy-authorization")) return true;
            break;
        default:
            break;
    }
    return headers.has_token("connection", name);
}

std::string host_of(std::string_view authority) {
    if (authority.starts_with('[')) return to_lower(authority.substr(0, authority.find(']') + 1));
    return to_lower(authority.substr(0, authority.find(':')));
}

}  // namespace weir::http
