"""What Weir says to providers: tenants' own credentials, tokens of clouds, keys that rotate under load."""
import base64
import json
import os
import threading
import time
from urllib.parse import parse_qs

import pytest

from harness import config as configs
from harness import wire
from harness.issuer import AWS_SECRET, AWS_TOKEN, Issuer, aws_session, service_account
from harness.weir import wait_until


@pytest.fixture
def issue():
    """issue(answer_with, life) → Issuer, stopped afterwards."""
    started = []

    def start_issuer(*arguments, **named):
        started.append(Issuer(*arguments, **named))
        return started[-1]

    yield start_issuer
    for issuer in started:
        issuer.stop()
        assert not issuer.errors, issuer.errors


def gemini_answer(request, peer):
    peer.send(wire.http_json({"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
                              "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}))


def one(port, schema, policy, *extra):
    return configs.join(configs.route(configs.rule("provider")), configs.endpoint("provider", port), configs.backend("provider", schema), policy, *extra)


def gcp(port, file=None, **fields):
    block = {"projectName": "project-1", "region": "europe-west4", **({"credentialsFile": {"secretRef": {"name": "gcp"}}} if file else {})}
    secrets = [configs.secret("gcp", **{"service_account.json": file})] if file else []
    return one(port, "GCPVertexAI", configs.credential("provider", "GCPCredentials", gcpCredentials=block, **fields), *secrets)


def azure(port, secret="planted-client-secret-3e11"):
    block = {"tenantID": "tenant-1", "clientID": "client-1", "clientSecretRef": {"name": "azure"}}
    return one(port, {"name": "AzureOpenAI", "version": "2025-01-01-preview"}, configs.credential("provider", "AzureCredentials", azureCredentials=block),
               configs.secret("azure", **{"client-secret": secret}))


def bedrock_chain(port):
    """AWS credentials that name no Secret."""
    policy = configs.document("aigateway.envoyproxy.io/v1beta1", "BackendSecurityPolicy", "policy", {
        "type": "AWSCredentials", "awsCredentials": {"region": "us-east-1"},
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": "provider"}]})
    return one(port, "AWSBedrock", policy)


# --- credentialOverride -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("schema, kind, header, sent, value", [
    ("OpenAI", "APIKey", "x-aigw-api-key", "authorization", "Bearer tenant-key"),
    ("Anthropic", "AnthropicAPIKey", "x-aigw-anthropic-api-key", "x-api-key", "tenant-key"),
    ({"name": "AzureOpenAI", "version": "2025-01-01-preview"}, "AzureAPIKey", "x-aigw-azure-api-key", "api-key", "tenant-key"),
])
@pytest.mark.parametrize("named", [None, "x-tenant-key"])
def test_a_tenant_brings_a_key(start, provide, schema, kind, header, sent, value, named):
    provider = provide()
    override = {"header": named} if named else {}
    weir = start(config=one(provider.port, schema, configs.credential("provider", kind, override), configs.secret("key-provider", apiKey=configs.SECRET)))
    assert weir.chat(headers={named or header: "tenant-key"})[0] == 200
    assert weir.chat()[0] == 200
    brought, configured = provider.requests
    assert brought.all(sent) == [value]
    assert (named or header) not in brought.names()
    assert configured.header(sent).endswith(configs.SECRET), "without an override the configured key"


def test_every_tenant_has_to_bring_one(start, provide):
    provider = provide()
    weir = start(config=one(provider.port, "OpenAI", configs.credential("provider", "APIKey", {"fallbackToConfigured": False}),
                            configs.secret("key-provider", apiKey=configs.SECRET)))
    status, _, body = weir.chat()
    assert status == 401 and "missing upstream credential" in json.loads(body)["error"]["message"]
    status, _, body = weir.request("POST", "/v1/messages", {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]},
                                   {"anthropic-version": "2023-06-01"})
    assert status == 401 and json.loads(body)["type"] == "error", "in the client's own dialect"
    assert not provider.requests
    assert weir.chat(headers={"x-aigw-api-key": "tenant-key"})[0] == 200
    assert provider.only_request().header("authorization") == "Bearer tenant-key"


def test_half_an_aws_credential_is_an_error(start, provide):
    provider = provide()
    weir = start(config=one(provider.port, "AWSBedrock", configs.credential("provider", "AWSCredentials", {}),
                            configs.secret("key-provider", credentials=configs.AWS_CREDENTIALS)))
    status, _, body = weir.chat(headers={"x-aigw-aws-access-key-id": "ASIATENANT"})
    assert status == 401 and "x-aigw-aws-secret-access-key is missing" in json.loads(body)["error"]["message"]
    assert weir.chat(headers={"x-aigw-aws-access-key-id": "ASIATENANT", "x-aigw-aws-secret-access-key": "tenant-secret"})[0] == 200
    request = provider.only_request()
    assert "Credential=ASIATENANT/" in request.header("authorization")
    assert not [name for name in request.names() if name.startswith("x-aigw-")]


def test_a_tenants_token_reaches_vertex(start, provide):
    provider = provide(gemini_answer)
    weir = start(config=gcp(provider.port, override={"fallbackToConfigured": False}))
    assert weir.chat(headers={"x-aigw-gcp-access-token": "tenant-token"})[0] == 200
    request = provider.only_request()
    assert request.header("authorization") == "Bearer tenant-token"
    assert request.path == "/v1/projects/project-1/locations/europe-west4/publishers/google/models/test-model:generateContent"


# --- tokens -------------------------------------------------------------------------------------------------------------

def test_gcp_service_account(start, provide, issue):
    provider, issuer = provide(gemini_answer), issue()
    weir = start(config=gcp(provider.port, service_account(issuer.url + "/token")))
    for _ in range(5):
        assert weir.chat()[0] == 200
    assert {request.header("authorization") for request in provider.requests} == {"Bearer planted-token-1"}
    asked = issuer.only_request()
    fields = parse_qs(asked.body.decode())
    assert fields["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = json.loads(base64.urlsafe_b64decode(fields["assertion"][0].split(".")[1] + "=="))
    assert claims["iss"] == "robot@project.iam.gserviceaccount.com" and claims["aud"] == issuer.url + "/token"
    assert claims["exp"] - claims["iat"] == 3600 and abs(claims["iat"] - time.time()) < 60


def test_gcp_default_credentials(start, provide, issue, folder):
    provider, issuer = provide(gemini_answer), issue()
    weir = start(config=gcp(provider.port), env={"GCE_METADATA_HOST": issuer.host})
    assert weir.chat()[0] == 200
    assert issuer.only_request().header("metadata-flavor") == "Google"
    issuer.forget()
    (folder / "key.json").write_text(service_account(issuer.url + "/token"))
    weir = start(config=gcp(provider.port), env={"GOOGLE_APPLICATION_CREDENTIALS": str(folder / "key.json")})
    assert weir.chat()[0] == 200
    assert issuer.only_request().target == "/token"


def test_azure_client_secret(start, provide, issue):
    provider, issuer = provide(), issue()
    weir = start(config=azure(provider.port), env={"AZURE_AUTHORITY_HOST": issuer.url})
    assert weir.chat()[0] == 200
    assert provider.only_request().header("authorization") == "Bearer planted-token-1"
    asked = issuer.only_request()
    assert asked.target == "/tenant-1/oauth2/v2.0/token"
    assert parse_qs(asked.body.decode())["client_secret"] == ["planted-client-secret-3e11"]


@pytest.mark.parametrize("where", ["container", "instance", "web identity"])
def test_aws_default_chain(start, provide, issue, folder, where):
    def answer(request, number):
        if request.target == "/latest/api/token":
            return 200, "metadata-session"
        if request.target.endswith("/security-credentials/"):
            return 200, "role-1"
        if request.method == "POST":
            session = aws_session(number)
            names = {"AccessKeyId": "AccessKeyId", "SecretAccessKey": "SecretAccessKey", "Token": "SessionToken", "Expiration": "Expiration"}
            return 200, "<R><Credentials>" + "".join(f"<{tag}>{session[key]}</{tag}>" for key, tag in names.items()) + "</Credentials></R>"
        return 200, aws_session(number)

    provider, issuer = provide(), issue(answer)
    (folder / "token").write_text("planted-web-identity\n")
    env = {"container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": issuer.url + "/creds", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(folder / "token")},
           "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": issuer.url},
           "web identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_ENDPOINT_URL_STS": issuer.url}}
    weir = start(config=bedrock_chain(provider.port), env=env[where])
    assert weir.chat()[0] == 200
    request = provider.only_request()
    assert request.header("x-amz-security-token") == AWS_TOKEN
    assert "Credential=ASIA" in request.header("authorization") and "/us-east-1/bedrock/" in request.header("authorization")
    if where == "container":
        assert issuer.only_request().header("authorization") == "planted-web-identity"


