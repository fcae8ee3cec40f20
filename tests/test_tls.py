"""TLS to providers: verified against the trust store, named by SNI, resumed and reused."""
import base64
import json
import socket
import ssl
import threading

import pytest

from harness import config as configs
from harness import wire
from harness.certificates import Authority, issue
from harness.issuer import Issuer
from harness.weir import run


@pytest.fixture
def authority(folder):
    place = folder / "ca"
    place.mkdir()
    return Authority(place)


def configuration(port, host="localhost", hostname=None):
    """A backend over TLS with the system's trust store, as upstream's examples write it."""
    policy = configs.document("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "tls", {
        "targetRefs": [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "provider"}],
        "validation": {"wellKnownCACertificates": "System", "hostname": hostname or host}})
    return configs.join(configs.route(configs.rule("provider")), configs.endpoint("provider", port, host), configs.backend("provider"),
                        configs.credential("provider"), configs.secret("key-provider", apiKey=configs.SECRET), policy)


def seed_configuration(port, host="localhost"):
    group = "ai.gateway.envoyproxy.io/v1alpha1"
    return configs.join(
        configs.document(group, "AIGatewayRoute", "r", {"parentRefs": [{"name": "g"}], "routes": [{"backends": [{"name": "b"}]}]}),
        configs.document(group, "AIServiceBackend", "b", {"provider": "openai", "endpoint": f"https://{host}:{port}"}))


@pytest.mark.parametrize("build", [configuration, seed_configuration], ids=["policy", "https_endpoint"])
def test_a_provider_of_the_trust_store_is_served(start, provide, authority, build):
    provider = provide(tls=authority.server("localhost"))
    weir = start(config=build(provider.port), env={"SSL_CERT_FILE": str(authority.certificate)})
    for stream in (False, True):
        status, _, body = weir.chat(stream=stream)
        assert status == 200, body
    assert provider.requests[0].header("host") == f"localhost:{provider.port}"


@pytest.mark.parametrize("name, trusted", [("elsewhere.test", True), ("localhost", False)], ids=["wrong_name", "unknown_authority"])
def test_who_cannot_prove_its_name_gets_no_request(start, provide, authority, folder, name, trusted):
    provider = provide(tls=authority.server(name))
    store = authority.certificate
    if not trusted:
        (folder / "other").mkdir()
        store = Authority(folder / "other").certificate
    weir = start(config=configuration(provider.port), env={"SSL_CERT_FILE": str(store)})
    status, _, body = weir.chat()
    assert status == 502
    assert json.loads(body)["error"]["message"]
    assert provider.requests == []


def test_a_plain_text_server_is_no_tls_server(start, authority):
    def refuse(listener):
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, args=(listener,), daemon=True).start()
        weir = start(config=configuration(listener.getsockname()[1]), env={"SSL_CERT_FILE": str(authority.certificate)})
        assert weir.chat()[0] == 502


def test_old_protocols_are_refused(start, provide, authority):
    context = authority.server("localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    provider = provide(tls=context)
    weir = start(config=configuration(provider.port), env={"SSL_CERT_FILE": str(authority.certificate)})
    assert weir.chat()[0] == 502


def test_sni_and_the_name_verified(start, provide, authority):
    """The policy's hostname is what is asked for and verified, whatever the address."""
    context = authority.server("api.provider.test")
    asked = []
    context.sni_callback = lambda connection, name, _: asked.append(name)
    provider = provide(tls=context)
    weir = start(config=configuration(provider.port, "127.0.0.1", "api.provider.test"), env={"SSL_CERT_FILE": str(authority.certificate)})
    assert weir.chat()[0] == 200
    assert asked == ["api.provider.test"]


def test_connections_are_reused_and_sessions_resumed(start, provide, authority):
    context = authority.server("localhost")
    reused = []

    def answer(request, peer):
        reused.append(peer.connection.session_reused)
        if request.json()["model"] == "last":
            peer.send(wire.http_json(wire.openai_answer(), headers=[("connection", "close")]))
            peer.close()
        else:
            wire.answer(request, peer)

    provider = provide(answer, tls=context)
    weir = start(config=configuration(provider.port), env={"SSL_CERT_FILE": str(authority.certificate)}, workers=1)
    for model in ("a", "b", "last", "c"):
        assert weir.chat(model=model)[0] == 200
    assert provider.connections == 2, "three requests share a connection, the fourth needs a new one"
    assert reused == [False, False, False, True]


# --- what else a provider must show, and is shown -------------------------------------------------------------------------

def with_policy(port, authority, names=None, tls=None, hostname="localhost"):
    """A backend trusted by a ConfigMap, with those subjectAltNames and that `tls` of its Backend."""
    policy = configs.document("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "tls", {
        "targetRefs": [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "provider"}],
        "validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}], "hostname": hostname,
                       **({"subjectAltNames": names} if names else {})}})
    endpoint = json.loads(configs.endpoint("provider", port, "127.0.0.1"))
    if tls:
        endpoint["spec"]["tls"] = tls
    return configs.join(configs.route(configs.rule("provider")), json.dumps(endpoint), configs.backend("provider"),
                        configs.credential("provider"), configs.secret("key-provider", apiKey=configs.SECRET),
                        configs.config_map("ca", **{"ca.crt": authority.certificate.read_text()}), policy)


