"""HTTP/2 to providers: chosen by configuration, spoken with Python's h2; limits hold, bad values are named.

What one connection does, frame by frame, is tested in src/http/h2/client_session_test.cpp.
"""
import json
import threading
import time

import httpx
import pytest

from harness import config as configs
from harness import wire
from harness.certificates import Authority
from harness.http2 import Http2Provider, answer
from harness.weir import run, wait_until

PATH = "/v1/chat/completions"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
H2C = "gateway.envoyproxy.io/h2c"


@pytest.fixture
def http2_provider():
    made = []

    def make(*arguments, **options):
        made.append(Http2Provider(*arguments, **options))
        return made[-1]

    yield make
    for provider in made:
        provider.stop()


def documents(port, *extra, **spec):
    """One provider at `port`; `spec` is its Backend's."""
    backend = configs.document("gateway.envoyproxy.io/v1alpha1", "Backend", "provider",
                               {"endpoints": [{"ip": {"address": "127.0.0.1", "port": port}}], **spec})
    return configs.join(configs.route(configs.rule("provider")), backend, *configs.provider("provider", port)[1:], *extra)


def policy(**spec):
    """A BackendTrafficPolicy on the route."""
    return configs.document("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", "providers", {
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIGatewayRoute", "name": "route"}], **spec})


@pytest.mark.parametrize("protocol", [H2C, "kubernetes.io/h2c"])
def test_a_provider_is_spoken_to_in_h2c(start, http2_provider, protocol):
    provider = http2_provider()
    weir = start("--workers", "1", config=documents(provider.port, appProtocols=[protocol]))
    for _ in range(5):
        status, _, body = weir.request("POST", PATH, CHAT)
        assert status == 200 and json.loads(body)["choices"]
    with httpx.Client(base_url=weir.url(), http1=False, http2=True, timeout=30, trust_env=False) as http:
        assert http.post(PATH, json=CHAT).status_code == 200
    assert provider.connections == 1 and len(provider.requests) == 6
    head, body = provider.requests[0].head, provider.requests[0].body
    assert head[b":method"] == b"POST" and head[b":path"] == PATH.encode() and head[b":scheme"] == b"http"
    assert head[b"authorization"] == f"Bearer {configs.SECRET}".encode()
    assert b"connection" not in head and json.loads(body)["model"] == "m"
    assert weir.metric("weir_upstream_http2_connections_total") == 1
    assert weir.metric("weir_upstream_http2_streams_total") == 6


def test_the_mock_provider_speaks_h2c_too(start, start_child):
    mock = start_child("mock", "--port", "0", "--ready-file", "ready.json")
    port = int(next(iter(mock.wait_ready()["listeners"].values())).rsplit(":", 1)[1])
    weir = start(config=documents(port, appProtocols=[H2C]))
    status, _, body = weir.request("POST", PATH, {**CHAT, "stream": True})
    assert status == 200 and body.rstrip().endswith(b"data: [DONE]")
    assert weir.metric("weir_upstream_http2_connections_total") >= 1


BOTH, OLD = ["h2", "http/1.1"], ["http/1.1"]


@pytest.mark.parametrize("spec, alpn, agrees, spoken", [
    ({}, BOTH, BOTH, "h2"),
    ({}, BOTH, OLD, "http/1.1"),
    ({}, OLD, BOTH, "http/1.1"),
    ({}, None, BOTH, "http/1.1"),
    ({}, ["h2"], BOTH, "h2"),
    ({}, [], OLD, "http/1.1"),
    ({"appProtocols": [H2C]}, None, BOTH, "h2"),
])
def test_a_provider_with_tls_chooses(start, http2_provider, provide, folder, spec, alpn, agrees, spoken):
    authority = Authority(folder)
    context = authority.server("provider.test", "127.0.0.1")
    context.set_alpn_protocols(agrees)
    provider = http2_provider(tls=context) if spoken == "h2" else provide(wire.answer, tls=context)
    tls = {"sni": "provider.test", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]}
    if alpn is not None:
        tls["alpnProtocols"] = alpn
    bundle = configs.config_map("ca", **{"ca.crt": authority.certificate.read_text()})
    weir = start("--workers", "1", config=documents(provider.port, bundle, tls=tls, **spec))
    for _ in range(3):
        status, _, body = weir.request("POST", PATH, CHAT)
        assert status == 200 and json.loads(body)["choices"]
    assert len(provider.requests) == 3
    assert (weir.metric("weir_upstream_http2_streams_total") or 0) == (3 if spoken == "h2" else 0)
    if spoken == "h2":
        assert provider.connections == 1 and provider.requests[0].head[b":scheme"] == b"https"


def test_windows_and_streams_are_configured(start, http2_provider):
    arrived, release = threading.Semaphore(0), threading.Event()

    def held(stream):
        arrived.release()
        release.wait(20)
        answer(stream)

    provider = http2_provider(held)
    weir = start("--workers", "1", config=documents(
        provider.port, policy(http2={"maxConcurrentStreams": 1, "initialStreamWindowSize": "128Ki"}), appProtocols=[H2C]))
    results = []
    threads = [threading.Thread(target=lambda: results.append(weir.request("POST", PATH, CHAT)[0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert arrived.acquire(timeout=20), "both are at the provider at once"
    release.set()
    for thread in threads:
        thread.join(20)
    assert results == [200, 200]
    assert provider.connections == 2, "one stream on each"
    assert provider.settings[4] == 128 * 1024


def test_a_silent_provider_is_pinged_as_configured(start, http2_provider):
    provider = http2_provider(lambda stream: provider.deaf.set())
    weir = start("--workers", "1", config=documents(
        provider.port, policy(http2={"connectionKeepalive": {"interval": "200ms", "timeout": "100ms"}}, retry={"numRetries": 0}),
        appProtocols=[H2C]))
    status, _, body = weir.request("POST", PATH, CHAT)
    assert status == 502, body
    assert weir.metric("weir_upstream_http2_pings_lost_total") == 1


def test_a_connection_that_was_idle_is_pinged_before_it_is_used(start, http2_provider):
    """A provider that has forgotten the connection: its loss is noticed in `timeout`, and the request goes out on another."""
    def once(stream):
        if not stream.link.deaf:
            answer(stream)
        stream.link.deaf = provider.connections == 1

    provider = http2_provider(once)
    weir = start("--workers", "1", config=documents(
        provider.port, policy(http2={"connectionKeepalive": {"idleInterval": "1ms", "timeout": "100ms"}}, retry={"numRetries": 0}), appProtocols=[H2C]))
    assert weir.request("POST", PATH, CHAT)[0] == 200
    began = time.monotonic()
    wait_until(lambda: time.monotonic() > began + 0.01, "idleInterval to pass")
    assert weir.request("POST", PATH, CHAT)[0] == 200
    assert provider.connections == 2
    assert weir.metric("weir_upstream_http2_pings_lost_total") == 1


def test_a_stream_that_breaks_does_not_look_whole(start, http2_provider):
    def broken(stream):
        stream.begin({"content-type": "text/event-stream"})
        stream.send(wire.sse(wire.openai_chunk({"content": "half"})))
        stream.reset(2)

    weir = start("--workers", "1", config=documents(http2_provider(broken).port, appProtocols=[H2C]))
    status, _, body = weir.request("POST", PATH, {**CHAT, "stream": True})
    assert status == 200 and b"half" in body and b'"error"' in body and b"[DONE]" not in body


def test_a_stream_that_was_not_looked_at_is_sent_again(start, http2_provider):
    def choosy(stream):
        if len(provider.requests) == 2:
            stream.reset(7)  # REFUSED_STREAM
        else:
            answer(stream)

    provider = http2_provider(choosy)
    weir = start("--workers", "1", config=documents(provider.port, policy(retry={"numRetries": 0}), appProtocols=[H2C]))
    assert [weir.request("POST", PATH, CHAT)[0] for _ in range(3)] == [200] * 3
    assert len(provider.requests) == 4
    assert weir.metric("weir_upstream_http2_streams_refused_total") == 1


def test_an_invalid_message_ends_what_is_configured(start, http2_provider):
    def malformed(stream):
        if len(provider.requests) % 2:
            return answer(stream)
        stream.link.connection.config.validate_outbound_headers = False
        stream.link.connection.config.normalize_outbound_headers = False
        stream.link.connection.send_headers(stream.number, [(":status", "200"), ("X-Upper", "1")], end_stream=True)
        stream.link.flush()

    for action, connections in ("TerminateStream", 1), ("TerminateConnection", 2):
        provider = http2_provider(malformed)
        weir = start("--workers", "1", config=documents(
            provider.port, policy(retry={"numRetries": 0}, http2={"onInvalidMessage": action}), appProtocols=[H2C]))
        assert [weir.request("POST", PATH, CHAT)[0] for _ in range(3)] == [200, 502, 200]
        assert provider.connections == connections, action


@pytest.mark.parametrize("place, value, message", [
    ("policy", {"initialStreamWindowSize": "1Ki"}, "spec.http2.initialStreamWindowSize: not a window"),
    ("policy", {"initialConnectionWindowSize": "4Gi"}, "spec.http2.initialConnectionWindowSize: not a window"),
    ("policy", {"maxConcurrentStreams": 0}, "spec.http2.maxConcurrentStreams"),
    ("policy", {"onInvalidMessage": "Panic"}, "write TerminateStream or TerminateConnection"),
    ("policy", {"connectionKeepalive": {"interval": "1s", "timeout": "2s"}}, "timeout must be less than interval"),
    ("policy", {"connectionKeepalive": {"intervalJitter": 101}}, "spec.http2.connectionKeepalive.intervalJitter"),
    ("backend", {"appProtocols": ["h2c"]}, H2C),
    ("backend", {"appProtocols": ["gateway.envoyproxy.io/ws"]}, "WebSockets are not spoken"),
    ("backend", {"tls": {"alpnProtocols": ["h3"]}}, "spec.tls.alpnProtocols[0]"),
    ("backend", {"tls": {"alpnProtocols": ["http/1.0", "h2"]}}, "HTTP/1.0 is not spoken"),
])
def test_bad_values_are_named(place, value, message):
    done = run("check", "-", stdin=documents(9, policy(http2=value)) if place == "policy" else documents(9, **value))
    assert message in done.stderr, done.stderr
