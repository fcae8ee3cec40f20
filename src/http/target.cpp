#include "http/target.h"

#include <cstring>

namespace weir::http {
namespace {

/// A target is made of printable ASCII (RFC 3986 §2); what else it may not hold, its reader has
/// judged.
bool is_ascii(std::string_view target) {
    unsigned char all = 0;
    for (char c : target)
        all |= static_cast<unsigned char>(c);
    return all < 0x80;
}

}  // namespace

bool valid_authority(std::string_view authority) {
    std::string_view host = authority;
    std::string_view port;
    if (authority.starts_with('[')) {
        auto end = authority.find(']');
        if (end == std::string_view::npos) return false;
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
            return false;
    } else if (auto colon = authority.find(':'); colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    for (char c : host)
        if (c <= ' ' || c >= 0x7f || std::strchr("/?#@,\\\"<>[]^`{|}", c)) return false;
    if (authority.empty()) return true;  // of a target without one (RFC 9112 §3.2)
    return !host.empty() && (port.empty() || port[0] == ':') &&
           port.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Result<void> split_target(std::string_view target, RequestHead& out) {
    if (!is_ascii(target))
        return fail(codes::http_bad_request, "the request target has a byte that is not ASCII");
    if (target.find('#') != std::string_view::npos)
        return fail(codes::http_bad_request, "the request target has a fragment");
    auto question = target.find('?');
    out.path = target.substr(0, question);
    if (out.path.empty()) out.path = "/";
    out.query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    return {};
}

std::optional<uint64_t> parse_length(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return value;
}

}  // namespace weir::http
