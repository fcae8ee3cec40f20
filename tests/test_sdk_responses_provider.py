"""Providers with one of OpenAI's two APIs: official SDKs against a backend that has Responses only, and Responses against one that has chat
completions only. The cells of the other clients are in test_sdk_native.py and test_sdk_anthropic.py (preset openai-responses).
"""
import json

import anthropic
import openai
import pytest

from harness import config as configs
from harness import wire
from harness.weir import Weir

MODEL = "gpt-5-pro"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}]
TOOLS = [{"type": "function", "name": "get_weather", "strict": False, "parameters": PARAMETERS}]


def configuration(port, conversations, *extra):
    policy = configs.document("weir.dev/v1alpha1", "DialectPolicy", "apis", {
        "conversations": conversations,
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": "provider"}]})
    return configs.single(port, extra=(policy, *extra))


@pytest.fixture(scope="module")
def responses_only(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [], "--mock", config=configuration(1, "Responses"))
    yield weir
    end_all([(weir, True)])


@pytest.fixture(scope="module")
def chat_only(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [], "--mock", config=configuration(1, "ChatCompletions"))
    yield weir
    end_all([(weir, True)])


def sdk_of(weir):
    return openai.OpenAI(api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30)


def test_chat_whole_and_streamed(responses_only):
    question = {"model": MODEL, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which city is it?"}]}
    whole = sdk_of(responses_only).chat.completions.create(**question)
    text = whole.choices[0].message.content
    assert "Which city is it?" in text and whole.choices[0].finish_reason == "stop" and whole.usage.prompt_tokens > 0
    chunks = list(sdk_of(responses_only).chat.completions.create(**question, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text
    assert chunks[-1].usage == whole.usage and whole.usage.completion_tokens == len(text.split())


def test_chat_calls_tools_and_answers_in_json(responses_only):
    sdk, messages = sdk_of(responses_only), [{"role": "user", "content": "The weather in Paris"}]
    first = sdk.chat.completions.create(model=MODEL, messages=messages, tools=CHAT_TOOLS).choices[0]
    call, = first.message.tool_calls
    assert first.finish_reason == "tool_calls" and json.loads(call.function.arguments) == {"city": "Paris"}
    messages += [first.message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
    assert "rain" in sdk.chat.completions.create(model=MODEL, messages=messages, tools=CHAT_TOOLS).choices[0].message.content
    schema = {"type": "json_schema", "json_schema": {"name": "p", "strict": True, "schema": {**PARAMETERS, "additionalProperties": False}}}
    formed = sdk.chat.completions.create(model=MODEL, messages=messages[:1], response_format=schema)
    assert set(json.loads(formed.choices[0].message.content)) == {"city"}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_reasoning_comes_back_with_its_proof(start, provide, streamed):
    """What the model thought is shown to an Anthropic client that asks, and its sealed item is given back as it was."""
    item = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "I think."}], "encrypted_content": "gAAA-proof"}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
               "content": [{"type": "output_text", "text": "Paris", "annotations": []}]}
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": MODEL, "status": "completed", "output": [item, message],
                "usage": {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12, "output_tokens_details": {"reasoning_tokens": 8}}}

    def answer(request, peer):
        if not request.json().get("stream"):
            return peer.send(wire.http_json(response))
        peer.send(wire.stream_head())
        for event in [{"type": "response.created", "response": {**response, "output": []}},
                      {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "I think."},
                      {"type": "response.output_item.done", "output_index": 0, "item": item},
                      {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Paris"},
                      {"type": "response.output_item.done", "output_index": 1, "item": message},
                      {"type": "response.completed", "response": response}]:
            peer.send(wire.chunk(wire.sse(event, event["type"])))
        peer.send(wire.LAST_CHUNK)

    provider = provide(answer)
    sdk = anthropic.Anthropic(api_key="k", base_url=start(config=configuration(provider.port, "Responses")).url(), max_retries=0, timeout=30)
    asked = {"model": MODEL, "max_tokens": 5000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    messages = [{"role": "user", "content": "Hm?"}]
    if streamed:
        with sdk.messages.stream(**asked, messages=messages) as stream:
            said = stream.get_final_message()
    else:
        said = sdk.messages.create(**asked, messages=messages)
    assert [block.type for block in said.content] == ["thinking", "text"] and said.content[0].thinking == "I think."
    messages += [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in said.content]},
                 {"role": "user", "content": "And now?"}]
    sdk.messages.create(**asked, messages=messages)
    first, second = (request.json() for request in provider.requests)
    assert first["include"] == ["reasoning.encrypted_content"] and first["store"] is False
    assert first["reasoning"] == {"effort": "low", "summary": "auto"} and first["max_output_tokens"] == 5000
    assert second["input"][1] == item
    assert [request.path for request in provider.requests] == ["/v1/responses"] * 2


def test_responses_pass_unchanged(start, provide):
    provider = provide(lambda request, peer: peer.send(wire.http_json({"id": "resp_1", "object": "response", "output": []})))
    weir = start(config=configuration(provider.port, "Responses"))
    body = {"model": MODEL, "input": "x", "previous_response_id": "resp_0", "unknown": [1.10]}
    assert weir.request("POST", "/v1/responses", body)[0] == 200
    assert provider.requests[0].json() == body and provider.requests[0].path == "/v1/responses"


@pytest.mark.parametrize("event", [{"type": "error", "code": "server_error", "message": "Broken."},
                                   {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Broken."}}}, None])
def test_a_stream_that_fails_raises(start, provide, event):
    def answer(request, peer):
        peer.send(wire.stream_head())
        for part in list(wire.responses_events())[:5]:
            peer.send(wire.chunk(part))
        if event:
            peer.send(wire.chunk(wire.sse(event, event["type"])))
        peer.close()

    provider = provide(answer)
    weir = start(config=configuration(provider.port, "Responses"))
    with pytest.raises(openai.APIError):
        list(sdk_of(weir).chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "x"}], stream=True))
    theirs = anthropic.Anthropic(api_key="k", base_url=weir.url(), max_retries=0, timeout=30)
    with pytest.raises(anthropic.APIStatusError):
        with theirs.messages.stream(model=MODEL, max_tokens=99, messages=[{"role": "user", "content": "x"}]) as stream:
            stream.get_final_message()


def test_responses_where_there_is_chat_only(chat_only):
    question = {"model": "m", "instructions": "Be brief.", "input": "Which city is it?"}
    whole = sdk_of(chat_only).responses.create(**question)
    assert "Which city is it?" in whole.output_text and whole.status == "completed" and whole.usage.input_tokens > 0
    with sdk_of(chat_only).responses.stream(**question) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == whole.output_text and kinds[-1] == "response.completed"
    items = [{"role": "user", "content": "The weather in Paris"}]
    first = sdk_of(chat_only).responses.create(model="m", input=items, tools=TOOLS)
    call = next(item for item in first.output if item.type == "function_call")
    items += [item.model_dump(exclude_none=True) for item in first.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "rain"})
    assert "rain" in sdk_of(chat_only).responses.create(model="m", input=items, tools=TOOLS).output_text
    with pytest.raises(openai.UnprocessableEntityError):
        sdk_of(chat_only).responses.create(model="m", input="x", previous_response_id="resp_1")


def test_input_tokens_are_counted_or_estimated(responses_only, chat_only):
    for weir, estimated in ((responses_only, False), (chat_only, True)):
        raw = sdk_of(weir).responses.input_tokens.with_raw_response.count(model="gpt-4o", input="one two three " * 50, instructions="Be brief.")
        assert 150 <= raw.parse().input_tokens <= 175 and ("x-weir-estimated" in raw.headers) == estimated, raw.text
    with pytest.raises(openai.UnprocessableEntityError):
        sdk_of(chat_only).responses.input_tokens.count(model="m", input="x", previous_response_id="resp_1")


def test_chat_only_is_sent_chat(start, provide):
    provider = provide(None)
    weir = start(config=configuration(provider.port, "ChatCompletions"))
    assert sdk_of(weir).responses.create(model="m", input="x").output_text == wire.ANSWER
    assert sdk_of(weir).chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert [request.path for request in provider.requests] == ["/v1/chat/completions"] * 2
