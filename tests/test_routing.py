"""Which rule answers: path, headers, model, host, precedence, weights, priorities; and what is said when none does."""
import json
from collections import Counter

import pytest

from harness import config as configs
from harness import wire


def named_answer(request, peer):
    """Tells which backend was asked: its prefix is its name."""
    peer.send(wire.http_json(wire.openai_answer(text=request.path.split("/")[1])))


@pytest.fixture
def routes(start, provide):
    """routes(rules, names, …) → ask(…): every backend of `names` is one imposter, recognised by its path prefix."""
    def build(*rules, names, flags=(), extra=(), documents=None, **spec):
        provider = provide(named_answer)
        backends = []
        for name in names:
            backends += [configs.endpoint(name, provider.port), configs.backend(name, {"name": "OpenAI", "prefix": name})]
        weir = start(*flags, config=configs.join(*(documents or [configs.route(*rules, **spec)]), *backends, *extra))

        def ask(model="m", headers=None, path="/v1/chat/completions", body=None, address=None):
            status, _, answer = weir.request("POST", path, body or {"model": model, "messages": [{"role": "user", "content": "x"}]}, headers,
                                             address=address)
            return json.loads(answer)["choices"][0]["message"]["content"] if status == 200 else status
        ask.weir, ask.provider = weir, provider
        return ask
    return build


def header(name, value, kind="Exact"):
    return {"headers": [{"type": kind, "name": name, "value": value}]}


def test_model_exact_and_regular_expression(routes):
    ask = routes(configs.rule("exact", [configs.model("gpt-5")]), configs.rule("regex", [configs.model("gpt-.*", "RegularExpression")]),
                 names=["exact", "regex"])
    assert ask("gpt-5") == "exact"
    assert ask("gpt-4o") == "regex"
    assert ask("my-gpt-4o") == 404, "a regular expression matches the whole value"


def test_headers_must_all_match_and_matches_are_alternatives(routes):
    both = {"headers": [{"name": "x-team", "value": "a"}, {"name": "x-ai-eg-model", "value": "m"}]}
    ask = routes(configs.rule("both", [both]), configs.rule("either", [header("x-team", "b"), header("x-team", "c")]), names=["both", "either"])
    assert ask("m", {"X-Team": "a"}) == "both"
    assert ask("n", {"x-team": "a"}) == 404
    assert ask("n", {"x-team": "b"}) == ask("n", {"x-team": "c"}) == "either"
    assert ask("n") == 404


def test_more_header_matches_win_then_order(routes):
    two = {"headers": [{"name": "x-team", "value": "a"}, {"name": "x-ai-eg-model", "value": "m"}]}
    ask = routes(configs.rule("first", [configs.model("m")]), configs.rule("second", [configs.model("m")]), configs.rule("specific", [two]),
                 names=["first", "second", "specific"])
    assert ask("m") == "first"
    assert ask("m", {"x-team": "a"}) == "specific"


def test_path_types_are_segment_wise_and_ordered(start, provide):
    provider = provide(named_answer)
    group = "ai.gateway.envoyproxy.io/v1alpha1"
    paths = [("exact", "Exact", "/v1/chat/completions"), ("long", "PathPrefix", "/v1/agents"), ("short", "PathPrefix", "/v1")]
    documents = [configs.document(group, "AIGatewayRoute", "r", {"parentRefs": [{"name": "g"}], "routes": [
        {"backends": [{"name": name}], "matches": [{"path": {"type": kind, "value": value}}]} for name, kind, value in reversed(paths)]})]
    for name, *_ in paths:
        documents += [configs.endpoint(name, provider.port), configs.backend(name, {"name": "OpenAI", "prefix": name})]
    weir = start(config=configs.join(*documents))

    def ask(path):
        status, _, body = weir.chat(path)
        return json.loads(body)["choices"][0]["message"]["content"] if status == 200 else status
    assert ask("/v1/chat/completions") == "exact"
    assert ask("/v1/agents/chat/completions") == ask("/v1/agents/v1/chat/completions") == ask("/v1/agents") == "long"
    assert ask("/v1/agentsfoo/chat/completions") == 404, "a prefix ends at a segment"
    assert ask("/v1/completions") == "short"
    assert ask("/v2/chat/completions") == 404


