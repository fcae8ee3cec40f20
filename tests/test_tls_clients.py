"""TLS of clients: certificates by name, versions, resumption, reloads, client certificates. All certificates are made here."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time

import openai
import pytest

from harness import config as configs
from harness import wire
from harness.certificates import Authority, expired, issue
from harness.weir import ROOT, run, wait_until

CHAT = {"model": "test-model", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """An authority, another one that nobody trusts, and certificates of both."""
    class Pki:
        pass
    made = Pki()
    for name in ("ca", "other"):
        folder = tmp_path_factory.mktemp(name)
        setattr(made, name, Authority(folder, name=f"Weir {name}"))
    made.server = issue(made.ca, "localhost", "localhost", "127.0.0.1")
    made.renewed = issue(made.ca, "renewed", "localhost", "127.0.0.1")
    made.rsa = issue(made.ca, "rsa", "localhost", "127.0.0.1", kind="rsa")
    made.a = issue(made.ca, "a", "a.test")
    made.b = issue(made.ca, "b", "*.b.test")
    made.agent = issue(made.ca, "agent", "agent.clients.test", subject="/O=Example/CN=agent", uris=["spiffe://test/ns/agents/sa/planner"])
    made.reader = issue(made.ca, "reader", "reader.clients.test", subject="/O=Example/CN=reader")
    made.stranger = issue(made.other, "stranger", "agent.clients.test")
    return made


def answer(request, peer):
    body = json.loads(request.body or b"{}")
    if body.get("stream"):
        peer.send(wire.stream_head() + b"".join(map(wire.chunk, wire.openai_events())) + wire.LAST_CHUNK)
    else:
        peer.send(wire.http_json(wire.openai_answer()))


@pytest.fixture
def serve(start, provide):
    """serve(listeners, documents, …) → (Weir, Provider): HTTPS listeners in front of one provider."""
    def start_both(listeners, *documents, flags=(), workers=2):
        provider = provide(answer)
        text = configs.join(configs.gateway(*listeners), configs.route(configs.rule("provider")), *configs.provider("provider", provider.port), *documents)
        ports = {listener["port"]: listener["name"] for listener in listeners}
        listen = [f for name in ports.values() for f in ("--listen", f"{name}=127.0.0.1:0")]
        return start(*listen, *flags, config=text, listen=False, workers=workers), provider
    return start_both


def context(pki, minimum=None, maximum=None, certificate=None, alpn=("http/1.1",)):
    made = ssl.create_default_context(cafile=str(pki.ca.certificate))
    made.set_alpn_protocols(list(alpn))
    if minimum:
        made.minimum_version = minimum
    if maximum:
        made.maximum_version = maximum
    if certificate:
        made.load_cert_chain(certificate.certificate, certificate.key)
    return made


def connect(weir, made, name="localhost", listener=None, session=None, before=b""):
    host, port = (weir.listeners[listener] if listener else weir.address).rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), timeout=20)
    if before:
        plain.sendall(before)
    try:
        return made.wrap_socket(plain, server_hostname=name, session=session)
    except BaseException:
        plain.close()
        raise


def ask(secure, host="localhost", body=CHAT, headers=None, path="/v1/chat/completions", method="POST"):
    """(status, headers, body) over a connection that is already there."""
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.sock = secure
    connection.request(method, path, json.dumps(body) if body is not None else None,
                       {"content-type": "application/json", "host": host, **(headers or {})})
    response = connection.getresponse()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def names_of(secure):
    return {value for _, value in secure.getpeercert()["subjectAltName"]}


# --- the listener ---------------------------------------------------------------------------------------------------------

def test_https_listener(serve, pki):
    weir, provider = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    with connect(weir, context(pki)) as secure:
        assert secure.version() == "TLSv1.3"
        assert secure.selected_alpn_protocol() == "http/1.1"
        assert secure.compression() is None
        for stream in (False, True, False):  # one connection after the other's end
            status, _, body = ask(secure, body={**CHAT, "stream": stream})
            assert status == 200
            assert (b"[DONE]" in body) == stream
    line = weir.access_log(3)[0]
    assert line["weir.listener"] == "https"
    assert line["downstream_tls_version"] == "TLSv1.3"
    assert line["downstream_tls_cipher"].startswith("TLS_")
    assert line["requested_server_name"] == "localhost"
    assert weir.metric("weir_tls_handshakes_total") == 1
    assert "x-forwarded-client-cert" not in provider.requests[0].names()


def test_large_bodies_both_ways(serve, pki):
    weir, provider = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    text = "x" * 3_000_000
    with connect(weir, context(pki)) as secure:
        status, _, _ = ask(secure, body={**CHAT, "messages": [{"role": "user", "content": text}]})
        assert status == 200
    assert len(provider.only_request().body) > len(text)


def test_plain_text_on_a_tls_port_is_no_request(serve, pki):
    weir, provider = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        weir.chat()
    assert provider.requests == []
    wait_until(lambda: weir.metric("weir_tls_handshakes_failed_total") == 1, "the failure to be counted")


def test_official_sdk_over_https(serve, pki):
    import httpx
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    client = openai.OpenAI(api_key="k", base_url=f"https://localhost:{weir.address.rsplit(':', 1)[1]}/v1", max_retries=0, timeout=30,
                           http_client=httpx.Client(verify=ssl.create_default_context(cafile=str(pki.ca.certificate))))
    assert client.chat.completions.create(**CHAT).choices[0].message.content == wire.ANSWER
    text = "".join(c.choices[0].delta.content or "" for c in client.chat.completions.create(**CHAT, stream=True) if c.choices)
    assert text == wire.ANSWER


def test_certificate_is_chosen_by_name(serve, pki):
    weir, _ = serve([configs.https("cert", "a", "b")], *(configs.tls_secret(n, getattr(pki, w)) for n, w in (("cert", "server"), ("a", "a"), ("b", "b"))))
    loose = context(pki)
    loose.check_hostname = False
    for name, expected in (("a.test", "a.test"), ("A.TEST", "a.test"), ("x.b.test", "*.b.test"), ("x.y.b.test", "localhost"),
                           ("elsewhere.test", "localhost"), (None, "localhost")):
        with connect(weir, loose, name) as secure:
            assert expected in names_of(secure), name


def test_rsa_and_ec_side_by_side(serve, pki):
    weir, _ = serve([configs.https("cert", "rsa")], configs.tls_secret("cert", pki.server), configs.tls_secret("rsa", pki.rsa))
    for ciphers, expected in (("ECDHE-RSA-AES128-GCM-SHA256", "RSA"), ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA")):
        made = context(pki, maximum=ssl.TLSVersion.TLSv1_2)
        made.set_ciphers(ciphers)
        with connect(weir, made) as secure:
            assert expected in secure.cipher()[0].split("-")


def test_listeners_of_one_port_are_told_apart(serve, pki):
    listeners = [configs.https("a", name="one", hostname="a.test"), configs.https("b", name="two", hostname="*.b.test")]
    weir, _ = serve(listeners, configs.tls_secret("a", pki.a), configs.tls_secret("b", pki.b))
    with connect(weir, context(pki), "a.test") as secure:
        assert ask(secure, "a.test")[0] == 200
        # The other listener may ask for other things: it is not to be had through this one.
        assert ask(secure, "x.b.test")[0] == 404
        assert ask(secure, "a.test")[0] == 200
    with connect(weir, context(pki), "x.b.test") as secure:
        assert ask(secure, "x.b.test")[0] == 200
    for name in ("c.test", "b.test"):
        with pytest.raises(ssl.SSLError) as refused:
            connect(weir, context(pki), name)
        assert "UNRECOGNIZED_NAME" in str(refused.value).upper().replace(" ", "_")
    assert sorted(line["weir.listener"] for line in weir.access_log(4)) == ["one", "one", "one", "two"]


@pytest.mark.parametrize("tls, version, works", [
    ({"minVersion": "1.3"}, "TLSv1_2", False), ({"minVersion": "1.3"}, "TLSv1_3", True),
    ({"maxVersion": "1.2"}, "TLSv1_3", False), ({"maxVersion": "1.2"}, "TLSv1_2", True),
    ({}, "TLSv1_1", False), ({"ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384"], "maxVersion": "1.2", "ecdhCurves": ["P-256"]}, "TLSv1_2", True)])
def test_versions_and_ciphers(serve, pki, tls, version, works):
    documents = [configs.client_policy(tls=tls)] if tls else []
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server), *documents)
    made = context(pki)
    made.set_ciphers("ALL:@SECLEVEL=0" if version == "TLSv1_1" else "DEFAULT")
    made.minimum_version = made.maximum_version = getattr(ssl.TLSVersion, version)
    if not works:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect(weir, made)
        return
    with connect(weir, made) as secure:
        if "ciphers" in tls:
            assert secure.cipher()[0] == tls["ciphers"][0]
        assert ask(secure)[0] == 200


def test_alpn_that_nobody_speaks_is_refused(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    with pytest.raises(ssl.SSLError):
        connect(weir, context(pki, alpn=("spdy/3",)))
    with connect(weir, context(pki, alpn=())) as secure:
        assert ask(secure)[0] == 200


def test_http2_by_alpn(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    with connect(weir, context(pki, alpn=("http/1.1", "h2"))) as secure:
        assert secure.selected_alpn_protocol() == "h2", "the server's preference"
    port = weir.address.rsplit(":", 1)[1]
    for stream in (False, True):
        done = subprocess.run(["curl", "-sS", "--http2", "--cacert", pki.ca.certificate, "--resolve", f"localhost:{port}:127.0.0.1",
                               "-H", "content-type: application/json", "-d", json.dumps({**CHAT, "stream": stream}), "-w", "\\n%{http_version} %{http_code}",
                               f"https://localhost:{port}/v1/chat/completions"], capture_output=True, text=True, timeout=30)
        assert done.stdout.endswith("\n2 200"), done.stdout + done.stderr
        assert ("[DONE]" in done.stdout) == stream
    assert weir.access_log(2)[0]["downstream_tls_version"] == "TLSv1.3"
    assert all(line["http.response.status_code"] == 200 for line in weir.access_log(2))


def test_http2_may_be_left_out(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server), configs.client_policy(tls={"alpnProtocols": ["http/1.1"]}))
    with connect(weir, context(pki, alpn=("h2", "http/1.1"))) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_session_is_resumed_at_any_worker(serve, pki, version):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server), workers=3)
    made = context(pki, maximum=getattr(ssl.TLSVersion, version))
    with connect(weir, made) as secure:
        assert ask(secure)[0] == 200
        session = secure.session
    for _ in range(8):
        with connect(weir, made, session=session) as secure:
            assert secure.session_reused
            assert ask(secure)[0] == 200
            session = secure.session
    assert weir.metric("weir_tls_handshakes_resumed_total") == 8


def test_a_handshake_has_a_deadline_and_is_counted(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server),
                    configs.options(timeouts={"handshake": "400ms"}, limits={"handshakes": 2}))
    host, port = weir.address.rsplit(":", 1)
    begun = time.monotonic()
    silent = [socket.create_connection((host, int(port)), timeout=20) for _ in range(2)]
    wait_until(lambda: weir.metric("weir_connections_open") == 2, "two handshakes at work")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(weir, context(pki))
    for s in silent:
        assert s.recv(1) == b""
        s.close()
    assert 0.3 < time.monotonic() - begun < 10
    with connect(weir, context(pki)) as secure:
        assert ask(secure)[0] == 200
    assert weir.metric("weir_tls_handshakes_refused_total") == 1


def test_no_renegotiation(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    done = subprocess.run(["openssl", "s_client", "-connect", weir.address, "-servername", "localhost", "-tls1_2",
                           "-CAfile", pki.ca.certificate, "-verify_return_error"], input="R\n", capture_output=True, text=True, timeout=30)
    assert "Verify return code: 0 (ok)" in done.stdout
    assert "Compression: NONE" in done.stdout
    assert "RENEGOTIATING" in done.stdout + done.stderr
    assert "no renegotiation" in done.stderr, done.stderr


# --- configuration --------------------------------------------------------------------------------------------------------

def test_what_is_wrong_with_a_certificate_is_said_with_its_place(folder, pki):
    over = expired(pki.ca, "over", "localhost")
    mixed = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mixed"},
                        "stringData": {"tls.crt": pki.a.pem, "tls.key": pki.b.key_pem}})
    text = configs.join(configs.gateway(configs.https("over", "mixed", "absent")), configs.tls_secret("over", over), mixed,
                        configs.client_policy(tls={"ciphers": ["ALL:!aNULL"], "ecdhCurves": ["P-9"]}))
    (folder / "c.yaml").write_text(text)
    done = run("check", folder / "c.yaml")
    assert done.returncode == 1
    for part in ('spec.listeners[0].tls.certificateRefs[0]: Secret "over": the certificate ended on',
                 'spec.listeners[0].tls.certificateRefs[1]: Secret "mixed": the key does not belong to the certificate',
                 'spec.listeners[0].tls.certificateRefs[2]: Secret "absent" does not exist',
                 'spec.tls.ciphers[0]: "ALL:!aNULL" is no cipher', 'spec.tls.ecdhCurves[0]: "P-9" is no curve'):
        assert part in done.stdout + done.stderr, done.stdout + done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr


def test_a_port_has_one_protocol_and_one_policy_for_plain_text(folder, pki):
    plain = [{"name": n, "protocol": "HTTP", "port": 80, "hostname": f"{n}.test"} for n in ("one", "two")]
    text = configs.join(configs.gateway(*plain, configs.https("cert", port=80)), configs.tls_secret("cert", pki.server),
                        configs.client_policy(listener="two", enableProxyProtocol=True))
    (folder / "c.yaml").write_text(text)
    said = run("check", folder / "c.yaml")
    assert said.returncode == 1
    assert "which has the other protocol; use two ports" in said.stderr
    assert "which has another ClientTrafficPolicy" in said.stderr


# --- reload ---------------------------------------------------------------------------------------------------------------

def replace(weir, old, new):
    text = (weir.folder / "config.yaml").read_text()
    pem = lambda issued: (json.dumps(issued.pem)[1:-1], json.dumps(issued.key_pem)[1:-1])
    for was, now in zip(pem(old), pem(new)):
        assert was in text
        text = text.replace(was, now)
    (weir.folder / "config.new").write_text(text)
    os.replace(weir.folder / "config.new", weir.folder / "config.yaml")


def test_certificates_are_renewed_under_load(serve, pki):
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server))
    made, wrong, asked, stop = context(pki), [], [0], threading.Event()

    def load(fresh):
        secure = connect(weir, made)
        try:
            while not stop.is_set():
                if fresh:
                    secure.close()
                    secure = connect(weir, made)
                status = ask(secure)[0]
                asked[0] += 1
                if status != 200:
                    wrong.append(status)
        except Exception as error:  # noqa: BLE001: whatever it was, it failed
            wrong.append(repr(error))
        finally:
            secure.close()

    threads = [threading.Thread(target=load, args=(fresh,)) for fresh in (False, False, True, True)]
    for thread in threads:
        thread.start()
    kept = connect(weir, made)
    old, new = pki.server, pki.renewed
    serial = kept.getpeercert()["serialNumber"]
    for generation in range(2, 8):
        replace(weir, old, new)
        old, new = new, old
        wait_until(lambda: weir.metric("weir_config_generation") >= generation, "the new certificate to be in force")
        with connect(weir, made) as secure:
            assert (secure.getpeercert()["serialNumber"] == serial) == (generation % 2 == 1)
        assert ask(kept)[0] == 200, "a connection of before"
    stop.set()
    for thread in threads:
        thread.join()
    kept.close()
    assert wrong == []
    assert asked[0] > 50


# --- client certificates --------------------------------------------------------------------------------------------------

def validation(**fields):
    return {"tls": {"clientValidation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}], **fields}}}


def mutual(serve, pki, policy=None, documents=(), **fields):
    spec = validation(**fields)
    spec.update(policy or {})
    return serve([configs.https("cert")], configs.tls_secret("cert", pki.server), configs.config_map("ca", **{"ca.crt": pki.ca.certificate.read_text()}),
                 configs.client_policy(**spec), *documents)


def let_in(weir, pki, certificate=None, maximum=None):
    """Whether a request gets through; TLS 1.3 tells a client of a refusal only then."""
    try:
        with connect(weir, context(pki, certificate=certificate, maximum=maximum)) as secure:
            return ask(secure)[0] == 200
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        return False


def test_a_client_must_show_a_certificate(serve, pki):
    weir, provider = mutual(serve, pki)
    for maximum in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert not let_in(weir, pki, maximum=maximum)
        assert not let_in(weir, pki, pki.stranger, maximum=maximum)
        assert let_in(weir, pki, pki.agent, maximum=maximum)
    line = weir.access_log(2)[0]
    assert line["downstream_peer_subject"] == "CN=agent,O=Example"
    assert line["downstream_peer_uri_san"] == ["spiffe://test/ns/agents/sa/planner"]
    assert line["downstream_peer_dns_san"] == ["agent.clients.test"]
    assert len(line["downstream_peer_fingerprint_256"]) == 64
    assert len(provider.requests) == 2


def test_a_certificate_names_who_calls(serve, pki):
    """The principal: the URI before the DNS name. Each has exchanges of its own, on however many connections."""
    release = threading.Event()

    def held(request, peer):
        if json.loads(request.body)["messages"][0]["content"] == "wait":
            release.wait(30)
        answer(request, peer)

    weir, provider = mutual(serve, pki, optional=True, documents=[configs.options(limits={"exchangesPerPrincipal": 1})])
    provider.answer = held
    waiting = {**CHAT, "messages": [{"role": "user", "content": "wait"}]}
    results = []
    with connect(weir, context(pki, certificate=pki.agent)) as one:
        thread = threading.Thread(target=lambda: results.append(ask(one, body=waiting)[0]))
        thread.start()
        provider.wait_requests(1)
        with connect(weir, context(pki, certificate=pki.agent)) as again:
            status, headers, body = ask(again)
            assert status == 503 and headers["retry-after"] == "1" and b"internal.overloaded" in body
        assert let_in(weir, pki, pki.reader), "another principal at the same address"
        assert let_in(weir, pki), "so is who shows no certificate"
        release.set()
        thread.join(30)
    assert results == [200]
    assert let_in(weir, pki, pki.agent), "there is room again"
    lines = weir.access_log(5)
    said = [(line.get("weir.principal"), line["http.response.status_code"]) for line in lines]
    agent, reader = "spiffe://test/ns/agents/sa/planner", "reader.clients.test"
    assert sorted(said, key=str) == sorted([(agent, 200), (agent, 200), (agent, 503), (reader, 200), (None, 200)], key=str)


def test_a_certificate_may_be_optional(serve, pki):
    weir, _ = mutual(serve, pki, optional=True)
    assert let_in(weir, pki)
    assert let_in(weir, pki, pki.agent)
    assert not let_in(weir, pki, pki.stranger)


@pytest.mark.parametrize("names, works", [
    ({"dnsNames": [{"type": "Suffix", "value": ".clients.test"}]}, True), ({"dnsNames": [{"value": "other.test"}]}, False),
    ({"uris": [{"type": "Prefix", "value": "spiffe://test/"}], "dnsNames": [{"value": "no.test"}]}, True),
    ({"uris": [{"type": "RegularExpression", "value": "spiffe://test/ns/[^/]+"}]}, False)])
def test_names_in_the_certificate_decide(serve, pki, names, works):
    weir, _ = mutual(serve, pki, subjectAltNames=names)
    assert let_in(weir, pki, pki.agent) == works


def test_a_certificate_may_be_pinned(serve, pki):
    def sha256(issued):
        done = subprocess.run(["openssl", "x509", "-in", issued.certificate, "-noout", "-fingerprint", "-sha256"], capture_output=True, text=True, check=True)
        return done.stdout.split("=")[1].strip()
    weir, _ = serve([configs.https("cert")], configs.tls_secret("cert", pki.server),
                    configs.client_policy(tls={"clientValidation": {"certificateHashes": [sha256(pki.stranger)]}}))
    assert let_in(weir, pki, pki.stranger)
    assert not let_in(weir, pki, pki.agent)


def test_a_session_does_not_carry_over_to_stricter_rules(serve, pki):
    """A session of a host without client certificates opens no other host."""
    listeners = [configs.https("a", name="one", hostname="a.test"), configs.https("b", name="two", hostname="*.b.test")]
    weir, _ = serve(listeners, configs.tls_secret("a", pki.a), configs.tls_secret("b", pki.b),
                    configs.config_map("ca", **{"ca.crt": pki.ca.certificate.read_text()}), configs.client_policy(listener="two", **validation()))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        made = context(pki, maximum=version)
        with connect(weir, made, "a.test") as secure:
            assert ask(secure, "a.test")[0] == 200
            session = secure.session
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            with connect(weir, made, "x.b.test", session=session) as secure:
                ask(secure, "x.b.test")


def test_connections_end_when_rules_for_clients_change(serve, pki):
    weir, _ = mutual(serve, pki, optional=True)
    with connect(weir, context(pki)) as secure:
        assert ask(secure)[0] == 200
        path = weir.folder / "config.yaml"
        path.write_text(path.read_text().replace('"optional": true', '"optional": false'))
        wait_until(lambda: weir.metric("weir_config_generation") >= 2, "the new rules")
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            ask(secure)


@pytest.mark.parametrize("mode, shown, expected", [
    ("Sanitize", True, None), ("SanitizeSet", True, "ours"), ("SanitizeSet", False, None), ("ForwardOnly", True, "theirs"),
    ("ForwardOnly", False, None), ("AlwaysForwardOnly", False, "theirs"), ("AppendForward", True, "both")])
def test_forwarded_client_certificate(serve, pki, mode, shown, expected):
    headers = {"xForwardedClientCert": {"mode": mode, "certDetailsToAdd": ["Subject", "DNS", "URI"]}}
    weir, provider = mutual(serve, pki, {"headers": headers}, optional=True)
    with connect(weir, context(pki, certificate=pki.agent if shown else None)) as secure:
        assert ask(secure, headers={"x-forwarded-client-cert": "By=theirs"})[0] == 200
    sent = provider.only_request().header("x-forwarded-client-cert") if "x-forwarded-client-cert" in provider.only_request().names() else None
    own = ';Subject="CN=agent,O=Example";DNS=agent.clients.test;URI=spiffe://test/ns/agents/sa/planner'
    if expected in ("ours", "both"):
        element = sent.split(",", 1)[1] if expected == "both" else sent
        assert element.startswith("Hash=") and element.endswith(own)
        assert sent.startswith("By=theirs,") == (expected == "both")
    else:
        assert sent == ("By=theirs" if expected else None)


# --- the example ----------------------------------------------------------------------------------------------------------

def test_the_example_serves_agents_that_show_a_certificate(start, pki):
    env = {"EDGE_CERT": pki.server.pem, "EDGE_KEY": pki.server.key_pem, "AGENTS_CA": pki.ca.certificate.read_text()}
    weir = start("--mock", paths=[ROOT / "examples/tls"], env=env)
    assert not let_in(weir, pki)
    with connect(weir, context(pki, certificate=pki.agent)) as secure:
        assert ask(secure, body={**CHAT, "model": "gpt-4o-mini"})[0] == 200