def federated(issuer):
    return {"oidc": {"clientID": "client-1", "clientSecret": {"name": "oidc"}, "scopes": ["models"], "provider": {"issuer": issuer.url}}}


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_clouds_credential_for_a_token_of_an_oidc_provider(start, provide, issue, cloud):
    """One issuer plays the OIDC provider (discovery, token) and the cloud's token endpoints."""
    def answer(request, number):
        if request.target.endswith("/.well-known/openid-configuration"):
            return 200, {"issuer": issuer.url, "token_endpoint": issuer.url + "/oidc/token"}
        if request.target == "/oidc/token":
            return 200, {"access_token": "planted-identity", "expires_in": 3600}
        if request.target.endswith(":generateAccessToken"):
            return 200, {"accessToken": "planted-robot", "expireTime": "2099-01-01T00:00:00Z"}
        if "AssumeRoleWithWebIdentity" in request.body.decode():
            return 200, "<R>" + "".join(f"<{tag}>{value}</{tag}>" for tag, value in {
                "AccessKeyId": "ASIA1", "SecretAccessKey": AWS_SECRET, "SessionToken": AWS_TOKEN, "Expiration": "2099-01-01T00:00:00Z"}.items()) + "</R>"
        return 200, {"access_token": "planted-cloud", "expires_in": 3600}

    provider, issuer = provide(gemini_answer if cloud == "gcp" else wire.answer), issue(answer)
    exchange = federated(issuer)
    kind, schema, block, env = {
        "aws": ("AWSCredentials", "AWSBedrock",
                {"awsCredentials": {"region": "us-east-1", "oidcExchangeToken": {**exchange, "awsRoleArn": "arn:aws:iam::1:role/r"}}},
                {"AWS_ENDPOINT_URL_STS": issuer.url + "/sts"}),
        "azure": ("AzureCredentials", {"name": "AzureOpenAI", "version": "2025-01-01-preview"},
                  {"azureCredentials": {"tenantID": "tenant-1", "clientID": "client-1", "oidcExchangeToken": exchange}},
                  {"AZURE_AUTHORITY_HOST": issuer.url}),
        "gcp": ("GCPCredentials", "GCPVertexAI",
                {"gcpCredentials": {"projectName": "project-1", "region": "europe-west4", "workloadIdentityFederationConfig": {
                    "projectID": "12", "workloadIdentityPoolName": "pool", "workloadIdentityProviderName": "prov",
                    "serviceAccountImpersonation": {"serviceAccountName": "robot"}, "oidcExchangeToken": exchange}}},
                {"CLOUDSDK_API_ENDPOINT_OVERRIDES_STS": issuer.url, "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": issuer.url}),
    }[cloud]
    weir = start(config=one(provider.port, schema, configs.credential("provider", kind, **block), configs.secret("oidc", **{"client-secret": "planted-oidc"})), env=env)
    assert weir.chat()[0] == 200
    sent = provider.only_request()
    expected = {"aws": "Credential=ASIA1/", "azure": "Bearer planted-cloud", "gcp": "Bearer planted-robot"}[cloud]
    assert expected in sent.header("authorization")
    asked = [request.target for request in issuer.requests]
    assert asked[:2] == ["/.well-known/openid-configuration", "/oidc/token"]
    assert parse_qs(issuer.requests[1].body.decode())["scope"] == ["models"]
    assert b"planted-identity" in b"".join(request.body for request in issuer.requests[2:])
    assert "planted" not in weir.output()


