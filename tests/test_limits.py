"""Limits on the real binary: what is admitted never exceeds them, what is counted is what the provider charged."""
import collections
import concurrent.futures
import json
import socket

import openai
import pytest

from harness import config as configs
from harness import raw
from harness.limits import COSTS, USER, LedgerMock, TestClock, chat, governed, limit, limits, policy, settings, settled, storm
from harness.weir import ROOT, run, wait_until

EXAMPLE = ROOT / "examples/token-limits"


@pytest.fixture
def mock(start_child):
    return LedgerMock(start_child)


# --- one request after the other ----------------------------------------------------------------------------------------

def test_settles_to_the_token_and_says_what_is_left(start, mock):
    weir = start(config=governed(mock.port, limit(1000)))
    status, headers, body = chat(weir, words=10, max_tokens=50)
    usage = json.loads(body)["usage"]
    assert status == 200
    assert headers["x-ratelimit-limit-tokens"] == "1000"
    assert 1000 - 50 - 100 < int(headers["x-ratelimit-remaining-tokens"]) < 1000 - 50  # with what it reserved
    assert headers["x-ratelimit-reset-tokens"].endswith("s")
    assert settled(weir)["used"] == usage["total_tokens"]
    line = weir.access_log()[0]
    assert line["weir.limit.rule"] == "default/limits rule rule"
    assert line["weir.limit.charged"] == usage["total_tokens"]
    assert line["weir.limit.reserved"] >= line["weir.limit.charged"]
    assert line["weir.limit.remaining"] == 1000 - usage["total_tokens"]
    assert weir.metric("weir_limit_used", rule="rule") == usage["total_tokens"]
    assert weir.metric("weir_limit", rule="rule") == 1000


def test_refuses_what_does_not_fit_and_admits_what_does(start, mock):
    weir = start(config=governed(mock.port, limit(300)))
    assert chat(weir, max_tokens=100)[0] == 200
    status, headers, body = chat(weir, max_tokens=280)
    error = json.loads(body)["error"]
    assert status == 429
    assert error["code"] == "rate_limit_exceeded" and error["type"] == "rate_limit_error"
    assert "default/limits rule rule" in error["message"] and "300 tokens per hour" in error["message"]
    assert 1 <= int(headers["retry-after"]) <= 3600
    assert headers["x-ratelimit-limit-tokens"] == "300"
    assert chat(weir, max_tokens=100)[0] == 200
    status, headers, body = chat(weir, max_tokens=301)
    assert status == 429 and "never fits" in json.loads(body)["error"]["message"]
    assert weir.metric("weir_limit_rejected_total", rule="rule") == 2


def test_an_assumed_output_alone_refuses_nothing(start, mock):
    weir = start(config=governed(mock.port, limit(100)))
    assert chat(weir)[0] == 200  # 1,024 tokens would be assumed, a tenth of the limit is reserved


@pytest.mark.parametrize("path, error", [
    ("/v1/chat/completions", lambda e: e["error"]["type"] == "rate_limit_error"),
    ("/v1/messages", lambda e: e["type"] == "error" and e["error"]["type"] == "rate_limit_error")])
