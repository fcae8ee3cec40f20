"""Two minutes of mixed load with faults: nothing leaks, nothing hangs. Run with `-m slow` (./dev check)."""
import json
import os
import random
import threading
import time

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import sanitized, wait_until

SECONDS = float(os.environ.get("WEIR_SOAK_SECONDS", "120"))
AGENTS = ("reasoning", "data", "planning")


def faulty(request, peer):
    """Mostly good; sometimes an error, a cut, a reset, nonsense, or a stall that the client ends."""
    chance = random.random()
    if chance < 0.80:
        wire.answer(request, peer)
    elif chance < 0.85:
        peer.send(wire.http_json({"error": {"message": "no"}, "message": "no"}, 503))
    elif chance < 0.90:
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:3]:
            peer.send(wire.chunk(event))
        peer.close()
    elif chance < 0.94:
        peer.reset()
    elif chance < 0.97:
        peer.send(b"nonsense\r\n\r\n")
        peer.close()
    else:
        peer.wait_closed(5)


def load(weir, until, counts):
    """One client: keeps a connection while it can, leaves early now and then."""
    connection = None
    while time.monotonic() < until:
        agent, stream = random.choice(AGENTS), random.random() < 0.5
        body = json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "x" * random.choice((10, 1000, 100000))}]})
        try:
            connection = connection or raw.Connection(weir.address, timeout=10)
            connection.send(raw.post(f"/v1/{agent}/chat/completions", body))
            if random.random() < 0.05:
                raise OSError("a client that leaves")
            response = connection.response()
            counts["answered" if response else "closed"] += 1
            if response is None or not response.complete or response.header("connection") == "close":
                raise OSError("closed")
        except OSError:
            if connection:
                connection.close()
            connection = None
    if connection:
        connection.close()


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 2 + 300)
def test_soak(start, provide):
    provider = provide(faulty)
    weir = start(config=configs.agents({agent: provider.port for agent in AGENTS}))
    counts = {"answered": 0, "closed": 0}

    def burst(seconds):
        threads = [threading.Thread(target=load, args=(weir, time.monotonic() + seconds, counts)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_until(lambda: weir.metric("weir_client_connections") == 0, "every client connection to end", 30)

    burst(SECONDS / 6)  # warm: pools, buffers and allocator have what they need
    memory, descriptors = weir.rss_kib(), weir.descriptors()
    burst(SECONDS)
    assert counts["answered"] > 100
    assert weir.descriptors() <= descriptors + 40, "kept provider connections may differ, nothing else"
    if not sanitized():
        assert weir.rss_kib() < memory * 1.15 + 4096, f"{memory} KiB before, {weir.rss_kib()} KiB after"
    assert weir.metric("weir_exchanges_active") == 0
    assert weir.chat("/v1/reasoning/chat/completions")[0] in (200, 502, 503, 504)
    provider.answer = wire.answer
    assert weir.chat("/v1/reasoning/chat/completions")[0] == 200
