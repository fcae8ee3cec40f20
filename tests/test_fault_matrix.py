"""Every fault of a provider × (whole, stream) × (one backend, two backends): what the client got, how many attempts it
took, what was counted. Expected values: data/fault_matrix.json; WEIR_UPDATE_MATRIX=1 rewrites them, to be reviewed.

Whatever the table says, no cell may end in a silent truncation, in a hang, or with tokens that nobody counted."""
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import config as configs
from harness import raw, wire
from harness.provider import Provider
from harness.weir import Weir, sanitized

TABLE = Path(__file__).parent / "data/fault_matrix.json"
LIMIT = "600ms"  # of silence, before and after the first byte
DEADLINE = 20  # seconds; far beyond what any cell may take
TEXT = "Hello from the provider."


def whole_body(model="m"):
    return json.dumps(wire.openai_answer(model=model)).encode()


def head_of(request):
    return wire.stream_head() if wire.wants_stream(request) else \
        wire.http(200, [("content-type", "application/json"), ("content-length", len(whole_body()))])


def refusal(status, **headers):
    def answer(request, peer):
        peer.send(wire.http_json({"error": {"message": f"refused with {status}", "type": "some_error"}}, status,
                                 headers=[(k.replace("_", "-"), v) for k, v in headers.items()]))
    return answer


def after_some(end, events=3):
    """Part of a good answer (of a stream: the role and two words), then `end`."""
    def answer(request, peer):
        peer.send(head_of(request))
        if wire.wants_stream(request):
            for event in list(wire.events(request))[:events]:
                peer.send(wire.chunk(event))
        else:
            peer.send(whole_body()[:100])
        end(peer)
    return answer


def after_head(end):
    def answer(request, peer):
        peer.send(head_of(request))
        end(peer)
    return answer


def stall(peer):
    peer.wait_closed(DEADLINE)


def garbage_event(request, peer):
    if wire.wants_stream(request):
        peer.send(wire.stream_head() + wire.chunk(b"data: {not json\n\n") + wire.LAST_CHUNK)
    else:
        peer.send(wire.http_body("{not json"))


def truncated_json(request, peer):
    if wire.wants_stream(request):
        peer.send(wire.stream_head() + wire.chunk(wire.sse(wire.openai_chunk({"content": "Hel"}))[:-20]) + wire.LAST_CHUNK)
    else:
        peer.send(wire.http_body(whole_body()[:-30]))


def slow_drip(request, peer):
    peer.send(head_of(request))
    data = list(wire.events(request)) if wire.wants_stream(request) else [whole_body()[i:i + 40] for i in range(0, len(whole_body()), 40)]
    for piece in data:
        peer.send(wire.chunk(piece) if wire.wants_stream(request) else piece)
        time.sleep(0.05)  # the fault itself: slower than any provider, faster than the limit on silence
    if wire.wants_stream(request):
        peer.send(wire.LAST_CHUNK)


