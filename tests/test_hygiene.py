"""What of a client's request reaches a provider, and what of the provider's answer reaches the client."""
import json
import re

import pytest

from harness import config as configs
from harness import wire

CLIENT_SECRETS = {
    "Authorization": "Bearer client-secret-1", "X-Api-Key": "client-secret-2", "Api-Key": "client-secret-3",
    "X-Goog-Api-Key": "client-secret-4", "Cookie": "session=client-secret-5", "X-AIGW-Api-Key": "client-secret-6",
    "x-aigw-aws-secret-access-key": "client-secret-7", "Proxy-Authorization": "Basic client-secret-8",
    "X-Amz-Security-Token": "client-secret-9", "X-Amz-Date": "20260101T000000Z",
}
SCHEMAS = ["OpenAI", "Anthropic", "AWSBedrock", {"name": "AzureOpenAI", "version": "2025-01-01-preview"}]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda s: s if isinstance(s, str) else s["name"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_client_credentials_never_reach_a_provider(gateway, schema, stream):
    weir, provider = gateway(schema=schema)
    status, _, body = weir.chat(headers=CLIENT_SECRETS, stream=stream)
    assert status == 200, body
    request = provider.only_request()
    assert b"client-secret" not in request.raw_head + request.body
    assert not request.names() & {"cookie", "proxy-authorization", "x-goog-api-key"}
    assert not [name for name in request.names() if name.startswith("x-aigw-")]


@pytest.mark.parametrize("schema, header, value", [
    ("OpenAI", "authorization", f"Bearer {configs.SECRET}"),
    ("Anthropic", "x-api-key", configs.SECRET),
    ({"name": "AzureOpenAI", "version": "2025-01-01-preview"}, "api-key", configs.SECRET),
    ("AWSBedrock", "authorization", re.compile(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/bedrock/aws4_request, ?SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, ?"
        r"Signature=[0-9a-f]{64}")),
], ids=["openai", "anthropic", "azure", "bedrock"])
def test_the_configured_credential_does(gateway, schema, header, value):
    weir, provider = gateway(schema=schema)
    assert weir.chat()[0] == 200
    sent = provider.only_request().all(header)
    assert len(sent) == 1
    assert value.fullmatch(sent[0]) if isinstance(value, re.Pattern) else sent[0] == value


def test_seed_spelling_picks_the_secrets_key_by_backend(start, provide):
    provider = provide()
    weir = start(config=configs.agents({"reasoning": provider.port, "data": provider.port, "planning": provider.port}))
    expected = {"reasoning": ("authorization", f"Bearer {configs.SECRET}"), "data": ("x-api-key", configs.SECRET),
                "planning": ("authorization", "AWS4-HMAC-SHA256")}
    for agent, (header, value) in expected.items():
        provider.forget()
        status, _, body = weir.chat(f"/v1/{agent}/chat/completions")
        assert status == 200, body
        assert provider.only_request().header(header).startswith(value)


def test_hop_by_hop_headers_stay(gateway):
    weir, provider = gateway()
    status, headers, _ = weir.chat(headers={
        "Connection": "x-named, keep-alive, X-Also-Named", "X-Named": "1", "x-also-named": "2", "Keep-Alive": "timeout=5", "TE": "trailers",
        "Proxy-Connection": "keep-alive", "Upgrade": "websocket", "Trailer": "x-sum", "X-Kept": "kept"})
    assert status == 200
    request = provider.only_request()
    assert not request.names() & {"x-named", "x-also-named", "keep-alive", "te", "proxy-connection", "upgrade", "trailer"}
    assert request.header("x-kept") == "kept"
    assert (request.header("connection") or "keep-alive").lower() == "keep-alive"


def test_connection_cannot_name_what_weir_relies_on(gateway):
    """A client that lists host, content-length or authorization in Connection must not remove ours."""
    weir, provider = gateway()
    assert weir.chat(headers={"Connection": "host, content-length, content-type, authorization"})[0] in (200, 400)
    for request in provider.requests:
        assert request.header("host") == f"127.0.0.1:{provider.port}"
        assert request.header("authorization") == f"Bearer {configs.SECRET}"
        assert request.json()["model"] == "test-model"


def test_hop_by_hop_headers_of_a_provider_stay(gateway):
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json(wire.openai_answer(), headers=[
        ("connection", "x-named"), ("x-named", "1"), ("keep-alive", "timeout=5"), ("proxy-authenticate", "Basic"), ("upgrade", "h2c"),
        ("x-kept", "kept")])))
    status, headers, _ = weir.chat()
    assert status == 200 and headers["x-kept"] == "kept"
    assert not set(headers) & {"x-named", "keep-alive", "proxy-authenticate", "upgrade"}


def test_internal_headers_of_a_client_do_not_pass(gateway):
    weir, provider = gateway()
    assert weir.chat(headers={"x-ai-eg-model": "forged", "x-ai-eg-internal-req-id": "1", "x-envoy-original-path": "/x", "x-weir-debug": "1",
                              "x-ai-eg-original-path": "/y"})[0] == 200
    assert not [n for n in provider.only_request().names() if n.startswith(("x-ai-eg-", "x-envoy-", "x-weir-"))]


def test_a_client_cannot_choose_the_rule_by_the_model_header(start, provide):
    provider = provide()
    weir = start(config=configs.join(configs.route(configs.rule("provider", [configs.model("real")])), *configs.provider("provider", provider.port)))
    assert weir.chat(model="other", headers={"x-ai-eg-model": "real"})[0] == 404
    assert weir.chat(model="real", headers={"x-ai-eg-model": "other"})[0] == 200


