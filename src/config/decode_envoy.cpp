// Envoy Gateway's own settings, as far as they are about what a proxy does: EnvoyProxy backendTLS,
// and EnvoyGateway rateLimit.
#include <fmt/format.h>

#include "config/decode_clients.h"
#include "config/text.h"

namespace weir::config {

ProxySettings decode_proxy_settings(const Object& object, Report& report) {
    ProxySettings out;
    out.meta = object.meta();
    const Node* tls = object.spec().find("backendTLS");
    if (!tls) return out;
    out.tls.emplace();
    out.tls->settings = read_tls_settings(*tls, "spec.backendTLS", report);
    out.tls->said_by = object.subject();
    if (const Node* ref = tls->find("clientCertificateRef"))
        out.client_certificate =
            read_reference(*ref, object.name, "", "Secret", "spec.backendTLS.clientCertificateRef");
    return out;
}

std::optional<ParametersRef> read_parameters_ref(const Object& object, Report& report) {
    const bool of_class = object.info->noun == Noun::gateway_class;
    const std::string_view path =
        of_class ? "spec.parametersRef" : "spec.infrastructure.parametersRef";
    const Node* ref = object.spec().at(path.substr(path.find('.') + 1));
    if (!ref) return std::nullopt;
    if (ref->text_at("kind") != "EnvoyProxy") {
        report.warning(ref->place, std::string(path),
                       fmt::format("parameters of kind {} are not read; EnvoyProxy is",
                                   quote(ref->text_at("kind"))));
        return std::nullopt;
    }
    return ParametersRef{object.meta(), read_reference(*ref, object.name, "gateway.envoyproxy.io",
                                                       "EnvoyProxy", std::string(path))};
}

std::optional<DecodedSharedStore> decode_envoy_gateway(const Object& object, Report& report) {
    const Node* limits = object.node.find("rateLimit");
    const Node* redis = limits ? limits->at("backend.redis") : nullptr;
    const Node* url = redis ? redis->find("url") : nullptr;
    if (!url) {
        if (limits)
            report.error(limits->place, "rateLimit.backend.redis.url",
                         "Required value; write HOST:PORT");
        return std::nullopt;
    }
    DecodedSharedStore out;
    out.meta = object.meta();
    out.store.place = url->place;
    out.store.fail_closed = limits->text_at("failClosed") == "true";
    const Node* tls = redis->find("tls");
    const bool plain = url->text.find("://") == std::string::npos;
    if (plain && url->text.find(',') != std::string::npos) {
        report.error(url->place, "rateLimit.backend.redis.url",
                     "of several addresses it is not known what they are; write "
                     "redis+sentinel://HOST,HOST/PRIMARY or redis+cluster://HOST,HOST");
        return std::nullopt;
    }
    out.store.url = plain ? fmt::format("{}://{}", tls ? "rediss" : "redis", url->text) : url->text;
    if (auto timeout = read_duration(*limits, "timeout"))
        out.store.url +=
            fmt::format("{}timeout={}ms", out.store.url.find('?') == std::string::npos ? '?' : '&',
                        timeout->count());
    if (!tls) return out;
    if (!plain && !out.store.url.starts_with("rediss"))
        report.error(url->place, "rateLimit.backend.redis.url",
                     "is an address without TLS, and tls is there; write rediss:// or HOST:PORT");
    if (const Node* ref = tls->find("certificateRef"))
        out.client_certificate = read_reference(*ref, object.name, "", "Secret",
                                                "rateLimit.backend.redis.tls.certificateRef");
    return out;
}

}  // namespace weir::config
