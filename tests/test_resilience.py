"""Retries, health, circuit breakers, affinity and the limits of streams, as policies say them."""
import json
import threading
import time

import pytest

from test_http2_providers import http2_provider  # noqa: F401 (a fixture)

from harness import config as configs
from harness import raw, wire
from harness.weir import wait_until

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def policy(kind="BackendTrafficPolicy", name="policy", **spec):
    group = "weir.dev" if kind == "ResiliencePolicy" else "gateway.envoyproxy.io"
    return configs.document(f"{group}/v1alpha1", kind, name, {
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIGatewayRoute", "name": "route"}], **spec})


@pytest.fixture
def pair(start, provide):
    """pair(first, second, policies…) → (weir, first, second): two backends, the second a fallback unless `equal`."""
    def start_pair(first, second=None, *policies, equal=False, **rule_fields):
        one, two = provide(first), provide(second)
        refs = [{"name": "one"}, {"name": "two", **({} if equal else {"priority": 1})}]
        return start(config=configs.join(configs.route(configs.rule(refs, **rule_fields)), *configs.provider("one", one.port),
                                         *configs.provider("two", two.port), *policies)), one, two
    return start_pair


def status(code, **headers):
    def answer(request, peer):
        peer.send(wire.http_json({"error": {"message": "no", "type": "t"}}, code, headers=[(k.replace("_", "-"), v) for k, v in headers.items()]))
    return answer


def text_of(response):
    events = [line[5:].strip() for line in response.body.decode().split("\n") if line.startswith("data:")]
    assert events[-1] == "[DONE]", response.body
    return "".join(c["delta"].get("content") or "" for e in events[:-1] for c in json.loads(e).get("choices", []))


def stream(weir, **headers):
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps({**BODY, "stream": True}), headers=list(headers.items())))
        return connection.response()


def test_attempts_are_told_to_the_client_and_the_log(pair):
    weir, one, two = pair(status(503))
    code, headers, _ = weir.chat()
    assert code == 200 and headers["x-weir-attempts"] == "2"
    line = weir.access_log(1)[0]
    assert line["weir.attempts"] == 2 and line["weir.attempt_list"] == "default/one: upstream.error (503), default/two: ok"
    assert line["weir.backend"] == "default/two"
    assert weir.metric("weir_retries_total", route="default/route") == 1
    assert "x-weir-attempts" not in pair(None)[0].chat()[1], "one attempt is not worth a header"


def test_each_attempt_has_its_own_translation_and_credential(start, provide):
    one, two = provide(status(529)), provide()
    weir = start(config=configs.join(configs.route(configs.rule([{"name": "one", "modelNameOverride": "first-model"},
                                                                 {"name": "two", "priority": 1, "modelNameOverride": "second-model"}])),
                                     *configs.provider("one", one.port), *configs.provider("two", two.port, "Anthropic")))
    code, _, body = weir.chat()
    assert code == 200 and json.loads(body)["choices"][0]["message"]["content"] == wire.ANSWER
    first, second = one.only_request(), two.only_request()
    assert first.json()["model"] == "first-model" and first.header("authorization") and not first.header("x-api-key")
    assert second.path == "/v1/messages" and second.json()["model"] == "second-model"
    assert second.header("x-api-key") and not second.header("authorization")


def test_edits_of_a_second_attempt_are_of_its_own_request(pair):
    """While an attempt waits other requests are parsed; the next attempt must edit its own body, not theirs."""
    weir, one, two = pair(status(500))
    results = []

    def ask(i):
        body = {"filler": "x" * (i % 7) * 100, "model": f"model-{i}", "stream": True, "messages": [{"role": "user", "content": f"question {i}"}]}
        code, _, text = weir.request("POST", "/v1/chat/completions", body)
        results.append((code, text))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    # The budget lets three retry at once whatever happens; those that did must have arrived whole.
    assert sum(code == 200 for code, _ in results) >= 3
    for request in two.requests:
        body = request.json()
        assert body["model"][6:] == body["messages"][0]["content"][9:] and body["stream_options"] == {"include_usage": True}


