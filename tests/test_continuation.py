"""A stream that breaks in the middle goes on at another backend (ResiliencePolicy, onBreak: continue)."""
import json

import pytest
from botocore.eventstream import EventStreamBuffer
from test_limits import limit
from test_limits import policy as limit_policy
from test_resilience import policy

from harness import config as configs
from harness import raw, wire

COSTS = [{"metadataKey": "total", "type": "TotalToken"}]
FIRST, REST = "Hello from ", "the other one."


def continues(**streams):
    return policy("ResiliencePolicy", streams={"onBreak": "continue", **streams})


def broken(events=3, end=lambda peer: peer.close()):
    """The first events of a good stream, then its end: of ours the role, "Hello " and "from "."""
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        said = wire.responses_events(wire.WORDS) if request.path.endswith("/responses") else wire.events(request)
        for event in list(said)[:events]:
            peer.send(wire.chunk(event))
        end(peer)
    return answer


def goes_on(request, peer, words=("the ", "other one.")):
    kind = wire.dialect_of(request)
    if kind == "bedrock":
        events = wire.bedrock_events(words)
    elif kind == "anthropic":
        events = wire.anthropic_events(words)
    elif request.path.endswith("/responses"):
        events = wire.responses_events(words, model="second")
    else:
        events = wire.openai_events((request.json().get("stream_options") or {}).get("include_usage") is True, words, model="second")
    peer.send(wire.stream_head(wire.stream_type(request)) + b"".join(wire.chunk(e) for e in events) + wire.LAST_CHUNK)


@pytest.fixture
def backends(start, provide):
    """backends([(answer, schema)…], documents…) → (weir, providers…), each a fallback of the one before."""
    def start_backends(answers, *documents, **route):
        providers = [(provide(answer), schema) for answer, schema in answers]
        refs = [{"name": f"b{i}", "priority": i} for i in range(len(providers))]
        parts = [d for i, (p, schema) in enumerate(providers) for d in configs.provider(f"b{i}", p.port, schema)]
        weir = start(config=configs.join(configs.route(configs.rule(refs), **route), *parts, *documents))
        return (weir, *(p for p, _ in providers))
    return start_backends


BODIES = {"/v1/chat/completions": {"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "hi"}]},
          "/v1/messages": {"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "hi"}]},
          "/v1/responses": {"model": "m", "stream": True, "max_output_tokens": 200, "input": "hi"},
          "/v1beta/models/m:streamGenerateContent?alt=sse": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}],
                                                             "generationConfig": {"maxOutputTokens": 200}},
          "/model/m/converse-stream": {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"maxTokens": 200}},
          "/v2/chat": {"model": "m", "stream": True, "max_tokens": 200, "messages": [{"role": "user", "content": "hi"}]}}


class Stream:
    def __init__(self, response):
        self.response = response
        self.events = []
        if response.header("content-type") == "application/vnd.amazon.eventstream":
            frames = EventStreamBuffer()
            frames.add_data(response.body)
            self.events = [{"type": f.headers[":event-type"], **json.loads(f.payload)} for f in frames]
            return
        for line in response.body.decode().split("\n"):
            if line.startswith("data:"):
                data = line[5:].strip()
                self.events.append(data if data == "[DONE]" else json.loads(data))

    def objects(self, kind=None):
        return [e for e in self.events if isinstance(e, dict) and (kind is None or e.get("type") == kind)]

    def chat_text(self):
        return "".join(c["delta"].get("content") or "" for e in self.objects() for c in e.get("choices", []))


def ask(weir, path="/v1/chat/completions", **members):
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post(path, json.dumps({**BODIES[path], **members})))
        response = connection.response()
        assert response.complete
        return Stream(response)


def test_chat_goes_on_at_another_backend(backends):
    weir, one, two = backends([(broken(), "OpenAI"), (goes_on, "OpenAI")], continues())
    stream = ask(weir, stream_options={"include_usage": True})
    assert stream.chat_text() == FIRST + REST and stream.events[-1] == "[DONE]" and stream.events.count("[DONE]") == 1
    assert stream.response.body.count(b'"role"') == 1 and len({e["id"] for e in stream.objects()}) == 1
    assert {e["model"] for e in stream.objects()} == {"m"}, "one stream has one model"
    assert stream.response.trailers == {"x-weir-attempts": "2"}
    asked = two.only_request().json()
    assert [m["role"] for m in asked["messages"]] == ["user", "assistant", "user"]
    assert asked["messages"][1]["content"] == FIRST and asked["max_tokens"] < 200 and asked["stream_options"] == {"include_usage": True}
    line = weir.access_log(1)[0]
    assert line["weir.attempt_list"] == "default/b0: upstream.truncated, default/b1: ok" and "error.type" not in line
    assert line["weir.continuations"] == 1 and line["weir.discarded.estimated"]
    usage = next(e["usage"] for e in stream.objects() if e.get("usage"))
    assert usage["completion_tokens"] == 5 + line["weir.discarded.output_tokens"] == line["gen_ai.usage.output_tokens"]
    assert usage["prompt_tokens"] == 7 + line["weir.discarded.input_tokens"] == line["gen_ai.usage.input_tokens"]
    assert weir.metric("weir_stream_continuations_total") == 1


