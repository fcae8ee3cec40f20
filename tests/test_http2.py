"""HTTP/2 from clients: interoperability, the same answers as over HTTP/1.1, and raw frames that attack.

What one connection may cost, kind by kind, is tested in src/http/h2/; here the whole program meets other people's
implementations: curl, nghttp2's tools and httpx (with Python's h2). Providers: test_http2_providers.py.
"""
import json
import re
import shutil
import socket
import subprocess
import threading

import httpx
import pytest
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame
from hpack import Encoder

from harness import config as configs
from harness import wire
from harness.weir import run, wait_until

PATH = "/v1/chat/completions"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def tool(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed: ./dev test installs it")
    return name


class Raw:
    """A client whose frames the test writes itself."""

    def __init__(self, address, timeout=20):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.encoder = Encoder()
        self.socket.sendall(PREFACE + SettingsFrame(0).serialize())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *frames):
        try:
            self.socket.sendall(b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was ended for what came before

    def head(self, stream, fields, end=True):
        frame = HeadersFrame(stream, self.encoder.encode(fields))
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    def frames(self):
        """(type, flags, stream, payload) of all that comes until the connection ends."""
        rest = b""
        while True:
            while len(rest) >= 9 and len(rest) >= 9 + int.from_bytes(rest[:3], "big"):
                size = int.from_bytes(rest[:3], "big")
                yield rest[3], rest[4], int.from_bytes(rest[5:9], "big"), rest[9:9 + size]
                rest = rest[9 + size:]
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return
            if not piece:
                return
            rest += piece

    def until(self, kind, stream=None):
        for frame in self.frames():
            if frame[0] == kind and stream in (None, frame[2]):
                return frame
        return None


HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 1, 3, 4, 6, 7
CALM = 11


def post_fields(path=PATH, **more):
    return [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "weir.test"),
            ("content-type", "application/json"), *more.items()]


def client(weir, **options):
    return httpx.Client(base_url=weir.url(), http1=False, http2=True, timeout=30, trust_env=False, **options)


def test_httpx_gets_whole_answers_and_streams(start, provide):
    weir = start(config=configs.single(provide(wire.answer).port))
    with client(weir) as http:
        answer = http.post(PATH, json=CHAT)
        assert answer.status_code == 200 and answer.http_version == "HTTP/2"
        assert answer.json()["choices"] and answer.headers["x-request-id"]
        plain = weir.request("POST", PATH, CHAT)
        assert plain[0] == 200 and json.loads(plain[2]) == answer.json()
        with http.stream("POST", PATH, json={**CHAT, "stream": True}) as stream:
            text = "".join(stream.iter_text())
        assert text.rstrip().endswith("data: [DONE]")
        assert http.post(PATH, content=b"{").status_code == 400
        assert http.get("/nowhere").status_code == 404


