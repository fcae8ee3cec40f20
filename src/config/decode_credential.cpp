#include <fmt/format.h>

#include <utility>

#include "base/ascii.h"
#include "base/encoding.h"
#include "config/decode.h"
#include "config/text.h"

namespace weir::config {

std::string_view to_string(CredentialType type) {
    switch (type) {
        case CredentialType::api_key:
            return "APIKey";
        case CredentialType::azure_api_key:
            return "AzureAPIKey";
        case CredentialType::anthropic_api_key:
            return "AnthropicAPIKey";
        case CredentialType::gemini_api_key:
            return "GeminiAPIKey";
        case CredentialType::aws:
            return "AWSCredentials";
        case CredentialType::azure:
            return "AzureCredentials";
        case CredentialType::gcp:
            return "GCPCredentials";
    }
    return "";
}

namespace {

std::optional<CredentialType> credential_type(std::string_view text) {
    for (CredentialType type :
         {CredentialType::api_key, CredentialType::azure_api_key, CredentialType::anthropic_api_key,
          CredentialType::aws, CredentialType::azure, CredentialType::gcp})
        if (to_string(type) == text) return type;
    return std::nullopt;
}

/// Where each type keeps its Secret: the block, and the path below it.
std::string_view secret_path(CredentialType type) {
    switch (type) {
        case CredentialType::api_key:
            return "apiKey.secretRef";
        case CredentialType::azure_api_key:
            return "azureAPIKey.secretRef";
        case CredentialType::anthropic_api_key:
            return "anthropicAPIKey.secretRef";
        case CredentialType::aws:
            return "awsCredentials.credentialsFile.secretRef";
        case CredentialType::azure:
            return "azureCredentials.clientSecretRef";
        case CredentialType::gcp:
            return "gcpCredentials.credentialsFile.secretRef";
        case CredentialType::gemini_api_key:
            return "";
    }
    return "";
}

void read_secret_ref(const Node& node, std::string field, const ObjectName& owner,
                     DecodedPolicy& out, Report& report) {
    Reference reference = read_reference(node, owner, "", "Secret", std::move(field));
    if (reference.kind != "Secret" || !reference.group.empty())
        report.error(node.place, reference.field,
                     "must name a Secret of the core group; leave group and kind out");
    out.secret_field = reference.field;
    out.policy.secret = SecretRef{reference.name, reference.place};
}

/// The header that brings a credential of this type when the policy names none.
std::string_view override_header(CredentialType type) {
    switch (type) {
        case CredentialType::api_key:
            return "x-aigw-api-key";
        case CredentialType::azure_api_key:
            return "x-aigw-azure-api-key";
        case CredentialType::anthropic_api_key:
            return "x-aigw-anthropic-api-key";
        case CredentialType::aws:
            return "x-aigw-aws-";
        case CredentialType::azure:
            return "x-aigw-azure-access-token";
        case CredentialType::gcp:
            return "x-aigw-gcp-access-token";
        case CredentialType::gemini_api_key:
            return "x-aigw-gemini-api-key";
    }
    return "";
}

void read_override(const Node& spec, CredentialPolicy& policy, Report& report) {
    const Node* from = spec.at("credentialOverride.fromRequestHeaders");
    if (!from) return;
    CredentialOverride& out = policy.override.emplace();
    out.place = from->place;
    out.header = to_lower(from->text_at("header"));
    if (out.header.empty()) out.header = override_header(*policy.type);
    if (!is_header_name(out.header))
        report.error(out.place, "spec.credentialOverride.fromRequestHeaders.header",
                     fmt::format("{} cannot be the name of a header; use letters, digits and -",
                                 quote(out.header)));
    if (from->has("fallbackToConfigured"))
        out.fall_back = from->text_at("fallbackToConfigured") == "true";
    bool own = policy.secret || *policy.type == CredentialType::aws;
    if (out.fall_back && !own)
        report.error(out.place, "spec.credentialOverride.fromRequestHeaders.fallbackToConfigured",
                     "true, but the policy has no credential of its own to fall back to; name its "
                     "Secret, or set it to false");
}

/// Where each type keeps its exchange.
std::string_view exchange_path(CredentialType type) {
    switch (type) {
        case CredentialType::aws:
            return "awsCredentials.oidcExchangeToken";
        case CredentialType::azure:
            return "azureCredentials.oidcExchangeToken";
        case CredentialType::gcp:
            return "gcpCredentials.workloadIdentityFederationConfig.oidcExchangeToken";
        default:
            return "";
    }
}

std::vector<std::string> texts(const Node& node, std::string_view field) {
    std::vector<std::string> out;
    for (const Node& item : list_of(node, field))
        out.push_back(item.text);
    return out;
}

void read_federation(const Node& gcp, OidcExchange& out) {
    const Node& federation = *gcp.find("workloadIdentityFederationConfig");
    out.gcp_project = federation.text_at("projectID");
    out.gcp_pool = federation.text_at("workloadIdentityPoolName");
    out.gcp_provider = federation.text_at("workloadIdentityProviderName");
    const Node* account = federation.at("serviceAccountImpersonation.serviceAccountName");
    if (!account) return;
    out.gcp_service_account = account->text;
    if (account->text.find('@') == std::string::npos)
        out.gcp_service_account +=
            fmt::format("@{}.iam.gserviceaccount.com", gcp.text_at("projectName"));
}

void read_exchange(const Object& object, DecodedPolicy& out, Report& report) {
    const Node& spec = object.spec();
    const std::string_view path = exchange_path(*out.policy.type);
    const Node* exchange = path.empty() ? nullptr : spec.at(path);
    if (!exchange) return;
    const Node* oidc = exchange->find("oidc");
    if (!oidc) return;  // the schema has said so
    OidcExchange& to = out.policy.oidc.emplace();
    if (const Node* provider = oidc->find("provider")) {
        to.issuer = provider->text_at("issuer");
        to.token_endpoint = provider->text_at("tokenEndpoint");
    }
    to.client_id = oidc->text_at("clientID");
    to.scopes = texts(*oidc, "scopes");
    to.resources = texts(*oidc, "resources");
    to.audience = exchange->text_at("aud");
    to.grant_type = exchange->text_at("grantType");
    to.aws_role = exchange->text_at("awsRoleArn");
    if (const Node* gcp = spec.find("gcpCredentials");
        gcp && *out.policy.type == CredentialType::gcp)
        read_federation(*gcp, to);
    if (const Node* id = oidc->find("clientIDRef")) {
        read_secret_ref(*id, fmt::format("spec.{}.oidc.clientIDRef", path), object.name, out,
                        report);
        to.client_id_secret = std::exchange(out.policy.secret, std::nullopt);
        out.client_id_field = std::exchange(out.secret_field, {});
    }
    if (const Node* secret = oidc->find("clientSecret"))
        read_secret_ref(*secret, fmt::format("spec.{}.oidc.clientSecret", path), object.name, out,
                        report);
}

}  // namespace

DecodedPolicy decode_credential_policy(const Object& object, Report& report) {
    const Node& spec = object.spec();
    DecodedPolicy out;
    CredentialPolicy& policy = out.policy;
    policy.meta = object.meta();
    policy.seed_spelling = object.info->seed && spec.has("authenticationRefs");
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i) {
        Reference target = read_reference(targets[i], object.name, "aigateway.envoyproxy.io",
                                          "AIServiceBackend", join("spec.targetRefs", i));
        if (target.kind == "InferencePool")
            report.warning(target.place, target.field,
                           "InferencePool is accepted but not in force yet");
        else
            out.targets.push_back(std::move(target));
    }
    if (policy.seed_spelling) {
        for (const Node& ref : list_of(spec, "authenticationRefs"))
            read_secret_ref(ref, "spec.authenticationRefs[0]", object.name, out, report);
        return out;
    }
    policy.type = credential_type(spec.text_at("type"));
    if (!policy.type) return out;
    std::string_view path = secret_path(*policy.type);
    if (const Node* ref = spec.at(path))
        read_secret_ref(*ref, fmt::format("spec.{}", path), object.name, out, report);
    if (const Node* aws = spec.find("awsCredentials")) {
        policy.aws_region = aws->text_at("region");
        if (const Node* profile = aws->at("credentialsFile.profile"))
            policy.aws_profile = profile->text;
    }
    if (const Node* gcp = spec.find("gcpCredentials")) {
        policy.gcp_project = gcp->text_at("projectName");
        policy.gcp_region = gcp->text_at("region");
    }
    if (const Node* azure = spec.find("azureCredentials")) {
        policy.azure_tenant = azure->text_at("tenantID");
        policy.azure_client = azure->text_at("clientID");
    }
    read_exchange(object, out, report);
    read_override(spec, policy, report);
    return out;
}

