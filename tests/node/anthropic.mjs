// The official Anthropic SDK for Node. Usage: node anthropic.mjs BASE_URL MODEL SCENARIO
// Prints one JSON document with what the SDK saw; tests/test_sdk_anthropic.py judges it.
import Anthropic from "@anthropic-ai/sdk";

const [baseURL, model, scenario] = process.argv.slice(2);
const client = new Anthropic({ apiKey: "client-key", baseURL, maxRetries: 0, timeout: 30000 });
const ask = { model, max_tokens: 500, messages: [{ role: "user", content: "Which city is it?" }] };
const tools = [{ name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } }];

const text = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
const calls = (message) => message.content.filter((block) => block.type === "tool_use");
const plain = (message) => calls(message).map(({ name, input }) => ({ name, input }));

const scenarios = {
  async chat() {
    const message = await client.messages.create(ask);
    return { text: text(message), stop: message.stop_reason, output: message.usage.output_tokens };
  },
  async stream() {
    const message = await client.messages.stream(ask).finalMessage();
    return { text: text(message), stop: message.stop_reason, output: message.usage.output_tokens };
  },
  async tools() {
    const question = { ...ask, tools, messages: [{ role: "user", content: "The weather in Paris" }] };
    const first = await client.messages.create(question);
    const streamed = await client.messages.stream(question).finalMessage();
    const results = calls(first).map((call) => ({ type: "tool_result", tool_use_id: call.id, content: `${call.name} ok` }));
    const second = await client.messages.create({
      ...question,
      messages: [...question.messages, { role: "assistant", content: first.content }, { role: "user", content: results }],
    });
    return { stop: first.stop_reason, calls: plain(first), streamed: plain(streamed), text: text(second) };
  },
  async error() {
    try {
      await client.messages.create(ask);
      return { raised: null };
    } catch (error) {
      return { raised: error.constructor.name, status: error.status ?? null, message: error.message };
    }
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
process.exit(0);