def test_refusal_speaks_the_clients_dialect(start, mock, path, error):
    weir = start(config=governed(mock.port, limit(10)))
    body = {"model": "gpt-4o", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
    status, _, answer = weir.request("POST", path, body)
    assert status == 429 and error(json.loads(answer)), answer


def test_requests_are_counted_too(start, mock):
    weir = start(config=governed(mock.port, limit(2, key=None, request=1)))
    _, headers, _ = chat(weir)
    assert headers["x-ratelimit-limit-requests"] == "2" and headers["x-ratelimit-remaining-requests"] == "1"
    assert chat(weir)[0] == 200
    status, headers, body = chat(weir)
    assert status == 429 and headers["x-ratelimit-remaining-requests"] == "0"
    assert "2 requests per hour" in json.loads(body)["error"]["message"]


def test_distinct_values_count_apart_and_are_shown_as_hashes(start, mock):
    weir = start(config=governed(mock.port, limit(300, headers=[USER])))
    assert chat(weir, max_tokens=250, user="ada", headers={"x-mock-usage": "input=10,output=250"})[0] == 200
    assert chat(weir, max_tokens=250, user="ada")[0] == 429
    assert chat(weir, max_tokens=250, user="bob")[0] == 200
    status, _, _ = weir.chat(max_tokens=5000)  # without the header the rule does not select it
    assert status == 200
    entry = settled(weir)
    assert entry["keys"] == 2 and entry["usage"][0]["used"] == 260
    assert "ada" not in json.dumps(entry) and "value" not in entry["usage"][0]


def test_values_are_shown_where_that_is_asked_for(start, mock):
    weir = start(config=governed(mock.port, limit(300, headers=[USER]), extra=[settings(distinct={"showKeys": True})]))
    chat(weir, user="ada")
    assert settled(weir)["usage"][0]["value"] == "ada"


def test_models_tell_rules_apart(start, mock):
    rules = [limit(200, name="dear", headers=[{"name": "x-ai-eg-model", "value": "gpt-4"}]),
             limit(1000, name="cheap", headers=[{"name": "x-ai-eg-model", "type": "RegularExpression", "value": "gpt-3.*"}])]
    weir = start(config=governed(mock.port, *rules))
    assert chat(weir, max_tokens=250, model="gpt-4", headers={"x-ai-eg-model": "gpt-3.5-turbo"})[0] == 429
    assert chat(weir, max_tokens=250, model="gpt-3.5-turbo")[0] == 200
    assert chat(weir, max_tokens=2000, model="other")[0] == 200


@pytest.mark.parametrize("key, charged", [("input", 100), ("output", 20), ("total", 120), ("weighted", 160)])
def test_costs(start, mock, key, charged):
    weir = start(config=governed(mock.port, limit(100_000, key=key)))
    chat(weir, headers={"x-mock-usage": "input=100,output=20"})
    assert settled(weir)["used"] == charged


def test_a_cost_that_cannot_be_evaluated_is_the_total(start, mock):
    weir = start(config=governed(mock.port, limit(100_000, key="fragile")))
    chat(weir, headers={"x-mock-usage": "input=13,output=20"})
    assert settled(weir)["used"] == 33
    assert "cannot be evaluated" in weir.output()


def test_streams_settle_with_their_usage(start, mock):
    weir = start(config=governed(mock.port, limit(1000)))
    status, headers, body = chat(weir, stream=True, max_tokens=50)
    assert status == 200 and b"[DONE]" in body and b'"usage":{' not in body
    assert int(headers["x-ratelimit-remaining-tokens"]) < 1000
    line = mock.ledger()["lines"][0]
    assert settled(weir)["used"] == line["input"] + line["output"]


def test_anthropic_client_with_an_openai_provider(start, mock):
    weir = start(config=governed(mock.port, limit(1000)))
    body = {"model": "gpt-4o", "max_tokens": 40, "stream": True, "messages": [{"role": "user", "content": "Hello there"}]}
    status, _, _ = weir.request("POST", "/v1/messages", body)
    line = mock.ledger()["lines"][0]
    assert status == 200 and settled(weir)["used"] == line["input"] + line["output"]


def test_a_providers_error_costs_nothing(start, mock):
    weir = start(config=governed(mock.port, limit(1000), ))
    assert chat(weir, headers={"x-mock-status": "500"}, max_tokens=100)[0] == 500
    assert chat(weir, headers={"x-mock-status": "400"}, max_tokens=100)[0] == 400
    assert settled(weir)["used"] == 0


def test_an_unreachable_provider_costs_nothing(start):
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # bound and not listening: refuses
    weir = start(config=governed(closed.getsockname()[1], limit(1000)))
    assert chat(weir, max_tokens=100)[0] == 502
    assert settled(weir)["used"] == 0
    closed.close()


def test_a_stream_that_breaks_costs_what_was_produced(start, mock):
    weir = start(config=governed(mock.port, limit(10_000)))
    headers = {"x-mock-events": "100", "x-mock-cut-after": "40", "x-mock-text": "word"}
    status, _, body = chat(weir, stream=True, max_tokens=500, headers=headers)
    assert status == 200 and b'"error"' in body
    entry = settled(weir)
    line = weir.access_log()[0]
    produced = body.count(b'"content":')
    assert line["weir.limit.estimated"] is True and line["weir.limit.charged"] == entry["used"]
    assert abs(entry["used"] - produced) < 25  # and the prompt's few tokens


def test_a_client_that_leaves_pays_what_was_produced(start, mock):
    weir = start(config=governed(mock.port, limit(10_000)))
    body = json.dumps({"model": "m", "stream": True, "max_tokens": 3000, "messages": [{"role": "user", "content": "Hi"}]})
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", body, [("x-mock-events", "2000"), ("x-mock-pace-ms", "5")]))
        assert connection.head()[1] == 200
        for _ in range(10):
            connection.chunk()
    entry = settled(weir)
    assert 5 < entry["used"] < 1000
    assert weir.access_log()[0]["weir.limit.estimated"] is True


def test_retries_keep_one_reservation(start, provide, mock):
    broken = provide(lambda request, peer: peer.reset())
    config = configs.join(
        configs.route(configs.rule([{"name": "broken", "priority": 0}, {"name": "provider", "priority": 1}]), llmRequestCosts=COSTS),
        *configs.provider("broken", broken.port), *configs.provider("provider", mock.port), policy(limit(300)))
    weir = start(config=config)
    status, _, body = chat(weir, max_tokens=250)
    assert status == 200
    assert settled(weir)["used"] == json.loads(body)["usage"]["total_tokens"]


def test_shadow_mode_counts_and_admits(start, mock):
    weir = start(config=governed(mock.port, limit(10, shadowMode=True)))
    assert chat(weir, max_tokens=100)[0] == 200
    assert settled(weir)["used"] > 0
    assert weir.metric("weir_limit_shadow_rejected_total", rule="rule") == 1


def test_afterwards_is_upstreams_way(start, mock):
    weir = start(config=governed(mock.port, limit(50), extra=[settings(enforcement="afterwards")]))
    assert chat(weir, max_tokens=500, headers={"x-mock-usage": "input=10,output=90"})[0] == 200
    assert settled(weir)["used"] == 100
    assert chat(weir)[0] == 429


def test_a_reload_keeps_the_counters(start, mock, folder):
    weir = start(config=governed(mock.port, limit(300)))
    chat(weir, max_tokens=100, headers={"x-mock-usage": "input=10,output=90"})
    assert settled(weir)["used"] == 100
    (folder / "weir-0/config.yaml").write_text(governed(mock.port, limit(150), limit(5, name="new", key=None, request=1)))
    wait_until(lambda: "new" in limits(weir), "the reload")
    assert settled(weir)["used"] == 100 and settled(weir)["limit"] == 150
    assert chat(weir, max_tokens=100)[0] == 429


# --- quotas of backends -------------------------------------------------------------------------------------------------

def quota(*quotas, backend="provider", service=None):
    spec = {"targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": backend}]}
    if quotas:
        spec["perModelQuotas"] = [{"modelName": model, "quota": q} for model, q in quotas]
    if service:
        spec["serviceQuota"] = {"quota": {"limit": service, "duration": "1h"}}
    return configs.document("aigateway.envoyproxy.io/v1alpha1", "QuotaPolicy", f"quota-{backend}", spec)


