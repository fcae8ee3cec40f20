"""Agent frameworks finish a task with two tools through providers of another dialect: `openai-agents` (chat completions and Responses),
`langchain-openai`, and the tool runner of Anthropic's SDK. One Weir with the built-in mock answers, each provider in its own dialect.
"""
import asyncio
import re

import anthropic
import openai
import pytest
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, RunConfig, Runner, function_tool
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool as langchain_tool
from langchain_openai import ChatOpenAI

from harness.weir import ROOT, Weir

FOLDER = ROOT / "examples/providers"
PROVIDERS = ["openai", "openai-responses", "mistral", "anthropic", "aws-anthropic", "vertex-claude", "aws-bedrock", "gemini", "vertex-gemini", "cohere"]
TASK = "Tell me the weather and the temperature in Paris"
RAN = [("get_temperature", "Paris"), ("get_weather", "Paris")]
CELLS = {}


def model_of(provider):
    return re.search(r"value: (\S+)", (FOLDER / f"{provider}.yaml").read_text()).group(1)


@pytest.fixture(scope="module")
def weir(tmp_path_factory):
    weir = Weir(tmp_path_factory.mktemp("weir"), [FOLDER], "--mock")
    yield weir
    assert weir.stop() == 0, weir.output()
    print("\n" + " " * 28 + "".join(f"{provider:>15}" for provider in PROVIDERS))
    for name in FRAMEWORKS:
        print(f"{name:<28}" + "".join(f"{CELLS.get((name, provider), '-'):>15}" for provider in PROVIDERS))


def tools(ran):
    """The task's two functions; `ran` learns what they were called with."""
    def get_weather(city: str) -> str:
        """The weather of a city.

        Args:
            city: Its name.
        """
        ran.append(("get_weather", city))
        return f"fair in {city}"

    def get_temperature(city: str) -> str:
        """The temperature of a city.

        Args:
            city: Its name.
        """
        ran.append(("get_temperature", city))
        return f"fair in {city}"
    return get_weather, get_temperature


def openai_agents(kind, streamed):
    async def task(weir, model, ran):
        async with openai.AsyncOpenAI(api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30) as client:
            agent = Agent(name="meteorologist", instructions="Use both tools.", model=kind(model, client), tools=[function_tool(f) for f in tools(ran)],
                          model_settings=ModelSettings(max_tokens=500))
            config = RunConfig(tracing_disabled=True)  # its traces would go to OpenAI
            if not streamed:
                return (await Runner.run(agent, TASK, run_config=config)).final_output
            run = Runner.run_streamed(agent, TASK, run_config=config)
            async for _ in run.stream_events():
                pass
            return run.final_output
    return lambda *arguments: asyncio.run(task(*arguments))


def langchain(streamed):
    def task(weir, model, ran):
        functions = {f.__name__: langchain_tool(f) for f in tools(ran)}
        sdk = ChatOpenAI(model=model, api_key="client-key", base_url=weir.url("/v1"), max_retries=0, timeout=30, stream_usage=True,
                         max_tokens=500).bind_tools(list(functions.values()))
        messages = [HumanMessage(TASK)]
        for _ in range(4):
            if streamed:
                chunks = list(sdk.stream(messages))
                said = chunks[0]
                for chunk in chunks[1:]:
                    said += chunk
            else:
                said = sdk.invoke(messages)
            assert said.usage_metadata["input_tokens"] > 0 and said.usage_metadata["output_tokens"] > 0
            messages.append(said)
            if not said.tool_calls:
                return said.text
            messages += [functions[call["name"]].invoke(call) for call in said.tool_calls]
        raise AssertionError("the agent does not come to an end")
    return task


def tool_runner(streamed):
    def task(weir, model, ran):
        sdk = anthropic.Anthropic(api_key="client-key", base_url=weir.url(""), max_retries=0, timeout=30)
        runner = sdk.beta.messages.tool_runner(model=model, max_tokens=500, tools=[anthropic.beta_tool(f) for f in tools(ran)], stream=streamed,
                                               messages=[{"role": "user", "content": TASK}])
        last = None
        for step in runner:
            last = step.get_final_message() if streamed else step
        assert last.stop_reason == "end_turn"
        assert runner._thread.previous_message_id is None or model == model_of("anthropic")  # only Anthropic's own servers keep a conversation
        return "".join(block.text for block in last.content if block.type == "text")
    return task


FRAMEWORKS = {
    "openai-agents chat": openai_agents(OpenAIChatCompletionsModel, False),
    "openai-agents chat stream": openai_agents(OpenAIChatCompletionsModel, True),
    "openai-agents responses": openai_agents(OpenAIResponsesModel, False),
    "openai-agents resp. stream": openai_agents(OpenAIResponsesModel, True),
    "langchain-openai": langchain(False),
    "langchain-openai stream": langchain(True),
    "anthropic tool_runner": tool_runner(False),
    "anthropic runner stream": tool_runner(True),
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_task_with_two_tools(weir, name, provider):
    CELLS[name, provider] = "FAILED"
    ran = []
    text = FRAMEWORKS[name](weir, model_of(provider), ran)
    assert sorted(ran) == RAN and "fair in Paris" in text, (ran, text)
    CELLS[name, provider] = "ok"