@pytest.mark.parametrize("names, works", [
    ([{"type": "Hostname", "hostname": "model.internal"}], True), ([{"type": "Hostname", "hostname": "other.internal"}], False),
    ([{"type": "URI", "uri": "spiffe://test/model"}], True), ([{"type": "URI", "uri": "spiffe://test/mode"}], False),
    ([{"type": "Hostname", "hostname": "no.test"}, {"type": "URI", "uri": "spiffe://test/model"}], True), (None, False)])
def test_subject_alt_names_of_a_provider(start, provide, authority, names, works):
    issued = issue(authority, "model", "model.internal", uris=["spiffe://test/model"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    provider = provide(tls=context)
    weir = start(config=with_policy(provider.port, authority, names))
    assert weir.chat()[0] == (200 if works else 502)


def test_a_client_certificate_for_the_provider(start, provide, authority):
    context = authority.server("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.certificate)
    shown = []

    def answer(request, peer):
        shown.append(dict(pair for entry in peer.connection.getpeercert()["subject"] for pair in entry))
        wire.answer(request, peer)

    provider = provide(answer, tls=context)
    issued = issue(authority, "weir", subject="/CN=weir-client")
    for tls, status in (({"clientCertificateRef": {"name": "own"}}, 200), (None, 502)):
        weir = start(config=with_policy(provider.port, authority, tls=tls) + "---\n" + configs.tls_secret("own", issued))
        assert weir.chat()[0] == status
    assert shown == [{"commonName": "weir-client"}]


@pytest.mark.parametrize("tls, works", [({"minVersion": "1.3"}, False), ({"maxVersion": "1.2", "ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384"]}, True)])
def test_versions_and_ciphers_to_a_provider(start, provide, authority, tls, works):
    context = authority.server("localhost")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    used = []

    def answer(request, peer):
        used.append(peer.connection.cipher()[0])
        wire.answer(request, peer)

    provider = provide(answer, tls=context)
    weir = start(config=with_policy(provider.port, authority, tls=tls))
    assert weir.chat()[0] == (200 if works else 502)
    if works:
        assert used == tls["ciphers"]


def envoy_proxy(infrastructure, **tls):
    """A Gateway whose EnvoyProxy says `tls`: named by itself, or by its class."""
    ref = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": "proxy"}
    gateway = {"gatewayClassName": "weir", "listeners": [{"name": "http", "protocol": "HTTP", "port": 8080}]}
    if infrastructure:
        gateway["infrastructure"] = {"parametersRef": ref}
    return [configs.document("gateway.networking.k8s.io/v1", "Gateway", "gateway", gateway),
            configs.document("gateway.networking.k8s.io/v1", "GatewayClass", "weir", {
                "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                **({} if infrastructure else {"parametersRef": {**ref, "namespace": "default"}})}),
            configs.document("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", "proxy", {"logging": {"level": {"default": "info"}}, "backendTLS": tls})]


@pytest.mark.parametrize("infrastructure", [True, False])
def test_envoy_proxy_says_what_backends_leave_open(start, provide, authority, infrastructure):
    context = authority.server("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.certificate)
    shown = []

    def answer(request, peer):
        subject = dict(pair for entry in peer.connection.getpeercert()["subject"] for pair in entry)
        shown.append((subject["commonName"], peer.connection.version(), peer.connection.cipher()[0]))
        wire.answer(request, peer)

    provider = provide(answer, tls=context)
    extra = envoy_proxy(infrastructure, clientCertificateRef={"name": "own"}, maxVersion="1.2", ciphers=["ECDHE-ECDSA-AES256-GCM-SHA384"])
    extra.append(configs.tls_secret("own", issue(authority, "weir", subject="/CN=weir-client")))
    extra.append(configs.tls_secret("other", issue(authority, "other", subject="/CN=other-client")))
    for tls in None, {"clientCertificateRef": {"name": "other"}, "ciphers": ["ECDHE-ECDSA-AES128-GCM-SHA256"]}:
        weir = start(config=with_policy(provider.port, authority, tls=tls) + "---\n" + configs.join(*extra))
        assert weir.chat()[0] == 200
    assert shown == [("weir-client", "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
                     ("other-client", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")]


def test_versions_that_exclude_each_other_are_refused(authority):
    config = with_policy(9, authority, tls={"maxVersion": "1.2"}) + "---\n" + configs.join(*envoy_proxy(True, minVersion="1.3"))
    done = run("run", "-", "--listen", "127.0.0.1:0", "--admin", "off", stdin=config)
    assert done.returncode == 1 and "its TLS ends at 1.2, and that of EnvoyProxy/proxy begins at 1.3" in done.stderr, done.stderr


def test_whom_to_believe_can_be_left_open(start, provide, authority, folder):
    provider = provide(tls=authority.server("elsewhere.test"))
    endpoint = json.loads(configs.endpoint("provider", provider.port, "127.0.0.1"))
    endpoint["spec"]["tls"] = {"insecureSkipVerify": True}
    weir = start(config=configs.join(configs.route(configs.rule("provider")), json.dumps(endpoint), configs.backend("provider"),
                                     configs.credential("provider"), configs.secret("key-provider", apiKey=configs.SECRET)))
    assert weir.chat()[0] == 200
    assert "insecureSkipVerify" in weir.output()


# --- through an HTTP proxy ------------------------------------------------------------------------------------------------

class ForwardProxy:
    """A proxy that knows CONNECT; refuses who does not say `credentials`."""

    def __init__(self, credentials=None, status=None):
        self.credentials, self.status, self.asked = credentials, status, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        lines = head.decode().split("\r\n")
        fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        self.asked.append(lines[0])
        wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode() if self.credentials else None
        if self.status or fields.get("proxy-authorization") != wanted:
            connection.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % (self.status or 407))
            connection.close()
            return
        target = socket.create_connection(("127.0.0.1", int(lines[0].split()[1].rsplit(":", 1)[1])))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")

        def copy(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        threading.Thread(target=copy, args=(target, connection), daemon=True).start()
        copy(connection, target)

    def stop(self):
        self.listener.close()


@pytest.fixture
def forward_proxy():
    started = []

    def start_one(**named):
        started.append(ForwardProxy(**named))
        return started[-1]
    yield start_one
    for proxy in started:
        proxy.stop()


def through(proxy_address, provider, authority, tls, **fields):
    gateway = configs.gateway({"name": "http", "protocol": "HTTP", "port": 80}, annotations={"aigateway.envoyproxy.io/gateway-config": "egress"})
    egress = configs.document("aigateway.envoyproxy.io/v1beta1", "GatewayConfig", "egress", {"forwardProxy": {"address": proxy_address, **fields}})
    if tls:
        return configs.join(gateway, egress) + "---\n" + configuration(provider.port, "localhost")
    return configs.join(gateway, egress) + "---\n" + configs.single(provider.port)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_providers_are_reached_through_a_proxy(start, provide, authority, forward_proxy, tls):
    provider = provide(tls=authority.server("localhost") if tls else None)
    proxy = forward_proxy(credentials="me:p@ss-planted")
    weir = start("--log-level", "debug", config=through(f"http://me:p%40ss-planted@127.0.0.1:{proxy.port}", provider, authority, tls),
                 env={"SSL_CERT_FILE": str(authority.certificate)}, workers=1)
    for stream in (False, True, False):
        assert weir.chat(stream=stream)[0] == 200
    assert proxy.asked == [f"CONNECT {'localhost' if tls else '127.0.0.1'}:{provider.port} HTTP/1.1"], "one tunnel serves them all"
    shown = weir.output() + weir.admin_get("/api/config")[2].decode() + weir.metrics()
    assert "planted" not in shown.replace(configs.SECRET, "")


def test_a_proxy_that_refuses_is_a_provider_that_cannot_be_reached(start, provide, authority, forward_proxy):
    provider = provide()
    proxy = forward_proxy(credentials="me:right")
    weir = start(config=through(f"http://me:planted-wrong@127.0.0.1:{proxy.port}", provider, authority, False))
    status, _, body = weir.chat()
    assert status == 502
    assert weir.access_log(1)[0]["error.type"] == "upstream.connect"
    assert b"planted" not in body
    assert "planted" not in weir.output()
    assert provider.requests == []


def test_some_hosts_are_reached_without_the_proxy(start, provide, authority, forward_proxy):
    provider = provide()
    proxy = forward_proxy()
    weir = start(config=through(f"127.0.0.1:{proxy.port}", provider, authority, False, noProxy=["127.0.0.1"]))
    assert weir.chat()[0] == 200
    assert proxy.asked == []


@pytest.mark.parametrize("tls, no_proxy, tunnelled", [(True, [], True), (True, ["localhost"], False), (False, [], False)],
                         ids=["https", "excepted", "plain text on this machine"])
def test_tokens_are_fetched_through_the_proxy(start, provide, authority, forward_proxy, tls, no_proxy, tunnelled):
    from test_credentials import azure
    issuer = Issuer(tls=authority.server("localhost") if tls else None)
    provider, proxy = provide(), forward_proxy(credentials="me:planted-pass")
    gateway = configs.gateway({"name": "http", "protocol": "HTTP", "port": 80}, annotations={"aigateway.envoyproxy.io/gateway-config": "egress"})
    egress = configs.document("aigateway.envoyproxy.io/v1beta1", "GatewayConfig", "egress", {
        "forwardProxy": {"address": f"http://me:planted-pass@127.0.0.1:{proxy.port}", "noProxy": no_proxy}})
    try:
        weir = start("--log-level", "debug", config=configs.join(gateway, egress) + "---\n" + azure(provider.port), workers=1,
                     env={"AZURE_AUTHORITY_HOST": f"http{'s' if tls else ''}://localhost:{issuer.port}", "SSL_CERT_FILE": str(authority.certificate)})
        assert weir.chat()[0] == 200
    finally:
        issuer.stop()
    assert provider.only_request().header("authorization") == "Bearer planted-token-1"
    assert len(issuer.requests) == 1 and not issuer.errors
    to_issuer = f"CONNECT localhost:{issuer.port} HTTP/1.1"
    assert (to_issuer in proxy.asked) == tunnelled
    assert f"CONNECT 127.0.0.1:{provider.port} HTTP/1.1" in proxy.asked, "the provider's own way is as before"
    assert "planted-pass" not in weir.output() + weir.metrics()


def test_a_token_that_the_proxy_refuses_is_said(start, provide, authority, forward_proxy):
    from test_credentials import azure
    issuer = Issuer(tls=authority.server("localhost"))
    provider, proxy = provide(), forward_proxy(status=403)
    gateway = configs.gateway({"name": "http", "protocol": "HTTP", "port": 80}, annotations={"aigateway.envoyproxy.io/gateway-config": "egress"})
    egress = configs.document("aigateway.envoyproxy.io/v1beta1", "GatewayConfig", "egress", {"forwardProxy": {"address": f"127.0.0.1:{proxy.port}"}})
    try:
        weir = start(config=configs.join(gateway, egress) + "---\n" + azure(provider.port), workers=1,
                     env={"AZURE_AUTHORITY_HOST": f"https://localhost:{issuer.port}", "SSL_CERT_FILE": str(authority.certificate)})
        status, _, body = weir.chat()
    finally:
        issuer.stop()
    assert status == 503 and json.loads(body)["error"]["code"] == "credential.unavailable"
    assert "403" in weir.output() and not issuer.requests and not provider.requests