def test_quota_of_a_backend(start, mock):
    config = configs.join(configs.route(configs.rule("provider")), *configs.provider("provider", mock.port),
                          quota(("gpt-4o", {"defaultBucket": {"limit": 300, "duration": "1h"}}), service=1000))
    weir = start(config=config)
    assert chat(weir, max_tokens=250, headers={"x-mock-usage": "input=10,output=240"})[0] == 200
    status, headers, body = chat(weir, max_tokens=250)
    assert status == 429 and "quota-provider" in json.loads(body)["error"]["message"]
    assert int(headers["retry-after"]) > 0
    assert chat(weir, max_tokens=700, model="another", headers={"x-mock-usage": "input=10,output=690"})[0] == 200
    assert chat(weir, max_tokens=700, model="another")[0] == 429


def test_another_backend_has_quota_left(start, mock):
    config = configs.join(
        configs.route(configs.rule([{"name": "first", "priority": 0}, {"name": "second", "priority": 1}])),
        *configs.provider("first", mock.port), *configs.provider("second", mock.port),
        quota(("gpt-4o", {"defaultBucket": {"limit": 300, "duration": "1h"}}), backend="first"))
    weir = start(config=config)
    for _ in range(3):
        assert chat(weir, max_tokens=250, headers={"x-mock-usage": "input=10,output=240"})[0] == 200
    assert sorted(line["weir.backend"] for line in weir.access_log(3)) == ["default/first", "default/second", "default/second"]
    assert limits(weir)["default"]["used"] == 250


