"""What a ClientTrafficPolicy asks of clients beside TLS: addresses, the PROXY protocol, headers, limits, deadlines, paths."""
import json
import socket
import struct
import time

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import wait_until

PLAIN = {"name": "http", "protocol": "HTTP", "port": 80}
BODY = json.dumps({"model": "test-model", "messages": [{"role": "user", "content": "hi"}]}).encode()
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture
def serve(start, provide):
    """serve(documents, **policy) → (Weir, Provider): an HTTP listener with that ClientTrafficPolicy."""
    def start_both(*documents, flags=(), **policy):
        provider = provide(lambda request, peer: peer.send(wire.http_json(wire.openai_answer())))
        text = configs.join(configs.gateway(PLAIN), configs.route(configs.rule("provider")), *configs.provider("provider", provider.port),
                            configs.client_policy(**policy), *documents)
        return start(*flags, config=text), provider
    return start_both


def ask(weir, before=b"", headers=(), path="/v1/chat/completions"):
    """(response, or None if the connection ended without one)."""
    with raw.Connection(weir.address) as connection:
        connection.send_as_accepted(before + raw.post(path, BODY, headers=headers))
        try:
            return connection.response()
        except (EOFError, ConnectionError):
            return None


def address_of(weir, lines=1):
    return weir.access_log(lines)[lines - 1]["client.address"]


def version2(source, destination, port=40000, command=0x21, extra=b""):
    family = 0x11 if len(source) == 4 else 0x21
    block = source + destination + struct.pack("!HH", port, 443) + extra
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(block)) + block


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


def with_checksum(wrong=0):
    header = version2(b"\xc0\0\2\7", b"\x7f\0\0\1", extra=b"\3\0\4\0\0\0\0")
    return header[:-4] + struct.pack("!I", crc32c(header) + wrong & 0xFFFFFFFF)


V6 = bytes.fromhex("20010db8000000000000000000000007")


@pytest.mark.parametrize("header, address", [
    (b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n", "192.0.2.7:40000"),
    (b"PROXY TCP6 2001:db8::7 ::1 40000 443\r\n", "[2001:db8::7]:40000"),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1:"), (b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "127.0.0.1:"),
    (version2(b"\xc0\0\2\7", b"\x7f\0\0\1"), "192.0.2.7:40000"), (version2(V6, V6), "[2001:db8::7]:40000"),
    (version2(b"\xc0\0\2\7", b"\x7f\0\0\1", command=0x20), "127.0.0.1:"),
    (version2(b"\xc0\0\2\7", b"\x7f\0\0\1", extra=b"\x04\0\3abc"), "192.0.2.7:40000"), (with_checksum(), "192.0.2.7:40000")])
def test_proxy_protocol_tells_the_client(serve, header, address):
    weir, _ = serve(enableProxyProtocol=True)
    assert ask(weir, header).status == 200
    assert address_of(weir).startswith(address)


def test_a_proxy_header_may_come_byte_by_byte(serve):
    weir, _ = serve(proxyProtocol={"optional": False})
    for header in (b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n", version2(V6, V6)):
        with raw.Connection(weir.address) as connection:
            for i in range(len(header)):
                connection.send(header[i:i + 1])
            connection.send(raw.post("/v1/chat/completions", BODY))
            assert connection.response().status == 200


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 192.0.2.7 127.0.0.1 40000\r\n", b"PROXY TCP4 2001:db8::7 ::1 40000 443\r\n", b"PROXY TCP4 192.0.2.7 127.0.0.1 040000 443\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 70000\r\n", b"PROXY TCP4  192.0.2.7 127.0.0.1 40000 443\r\n", b"PROXY " + b"x" * 120 + b"\r\n",
    SIGNATURE + b"\x31\x11\0\x0c" + b"\0" * 12, SIGNATURE + b"\x21\x11\0\4" + b"\0" * 4, SIGNATURE + b"\x21\x11\xff\xff" + b"\0" * 64,
    version2(b"\xc0\0\2\7", b"\x7f\0\0\1", extra=b"\4\0\x09abc"), with_checksum(wrong=1)])
def test_without_a_good_proxy_header_nothing_is_served(serve, header):
    weir, provider = serve(enableProxyProtocol=True)
    assert ask(weir, header) is None
    assert provider.requests == []
    wait_until(lambda: weir.metric("weir_proxy_protocol_refused_total") == 1, "the refusal to be counted")