def test_host_is_the_providers(gateway):
    weir, provider = gateway()
    assert weir.chat(headers={"Host": "weir.test"})[0] == 200
    assert provider.only_request().all("host") == [f"127.0.0.1:{provider.port}"]


def test_request_id_is_made_returned_and_sent_on(gateway):
    weir, provider = gateway()
    _, first, _ = weir.chat()
    _, second, _ = weir.chat()
    ids = [first["x-request-id"], second["x-request-id"]]
    assert all(ids) and ids[0] != ids[1]
    assert [request.header("x-request-id") for request in provider.requests] == ids
    assert first["x-weir-provider-request-id"] == "provider-request-1"
    # each worker has its own buffer: the lines of two workers may change places
    assert sorted(ids) == sorted(line["request_id"] for line in weir.access_log(2))


def test_request_id_of_the_client_is_kept(gateway):
    weir, provider = gateway()
    _, headers, _ = weir.chat(headers={"x-request-id": "client-chose-this"})
    assert headers["x-request-id"] == "client-chose-this"
    assert provider.only_request().header("x-request-id") == "client-chose-this"


@pytest.mark.parametrize("bad", ["a" * 5000, "with space", "quote\"and\\slash", "<script>"])
def test_a_strange_request_id_is_no_way_in(gateway, bad):
    weir, _ = gateway()
    status, headers, _ = weir.chat(headers={"x-request-id": bad})
    assert status in (200, 400) and headers["x-request-id"]
    assert weir.access_log(1), "each line is still JSON"


@pytest.mark.parametrize("path, status", [("/v1/chat/completions", 404), ("/v1/models", 200), ("/nothing", 404)])
def test_every_response_carries_a_request_id(start, provide, path, status):
    provider = provide()
    weir = start(config=configs.join(configs.route(configs.rule("provider", [configs.model("known")])), *configs.provider("provider", provider.port)))
    got, headers, _ = weir.request("GET", path) if path == "/v1/models" else weir.chat(path)
    assert got == status and headers["x-request-id"]


def test_pass_through_changes_no_byte(gateway):
    """Unknown fields, digits, spacing and order survive in both directions."""
    body = ('{ "model":"m",\n\t"messages":[ {"role":"user","content":"\\u00e9\\/ \\ud83d\\ude00"} ],"temperature":1.10,"seed":12345678901234567890,'
            '"vendor_field":{"a":1e400,"b":[0.10,-0]},"z":null }')
    answer = '{ "id":"x","object":"chat.completion","choices":[],"price":0.100,"big":123456789012345678901234567890,"usage":null }'
    weir, provider = gateway(lambda request, peer: peer.send(wire.http_body(answer)))
    status, _, got = weir.request("POST", "/v1/chat/completions", body)
    assert status == 200
    assert provider.only_request().body.decode() == body
    assert got.decode() == answer


def test_only_usage_is_asked_for_in_a_stream_and_withheld_again(gateway):
    weir, provider = gateway()
    status, _, body = weir.chat(stream=True)
    assert status == 200
    sent = provider.only_request().json()
    assert sent.pop("stream_options") == {"include_usage": True}
    assert sent == {"model": "test-model", "messages": [{"role": "user", "content": "Hello?"}], "stream": True}
    assert body == b"".join(wire.openai_events(include_usage=False)), "the client did not ask for usage"


def test_usage_that_the_client_asked_for_is_delivered(gateway):
    weir, provider = gateway()
    _, _, body = weir.chat(stream=True, stream_options={"include_usage": True})
    assert body == b"".join(wire.openai_events(include_usage=True))


def test_a_provider_that_refuses_stream_options_is_remembered(gateway):
    def answer(request, peer):
        if "stream_options" in request.json():
            peer.send(wire.http_json({"error": {"message": "Unrecognized request argument supplied: stream_options", "type": "invalid_request_error",
                                                "param": "stream_options", "code": None}}, 400))
        else:
            wire.answer(request, peer)

    weir, provider = gateway(answer, workers=1)
    for _ in range(3):
        status, _, body = weir.chat(stream=True)
        assert status == 200, body
    asked = ["stream_options" in request.json() for request in provider.requests]
    assert asked == [True, False, False, False]


def test_usage_never(start, provide):
    provider = provide()
    weir = start(config=configs.single(provider.port, backend_fields={"usage": "never"}))
    assert weir.chat(stream=True)[0] == 200
    assert "stream_options" not in provider.only_request().json()


def test_other_operations_pass_unchanged(gateway):
    weir, provider = gateway(lambda request, peer: peer.send(wire.http_json({"object": "list", "data": [], "usage": {"prompt_tokens": 3, "total_tokens": 3}})))
    for path, body in [("/v1/embeddings", {"model": "e", "input": ["a"]}), ("/v1/completions", {"model": "c", "prompt": "p"}),
                       ("/v1/images/generations", {"model": "i", "prompt": "p"}), ("/v1/responses", {"model": "r", "input": "x"})]:
        provider.forget()
        status, _, _ = weir.request("POST", path, body)
        assert status == 200, path
        request = provider.only_request()
        assert (request.target, json.loads(request.body)) == (path, body)


def test_query_is_kept(gateway):
    weir, provider = gateway()
    assert weir.chat("/v1/chat/completions?beta=1&x=%20")[0] == 200
    assert provider.only_request().target == "/v1/chat/completions?beta=1&x=%20"
