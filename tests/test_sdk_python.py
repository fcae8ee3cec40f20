"""The official Python SDKs: `openai` against all three agents, `anthropic` against the mock provider itself."""
import json
import threading

import anthropic
import openai
import pytest

from harness import config as configs
from harness import wire
from harness.weir import ROOT, wait_until

AGENTS = {"reasoning": "gpt-5-nano", "data": "claude-sonnet-4-5", "planning": "anthropic.claude-3-5-sonnet-20240620-v1:0"}
USER = [{"role": "user", "content": "Which city is it?"}]
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}},
    {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}},
]
EXAMPLE = ROOT / "examples/multi-agent"


def client(weir, agent, **options):
    return openai.OpenAI(api_key="client-key", base_url=weir.url(f"/v1/{agent}"), **{"max_retries": 0, "timeout": 30, **options})


@pytest.fixture(scope="module")
def mock_agents(tmp_path_factory):
    """The example, unmodified, answered by the built-in mock provider."""
    from conftest import end_all
    from harness.weir import Weir
    weir = Weir(tmp_path_factory.mktemp("weir"), [EXAMPLE], "--mock")
    yield weir
    end_all([(weir, True)])


@pytest.fixture
def agents(start, provide):
    """agents(answer) → (Weir, Provider): the three agents, all answered by one imposter."""
    def start_both(answer=None):
        provider = provide(answer)
        return start(config=configs.agents({agent: provider.port for agent in AGENTS})), provider
    return start_both


# --- examples/multi-agent with the mock provider ------------------------------------------------------------------------

@pytest.mark.parametrize("agent", AGENTS)
def test_chat(mock_agents, agent):
    answer = client(mock_agents, agent).chat.completions.create(model=AGENTS[agent], messages=USER)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("agent", AGENTS)
def test_streaming(mock_agents, agent):
    whole = client(mock_agents, agent).chat.completions.create(model=AGENTS[agent], messages=USER)
    stream = client(mock_agents, agent).chat.completions.create(model=AGENTS[agent], messages=USER, stream=True,
                                                                 stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content, "streamed and whole answers of the mock are the same"
    finishes = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert finishes == ["stop"]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len(usages) == 1 and usages[0] == chunks[-1].usage and chunks[-1].choices == []
    assert usages[0].completion_tokens == whole.usage.completion_tokens
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("agent", AGENTS)
def test_streaming_without_asking_for_usage(mock_agents, agent):
    """OpenAI's own stream shows none; translated ones close with it, as the conformance cases of those providers demand."""
    stream = client(mock_agents, agent).chat.completions.create(model=AGENTS[agent], messages=USER, stream=True)
    chunks = list(stream)
    assert len([chunk for chunk in chunks if chunk.usage]) == (0 if agent == "reasoning" else 1)
    assert all(chunk.choices for chunk in chunks[:-1])


@pytest.mark.parametrize("agent", AGENTS)
def test_the_sdks_own_stream_helper(mock_agents, agent):
    with client(mock_agents, agent).chat.completions.stream(model=AGENTS[agent], messages=USER) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content


@pytest.mark.parametrize("agent", AGENTS)
def test_async_client(mock_agents, agent):
    import asyncio

    async def ask():
        async with openai.AsyncOpenAI(api_key="k", base_url=mock_agents.url(f"/v1/{agent}"), max_retries=0) as asynchronous:
            return await asyncio.gather(*(asynchronous.chat.completions.create(model=AGENTS[agent], messages=USER) for _ in range(20)))
    answers = asyncio.run(ask())
    assert len({answer.choices[0].message.content for answer in answers}) == 1


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("base", ["/v1/{agent}", "/v1/{agent}/v1", "/v1/{agent}/"])
def test_any_spelling_of_the_base_url(mock_agents, agent, base):
    sdk = openai.OpenAI(api_key="k", base_url=mock_agents.url(base.format(agent=agent)), max_retries=0)
    assert sdk.chat.completions.create(model=AGENTS[agent], messages=USER).choices[0].message.content


@pytest.mark.parametrize("agent", AGENTS)
def test_a_post_to_the_bare_prefix_is_chat(mock_agents, agent):
    status, _, body = mock_agents.request("POST", f"/v1/{agent}", {"model": AGENTS[agent], "messages": USER})
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"]


@pytest.mark.parametrize("agent", AGENTS)
def test_models_list(mock_agents, agent):
    models = client(mock_agents, agent).models.list()
    assert models.object == "list" and isinstance(models.data, list)


@pytest.mark.parametrize("agent", AGENTS)
def test_images_and_system_prompts_are_accepted(mock_agents, agent):
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    answer = client(mock_agents, agent).chat.completions.create(model=AGENTS[agent], max_tokens=50, temperature=0.5, messages=[
        {"role": "system", "content": "You are brief."}, {"role": "developer", "content": "Very brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": pixel}}]},
        {"role": "assistant", "content": "A pixel."}, {"role": "user", "content": "Which colour?"}])
    assert answer.choices[0].message.content


