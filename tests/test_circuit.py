"""Circuit breakers of BackendTrafficPolicy whose connections are all in use: who waits, who is refused, who is forgotten."""
import json
import threading
import time

import pytest
from test_resilience import BODY, pair, policy, stream, text_of  # noqa: F401 (pair is a fixture)

from harness import raw, wire
from harness.weir import wait_until


class Gate:
    """Answers one request for each permit; counts how many are inside at once."""

    def __init__(self):
        self.permits, self.lock, self.inside, self.most = threading.Semaphore(0), threading.Lock(), 0, 0

    def __call__(self, request, peer):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.permits.acquire(timeout=20)
        with self.lock:
            self.inside -= 1
        wire.answer(request, peer)


def breaker(**fields):
    return policy(circuitBreaker=fields)


def ask(weir, results, word="hi", **named):
    body = {"model": "m", "messages": [{"role": "user", "content": word}]}
    thread = threading.Thread(target=lambda: results.append((word, *weir.request("POST", "/v1/chat/completions", body, **named))))
    thread.start()
    return thread


def pending(weir):
    return weir.metric("weir_circuit_pending")


@pytest.mark.parametrize("limit", [{"maxConnections": 1}, {"perEndpoint": {"maxConnections": 1}}], ids=["rule", "endpoint"])
def test_attempts_wait_for_a_connection_in_their_order(pair, limit):
    gate = Gate()
    weir, one, two = pair(gate, None, breaker(**limit, maxPendingRequests=3))
    threads = [ask(weir, results := [], "0")]
    one.wait_requests(1)
    for number in range(1, 4):
        threads.append(ask(weir, results, str(number)))
        wait_until(lambda: pending(weir) == number, f"{number} to wait")
    started = time.monotonic()
    code, headers, body = weir.chat()
    assert code == 503 and headers["retry-after"] == "1" and json.loads(body)["error"]["code"] == "upstream.overflow"
    assert time.monotonic() - started < 5, "refused at once"
    assert weir.metric("weir_circuit_overflows_total") == 1
    for _ in threads:
        gate.permits.release()
    for thread in threads:
        thread.join(20)
    assert [code for _, code, _, _ in results] == [200] * 4
    assert [json.loads(r.body)["messages"][0]["content"] for r in one.requests] == ["0", "1", "2", "3"], "who came first went first"
    assert gate.most == 1 and not two.requests
    assert pending(weir) == 0 and weir.metric("weir_circuit_queued_total") == 3
    assert weir.metric("weir_circuit_attempts_active") == 0


def test_nobody_waits_where_nobody_may(pair):
    gate = Gate()
    weir, one, _ = pair(gate, None, breaker(maxConnections=1, maxPendingRequests=0))
    thread = ask(weir, results := [])
    one.wait_requests(1)
    assert weir.chat()[0] == 503
    gate.permits.release()
    thread.join(20)
    assert results[0][1] == 200 and len(one.requests) == 1


def test_who_leaves_waits_no_more(pair):
    gate = Gate()
    weir, one, _ = pair(gate, None, breaker(maxConnections=1))
    threads = [ask(weir, results := [], "0")]
    one.wait_requests(1)
    with raw.Connection(weir.address) as impatient:
        impatient.send(raw.post("/v1/chat/completions", json.dumps(BODY)))
        wait_until(lambda: pending(weir) == 1, "it to wait")
        threads.append(ask(weir, results, "2"))
        wait_until(lambda: pending(weir) == 2, "another one behind it")
    wait_until(lambda: pending(weir) == 1, "it to be gone")
    for _ in threads:
        gate.permits.release()
    for thread in threads:
        thread.join(20)
    assert [json.loads(r.body)["messages"][0]["content"] for r in one.requests] == ["0", "2"]
    gone = [line for line in weir.access_log(3) if line.get("error.type") == "http.client_gone"]
    assert len(gone) == 1


def test_waiting_ends_with_the_time_for_the_request(pair):
    gate = Gate()
    weir, one, _ = pair(gate, None, breaker(maxConnections=1), timeouts={"request": "600ms"})
    thread = ask(weir, results := [])
    one.wait_requests(1)
    started = time.monotonic()
    code, headers, body = weir.chat()
    assert 0.5 < time.monotonic() - started < 10
    assert code == 503 and json.loads(body)["error"]["code"] == "upstream.overflow" and headers["retry-after"]
    assert pending(weir) == 0
    gate.permits.release()
    thread.join(20)


def test_a_stream_that_waits_is_kept_alive(pair):
    gate = Gate()
    weir, one, _ = pair(gate, None, breaker(maxConnections=1), policy("ResiliencePolicy", "alive", streams={"keepAlive": "100ms"}))
    thread = ask(weir, results := [])
    one.wait_requests(1)
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps({**BODY, "stream": True})))
        wait_until(lambda: pending(weir) == 1, "it to wait")
        head = b""
        while b": keep-alive" not in head:
            head += connection.socket.recv(4096)
        connection.buffer = head
        gate.permits.release()
        gate.permits.release()
        response = connection.response()
    assert response.status == 200 and text_of(response) == wire.ANSWER
    thread.join(20)


def test_the_limit_holds_among_workers(pair):
    """Many clients on several workers: never more than the limit at the provider, and everybody is served."""
    gate = Gate()
    weir, one, _ = pair(gate, None, breaker(maxConnections=3))
    threads = [ask(weir, results := [], "0")] + [ask(weir, results, str(i)) for i in range(1, 24)]
    wait_until(lambda: pending(weir) == 21, "the others to wait")
    for _ in threads:
        gate.permits.release()
    for thread in threads:
        thread.join(30)
    assert [code for _, code, _, _ in results] == [200] * 24
    assert gate.most == 3
    assert pending(weir) == 0
