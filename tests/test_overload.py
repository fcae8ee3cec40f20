"""More than Weir can carry: refused at once, in the client's dialect, while the admin server answers and the rest goes on."""
import json
import os
import socket
import subprocess
import threading

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import binary, wait_until

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def held(release):
    """An imposter that answers once `release` is set."""
    def answer(request, peer):
        release.wait(30)
        return wire.answer(request, peer)
    return answer


@pytest.fixture
def release():
    event = threading.Event()
    yield event
    event.set()


def limited(start, provider, **limits):
    return start(config=configs.single(provider.port, extra=[configs.options(limits=limits)]))


def in_background(weir, count, results, path="/v1/chat/completions"):
    threads = [threading.Thread(target=lambda: results.append(weir.request("POST", path, CHAT))) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("limit", ["exchanges", "exchangesPerListener"])
def test_exchanges_beyond_the_limit_are_refused_at_once(start, provide, release, limit):
    provider = provide(held(release))
    weir = limited(start, provider, **{limit: 3})
    results = []
    threads = in_background(weir, 3, results)
    provider.wait_requests(3)
    status, headers, body = weir.request("POST", "/v1/chat/completions", CHAT)
    assert status == 503 and headers["retry-after"] == "1"
    assert json.loads(body)["error"]["type"] == "server_error"
    status, headers, body = weir.request("POST", "/anthropic/v1/messages", {**CHAT, "max_tokens": 5})
    assert status == 503 and json.loads(body)["error"]["type"] == "overloaded_error", "in the client's dialect"
    assert weir.admin_get("/readyz")[0] == 200
    release.set()
    for thread in threads:
        thread.join(30)
    assert [result[0] for result in results] == [200] * 3
    assert weir.request("POST", "/v1/chat/completions", CHAT)[0] == 200, "there is room again"
    refused = [line for line in weir.access_log(6) if line["http.response.status_code"] == 503]
    assert {line["error.type"] for line in refused} == {"internal.overloaded"} and len(refused) == 2


def test_one_caller_cannot_take_it_all(start, provide, release):
    """Without certificates a caller is an address."""
    provider = provide(held(release))
    weir = limited(start, provider, exchangesPerPrincipal=2)
    results = []
    threads = in_background(weir, 2, results)
    provider.wait_requests(2)
    for path, kind in ("/v1/chat/completions", "server_error"), ("/anthropic/v1/messages", "overloaded_error"):
        status, headers, body = weir.request("POST", path, {**CHAT, "max_tokens": 5})
        assert status == 503 and headers["retry-after"] == "1"
        assert json.loads(body)["error"]["type"] == kind, "in the client's dialect"
    assert weir.metric("weir_overload_refused_total", limit="exchangesPerPrincipal") == 2
    with raw.Connection(weir.address, source="127.0.0.2") as other:
        other.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        provider.wait_requests(3)
        release.set()
        assert other.response().status == 200, "another caller has room"
    for thread in threads:
        thread.join(30)
    assert [result[0] for result in results] == [200] * 2
    assert weir.request("POST", "/v1/chat/completions", CHAT)[0] == 200, "there is room again"


def test_connections_beyond_the_limit_are_told(start, provide):
    weir = limited(start, provide(), connections=3)
    kept = [raw.Connection(weir.address) for _ in range(3)]
    try:
        for connection in kept:
            connection.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
            assert connection.response().status == 200
        with raw.Connection(weir.address) as extra:
            extra.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
            response = extra.response()
            assert response.status == 503 and response.header("retry-after") == "1" and response.header("connection") == "close"
            assert extra.closed()
        kept[0].send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        assert kept[0].response().status == 200
        assert weir.metric("weir_connections_over_limit_total") == 1
    finally:
        for connection in kept:
            connection.close()
    wait_until(lambda: weir.metric("weir_connections_open") == 0, "the connections to be gone")
    assert weir.chat()[0] == 200


def test_far_beyond_the_limit_they_are_closed_unheard(start, provide):
    weir = limited(start, provide(), connections=2)
    address = weir.address.rsplit(":", 1)
    sockets = []
    try:
        for _ in range(2 + 64):
            sockets.append(socket.create_connection((address[0], int(address[1])), timeout=10))
        wait_until(lambda: weir.metric("weir_connections_open") == 66, "the margin to be used up")
        with raw.Connection(weir.address) as unheard:
            assert unheard.closed()
        assert weir.admin_get("/readyz")[0] == 200
    finally:
        for each in sockets:
            each.close()
    wait_until(lambda: weir.metric("weir_connections_open") == 0, "the connections to be gone")
    assert weir.chat()[0] == 200


def allow_descriptors(weir, count):
    subprocess.run(["prlimit", f"--pid={weir.pid}", f"--nofile={count}:"], check=True)


def test_out_of_descriptors(start, provide):
    """The limit is lowered under the running process: no crash, no hang, admin answers, and later all is well."""
    if "asan" in binary():
        pytest.skip("UBSan looks the type of an object up through a pipe, for which there is no descriptor here")
    weir = limited(start, provide(), connections=1000)
    idle = raw.Connection(weir.address)
    idle.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
    assert idle.response("GET").status == 200
    highest = max(map(int, os.listdir(f"/proc/{weir.pid}/fd")))
    assert weir.descriptors() == highest + 1, "descriptors are dense"
    allow_descriptors(weir, highest + 2)
    status, _, body = weir.request("POST", "/v1/chat/completions", CHAT)
    assert status == 503, body  # the client's connection took the last one
    with raw.Connection(weir.address) as taking, raw.Connection(weir.address) as waiting:
        wait_until(lambda: "cannot accept connections" in weir.output(), "the log to tell")
        assert weir.admin_get("/readyz")[0] == 200
        assert weir.admin_get("/metrics")[0] == 200
        taking.close()
        waiting.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        assert waiting.response("GET").status == 200, "one that waited is served once there is room"
    idle.close()
    allow_descriptors(weir, 1024)
    assert weir.chat()[0] == 200


def test_a_full_disk_under_the_log(start, provide):
    provider = provide()
    weir = start("--access-log", "/dev/full", config=configs.single(provider.port))
    for _ in range(20):
        assert weir.chat()[0] == 200
    wait_until(lambda: "cannot be written" in weir.output(), "the log to tell")
    wait_until(lambda: weir.metric("weir_access_log_dropped_total") == 20, "the lost lines to be counted")