# --- the three agents with imposter providers ---------------------------------------------------------------------------

def run_tools(sdk, model, stream):
    """One full round: question, two parallel calls, results, answer. Returns the final text and the calls."""
    messages = list(USER)
    if stream:
        with sdk.chat.completions.stream(model=model, messages=messages, tools=TOOLS) as events:
            for _ in events:
                pass
            choice = events.get_final_completion().choices[0]
    else:
        choice = sdk.chat.completions.create(model=model, messages=messages, tools=TOOLS, tool_choice="auto").choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    messages.append({"role": "assistant", "content": choice.message.content, "tool_calls": [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
        for call in choice.message.tool_calls]})
    messages += [{"role": "tool", "tool_call_id": call_id, "content": f"{name} says {arguments}"} for call_id, name, arguments in calls]
    if stream:
        with sdk.chat.completions.stream(model=model, messages=messages, tools=TOOLS) as events:
            for _ in events:
                pass
            return events.get_final_completion().choices[0].message.content, calls
    return sdk.chat.completions.create(model=model, messages=messages, tools=TOOLS).choices[0].message.content, calls


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("agent", AGENTS)
def test_tools_round_trip(agents, agent, stream):
    weir, provider = agents(wire.tool_answer)
    text, calls = run_tools(client(weir, agent), AGENTS[agent], stream)
    assert calls == [(call_id, name, json.loads(arguments)) for call_id, name, arguments in wire.TOOL_CALLS]
    assert text == "; ".join(f"{call_id}={name} says {arguments}" for call_id, name, arguments in calls)
    first, second = provider.requests
    sent = json.dumps(first.json())
    assert "get_weather" in sent and "Weather of a city" in sent and '"required": ["city"]' in sent
    assert len(wire.tool_results(second)) == 2


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("status, error", [
    (400, openai.BadRequestError), (401, openai.AuthenticationError), (403, openai.PermissionDeniedError), (404, openai.NotFoundError),
    (422, openai.UnprocessableEntityError), (429, openai.RateLimitError), (500, openai.InternalServerError), (529, openai.InternalServerError)])
def test_provider_errors_are_the_sdks_exceptions(agents, agent, status, error):
    bodies = {"openai": {"error": {"message": "No, because.", "type": "t", "code": "c"}},
              "anthropic": {"type": "error", "error": {"type": "t", "message": "No, because."}}, "bedrock": {"message": "No, because."}}
    weir, _ = agents(lambda request, peer: peer.send(wire.http_json(bodies[wire.dialect_of(request)], status)))
    with pytest.raises(error) as raised:
        client(weir, agent).chat.completions.create(model=AGENTS[agent], messages=USER)
    assert raised.value.status_code == status
    assert "No, because." in raised.value.message
    assert raised.value.request_id


@pytest.mark.parametrize("agent", AGENTS)
def test_retries_of_the_sdk_succeed(agents, agent):
    """429 with retry-after, then 503, then an answer: the SDK waits as told and gets it."""
    def answer(request, peer):
        if len(provider.requests) == 1:
            peer.send(wire.http_json({"error": {"message": "slow down"}}, 429, [("retry-after-ms", "20"), ("retry-after", "0")]))
        elif len(provider.requests) == 2:
            peer.send(wire.http_json({"error": {"message": "not now"}}, 503, [("retry-after-ms", "20")]))
        else:
            wire.answer(request, peer)

    weir, provider = agents(answer)
    answer_ = client(weir, agent, max_retries=3).chat.completions.create(model=AGENTS[agent], messages=USER)
    assert answer_.choices[0].message.content == wire.ANSWER
    assert len(provider.requests) == 3


@pytest.mark.parametrize("agent", AGENTS)
def test_a_timeout_of_the_sdk_cancels_the_provider(agents, agent):
    gone = []
    weir, provider = agents(lambda request, peer: gone.append(peer.wait_closed(20)))
    with pytest.raises(openai.APITimeoutError):
        client(weir, agent, timeout=0.5).chat.completions.create(model=AGENTS[agent], messages=USER)
    wait_until(lambda: gone, "the provider request to be cancelled")
    assert gone[0] and len(provider.requests) == 1


