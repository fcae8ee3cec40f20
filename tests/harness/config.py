"""Configurations for tests, as YAML text: routes to backends at local addresses, in upstream's and the seed's spelling."""
import json

SECRET = "planted-provider-key-7d1f"
AWS_CREDENTIALS = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = planted-aws-secret-93bc\nregion = us-east-1\n"


def document(api_version, kind, name, spec, **metadata):
    # JSON is YAML; one document a line keeps places in messages easy to predict.
    return json.dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec})


def join(*documents):
    return "\n---\n".join(documents) + "\n"


def endpoint(name, port, host="127.0.0.1"):
    """An Envoy Gateway Backend."""
    address = {"ip": {"address": host, "port": port}} if host[0].isdigit() else {"fqdn": {"hostname": host, "port": port}}
    return document("gateway.envoyproxy.io/v1alpha1", "Backend", name, {"endpoints": [address]})


def backend(name, schema="OpenAI", **spec):
    """An AIServiceBackend over the endpoint of the same name."""
    schema = schema if isinstance(schema, dict) else {"name": schema}
    return document("aigateway.envoyproxy.io/v1beta1", "AIServiceBackend", name,
                    {"schema": schema, "backendRef": {"name": name, "kind": "Backend", "group": "gateway.envoyproxy.io"}, **spec})


def secret(name, **values):
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values})


def credential(backend_name, kind="APIKey", override=None, **block):
    """A BackendSecurityPolicy for one backend; the Secret is `key-BACKEND`. `override`: fromRequestHeaders of credentialOverride."""
    field = {"APIKey": "apiKey", "AnthropicAPIKey": "anthropicAPIKey", "AzureAPIKey": "azureAPIKey"}.get(kind)
    if field:
        block = {field: {"secretRef": {"name": f"key-{backend_name}"}}}
    elif kind == "AWSCredentials" and not block.get("awsCredentials"):
        block = {"awsCredentials": {"region": "us-east-1", "credentialsFile": {"secretRef": {"name": f"key-{backend_name}"}}, **block}}
    if override is not None:
        block["credentialOverride"] = {"fromRequestHeaders": override}
    return document("aigateway.envoyproxy.io/v1beta1", "BackendSecurityPolicy", f"policy-{backend_name}",
                    {"type": kind, **block, "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": backend_name}]})


def model(value, kind="Exact"):
    return {"headers": [{"type": kind, "name": "x-ai-eg-model", "value": value}]}


def rule(backends, matches=None, **extra):
    """`backends`: a name, or a list of names and backendRefs."""
    refs = [{"name": b} if isinstance(b, str) else b for b in ([backends] if isinstance(backends, str) else backends)]
    return {"backendRefs": refs, **({"matches": matches} if matches else {}), **extra}


def route(*rules, name="route", **spec):
    return document("aigateway.envoyproxy.io/v1beta1", "AIGatewayRoute", name,
                    {"parentRefs": [{"name": "gateway"}], "rules": list(rules), **spec})


def options(**spec):
    """weir.dev GatewayOptions for every Gateway: timeouts and limits."""
    return document("weir.dev/v1alpha1", "GatewayOptions", "options", spec)


KINDS = {"OpenAI": ("APIKey", {"apiKey": SECRET}), "Anthropic": ("AnthropicAPIKey", {"apiKey": SECRET}),
         "AzureOpenAI": ("AzureAPIKey", {"apiKey": SECRET}), "AWSBedrock": ("AWSCredentials", {"credentials": AWS_CREDENTIALS}),
         "AWSAnthropic": ("AWSCredentials", {"credentials": AWS_CREDENTIALS})}


def provider(name, port, schema="OpenAI", **spec):
    """Endpoint, backend, credential and Secret of one provider, as a list of documents."""
    schema_name = schema["name"] if isinstance(schema, dict) else schema
    kind, values = KINDS[schema_name]
    return [endpoint(name, port), backend(name, schema, **spec), credential(name, kind), secret(f"key-{name}", **values)]


def single(port, schema="OpenAI", rule_fields=None, backend_fields=None, extra=()):
    """One route, any model, one provider: the smallest useful configuration."""
    return join(route(rule("provider", **(rule_fields or {}))), *provider("provider", port, schema, **(backend_fields or {})), *extra)


def agents(ports):
    """The seed's spelling, with three agents at local addresses: {"reasoning": port, "data": port, "planning": port}."""
    kinds = {"reasoning": "openai", "data": "anthropic", "planning": "aws-bedrock"}
    group = "ai.gateway.envoyproxy.io/v1alpha1"
    routes = [{"backends": [{"name": f"{agent}-agent", "weight": 100}],
               "matches": [{"path": {"type": "PathPrefix", "value": f"/v1/{agent}"}}]} for agent in ports]
    documents = [document(group, "AIGatewayRoute", "agents", {"parentRefs": [{"name": "ai-gateway"}], "routes": routes})]
    documents += [document(group, "AIServiceBackend", f"{agent}-agent",
                           {"provider": kinds[agent], "endpoint": f"http://127.0.0.1:{port}"}) for agent, port in ports.items()]
    documents.append(document(group, "BackendSecurityPolicy", "backend-auth", {
        "targetRefs": [{"name": f"{agent}-agent"} for agent in ports], "authenticationRefs": [{"name": "api-keys"}]}))
    documents.append(secret("api-keys", **{"reasoning-agent": SECRET, "data-agent": SECRET, "planning-agent": AWS_CREDENTIALS}))
    return join(*documents)


def gateway(*listeners, name="gateway", **metadata):
    return document("gateway.networking.k8s.io/v1", "Gateway", name, {"gatewayClassName": "weir", "listeners": list(listeners)}, **metadata)


def https(*secrets, name="https", port=443, hostname=None):
    """An HTTPS listener that shows the certificates of those Secrets."""
    return {"name": name, "protocol": "HTTPS", "port": port, "tls": {"certificateRefs": [{"name": s} for s in secrets]},
            **({"hostname": hostname} if hostname else {})}


def tls_secret(name, issued):
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls",
                       "stringData": {"tls.crt": issued.pem, "tls.key": issued.key_pem}})


def client_policy(name="clients", listener=None, **spec):
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway", **({"sectionName": listener} if listener else {})}
    return document("gateway.envoyproxy.io/v1alpha1", "ClientTrafficPolicy", name, {"targetRefs": [target], **spec})


def config_map(name, **data):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
