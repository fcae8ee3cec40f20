"""examples/providers: every preset loads, and its model answers through the mock provider, in the provider's own dialect."""
import json
import re

import pytest

from harness.weir import ROOT, Weir, run, wait_until

FOLDER = ROOT / "examples/providers"
FILES = sorted(FOLDER.glob("*.yaml"))
TALKS = [file for file in FILES if file.stem != "cohere"]


def model_of(file):
    return re.search(r"value: (\S+)", file.read_text()).group(1)


def test_the_folder_has_the_presets():
    assert len(FILES) >= 24


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_preset_loads(file):
    for flag in ("--mock", "--schema"):
        done = run("check", flag, file)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def weir(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("providers"), [FOLDER], "--mock")
    yield weir
    assert weir.stop() == 0, weir.output()


@pytest.mark.parametrize("file", TALKS, ids=lambda file: file.stem)
def test_its_model_answers(weir, file):
    model = model_of(file)
    status, _, body = weir.chat(model=model, max_tokens=64)
    assert status == 200, body
    answer = json.loads(body)
    assert f"Mock answer from {model}" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["prompt_tokens"] > 0
    status, _, body = weir.chat(model=model, max_tokens=64, stream=True, stream_options={"include_usage": True})
    assert status == 200 and body.endswith(b"data: [DONE]\n\n"), body
    assert b'"finish_reason":"stop"' in body and b'"prompt_tokens"' in body


def test_cohere_ranks_and_embeds(weir):
    status, _, body = weir.request("POST", "/cohere/v2/rerank",
                                   {"model": "rerank-v3.5", "query": "red fox", "documents": ["a dog", "a red fox"], "top_n": 1})
    assert status == 200, body
    assert json.loads(body)["results"][0]["index"] == 1
    status, _, body = weir.request("POST", "/v1/embeddings", {"model": "rerank-v3.5", "input": ["a", "b"], "encoding_format": "base64"})
    assert status == 200, body
    assert all(isinstance(entry["embedding"], str) for entry in json.loads(body)["data"])
    counted = wait_until(lambda: [line for line in weir.access_log() if line.get("gen_ai.operation.name") == "rerank"], "its access log line")
    assert counted[0]["gen_ai.usage.input_tokens"] == 2 + 2 + 3, counted


@pytest.mark.parametrize("stem", ["gemini", "vertex-gemini", "vertex-claude", "anthropic", "aws-bedrock", "aws-anthropic"])
def test_tokens_are_counted_in_vllms_shape(weir, stem):
    status, _, body = weir.request("POST", "/tokenize", {"model": model_of(FOLDER / f"{stem}.yaml"), "prompt": "one two three"})
    assert status == 200, body
    assert json.loads(body)["count"] >= 3


@pytest.mark.parametrize("stem, inputs", [("gemini", ["one", "two"]), ("vertex-gemini", ["one"]), ("openai", ["one", "two"])])
def test_embeddings(weir, stem, inputs):
    status, _, body = weir.request("POST", "/v1/embeddings", {"model": model_of(FOLDER / f"{stem}.yaml"), "input": inputs, "dimensions": 8})
    assert status == 200, body
    answer = json.loads(body)
    assert [len(entry["embedding"]) for entry in answer["data"]] == [8] * len(inputs)