# Upstream's examples/provider_fallback.
FALLBACK = {"retry": {"numAttemptsPerPriority": 1, "numRetries": 5, "perRetry": {"backOff": {"baseInterval": "10ms", "maxInterval": "50ms"}, "timeout": "30s"},
                      "retryOn": {"httpStatusCodes": [500], "triggers": ["connect-failure", "retriable-status-codes"]}},
            "healthCheck": {"passive": {"baseEjectionTime": "30s", "interval": "2s", "maxEjectionPercent": 100, "consecutive5XxErrors": 1,
                                        "consecutiveGatewayErrors": 0, "consecutiveLocalOriginFailures": 1, "splitExternalLocalOriginErrors": False}}}


def test_upstreams_provider_fallback(pair):
    weir, one, two = pair(status(500), None, policy(**FALLBACK))
    code, headers, _ = weir.chat()
    assert code == 200 and headers["x-weir-attempts"] == "2"
    for _ in range(5):
        code, headers, _ = weir.chat()
        assert code == 200 and "x-weir-attempts" not in headers, "the first is ejected: nobody asks it"
    assert len(one.requests) == 1 and len(two.requests) == 6
    assert weir.metric("weir_endpoint_healthy", backend="default/one") == 0
    assert weir.metric("weir_endpoint_ejections_total", backend="default/one") == 1


def test_retries_go_round_the_priorities_and_end(pair):
    weir, one, two = pair(status(500), status(500), policy(retry=FALLBACK["retry"]))
    code, headers, _ = weir.chat()
    assert code == 500 and headers["x-weir-attempts"] == "6"
    assert len(one.requests) == 3 and len(two.requests) == 3


def test_a_status_that_the_policy_does_not_name_is_not_retried(pair):
    weir, one, two = pair(status(503), None, policy(retry=FALLBACK["retry"]))
    assert weir.chat()[0] == 503 and not two.requests


@pytest.mark.parametrize("wait, code", [(1, 200), (90, 429)], ids=["short", "long"])
def test_retry_after_is_waited_for_if_it_is_short(pair, wait, code):
    seen = []

    def answer(request, peer):
        seen.append(time.monotonic())
        (status(429, retry_after=wait) if len(seen) == 1 else wire.answer)(request, peer)

    weir, one, _ = pair(answer, None, policy(retry={"numRetries": 1, "retryOn": {"httpStatusCodes": [429]}}))
    got, headers, _ = weir.chat()
    assert got == code
    if wait == 1:
        assert seen[1] - seen[0] >= 0.99
    else:
        assert len(seen) == 1 and headers["retry-after"] == "90"


def test_a_wait_for_a_retry_ends_when_the_client_leaves(pair):
    weir, one, two = pair(status(429, retry_after=2), None, policy(retry={"numRetries": 1, "retryOn": {"httpStatusCodes": [429]}}))
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps(BODY)))
        one.wait_requests(1)
    assert weir.access_log(1)[0]["error.type"] == "http.client_gone"
    assert len(one.requests) == 1


def test_an_open_circuit_refuses_at_once(pair):
    release = threading.Event()
    weir, one, _ = pair(lambda request, peer: (release.wait(20), wire.answer(request, peer)), None,
                        policy(circuitBreaker={"maxParallelRequests": 1}))
    waiting = threading.Thread(target=weir.chat)
    waiting.start()
    one.wait_requests(1)
    code, headers, body = weir.chat()
    assert code == 503 and headers["retry-after"] == "1" and json.loads(body)["error"]["code"] == "upstream.overflow"
    assert weir.metric("weir_circuit_overflows_total") == 1
    release.set()
    waiting.join()
    assert weir.chat()[0] == 200, "and closes again"


def test_a_session_keeps_its_backend(pair):
    balancer = {"type": "ConsistentHash", "consistentHash": {"type": "Header", "header": {"name": "x-session"}}}
    weir, one, two = pair(None, None, policy(loadBalancer=balancer), equal=True)
    home = {}
    for turn in range(3):
        for session in range(12):
            weir.chat(headers={"x-session": f"session-{session}"})
            backend = weir.access_log(turn * 12 + session + 1)[-1]["weir.backend"]
            assert home.setdefault(session, backend) == backend
    assert len(set(home.values())) == 2, "and sessions are spread"