@pytest.mark.parametrize("agent", AGENTS)
def test_leaving_a_stream_early_cancels_the_provider(agents, agent):
    gone = []

    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:3]:
            peer.send(wire.chunk(event))
        gone.append(peer.wait_closed(20))

    weir, _ = agents(answer)
    sdk = client(weir, agent)
    stream = sdk.chat.completions.create(model=AGENTS[agent], messages=USER, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    sdk.close()
    wait_until(lambda: gone, "the provider request to be cancelled")
    assert gone[0]


@pytest.mark.parametrize("agent", AGENTS)
def test_a_stream_that_breaks_raises(agents, agent):
    """The SDK must not take half an answer for a whole one."""
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:4]:
            peer.send(wire.chunk(event))
        peer.close()

    weir, _ = agents(answer)
    with pytest.raises(openai.APIError):
        for _ in client(weir, agent).chat.completions.create(model=AGENTS[agent], messages=USER, stream=True):
            pass


@pytest.mark.parametrize("agent", AGENTS)
def test_bad_requests_name_the_mistake(agents, agent):
    weir, provider = agents()
    with pytest.raises(openai.BadRequestError) as raised:
        client(weir, agent).chat.completions.create(model="", messages=USER)
    assert "model" in raised.value.message
    assert provider.requests == []


def test_unknown_model_is_the_sdks_not_found(start, provide):
    provider = provide()
    weir = start(config=configs.join(configs.route(configs.rule("provider", [configs.model("known-model")])),
                                     *configs.provider("provider", provider.port)))
    sdk = openai.OpenAI(api_key="k", base_url=weir.url("/v1"), max_retries=0)
    with pytest.raises(openai.NotFoundError) as raised:
        sdk.chat.completions.create(model="unheard-of", messages=USER)
    assert "unheard-of" in raised.value.message and "known-model" in raised.value.message
    assert [model.id for model in sdk.models.list()] == ["known-model"]
    assert sdk.chat.completions.create(model="known-model", messages=USER).choices[0].message.content == wire.ANSWER


@pytest.mark.parametrize("agent", AGENTS)
def test_fifty_streams_at_once(agents, agent):
    weir, _ = agents()
    sdk, texts = client(weir, agent), []

    def ask():
        stream = sdk.chat.completions.create(model=AGENTS[agent], messages=USER, stream=True)
        texts.append("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))
    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts == [wire.ANSWER] * 50


def test_other_operations_through_openai(agents):
    weir, _ = agents(lambda request, peer: peer.send(wire.http_json(
        {"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.25]}],
         "usage": {"prompt_tokens": 1, "total_tokens": 1}})))
    answer = client(weir, "reasoning").embeddings.create(model="text-embedding-3-small", input="x", encoding_format="float")
    assert answer.data[0].embedding == [0.5, -1.25]


def test_what_a_target_cannot_say_is_named(agents):
    weir, _ = agents()
    raw = client(weir, "data").chat.completions.with_raw_response.create(
        model=AGENTS["data"], messages=USER, logprobs=True, seed=7, frequency_penalty=0.5)
    dropped = {entry.strip() for entry in raw.headers["x-weir-dropped"].split(",")}
    assert {"/logprobs", "/seed", "/frequency_penalty"} <= dropped
    raw = client(weir, "reasoning").chat.completions.with_raw_response.create(model="gpt-5-nano", messages=USER, seed=7)
    assert "x-weir-dropped" not in raw.headers


# --- anthropic's SDK against the mock provider itself -------------------------------------------------------------------

@pytest.fixture
def mock_address(start_child, folder):
    child = start_child("mock", "--port", "0", "--ready-file", folder / "child-0" / "ready.json")
    ready = child.wait_ready()
    return ready.get("mock") or next(iter(ready["listeners"].values()))


def test_anthropic_sdk_and_the_mock(mock_address):
    sdk = anthropic.Anthropic(api_key="k", base_url=f"http://{mock_address}", max_retries=0)
    whole = sdk.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=USER)
    assert whole.content[0].text and whole.stop_reason == "end_turn" and whole.usage.output_tokens > 0
    with sdk.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=USER) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens and final.stop_reason == "end_turn"


def test_openai_sdk_and_the_mock(mock_address):
    sdk = openai.OpenAI(api_key="k", base_url=f"http://{mock_address}/v1", max_retries=0)
    answer = sdk.chat.completions.create(model="gpt-5-nano", messages=USER)
    assert answer.choices[0].message.content
    assert sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt="Say").choices[0].text
    assert sdk.embeddings.create(model="text-embedding-3-small", input=["a", "b"]).data[1].index == 1
    assert list(sdk.models.list())
