#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "config/decode.h"
#include "config/decode_clients.h"
#include "config/text.h"

namespace weir::config {

std::string_view to_string(SchemaName name) {
    switch (name) {
        case SchemaName::openai:
            return "OpenAI";
        case SchemaName::cohere:
            return "Cohere";
        case SchemaName::aws_bedrock:
            return "AWSBedrock";
        case SchemaName::azure_openai:
            return "AzureOpenAI";
        case SchemaName::gcp_vertex:
            return "GCPVertexAI";
        case SchemaName::gcp_anthropic:
            return "GCPAnthropic";
        case SchemaName::anthropic:
            return "Anthropic";
        case SchemaName::aws_anthropic:
            return "AWSAnthropic";
        case SchemaName::gemini:
            return "Gemini";
    }
    return "";
}

namespace {

SchemaName schema_name(std::string_view text) {
    for (SchemaName name :
         {SchemaName::openai, SchemaName::cohere, SchemaName::aws_bedrock, SchemaName::azure_openai,
          SchemaName::gcp_vertex, SchemaName::gcp_anthropic, SchemaName::anthropic,
          SchemaName::aws_anthropic, SchemaName::gemini})
        if (to_string(name) == text) return name;
    return SchemaName::openai;
}

/// The seed's `provider`.
SchemaName provider_schema(std::string_view provider) {
    if (provider == "anthropic") return SchemaName::anthropic;
    if (provider == "aws-bedrock") return SchemaName::aws_bedrock;
    if (provider == "azure-openai") return SchemaName::azure_openai;
    if (provider == "gcp-vertex") return SchemaName::gcp_vertex;
    if (provider == "gemini") return SchemaName::gemini;
    if (provider == "cohere") return SchemaName::cohere;
    return SchemaName::openai;  // openai, openai-compatible
}

bool has_prefix(SchemaName name) {
    return name == SchemaName::openai || name == SchemaName::anthropic ||
           name == SchemaName::gemini;
}

/// "/v1beta/openai/" as "v1beta/openai". Unset and "" are "v1" as upstream's controller makes them;
/// "/" is the way to say: no prefix.
std::string normal_prefix(std::string_view written) {
    return std::string(written.empty() ? defaults::kPrefix : trim(written, "/"));
}

ApiSchema read_schema(const Node& node, Report& report) {
    ApiSchema schema;
    schema.name = schema_name(node.text_at("name"));
    schema.version = node.text_at("version");
    std::string_view prefix = node.text_at("prefix");
    if (has_prefix(schema.name) && prefix.empty() && !schema.version.empty()) {
        // Before `prefix` existed, `version` was the path prefix of these two.
        prefix = schema.version;
        if (schema.version != defaults::kPrefix)
            report.warning(
                node.find("version")->place, "spec.schema.version",
                fmt::format("read as a path prefix, as older releases did; write prefix: {}",
                            quote(schema.version)));
    }
    schema.prefix = normal_prefix(prefix);
    return schema;
}

struct Url {
    bool tls = true;
    std::string host;
    uint16_t port = 0;
    std::string path;
};

/// scheme://host[:port][/path], or what is wrong with it.
std::optional<Url> parse_url(std::string_view text, std::string& wrong) {
    Url url;
    if (istarts_with(text, "https://")) {
        text.remove_prefix(8);
    } else if (istarts_with(text, "http://")) {
        text.remove_prefix(7);
        url.tls = false;
    } else {
        wrong = "does not begin with https:// or http://";
        return std::nullopt;
    }
    if (text.find_first_of("?#@ \t\\") != std::string_view::npos) {
        wrong =
            "holds a query, fragment, user or white space; write scheme, host, port and path only";
        return std::nullopt;
    }
    auto slash = std::min(text.find('/'), text.size());
    std::string_view authority = text.substr(0, slash);
    url.path = trim(text.substr(slash), "/");
    url.port = url.tls ? 443 : 80;
    auto bracket = authority.find(']');
    auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    std::string_view host = authority.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (colon != std::string_view::npos) {
        std::string_view digits = authority.substr(colon + 1);
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0) {
            wrong = "has a port that is not a number from 1 to 65535";
            return std::nullopt;
        }
    }
    url.host = to_lower(host);
    if (url.host.empty()) {
        wrong = "has no host";
        return std::nullopt;
    }
    return url;
}

bool looks_like_ip(std::string_view host) {
    return host.find(':') != std::string_view::npos ||
           host.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// `bedrock.REGION…` is the control plane; requests go to `bedrock-runtime.REGION…`.
void use_bedrock_runtime(Url& url, const Node& node, Report& report) {
    constexpr std::string_view kControl = "bedrock.";
    if (!url.host.starts_with(kControl)) return;
    std::string runtime = "bedrock-runtime." + url.host.substr(kControl.size());
    if (bedrock_region(runtime).empty()) return;
    report.warning(
        node.place, "spec.endpoint",
        fmt::format("{} is Bedrock's control plane; {} is used instead", url.host, runtime));
    url.host = std::move(runtime);
}

void read_endpoint(const Node& node, Backend& backend, Report& report) {
    std::string wrong;
    auto url = parse_url(node.text, wrong);
    if (!url) {
        report.error(node.place, "spec.endpoint", fmt::format("the URL {}", wrong));
        return;
    }
    bool bedrock = backend.schema.name == SchemaName::aws_bedrock ||
                   backend.schema.name == SchemaName::aws_anthropic;
    if (bedrock) use_bedrock_runtime(*url, node, report);
    if (has_prefix(backend.schema.name) && !url->path.empty())
        backend.schema.prefix = url->path;
    else if (!url->path.empty())
        report.warning(node.place, "spec.endpoint",
                       fmt::format("the path {} has no effect for this provider; remove it",
                                   quote(url->path)));
    backend.url =
        Backend::Url{url->tls, {url->host, url->port, looks_like_ip(url->host), node.place}};
}

ApiSchema seed_schema(std::string_view provider) {
    const SchemaName name = provider_schema(provider);
    const bool gemini = name == SchemaName::gemini;
    return {name, "", std::string(gemini ? defaults::kGeminiPrefix : defaults::kPrefix)};
}

}  // namespace

DecodedBackend decode_backend(const Object& object, Report& report) {
    const Node& spec = object.spec();
    DecodedBackend out;
    Backend& backend = out.backend;
    backend.meta = object.meta();
    backend.provider = spec.text_at("provider");
    if (const Node* schema = spec.find("schema"))
        backend.schema = read_schema(*schema, report);
    else
        backend.schema = seed_schema(backend.provider);
    if (const Node* endpoint = spec.find("endpoint"); endpoint && endpoint->is_string())
        read_endpoint(*endpoint, backend, report);
    if (const Node* ref = spec.find("backendRef")) {
        out.endpoints = read_reference(*ref, object.name, "gateway.envoyproxy.io", "Backend",
                                       "spec.backendRef");
        backend.endpoint_ref = out.endpoints->name;
    }
    if (backend.url) backend.region = bedrock_region(backend.url->endpoint.host);
    backend.headers = read_headers(spec.find("headerMutation"), "spec.headerMutation", report);
    backend.body = read_body(spec.find("bodyMutation"));
    if (spec.text_at("usage") == "never") backend.usage = UsageMode::never;
    if (backend.schema.name == SchemaName::azure_openai && backend.schema.version.empty() &&
        spec.has("schema"))
        report.warning(object.node.place, "spec.schema.version",
                       "Azure OpenAI wants an api-version; add version");
    return out;
}

namespace {

std::optional<Endpoint> read_address(const Node& node, const std::string& path, Report& report) {
    const Node* fqdn = node.find("fqdn");
    const Node* ip = node.find("ip");
    const Node* written = fqdn ? fqdn : ip;
    if (!written) {
        if (node.has("unix"))
            report.warning(node.place, path, "unix sockets are not in force yet; left out");
        return std::nullopt;
    }
    Endpoint endpoint;
    endpoint.place = written->place;
    endpoint.is_ip = !fqdn;
    endpoint.host = to_lower(written->text_at(fqdn ? "hostname" : "address"));
    if (auto port = read_int(*written, "port"); port && *port > 0 && *port <= 65535)
        endpoint.port = static_cast<uint16_t>(*port);
    if (endpoint.is_ip && !endpoint.host.empty() && !looks_like_ip(endpoint.host))
        report.error(
            endpoint.place, join(path, "ip.address"),
            fmt::format("{} is not an IP address; use fqdn for names", quote(endpoint.host)));
    return endpoint;
}

std::vector<Reference> read_authorities(const Node& node, const ObjectName& owner,
                                        std::string_view path) {
    std::vector<Reference> out;
    const auto& refs = list_of(node, "caCertificateRefs");
    for (size_t i = 0; i < refs.size(); ++i)
        out.push_back(read_reference(refs[i], owner, "", "ConfigMap",
                                     join(join(path, "caCertificateRefs"), i)));
    return out;
}

/// HTTP/2, in Envoy Gateway's spelling or in that of Services; the others are of WebSockets.
void read_app_protocols(const Node& spec, EndpointBackend& into, Report& report) {
    const auto& protocols = list_of(spec, "appProtocols");
    for (size_t i = 0; i < protocols.size(); ++i) {
        const std::string& name = protocols[i].text;
        if (name == "gateway.envoyproxy.io/h2c" || name == "kubernetes.io/h2c")
            into.http2 = true;
        else if (name == "gateway.envoyproxy.io/ws" || name == "gateway.envoyproxy.io/wss")
            report.warning(protocols[i].place, join("spec.appProtocols", i),
                           "WebSockets are not spoken; left out");
    }
}

}  // namespace

DecodedEndpoints decode_endpoints(const Object& object, Report& report) {
    const Node& spec = object.spec();
    DecodedEndpoints out;
    out.backend.meta = object.meta();
    out.backend.fallback = spec.text_at("fallback") == "true";
    const auto& endpoints = list_of(spec, "endpoints");
    for (size_t i = 0; i < endpoints.size(); ++i)
        if (auto endpoint = read_address(endpoints[i], join("spec.endpoints", i), report))
            out.backend.endpoints.push_back(std::move(*endpoint));
    if (spec.text_at("type") == "DynamicResolver")
        report.warning(object.node.place, "spec.type",
                       "DynamicResolver is accepted but not in force yet");
    else if (endpoints.empty())
        report.warning(object.node.place, "spec.endpoints",
                       "no endpoints; requests for it get 503");
    if (const Node* tls = spec.find("tls")) {
        Tls settings;
        settings.place = tls->place;
        settings.server_name = to_lower(tls->text_at("sni"));
        settings.verify = tls->text_at("insecureSkipVerify") != "true";
        out.authorities = read_authorities(*tls, object.name, "spec.tls");
        settings.system_roots = out.authorities.empty();
        settings.settings = read_tls_settings(*tls, "spec.tls", report);
        if (const Node* ref = tls->find("clientCertificateRef"))
            out.client_certificate =
                read_reference(*ref, object.name, "", "Secret", "spec.tls.clientCertificateRef");
        out.backend.tls = std::move(settings);
    }
    read_app_protocols(spec, out.backend, report);
    return out;
}

TlsPolicy decode_tls_policy(const Object& object) {
    const Node& spec = object.spec();
    TlsPolicy policy;
    policy.meta = object.meta();
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(
            read_reference(targets[i], object.name, "", "", join("spec.targetRefs", i)));
    policy.tls.place = object.node.place;
    if (const Node* validation = spec.find("validation")) {
        policy.tls.server_name = to_lower(validation->text_at("hostname"));
        policy.authorities = read_authorities(*validation, object.name, "spec.validation");
        policy.tls.system_roots = policy.authorities.empty();
        for (const Node& name : list_of(*validation, "subjectAltNames")) {
            if (name.text_at("type") == "URI")
                policy.tls.alt_uris.emplace_back(name.text_at("uri"));
            else
                policy.tls.alt_names.push_back(to_lower(name.text_at("hostname")));
        }
    }
    return policy;
}

}  // namespace weir::config