def test_buckets_of_a_quota_share(start, mock):
    premium = {"clientSelectors": [{"headers": [{"name": "x-tier", "value": "premium"}]}], "quota": {"limit": 600, "duration": "1h"}}
    config = configs.join(configs.route(configs.rule("provider")), *configs.provider("provider", mock.port),
                          quota(("gpt-4o", {"defaultBucket": {"limit": 300, "duration": "1h"}, "bucketRules": [premium]})))
    weir = start(config=config)
    usage = {"x-mock-usage": "input=10,output=240"}
    assert chat(weir, max_tokens=250, headers=usage)[0] == 200
    assert chat(weir, max_tokens=250, headers=usage)[0] == 429
    assert chat(weir, max_tokens=250, headers={"x-tier": "premium", **usage})[0] == 200
    assert chat(weir, max_tokens=250, headers={"x-tier": "premium", **usage})[0] == 200
    assert chat(weir, max_tokens=250, headers={"x-tier": "premium", **usage})[0] == 429
    found = limits(weir)
    assert (found["default"]["used"], found["0"]["used"]) == (750, 500)  # every bucket is charged


# --- concurrency: a test of truth ---------------------------------------------------------------------------------------

@pytest.mark.timeout(300)
def test_truth_under_concurrency(start, mock):
    total, each = 40_000, 12_000
    rules = [limit(total, unit="Day", name="everybody"), limit(each, unit="Day", name="each", headers=[USER])]
    weir = start(config=governed(mock.port, *rules))
    statuses = collections.Counter(storm([weir], clients=200, exchanges=3000))
    entry, apart = settled(weir, "everybody"), settled(weir, "each")
    lines = weir.access_log(3000, timeout=60)
    charged = {line["request_id"]: line.get("weir.limit.charged", 0) for line in lines}
    estimated = {line["request_id"] for line in lines if line.get("weir.limit.estimated")}
    ledger = {line["id"]: line for line in mock.ledger()["lines"]}

    assert statuses[429] > 100 and statuses[200] > 100, statuses  # the limits were reached
    assert entry["used"] <= total and all(key["used"] <= each for key in apart["usage"])
    # The provider never charged more than the limit, whole answers and broken streams together; an answer that failed whole
    # costs the client nothing.
    assert sum(line["input"] + min(line["output"], max(line["sent"], line["output"] if line["complete"] else 0))
               for identity, line in ledger.items() if charged[identity] > 0) <= total
    # What was charged is what the provider says, to the token, wherever it could say it.
    for identity, line in ledger.items():
        if identity not in estimated and line["complete"]:
            assert charged[identity] == line["input"] + line["output"], identity
    assert entry["used"] == apart["used"]
    known = sum(charged[i] for i in ledger if i not in estimated)
    assert entry["used"] >= known
    assert entry["rejected"] + apart["rejected"] == sum(1 for line in lines if line.get("error.type") == "quota.exhausted")


def test_a_burst_admits_no_more_than_the_limit(start, mock):
    """A hundred requests of 50 against a limit of 500, all before the first one settles."""
    weir = start(config=governed(mock.port, limit(500, key="output")))
    def one(_):
        return chat(weir, max_tokens=50, headers={"x-mock-delay-ms": "300", "x-mock-usage": "input=1,output=50"})[0]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        statuses = collections.Counter(pool.map(one, range(100)))
    assert statuses == {200: 10, 429: 90}
    assert settled(weir)["used"] == 500


# --- restarts -----------------------------------------------------------------------------------------------------------

def test_counters_survive_a_restart(start, mock, folder):
    config = governed(mock.port, limit(300, unit="Day", name="all"), limit(200, unit="Day", name="each", headers=[USER]))
    flags = ("--state-dir", folder / "state")
    weir = start(*flags, config=config)
    assert chat(weir, max_tokens=100, headers={"x-mock-usage": "input=10,output=90"})[0] == 200
    settled(weir, "all")
    weir.stop()
    weir = start(*flags, config=config)
    assert limits(weir)["all"]["used"] == 100 and limits(weir)["each"]["usage"][0]["used"] == 100
    assert chat(weir, max_tokens=150, user="ada")[0] == 429
    assert chat(weir, max_tokens=150, user="bob")[0] == 200


