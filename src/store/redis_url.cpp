#include "store/redis_url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace weir::store {
namespace {

constexpr std::string_view kForm =
    "use redis://[USER:PASSWORD@]HOST[:PORT][/DB] (rediss:// for TLS)";

std::unexpected<Error> wrong(std::string_view what) {
    return fail(codes::config_invalid, fmt::format("{}; {}", what, kForm));
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)
            return std::nullopt;
        out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
    }
    return out;
}

template <class T>
bool number(std::string_view text, T& out) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

/// What stands before the first `mark`, taken off `text`; with `mark` absent, all of it.
std::string_view take_until(std::string_view& text, char mark) {
    auto at = text.find(mark);
    std::string_view front = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return front;
}

Result<void> take_scheme(std::string_view& text, RedisAddress& out) {
    auto at = text.find("://");
    if (at == std::string_view::npos) return {};
    std::string_view scheme = text.substr(0, at);
    text.remove_prefix(at + 3);
    out.tls = scheme == "rediss" || scheme == "valkeys";
    if (!out.tls && scheme != "redis" && scheme != "valkey")
        return wrong("unknown kind of address");
    return {};
}

Result<void> take_credentials(std::string_view& text, RedisAddress& out) {
    auto end = text.find_first_of("/?");
    auto at = text.substr(0, end).rfind('@');
    if (at == std::string_view::npos) return {};
    std::string_view password = text.substr(0, at);
    text.remove_prefix(at + 1);
    std::string_view user = take_until(password, ':');
    auto plain_user = unescape(user), plain_password = unescape(password);
    if (!plain_user || !plain_password) return wrong("a % that is no escape in the credentials");
    if (plain_password->empty()) return wrong("a user without a password (write :PASSWORD@)");
    out.user = std::move(*plain_user);
    out.password = Secret(std::move(*plain_password));
    return {};
}

Result<void> take_host(std::string_view text, RedisAddress& out) {
    std::string_view port;
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return wrong("an address in [ without ]");
        out.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return wrong("something else than :PORT behind ]");
        if (!port.empty()) port.remove_prefix(1);
    } else {
        port = text;
        out.host = take_until(port, ':');
    }
    if (out.host.empty()) return wrong("no host");
    if (out.host.find_first_of(" \t\r\n,") != std::string::npos)
        return wrong("more than one host name");
    if (!port.empty() && (!number(port, out.port) || out.port == 0))
        return wrong("a port that is no number from 1 to 65535");
    return {};
}

Result<void> take_options(std::string_view text, RedisAddress& out) {
    while (!text.empty()) {
        std::string_view value = take_until(text, '&');
        std::string_view name = take_until(value, '=');
        auto plain = unescape(value);
        if (!plain || plain->empty()) return wrong(fmt::format("no value for {}", name));
        if (name == "prefix")
            out.prefix = std::move(*plain);
        else if (name == "ca" && out.tls)
            out.ca_file = std::move(*plain);
        else
            return wrong("an option other than prefix and (with TLS) ca");
    }
    return {};
}

}  // namespace

std::string RedisAddress::to_string() const {
    bool literal = host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}/{}", tls ? "rediss" : "redis", literal ? "[" : "", host,
                       literal ? "]" : "", port, database);
}

Result<RedisAddress> parse_redis_url(std::string_view text) {
    RedisAddress out;
    WEIR_CHECK(take_scheme(text, out));
    WEIR_CHECK(take_credentials(text, out));
    std::string_view path = take_until(text, '?');
    std::string_view host = take_until(path, '/');
    WEIR_CHECK(take_host(host, out));
    if (!path.empty() && !number(path, out.database)) return wrong("a database that is no number");
    WEIR_CHECK(take_options(text, out));
    return out;
}

}  // namespace weir::store
