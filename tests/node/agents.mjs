// The official OpenAI SDK for Node against one agent. Usage: node agents.mjs BASE_URL MODEL SCENARIO
// Prints one JSON document with what the SDK saw; tests/test_sdk_node.py judges it.
import OpenAI from "openai";

const [baseURL, model, scenario] = process.argv.slice(2);
const messages = [{ role: "user", content: "Which city is it?" }];
const tools = [
  { type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } } } },
  { type: "function", function: { name: "get_time", parameters: { type: "object", properties: { zone: { type: "string" } } } } },
];

function client(options = {}) {
  return new OpenAI({ apiKey: "client-key", baseURL, maxRetries: 0, timeout: 30000, ...options });
}

async function failure(action) {
  try {
    await action();
    return { raised: null };
  } catch (error) {
    return { raised: error.constructor.name, status: error.status ?? null, message: error.message, requestId: error.requestID ?? null };
  }
}

const scenarios = {
  async chat() {
    const answer = await client().chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, usage: answer.usage };
  },
  async stream() {
    const stream = await client().chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
    let text = "", finish = null, usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { text, finish, usage };
  },
  async tools() {
    const first = await client().chat.completions.create({ model, messages, tools });
    const calls = first.choices[0].message.tool_calls;
    const results = calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: `${call.function.name} ok` }));
    const second = await client().chat.completions.create({ model, messages: [...messages, first.choices[0].message, ...results], tools });
    return { finish: first.choices[0].finish_reason, calls: calls.map((c) => [c.id, c.function.name, JSON.parse(c.function.arguments)]), text: second.choices[0].message.content };
  },
  async streamed_tools() {
    const runner = client().chat.completions.stream({ model, messages, tools });
    const final = await runner.finalChatCompletion();
    return { finish: final.choices[0].finish_reason, calls: final.choices[0].message.tool_calls.map((c) => [c.id, c.function.name, JSON.parse(c.function.arguments)]) };
  },
  async error() {
    return failure(() => client().chat.completions.create({ model, messages }));
  },
  async retry() {
    const answer = await client({ maxRetries: 3 }).chat.completions.create({ model, messages });
    return { text: answer.choices[0].message.content };
  },
  async timeout() {
    return failure(() => client({ timeout: 500 }).chat.completions.create({ model, messages }));
  },
  async broken_stream() {
    return failure(async () => {
      for await (const _ of await client().chat.completions.create({ model, messages, stream: true }));
    });
  },
  async abort() {
    const stream = await client().chat.completions.create({ model, messages, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) break;
    }
    stream.controller.abort();
    return { aborted: true };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
process.exit(0);
