// The Vercel AI SDK (`ai`) with its OpenAI and Anthropic providers. Usage: node ai.mjs BASE_URL MODEL…
// Prints, for each of its three APIs and each model, what the SDK saw; tests/test_sdk_vercel.py judges it.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, NoObjectGeneratedError, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [base, ...models] = process.argv.slice(2);
const settings = { apiKey: "client-key", baseURL: `${base}/v1` };
const openai = createOpenAI(settings);
const anthropic = createAnthropic(settings);
const apis = { chat: (model) => openai.chat(model), responses: (model) => openai.responses(model), messages: (model) => anthropic(model) };

const question = { prompt: "Which city is it?", maxOutputTokens: 500 };
const place = z.object({ city: z.string() });

/// Two tools, called by the SDK's own loop; `ran` receives what they were called with.
function task(ran) {
  const report = (name) => tool({
    description: `The ${name} of a city`,
    inputSchema: place,
    execute: async ({ city }) => { ran.push([name, city]); return `${name} of ${city}: fair`; },
  });
  return {
    prompt: "Tell me the weather and the temperature in Paris",
    tools: { get_weather: report("weather"), get_temperature: report("temperature") },
    stopWhen: stepCountIs(4),
    maxOutputTokens: 500,
    providerOptions: { openai: { store: false } },  // with its default it would refer to answers that the provider keeps
  };
}

const usage = (all) => ({ input: all.inputTokens, output: all.outputTokens });

async function streamed(options) {
  const errors = [];
  const result = streamText({ ...options, onError: ({ error }) => errors.push(String(error)) });
  let text = "";
  for await (const piece of result.textStream) text += piece;
  if (errors.length) throw new Error(errors[0]);
  return { text, finish: await result.finishReason, usage: usage(await result.usage), steps: (await result.steps).length };
}

async function cell(model) {
  const common = { model, maxRetries: 0 };
  const whole = await generateText({ ...common, ...question });
  const stream = await streamed({ ...common, ...question });
  const ran = [], ranStreamed = [];
  const agent = await generateText({ ...common, ...task(ran) });
  const agentStreamed = await streamed({ ...common, ...task(ranStreamed) });
  let object;
  try {
    object = (await generateText({ ...common, ...question, output: Output.object({ schema: place }) })).output;
  } catch (error) {  // where the provider was not told the schema, a header says so
    if (!NoObjectGeneratedError.isInstance(error)) throw error;
    object = { dropped: error.response.headers["x-weir-dropped"] ?? null };
  }
  return {
    whole: { text: whole.text, finish: whole.finishReason, usage: usage(whole.usage) },
    stream: { text: stream.text, finish: stream.finish, usage: stream.usage },
    tools: { ran, text: agent.text, steps: agent.steps.length },
    streamedTools: { ran: ranStreamed, steps: agentStreamed.steps, text: agentStreamed.text },
    object,
  };
}

const cells = [];
for (const [api, make] of Object.entries(apis))
  for (const model of models)
    cells.push(await cell(make(model)).then((seen) => ({ api, model, seen }), (error) => ({ api, model, error: `${error} ${error.responseBody ?? ""}` })));
console.log(JSON.stringify(cells));
process.exit(0);