def test_escaped_and_dotted_paths_do_not_slip_into_another_agents_prefix(start, provide):
    """What a provider or a policy would read differently than the router is refused or routed the same way."""
    private, public = provide(), provide()
    weir = start(config=configs.agents({"reasoning": private.port, "data": public.port}))
    for path in ["/v1/data/../reasoning/chat/completions", "/v1/data/%2e%2e/reasoning/chat/completions", "/v1/data/..%2freasoning/chat/completions",
                 "/v1/data//chat/completions", "/v1//data/chat/completions", "/v1/data/./chat/completions"]:
        status, _, _ = weir.chat(path)
        assert status in (400, 404), path
        assert private.requests == [] and public.requests == [], path


def test_hostnames(routes):
    rules = [configs.route(configs.rule("exact"), name="r1", hostnames=["api.example.com"]),
             configs.route(configs.rule("wild"), name="r2", hostnames=["*.example.com"]), configs.route(configs.rule("any"), name="r3")]
    ask = routes(names=["exact", "wild", "any"], documents=rules)
    assert ask(headers={"Host": "api.example.com"}) == "exact"
    assert ask(headers={"Host": "API.example.com:8080"}) == "exact"
    assert ask(headers={"Host": "other.example.com"}) == "wild"
    assert ask(headers={"Host": "a.b.example.com"}) == "wild"
    assert ask(headers={"Host": "example.com"}) == "any"
    assert ask(headers={"Host": "elsewhere.test"}) == "any"


def test_gateways_listeners_and_ports(start, provide):
    """Two listeners of a Gateway, one route bound to one of them by section name."""
    provider = provide(named_answer)
    gateway = configs.document("gateway.networking.k8s.io/v1", "Gateway", "gateway", {"gatewayClassName": "weir", "listeners": [
        {"name": "public", "protocol": "HTTP", "port": 18080}, {"name": "private", "protocol": "HTTP", "port": 18081}]})
    documents = [gateway]
    for name, section in (("one", "public"), ("two", "private")):
        documents += [configs.endpoint(name, provider.port), configs.backend(name, {"name": "OpenAI", "prefix": name}),
                      configs.document("aigateway.envoyproxy.io/v1beta1", "AIGatewayRoute", f"route-{name}", {
                          "parentRefs": [{"name": "gateway", "sectionName": section}], "rules": [configs.rule(name)]})]
    weir = start("--listen", "public=127.0.0.1:0", "--listen", "private=127.0.0.1:0", config=configs.join(*documents))
    assert set(weir.listeners) == {"public", "private"}
    for section, name in (("public", "one"), ("private", "two")):
        status, _, body = weir.request("POST", "/v1/chat/completions", {"model": "m", "messages": []}, address=weir.listeners[section])
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"] == name


def test_weights_split_the_traffic(routes):
    ask = routes(configs.rule([{"name": "heavy", "weight": 3}, {"name": "light", "weight": 1}, {"name": "off", "weight": 0}]),
                 names=["heavy", "light", "off"])
    seen = Counter(ask() for _ in range(400))
    assert seen["off"] == 0
    assert 250 <= seen["heavy"] <= 350, seen


def test_priorities_fail_over(start, provide):
    first = provide(lambda request, peer: peer.send(wire.http_json({"error": {"message": "no"}}, 500)))
    second = provide()
    refs = [{"name": "first", "priority": 0}, {"name": "second", "priority": 1, "modelNameOverride": "other"}]
    weir = start(config=configs.join(configs.route(configs.rule(refs)), *configs.provider("first", first.port), *configs.provider("second", second.port)))
    status, _, body = weir.chat()
    assert status == 200 and json.loads(body)["model"] == "other"
    assert len(first.requests) >= 1 and len(second.requests) == 1
    assert first.requests[0].json()["model"] == "test-model"


