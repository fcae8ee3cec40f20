#include "config/tables.h"

namespace weir::config::tables {

// aigateway.envoyproxy.io: BackendSecurityPolicy, with the OIDC of Envoy Gateway.
const std::string_view kCredential = R"(
type CredentialsFile { profile: string, secretRef*: SecretRef }
type CookieConfig { sameSite: enum(Lax, Strict, None) }
type CookieNames { accessToken: string, idToken: string }
type StringMatch {
  name*: Text
  type: enum(Exact, Prefix, Suffix, RegularExpression)
  value*: string 1..1024
}
type DenyRedirect { headers*: [StringMatch] 1..16 }
type ForwardIDToken { header*: Text }
type OidcProvider !no_backend_ref !no_retry_timeout !no_retry_status_codes {
  authorizationEndpoint: string @later
  backendRef: ObjectRef @later
  backendRefs: [WeightedObjectRef] ..16 @later
  backendSettings: ClusterSettings @later
  endSessionEndpoint: string @later
  issuer*: Text
  tokenEndpoint: string
}
type Oidc !one_client_id !forward_token_header {
  clientID: Text
  clientIDRef: SecretRef
  clientSecret*: SecretRef
  cookieConfig: CookieConfig @later
  cookieDomain: string /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9]))*$/ @later
  cookieNames: CookieNames @later
  csrfTokenTTL: Duration @later
  defaultRefreshTokenTTL: Duration @later
  defaultTokenTTL: Duration @later
  denyRedirect: DenyRedirect @later
  disableTokenEncryption: bool @later
  forwardAccessToken: bool @later
  forwardIDToken: ForwardIDToken @later
  logoutPath: string @later
  passThroughAuthHeader: bool @later
  provider*: OidcProvider
  redirectURL: string @later
  refreshToken: bool @later
  resources: [string]
  scopes: [string]
}
type AwsOidcExchangeToken { aud: string, awsRoleArn*: Text, grantType: string, oidc*: Oidc }
type AwsCredentials {
  credentialsFile: CredentialsFile
  oidcExchangeToken: AwsOidcExchangeToken
  region*: Text
}
type OidcExchangeToken { aud: string, grantType: string, oidc*: Oidc }
type AzureCredentials !one_azure_source {
  clientID*: Text
  clientSecretRef: SecretRef
  oidcExchangeToken: OidcExchangeToken
  tenantID*: Text
}
type FromDynamicMetadata { fallbackToConfigured: bool, key: string, namespace*: Text }
type FromRequestHeaders { fallbackToConfigured: bool, header: string }
type CredentialOverride 1..1 {
  fromDynamicMetadata: FromDynamicMetadata @guard
  fromRequestHeaders: FromRequestHeaders
}
type ServiceAccountImpersonation { serviceAccountName*: Text }
type WorkloadIdentityFederationConfig {
  oidcExchangeToken*: OidcExchangeToken
  projectID*: Text
  serviceAccountImpersonation: ServiceAccountImpersonation
  workloadIdentityPoolName*: Text
  workloadIdentityProviderName*: Text
}
type GcpCredentials !at_most_one_gcp_source {
  credentialsFile: KeySecret
  projectName*: Text
  region*: Text
  workloadIdentityFederationConfig: WorkloadIdentityFederationConfig
}
type BackendSecurityPolicySpec ..4 !type_api_key !type_aws !type_azure_api_key !type_azure !type_gcp !type_anthropic_api_key {
  anthropicAPIKey: KeySecret
  apiKey: KeySecret
  awsCredentials: AwsCredentials
  azureAPIKey: KeySecret
  azureCredentials: AzureCredentials
  credentialOverride: CredentialOverride
  gcpCredentials: GcpCredentials
  targetRefs: [TargetRef] ..16 !policy_targets
  type*: enum(APIKey, AWSCredentials, AzureAPIKey, AzureCredentials, GCPCredentials, AnthropicAPIKey)
}

# v1alpha1 has no credentialOverride and wants exactly one source of GCP credentials.
type GcpCredentialsAlpha !exactly_one_gcp_source {
  credentialsFile: KeySecret
  projectName*: Text
  region*: Text
  workloadIdentityFederationConfig: WorkloadIdentityFederationConfig
}
type BackendSecurityPolicySpecAlpha ..3 !type_api_key !type_aws !type_azure_api_key !type_azure !type_gcp !type_anthropic_api_key {
  anthropicAPIKey: KeySecret
  apiKey: KeySecret
  awsCredentials: AwsCredentials
  azureAPIKey: KeySecret
  azureCredentials: AzureCredentials
  gcpCredentials: GcpCredentialsAlpha
  targetRefs: [TargetRef] ..16 !policy_targets
  type*: enum(APIKey, AWSCredentials, AzureAPIKey, AzureCredentials, GCPCredentials, AnthropicAPIKey)
}
)";

}  // namespace weir::config::tables
