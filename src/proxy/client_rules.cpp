// What the listener's ClientTrafficPolicy asks of every request, before anything else looks at it,
// and of every answer.
#include <fmt/format.h>

#include "base/encoding.h"
#include "net/tls_server.h"
#include "proxy/client_address.h"
#include "proxy/exchange_run.h"
#include "route/hosts.h"

namespace weir::proxy {
namespace {

bool named(const std::vector<std::string>& names, std::string_view name) {
    for (const std::string& candidate : names)
        if (iequals(candidate, name)) return true;
    return false;
}

bool named(const std::vector<config::HeaderField>& fields, std::string_view name) {
    for (const config::HeaderField& field : fields)
        if (iequals(field.name, name)) return true;
    return false;
}

/// Where "%2F" or "%5C" begins in `path` (RFC 3986 §2.1); npos: nowhere.
std::size_t find_escaped_slash(std::string_view path, std::size_t from) {
    for (std::size_t at = path.find('%', from); at != std::string_view::npos;
         at = path.find('%', at + 1)) {
        std::string_view digits = path.substr(at + 1, 2);
        if (iequals(digits, "2f") || iequals(digits, "5c")) return at;
    }
    return std::string_view::npos;
}

std::string unescape_slashes(std::string_view path) {
    std::string out;
    std::size_t from = 0;
    while (true) {
        std::size_t at = find_escaped_slash(path, from);
        out.append(path.substr(from, at - from));
        if (at == std::string_view::npos) return out;
        out.push_back(path[at + 1] == '2' ? '/' : '\\');
        from = at + 3;
    }
}

void merge_slashes(std::string& path) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < path.size(); ++i)
        if (path[i] != '/' || i == 0 || path[i - 1] != '/') path[out++] = path[i];
    path.resize(out);
}

/// A name of a certificate in a header: what would end the value, or the header, is escaped.
/// `quoted`: between quotes more of them may stand.
std::string harmless(std::string_view text, bool quoted) {
    return percent_encode(text, quoted ? "!#$&'()*+/:<>?@[]^`{|}=, " : "!#$&'()*+/:?@[]");
}

/// One element of X-Forwarded-Client-Cert, as Envoy writes it.
std::string certificate_element(const net::PeerCertificate& peer,
                                const std::vector<config::CertDetail>& details) {
    std::string out = "Hash=" + peer.sha256;
    for (config::CertDetail detail : details) {
        switch (detail) {
            case config::CertDetail::subject:
                out.append(";Subject=\"").append(harmless(peer.subject, true)).append("\"");
                break;
            case config::CertDetail::cert:
                out.append(";Cert=\"").append(percent_encode(peer.pem)).append("\"");
                break;
            case config::CertDetail::chain:
                out.append(";Chain=\"").append(percent_encode(peer.chain_pem)).append("\"");
                break;
            case config::CertDetail::dns:
                for (const std::string& name : peer.dns_names)
                    out.append(";DNS=").append(harmless(name, false));
                break;
            case config::CertDetail::uri:
                for (const std::string& uri : peer.uris)
                    out.append(";URI=").append(harmless(uri, false));
                break;
        }
    }
    return out;
}

}  // namespace

/// Fails with route.not_found, http.bad_request or auth.denied.
Result<void> ExchangeRun::meet_client() {
    const config::ClientSettings& rules = entry_->settings;
    http::RequestHead& request = client_.edit_request();
    if (port_->tls) {
        std::string_view host = route::host_name(request.authority, host_buffer_);
        int meant = net::choose_host(port_->hostnames, host);
        if (meant < 0 || &port_->entries[static_cast<std::size_t>(meant)] != entry_)
            return fail(codes::route_not_found,
                        fmt::format("'{}' is not served on a connection made for '{}'; connect "
                                    "to it by its own name",
                                    host, client_.tls()->server_name()));
    }
    WEIR_CHECK(find_address());
    if (rules.underscores != config::Underscores::allow) {
        auto marked = [](const http::HeaderField& field) {
            return field.name.find('_') != std::string_view::npos;
        };
        if (rules.underscores == config::Underscores::drop)
            request.headers.remove_if(marked);
        else if (request.headers.any_of(marked))
            return fail(codes::http_bad_request,
                        "a header's name has an underscore; write it with dashes");
    }
    edit_fields(rules.early, request.headers);
    if (rules.path) WEIR_CHECK(mend_path(*rules.path, request));
    return {};
}