@pytest.mark.parametrize("first, second", [("OpenAI", "Anthropic"), ("OpenAI", "AWSBedrock"), ("Anthropic", "OpenAI"),
                                           ("AWSBedrock", "Anthropic"), ("Anthropic", "AWSBedrock")])
@pytest.mark.parametrize("path", BODIES)
def test_every_client_across_providers(backends, path, first, second):
    if path == "/v1/responses" and second == "OpenAI":
        first, second = "OpenAI", "OpenAI"
    before = {"Anthropic": 4, "OpenAI": 5 if path.endswith("responses") else 3, "AWSBedrock": 3}  # events, the second word's with them
    answers = [(broken(before[first]), first), (goes_on, second)]
    weir, one, two = backends(answers, continues())
    stream = ask(weir, path)
    if "streamGenerateContent" in path:
        candidates = [c for e in stream.objects() for c in e["candidates"]]
        assert "".join(p["text"] for c in candidates for p in c.get("content", {}).get("parts", [])) == FIRST + REST
        assert [c["finishReason"] for c in candidates if c.get("finishReason")] == ["STOP"] and len({e["responseId"] for e in stream.objects()}) == 1
    elif path.endswith("converse-stream"):
        kinds = [e["type"] for e in stream.objects()]
        assert kinds.count("messageStart") == kinds.count("contentBlockStop") == kinds.count("messageStop") == kinds.count("metadata") == 1
        assert "".join(e["delta"]["text"] for e in stream.objects("contentBlockDelta")) == FIRST + REST
        assert {e["contentBlockIndex"] for e in stream.objects("contentBlockDelta")} == {0}
    elif path == "/v2/chat":
        kinds = [e["type"] for e in stream.objects()]
        assert kinds.count("message-start") == kinds.count("content-start") == kinds.count("content-end") == kinds.count("message-end") == 1
        assert "".join(e["delta"]["message"]["content"]["text"] for e in stream.objects("content-delta")) == FIRST + REST
    elif path.endswith("completions"):
        assert stream.chat_text() == FIRST + REST and stream.events[-1] == "[DONE]"
        assert first == "AWSBedrock" or stream.response.body.count(b'"role"') == 1  # upstream's chunks of Bedrock all name it
    elif path.endswith("messages"):
        kinds = [e["type"] for e in stream.objects()]
        assert kinds.count("message_start") == kinds.count("content_block_start") == kinds.count("content_block_stop") == kinds.count("message_stop") == 1
        assert "".join(e["delta"]["text"] for e in stream.objects("content_block_delta")) == FIRST + REST
        assert {e["index"] for e in stream.objects("content_block_delta")} == {0}
    else:
        (completed,) = stream.objects("response.completed")
        assert len(stream.objects("response.created")) == 1
        assert [e["sequence_number"] for e in stream.objects()] == list(range(len(stream.objects())))
        assert completed["response"]["output"][0]["content"][0]["text"] == FIRST + REST
        assert completed["response"]["id"] == stream.objects("response.created")[0]["response"]["id"]
    assert stream.response.trailers == {"x-weir-attempts": "2"}
    asked = two.only_request().json()
    last = (asked.get("messages") or asked.get("input"))[-1]
    if second == "OpenAI":
        assert last["role"] == "user"
    else:  # a prefill, without the white space that Anthropic refuses
        text = last["content"] if isinstance(last["content"], str) else last["content"][0]["text"]
        assert last["role"] == "assistant" and text == FIRST.rstrip()


def test_a_gemini_array_is_not_continued(backends):
    weir, one, two = backends([(broken(), "OpenAI"), (goes_on, "OpenAI")], continues())
    path = "/v1beta/models/m:streamGenerateContent"
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post(path, json.dumps(BODIES[path + "?alt=sse"])))
        body = connection.response().body
    assert b"error" in body and not two.requests