namespace {

constexpr std::string_view kFromEnv = "substitution.aigw.run/env/";
constexpr std::string_view kFromFile = "substitution.aigw.run/file/";

/// Values that the Secret's annotations take from the environment or from files.
void substitute_values(SecretResource& secret, const Node& annotations, const Options& options,
                       Report& report) {
    for (const Entry& entry : annotations.entries) {
        std::string_view key = entry.key;
        std::string field = fmt::format("metadata.annotations[{}]", entry.key);
        if (key.starts_with(kFromEnv)) {
            auto value = options.env ? options.env(entry.value.text) : std::nullopt;
            if (value)
                secret.values[std::string(key.substr(kFromEnv.size()))] = Secret(std::move(*value));
            else
                report.warning(
                    entry.value.place, field,
                    fmt::format("variable {} is not set; the value written in the Secret is used",
                                quote(entry.value.text)));
        } else if (key.starts_with(kFromFile)) {
            auto content =
                options.read_file
                    ? options.read_file(entry.value.text)
                    : Result<std::string>(fail(codes::config_io, "files are not read here"));
            if (content)
                secret.values[std::string(key.substr(kFromFile.size()))] =
                    Secret(std::move(*content));
            else if (options.mock)
                report.warning(entry.value.place, field,
                               fmt::format("cannot read {}: {}", quote(entry.value.text),
                                           content.error().detail()));
            else
                report.error(entry.value.place, field,
                             fmt::format("cannot read {}: {}; name a readable file",
                                         quote(entry.value.text), content.error().detail()));
        }
    }
}

}  // namespace

