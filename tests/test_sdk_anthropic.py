"""The official `anthropic` SDKs (Python, Node) against every kind of provider: chat, streams, tools, thinking, counting, errors.

The mock answers each backend in the backend's own dialect, so what the SDK sees went through Weir's translation both ways.
"""
import json
import re
import subprocess

import anthropic
import pytest

from harness import config as configs
from harness import wire
from harness.weir import ROOT, Weir

SCHEMAS = {"anthropic": "Anthropic", "openai": "OpenAI", "azure": {"name": "AzureOpenAI", "version": "2025-01-01-preview"},
           "bedrock": "AWSBedrock", "awsanthropic": "AWSAnthropic"}
MODELS = {"anthropic": "claude-sonnet-4-6", "openai": "gpt-5-nano", "azure": "gpt-4o", "bedrock": "anthropic.claude-3-5-sonnet-20240620-v1:0",
          "awsanthropic": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
TOOLS = [{"name": "get_weather", "description": "Weather of a city",
          "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
         {"name": "get_time", "input_schema": {"type": "object", "properties": {"zone": {"type": "string"}}}}]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def everyone(port):
    """One route: each model goes to the backend of one schema."""
    documents = [document for name, schema in SCHEMAS.items() for document in configs.provider(name, port, schema)]
    return configs.join(configs.route(*(configs.rule(name, [configs.model(MODELS[name])]) for name in SCHEMAS)), *documents)


def client(weir, prefix="", **options):
    return anthropic.Anthropic(api_key="client-key", base_url=weir.url(prefix), **{"max_retries": 0, "timeout": 30, **options})


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [], "--mock", config=everyone(1))
    yield weir
    end_all([(weir, True)])


@pytest.fixture
def served(start, provide):
    """served(answer) → (Weir, Provider): all schemas, answered by one imposter."""
    def start_both(answer=None):
        provider = provide(answer)
        return start(config=everyone(provider.port)), provider
    return start_both


def ask(sdk, name, text="Which city is it?", **more):
    return sdk.messages.create(**{"model": MODELS[name], "max_tokens": 500, "messages": [{"role": "user", "content": text}], **more})


def joined(message):
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize("name", SCHEMAS)
def test_chat(mock, name):
    answer = ask(client(mock), name, system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}])
    assert answer.type == "message" and answer.role == "assistant"
    assert "Which city is it?" in joined(answer)
    assert answer.stop_reason == "end_turn" and answer.stop_sequence is None
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_streaming(mock, name):
    whole = ask(client(mock), name)
    kinds = []
    with client(mock).messages.stream(model=MODELS[name], max_tokens=500, messages=[{"role": "user", "content": "Which city is it?"}]) as stream:
        for event in stream:
            kinds.append(event.type)
        final = stream.get_final_message()
    assert joined(final) == joined(whole)
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert [kinds.count(kind) for kind in ("message_start", "content_block_start", "content_block_stop", "message_stop")] == [1, 1, 1, 1]
    assert kinds.count("content_block_delta") == len(joined(whole).split())


@pytest.mark.parametrize("name", SCHEMAS)
def test_max_tokens_says_so(mock, name):
    assert ask(client(mock), name, max_tokens=2).stop_reason == "max_tokens"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_tools_round_trip(mock, name, stream):
    sdk, messages = client(mock), [{"role": "user", "content": "The weather and the time in Paris, please"}]

    def say():
        if not stream:
            return sdk.messages.create(model=MODELS[name], max_tokens=500, messages=messages, tools=TOOLS)
        with sdk.messages.stream(model=MODELS[name], max_tokens=500, messages=messages, tools=TOOLS) as events:
            return events.get_final_message()

    first = say()
    assert first.stop_reason == "tool_use"
    calls = [block for block in first.content if block.type == "tool_use"]
    assert {call.name for call in calls} == {"get_weather", "get_time"}
    assert next(call for call in calls if call.name == "get_weather").input == {"city": "Paris"}
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name} is fine"} for call in calls]})
    second = say()
    assert second.stop_reason == "end_turn"
    assert f"{calls[-1].name} is fine" in joined(second)


