#include "store/redis_url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace weir::store {
namespace {

constexpr std::string_view kForm =
    "use redis://[USER:PASSWORD@]HOST[:PORT][/DB] (rediss:// for TLS), "
    "redis+sentinel://HOST,HOST/PRIMARY or redis+cluster://HOST,HOST";

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
    std::string_view kind = text.substr(0, at);
    text.remove_prefix(at + 3);
    std::string_view scheme = take_until(kind, '+');
    out.tls = scheme == "rediss" || scheme == "valkeys";
    if (!out.tls && scheme != "redis" && scheme != "valkey")
        return wrong("unknown kind of address");
    if (kind == "sentinel")
        out.kind = RedisKind::sentinel;
    else if (kind == "cluster")
        out.kind = RedisKind::cluster;
    else if (!kind.empty())
        return wrong("a + that is neither +sentinel nor +cluster");
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
    RedisHost host;
    std::string_view port;
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return wrong("an address in [ without ]");
        host.name = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return wrong("something else than :PORT behind ]");
        if (!port.empty()) port.remove_prefix(1);
    } else {
        port = text;
        host.name = take_until(port, ':');
    }
    if (host.name.empty()) return wrong("no host");
    if (host.name.find_first_of(" \t\r\n") != std::string::npos)
        return wrong("a host with a space in it");
    host.port = out.kind == RedisKind::sentinel ? 26379 : 6379;
    if (!port.empty() && (!number(port, host.port) || host.port == 0))
        return wrong("a port that is no number from 1 to 65535");
    out.hosts.push_back(std::move(host));
    return {};
}

Result<void> take_hosts(std::string_view text, RedisAddress& out) {
    if (text.ends_with(',')) return wrong("no host behind the last comma");
    do
        WEIR_CHECK(take_host(take_until(text, ','), out));
    while (!text.empty());
    if (out.hosts.size() > 1 && out.kind == RedisKind::single)
        return wrong("several hosts, which only redis+sentinel:// and redis+cluster:// have");
    return {};
}

/// What stands behind the hosts: the primary's name for Sentinels, the database.
Result<void> take_path(std::string_view path, RedisAddress& out) {
    if (out.kind == RedisKind::sentinel) {
        auto name = unescape(take_until(path, '/'));
        if (!name || name->empty()) return wrong("no name of the primary behind the Sentinels");
        out.primary = std::move(*name);
    }
    if (!path.empty() && !number(path, out.database)) return wrong("a database that is no number");
    if (out.kind == RedisKind::cluster && out.database != 0)
        return wrong("a database, which a cluster has not");
    return {};
}

Result<void> take_timeout(std::string_view text, RedisAddress& out) {
    uint32_t count = 0;
    bool milliseconds = text.ends_with("ms");
    text.remove_suffix(milliseconds ? 2 : text.ends_with("s") ? 1 : 0);
    if (!number(text, count) || count == 0 || count > 60'000)
        return wrong("a timeout that is not like 20ms or 1s");
    out.timeout = milliseconds ? std::chrono::milliseconds(count) : std::chrono::seconds(count);
    return {};
}

Result<void> take_options(std::string_view text, RedisAddress& out) {
    while (!text.empty()) {
        std::string_view value = take_until(text, '&');
        std::string_view name = take_until(value, '=');
        auto plain = unescape(value);
        if (!plain || plain->empty()) return wrong("an option without a value");
        if (name == "prefix")
            out.prefix = std::move(*plain);
        else if (name == "timeout")
            WEIR_CHECK(take_timeout(value, out));
        else if (name == "ca" && out.tls)
            out.ca_file = std::move(*plain);
        else if (name == "sentinel-password" && out.kind == RedisKind::sentinel)
            out.sentinel_password = Secret(std::move(*plain));
        else
            return wrong(
                "an option other than prefix, timeout, (with TLS) ca, and (of Sentinels) "
                "sentinel-password");
    }
    if (out.kind == RedisKind::cluster && out.prefix.find_first_of("{}") != std::string::npos)
        return wrong("a prefix with { or }, which would put all keys into one slot");
    return {};
}

}  // namespace

std::string RedisHost::to_string() const {
    bool literal = name.find(':') != std::string::npos;
    return literal ? fmt::format("[{}]:{}", name, port) : fmt::format("{}:{}", name, port);
}

std::string RedisAddress::to_string() const {
    static constexpr std::string_view kKinds[] = {"", "+sentinel", "+cluster"};
    std::string out =
        fmt::format("{}{}://", tls ? "rediss" : "redis", kKinds[static_cast<std::size_t>(kind)]);
    for (const RedisHost& host : hosts)
        out += (&host == &hosts.front() ? "" : ",") + host.to_string();
    if (kind == RedisKind::sentinel) out += "/" + primary;
    return kind == RedisKind::cluster ? out : fmt::format("{}/{}", out, database);
}

Result<RedisAddress> parse_redis_url(std::string_view text) {
    RedisAddress out;
    WEIR_CHECK(take_scheme(text, out));
    WEIR_CHECK(take_credentials(text, out));
    std::string_view path = take_until(text, '?');
    std::string_view hosts = take_until(path, '/');
    WEIR_CHECK(take_hosts(hosts, out));
    WEIR_CHECK(take_path(path, out));
    WEIR_CHECK(take_options(text, out));
    return out;
}

}  // namespace weir::store
