"""The official `openai` SDK for Node, through tests/node/agents.mjs, against all three agents."""
import json
import subprocess

import pytest

from harness import config as configs
from harness import wire
from harness.weir import ROOT, Weir, wait_until

AGENTS = {"reasoning": "gpt-5-nano", "data": "claude-sonnet-4-5", "planning": "anthropic.claude-3-5-sonnet-20240620-v1:0"}
CALLS = [[call_id, name, json.loads(arguments)] for call_id, name, arguments in wire.TOOL_CALLS]


def node(weir, agent, scenario):
    done = subprocess.run(["node", str(ROOT / "tests/node/agents.mjs"), weir.url(f"/v1/{agent}"), AGENTS[agent], scenario],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def mock_agents(tmp_path_factory):
    from conftest import end_all
    weir = Weir(tmp_path_factory.mktemp("weir"), [ROOT / "examples/multi-agent"], "--mock")
    yield weir
    end_all([(weir, True)])


@pytest.fixture
def agents(start, provide):
    def start_both(answer=None):
        provider = provide(answer)
        return start(config=configs.agents({agent: provider.port for agent in AGENTS})), provider
    return start_both


@pytest.mark.parametrize("agent", AGENTS)
def test_chat_and_stream_with_the_mock(mock_agents, agent):
    whole, streamed = node(mock_agents, agent, "chat"), node(mock_agents, agent, "stream")
    assert whole["text"] and whole["finish"] == "stop"
    assert streamed["text"] == whole["text"] and streamed["finish"] == "stop"
    assert streamed["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("agent", AGENTS)
def test_tools_round_trip(agents, agent):
    weir, provider = agents(wire.tool_answer)
    seen = node(weir, agent, "tools")
    assert seen == {"finish": "tool_calls", "calls": CALLS, "text": "call_a=get_weather ok; call_b=get_time ok"}
    assert node(weir, agent, "streamed_tools") == {"finish": "tool_calls", "calls": CALLS}
    assert len(provider.requests) == 3


@pytest.mark.parametrize("agent", AGENTS)
def test_errors(agents, agent):
    bodies = {"openai": {"error": {"message": "No, because.", "type": "t", "code": "c"}},
              "anthropic": {"type": "error", "error": {"type": "t", "message": "No, because."}}, "bedrock": {"message": "No, because."}}
    weir, _ = agents(lambda request, peer: peer.send(wire.http_json(bodies[wire.dialect_of(request)], 429)))
    seen = node(weir, agent, "error")
    assert (seen["raised"], seen["status"]) == ("RateLimitError", 429)
    assert "No, because." in seen["message"] and seen["requestId"]


@pytest.mark.parametrize("agent", AGENTS)
def test_retries(agents, agent):
    def answer(request, peer):
        if len(provider.requests) < 3:
            peer.send(wire.http_json({"error": {"message": "not now"}}, 503, [("retry-after-ms", "20")]))
        else:
            wire.answer(request, peer)

    weir, provider = agents(answer)
    assert node(weir, agent, "retry") == {"text": wire.ANSWER}
    assert len(provider.requests) == 3


@pytest.mark.parametrize("agent", AGENTS)
def test_timeout_and_abort_cancel_the_provider(agents, agent):
    gone = []

    def answer(request, peer):
        if wire.wants_stream(request):
            peer.send(wire.stream_head(wire.stream_type(request)))
            for event in list(wire.events(request))[:3]:
                peer.send(wire.chunk(event))
        gone.append(peer.wait_closed(20))

    weir, _ = agents(answer)
    assert node(weir, agent, "timeout")["raised"] == "APIConnectionTimeoutError"
    assert node(weir, agent, "abort") == {"aborted": True}
    wait_until(lambda: len(gone) == 2, "both provider requests to be cancelled")
    assert all(gone)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_broken_stream_raises(agents, agent):
    def answer(request, peer):
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:4]:
            peer.send(wire.chunk(event))
        peer.close()

    weir, _ = agents(answer)
    assert node(weir, agent, "broken_stream")["raised"] is not None