Result<void> ExchangeRun::find_address() {
    const config::AddressDetection& rules = entry_->settings.address;
    if (rules.header.empty() && rules.trusted.empty() && rules.trusted_hops == 0) return {};
    auto found = forwarded_address(rules, client_.peer(), client_.request().headers);
    if (found)
        record_.client_address = std::move(*found);
    else if (rules.fail_closed)
        return fail(codes::auth_denied,
                    fmt::format("the header {} does not tell who asks", rules.header));
    return {};
}

void ExchangeRun::edit_fields(const config::FieldRules& rules, http::Headers& headers) {
    if (rules.empty()) return;
    headers.remove_if([&](const http::HeaderField& field) {
        return named(rules.remove, field.name) || named(rules.set, field.name);
    });
    for (const auto& field : rules.set)
        headers.add(field.name, field.value);
    for (const auto& field : rules.add)
        headers.add(field.name, field.value);
    for (const auto& field : rules.add_if_absent)
        if (!headers.find(field.name)) headers.add(field.name, field.value);
}

Result<void> ExchangeRun::mend_path(const config::PathRules& rules, http::RequestHead& request) {
    bool escaped = find_escaped_slash(request.path, 0) != std::string_view::npos;
    if (escaped && rules.escaped == config::EscapedSlashes::reject)
        return fail(codes::http_bad_request, "the path holds an escaped slash; write it plain");
    bool unescape = escaped && rules.escaped != config::EscapedSlashes::keep;
    bool doubled = rules.merge_slashes && request.path.find("//") != std::string_view::npos;
    if (!unescape && !doubled) return {};
    path_ = unescape ? unescape_slashes(request.path) : std::string(request.path);
    if (rules.merge_slashes) merge_slashes(path_);
    request.path = path_;
    redirects_ = unescape && rules.escaped == config::EscapedSlashes::redirect;
    return {};
}

/// To the path as it should be written; method and body stay (RFC 9110 §15.4.8).
net::Task<void> ExchangeRun::answer_redirect() {
    client_.begin(307);
    client_.header("location", query_.empty() ? path_ : path_ + "?" + query_);
    own_headers();
    co_await client_.send("");
}

/// ClientTrafficPolicy healthCheck: Weir can answer, whatever its providers do.
net::Task<void> ExchangeRun::answer_health() {
    client_.begin(200);
    client_.header("content-type", "text/plain");
    own_headers();
    co_await client_.send("ok\n");
}

/// lateResponseHeaders: the head as far as it stands, line by line.
void ExchangeRun::edit_answer() {
    const config::FieldRules& rules = entry_->settings.late;
    if (rules.empty()) return;
    std::string& head = client_.head_text();
    std::string out;
    std::size_t from = head.starts_with("HTTP/") ? head.find("\r\n") + 2 : 0;
    out.append(head, 0, from);
    while (from < head.size()) {
        std::size_t end = head.find("\r\n", from) + 2;
        std::string_view line(head.data() + from, end - from);
        std::string_view name = line.substr(0, line.find(':'));
        if (!named(rules.remove, name) && !named(rules.set, name)) out.append(line);
        from = end;
    }
    auto add = [&](const config::HeaderField& field) {
        out.append(field.name).append(": ").append(field.value).append("\r\n");
    };
    for (const auto& field : rules.set)
        add(field);
    for (const auto& field : rules.add)
        add(field);
    for (const auto& field : rules.add_if_absent)
        if (to_lower(out).find("\r\n" + field.name + ":") == std::string::npos) add(field);
    head = std::move(out);
}

/// What the provider hears of the client's certificate (X-Forwarded-Client-Cert); empty: nothing.
std::string ExchangeRun::forwarded_certificate() const {
    using Mode = config::ForwardedCert;
    const config::ClientSettings& rules = entry_->settings;
    const net::TlsSession* tls = client_.tls();
    const net::PeerCertificate* peer = tls ? tls->peer() : nullptr;
    std::string said(client_.request().headers.value("x-forwarded-client-cert"));
    switch (rules.forwarded_cert) {
        case Mode::sanitize:
            return {};
        case Mode::always_forward:
            return said;
        case Mode::forward_only:
            return peer ? said : std::string();
        case Mode::sanitize_set:
            return peer ? certificate_element(*peer, rules.cert_details) : std::string();
        case Mode::append_forward:
            if (!peer) return {};
            return (said.empty() ? said : said + ",") +
                   certificate_element(*peer, rules.cert_details);
    }
    return {};
}

}  // namespace weir::proxy
