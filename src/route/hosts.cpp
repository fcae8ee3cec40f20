#include "route/hosts.h"

#include <algorithm>

#include "base/ascii.h"

namespace weir::route {

std::string_view host_name(std::string_view authority, std::string& buffer) {
    size_t end = authority.starts_with('[') ? std::min(authority.find(']') + 1, authority.size())
                                            : std::min(authority.find(':'), authority.size());
    if (end == 0) end = authority.size();  // '[' without ']': taken as it is
    std::string_view host = authority.substr(0, end);
    if (host.ends_with('.')) host.remove_suffix(1);
    if (std::none_of(host.begin(), host.end(), [](char c) { return c != ascii_lower(c); }))
        return host;
    buffer = to_lower(host);
    return buffer;
}

bool is_wildcard(std::string_view pattern) {
    return pattern.starts_with("*.");
}

bool host_matches(std::string_view pattern, std::string_view host) {
    if (pattern.empty()) return true;
    if (!is_wildcard(pattern)) return iequals(pattern, host);
    std::string_view suffix = pattern.substr(1);
    return host.size() > suffix.size() && iequals(host.substr(host.size() - suffix.size()), suffix);
}

namespace {

/// The more specific of the two if the other allows it, else nullopt.
std::optional<std::string_view> common(std::string_view a, std::string_view b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    if (is_wildcard(a) && is_wildcard(b)) {
        if (iequals(a, b)) return a;
        if (host_matches(a, b.substr(2))) return b;  // *.a.b allows *.x.a.b
        if (host_matches(b, a.substr(2))) return a;
        return std::nullopt;
    }
    if (is_wildcard(a)) return host_matches(a, b) ? std::optional(b) : std::nullopt;
    return host_matches(b, a) ? std::optional(a) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> effective_hostnames(std::string_view listener,
                                                            const std::vector<std::string>& route) {
    if (route.empty()) return std::vector{to_lower(listener)};
    std::vector<std::string> out;
    for (const std::string& pattern : route) {
        auto shared = common(listener, pattern);
        if (!shared) continue;
        std::string name = to_lower(*shared);
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
    }
    if (out.empty()) return std::nullopt;
    return out;
}

}  // namespace weir::route
