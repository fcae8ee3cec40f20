/// One object of a known kind before it is typed: its Node, and what its kind means to Weir.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/report.h"
#include "config/resources.h"
#include "config/schema.h"

namespace weir::config {

/// What a kind becomes after decoding.
enum class Noun {
    route,
    backend,
    credential_policy,
    endpoint_backend,
    gateway,
    gateway_class,
    reference_grant,
    tls_policy,
    traffic_policy,
    client_policy,
    secret,
    config_map,
    gateway_options,
    gateway_config,
    quota_policy,
    limit_options,
    dialect_policy,
    resilience_policy,
    proxy_settings,
    envoy_gateway,
    other,
};

struct KindInfo {
    std::string_view group;
    std::vector<std::string_view> versions;
    std::string_view kind;
    Noun noun = Noun::other;
    std::string_view
        table;  ///< of spec; empty: not looked into. For Secret and ConfigMap: of the object
    Standing standing = Standing::in_force;
    bool seed = false;   ///< the seed's spelling
    bool whole = false;  ///< `table` describes the object, not its spec
};

struct Object {
    const KindInfo* info = nullptr;
    Node node;
    std::string version;  ///< "v1beta1"
    ObjectName name;
    std::string subject() const { return std::string(info->kind) + "/" + name.name; }
    /// The spec, or an empty map.
    const Node& spec() const;
    Meta meta() const;
};

/// What a document is. A mistake is reported; a document of no concern is warned about and is
/// nothing.
std::optional<Object> classify(Node document, Report& report);

/// Judges one object against its kind's tables.
void check_object(const Object& object, Report& report);

/// Unites objects of one kind, namespace and name, as a server-side apply would; different values
/// for one field are reported with both places, and the first is kept.
std::vector<Object> merge_objects(std::vector<Object> objects, Report& report);

}  // namespace weir::config