def test_many_exchanges_at_once_on_one_connection(start, provide):
    weir = start(config=configs.single(provide(wire.answer).port))
    with client(weir) as http:
        http.post(PATH, json=CHAT)
        results = []
        threads = [threading.Thread(target=lambda: results.append(http.post(PATH, json=CHAT).status_code)) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert results == [200] * 40


def test_curl_and_nghttp_and_h2load(start, provide, folder):
    weir = start(config=configs.single(provide(wire.answer).port))
    body = folder / "body.json"
    body.write_text(json.dumps(CHAT))
    out = subprocess.run([tool("curl"), "-sS", "--http2-prior-knowledge", "-w", "\n%{http_version} %{http_code}", weir.url(PATH),
                          "-H", "content-type: application/json", "--data-binary", f"@{body}"], capture_output=True, text=True, timeout=30)
    assert out.stdout.endswith("\n2 200"), out.stdout + out.stderr
    out = subprocess.run([tool("nghttp"), "-v", "-d", str(body), "-H", "content-type: application/json", weir.url(PATH)],
                         capture_output=True, text=True, timeout=30)
    assert ":status: 200" in out.stdout and "RST_STREAM" not in out.stdout, out.stdout + out.stderr
    out = subprocess.run([tool("h2load"), "-n", "400", "-c", "4", "-m", "20", "-d", str(body), "-H", "content-type: application/json",
                          weir.url(PATH)], capture_output=True, text=True, timeout=60)
    assert re.search(r"400 succeeded, 0 failed, 0 errored", out.stdout) and "400 2xx" in out.stdout, out.stdout


def test_a_slow_client_stops_the_provider(start, provide):
    sent = []

    def endless(_, peer):
        peer.send(wire.stream_head())
        for _ in range(2000):
            peer.send(wire.chunk(wire.sse(wire.openai_chunk({"content": "x" * 16000}))))
            sent.append(1)

    weir = start(config=configs.single(provide(endless).port))
    with Raw(weir.address) as raw:
        body = json.dumps({**CHAT, "stream": True}).encode()
        data = DataFrame(1, body)
        data.flags.add("END_STREAM")
        raw.send(raw.head(1, post_fields(), end=False), data)
        raw.until(HEADERS, 1)
        seen = []

        def stopped():  # no window update is ever sent
            seen.append(len(sent))
            return len(seen) >= 20 and len(set(seen[-20:])) == 1
        wait_until(stopped, "the provider to be stopped")
        assert len(sent) < 1000, "16 MB would have passed"
        raw.send(RstStreamFrame(1, 8))
        wait_until(lambda: weir.metric("weir_exchanges_active") == 0, "the count to be told", 5)


def test_a_stream_taken_back_cancels_its_provider(start, provide):
    gone = threading.Event()

    def silent(_, peer):
        if peer.wait_closed(20):
            gone.set()

    provider = provide(silent)
    weir = start(config=configs.single(provider.port))
    with Raw(weir.address) as raw:
        data = DataFrame(1, json.dumps(CHAT).encode())
        data.flags.add("END_STREAM")
        raw.send(raw.head(1, post_fields(), end=False), data)
        provider.wait_requests(1)
        raw.send(RstStreamFrame(1, 8))
        assert gone.wait(2)


@pytest.mark.parametrize("name, fields", [
    ("upper_case", [("X-Upper", "1")]),
    ("connection", [("connection", "close")]),
    ("transfer_encoding", [("transfer-encoding", "chunked")]),
    ("line_end", [("x-a", "b\r\nx-smuggled: 1")]),
    ("two_lengths", [("content-length", "1"), ("content-length", "2")]),
    ("long_length", [("content-length", "999")]),
    ("late_pseudo", [(":path", "/other")]),
    ("other_host", [("host", "other.test")]),
])
def test_malformed_requests_are_never_forwarded(start, provide, name, fields):
    provider = provide(wire.answer)
    weir = start(config=configs.single(provider.port))
    with Raw(weir.address) as raw:
        data = DataFrame(1, json.dumps(CHAT).encode())
        data.flags.add("END_STREAM")
        raw.send(raw.head(1, post_fields() + fields, end=False), data)
        for kind, _, stream, payload in raw.frames():
            if stream == 1 and kind == RST_STREAM:
                assert int.from_bytes(payload, "big") == 1, "PROTOCOL_ERROR"
                break
            if stream == 1 and kind == HEADERS:
                assert name == "other_host"  # well-formed frames: it gets an answer, 400
                break
        good = DataFrame(3, json.dumps(CHAT).encode())
        good.flags.add("END_STREAM")
        raw.send(raw.head(3, post_fields(), end=False), good)
        assert raw.until(HEADERS, 3), "the connection goes on"
    assert len(provider.requests) == 1


def resets(raw):
    for i in range(300):
        raw.send(raw.head(2 * i + 1, post_fields()), RstStreamFrame(2 * i + 1, 8))


def continuations(raw):
    raw.send(HeadersFrame(1, raw.encoder.encode(post_fields())), *[ContinuationFrame(1, b"")] * 1000)


def pings(raw):
    raw.send(*[PingFrame(0, b"12345678")] * 5000)


def settings(raw):
    raw.send(*[SettingsFrame(0)] * 5000)


def empty_data(raw):
    raw.send(raw.head(1, post_fields(), end=False), *[DataFrame(1, b"")] * 5000)


def hpack_bomb(raw):
    raw.send(raw.head(1, post_fields() + [("x-a", "y" * 3500)]))
    frame = HeadersFrame(3, raw.encoder.encode(post_fields()) + b"\xbe" * 10000)
    frame.flags |= {"END_HEADERS", "END_STREAM"}
    raw.send(frame)


@pytest.mark.parametrize("attack, kind", [(resets, "resets"), (continuations, "continuations"), (pings, "control_frames"),
                                          (settings, "control_frames"), (empty_data, "empty_frames"), (hpack_bomb, "header_list")])
def test_attacks_end_their_connection_only(start, provide, attack, kind):
    weir = start(config=configs.single(provide(wire.answer).port))
    with client(weir) as other:
        assert other.post(PATH, json=CHAT).status_code == 200
        with Raw(weir.address) as raw:
            attack(raw)
            goaway = raw.until(GOAWAY)
            assert goaway and int.from_bytes(goaway[3][4:8], "big") == CALM
        assert other.post(PATH, json=CHAT).status_code == 200
    assert weir.metric("weir_http2_misuse_total", kind=kind) == 1
    assert weir.metric("weir_http2_connections_total") == 2


def test_limits_are_configured(start, provide):
    policy = configs.client_policy(http2={"maxConcurrentStreams": 7, "initialStreamWindowSize": "128Ki",
                                          "onInvalidMessage": "TerminateConnection"})
    weir = start(config=configs.single(provide(wire.answer).port, extra=[policy, configs.options(limits={"http2": {"controlFrames": 3}})]))
    with Raw(weir.address) as raw:
        settings_frame = raw.until(SETTINGS)
        values = {int.from_bytes(settings_frame[3][i:i + 2], "big"): int.from_bytes(settings_frame[3][i + 2:i + 6], "big")
                  for i in range(0, len(settings_frame[3]), 6)}
        assert values[3] == 7 and values[4] == 128 * 1024
        raw.send(*[PingFrame(0, b"12345678")] * 5)
        assert int.from_bytes(raw.until(GOAWAY)[3][4:8], "big") == CALM
    with Raw(weir.address) as raw:
        raw.send(raw.head(1, post_fields() + [("connection", "close")]))
        assert int.from_bytes(raw.until(GOAWAY)[3][4:8], "big") == 1


def test_a_listeners_policy_is_its_own(start, provide):
    gateway = configs.gateway({"name": "one", "protocol": "HTTP", "port": 8001}, {"name": "two", "protocol": "HTTP", "port": 8002})
    policies = [configs.client_policy(http2={"maxConcurrentStreams": 50}),
                configs.client_policy("two", "two", http2={"maxConcurrentStreams": 5})]
    weir = start("--listen", "one=127.0.0.1:0", "--listen", "two=127.0.0.1:0", listen=False,
                 config=configs.single(provide(wire.answer).port, extra=[gateway, *policies]))
    for name, most in ("one", 50), ("two", 5):
        with Raw(weir.listeners[name]) as raw:
            payload = raw.until(SETTINGS)[3]
            assert (3).to_bytes(2, "big") + most.to_bytes(4, "big") in payload


def test_a_silent_client_is_pinged_and_its_exchange_ended(start, provide):
    """A client that is gone without a word holds no exchange: its connection is given up, and the provider is told."""
    gone = threading.Event()

    def stall(request, peer):
        peer.wait_closed(20)
        gone.set()

    provider = provide(stall)
    weir = start(config=configs.single(provider.port, extra=[configs.client_policy(http2={"connectionKeepalive": {"interval": "200ms", "timeout": "100ms"}})]))
    data = DataFrame(1, json.dumps(CHAT).encode())
    data.flags.add("END_STREAM")
    with Raw(weir.address) as raw:
        raw.send(raw.head(1, post_fields(), end=False), data)
        ack = PingFrame(0, raw.until(PING)[3])
        ack.flags.add("ACK")
        raw.send(ack)
        raw.until(PING)
        assert not gone.is_set(), "it has answered the first"
        assert gone.wait(20), "the second was not answered"
    wait_until(lambda: weir.metric("weir_http2_pings_lost_total") == 1, "the loss to be counted")
    assert weir.access_log(1)[0]["error.type"] == "http.client_gone"


@pytest.mark.parametrize("field, value, message", [
    ("initialStreamWindowSize", "60k", "not a window"),
    ("maxConcurrentStreams", 0, "spec.http2.maxConcurrentStreams"),
    ("onInvalidMessage", "terminateStream", "write TerminateStream or TerminateConnection"),
    ("connectionKeepalive", {"interval": "1s", "timeout": "2s"}, "timeout must be less than interval"),
])
def test_bad_values_are_named(field, value, message):
    done = run("check", "-", stdin=configs.single(9, extra=[configs.client_policy(http2={field: value})]))
    assert message in done.stderr, done.stderr


def test_an_allowance_of_none_is_a_mistake():
    done = run("check", "-", stdin=configs.single(9, extra=[configs.options(limits={"http2": {"resets": 0}})]))
    assert done.returncode == 1 and "spec.limits.http2.resets" in done.stderr


def test_drain_says_goaway_and_finishes_what_runs(start, provide):
    release = threading.Event()

    def held(request, peer):
        release.wait(20)
        return wire.answer(request, peer)

    provider = provide(held)
    weir = start(config=configs.single(provider.port))
    with Raw(weir.address) as raw:
        data = DataFrame(1, json.dumps(CHAT).encode())
        data.flags.add("END_STREAM")
        raw.send(raw.head(1, post_fields(), end=False), data)
        provider.wait_requests(1)
        weir.signal()
        last, answered = [], False
        for kind, flags, stream, payload in raw.frames():
            if kind == GOAWAY:
                last.append(int.from_bytes(payload[:4], "big"))
            if kind == PING and not flags & 1:
                ack = PingFrame(0, payload)
                ack.flags.add("ACK")
                raw.send(ack)
            if len(last) == 2:
                release.set()
            answered = answered or (kind == HEADERS and stream == 1)
        assert last == [2**31 - 1, 1] and answered, "a notice, then the last stream, and its answer"
    assert weir.wait() == 0