def test_models_list_per_host_and_prefix(routes):
    rules = [configs.route(configs.rule("a", [configs.model("model-a"), configs.model("model-b")], modelsOwnedBy="Team A",
                                        modelsCreatedAt="2025-01-02T03:04:05Z"), name="r1"),
             configs.route(configs.rule("b", [configs.model("model-x.*", "RegularExpression")]), name="r2"),
             configs.route(configs.rule("c", [configs.model("hosted")]), name="r3", hostnames=["api.example.com"])]
    ask = routes(names=["a", "b", "c"], documents=rules)
    status, headers, body = ask.weir.request("GET", "/v1/models")
    listed = json.loads(body)
    assert status == 200 and headers["content-type"].startswith("application/json")
    assert listed["object"] == "list"
    entries = {entry["id"]: entry for entry in listed["data"]}
    assert set(entries) == {"model-a", "model-b"}, "exact matches only, scoped by host"
    assert entries["model-a"] == {"id": "model-a", "object": "model", "created": 1735787045, "owned_by": "Team A"}
    hosted = json.loads(ask.weir.request("GET", "/v1/models", headers={"Host": "api.example.com"})[2])
    assert {entry["id"] for entry in hosted["data"]} == {"model-a", "model-b", "hosted"}


def test_unknown_model_says_what_there_is(routes):
    ask = routes(configs.rule("a", [configs.model("known-1")]), configs.rule("b", [configs.model("known-2")]), names=["a", "b"])
    status, headers, body = ask.weir.chat(model="unheard-of")
    error = json.loads(body)["error"]
    assert status == 404
    assert error["code"] == "model_not_found"
    assert all(word in error["message"] for word in ("unheard-of", "known-1", "known-2"))
    assert ask.provider.requests == []


def test_mutations_and_overrides(start, provide):
    provider = provide()
    reference = {"name": "provider", "modelNameOverride": "real-model",
                 "headerMutation": {"set": [{"name": "x-both", "value": "route"}, {"name": "x-route", "value": "1"}], "remove": ["x-gone"]},
                 "bodyMutation": {"set": [{"path": "service_tier", "value": "\"scale\""}, {"path": "max_tokens", "value": "7"}], "remove": ["user"]}}
    backend = {"headerMutation": {"set": [{"name": "x-both", "value": "backend"}, {"name": "x-backend", "value": "2"}], "remove": ["x-gone-too"]},
               "bodyMutation": {"set": [{"path": "service_tier", "value": "\"flex\""}, {"path": "store", "value": "false"}]}}
    weir = start(config=configs.join(configs.route(configs.rule([reference])),
                                     *configs.provider("provider", provider.port, {"name": "OpenAI", "prefix": "/api/v9"}, **backend)))
    status, _, body = weir.chat(model="asked-model", user="u", max_tokens=3, headers={"x-gone": "1", "x-gone-too": "1", "x-stays": "1"})
    assert status == 200
    request = provider.only_request()
    assert request.target == "/api/v9/chat/completions"
    assert {name: request.header(name) for name in ("x-both", "x-route", "x-backend", "x-gone", "x-gone-too", "x-stays")} == {
        "x-both": "route", "x-route": "1", "x-backend": "2", "x-gone": None, "x-gone-too": None, "x-stays": "1"}
    assert request.json() == {"model": "real-model", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 7,
                              "service_tier": "scale", "store": False}
    assert request.body.startswith(b'{"model": "real-model", "messages"'), "edited in place: order and spacing stay"


def test_a_thousand_rules_answer_as_ten_do(start, provide):
    provider = provide()
    rules = [configs.rule("provider", [configs.model(f"model-{i}")]) for i in range(1000)]
    documents = [configs.route(*rules[i:i + 10], name=f"r{i}") for i in range(0, 1000, 10)]
    weir = start(config=configs.join(*documents, *configs.provider("provider", provider.port)))
    for index in (0, 499, 999):
        assert weir.chat(model=f"model-{index}")[0] == 200
    assert weir.chat(model="model-1000")[0] == 404