def test_a_token_is_replaced_before_it_ends_and_kept_while_the_issuer_is_down(start, provide, issue):
    down = threading.Event()

    def answer(request, number):
        return (503, {"error": "down"}) if down.is_set() else (200, {"access_token": f"planted-token-{number}", "expires_in": 4})

    provider, issuer = provide(gemini_answer), issue(answer)
    weir = start(config=gcp(provider.port, service_account(issuer.url)))
    issuer.wait_requests(2)
    seen = lambda: provider.requests[-1].header("authorization")

    def newer():
        assert weir.chat()[0] == 200
        return seen() != "Bearer planted-token-1"
    wait_until(newer, "the second token to be used")
    down.set()
    asked = len(issuer.requests)
    issuer.wait_requests(asked + 1)
    assert weir.chat()[0] == 200, "the token is still valid"
    wait_until(lambda: weir.chat()[0] == 503, "the token to end")
    status, headers, body = weir.chat()
    assert "planted" not in body.decode()
    down.clear()
    wait_until(lambda: weir.chat()[0] == 200, "a new token", 30)


def test_without_a_token_another_backend_answers(start, provide, issue):
    lost, other = provide(gemini_answer), provide()
    issuer = issue(lambda request, number: (400, {"error": "invalid_grant", "error_description": "no such robot"}))
    rule = configs.rule([{"name": "provider"}, {"name": "other", "priority": 1}])
    text = gcp(lost.port, service_account(issuer.url)).split("\n---\n")
    weir = start(config=configs.join(configs.route(rule), *text[1:-1], text[-1].rstrip(), *configs.provider("other", other.port)))
    assert weir.chat()[0] == 200
    assert not lost.requests and len(other.requests) == 1
    assert "invalid_grant: no such robot" in weir.output()