def test_sigkill_is_no_way_around_a_limit(start, mock, folder):
    config = governed(mock.port, limit(1000, unit="Day"))
    flags = ("--state-dir", folder / "state")
    weir = start(*flags, config=config, check_exit=False)
    assert chat(weir, max_tokens=500, headers={"x-mock-usage": "input=10,output=490"})[0] == 200
    assert settled(weir)["used"] == 500
    with raw.Connection(weir.address) as running:
        body = json.dumps({"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "Hi"}]})
        running.send(raw.post("/v1/chat/completions", body, [("x-mock-events", "100"), ("x-mock-pace-ms", "50")]))
        assert running.head()[1] == 200
        held = limits(weir)["rule"]["reserved"]
        assert held >= 200
        weir.process.kill()
        weir.process.wait()
    weir = start(*flags, config=config)
    entry = limits(weir)["rule"]
    assert (entry["used"], entry["reserved"]) == (500 + held, 0)  # nothing is lost, what was reserved counts
    assert chat(weir, max_tokens=300)[0] == 429


def test_one_state_for_one_weir(start, mock, folder):
    config = governed(mock.port, limit(1000))
    start("--state-dir", folder / "state", config=config)
    path = folder / "other.yaml"
    path.write_text(config)
    done = run("run", path, "--listen", "127.0.0.1:0", "--admin", "off", "--state-dir", folder / "state")
    assert done.returncode == 1 and "another Weir counts here" in done.stderr


def test_a_state_of_another_version_is_refused(folder, mock):
    (folder / "state").mkdir()
    (folder / "state/limits.state").write_bytes(b"something else\n" * 1000)
    (folder / "config.yaml").write_text(governed(mock.port, limit(1000)))
    done = run("run", folder / "config.yaml", "--listen", "127.0.0.1:0", "--admin", "off", "--state-dir", folder / "state")
    assert done.returncode == 1 and "move it away" in done.stderr


def test_takeover_shares_the_counters(start, mock, folder):
    config = governed(mock.port, limit(1000, unit="Day"))
    flags = ("--state-dir", folder / "state", "--takeover", str(folder / "weir.sock"))
    old = start(*flags, config=config)
    assert chat(old, max_tokens=300, headers={"x-mock-usage": "input=10,output=290"})[0] == 200
    assert settled(old)["used"] == 300
    with raw.Connection(old.address) as running:
        body = json.dumps({"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "Hi"}]})
        running.send(raw.post("/v1/chat/completions", body, [("x-mock-events", "30"), ("x-mock-pace-ms", "50")]))
        assert running.head()[1] == 200
        held = limits(old)["rule"]["reserved"]
        assert held >= 200
        new = start(*flags, config=config)
        assert limits(new)["rule"]["used"] + limits(new)["rule"]["reserved"] == 300 + held
        assert chat(new, max_tokens=600)[0] == 429, "the old one's stream counts"
        assert chat(new, max_tokens=300, headers={"x-mock-usage": "input=10,output=290"})[0] == 200
        assert running.chunked()[1]
    assert old.wait(20) == 0
    [line] = [line for line in mock.ledger()["lines"] if line["model"] == "m"]
    assert settled(new)["used"] == 600 + line["input"] + line["output"]


# --- time ---------------------------------------------------------------------------------------------------------------

def use(weir, tokens, **more):
    return chat(weir, max_tokens=tokens - 10, headers={"x-mock-usage": f"input=10,output={tokens - 10}"}, **more)


def test_windows_end_with_the_minute_and_the_hour(start, mock, folder):
    clock = TestClock(folder)
    clock.to_next(3600, 5)
    rules = [limit(300, unit="Minute", name="minute"), limit(700, unit="Hour", name="hour")]
    weir = start(config=governed(mock.port, *rules), env=clock.env)
    assert use(weir, 250)[0] == 200
    status, headers, body = use(weir, 250)
    assert status == 429 and "rule minute" in json.loads(body)["error"]["message"] and int(headers["retry-after"]) <= 55
    clock.to_next(60, 5)
    assert use(weir, 250)[0] == 200
    clock.to_next(60, 5)
    status, headers, body = use(weir, 250)
    assert status == 429 and "rule hour" in json.loads(body)["error"]["message"] and 3300 < int(headers["retry-after"]) <= 3480
    assert limits(weir)["minute"]["used"] == 0 and limits(weir)["hour"]["used"] == 500
    clock.to_next(3600, 5)
    assert use(weir, 250)[0] == 200
    assert limits(weir)["hour"]["used"] == 250


def test_a_stream_across_a_minute_settles_in_the_minute_it_began(start, mock, folder):
    clock = TestClock(folder)
    clock.to_next(60, 5)
    weir = start(config=governed(mock.port, limit(300, unit="Minute")), env=clock.env)
    with raw.Connection(weir.address) as running:
        body = json.dumps({"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "Hi"}]})
        running.send(raw.post("/v1/chat/completions", body, [("x-mock-events", "20"), ("x-mock-pace-ms", "20")]))
        assert running.head()[1] == 200
        assert chat(weir, max_tokens=150)[0] == 429
        clock.to_next(60, 5)
        assert use(weir, 300)[0] == 200, "the new minute has all of it"
        assert running.chunked()[1]
    assert settled(weir)["used"] == 300
    assert use(weir, 20)[0] == 429


# --- overflow: cut ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_cut_ends_a_stream_that_outgrows_its_limit(start, mock, path):
    weir = start(config=governed(mock.port, limit(200, key="output"), extra=[settings(overflow="cut")]))
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    if path == "/v1/messages":
        body["max_tokens"] = 100
    headers = {"x-mock-events": "1000", "x-mock-pace-ms": "1", "x-mock-text": "word"}
    status, _, answer = weir.request("POST", path, body, headers)
    assert status == 200
    if path == "/v1/messages":
        assert b"max_tokens" in answer and answer.rstrip().endswith(b'{"type":"message_stop"}')
    else:
        assert b'"finish_reason":"length"' in answer and answer.endswith(b"data: [DONE]\n\n")
        assert 150 <= answer.count(b'"content":') <= 210
    assert settled(weir)["used"] <= 210


@pytest.mark.parametrize("model, tokens", [("gpt-4o", 204), ("unheard-of", 102)])
def test_a_running_stream_is_counted_by_its_models_tokenizer(start, mock, model, tokens):
    """Two tokens an event: where the tokenizer is known they count as two, else the event and its bytes are all there is."""
    weir = start(config=governed(mock.port, limit(10_000, key="output")))
    status, _, _ = chat(weir, stream=True, max_tokens=1000, model=model,
                        headers={"x-mock-events": "300", "x-mock-cut-after": "103", "x-mock-text": "a,"})
    assert status == 200
    assert abs(settled(weir)["used"] - tokens) <= 4, weir.access_log()


# --- the example, and the tools -----------------------------------------------------------------------------------------

def test_the_examples_limit_is_reached_by_the_openai_sdk(start):
    weir = start("--mock", paths=[EXAMPLE])
    client = openai.OpenAI(api_key="key", base_url=weir.url("/v1"), max_retries=0, default_headers={"x-user-id": "ada"})
    def ask(model, **more):
        return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}], **more)
    usage = {"x-mock-usage": "input=100,output=999000"}
    assert ask("gpt-4", extra_headers=usage, max_tokens=999_500).choices
    with pytest.raises(openai.RateLimitError) as refused:
        ask("gpt-4", max_tokens=5000)
    error = refused.value
    assert error.status_code == 429 and error.code == "rate_limit_exceeded"
    assert "gpt-4-per-user" in error.message
    headers = error.response.headers
    assert headers["x-ratelimit-limit-tokens"] == "1000000"
    assert headers["x-ratelimit-remaining-tokens"] == "900"
    assert 1 <= int(headers["retry-after"]) <= 3600
    assert ask("gpt-3.5-turbo", extra_headers=usage, max_tokens=999_500).choices
    other = openai.OpenAI(api_key="key", base_url=weir.url("/v1"), max_retries=0, default_headers={"x-user-id": "bob"})
    assert other.chat.completions.create(model="gpt-4", max_tokens=5000, messages=[{"role": "user", "content": "Hi"}]).choices


def test_explain_names_the_limits():
    done = run("explain", EXAMPLE, "--path", "/v1/chat/completions", "--model", "gpt-4", "--header", "x-user-id: ada")
    assert done.returncode == 0, done.stderr
    assert "+ default/model-specific-token-limit-policy rule gpt-4-per-user: 1000000 tokens per hour, the counter of ada" in done.stdout
    assert "- default/model-specific-token-limit-policy rule gpt-3.5-turbo-per-user" in done.stdout
    assert "needs header x-ai-eg-model to be gpt-3.5-turbo" in done.stdout


def test_embeddings_cost_their_input(start, mock):
    weir = start(config=governed(mock.port, limit(1000)))
    status, _, body = weir.request("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "three short words"})
    assert status == 200
    assert settled(weir)["used"] == json.loads(body)["usage"]["prompt_tokens"] > 0
