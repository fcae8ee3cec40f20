"""SIGTERM: no new connections, running exchanges finish within --drain-timeout, exit status 0."""
import json
import signal
import socket
import threading
import time

import pytest

from harness import raw, wire
from harness.weir import wait_until

BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]})


def paused_stream(may_finish):
    def answer(request, peer):
        events = list(wire.events(request))
        peer.send(wire.stream_head(wire.stream_type(request)))
        peer.send(wire.chunk(events[0] + events[1]))  # the role, and a first word that lets the stream begin
        may_finish.wait(30)
        peer.send(b"".join(map(wire.chunk, events[2:])) + wire.LAST_CHUNK)
    return answer


def refuses(address):
    host, port = address.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.settimeout(1)
            return connection.recv(1) == b""  # accepted by the kernel, closed by nobody's hand
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_streams_finish(gateway, number):
    may_finish = threading.Event()
    weir, _ = gateway(paused_stream(may_finish))
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        connection.head()
        first = connection.chunk()
        weir.signal(number)
        wait_until(lambda: weir.admin_get("/readyz")[0] == 503, "/readyz to turn 503")
        assert weir.admin_get("/healthz")[0] == 200
        wait_until(lambda: refuses(weir.address), "the listener to close")
        assert weir.process.poll() is None, "a stream is still running"
        may_finish.set()
        rest, complete = connection.chunked()
    assert complete and (first + rest).endswith(b"data: [DONE]\n\n")
    assert weir.wait(20) == 0
    assert len(weir.access_log(1)) == 1


def test_idle_connections_do_not_hold_it_up(gateway):
    weir, _ = gateway()
    with raw.Connection(weir.address) as used, raw.Connection(weir.address):
        used.send(raw.post("/v1/chat/completions", BODY))
        assert used.response().status == 200
        started = time.monotonic()
        weir.signal()
        assert weir.wait(20) == 0
        assert time.monotonic() - started < 10


def test_what_does_not_finish_is_ended_with_an_error(gateway):
    weir, _ = gateway(paused_stream(threading.Event()), "--drain-timeout", "300ms")
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        connection.head()
        connection.chunk()
        weir.signal()
        body, _ = connection.chunked()
        assert b"[DONE]" not in body
    assert weir.wait(20) == 0


def test_a_request_on_a_kept_connection_during_the_drain(gateway):
    """It is served with `connection: close`, or the connection ends before or behind it; never half an answer."""
    may_finish = threading.Event()
    weir, _ = gateway(paused_stream(may_finish))
    with raw.Connection(weir.address) as running, raw.Connection(weir.address) as kept:
        kept.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.response("GET").status == 200
        running.send(raw.post("/v1/chat/completions", BODY))
        running.head()
        weir.signal()
        wait_until(lambda: weir.admin_get("/readyz")[0] == 503, "/readyz to turn 503")
        try:
            kept.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
            response = kept.response("GET")
        except OSError:
            response = None
        if response is not None and response.header("connection") != "close":
            assert kept.closed(), "the drain had not come to this connection's worker yet; it ends behind the answer"
        may_finish.set()
        assert running.chunked()[1]
    assert weir.wait(20) == 0
