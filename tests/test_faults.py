"""Providers that stall, reset, lie and talk nonsense; clients that go away. Never a broken answer that looks complete."""
import json
import socket
import time

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import sanitized, wait_until

SCHEMAS = ["OpenAI", "Anthropic", "AWSBedrock"]
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SHORT = {"timeouts": {"backendRequest": "300ms", "request": "5s"}, "streamIdleTimeout": "300ms"}


def events_of(body):
    return [line[5:].strip() for line in body.decode(errors="replace").split("\n") if line.startswith("data:")]


def assert_explicit_error(response):
    """An error event in OpenAI's shape, and nothing that would make the stream look finished; or a plain error, if what
    broke the stream came together with its first content."""
    if response.status == 502:
        assert json.loads(response.body)["error"]["message"]
        return
    events = events_of(response.body)
    assert response.status == 200
    assert "[DONE]" not in events
    assert json.loads(events[-1])["error"]["message"], response.body
    for event in events[:-1]:  # garbage of the provider may stand before the error, an end may not
        assert '"finish_reason": "' not in event and '"finish_reason":"' not in event, response.body
    assert response.complete, "the error event is followed by a clean end of the body"


def stream_through(weir, **members):
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps({**BODY, "stream": True, **members})))
        return connection.response()


# --- before the first byte: a plain HTTP error -------------------------------------------------------------------------

def garbage(request, peer):
    peer.send(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
    peer.close()


def close_at_once(request, peer):
    peer.close()


def reset_at_once(request, peer):
    peer.reset()


def half_a_head(request, peer):
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/js")
    peer.close()


def lying_head(*lines):
    def answer(request, peer):
        peer.send(wire.http(200, [("content-type", "application/json"), *lines]) + json.dumps(wire.openai_answer()).encode())
        peer.close()
    return answer


def endless_head(request, peer):
    peer.send(b"HTTP/1.1 200 OK\r\n" + b"x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 40000)
    peer.wait_closed(10)


BROKEN = {
    "garbage": garbage, "close_at_once": close_at_once, "reset_at_once": reset_at_once, "half_a_head": half_a_head,
    "two_lengths": lying_head(("content-length", "5"), ("content-length", "6")),
    "length_and_chunked": lying_head(("content-length", "5"), ("transfer-encoding", "chunked")),
    "length_not_a_number": lying_head(("content-length", "+5")),
    "unknown_coding": lying_head(("transfer-encoding", "xchunked")),
    "endless_head": endless_head,
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_provider_is_502(gateway, name, stream):
    weir, provider = gateway(BROKEN[name])
    status, headers, body = weir.chat(stream=stream)
    assert status == 502, body
    error = json.loads(body)["error"]
    assert error["message"] and headers["content-type"].startswith("application/json") and headers["x-request-id"]
    assert weir.chat()[0] == 502, "and still serving"


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("text", ["", "null", "[]", "{", "plain text", "{}", '{"object":7}'])
def test_an_answer_that_cannot_be_translated_is_502(gateway, schema, text):
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_body(text)), schema=schema)
    status, _, body = weir.chat()
    if schema == "OpenAI":  # passes through as it is: what the provider says is not judged, only not touched
        assert status in (200, 502)
        assert status == 502 or body.decode() == text
    else:
        assert status == 502, body
        assert json.loads(body)["error"]["message"]


def test_nobody_listening_is_502(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        weir = start(config=configs.single(taken.getsockname()[1]))
        status, _, body = weir.chat()
    assert status == 502
    assert json.loads(body)["error"]["message"]


def test_a_name_that_does_not_resolve_is_502(start):
    weir = start(config=configs.join(configs.route(configs.rule("b")), configs.endpoint("b", 80, "no-such-host.invalid"), configs.backend("b")))
    assert weir.chat(timeout=60)[0] == 502


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_provider_that_stalls_before_its_first_byte_is_504(gateway, stream):
    gone = []
    weir, _ = gateway(lambda request, peer: gone.append(peer.wait_closed(20)), rule_fields=SHORT)
    started = time.monotonic()
    status, _, body = weir.chat(stream=stream)
    assert status == 504, body
    assert 0.25 < time.monotonic() - started < (10 if sanitized() else 3)
    assert json.loads(body)["error"]["message"]
    wait_until(lambda: gone, "the provider request to be cancelled")
    assert gone[0]


def test_a_provider_that_dribbles_its_head_is_504(gateway):
    def answer(request, peer):
        for byte in b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" * 50:
            peer.send(bytes([byte]))
            if peer.wait_closed(0.05):
                return

    weir, _ = gateway(answer, rule_fields=SHORT)
    started = time.monotonic()
    assert weir.chat()[0] == 504
    assert time.monotonic() - started < 10


def test_a_whole_answer_cut_short_is_never_taken_for_whole(gateway):
    def answer(request, peer):
        body = json.dumps(wire.openai_answer()).encode()
        peer.send(wire.http(200, [("content-type", "application/json"), ("content-length", len(body) + 10)]) + body)
        peer.close()

    weir, _ = gateway(answer)
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps(BODY)))
        response = connection.response()
        assert response.status == 502 or not response.complete
        assert response.status == 502 or connection.closed()


