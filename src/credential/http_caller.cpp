#include "credential/http_caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "credential/bedrock_signature.h"

namespace weir::credential {
namespace {

/// Hosts that plain http reaches without crossing a network: this machine, and the link-local
/// addresses of metadata services (RFC 3927; AWS IMDS, ECS and EKS agents; GCP's server by name).
bool may_be_plain(std::string_view host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.") ||
           host.starts_with("169.254.") || host == "fd00:ec2::254" || host == "fd00:ec2::23" ||
           host == "metadata.google.internal";
}

bool is_number_of_dots(std::string_view host) {
    return std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

/// The request head; a Secret, since header values may be credentials.
Secret head_of(const HttpCall& call, const Url& url) {
    std::size_t size = 256 + url.target.size() + url.authority.size();
    for (const auto& [name, value] : call.headers)
        size += name.size() + value.reveal().size() + 4;
    std::string head;
    head.reserve(size);  // one buffer: nothing is left behind unwiped
    head.append(call.method).append(" ").append(url.target).append(" HTTP/1.1\r\nhost: ");
    head.append(url.authority).append("\r\nuser-agent: weir\r\naccept: application/json\r\n");
    for (const auto& [name, value] : call.headers)
        head.append(name).append(": ").append(value.reveal()).append("\r\n");
    if (call.method != "GET")
        head.append("content-length: ")
            .append(std::to_string(call.body.reveal().size()))
            .append("\r\n");
    head.append("\r\n");
    return Secret(std::move(head));
}

std::unexpected<Error> at(const Url& url, const Error& error) {
    return fail(error.code(), fmt::format("{}: {}", url.authority, error.detail()));
}

}  // namespace

Result<Url> parse_endpoint(std::string_view text, std::string_view what) {
    auto wrong = [&](std::string_view why) {
        return fail(codes::credential_invalid, fmt::format("{} {}", what, why));
    };
    Url url;
    std::string_view rest = text;
    if (istarts_with(rest, "https://"))
        rest.remove_prefix(8);
    else if (istarts_with(rest, "http://"))
        rest.remove_prefix(7), url.tls = false;
    else
        return wrong("does not begin with https:// or http://");
    if (std::ranges::any_of(rest, [](char c) { return is_control(c) || c == ' ' || c == '#'; }))
        return wrong("holds a fragment, white space or a control character");
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    url.authority = to_lower(rest.substr(0, end));
    url.target = rest.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    std::string_view host = url.authority;
    if (host.find('@') != std::string_view::npos) return wrong("names a user");
    url.port = url.tls ? 443 : 80;
    const std::size_t bracket = host.find(']');
    const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        std::string_view digits = host.substr(colon + 1);
        auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc() || stop != digits.data() + digits.size() || url.port == 0)
            return wrong("has a port that is not a number from 1 to 65535");
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) return wrong("has no host");
    url.host = host;
    // "127.evil.example" is a name, whatever it begins with.
    const bool literal = is_number_of_dots(host) || host.find(':') != std::string_view::npos;
    const bool plain = may_be_plain(host) &&
                       (literal || host == "localhost" || host == "metadata.google.internal");
    if (!url.tls && !plain) return wrong("is plain http to another machine; use https");
    return url;
}

net::Task<Result<HttpReply>> PoolCaller::call(HttpCall call) {
    WEIR_CO_TRY(const Url url, parse_endpoint(call.url, "the token endpoint"));
    http::Origin origin;
    origin.target = {url.host, url.port, nullptr, url.host};
    origin.key = fmt::format("{}://{}:{}", url.tls ? "https" : "http", url.host, url.port);
    origin.address = url.authority;
    if (url.tls) {
        if (!tls_) {
            WEIR_CO_TRY(tls_, net::TlsContext::create());
        }
        origin.target.tls = tls_.get();
        if (through_) origin.target.tunnel = through_(url.host);
        if (const auto& proxy = origin.target.tunnel)
            origin.key += fmt::format("#{}:{}", proxy->host, proxy->port);
    }
    const net::TimePoint deadline = std::chrono::steady_clock::now() + kPatience;
    const Secret head = head_of(call, url);
    // A connection of its own: a pooled one may have died, and there is one call in minutes.
    auto upstream = co_await pool_.acquire(origin, deadline, &cancel_, true);
    if (!upstream) co_return at(url, upstream.error());
    std::array pieces{piece_of(head.reveal()), piece_of(call.body.reveal())};
    std::size_t count = call.body.empty() ? 1 : 2;
    auto sent = co_await upstream->send(std::span(pieces).first(count), kPatience);
    if (!sent) co_return at(url, sent.error());
    auto answer = co_await upstream->read_head(call.method, deadline);
    if (!answer) co_return at(url, answer.error());
    HttpReply reply;
    reply.status = (*answer)->status;
    std::string body;
    body.reserve(kLargest);  // never moves: nothing is left behind unwiped
    while (true) {
        auto piece = co_await upstream->read_body(deadline);
        if (!piece) co_return at(url, piece.error());
        if (piece->empty()) break;
        if (body.size() + piece->size() > kLargest)
            co_return fail(
                codes::credential_invalid,
                fmt::format("{}: the answer is larger than {} KB", url.authority, kLargest / 1024));
        body.append(*piece);
    }
    reply.body = Secret(std::move(body));
    co_return reply;
}

}  // namespace weir::credential