# --- rotation -----------------------------------------------------------------------------------------------------------

def rotate(weir, text):
    (weir.folder / "config.new").write_text(text)
    os.replace(weir.folder / "config.new", weir.folder / "config.yaml")


def under_load(weir, during, at_least=200):
    """Three clients that ask without pause while `during()` runs, and until each has asked often enough; every status but 200."""
    wrong, counts, stop = [], [0, 0, 0], threading.Event()

    def ask(index):
        while not stop.is_set():
            status, _, body = weir.chat()
            counts[index] += 1
            if status != 200:
                wrong.append((status, body))
    clients = [threading.Thread(target=ask, args=(index,)) for index in range(len(counts))]
    for client in clients:
        client.start()
    try:
        during()
        wait_until(lambda: sum(counts) >= at_least or wrong, f"{at_least} requests", 60)
    finally:
        stop.set()
        for client in clients:
            client.join()
    return wrong


def test_a_key_that_rotates_under_load_fails_no_request(start, provide):
    accepted = {"planted-key-1", "planted-key-2"}

    def answer(request, peer):
        good = request.header("authorization").removeprefix("Bearer ") in accepted
        wire.answer(request, peer) if good else peer.send(wire.http_json({"error": {"message": "bad key"}}, 401))

    provider = provide(answer)
    text = lambda number: one(provider.port, "OpenAI", configs.credential("provider"), configs.secret("key-provider", apiKey=f"planted-key-{number}"))
    weir = start(config=text(1))

    def during():
        provider.wait_requests(30)
        rotate(weir, text(2))
        wait_until(lambda: provider.requests[-1].header("authorization") == "Bearer planted-key-2", "the new key to be used")
    assert under_load(weir, during) == []


def test_a_service_account_that_rotates_under_load_fails_no_request(start, provide, issue):
    provider, issuer = provide(gemini_answer), issue()
    weir = start(config=gcp(provider.port, service_account(issuer.url, "one@p")))

    def during():
        provider.wait_requests(30)
        rotate(weir, gcp(provider.port, service_account(issuer.url, "two@p")))
        wait_until(lambda: provider.requests[-1].header("authorization") == "Bearer planted-token-2", "the new token to be used")
    assert under_load(weir, during) == []
    assert len(issuer.requests) == 2


def test_a_reload_that_means_the_same_keeps_the_token(start, provide, issue):
    provider, issuer = provide(gemini_answer), issue()
    file = service_account(issuer.url)
    weir = start(config=gcp(provider.port, file))
    rotate(weir, gcp(provider.port, file) + "---\n" + configs.secret("another", a="b") + "\n")
    wait_until(lambda: json.loads(weir.admin_get("/api/config")[2])["reload"]["generation"] == 2, "the reload")
    assert weir.chat()[0] == 200
    assert len(issuer.requests) == 1


# --- hygiene ------------------------------------------------------------------------------------------------------------

def test_no_token_or_secret_is_shown(start, provide, issue):
    provider = provide(gemini_answer)
    issuer = issue(lambda request, number: (200, {"access_token": f"planted-token-{number}", "expires_in": 2}) if number < 3 else (400, {"error": "gone"}))
    file = service_account(issuer.url)
    weir = start("--log-level", "debug", config=gcp(provider.port, file, override={}))
    errors = b""
    for headers in ({}, {"x-aigw-gcp-access-token": "planted-tenant-token"}, {"x-aigw-gcp-access-token": "planted\ttenant"}):
        errors += weir.chat(headers=headers)[2]
    issuer.wait_requests(4, 30)
    wait_until(lambda: weir.chat()[0] == 503, "the token to end")
    errors += weir.chat()[2]
    shown = weir.metrics() + weir.admin_get("/api/config")[2].decode() + errors.decode() + json.dumps(weir.access_log(3))
    assert weir.stop() == 0
    shown += weir.output()
    key = json.loads(file)["private_key"].split("\n")[3]
    assert "gone" in shown
    for secret in ("planted", key, AWS_SECRET, "eyJ"):
        assert secret not in shown, secret