@pytest.mark.parametrize("schema", ["Anthropic", "AWSBedrock"])
def test_a_translated_answer_cut_short_is_502(gateway, schema):
    def answer(request, peer):
        body = json.dumps(wire.anthropic_answer() if schema == "Anthropic" else wire.bedrock_answer()).encode()
        peer.send(wire.http(200, [("content-type", "application/json"), ("content-length", len(body) + 1)]) + body)
        peer.close()

    weir, _ = gateway(answer, schema=schema)
    assert weir.chat()[0] == 502


# --- after the first byte: an explicit error event ---------------------------------------------------------------------

def cut_after(count, end):
    """Sends the first `count` events of a good stream, then ends as `end(peer)` says."""
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:count]:
            peer.send(wire.chunk(event))
        end(peer)
    return answer


def end_cleanly(peer):
    peer.send(wire.LAST_CHUNK)


ENDS = {
    "clean_end": end_cleanly,
    "fin_inside_chunks": lambda peer: peer.close(),
    "reset": lambda peer: peer.reset(),
    "half_a_chunk": lambda peer: (peer.send(b"40\r\ndata: {"), peer.close()),
    "bad_chunk_size": lambda peer: (peer.send(b"zz\r\nxx\r\n"), peer.close()),
    "garbage_event": lambda peer: (peer.send(wire.chunk(b"data: {not json\n\n")), peer.send(wire.LAST_CHUNK)),
    "garbage_bytes": lambda peer: (peer.send(wire.chunk(b"\x00\xff\x00\xff" * 10)), peer.send(wire.LAST_CHUNK)),
    "stall": lambda peer: peer.wait_closed(20),
}


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("end", ENDS)
def test_a_stream_that_breaks_ends_with_an_error_event(gateway, schema, end):
    weir, _ = gateway(cut_after(3, ENDS[end]), schema=schema, rule_fields={"streamIdleTimeout": "300ms"})
    response = stream_through(weir)
    assert_explicit_error(response)
    line = weir.access_log(1)[0]
    assert line.get("error.type") or line.get("error"), line


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("end", ["clean_end", "fin_inside_chunks", "reset"])
def test_cut_at_every_event(gateway, schema, end):
    """Only the whole stream may look whole, wherever it is cut."""
    plan = {}

    def answer(request, peer):
        cut_after(plan["count"], ENDS[end])(request, peer)

    weir, _ = gateway(answer, schema=schema)
    # What may be missing without harm is what comes after the end of the message: [DONE] is required of OpenAI.
    total = {"OpenAI": 8, "Anthropic": 9, "AWSBedrock": 8}[schema]
    for count in range(1, total):
        plan["count"] = count
        response = stream_through(weir)
        if response.status != 200:
            assert response.status == 502
            continue
        events = events_of(response.body)
        if "[DONE]" in events:  # Bedrock's messageStop is terminal; only its metadata (usage) may still be missing
            assert schema == "AWSBedrock" and count >= 7, f"cut after {count} events: {response.body}"
        else:
            assert "error" in json.loads(events[-1]), f"cut after {count} events: {response.body}"


def test_an_error_event_of_a_provider_arrives(gateway):
    def answer(request, peer):
        peer.send(wire.stream_head())
        peer.send(wire.chunk(wire.sse(wire.openai_chunk({"content": "Hel"}))))
        peer.send(wire.chunk(wire.sse({"error": {"message": "The server is overloaded", "type": "server_error", "code": None}})))
        peer.send(wire.LAST_CHUNK)

    weir, _ = gateway(answer)
    events = events_of(stream_through(weir).body)
    assert "overloaded" in json.loads(events[-1])["error"]["message"] and "[DONE]" not in events


