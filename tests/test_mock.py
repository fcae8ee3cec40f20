"""`weir mock`: every dialect, whole and streamed, the same answer for the same question."""
import http.client
import json

import pytest

from harness import config as configs
from harness.weir import Weir

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Which city is it?"}]}
BEDROCK = {"messages": [{"role": "user", "content": [{"text": "Which city is it?"}]}]}
ANTHROPIC = {**CHAT, "max_tokens": 50}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Which city is it?"}]}]}


class Mock:
    def __init__(self, address):
        self.address = address

    def post(self, path, body, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **(headers or {})})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()


@pytest.fixture
def mock(start_child, folder):
    child = start_child("mock", "--port", "0", "--ready-file", folder / "child-0" / "ready.json")
    ready = child.wait_ready()
    return Mock(ready.get("mock") or next(iter(ready["listeners"].values())))


@pytest.mark.parametrize("path, body, text, tokens", [
    ("/v1/chat/completions", CHAT, lambda d: d["choices"][0]["message"]["content"], lambda d: d["usage"]["completion_tokens"]),
    ("/v1/completions", {"model": "m", "prompt": "Say"}, lambda d: d["choices"][0]["text"], lambda d: d["usage"]["completion_tokens"]),
    ("/v1/messages", ANTHROPIC, lambda d: d["content"][0]["text"], lambda d: d["usage"]["output_tokens"]),
    ("/v1beta/models/m:generateContent", GEMINI, lambda d: d["candidates"][0]["content"]["parts"][0]["text"],
     lambda d: d["usageMetadata"]["candidatesTokenCount"]),
    ("/model/m/converse", BEDROCK, lambda d: d["output"]["message"]["content"][0]["text"], lambda d: d["usage"]["outputTokens"]),
])
def test_answers_are_deterministic_and_have_usage(mock, path, body, text, tokens):
    answers = [json.loads(mock.post(path, body)[2]) for _ in range(2)]
    assert text(answers[0]) and text(answers[0]) == text(answers[1])
    assert tokens(answers[0]) == tokens(answers[1]) > 0


def test_embeddings_and_models(mock):
    answer = json.loads(mock.post("/v1/embeddings", {"model": "e", "input": ["a", "b"]})[2])
    assert [entry["index"] for entry in answer["data"]] == [0, 1] and answer["usage"]["prompt_tokens"] > 0
    connection = http.client.HTTPConnection(mock.address, timeout=20)
    connection.request("GET", "/v1/models")
    assert json.loads(connection.getresponse().read())["object"] == "list"
    connection.close()


def test_gemini_streams_as_events_or_as_one_array(mock):
    _, headers, body = mock.post("/v1beta/models/m:streamGenerateContent?alt=sse", GEMINI)
    assert headers["content-type"].startswith("text/event-stream") and b'"finishReason":"STOP"' in body.rsplit(b"data: ", 1)[1]
    _, headers, body = mock.post("/v1beta/models/m:streamGenerateContent", GEMINI)
    chunks = json.loads(body)
    assert headers["content-type"].startswith("application/json") and chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    status, _, body = mock.post("/v1beta/models/m:generateContent", GEMINI, {"x-mock-status": "429"})
    assert status == 429 and json.loads(body)["error"]["status"] == "RESOURCE_EXHAUSTED"
    _, _, body = mock.post("/v1beta/models/m:streamGenerateContent?alt=sse", GEMINI, {"x-mock-error-after": "2"})
    assert json.loads(body.rsplit(b"data: ", 1)[1])["error"]["status"] == "UNAVAILABLE"


def test_streams_end_as_each_dialect_says(mock):
    _, headers, body = mock.post("/v1/chat/completions", {**CHAT, "stream": True, "stream_options": {"include_usage": True}})
    assert headers["content-type"].startswith("text/event-stream") and body.endswith(b"data: [DONE]\n\n") and b'"usage"' in body
    _, _, body = mock.post("/v1/messages", {**ANTHROPIC, "stream": True})
    assert body.startswith(b"event: message_start\n") and b"event: message_stop\n" in body
    _, headers, body = mock.post("/model/m/converse-stream", BEDROCK)
    assert headers["content-type"] == "application/vnd.amazon.eventstream"
    assert b"messageStart" in body and b"messageStop" in body and b"metadata" in body


def test_mock_needs_no_network_and_no_keys(tmp_path):
    """Any configuration, answered without leaving the machine: the backends name hosts that do not exist."""
    from conftest import end_all
    text = configs.join(configs.route(configs.rule("far")), configs.endpoint("far", 443, "no-such-host.invalid"), configs.backend("far", "AWSBedrock"),
                        configs.credential("far", "AWSCredentials"))
    weir = Weir(tmp_path, [], "--mock", config=text)
    try:
        status, _, body = weir.chat()
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"]
    finally:
        end_all([(weir, True)])
