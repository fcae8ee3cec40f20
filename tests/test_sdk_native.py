"""The official SDKs of Cohere, Google (`google-genai`) and AWS (`boto3`, bedrock-runtime) against every kind of provider: chat, streams,
tool round trips, errors, limits. One Weir with the built-in mock answers all of examples/providers, each in the provider's own dialect.
"""
import base64
import json
import re

import boto3
import botocore.config
import botocore.exceptions
import cohere
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types
from google.oauth2.credentials import Credentials

from harness import config as configs
from harness import wire
from harness.weir import ROOT, Weir

FOLDER = ROOT / "examples/providers"
PROVIDERS = ["openai", "openai-responses", "azure-openai", "anthropic", "aws-anthropic", "vertex-claude", "aws-bedrock", "gemini", "vertex-gemini", "cohere"]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
QUESTION, TOOL_QUESTION = "Which city is it?", "The weather in Paris, please"
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def model_of(provider):
    return re.search(r"value: (\S+)", (FOLDER / f"{provider}.yaml").read_text()).group(1)


class Cohere:
    name = "cohere"

    def __init__(self, weir, prefix=""):
        self.sdk = cohere.ClientV2(api_key="client-key", base_url=weir.url(prefix), timeout=30)
        self.tools = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": PARAMETERS}}]

    def chat(self, model):
        answer = self.sdk.chat(model=model, messages=[{"role": "user", "content": QUESTION}])
        assert answer.finish_reason == "COMPLETE" and answer.message.role == "assistant"
        return answer.message.content[0].text, answer.usage.tokens.input_tokens, answer.usage.tokens.output_tokens

    def stream(self, model):
        text, kinds, usage = "", [], None
        for event in self.sdk.chat_stream(model=model, messages=[{"role": "user", "content": QUESTION}]):
            kinds.append(event.type)
            if event.type == "content-delta":
                text += event.delta.message.content.text
            if event.type == "message-end":
                assert event.delta.finish_reason == "COMPLETE"
                usage = event.delta.usage.tokens
        assert [kinds.count(kind) for kind in ("message-start", "content-start", "content-end", "message-end")] == [1, 1, 1, 1], kinds
        return text, usage.input_tokens, usage.output_tokens

    def tool_round_trip(self, model, streamed):
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        if streamed:
            calls = []
            for event in self.sdk.chat_stream(model=model, messages=messages, tools=self.tools):
                if event.type == "tool-call-start":
                    call = event.delta.message.tool_calls
                    calls.append([call.id, call.function.name, ""])
                if event.type == "tool-call-delta":
                    calls[event.index][2] += event.delta.message.tool_calls.function.arguments
                if event.type == "message-end":
                    assert event.delta.finish_reason == "TOOL_CALL"
        else:
            answer = self.sdk.chat(model=model, messages=messages, tools=self.tools)
            assert answer.finish_reason == "TOOL_CALL"
            calls = [[call.id, call.function.name, call.function.arguments] for call in answer.message.tool_calls]
        (identity, name, arguments), = calls
        assert name == "get_weather" and json.loads(arguments) == {"city": "Paris"}
        messages += [{"role": "assistant", "tool_calls": [
            {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": identity, "content": [{"type": "document", "document": {"data": "it rains"}}]}]
        return self.sdk.chat(model=model, messages=messages, tools=self.tools).message.content[0].text


class Google:
    name = "google-genai"

    def __init__(self, weir, prefix=""):
        self.sdk = genai.Client(api_key="client-key", http_options=types.HttpOptions(base_url=weir.url(prefix), timeout=30000))
        self.tools = types.Tool(function_declarations=[types.FunctionDeclaration(
            name="get_weather", description="Weather of a city",
            parameters=types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")}, required=["city"]))])

    def chat(self, model):
        answer = self.sdk.models.generate_content(model=model, contents=QUESTION)
        assert answer.candidates[0].finish_reason == types.FinishReason.STOP and answer.response_id
        usage = answer.usage_metadata
        return answer.text, usage.prompt_token_count, usage.candidates_token_count

    def stream(self, model):
        chunks = list(self.sdk.models.generate_content_stream(model=model, contents=QUESTION))
        usage = chunks[-1].usage_metadata
        finished = [chunk for chunk in chunks if chunk.candidates and chunk.candidates[0].finish_reason]
        assert len(finished) == 1 and finished[0].candidates[0].finish_reason == types.FinishReason.STOP
        return "".join(chunk.text or "" for chunk in chunks), usage.prompt_token_count, usage.candidates_token_count

    def tool_round_trip(self, model, streamed):
        config = types.GenerateContentConfig(tools=[self.tools], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
        contents = [types.Content(role="user", parts=[types.Part(text=TOOL_QUESTION)])]
        if streamed:
            parts = [part for chunk in self.sdk.models.generate_content_stream(model=model, contents=contents, config=config)
                     for part in (chunk.candidates[0].content.parts if chunk.candidates[0].content else []) or []]
            said = types.Content(role="model", parts=parts)
        else:
            said = self.sdk.models.generate_content(model=model, contents=contents, config=config).candidates[0].content
        call, = [part.function_call for part in said.parts if part.function_call]
        assert call.name == "get_weather" and call.args == {"city": "Paris"}
        contents += [said, types.Content(role="user", parts=[types.Part(function_response=types.FunctionResponse(
            id=call.id, name=call.name, response={"output": "it rains"}))])]
        return self.sdk.models.generate_content(model=model, contents=contents, config=config).text


def bedrock(weir, prefix=""):
    return boto3.client("bedrock-runtime", endpoint_url=weir.url(prefix), region_name="us-east-1", aws_access_key_id="AKIDCLIENT",
                        aws_secret_access_key="client-secret", config=botocore.config.Config(retries={"total_max_attempts": 1}))


class Converse:
    name = "boto3 converse"

    def __init__(self, weir, prefix=""):
        self.sdk = bedrock(weir, prefix)
        self.tools = {"tools": [{"toolSpec": {"name": "get_weather", "description": "Weather of a city", "inputSchema": {"json": PARAMETERS}}}]}

    def chat(self, model):
        answer = self.sdk.converse(modelId=model, messages=[{"role": "user", "content": [{"text": QUESTION}]}],
                                   inferenceConfig={"maxTokens": 500})
        assert answer["stopReason"] == "end_turn" and answer["output"]["message"]["role"] == "assistant"
        return answer["output"]["message"]["content"][0]["text"], answer["usage"]["inputTokens"], answer["usage"]["outputTokens"]

    def events(self, model, messages, **more):
        return list(self.sdk.converse_stream(modelId=model, messages=messages, **more)["stream"])

    def stream(self, model):
        events = self.events(model, [{"role": "user", "content": [{"text": QUESTION}]}])
        kinds = [next(iter(event)) for event in events]
        assert [kinds.count(kind) for kind in ("messageStart", "contentBlockStop", "messageStop", "metadata")] == [1, 1, 1, 1], kinds
        usage = events[-1]["metadata"]["usage"]
        text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
        return text, usage["inputTokens"], usage["outputTokens"]

    def tool_round_trip(self, model, streamed):
        messages = [{"role": "user", "content": [{"text": TOOL_QUESTION}]}]
        if streamed:
            events = self.events(model, messages, toolConfig=self.tools)
            use = next(event["contentBlockStart"]["start"]["toolUse"] for event in events if "contentBlockStart" in event)
            text = "".join(event["contentBlockDelta"]["delta"].get("toolUse", {}).get("input", "")
                           for event in events if "contentBlockDelta" in event)
            assert next(event for event in events if "messageStop" in event)["messageStop"]["stopReason"] == "tool_use"
            said = {"role": "assistant", "content": [{"toolUse": {**use, "input": json.loads(text)}}]}
        else:
            answer = self.sdk.converse(modelId=model, messages=messages, toolConfig=self.tools)
            assert answer["stopReason"] == "tool_use"
            said = answer["output"]["message"]
        use, = [block["toolUse"] for block in said["content"] if "toolUse" in block]
        assert use["name"] == "get_weather" and use["input"] == {"city": "Paris"}
        messages += [said, {"role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "it rains"}]}}]}]
        return self.sdk.converse(modelId=model, messages=messages, toolConfig=self.tools)["output"]["message"]["content"][0]["text"]


class Invoke:
    name = "boto3 invoke"

    def __init__(self, weir, prefix=""):
        self.sdk = bedrock(weir, prefix)
        self.tools = [{"name": "get_weather", "description": "Weather of a city", "input_schema": PARAMETERS}]

    def body(self, messages, **more):
        return json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500, "messages": messages, **more})

    def ask(self, model, messages, **more):
        return json.loads(self.sdk.invoke_model(modelId=model, body=self.body(messages, **more))["body"].read())

    def events(self, model, messages, **more):
        stream = self.sdk.invoke_model_with_response_stream(modelId=model, body=self.body(messages, **more))["body"]
        return [json.loads(event["chunk"]["bytes"]) for event in stream]

    def chat(self, model):
        answer = self.ask(model, [{"role": "user", "content": QUESTION}])
        assert answer["stop_reason"] == "end_turn" and answer["type"] == "message"
        return answer["content"][0]["text"], answer["usage"]["input_tokens"], answer["usage"]["output_tokens"]

    def stream(self, model):
        events = self.events(model, [{"role": "user", "content": QUESTION}])
        kinds = [event["type"] for event in events]
        assert kinds[0] == "message_start" and kinds[-1] == "message_stop"
        usage = {**events[0]["message"]["usage"], **next(event for event in events if event["type"] == "message_delta")["usage"]}
        text = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
        return text, usage["input_tokens"], usage["output_tokens"]

    def tool_round_trip(self, model, streamed):
        messages = [{"role": "user", "content": TOOL_QUESTION}]
        if streamed:
            events = self.events(model, messages, tools=self.tools)
            use = next(event["content_block"] for event in events
                       if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use")
            use["input"] = json.loads("".join(event["delta"].get("partial_json", "") for event in events if event["type"] == "content_block_delta"))
            said = [use]
        else:
            said = self.ask(model, messages, tools=self.tools)["content"]
        use, = [block for block in said if block["type"] == "tool_use"]
        assert use["name"] == "get_weather" and use["input"] == {"city": "Paris"}
        messages += [{"role": "assistant", "content": said},
                     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use["id"], "content": "it rains"}]}]
        return self.ask(model, messages, tools=self.tools)["content"][0]["text"]


SDKS = [Cohere, Google, Converse, Invoke]
CELLS = {}


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("weir"), [FOLDER], "--mock")
    yield weir
    assert weir.stop() == 0, weir.output()
    print("\n" + " " * 16 + "".join(f"{provider:>15}" for provider in PROVIDERS))
    for sdk in SDKS:
        print(f"{sdk.name:<16}" + "".join(f"{CELLS.get((sdk.name, provider), '-'):>15}" for provider in PROVIDERS))


@pytest.fixture(scope="module")
def clients(presets):
    return {sdk.name: sdk(presets) for sdk in SDKS}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("sdk", [sdk.name for sdk in SDKS])
def test_chat_stream_and_tools(clients, sdk, provider):
    """A cell of the matrix: a whole answer, the same as a stream, tools whole and streamed."""
    client, model = clients[sdk], model_of(provider)
    CELLS[sdk, provider] = "FAILED"
    text, read, written = client.chat(model)
    assert f"Mock answer from {model}" in text and QUESTION in text and written == len(text.split())
    assert client.stream(model) == (text, read, written)
    for streamed in (False, True):
        assert "it rains" in client.tool_round_trip(model, streamed)
    CELLS[sdk, provider] = "ok"


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("agent, model", [("reasoning", "gpt-5-nano"), ("data", "claude-sonnet-4-5"), ("planning", "any.model-v1:0")])
def test_below_an_agents_prefix(agents, sdk, agent, model):
    assert QUESTION in sdk(agents, f"/v1/{agent}").chat(model)[0]


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("agents"), [ROOT / "examples/multi-agent"], "--mock")
    yield weir
    assert weir.stop() == 0, weir.output()


def test_below_their_own_names(clients, presets):
    model = model_of("openai")
    assert QUESTION in Cohere(presets, "/cohere").chat(model)[0]
    assert QUESTION in Google(presets, "/gemini").chat(model)[0]
    assert QUESTION in Converse(presets, "/bedrock").chat(model)[0]


def test_vertex_paths_and_the_array_form(presets):
    body = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}
    path = f"/v1/projects/p/locations/l/publishers/google/models/{model_of('openai')}"
    status, headers, answer = presets.request("POST", f"{path}:generateContent?key=client-key", body)
    assert status == 200 and QUESTION in json.loads(answer)["candidates"][0]["content"]["parts"][0]["text"]
    for provider in ("openai", "gemini"):
        status, headers, answer = presets.request("POST", f"/v1beta/models/{model_of(provider)}:streamGenerateContent", body)
        assert status == 200 and headers["content-type"] == "application/json"
        chunks = json.loads(answer)
        assert QUESTION in "".join(part["text"] for chunk in chunks for part in chunk["candidates"][0].get("content", {}).get("parts", []))
        assert chunks[-1]["usageMetadata"]["promptTokenCount"] >= 4


def test_the_list_of_models(clients, presets):
    names = {model.name for model in clients["google-genai"].sdk.models.list()}
    assert {f"models/{model_of(provider)}" for provider in PROVIDERS} <= names


@pytest.mark.parametrize("provider", ["openai", "gemini", "vertex-gemini", "cohere"])
def test_embeddings(clients, provider):
    if provider != "vertex-gemini":
        found = clients["google-genai"].sdk.models.embed_content(model=model_of(provider), contents=["one", "two"],
                                                                 config=types.EmbedContentConfig(output_dimensionality=8))
        # For newer models the SDK makes one content of both.
        assert [len(vector.values) for vector in found.embeddings] == ([8] if provider == "gemini" else [8, 8])
    found = clients["cohere"].sdk.embed(model=model_of(provider), texts=["one two"], input_type="search_document", embedding_types=["float"],
                                        output_dimension=8)
    assert [len(vector) for vector in found.embeddings.float_] == [8] and found.meta.billed_units.input_tokens in (2, None)  # AI Studio counts none


@pytest.mark.parametrize("provider", ["openai", "gemini", "vertex-gemini", "cohere"])
def test_googles_vertex_client_embeds(presets, provider):
    """Vertex AI's own way: :predict, below project and location."""
    sdk = genai.Client(vertexai=True, project="p", location="l", credentials=Credentials(token="client-key"),
                       http_options=types.HttpOptions(base_url=presets.url(), timeout=30000))
    found = sdk.models.embed_content(model=model_of(provider), contents=["one two", "three"],
                                     config=types.EmbedContentConfig(output_dimensionality=8, task_type="CLUSTERING"))
    assert [len(vector.values) for vector in found.embeddings][:1] == [8], found
    texts = [{"content": "one two"}, {"content": "three"}][:1 if provider == "vertex-gemini" else 2]  # that model embeds one at a time
    status, _, body = presets.request("POST", f"/v1/projects/p/locations/l/publishers/google/models/{model_of(provider)}:predict", {
        "instances": texts, "parameters": {"outputDimensionality": 8}})
    assert status == 200, body
    predictions = json.loads(body)["predictions"]
    assert [len(one["embeddings"]["values"]) for one in predictions] == [8] * len(texts) and predictions[0]["embeddings"]["statistics"]["truncated"] is False


def test_ranking_is_for_coheres_own(clients):
    sdk = clients["cohere"].sdk
    assert sdk.rerank(model=model_of("cohere"), query="red fox", documents=["a dog", "a red fox"], top_n=1).results[0].index == 1
    with pytest.raises(cohere.errors.BadRequestError) as raised:
        sdk.rerank(model=model_of("openai"), query="red fox", documents=["a dog"])
    assert "rerank" in raised.value.body["message"]


@pytest.mark.parametrize("provider", ["anthropic", "aws-anthropic", "vertex-claude", "aws-bedrock", "gemini", "vertex-gemini"])
def test_googles_clients_count(clients, provider):
    assert clients["google-genai"].sdk.models.count_tokens(model=model_of(provider), contents="one two three").total_tokens >= 3


def test_where_nobody_counts_an_estimate_is_given(clients, presets):
    sdk = clients["google-genai"].sdk
    few, many = (sdk.models.count_tokens(model=model_of("openai"), contents="one two three " * n).total_tokens for n in (1, 50))
    assert 3 <= few <= 12 and 150 <= many <= 165, (few, many)
    for provider, estimated in (("openai", True), ("cohere", True), ("openai-responses", False), ("anthropic", False)):
        status, headers, body = presets.request("POST", f"/v1beta/models/{model_of(provider)}:countTokens", {
            "generateContentRequest": {"model": f"models/{model_of(provider)}", "contents": [{"parts": [{"text": "one two three"}]}]}})
        assert status == 200 and 3 <= json.loads(body)["totalTokens"] <= 12, (provider, body)
        assert ("x-weir-estimated" in headers) == estimated, provider


@pytest.mark.parametrize("provider", ["anthropic", "aws-anthropic", "aws-bedrock"])
def test_thinking_and_its_proof_come_back(clients, provider):
    """Streamed to Google's client and to Converse's, and taken back by the provider."""
    model = model_of(provider)
    sdk = clients["google-genai"].sdk
    chat = sdk.chats.create(model=model, config=types.GenerateContentConfig(
        max_output_tokens=5000, thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)))
    parts = [part for chunk in chat.send_message_stream("Hm?") for part in (chunk.candidates[0].content.parts if chunk.candidates[0].content else [])]
    assert any(part.thought and part.text for part in parts) and any(part.thought_signature for part in parts)
    assert "And now?" in chat.send_message("And now?").text
    converse = clients["boto3 converse"].sdk
    more = {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2000}}, "inferenceConfig": {"maxTokens": 5000}}
    asked = [{"role": "user", "content": [{"text": "Hm?"}]}]
    said = converse.converse(modelId=model, messages=asked, **more)["output"]["message"]
    assert said["content"][0]["reasoningContent"]["reasoningText"]["signature"]
    again = converse.converse(modelId=model, messages=[*asked, said, {"role": "user", "content": [{"text": "And now?"}]}], **more)
    assert "And now?" in again["output"]["message"]["content"][-1]["text"]


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider != "cohere"])
def test_images_schemas_and_what_is_lost(clients, presets, provider):
    model = model_of(provider)
    answer = clients["google-genai"].sdk.models.generate_content(
        model=model, contents=[types.Part.from_bytes(data=PIXEL, mime_type="image/png"), "What is this?"],
        config=types.GenerateContentConfig(response_mime_type="application/json", max_output_tokens=900, response_schema=types.Schema(
            type="OBJECT", properties={"n": types.Schema(type="NUMBER")}, required=["n"]), safety_settings=[
                types.SafetySetting(category="HARM_CATEGORY_HATE_SPEECH", threshold="BLOCK_NONE")]))
    assert answer.text
    lost = answer.sdk_http_response.headers.get("x-weir-dropped", "")
    assert ("/safetySettings" in lost) != ("gemini" in provider)


