"""The Vercel AI SDK for Node (`ai`), through tests/node/ai.mjs: its OpenAI chat, OpenAI Responses and Anthropic APIs against every kind
of provider. One Weir with the built-in mock answers all of examples/providers, each in the provider's own dialect.
"""
import json
import re
import subprocess

import pytest

from harness.weir import ROOT, Weir

FOLDER = ROOT / "examples/providers"
APIS = ["chat", "responses", "messages"]
PROVIDERS = ["openai", "openai-responses", "mistral", "azure-openai", "anthropic", "aws-anthropic", "vertex-claude", "aws-bedrock", "gemini", "vertex-gemini", "cohere"]
MODELS = {name: re.search(r"value: (\S+)", (FOLDER / f"{name}.yaml").read_text()).group(1) for name in PROVIDERS}
CELLS = {}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("weir"), [FOLDER], "--mock")
    done = subprocess.run(["node", str(ROOT / "tests/node/ai.mjs"), weir.url(""), *MODELS.values()], capture_output=True, text=True, timeout=90)
    assert weir.stop() == 0, weir.output()
    assert done.returncode == 0, done.stderr
    yield {(cell["api"], cell["model"]): cell for cell in json.loads(done.stdout)}
    print("\n" + " " * 12 + "".join(f"{provider:>15}" for provider in PROVIDERS))
    for api in APIS:
        print(f"{api:<12}" + "".join(f"{CELLS.get((api, provider), '-'):>15}" for provider in PROVIDERS))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("api", APIS)
def test_chat_stream_tools_and_objects(seen, api, provider):
    """A cell of the matrix: a whole answer, the same as a stream, a task with two tools both ways, an answer of a schema."""
    CELLS[api, provider] = "FAILED"
    cell = seen[api, MODELS[provider]]
    assert "error" not in cell, cell["error"]
    cell = cell["seen"]
    assert "Which city is it?" in cell["whole"]["text"] and cell["whole"]["finish"] == "stop"
    assert cell["whole"]["usage"]["output"] == len(cell["whole"]["text"].split()) and cell["whole"]["usage"]["input"] > 0
    assert cell["stream"] == cell["whole"]
    for task in (cell["tools"], cell["streamedTools"]):
        assert sorted(task["ran"]) == [["temperature", "Paris"], ["weather", "Paris"]] and task["steps"] == 2
        assert "of Paris: fair" in task["text"]
    if provider == "aws-bedrock" and api != "messages":  # Converse knows no schema of an answer, and that is said
        assert cell["object"] == {"dropped": "/response_format" if api == "chat" else "/text/format"}
    else:
        assert cell["object"].keys() == {"city"}
    CELLS[api, provider] = "ok"