def test_a_model_that_refuses_a_prefill_gets_an_instruction(backends):
    def refuses(request, peer):
        if request.json()["messages"][-1]["role"] == "assistant":
            peer.send(wire.http_json({"type": "error", "error": {"type": "invalid_request_error", "message": "no prefill"}}, 400))
        else:
            goes_on(request, peer)

    weir, one, two = backends([(broken(), "OpenAI"), (refuses, "Anthropic")], continues())
    assert ask(weir).chat_text() == FIRST + REST
    assert [r.json()["messages"][-1]["role"] for r in two.requests] == ["assistant", "user"]


def test_an_error_event_of_the_provider_is_mended_too(backends):
    def fails(peer):
        peer.wait_closed(0.2)  # together with the first words it would still be mended unseen
        peer.send(wire.chunk(wire.sse({"error": {"message": "overloaded", "type": "server_error"}})) + wire.LAST_CHUNK)

    weir, one, two = backends([(broken(3, fails), "OpenAI"), (goes_on, "OpenAI")], continues())
    stream = ask(weir)
    assert stream.chat_text() == FIRST + REST and b"overloaded" not in stream.response.body
    alone, _ = backends([(broken(3, fails), "OpenAI")], continues())
    assert b"overloaded" in ask(alone).response.body, "nobody else: the client is told what the provider said"


def tool_call(request, peer):
    peer.send(wire.stream_head() + b"".join(wire.chunk(wire.sse(wire.openai_chunk(d))) for d in (
        {"role": "assistant", "content": "Let me see."},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a'}}]})))
    peer.close()


@pytest.mark.parametrize("answer, members, streams", [
    (tool_call, {}, {}), (broken(), {"n": 2}, {}), (broken(), {"response_format": {"type": "json_object"}}, {}),
    (broken(), {}, {"maxHeldText": 5}), (broken(), {}, {"onBreak": "error"})], ids=["tool_call", "choices", "json", "too_long", "error"])
def test_what_cannot_be_continued_ends_with_an_error_event(backends, answer, members, streams):
    weir, one, two = backends([(answer, "OpenAI"), (goes_on, "OpenAI")], continues(**streams))
    stream = ask(weir, **members)
    assert "error" in stream.events[-1] and "[DONE]" not in stream.events and not two.requests
    assert "weir.continuations" not in weir.access_log(1)[0]


def test_the_number_of_continuations_is_bounded(backends):
    three = [(broken(), "OpenAI"), (broken(2), "OpenAI"), (goes_on, "OpenAI")]
    weir, _, two, last = backends(three, continues())
    stream = ask(weir)
    assert "error" in stream.events[-1] and not last.requests and len(two.requests) == 1
    weir, _, _, last = backends(three, continues(maxContinuations=2))
    stream = ask(weir)
    assert stream.chat_text() == FIRST + "Hello " + REST and stream.response.trailers == {"x-weir-attempts": "3"}
    assert last.only_request().json()["messages"][1]["content"] == FIRST + "Hello "


def test_a_continuation_that_fails_is_an_error_event(backends):
    refuse = lambda request, peer: peer.send(wire.http_json({"error": {"message": "no", "type": "t"}}, 503))
    weir, _, two = backends([(broken(), "OpenAI"), (refuse, "OpenAI")], continues())
    stream = ask(weir)
    assert stream.chat_text() == FIRST and "error" in stream.events[-1] and "[DONE]" not in stream.events
    assert len(two.requests) == 1
    line = weir.access_log(1)[0]
    assert line["error.type"] == "upstream.error" and line["gen_ai.usage.output_tokens"] == line["weir.discarded.output_tokens"] > 0


def test_one_reservation_is_charged_with_both(backends):
    weir, _, _ = backends([(broken(), "OpenAI"), (goes_on, "OpenAI")], continues(), limit_policy(limit(10000)), llmRequestCosts=COSTS)
    ask(weir)
    line = weir.access_log(1)[0]
    spent = line["weir.discarded.input_tokens"] + line["weir.discarded.output_tokens"]
    assert spent > 0 and line["weir.limit.charged"] == 12 + spent
    entries = json.loads(weir.admin_get("/api/limits")[2])["limits"]
    assert entries[0]["reserved"] == 0


def test_a_silent_stream_is_continued(backends):
    weir, _, _ = backends([(broken(3, lambda peer: peer.wait_closed(20)), "OpenAI"), (goes_on, "OpenAI")], continues(eventIdle="300ms"))
    assert ask(weir).chat_text() == FIRST + REST