@pytest.mark.parametrize("name", ["anthropic", "bedrock", "awsanthropic"])
def test_thinking_and_its_proof_come_back(mock, name):
    sdk = client(mock)
    with sdk.messages.stream(model=MODELS[name], max_tokens=5000, thinking={"type": "enabled", "budget_tokens": 2000},
                             messages=[{"role": "user", "content": "Hm?"}]) as stream:
        final = stream.get_final_message()
    thought = final.content[0]
    assert thought.type == "thinking" and thought.thinking and thought.signature
    again = sdk.messages.create(model=MODELS[name], max_tokens=500, messages=[
        {"role": "user", "content": "Hm?"}, {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in final.content]},
        {"role": "user", "content": "And now?"}])
    assert "And now?" in joined(again)


@pytest.mark.parametrize("name", SCHEMAS)
def test_images_and_documents_are_accepted(mock, name):
    answer = ask(client(mock), name, [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"type": "document", "title": "Notes", "source": {"type": "text", "media_type": "text/plain", "data": "It rains."}}])
    assert joined(answer)


@pytest.mark.parametrize("name", ["anthropic", "bedrock", "awsanthropic"])
def test_counting_tokens(mock, name):
    sdk = client(mock)
    few = sdk.messages.count_tokens(model=MODELS[name], messages=[{"role": "user", "content": "one two three"}])
    many = sdk.messages.count_tokens(model=MODELS[name], messages=[{"role": "user", "content": "one two three " * 50}])
    assert 0 < few.input_tokens < many.input_tokens


@pytest.mark.parametrize("name", ["openai", "azure"])
def test_where_nobody_counts_an_estimate_is_given(mock, name):
    sdk = client(mock)
    raw = sdk.messages.with_raw_response.count_tokens(model=MODELS[name], messages=[{"role": "user", "content": "one two three"}])
    assert raw.headers["x-weir-estimated"] == "true"
    few = raw.parse().input_tokens
    many = sdk.messages.count_tokens(model=MODELS[name], system="Be brief.", messages=[{"role": "user", "content": "one two three " * 50}])
    assert 3 <= few <= 12 and 150 <= many.input_tokens <= 175, (few, many)
    exact = sdk.messages.with_raw_response.count_tokens(model=MODELS["anthropic"], messages=[{"role": "user", "content": "one"}])
    assert "x-weir-estimated" not in exact.headers
    with pytest.raises(anthropic.BadRequestError):
        sdk.messages.count_tokens(model=MODELS[name], messages=[{"role": "robot", "content": "one"}])


@pytest.mark.parametrize("prefix", ["", "/anthropic"])
def test_the_root_and_below_anthropic(mock, prefix):
    sdk = client(mock, prefix)
    assert joined(ask(sdk, "openai"))
    assert {model.id for model in sdk.models.list().data} == set(MODELS.values())


@pytest.mark.parametrize("agent, model", [("reasoning", "gpt-5-nano"), ("data", "claude-sonnet-4-5"),
                                          ("planning", "anthropic.claude-3-5-sonnet-20240620-v1:0")])
