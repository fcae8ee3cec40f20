#include "config/decode_clients.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/certificate.h"
#include "base/encoding.h"
#include "config/http2.h"
#include "config/text.h"

namespace weir::config {

namespace {

std::vector<std::string> read_strings(const Node& node, std::string_view key) {
    std::vector<std::string> out;
    for (const Node& item : list_of(node, key))
        out.push_back(item.text);
    return out;
}

/// A version, where 1.0 and 1.1 (RFC 8996: not to be used) become 1.2.
std::optional<TlsVersion> read_version(const Node& node, std::string_view key,
                                       const std::string& path, Report& report) {
    std::string_view text = node.text_at(key);
    if (text == "1.3") return TlsVersion::v1_3;
    if (text == "1.0" || text == "1.1")
        report.warning(
            node.find(key)->place, join(path, key),
            fmt::format("TLS {} is broken and not offered (RFC 8996); 1.2 is meant", text));
    else if (text != "1.2")
        return std::nullopt;
    return TlsVersion::v1_2;
}

void read_alpn(const Node& node, const std::string& path, TlsSettings& into, Report& report) {
    if (!node.has("alpnProtocols")) return;
    into.alpn.emplace();
    const auto& list = list_of(node, "alpnProtocols");
    for (size_t i = 0; i < list.size(); ++i)
        if (list[i].text == "http/1.0")
            report.warning(list[i].place, join(join(path, "alpnProtocols"), i),
                           "HTTP/1.0 is not spoken; left out");
        else
            into.alpn->push_back(list[i].text);
}

/// Names of the library's, each of which must be known.
std::vector<std::string> read_terms(const Node& node, std::string_view key, TlsTerm kind,
                                    std::string_view what, const std::string& path,
                                    Report& report) {
    std::vector<std::string> out = read_strings(node, key);
    for (size_t i = 0; i < out.size(); ++i)
        if (!known_tls_term(kind, out[i]))
            report.error(list_of(node, key)[i].place, join(join(path, key), i),
                         fmt::format("{} is no {} that can be offered; write OpenSSL's name for "
                                     "one, such as {}",
                                     quote(out[i]), what,
                                     kind == TlsTerm::cipher  ? "ECDHE-ECDSA-AES128-GCM-SHA256"
                                     : kind == TlsTerm::curve ? "P-256"
                                                              : "ecdsa_secp256r1_sha256"));
    return out;
}

std::vector<NameMatch> read_names(const Node& names, std::string_view key, const std::string& path,
                                  Report& report) {
    static constexpr std::array<std::string_view, 4> kTypes = {"Exact", "Prefix", "Suffix",
                                                               "RegularExpression"};
    std::vector<NameMatch> out;
    const auto& list = list_of(names, key);
    for (size_t i = 0; i < list.size(); ++i) {
        NameMatch match;
        auto type = std::ranges::find(kTypes, list[i].text_at("type", "Exact"));
        if (type != kTypes.end()) match.type = static_cast<NameMatch::Type>(type - kTypes.begin());
        match.value = list[i].text_at("value");
        if (match.type == NameMatch::Type::regex)
            check_regex(match.value, list[i].place, join(join(join(path, key), i), "value"),
                        report);
        out.push_back(std::move(match));
    }
    return out;
}

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_sha256_base64(std::string_view text) {
    auto bytes = base64_decode(text);
    return bytes && bytes->size() == 32;
}

/// Hashes of which each must have the form that `fits` knows.
std::vector<std::string> read_hashes(const Node& node, std::string_view key,
                                     bool (*fits)(std::string_view), std::string_view form,
                                     const std::string& path, Report& report) {
    std::vector<std::string> out = read_strings(node, key);
    for (size_t i = 0; i < out.size(); ++i) {
        std::erase(out[i], ':');
        if (form.starts_with("hex")) out[i] = to_lower(out[i]);
        if (!fits(out[i]))
            report.error(list_of(node, key)[i].place, join(join(path, key), i),
                         fmt::format("not a SHA-256; write it as {}", form));
    }
    return out;
}

ClientValidation read_validation(const Node& node, const std::string& path, Report& report) {
    ClientValidation out;
    out.place = node.place;
    out.optional = node.text_at("optional") == "true";
    out.spki_hashes =
        read_hashes(node, "spkiHashes", is_sha256_base64, "base64 of 32 bytes", path, report);
    out.certificate_hashes =
        read_hashes(node, "certificateHashes", is_sha256_hex, "hex, 64 digits", path, report);
    if (const Node* names = node.find("subjectAltNames")) {
        std::string at = join(path, "subjectAltNames");
        out.dns_names = read_names(*names, "dnsNames", at, report);
        out.emails = read_names(*names, "emailAddresses", at, report);
        out.addresses = read_names(*names, "ipAddresses", at, report);
        out.uris = read_names(*names, "uris", at, report);
    }
    if (list_of(node, "caCertificateRefs").empty() && out.spki_hashes.empty() &&
        out.certificate_hashes.empty())
        report.error(node.place, path, "nothing to check a certificate by; add caCertificateRefs");
    return out;
}

std::vector<Reference> read_refs(const Node& node, std::string_view key, const ObjectName& owner,
                                 const std::string& path) {
    std::vector<Reference> out;
    const auto& list = list_of(node, key);
    for (size_t i = 0; i < list.size(); ++i)
        out.push_back(read_reference(list[i], owner, "", "Secret", join(join(path, key), i)));
    return out;
}

AddressDetection read_detection(const Node& node, const std::string& path, Report& report) {
    AddressDetection out;
    if (const Node* forwarded = node.find("xForwardedFor")) {
        if (auto hops = read_int(*forwarded, "numTrustedHops"); hops && *hops >= 0)
            out.trusted_hops = static_cast<uint32_t>(std::min<int64_t>(*hops, UINT32_MAX));
        const auto& ranges = list_of(*forwarded, "trustedCIDRs");
        for (size_t i = 0; i < ranges.size(); ++i) {
            auto range = parse_cidr(ranges[i].text);
            if (range)
                out.trusted.push_back(*range);
            else
                report.error(ranges[i].place, join(join(path, "xForwardedFor.trustedCIDRs"), i),
                             fmt::format("{} is not a range of addresses; write one such as "
                                         "10.0.0.0/8",
                                         quote(ranges[i].text)));
        }
    }
    if (const Node* header = node.find("customHeader")) {
        out.header = to_lower(header->text_at("name"));
        out.fail_closed = header->text_at("failClosed") == "true";
    }
    return out;
}

/// Index of `text` among `spellings`, else of the first.
template <class E, size_t N>
E read_choice(std::string_view text, const std::array<std::string_view, N>& spellings) {
    auto found = std::ranges::find(spellings, text);
    return found == spellings.end() ? E{} : static_cast<E>(found - spellings.begin());
}

std::vector<HeaderField> read_fields(const Node& node, std::string_view key,
                                     const std::string& path, Report& report) {
    std::vector<HeaderField> out;
    const auto& list = list_of(node, key);
    for (size_t i = 0; i < list.size(); ++i) {
        HeaderField field{to_lower(list[i].text_at("name")), std::string(list[i].text_at("value")),
                          list[i].place};
        std::string at = join(join(path, key), i);
        if (field.value.find('%') != std::string::npos)
            report.warning(field.place, join(at, "value"),
                           "is taken as it stands: Envoy's %COMMANDS% are not known");
        if (field.value.find_first_of("\r\n") != std::string::npos ||
            field.value.find('\0') != std::string::npos)
            report.error(field.place, join(at, "value"), "holds a control character; remove it");
        if (field.name == "host" || field.name == "content-length" ||
            field.name == "transfer-encoding" || field.name == "connection")
            report.error(field.place, join(at, "name"),
                         fmt::format("{} is the message's own frame; leave it alone", field.name));
        out.push_back(std::move(field));
    }
    return out;
}

FieldRules read_field_rules(const Node* node, const std::string& path, Report& report) {
    FieldRules out;
    if (!node) return out;
    out.set = read_fields(*node, "set", path, report);
    out.add = read_fields(*node, "add", path, report);
    out.add_if_absent = read_fields(*node, "addIfAbsent", path, report);
    for (const std::string& name : read_strings(*node, "remove"))
        out.remove.push_back(to_lower(name));
    return out;
}

void read_client_headers(const Node& node, ClientSettings& into, Report& report) {
    static constexpr std::array<std::string_view, 4> kIds = {"Generate", "PreserveOrGenerate",
                                                             "Preserve", "Disable"};
    static constexpr std::array<std::string_view, 5> kCerts = {
        "Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly"};
    static constexpr std::array<std::string_view, 5> kDetails = {"Subject", "Cert", "Chain", "DNS",
                                                                 "URI"};
    into.rate_limit_headers = node.text_at("disableRateLimitHeaders") != "true";
    std::string_view underscores = node.text_at("withUnderscoresAction");
    into.underscores = underscores == "RejectRequest" ? Underscores::reject
                       : underscores == "DropHeader"  ? Underscores::drop
                                                      : Underscores::allow;
    if (node.has("requestID"))
        into.request_id = read_choice<RequestIdAction>(node.text_at("requestID"), kIds);
    if (node.text_at("preserveXRequestID") == "false") into.request_id = RequestIdAction::generate;
    if (const Node* cert = node.find("xForwardedClientCert")) {
        into.forwarded_cert = read_choice<ForwardedCert>(cert->text_at("mode"), kCerts);
        for (const std::string& detail : read_strings(*cert, "certDetailsToAdd"))
            into.cert_details.push_back(read_choice<CertDetail>(detail, kDetails));
    }
    into.early = read_field_rules(node.find("earlyRequestHeaders"),
                                  "spec.headers.earlyRequestHeaders", report);
    into.late = read_field_rules(node.find("lateResponseHeaders"),
                                 "spec.headers.lateResponseHeaders", report);
}

uint32_t read_count(const Node& node, std::string_view key) {
    return static_cast<uint32_t>(
        std::clamp<int64_t>(read_int(node, key).value_or(0), 0, UINT32_MAX));
}

void read_connection(const Node& limit, ClientSettings& into) {
    if (limit.has("value"))
        into.connections = {
            static_cast<uint64_t>(std::max<int64_t>(0, read_int(limit, "value").value_or(0))),
            read_duration(limit, "closeDelay").value_or(Duration(0))};
    into.life = {read_duration(limit, "maxConnectionDuration").value_or(Duration(0)),
                 read_duration(limit, "maxStreamDuration").value_or(Duration(0)),
                 read_count(limit, "maxRequestsPerConnection")};
}

PathRules read_path(const Node& node) {
    static constexpr std::array<std::string_view, 4> kActions = {
        "KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"};
    PathRules out;
    if (node.has("escapedSlashesAction"))
        out.escaped = read_choice<EscapedSlashes>(node.text_at("escapedSlashesAction"), kActions);
    out.merge_slashes = node.text_at("disableMergeSlashes") != "true";
    return out;
}

ProxyProtocol read_proxy_protocol(const Node& spec) {
    if (const Node* written = spec.find("proxyProtocol"))
        return written->text_at("optional") == "true" ? ProxyProtocol::optional
                                                      : ProxyProtocol::required;
    return spec.text_at("enableProxyProtocol") == "true" ? ProxyProtocol::required
                                                         : ProxyProtocol::off;
}

}  // namespace

TlsSettings read_tls_settings(const Node& node, const std::string& path, Report& report) {
    TlsSettings out;
    out.min = read_version(node, "minVersion", path, report);
    out.max = read_version(node, "maxVersion", path, report);
    out.ciphers = read_terms(node, "ciphers", TlsTerm::cipher, "cipher", path, report);
    out.curves = read_terms(node, "ecdhCurves", TlsTerm::curve, "curve", path, report);
    out.signature_algorithms = read_terms(node, "signatureAlgorithms", TlsTerm::signature_algorithm,
                                          "signature algorithm", path, report);
    read_alpn(node, path, out, report);
    return out;
}

void TlsSettings::fill_from(const TlsSettings& other) {
    auto fill = [](auto& mine, const auto& theirs) {
        if (!mine) mine = theirs;
    };
    auto fill_list = [](std::vector<std::string>& mine, const std::vector<std::string>& theirs) {
        if (mine.empty()) mine = theirs;
    };
    fill(min, other.min);
    fill(max, other.max);
    fill_list(ciphers, other.ciphers);
    fill_list(curves, other.curves);
    fill_list(signature_algorithms, other.signature_algorithms);
    fill(alpn, other.alpn);
}

ClientPolicy decode_client_policy(const Object& object, Report& report) {
    const Node& spec = object.spec();
    ClientPolicy policy;
    policy.meta = object.meta();
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(
            read_reference(targets[i], object.name, "", "Gateway", join("spec.targetRefs", i)));
    if (const Node* target = spec.find("targetRef"))
        policy.targets.push_back(
            read_reference(*target, object.name, "", "Gateway", "spec.targetRef"));
    ClientSettings& settings = policy.settings;
    settings.policy = object.name;
    if (const Node* tls = spec.find("tls")) {
        policy.tls_place = tls->place;
        settings.tls = read_tls_settings(*tls, "spec.tls", report);
        if (const Node* validation = tls->find("clientValidation")) {
            const std::string path = "spec.tls.clientValidation";
            settings.validation = read_validation(*validation, path, report);
            policy.authorities = read_refs(*validation, "caCertificateRefs", object.name, path);
        }
    }
    if (const Node* limit = spec.at("connection.connectionLimit"))
        read_connection(*limit, settings);
    if (const Node* probes = spec.find("tcpKeepalive"))
        settings.probes = {read_count(*probes, "probes"),
                           read_duration(*probes, "idleTime").value_or(Duration(0)),
                           read_duration(*probes, "interval").value_or(Duration(0))};
    if (const Node* http2 = spec.find("http2"))
        settings.http2 = read_http2(*http2, "spec.http2", report);
    if (const Node* path = spec.find("path")) settings.path = read_path(*path);
    if (const Node* check = spec.find("healthCheck")) settings.health_path = check->text_at("path");
    if (const Node* detection = spec.find("clientIPDetection"))
        settings.address = read_detection(*detection, "spec.clientIPDetection", report);
    settings.proxy_protocol = read_proxy_protocol(spec);
    if (const Node* headers = spec.find("headers")) read_client_headers(*headers, settings, report);
    return policy;
}

std::vector<DecodedListenerTls> decode_listener_tls(const Object& gateway, Report& report) {
    std::vector<DecodedListenerTls> out;
    const auto& listeners = list_of(gateway.spec(), "listeners");
    for (size_t i = 0; i < listeners.size(); ++i) {
        std::string_view protocol = listeners[i].text_at("protocol");
        if (protocol != "HTTPS" && protocol != "TLS") continue;
        std::string path = join(join("spec.listeners", i), "tls");
        const Node* written = listeners[i].find("tls");
        if (!written) {
            report.error(listeners[i].place, path,
                         fmt::format("Required value; a listener of protocol {} needs "
                                     "tls.certificateRefs",
                                     protocol));
            continue;
        }
        DecodedListenerTls decoded;
        decoded.gateway = gateway.name;
        decoded.listener = listeners[i].text_at("name");
        decoded.tls.place = written->place;
        decoded.tls.passthrough = written->text_at("mode") == "Passthrough";
        decoded.certificates = read_refs(*written, "certificateRefs", gateway.name, path);
        for (const Reference& ref : decoded.certificates)
            decoded.tls.certificates.push_back({ref.name, ref.place});
        if (const Node* options = written->find("options"))
            for (const Entry& entry : options->entries)
                decoded.tls.options[entry.key] = entry.value.text;
        out.push_back(std::move(decoded));
    }
    return out;
}

}  // namespace weir::config
