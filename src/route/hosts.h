/// Host names as listeners and routes write them: exact (`api.example.com`), wildcard
/// (`*.example.com`, any number of labels), or none.
///
/// The most specific one wins: exact, then the longer wildcard, then none (Gateway API,
/// HTTPRoute `hostnames`). Case is ignored. Threads: immutable after building.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

/// A Host header's value without port and trailing dot, in lower case in `buffer` if it was not
/// already; `[::1]:80` gives `[::1]`.
std::string_view host_name(std::string_view authority, std::string& buffer);

bool is_wildcard(std::string_view pattern);
/// `host` is what host_name gave; an empty pattern matches every host.
bool host_matches(std::string_view pattern, std::string_view host);

/// The host names under which a route is served through a listener: what both allow, in their more
/// specific spelling. {""} means every host; no value means that they have no host in common, so
/// that the route is not served there.
std::optional<std::vector<std::string>> effective_hostnames(std::string_view listener,
                                                            const std::vector<std::string>& route);

}  // namespace weir::route
