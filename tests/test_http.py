"""HTTP/1.1 on both sides: connections kept, order kept, bodies of any framing and size."""
import json
import threading

import pytest

from harness import config as configs
from harness import raw, wire

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
CHAT = "/v1/chat/completions"


def test_keep_alive_reuses_both_connections(gateway):
    weir, provider = gateway(workers=1)
    with raw.Connection(weir.address) as connection:
        for _ in range(20):
            connection.send(raw.post(CHAT, BODY))
            assert connection.response().status == 200
    assert len(provider.requests) == 20
    assert provider.connections == 1


def test_pipelined_requests_are_answered_in_order(gateway):
    first_may_answer = threading.Event()

    def answer(request, peer):
        if request.json()["model"] == "m0":
            first_may_answer.wait(10)
        peer.send(wire.http_json(wire.openai_answer(request.json()["model"])))

    weir, provider = gateway(answer)
    with raw.Connection(weir.address) as connection:
        for i in range(5):
            connection.send(raw.post(CHAT, BODY.replace('"m"', f'"m{i}"')))
        provider.wait_requests(1)
        first_may_answer.set()
        models = [json.loads(connection.response().body)["model"] for _ in range(5)]
    assert models == [f"m{i}" for i in range(5)]


def test_connection_close_is_honoured(gateway):
    weir, _ = gateway()
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post(CHAT, BODY, [("Connection", "close")]))
        response = connection.response()
        assert (response.status, response.header("connection")) == (200, "close")
        assert connection.closed()


def test_http_1_0_gets_an_answer_it_understands(gateway):
    weir, _ = gateway()
    for extra in ({}, {"stream": True}):
        with raw.Connection(weir.address) as connection:
            connection.send(raw.post(CHAT, json.dumps({**json.loads(BODY), **extra}), version="HTTP/1.0"))
            response = connection.response()
            assert response.status == 200
            assert response.header("transfer-encoding") is None, "HTTP/1.0 knows no chunks"
            assert response.complete and connection.closed()


