"""What answers rest on, and what is lost of them: searches of the web and documents to cite from, from each vendor's SDK to the providers
of others. One Weir with the built-in mock answers, each provider in its own dialect; the mock cites when it may.
"""
import re

import anthropic
import boto3
import botocore.config
import openai
import pytest
from google import genai
from google.genai import types

from harness import config as configs
from harness.weir import ROOT, Weir

FOLDER = ROOT / "examples/providers"
SEARCHERS = ["openai", "azure-openai", "anthropic", "vertex-claude", "gemini", "vertex-gemini"]  # whose providers search the web
URL, TITLE, QUESTION = "https://example.com/mock", "Mock page", "Wie heißt die Stadt?"


def model_of(provider):
    return re.search(r"value: (\S+)", (FOLDER / f"{provider}.yaml").read_text()).group(1)


@pytest.fixture(scope="module")
def weir(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("weir"), [FOLDER], "--mock")
    yield weir
    assert weir.stop() == 0, weir.output()


@pytest.fixture(scope="module")
def openai_sdk(weir):
    return openai.OpenAI(api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def anthropic_sdk(weir):
    return anthropic.Anthropic(api_key="client-key", base_url=weir.url(""), max_retries=0, timeout=30)


@pytest.mark.parametrize("provider", SEARCHERS)
def test_openai_chat(openai_sdk, provider):
    question = {"model": model_of(provider), "messages": [{"role": "user", "content": QUESTION}],
                "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Bern"}}}}
    message = openai_sdk.chat.completions.create(**question).choices[0].message
    page = message.annotations[0].url_citation
    assert (page.url, page.title) == (URL, TITLE)
    assert message.content[page.start_index:page.end_index] == message.content and QUESTION in message.content
    chunks = [chunk.choices[0] for chunk in openai_sdk.chat.completions.create(**question, stream=True) if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in chunks) == message.content
    told = [annotation for choice in chunks for annotation in (choice.delta.model_extra or {}).get("annotations", [])]
    assert [annotation["url_citation"] for annotation in told] == [page.model_dump()]
    assert not any(choice.delta.tool_calls for choice in chunks), "what the provider searches is no call of the client's tools"
    assert [choice.finish_reason for choice in chunks if choice.finish_reason] == ["stop"]


@pytest.mark.parametrize("provider", SEARCHERS)
def test_responses(openai_sdk, provider):
    question = {"model": model_of(provider), "input": QUESTION, "tools": [{"type": "web_search"}]}
    whole = openai_sdk.responses.create(**question)
    text = next(item for item in whole.output if item.type == "message").content[0]
    note = text.annotations[0]
    assert (note.type, note.url, note.title) == ("url_citation", URL, TITLE) and text.text[note.start_index:note.end_index] == text.text
    with openai_sdk.responses.stream(**question) as stream:
        added = [event.annotation for event in stream if event.type == "response.output_text.annotation.added"]
        final = stream.get_final_response()
    assert len(added) == 1
    assert next(item for item in final.output if item.type == "message").content[0].annotations[0].url == URL


@pytest.mark.parametrize("provider", SEARCHERS)
def test_anthropic(anthropic_sdk, provider):
    question = {"model": model_of(provider), "max_tokens": 500, "messages": [{"role": "user", "content": QUESTION}],
                "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]}
    raw = anthropic_sdk.messages.with_raw_response.create(**question)
    whole = raw.parse()
    text = next(block for block in whole.content if block.type == "text")
    assert QUESTION in text.text and whole.stop_reason == "end_turn"
    assert (text.citations[0].type, text.citations[0].url, text.citations[0].title) == ("web_search_result_location", URL, TITLE)
    if "claude" not in provider and provider != "anthropic":
        assert "/tools/0/max_uses" in raw.headers["x-weir-dropped"]
    with anthropic_sdk.messages.stream(**question) as stream:
        final = stream.get_final_message()
    streamed = next(block for block in final.content if block.type == "text")
    assert streamed.text == text.text and [citation.url for citation in streamed.citations] == [URL]


@pytest.mark.parametrize("provider", SEARCHERS)
def test_google(weir, provider):
    sdk = genai.Client(api_key="client-key", http_options=types.HttpOptions(base_url=weir.url(""), timeout=30000))
    question = {"model": model_of(provider), "contents": QUESTION,
                "config": types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])}
    answer = sdk.models.generate_content(**question)
    chunks = list(sdk.models.generate_content_stream(**question))
    grounded = next(chunk for chunk in chunks if chunk.candidates[0].grounding_metadata)
    for metadata in (answer.candidates[0].grounding_metadata, grounded.candidates[0].grounding_metadata):
        assert (metadata.grounding_chunks[0].web.uri, metadata.grounding_chunks[0].web.title) == (URL, TITLE)
        segment = metadata.grounding_supports[0].segment
        assert answer.text.encode()[segment.start_index or 0:segment.end_index] == answer.text.encode()  # places are bytes