def oversized(request, peer):
    peer.send(b"HTTP/1.1 200 OK\r\n" + b"x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 4000)
    peer.wait_closed(DEADLINE)


FAULTS = {
    "reset_before_head": lambda request, peer: peer.reset(),
    "close_before_head": lambda request, peer: peer.close(),
    "reset_after_head": after_head(lambda peer: peer.reset()),
    "429": refusal(429),
    "429_retry_after_1": refusal(429, retry_after=1),
    "429_retry_after_99": refusal(429, retry_after=99),
    "500": refusal(500),
    "503": refusal(503),
    "529": refusal(529),
    "400": refusal(400),
    "stall_before_head": lambda request, peer: stall(peer),
    "stall_after_head": after_head(stall),
    "stall_mid_answer": after_some(stall),
    "reset_mid_answer": after_some(lambda peer: peer.reset()),
    "cut_mid_answer": after_some(lambda peer: peer.close()),
    "cut_after_role": after_some(lambda peer: peer.close(), events=1),
    "garbage_event": garbage_event,
    "empty_200": lambda request, peer: peer.send(wire.http_body("", content_type="text/event-stream" if wire.wants_stream(request) else "application/json")),
    "html_200": lambda request, peer: peer.send(wire.http_body("<html>login</html>", content_type="text/html")),
    "truncated_json": truncated_json,
    "slow_drip": slow_drip,
    "oversized": oversized,
}
UNREACHABLE = ["connect_refused", "dns_failure", "tls_failure"]


class NoTls:
    """Answers every greeting with something that is no TLS."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 This is no TLS\r\n\r\n")

    def stop(self):
        self.listener.close()


def faulty(request, peer):
    FAULTS[request.json()["model"].split("@")[0]](request, peer)


def configuration(faulty_port, good_port, refused_port, plain_port):
    limits = {"timeouts": {"backendRequest": LIMIT, "request": "15s"}, "streamIdleTimeout": LIMIT}
    rules = []
    for name in [*FAULTS, *UNREACHABLE]:
        first = name if name in UNREACHABLE else "faulty"
        rules.append(configs.rule([first], [configs.model(f"{name}@one")], **limits))
        rules.append(configs.rule([{"name": first, "priority": 0}, {"name": "good", "priority": 1}], [configs.model(f"{name}@two")], **limits))
    documents = [configs.provider("faulty", faulty_port), configs.provider("good", good_port)]
    for name, port, host in [("connect_refused", refused_port, "127.0.0.1"), ("dns_failure", 80, "no-such-host.invalid"), ("tls_failure", plain_port, "127.0.0.1")]:
        documents.append([configs.endpoint(name.replace("_", "-"), port, host), configs.backend(name.replace("_", "-"))])
    documents.append([configs.document("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "tls", {
        "targetRefs": [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "tls-failure"}],
        "validation": {"wellKnownCACertificates": "System", "hostname": "tls.test"}})])
    for rule in rules:
        for ref in rule["backendRefs"]:
            ref["name"] = ref["name"].replace("_", "-")
    routes = [configs.route(*rules[i:i + 10], name=f"route-{i}") for i in range(0, len(rules), 10)]
    return configs.join(*routes, *[d for group in documents for d in group])


def told(response, stream):
    """What a client makes of the bytes it got: an answer, a named error, or a cut it can see."""
    if response.status != 200:
        error = json.loads(response.body)["error"]
        assert error["message"]
        wait = response.header("retry-after")
        return f"error {response.status}" + (f", retry-after {wait}" if wait else "")
    if not stream:
        if not response.complete:
            return "cut visibly"
        answer = json.loads(response.body)
        return "answer" if answer["choices"][0]["message"]["content"] == TEXT else "another answer"
    events = [line[5:].strip() for line in response.body.decode().split("\n") if line.startswith("data:")]
    text = ""
    for event in events[:-1]:
        for choice in json.loads(event).get("choices", []):
            text += choice["delta"].get("content") or ""
    if events[-1] == "[DONE]":
        return "answer" if text == TEXT else "another answer"
    assert "error" in json.loads(events[-1]), f"neither [DONE] nor an error: {response.body}"
    assert response.complete
    return f"error event after {len(text)} bytes of text"


def one_cell(weir, fault, shape, backends):
    stream = shape == "stream"
    request_id = f"{fault}.{shape}.{backends}"
    body = {"model": f"{fault}@{backends}", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    started = time.monotonic()
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps(body), headers=[("x-request-id", request_id)]))
        response = connection.response()
    took = time.monotonic() - started
    try:
        client = told(response, stream)
    except (ValueError, KeyError, IndexError, AssertionError) as error:
        client = f"nothing that makes sense: {error!r} of {response.status} {response.body!r} complete={response.complete}"
    return request_id, {"client": client, "attempts_header": response.header("x-weir-attempts")}, took


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Runs every cell at once, each on a connection of its own."""
    bad, good, plain = Provider(faulty), Provider(), NoTls()
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
    weir = Weir(tmp_path_factory.mktemp("matrix"), [], config=configuration(bad.port, good.port, taken.getsockname()[1], plain.port))
    try:
        wanted = [(fault, shape, backends) for fault in [*FAULTS, *UNREACHABLE] for shape in ("whole", "stream") for backends in ("one", "two")]
        with ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda cell: one_cell(weir, *cell), wanted))
        log = {line["request_id"]: line for line in weir.access_log(len(wanted))}
        out = {}
        for request_id, cell, took in done:
            line = log[request_id]
            out[request_id] = {**cell, "attempts": line["weir.attempts"], "error": line.get("error.type"),
                               "tokens": [line.get("gen_ai.usage.input_tokens"), line.get("gen_ai.usage.output_tokens")]}
            out[request_id]["took"] = took
        yield out
    finally:
        weir.stop()
        bad.stop()
        good.stop()
        plain.stop()
        taken.close()
    assert not weir.complaints(), weir.complaints()
    assert not bad.errors and not good.errors


def expected():
    return json.loads(TABLE.read_text()) if TABLE.exists() else {}


def names():
    return [f"{fault}.{shape}.{backends}" for fault in [*FAULTS, *UNREACHABLE] for shape in ("whole", "stream") for backends in ("one", "two")]


def test_the_table_is_complete(cells):
    if os.environ.get("WEIR_UPDATE_MATRIX"):
        rows = [f'  {json.dumps(name)}: {json.dumps({k: v for k, v in cells[name].items() if k != "took"})}' for name in names()]
        TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    assert list(expected()) == names()


@pytest.mark.parametrize("name", names())
def test_cell(cells, name):
    cell = dict(cells[name])
    took = cell.pop("took")
    assert took < (DEADLINE if sanitized() else 10), f"{took:.1f} s"
    assert cell == expected()[name]


@pytest.mark.parametrize("name", names())
def test_no_cell_is_silent(cells, name):
    cell = cells[name]
    assert cell["client"] != "another answer" and "nothing that makes sense" not in cell["client"]
    if cell["client"] == "answer":
        assert cell["tokens"] == [7, 5], "an answer's tokens are counted"
    else:
        assert cell["error"], "a failure is named in the log"
    if name.endswith(".two") and not name.startswith("400"):
        assert cell["client"] == "answer" or "after" in cell["client"] and "bytes" in cell["client"] or cell["client"] == "cut visibly", \
            "with a second backend only what has begun may fail"