def test_a_cookie_is_given_to_who_has_none(pair):
    balancer = {"type": "ConsistentHash", "consistentHash": {"type": "Cookie", "cookie": {"name": "weir", "ttl": "60s"}}}
    weir, _, _ = pair(None, None, policy(loadBalancer=balancer), equal=True)
    cookie = weir.chat()[1]["set-cookie"]
    assert cookie.startswith("weir=") and "Max-Age=60" in cookie
    assert "set-cookie" not in weir.chat(headers={"cookie": cookie.split(";")[0]})[1]


def test_active_checks_keep_traffic_away(pair):
    def unwell(request, peer):
        status(503)(request, peer) if request.path == "/health" else wire.answer(request, peer)

    weir, one, two = pair(unwell, lambda r, p: p.send(wire.http_json({})) if r.path == "/health" else wire.answer(r, p),
                          policy(healthCheck={"active": {"type": "HTTP", "interval": "100ms", "http": {"path": "/health"}}}))
    wait_until(lambda: weir.metric("weir_endpoint_healthy", backend="default/one") == 0, "the endpoint to be found unwell")
    assert weir.chat()[0] == 200
    assert weir.access_log(1)[0]["weir.backend"] == "default/two"
    assert weir.access_log(1)[0]["weir.attempts"] == 1


def test_an_endpoint_that_joins_gets_its_share_by_and_by(start, provide):
    """Two endpoints are there from the beginning, a reload adds a third: a tenth of its share at first."""
    window = 3.0
    providers = [provide() for _ in range(3)]

    def config(count):
        addresses = [{"ip": {"address": "127.0.0.1", "port": p.port}} for p in providers[:count]]
        _, backend, credential, secret = configs.provider("provider", 1)
        return configs.join(configs.route(configs.rule("provider")), backend, credential, secret,
                            configs.document("gateway.envoyproxy.io/v1alpha1", "Backend", "provider", {"endpoints": addresses}),
                            policy(loadBalancer={"type": "RoundRobin", "slowStart": {"window": f"{window:.0f}s"}}))

    def ask(count):
        before = [len(p.requests) for p in providers]
        for _ in range(count):
            assert weir.chat()[0] == 200
        return [len(p.requests) - n for p, n in zip(providers, before)]

    weir = start(config=config(2))
    assert min(ask(20)[:2]) >= 8, "those that were there together are alike (each worker takes its own turns)"
    first_seen = time.monotonic()
    wait_until(lambda: time.monotonic() > first_seen + window, "the first two to have their whole share")
    (weir.folder / "config.yaml").write_text(config(3))
    wait_until(lambda: weir.metric("weir_config_generation") >= 2, "the third endpoint")
    assert ask(60)[2] < 14, "not the 20 of a whole share"
    joined = time.monotonic()
    wait_until(lambda: time.monotonic() > joined + window, "the third to have its whole share")
    assert min(ask(60)) >= 17


def test_grpc_checks_keep_traffic_away(pair, http2_provider):
    """One endpoint's gRPC server says NOT_SERVING, then SERVING. The check goes to a port of its own, in HTTP/2."""
    serving = threading.Event()

    def check(call):
        assert call.head[b":path"] == b"/grpc.health.v1.Health/Check" and call.head[b"te"] == b"trailers"
        assert call.head[b"content-type"] == b"application/grpc" and call.body == b"\0\0\0\0\x08\x0a\x06models"
        call.begin({"content-type": "application/grpc"})
        call.send(b"\0\0\0\0\2\x08" + (b"\1" if serving.is_set() else b"\2"))
        call.link.connection.send_headers(call.number, [("grpc-status", "0")], end_stream=True)
        call.link.flush()

    health = http2_provider(check)
    weir, one, two = pair(None, None, policy(healthCheck={"panicThreshold": 0, "active": {
        "type": "GRPC", "interval": "100ms", "grpc": {"service": "models"}, "overrides": {"port": health.port}}}))
    wait_until(lambda: weir.metric("weir_endpoint_healthy") == 0, "both to be found unwell")
    assert weir.chat()[0] == 503
    serving.set()
    wait_until(lambda: weir.metric("weir_endpoint_healthy") == 2, "both to be well again")
    assert weir.chat()[0] == 200 and not two.requests