def test_documents_between_claude_and_converse(weir, anthropic_sdk):
    """What Anthropic's clients call a document to cite from, Converse does too, and both say where they found it."""
    document = {"type": "document", "title": "Notes", "citations": {"enabled": True},
                "source": {"type": "text", "media_type": "text/plain", "data": "Die Stadt heißt Bern."}}
    asked = [{"role": "user", "content": [document, {"type": "text", "text": QUESTION}]}]
    for provider in ("anthropic", "aws-bedrock", "aws-anthropic"):
        question = {"model": model_of(provider), "max_tokens": 500, "messages": asked}
        raw = anthropic_sdk.messages.with_raw_response.create(**question)
        assert "x-weir-dropped" not in raw.headers
        with anthropic_sdk.messages.stream(**question) as stream:
            for message in (raw.parse(), stream.get_final_message()):
                place = message.content[0].citations[0]
                assert (place.type, place.document_index, place.cited_text) == ("char_location", 0, document["source"]["data"])
                assert (place.start_char_index, place.end_char_index) == (0, len(document["source"]["data"]))
    aws = boto3.client("bedrock-runtime", endpoint_url=weir.url(""), region_name="us-east-1", aws_access_key_id="AKIDCLIENT",
                       aws_secret_access_key="client-secret", config=botocore.config.Config(retries={"total_max_attempts": 1}))
    blocks = [{"document": {"name": "Notes", "format": "txt", "citations": {"enabled": True}, "source": {"text": "Die Stadt heißt Bern."}}},
              {"text": QUESTION}]
    for provider in ("anthropic", "aws-bedrock"):
        asked = {"modelId": model_of(provider), "messages": [{"role": "user", "content": blocks}]}
        cited = aws.converse(**asked)["output"]["message"]["content"][0]["citationsContent"]
        assert QUESTION in cited["content"][0]["text"]
        assert cited["citations"][0]["location"]["documentChar"]["documentIndex"] == 0
        deltas = [event["contentBlockDelta"]["delta"] for event in aws.converse_stream(**asked)["stream"] if "contentBlockDelta" in event]
        assert [delta["citation"]["sourceContent"][0]["text"] for delta in deltas if "citation" in delta] == ["Die Stadt heißt Bern."]


@pytest.mark.parametrize("provider", ["aws-bedrock", "aws-anthropic", "cohere"])
def test_who_does_not_search_says_so(openai_sdk, provider):
    with pytest.raises(openai.UnprocessableEntityError) as raised:
        openai_sdk.responses.create(model=model_of(provider), input="Hi", tools=[{"type": "web_search"}])
    assert "/tools/0" in raised.value.message
    raw = openai_sdk.chat.completions.with_raw_response.create(model=model_of(provider), messages=[{"role": "user", "content": "Hi"}],
                                                               web_search_options={})
    assert "/web_search_options" in raw.headers["x-weir-dropped"]


STRICT = configs.document("weir.dev/v1alpha1", "DialectPolicy", "exact", {"strict": True})


def test_what_an_answer_lost_is_said(tmp_path_factory):
    """In the header of a whole answer; of a stream in the log; both in a counter. strict does not take away an answer that was paid for."""
    weir = Weir(tmp_path_factory.mktemp("weir"), [], "--mock", config=configs.join(
        configs.route(configs.rule("claude", [configs.model("claude-x")])), *configs.provider("claude", 1, "Anthropic"), STRICT))
    sdk = openai.OpenAI(api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30)
    question = {"model": "claude-x", "messages": [{"role": "user", "content": QUESTION}], "web_search_options": {}}
    searched = "answer:/content/0,answer:/content/1"  # the search, and what it found
    raw = sdk.chat.completions.with_raw_response.create(**question)
    assert raw.headers["x-weir-dropped"] == searched and raw.parse().choices[0].message.annotations
    assert list(sdk.chat.completions.create(**question, stream=True))
    plain = sdk.chat.completions.with_raw_response.create(model="claude-x", messages=question["messages"])
    assert "x-weir-dropped" not in plain.headers
    lines = weir.access_log(3)
    assert sorted(line.get("weir.dropped") or "" for line in lines) == ["", searched, searched]
    assert weir.metric("weir_dropped_total", side="answer") == 2 and weir.metric("weir_dropped_total", side="request") == 0
    assert weir.stop() == 0, weir.output()
