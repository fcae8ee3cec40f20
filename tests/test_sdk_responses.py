"""The official `openai` SDK's Responses API against providers that have none: answers, streams, tools, thinking, refusals."""
import json

import openai
import pytest

from harness import config as configs
from harness import wire
from harness.weir import Weir

SCHEMAS = {"anthropic": "Anthropic", "bedrock": "AWSBedrock", "awsanthropic": "AWSAnthropic"}
MODELS = {"anthropic": "claude-sonnet-4-6", "bedrock": "anthropic.claude-3-5-sonnet-20240620-v1:0",
          "awsanthropic": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
TOOLS = [{"type": "function", "name": "get_weather", "description": "Weather of a city", "strict": False,
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


def everyone(port):
    documents = [document for name, schema in SCHEMAS.items() for document in configs.provider(name, port, schema)]
    return configs.join(configs.route(*(configs.rule(name, [configs.model(MODELS[name])]) for name in SCHEMAS)), *documents)


def client(weir):
    return openai.OpenAI(api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [], "--mock", config=everyone(1))
    yield weir
    end_all([(weir, True)])


@pytest.mark.parametrize("name", SCHEMAS)
def test_whole_and_streamed(mock, name):
    question = {"model": MODELS[name], "instructions": "Be brief.", "input": "Which city is it?", "max_output_tokens": 200}
    whole = client(mock).responses.create(**question)
    assert whole.object == "response" and whole.status == "completed"
    assert "Which city is it?" in whole.output_text
    assert whole.usage.input_tokens > 0 and whole.usage.output_tokens > 0
    with client(mock).responses.stream(**question) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == whole.output_text and final.status == "completed"
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert kinds.count("response.output_text.delta") == len(whole.output_text.split())


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_cut_answer_is_incomplete(mock, name):
    answer = client(mock).responses.create(model=MODELS[name], input="Which city is it?", max_output_tokens=2)
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("name", SCHEMAS)
def test_tools_round_trip(mock, name):
    sdk, items = client(mock), [{"role": "user", "content": "The weather in Paris"}]
    first = sdk.responses.create(model=MODELS[name], input=items, tools=TOOLS)
    call = next(item for item in first.output if item.type == "function_call")
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Paris"})
    items += [item.model_dump(exclude_none=True) for item in first.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "rain"})
    second = sdk.responses.create(model=MODELS[name], input=items, tools=TOOLS)
    assert "rain" in second.output_text


@pytest.mark.parametrize("field", [{"previous_response_id": "resp_1"}, {"store": True}, {"background": True}])
def test_what_needs_a_store_is_refused(mock, field):
    with pytest.raises(openai.UnprocessableEntityError) as raised:
        client(mock).responses.create(model=MODELS["anthropic"], input="x", **field)
    assert next(iter(field)) in raised.value.message


@pytest.mark.parametrize("name", ["anthropic", "bedrock"])
def test_a_stream_that_breaks_fails(start, provide, name):
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:4]:
            peer.send(wire.chunk(event))
        peer.close()

    provider = provide(answer)
    weir = start(config=everyone(provider.port))
    kinds = [event.type for event in client(weir).responses.create(model=MODELS[name], input="x", stream=True)]
    assert kinds[-1] == "response.failed" and "response.completed" not in kinds