# --- with imposters: what is sent, faults, errors, limits ------------------------------------------------------------------------------

SCHEMAS = {"openai": "OpenAI", "anthropic": "Anthropic", "bedrock": "AWSBedrock"}
DETAIL = {"openai": {"error": {"message": "No, because.", "type": "t", "code": "c"}},
          "anthropic": {"type": "error", "error": {"type": "api_error", "message": "No, because."}}, "bedrock": {"message": "No, because."}}


def everyone(port, *extra, **rule_fields):
    documents = [document for name, schema in SCHEMAS.items() for document in configs.provider(name, port, schema)]
    return configs.join(configs.route(*(configs.rule(name, [configs.model(name)], **rule_fields) for name in SCHEMAS)), *documents, *extra)


@pytest.fixture
def served(start, provide):
    def start_both(answer=None, *extra):
        provider = provide(answer)
        return start(config=everyone(provider.port, *extra)), provider
    return start_both


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("status, status_word, exception", [(400, "INVALID_ARGUMENT", "ValidationException"), (429, "RESOURCE_EXHAUSTED", "ThrottlingException"),
                                                            (500, "INTERNAL", "InternalServerException")])
def test_provider_errors_are_the_sdks_exceptions(served, name, status, status_word, exception):
    weir, _ = served(lambda request, peer: peer.send(wire.http_json(DETAIL[wire.dialect_of(request)], status)))
    theirs = Google(weir)  # its SDK closes its connections when it is no longer held
    with pytest.raises(google_errors.APIError) as google:
        theirs.sdk.models.generate_content(model=name, contents="Hi")
    assert (google.value.code, google.value.status, google.value.message) == (status, status_word, "No, because.")
    with pytest.raises(botocore.exceptions.ClientError) as aws:
        Converse(weir).chat(name)
    assert (aws.value.response["Error"]["Code"], aws.value.response["Error"]["Message"]) == (exception, "No, because.")
    with pytest.raises(botocore.exceptions.ClientError) as aws:
        Invoke(weir).events(name, [{"role": "user", "content": "Hi"}])
    assert aws.value.response["Error"]["Code"] == exception
    status_seen, _, body = weir.request("POST", "/v2/chat", {"model": name, "messages": [{"role": "user", "content": "Hi"}]})
    assert (status_seen, json.loads(body)) == (status, {"message": "No, because."})