SecretResource decode_secret(const Object& object, const Options& options, Report& report) {
    SecretResource secret;
    secret.meta = object.meta();
    if (const Node* data = object.node.find("data"))
        for (const Entry& entry : data->entries)
            secret.values[entry.key] = Secret(base64_decode(entry.value.text).value_or(""));
    if (const Node* data = object.node.find("stringData"))
        for (const Entry& entry : data->entries)
            secret.values[entry.key] = Secret(entry.value.text);
    if (const Node* annotations = object.node.at("metadata.annotations"))
        substitute_values(secret, *annotations, options, report);
    return secret;
}

ConfigMapResource decode_config_map(const Object& object, Report& report) {
    ConfigMapResource map;
    map.meta = object.meta();
    if (const Node* data = object.node.find("data"))
        for (const Entry& entry : data->entries)
            map.data[entry.key] = entry.value.text;
    const Node* binary = object.node.find("binaryData");
    if (!binary) return map;
    for (const Entry& entry : binary->entries) {
        auto bytes = base64_decode(entry.value.text);
        if (!bytes)
            report.error(entry.value.place, fmt::format("binaryData[{}]", entry.key),
                         "not base64; encode it");
        map.data[entry.key] = bytes.value_or("");
    }
    return map;
}

}  // namespace weir::config