@pytest.mark.parametrize("schema, event", [
    ("Anthropic", wire.sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")),
    ("AWSBedrock", wire.bedrock_exception("throttlingException", "Overloaded")),
])
def test_an_error_event_of_another_dialect_is_translated(gateway, schema, event):
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for good in list(wire.events(request))[:2]:
            peer.send(wire.chunk(good))
        peer.send(wire.chunk(event) + wire.LAST_CHUNK)

    weir, _ = gateway(answer, schema=schema)
    response = stream_through(weir)
    assert_explicit_error(response)
    assert "Overloaded" in json.loads(events_of(response.body)[-1])["error"]["message"]


def test_a_corrupt_bedrock_frame_is_an_error(gateway):
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        good = list(wire.bedrock_events())
        peer.send(wire.chunk(good[0] + good[1]))
        peer.send(wire.chunk(good[2][:-1] + bytes([good[2][-1] ^ 1])) + wire.LAST_CHUNK)

    weir, _ = gateway(answer, schema="AWSBedrock")
    assert_explicit_error(stream_through(weir))


# --- errors of providers ------------------------------------------------------------------------------------------------

PROVIDER_ERRORS = [
    ("OpenAI", {"error": {"message": "Slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}}, ()),
    ("Anthropic", {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}}, ()),
    ("AWSBedrock", {"message": "Slow down"}, (("x-amzn-errortype", "ThrottlingException"),)),
]


@pytest.mark.parametrize("schema, document, headers", PROVIDER_ERRORS, ids=[row[0] for row in PROVIDER_ERRORS])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503, 529])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_status_type_message_and_retry_after_are_kept(gateway, schema, document, headers, status, stream):
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json(document, status, [("retry-after", "17"), *headers])), schema=schema)
    got, got_headers, body = weir.chat(stream=stream)
    error = json.loads(body)["error"]
    assert got == status
    assert error["message"] == "Slow down"
    assert got_headers["retry-after"] == "17"
    if schema == "OpenAI":
        assert json.loads(body) == document
    else:
        assert error["type"] in ("rate_limit_error", "ThrottlingException")


def test_an_error_that_is_no_json_is_wrapped(gateway):
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_body("upstream connect error", 503, "text/plain")))
    status, _, body = weir.chat()
    assert status == 503
    assert json.loads(body)["error"]["message"] == "upstream connect error"


# --- clients that go away, requests that dawdle -------------------------------------------------------------------------

@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("phase", ["before_first_byte", "in_stream"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_cancels_the_provider(gateway, schema, phase, how):
    gone = []

    def answer(request, peer):
        if phase == "in_stream":
            peer.send(wire.stream_head(wire.stream_type(request)))
            for event in list(wire.events(request))[:4]:
                peer.send(wire.chunk(event))
        gone.append(peer.wait_closed(20))

    weir, provider = gateway(answer, schema=schema)
    connection = raw.Connection(weir.address)
    connection.send(raw.post("/v1/chat/completions", json.dumps({**BODY, "stream": True})))
    provider.wait_requests(1)
    if phase == "in_stream":
        connection.head()
        assert connection.chunk()
    if how == "reset":
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    left = time.monotonic()
    connection.close()
    wait_until(lambda: gone, "the provider request to be cancelled")
    assert gone[0] is not None
    assert gone[0] - left < (0.5 if sanitized() else 0.05), f"cancelled after {(gone[0] - left) * 1000:.1f} ms"
    assert weir.access_log(1), "the exchange is settled all the same"


def test_a_client_that_sends_its_head_too_slowly_is_408(start, provide):
    provider = provide()
    weir = start(config=configs.single(provider.port, extra=[configs.options(timeouts={"headRead": "300ms"})]))
    with raw.Connection(weir.address) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n")
        response = connection.response()
        assert response is None or response.status == 408
        assert connection.closed()
    assert provider.requests == []


def test_an_idle_connection_is_closed(start, provide):
    provider = provide()
    weir = start(config=configs.single(provider.port, extra=[configs.options(timeouts={"idle": "300ms"})]))
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps(BODY)))
        assert connection.response().status == 200
        assert connection.closed(5)


def test_a_whole_request_has_a_deadline(gateway):
    """A provider that keeps sending does not outlive the request's deadline."""
    def answer(request, peer):
        peer.send(wire.stream_head())
        while not peer.closed:
            peer.send(wire.chunk(wire.sse(wire.openai_chunk({"content": "."}))))
            peer.wait_closed(0.05)

    weir, _ = gateway(answer, rule_fields={"timeouts": {"request": "500ms"}})
    started = time.monotonic()
    assert_explicit_error(stream_through(weir))
    assert time.monotonic() - started < 10


def test_a_kept_provider_connection_that_died_is_not_noticed_by_clients(gateway):
    """The provider closes an idle connection; the next request must not fail for it."""
    def answer(request, peer):
        wire.answer(request, peer)
        peer.close()

    weir, provider = gateway(answer, workers=1)
    for _ in range(10):
        assert weir.chat()[0] == 200
    assert len(provider.requests) == 10


def test_bytes_after_an_answer_poison_the_connection_not_the_next_answer(gateway):
    """A provider that says more than it announced must not answer the next client's question with it."""
    stray = wire.http_json(wire.openai_answer(text="meant for somebody else"))
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json(wire.openai_answer()) + stray), workers=1)
    for _ in range(5):
        status, _, body = weir.chat()
        assert status == 200
        assert b"somebody else" not in body