def broken_stream(request, peer):
    """Half an answer, then the connection ends."""
    peer.send(wire.stream_head())
    for event in list(wire.openai_events())[:3]:
        peer.send(wire.chunk(event))
    peer.close()


def test_a_broken_stream_ends_in_the_clients_error(served):
    weir, _ = served(broken_stream)
    theirs = Google(weir)
    with pytest.raises(google_errors.APIError) as google:
        list(theirs.sdk.models.generate_content_stream(model="openai", contents="Hi"))
    assert google.value.status == "UNAVAILABLE"
    with pytest.raises(botocore.exceptions.EventStreamError) as aws:
        Converse(weir).events("openai", [{"role": "user", "content": [{"text": "Hi"}]}])
    assert aws.value.response["Error"]["Code"] == "serviceUnavailableException"
    with pytest.raises(botocore.exceptions.EventStreamError):
        Invoke(weir).events("openai", [{"role": "user", "content": "Hi"}])
    last = list(Cohere(weir).sdk.chat_stream(model="openai", messages=[{"role": "user", "content": "Hi"}]))[-1]
    assert last.type == "message-end" and last.delta.finish_reason == "ERROR" and last.delta.error
    status, _, body = weir.request("POST", "/v1beta/models/openai:streamGenerateContent", {"contents": [{"parts": [{"text": "Hi"}]}]})
    assert status == 200 and json.loads(body)[-1]["error"]["status"] == "UNAVAILABLE"