@pytest.mark.parametrize("base", ["/v1/{agent}", "/v1/{agent}/anthropic"])
def test_below_an_agents_prefix(tmp_path_factory, agent, model, base):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [ROOT / "examples/multi-agent"], "--mock")
    try:
        sdk = client(weir, base.format(agent=agent))
        answer = sdk.messages.create(model=model, max_tokens=50, messages=[{"role": "user", "content": "Which city?"}])
        assert "Which city?" in joined(answer)
        status, _, body = weir.request("POST", f"/v1/{agent}", {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
                                       {"anthropic-version": "2023-06-01"})
        assert status == 200 and json.loads(body)["type"] == "message", "the bare prefix, told apart by the version header"
    finally:
        end_all([(weir, True)])


# --- every preset of examples/providers ---------------------------------------------------------------------------------

PRESETS = [file for file in sorted((ROOT / "examples/providers").glob("*.yaml")) if file.stem != "cohere"]


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [ROOT / "examples/providers"], "--mock")
    yield weir
    end_all([(weir, True)])


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_every_preset_answers_streams_and_calls_tools(presets, file):
    sdk, model = client(presets), re.search(r"value: (\S+)", file.read_text()).group(1)
    question = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": "The weather in Paris"}]}
    whole = sdk.messages.create(**question)
    assert f"Mock answer from {model}" in joined(whole) and whole.stop_reason == "end_turn" and whole.usage.input_tokens > 0
    with sdk.messages.stream(**question) as stream:
        final = stream.get_final_message()
    assert joined(final) == joined(whole) and final.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens
    with sdk.messages.stream(**question, tools=TOOLS[:1]) as stream:
        asked = stream.get_final_message()
    call = next(block for block in asked.content if block.type == "tool_use")
    assert asked.stop_reason == "tool_use" and (call.name, call.input) == ("get_weather", {"city": "Paris"})
    told = sdk.messages.create(**{**question, "messages": [
        *question["messages"], {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in asked.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"}]}]}, tools=TOOLS[:1])
    assert "rain" in joined(told)


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_every_preset_in_nodes_sdk(presets, file):
    model = re.search(r"value: (\S+)", file.read_text()).group(1)
    streamed = node(presets, model, "stream")
    assert f"Mock answer from {model}" in streamed["text"] and streamed["stop"] == "end_turn"


# --- with imposters: exact pieces, faults, errors -----------------------------------------------------------------------

@pytest.mark.parametrize("name", ["anthropic", "openai", "azure", "bedrock"])
def test_arguments_arrive_piece_by_piece(served, name):
    """What the provider streams of a call's arguments is passed on as it comes, never gathered."""
    weir, _ = served(wire.tool_answer)
    calls, deltas = {}, 0
    for event in client(weir).messages.create(model=MODELS[name], max_tokens=500, stream=True, tools=TOOLS,
                                              messages=[{"role": "user", "content": "Go"}]):
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            calls[event.index] = [event.content_block.id, event.content_block.name, ""]
        if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            calls[event.index][2] += event.delta.partial_json
            deltas += 1
    assert [tuple(call) for call in calls.values()] == wire.TOOL_CALLS
    assert deltas == sum(len(wire.pieces(arguments)) for _, _, arguments in wire.TOOL_CALLS)


@pytest.mark.parametrize("name", ["anthropic", "openai", "azure", "bedrock"])
@pytest.mark.parametrize("status, error, kind", [
    (400, anthropic.BadRequestError, "invalid_request_error"), (401, anthropic.AuthenticationError, "authentication_error"),
    (404, anthropic.NotFoundError, "not_found_error"), (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, None), (529, anthropic.InternalServerError, "overloaded_error")])
def test_provider_errors_are_the_sdks_exceptions(served, name, status, error, kind):
    bodies = {"openai": {"error": {"message": "No, because.", "type": "t", "code": "c"}},
              "anthropic": {"type": "error", "error": {"type": kind or "api_error", "message": "No, because."}},
              "bedrock": {"message": "No, because."}}
    weir, _ = served(lambda request, peer: peer.send(wire.http_json(bodies[wire.dialect_of(request)], status)))
    with pytest.raises(error) as raised:
        ask(client(weir), name)
    assert raised.value.status_code == status
    assert raised.value.body["error"]["message"] == "No, because."
    assert kind is None or raised.value.body["error"]["type"] == kind


@pytest.mark.parametrize("name", ["anthropic", "openai", "azure", "bedrock"])
def test_a_stream_that_breaks_raises(served, name):
    """The SDK must not take half an answer for a whole one."""
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:4]:
            peer.send(wire.chunk(event))
        peer.close()

    weir, _ = served(answer)
    with pytest.raises(anthropic.APIError):
        for _ in client(weir).messages.create(model=MODELS[name], max_tokens=9, stream=True, messages=[{"role": "user", "content": "x"}]):
            pass


def test_usage_of_a_stream_is_asked_for_and_counted(served):
    weir, provider = served(wire.answer)
    with client(weir).messages.stream(model=MODELS["openai"], max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream:
        final = stream.get_final_message()
    assert provider.requests[0].json()["stream_options"] == {"include_usage": True}
    assert (final.usage.input_tokens, final.usage.output_tokens) == (7, 5)
    assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type="input") == 7


def test_native_requests_pass_unchanged(served):
    """An Anthropic backend gets the client's bytes, version and beta flags."""
    weir, provider = served(wire.answer)
    body = '{"max_tokens": 9,  "model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "x"}], "unknown": 1.10}'
    status, _, _ = weir.request("POST", "/v1/messages", body, {"anthropic-beta": "some-flag"})
    assert status == 200
    sent = provider.requests[0]
    assert sent.body.decode() == body and sent.path == "/v1/messages"
    assert sent.header("anthropic-beta") == "some-flag"
    assert sent.header("anthropic-version") == "2023-06-01", "added, since the client said none"


def test_what_a_provider_cannot_say_is_named(served):
    weir, _ = served(wire.answer)
    status, headers, _ = weir.request("POST", "/v1/messages", {
        "model": MODELS["openai"], "max_tokens": 9, "top_k": 4, "messages": [{"role": "user", "content": "x"}]})
    assert status == 200 and headers["x-weir-dropped"] == "/top_k"
    status, _, body = weir.request("POST", "/v1/messages", {
        "model": MODELS["openai"], "max_tokens": 9, "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "code_execution_20250825", "name": "code_execution"}]})
    error = json.loads(body)
    assert status == 422 and error["type"] == "error" and "/tools/0" in error["error"]["message"]


def test_a_strict_route_refuses_instead(start, provide):
    provider = provide(wire.answer)
    strict = configs.document("weir.dev/v1alpha1", "DialectPolicy", "strict", {
        "strict": True, "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIGatewayRoute", "name": "route"}]})
    weir = start(config=configs.join(everyone(provider.port), strict))
    body = {"model": MODELS["openai"], "max_tokens": 9, "top_k": 4, "messages": [{"role": "user", "content": "x"}]}
    status, headers, answer = weir.request("POST", "/v1/messages", body)
    assert status == 422 and "/top_k" in json.loads(answer)["error"]["message"] and "x-weir-dropped" not in headers
    assert provider.requests == []
    assert weir.request("POST", "/v1/messages", {**body, "model": MODELS["anthropic"]})[0] == 200, "nothing is lost there"


# --- Node ---------------------------------------------------------------------------------------------------------------

def node(weir, model, scenario):
    done = subprocess.run(["node", str(ROOT / "tests/node/anthropic.mjs"), weir.url(""), model, scenario], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SCHEMAS)
def test_node_chat_and_stream(mock, name):
    whole, streamed = node(mock, MODELS[name], "chat"), node(mock, MODELS[name], "stream")
    assert whole["text"] and whole["stop"] == "end_turn"
    assert streamed == whole


@pytest.mark.parametrize("name", SCHEMAS)
def test_node_tools(mock, name):
    seen = node(mock, MODELS[name], "tools")
    assert seen["stop"] == "tool_use" and {"name": "get_weather", "input": {"city": "Paris"}} in seen["calls"]
    assert seen["streamed"] == seen["calls"]
    assert "get_weather ok" in seen["text"]


def test_node_errors(served):
    weir, _ = served(lambda request, peer: peer.send(wire.http_json({"error": {"message": "No, because.", "type": "t"}}, 429)))
    seen = node(weir, MODELS["openai"], "error")
    assert seen["raised"] == "RateLimitError" and "No, because." in seen["message"]