def test_an_optional_proxy_header(serve):
    weir, _ = serve(proxyProtocol={"optional": True})
    assert ask(weir).status == 200
    assert address_of(weir, 1).startswith("127.0.0.1:")
    assert ask(weir, b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n").status == 200
    assert address_of(weir, 2) == "192.0.2.7:40000"


@pytest.mark.parametrize("rules, forwarded, address", [
    ({"numTrustedHops": 1}, "203.0.113.9, 192.0.2.7", "192.0.2.7"), ({"numTrustedHops": 2}, "203.0.113.9, 192.0.2.7", "203.0.113.9"),
    ({"numTrustedHops": 3}, "203.0.113.9, 192.0.2.7", "127.0.0.1"), ({"numTrustedHops": 1}, None, "127.0.0.1"),
    ({"trustedCIDRs": ["127.0.0.0/8", "192.0.2.0/24"]}, "198.51.100.1, 203.0.113.9, 192.0.2.7", "203.0.113.9"),
    ({"trustedCIDRs": ["192.0.2.0/24"]}, "203.0.113.9, 192.0.2.7", "127.0.0.1"),
    ({"trustedCIDRs": ["127.0.0.0/8"]}, "nonsense, 2001:db8::9", "[2001:db8::9]")])
def test_client_address_from_trusted_proxies(serve, rules, forwarded, address):
    weir, provider = serve(clientIPDetection={"xForwardedFor": rules})
    assert ask(weir, headers=[("x-forwarded-for", forwarded)] if forwarded else []).status == 200
    line = weir.access_log(1)[0]
    assert line["client.address"].rsplit(":", 1)[0] == address
    if address != "127.0.0.1":
        assert line["downstream_direct_remote_address"].startswith("127.0.0.1:")
    assert "x-forwarded-for" not in provider.only_request().names()


def test_client_address_from_a_header(serve):
    weir, provider = serve(clientIPDetection={"customHeader": {"name": "X-Real-Client", "failClosed": True}})
    assert ask(weir, headers=[("x-real-client", "192.0.2.7")]).status == 200
    assert address_of(weir).startswith("192.0.2.7:")
    assert ask(weir).status == 403
    assert ask(weir, headers=[("x-real-client", "me")]).status == 403
    assert len(provider.requests) == 1


def test_limits_count_the_detected_address(serve):
    group = "gateway.envoyproxy.io/v1alpha1"
    limit = configs.document(group, "BackendTrafficPolicy", "limit", {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"}],
        "rateLimit": {"type": "Global", "global": {"rules": [{
            "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}], "limit": {"requests": 1, "unit": "Hour"}}]}}})
    weir, _ = serve(limit, clientIPDetection={"xForwardedFor": {"numTrustedHops": 1}})
    assert [ask(weir, headers=[("x-forwarded-for", a)]).status for a in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [200, 200, 429]


@pytest.mark.parametrize("action, status, kept", [("RejectRequest", 400, None), ("DropHeader", 200, False), ("Allow", 200, True)])
def test_headers_with_underscores(serve, action, status, kept):
    weir, provider = serve(headers={"withUnderscoresAction": action})
    assert ask(weir, headers=[("my_header", "1")]).status == status
    if kept is not None:
        assert ("my_header" in provider.only_request().names()) == kept


def test_headers_are_edited_early_and_late(serve):
    weir, provider = serve(headers={
        "earlyRequestHeaders": {"set": [{"name": "x-set", "value": "ours"}], "add": [{"name": "x-add", "value": "more"}],
                                "addIfAbsent": [{"name": "x-absent", "value": "new"}, {"name": "x-there", "value": "no"}], "remove": ["x-gone"]},
        "lateResponseHeaders": {"set": [{"name": "server", "value": "edge"}], "remove": ["content-type"], "addIfAbsent": [{"name": "x-late", "value": "1"}]}})
    got = ask(weir, headers=[("x-set", "theirs"), ("x-add", "one"), ("x-gone", "1"), ("x-there", "yes")])
    sent = provider.only_request()
    assert sent.all("x-set") == ["ours"]
    assert sent.all("x-add") == ["one", "more"]
    assert sent.all("x-absent") == ["new"]
    assert sent.all("x-there") == ["yes"]
    assert "x-gone" not in sent.names()
    assert got.all("server") == ["edge"]
    assert got.all("content-type") == []
    assert got.all("x-late") == ["1"]


@pytest.mark.parametrize("action, given, expected", [
    ("Generate", True, "new"), ("PreserveOrGenerate", True, "given"), ("PreserveOrGenerate", False, "new"),
    ("Preserve", True, "given"), ("Preserve", False, None), ("Disable", True, None)])
def test_request_ids(serve, action, given, expected):
    weir, provider = serve(headers={"requestID": action})
    got = ask(weir, headers=[("x-request-id", "given-1")] if given else [])
    answered = got.all("x-request-id")
    assert answered == provider.only_request().all("x-request-id")
    if expected is None:
        assert answered == []
    else:
        assert (answered[0] == "given-1") == (expected == "given")


def test_rate_limit_headers_may_be_left_out(serve):
    limit = configs.document("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", "limit", {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"}],
        "rateLimit": {"type": "Global", "global": {"rules": [{"limit": {"requests": 5, "unit": "Hour"}}]}}})
    for hidden in (False, True):
        weir, _ = serve(limit, headers={"disableRateLimitHeaders": hidden})
        got = ask(weir)
        assert (got.all("x-ratelimit-limit-requests") == []) == hidden


def test_a_listeners_connections_are_limited(serve):
    weir, _ = serve(connection={"connectionLimit": {"value": 2, "closeDelay": "300ms"}})
    kept = [raw.Connection(weir.address) for _ in range(2)]
    for connection in kept:
        connection.send(raw.post("/v1/chat/completions", BODY))
        assert connection.response().status == 200
    begun = time.monotonic()
    assert ask(weir) is None
    assert time.monotonic() - begun > 0.2
    kept.pop().close()
    wait_until(lambda: (r := ask(weir)) is not None and r.status == 200, "the place to be free")
    kept.pop().close()


def test_a_connection_serves_so_many_requests_and_no_longer(serve):
    weir, _ = serve(connection={"connectionLimit": {"maxRequestsPerConnection": 2}})
    with raw.Connection(weir.address) as connection:
        closes = []
        for _ in range(2):
            connection.send(raw.post("/v1/chat/completions", BODY))
            closes.append(connection.response().header("connection"))
        assert closes == [None, "close"]
        assert connection.closed()
    weir, _ = serve(connection={"connectionLimit": {"maxConnectionDuration": "300ms"}})
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        assert connection.response().status == 200
        assert connection.closed()


def test_deadlines_of_a_listener(serve):
    weir, _ = serve(timeout={"http": {"requestReceivedTimeout": "200ms", "idleTimeout": "200ms"}})
    with raw.Connection(weir.address) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n")
        assert connection.response().status == 408
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        assert connection.response().status == 200
        assert connection.closed()


def test_bodies_of_a_listener(serve):
    weir, _ = serve(connection={"bufferLimit": "64"})
    assert ask(weir).status == 413


def test_weir_answers_health_checks_itself(serve):
    weir, provider = serve(healthCheck={"path": "/healthy"}, tcpKeepalive={"probes": 3, "idleTime": "5s", "interval": "1s"})
    status, _, body = weir.request("GET", "/healthy")
    assert (status, body) == (200, b"ok\n")
    assert provider.requests == []


@pytest.mark.parametrize("action, path, status, location", [
    ("UnescapeAndForward", "/v1%2Fchat//completions", 200, None), ("UnescapeAndRedirect", "/v1%2fchat/completions", 307, "/v1/chat/completions"),
    ("RejectRequest", "/v1%2Fchat/completions", 400, None), ("KeepUnchanged", "/v1%2Fchat/completions", 404, None),
    ("KeepUnchanged", "/v1//chat/completions", 200, None)])
def test_paths_are_mended(serve, action, path, status, location):
    weir, _ = serve(path={"escapedSlashesAction": action})
    got = ask(weir, path=path)
    assert got.status == status
    assert got.header("location") == location


def test_what_is_not_in_force_is_said(folder):
    from harness.weir import run
    text = configs.join(configs.gateway(PLAIN), configs.client_policy(http3={}, scheme="Preserve", timeout={"tcp": {"idleTimeout": "1s"}}))
    (folder / "c.yaml").write_text(text)
    said = run("check", folder / "c.yaml").stderr
    for field in ("spec.http3", "spec.scheme", "spec.timeout.tcp"):
        assert f"{field}: accepted but not in force yet" in said, said


def test_the_proxy_header_comes_before_tls(start, provide, folder):
    import ssl
    from harness.certificates import Authority, issue
    (folder / "ca").mkdir()
    authority = Authority(folder / "ca")
    provider = provide(lambda request, peer: peer.send(wire.http_json(wire.openai_answer())))
    weir = start(config=configs.join(configs.gateway(configs.https("cert")), configs.tls_secret("cert", issue(authority, "localhost", "localhost")),
                                     configs.route(configs.rule("provider")), *configs.provider("provider", provider.port),
                                     configs.client_policy(enableProxyProtocol=True)))
    host, port = weir.address.rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), timeout=20)
    plain.sendall(b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n")
    with ssl.create_default_context(cafile=str(authority.certificate)).wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(raw.post("/v1/chat/completions", BODY, host="localhost"))
        assert secure.recv(4096).startswith(b"HTTP/1.1 200")
    assert address_of(weir) == "192.0.2.7:40000"