def test_no_credential_of_the_client_reaches_a_provider(served):
    weir, provider = served()
    theirs = Google(weir)
    theirs.sdk.models.generate_content(model="openai", contents="Hi")
    weir.request("POST", "/v1beta/models/openai:generateContent?key=client-key", {"contents": [{"parts": [{"text": "Hi"}]}]},
                 {"x-goog-user-project": "client-key"})
    Converse(weir).chat("anthropic")
    Converse(weir).chat("bedrock")
    Cohere(weir).chat("openai")
    assert len(provider.requests) == 5
    for request in provider.requests:
        text = f"{request.target} {request.headers}"
        assert "client-key" not in text and "AKIDCLIENT" not in text and "x-goog" not in text.lower(), text


def test_unknown_models_are_told_in_the_clients_words(clients, presets):
    with pytest.raises(google_errors.ClientError) as google:
        clients["google-genai"].sdk.models.generate_content(model="nobody", contents="Hi")
    assert google.value.code == 404 and google.value.status == "NOT_FOUND" and "nobody" in google.value.message
    with pytest.raises(botocore.exceptions.ClientError) as aws:
        Converse(presets).chat("nobody")
    assert aws.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(cohere.errors.NotFoundError) as theirs:
        Cohere(presets).chat("nobody")
    assert "nobody" in theirs.value.body["message"]


