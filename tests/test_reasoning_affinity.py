"""A conversation that carries encrypted reasoning goes back to the backend that can read it."""
import itertools
import json

import pytest
from test_resilience import policy

from harness import config as configs
from harness import wire


class Thinker:
    """Answers with a seal of its own, in the dialect and the shape that is asked for."""
    numbers = itertools.count()

    def __init__(self, name):
        self.name = name

    def seal(self):
        return f"{self.name}/+=".ljust(40, "A") + str(next(self.numbers))

    def __call__(self, request, peer):
        if request.path.endswith("/responses"):
            item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": self.seal()}
            return peer.send(wire.http_json({"id": "resp_1", "object": "response", "model": "m", "status": "completed", "output": [item],
                                             "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}}))
        answer = wire.anthropic_answer()
        thought = {"type": "thinking", "thinking": "hm", "signature": self.seal()}
        if not request.json().get("stream"):
            answer["content"].insert(0, thought)
            return peer.send(wire.http_json(answer))
        events = [{"type": "message_start", "message": {**answer, "content": []}},
                  {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
                  {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": thought["signature"]}},
                  {"type": "content_block_stop", "index": 0},
                  {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]
        peer.send(wire.stream_head() + b"".join(wire.chunk(wire.sse(e, e["type"])) for e in events) + wire.LAST_CHUNK)


@pytest.fixture
def thinkers(start, provide):
    def start_two(schema, *policies):
        providers = {name: provide(Thinker(name)) for name in ("one", "two")}
        parts = [d for name, p in providers.items() for d in configs.provider(name, p.port, schema)]
        return start(config=configs.join(configs.route(configs.rule([{"name": "one"}, {"name": "two"}])), *parts, *policies)), providers
    return start_two


def find(document, key):
    if isinstance(document, dict):
        return document.get(key) or next((v for x in document.values() if (v := find(x, key))), None)
    return next((v for x in document if (v := find(x, key))), None) if isinstance(document, list) else None


def messages(weir, seal=None, stream=False):
    said = [{"role": "user", "content": "hi"}]
    if seal:
        said += [{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": seal}, {"type": "text", "text": "x"}]},
                 {"role": "user", "content": "and?"}]
    code, _, body = weir.request("POST", "/v1/messages", {"model": "m", "max_tokens": 2000, "stream": stream, "messages": said,
                                                          "thinking": {"type": "enabled", "budget_tokens": 1024}})
    assert code == 200, body
    if not stream:
        return find(json.loads(body), "signature")
    text = body if isinstance(body, str) else body.decode()
    return next(s for line in text.split("\n") if line.startswith("data:") and (s := find(json.loads(line[5:]), "signature")))


def responses(weir, seal=None, stream=False):
    said = [{"role": "user", "content": "hi"}]
    if seal:
        said.insert(0, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal})
    code, _, body = weir.request("POST", "/v1/responses", {"model": "m", "input": said, "include": ["reasoning.encrypted_content"], "store": False})
    assert code == 200, body
    return find(json.loads(body), "encrypted_content")


@pytest.mark.parametrize("schema, ask, stream", [("Anthropic", messages, False), ("Anthropic", messages, True), ("OpenAI", responses, False)])
def test_a_conversation_keeps_who_can_read_it(thinkers, schema, ask, stream):
    weir, _ = thinkers(schema)
    homes = set()
    for _ in range(4):
        seal = ask(weir, stream=stream)
        home = seal.split("/")[0]
        homes.add(home)
        for _ in range(6):
            seal = ask(weir, seal, stream)
            assert seal.split("/")[0] == home, "each turn goes where the one before was answered"
    assert weir.metric("weir_reasoning_kept_total") == 24
    for seal in ["someone else's signature of that length", None] * 8:
        homes.add(ask(weir, seal, stream).split("/")[0])
    assert homes == {"one", "two"}, "and everybody else is balanced as ever"


def test_an_unhealthy_issuer_is_not_waited_for(thinkers):
    weir, providers = thinkers("Anthropic", policy(healthCheck={"passive": {"consecutive5XxErrors": 1, "interval": "1s", "maxEjectionPercent": 100}}))
    seal = messages(weir)
    home = seal.split("/")[0]
    providers[home].stop()
    assert messages(weir, seal).split("/")[0] != home, "a connection that cannot be made is retried elsewhere"