def test_what_does_not_speak_grpc_is_unwell(pair, http2_provider):
    other = http2_provider()
    weir, _, _ = pair(None, None, policy(healthCheck={"panicThreshold": 0, "active": {
        "type": "GRPC", "interval": "100ms", "overrides": {"port": other.port}}}))
    wait_until(lambda: weir.metric("weir_endpoint_healthy") == 0, "both to be found unwell")
    assert weir.chat()[0] == 503


def test_a_provider_that_begins_and_says_nothing_is_replaced_unseen(pair):
    def silent(request, peer):
        peer.send(wire.stream_head() + wire.chunk(next(iter(wire.events(request)))))
        peer.wait_closed(20)

    weir, one, two = pair(silent, None, policy("ResiliencePolicy", streams={"firstToken": "300ms"}))
    response = stream(weir)
    assert response.status == 200 and text_of(response) == wire.ANSWER
    assert response.header("x-weir-attempts") == "2"
    assert response.body.count(b'"role"') == 1, "nothing of the first one was seen"
    assert "upstream.first_token_timeout" in weir.access_log(1)[0]["weir.attempt_list"]


def test_what_a_discarded_attempt_reported_is_counted(start, provide):
    def counts_and_dies(request, peer):
        peer.send(wire.stream_head() + wire.chunk(next(iter(wire.anthropic_events()))))
        peer.close()

    one, two = provide(counts_and_dies), provide()
    weir = start(config=configs.join(configs.route(configs.rule([{"name": "one"}, {"name": "two", "priority": 1}])),
                                     *configs.provider("one", one.port, "Anthropic"), *configs.provider("two", two.port, "Anthropic")))
    for path in "/v1/messages", "/v1/chat/completions":
        code, _, _ = weir.request("POST", path, {**BODY, "max_tokens": 9, "stream": True})
        assert code == 200
    for line in weir.access_log(2):
        assert line["weir.attempt_list"] == "default/one: upstream.truncated, default/two: ok"
        assert line["weir.discarded.input_tokens"] == 7 and line["weir.discarded.output_tokens"] == 1 and "weir.discarded.estimated" not in line
        assert line["gen_ai.usage.input_tokens"] == 14 and line["gen_ai.usage.output_tokens"] == 6


def test_silence_between_events_has_a_limit_of_its_own(pair):
    def falls_silent(request, peer):
        peer.send(wire.stream_head() + b"".join(wire.chunk(e) for e in list(wire.events(request))[:3]))
        peer.wait_closed(20)

    weir, _, two = pair(falls_silent, None, policy("ResiliencePolicy", streams={"eventIdle": "300ms"}))
    started = time.monotonic()
    response = stream(weir)
    assert time.monotonic() - started < 10
    assert b'"error"' in response.body and b"[DONE]" not in response.body and not two.requests


def test_a_waiting_client_is_kept_alive(pair):
    def slow(request, peer):
        if peer.wait_closed(0.7) is None:
            wire.answer(request, peer)

    weir, _, _ = pair(slow, None, policy("ResiliencePolicy", streams={"keepAlive": "150ms"}))
    response = stream(weir)
    assert response.status == 200 and response.body.startswith(b": keep-alive\n\n") and text_of(response) == wire.ANSWER


def test_after_a_comment_another_provider_can_still_answer(pair):
    def dies(request, peer):
        peer.wait_closed(0.5)
        peer.close()

    weir, _, two = pair(dies, None, policy("ResiliencePolicy", streams={"keepAlive": "150ms"}))
    response = stream(weir)
    assert response.body.startswith(b": keep-alive\n\n") and text_of(response) == wire.ANSWER
    assert len(two.requests) == 1


def test_after_a_comment_a_failure_is_an_error_event(pair):
    def dies(request, peer):
        peer.wait_closed(0.5)
        peer.close()

    weir, _, _ = pair(dies, status(500), policy("ResiliencePolicy", streams={"keepAlive": "150ms"}))
    response = stream(weir)
    events = [line[5:] for line in response.body.decode().split("\n") if line.startswith("data:")]
    assert response.status == 200 and response.complete and len(events) == 1 and "error" in json.loads(events[0])