STRICT = configs.document("weir.dev/v1alpha1", "DialectPolicy", "exact", {"strict": True})


def test_strict_refuses_what_would_be_lost(served):
    weir, provider = served(None, STRICT)
    theirs = Google(weir)
    with pytest.raises(google_errors.ClientError) as google:
        theirs.sdk.models.generate_content(model="openai", contents="Hi", config=types.GenerateContentConfig(top_k=4))
    assert google.value.code == 422 and "/generationConfig/topK" in google.value.message
    with pytest.raises(botocore.exceptions.ClientError) as aws:
        Converse(weir).sdk.converse(modelId="openai", messages=[{"role": "user", "content": [{"text": "Hi"}]}], requestMetadata={"a": "b"})
    assert aws.value.response["Error"]["Code"] == "ValidationException" and "/requestMetadata" in aws.value.response["Error"]["Message"]
    with pytest.raises(cohere.errors.UnprocessableEntityError):
        Cohere(weir).sdk.chat(model="openai", messages=[{"role": "user", "content": "Hi"}], k=4)
    assert not provider.requests


def test_a_limit_refuses_in_the_clients_words(start, provide):
    """Each client's first answer uses up its limit (the provider says 12 tokens); the second is refused as its SDK knows it."""
    provider = provide(None)
    rules = [{"name": name, "clientSelectors": [{"headers": [{"name": "user-agent", "type": "RegularExpression", "value": agent}]}],
              "limit": {"requests": 12, "unit": "Hour"},
              "cost": {"request": {"from": "Number", "number": 0},
                       "response": {"from": "Metadata", "metadata": {"namespace": "io.envoy.ai_gateway", "key": "total"}}}}
             for name, agent in (("google", ".*google.*"), ("aws", ".*Boto3.*"))]
    policy = configs.document("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", "limits", {
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIGatewayRoute", "name": "route"}],
        "rateLimit": {"type": "Global", "global": {"rules": rules}}})
    weir = start(config=configs.join(
        configs.route(configs.rule("provider"), llmRequestCosts=[{"metadataKey": "total", "type": "TotalToken"}]),
        *configs.provider("provider", provider.port), policy))
    google, aws = Google(weir), Converse(weir)
    assert len(list(google.sdk.models.generate_content_stream(model="m", contents="Hi"))) > 2
    assert aws.events("m", [{"role": "user", "content": [{"text": "Hi"}]}])
    with pytest.raises(google_errors.ClientError) as refused:
        google.sdk.models.generate_content(model="m", contents="Hi")
    assert refused.value.code == 429 and refused.value.status == "RESOURCE_EXHAUSTED"
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        aws.chat("m")
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert int(refused.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) > 0
