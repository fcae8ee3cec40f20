"""A client that stops reading stops the provider, and memory stays where it was."""
import json
import threading
import time

import pytest

from harness import raw, wire
from harness.weir import sanitized, wait_until

BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
EVENT = wire.chunk(wire.sse(wire.openai_chunk({"content": "x" * 4000})))
KERNEL = 16 << 20  # what socket buffers on the way may hold; far below what the provider would send


def endless(sent):
    """A provider as fast as the socket; adds what it sent to `sent`."""
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        index = len(sent)
        sent.append(0)
        while sent[index] < 256 << 20 and not peer.closed:
            peer.send(EVENT)
            sent[index] += len(EVENT)
    return answer


def settled(read, quiet=0.5, timeout=30):
    """The value of `read()` once it has not changed for `quiet` seconds."""
    state = {"value": read(), "since": time.monotonic()}

    def still():
        value = read()
        if value != state["value"]:
            state.update(value=value, since=time.monotonic())
        return time.monotonic() - state["since"] > quiet
    wait_until(still, "the provider to be stopped", timeout)
    return state["value"]


def test_a_client_that_stops_reading_stops_the_provider(gateway):
    sent = []
    weir, _ = gateway(endless(sent), receive_buffer=65536, workers=1)
    weir.admin_get("/healthz")
    before = weir.rss_kib()
    with raw.Connection(weir.address, receive_buffer=65536) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        assert connection.head()[1] == 200
        stopped_at = settled(lambda: sum(sent))
        assert stopped_at < KERNEL
        assert weir.rss_kib() - before < (64 << 10 if sanitized() else 4096)
        # and reading again lets it go on
        while sum(sent) < stopped_at + (1 << 20):
            assert connection.fill()
            connection.buffer = b""


def test_memory_per_stalled_stream_is_bounded(gateway):
    """64 streams of a provider that is as fast as it can be, none of them read."""
    count, sent = 64, []
    weir, _ = gateway(endless(sent), receive_buffer=32768, workers=2)
    weir.admin_get("/healthz")
    before = weir.rss_kib()
    connections = [raw.Connection(weir.address, receive_buffer=32768) for _ in range(count)]
    try:
        for connection in connections:
            connection.send(raw.post("/v1/chat/completions", BODY))
        for connection in connections:
            assert connection.head()[1] == 200
        settled(lambda: sum(sent))
        growth = weir.rss_kib() - before
        if not sanitized():
            assert growth < count * 64 + 2048, f"{growth} KiB for {count} stalled streams"
    finally:
        for connection in connections:
            connection.close()


def test_a_slow_reader_gets_every_byte(gateway):
    pieces = [wire.sse(wire.openai_chunk({"content": str(i) + "y" * 2000})) for i in range(500)]

    def answer(request, peer):
        peer.send(wire.stream_head())
        for piece in pieces:
            peer.send(wire.chunk(piece))
        peer.send(wire.chunk(wire.sse("[DONE]")) + wire.LAST_CHUNK)

    weir, _ = gateway(answer, receive_buffer=32768)
    with raw.Connection(weir.address, receive_buffer=4096) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        response = connection.response()
    assert response.complete and response.body == b"".join(pieces) + wire.sse("[DONE]")


def test_a_slow_provider_slows_the_client_upload(gateway):
    """A body larger than memory allows is not needed for this: the request limit bounds what is held."""
    may_read = threading.Event()

    def answer(request, peer):
        may_read.wait(10)
        wire.answer(request, peer)

    weir, provider = gateway(answer)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "z" * (8 << 20)}]})
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", body))
        provider.wait_requests(1)
        may_read.set()
        assert connection.response().status == 200


@pytest.mark.parametrize("size", [1 << 10, 1 << 16, 1 << 20, 16 << 20])
def test_large_answers_arrive_whole(gateway, size):
    text = "".join(chr(97 + i % 26) for i in range(1000)) * (size // 1000 + 1)
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json(wire.openai_answer(text=text))))
    status, _, body = weir.chat()
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == text
