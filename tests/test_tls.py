"""TLS to providers: verified against the trust store, named by SNI, resumed and reused."""
import json
import socket
import ssl
import threading

import pytest

from harness import config as configs
from harness import wire
from harness.certificates import Authority


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