def test_expect_100_continue(gateway):
    weir, provider = gateway()
    with raw.Connection(weir.address) as connection:
        request = raw.post(CHAT, BODY, [("Expect", "100-continue")])
        head, _, body = request.partition(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        assert connection.response(interim=True).status == 100
        connection.send(body)
        assert connection.response().status == 200
    assert "expect" not in provider.only_request().names()


def test_expect_is_answered_finally_when_the_body_is_too_large(gateway):
    weir, _ = gateway()
    with raw.Connection(weir.address) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999999\r\n\r\n")
        assert connection.response(interim=True).status in (413, 417)
        assert connection.closed()


def test_head_has_no_body(gateway):
    weir, _ = gateway()
    with raw.Connection(weir.address) as connection:
        connection.send(b"HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        first, second = connection.response("HEAD"), connection.response("GET")
    assert first.status in (200, 405)
    assert second.status == 200 and json.loads(second.body)["object"] == "list"


def test_interim_responses_of_a_provider_are_skipped(gateway):
    weir, provider = gateway(lambda request, peer: peer.send(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + wire.http_json(wire.openai_answer())))
    for _ in range(2):
        status, headers, body = weir.chat()
        assert status == 200 and "link" not in headers
        assert json.loads(body) == wire.openai_answer()
    assert len(provider.requests) == 2


@pytest.mark.parametrize("framing", ["length", "chunked", "chunked_with_trailers", "close", "byte_chunks"])
def test_provider_framing_does_not_show(gateway, framing):
    document = json.dumps(wire.openai_answer()).encode()
    answers = {
        "length": wire.http_body(document),
        "chunked": wire.stream_head("application/json") + wire.chunk(document[:10]) + wire.chunk(document[10:]) + wire.LAST_CHUNK,
        "chunked_with_trailers": wire.stream_head("application/json") + wire.chunk(document) + b"0\r\nx-sum: 1\r\n\r\n",
        "close": wire.http(200, [("content-type", "application/json"), ("connection", "close")]) + document,
        "byte_chunks": wire.stream_head("application/json") + b"".join(wire.chunk(bytes([b])) for b in document) + wire.LAST_CHUNK,
    }

    def answer(request, peer):
        peer.send(answers[framing])
        if framing == "close":
            peer.close()

    weir, _ = gateway(answer)
    with raw.Connection(weir.address) as connection:
        for _ in range(2):
            connection.send(raw.post(CHAT, BODY))
            response = connection.response()
            assert response.status == 200 and response.complete
            assert response.body == document
            assert response.header("x-sum") is None


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_of_100_mib(gateway, framing):
    """The largest body that the default limit admits arrives whole, and what it cost is given back."""
    text = "x" * ((100 << 20) - 200)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    assert len(body) <= 100 << 20
    weir, provider = gateway(lambda request, peer: peer.send(wire.http_json(wire.openai_answer(text=str(len(request.body))))))
    weir.chat()
    before = weir.rss_kib()
    headers = [("Transfer-Encoding", "chunked")] if framing == "chunked" else [("Content-Length", str(len(body)))]
    head = "\r\n".join([f"POST {CHAT} HTTP/1.1", "Host: a", "Content-Type: application/json",
                        *(f"{k}: {v}" for k, v in headers)]) + "\r\n\r\n"
    with raw.Connection(weir.address, timeout=100) as connection:
        connection.send(head.encode())
        for start in range(0, len(body), 1 << 20):
            piece = body[start:start + (1 << 20)]
            connection.send(wire.chunk(piece) if framing == "chunked" else piece)
        if framing == "chunked":
            connection.send(wire.LAST_CHUNK)
        response = connection.response()
    assert response.status == 200, response
    assert json.loads(response.body)["choices"][0]["message"]["content"] == str(len(body))
    assert provider.requests[-1].body == body
    growth = weir.rss_kib() - before
    assert growth < 4 * 100 * 1024, f"{growth} KiB for one body of 100 MiB"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_over_the_limit_is_refused(start, provide, framing):
    provider = provide()
    weir = start(config=configs.single(provider.port, extra=[configs.options(limits={"requestBody": "1Mi"})]))
    with raw.Connection(weir.address) as connection:
        if framing == "length":
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n")
        else:
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.send_as_accepted(wire.chunk(b" " * 65536) * 17)
        assert connection.response().status == 413
        assert connection.closed()
    assert provider.requests == []


def test_many_connections_over_all_workers(gateway):
    weir, provider = gateway(workers=2)
    connections = [raw.Connection(weir.address) for _ in range(64)]
    try:
        for _ in range(3):
            for connection in connections:
                connection.send(raw.post(CHAT, BODY))
            assert {connection.response().status for connection in connections} == {200}
    finally:
        for connection in connections:
            connection.close()
    assert len(provider.requests) == 3 * 64


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/chat/completions", 405), ("POST", "/v1/models", 405),
    ("POST", "/nothing/here", 404), ("GET", "/", 404), ("POST", "/v1/chat/completions/", 404)])
def test_what_is_no_operation(gateway, method, path, status):
    weir, provider = gateway()
    got, headers, body = weir.request(method, path, BODY if method == "POST" else None)
    assert got == status
    assert json.loads(body)["error"]["message"] and headers["x-request-id"]
    assert status != 405 or headers.get("allow")
    assert provider.requests == []


@pytest.mark.parametrize("body", ["", "{", "[]", '"m"', "{}", '{"model":""}', '{"model":7}', '{"model":null}',
                                  '{"model":"m","model":"m","messages":[]}', '{"messages":[]}', '{"model":"m"} x',
                                  '{"model":"m","messages":[],}', '{"model":"\\ud800"}', '{"model":"m","x":01}'])
def test_bodies_that_cannot_be_served_are_400(gateway, body):
    weir, provider = gateway()
    status, _, answer = weir.request("POST", CHAT, body)
    assert status == 400, answer
    assert json.loads(answer)["error"]["message"]
    assert provider.requests == []
