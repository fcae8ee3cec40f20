"""What providers say, in their own formats: whole answers, streams, frames, errors. Used by the imposter providers."""
import json
import struct
import zlib

ANSWER = "Hello from the provider."
WORDS = ["Hello ", "from ", "the ", "provider."]


def http(status=200, headers=(), body=b"", reason="OK"):
    lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def http_body(body, status=200, content_type="application/json", headers=()):
    body = body if isinstance(body, bytes) else body.encode()
    return http(status, [("content-type", content_type), ("content-length", len(body)), *headers], body)


def http_json(document, status=200, headers=()):
    return http_body(json.dumps(document), status, headers=headers)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def stream_head(content_type="text/event-stream", headers=()):
    return http(200, [("content-type", content_type), ("transfer-encoding", "chunked"), *headers])


def sse(document, event=None):
    data = document if isinstance(document, str) else json.dumps(document)
    return ((f"event: {event}\n" if event else "") + f"data: {data}\n\n").encode()


# --- OpenAI ------------------------------------------------------------------------------------------------------------

def openai_answer(model="test-model", text=ANSWER, usage=(7, 5)):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}}


def openai_chunk(delta, finish=None, model="test-model"):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def openai_usage_chunk(model="test-model", usage=(7, 5)):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [],
            "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}}


def openai_events(include_usage=False, words=WORDS, model="test-model"):
    yield sse(openai_chunk({"role": "assistant", "content": ""}, model=model))
    for word in words:
        yield sse(openai_chunk({"content": word}, model=model))
    yield sse(openai_chunk({}, "stop", model=model))
    if include_usage:
        yield sse(openai_usage_chunk(model=model))
    yield sse("[DONE]")


def responses_events(words=WORDS, model="test-model"):
    text = "".join(words)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": model, "status": "in_progress", "output": []}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [{"type": "response.created", "response": response},
              {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": [], "status": "in_progress"}},
              {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}]
    events += [{"type": "response.output_text.delta", **at, "delta": word} for word in words]
    events += [{"type": "response.output_text.done", **at, "text": text}, {"type": "response.content_part.done", **at, "part": part},
               {"type": "response.output_item.done", "output_index": 0, "item": item},
               {"type": "response.completed", "response": {**response, "status": "completed", "output": [item], "usage": {
                   "input_tokens": 7, "output_tokens": 5, "total_tokens": 12}}}]
    for number, event in enumerate(events):
        yield sse({**event, "sequence_number": number}, event["type"])


# --- Anthropic ---------------------------------------------------------------------------------------------------------

def anthropic_answer(model="test-model", text=ANSWER, usage=(7, 5)):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": usage[0], "output_tokens": usage[1]}}


def anthropic_events(words=WORDS, model="test-model"):
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": None,
             "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 1}}
    events = [{"type": "message_start", "message": start},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
    events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in words]
    events += [{"type": "content_block_stop", "index": 0},
               {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 5}},
               {"type": "message_stop"}]
    for event in events:
        yield sse(event, event["type"])


# --- Bedrock -----------------------------------------------------------------------------------------------------------

def bedrock_answer(text=ANSWER, usage=(7, 5)):
    return {"output": {"message": {"role": "assistant", "content": [{"text": text}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": usage[0], "outputTokens": usage[1], "totalTokens": sum(usage)}, "metrics": {"latencyMs": 1}}


def frame(payload, headers):
    """One AWS event-stream message: lengths, CRC of the prelude, headers (string valued), payload, CRC of all."""
    coded = b"".join(struct.pack("!B", len(k)) + k.encode() + b"\x07" + struct.pack("!H", len(v)) + v.encode()
                     for k, v in headers.items())
    prelude = struct.pack("!II", 12 + len(coded) + len(payload) + 4, len(coded))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + coded + payload
    return message + struct.pack("!I", zlib.crc32(message))


def bedrock_event(kind, document):
    return frame(json.dumps(document).encode(),
                 {":message-type": "event", ":event-type": kind, ":content-type": "application/json"})


def bedrock_exception(kind, message):
    return frame(json.dumps({"message": message}).encode(),
                 {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"})


def bedrock_events(words=WORDS):
    yield bedrock_event("messageStart", {"role": "assistant"})
    for word in words:
        yield bedrock_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield bedrock_event("contentBlockStop", {"contentBlockIndex": 0})
    yield bedrock_event("messageStop", {"stopReason": "end_turn"})
    yield bedrock_event("metadata", {"usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}, "metrics": {"latencyMs": 1}})


# --- The default answer: what the path asks for ------------------------------------------------------------------------

def dialect_of(request):
    path = request.path
    if path.endswith(("/converse", "/converse-stream")):
        return "bedrock"
    return "anthropic" if path.endswith("/messages") else "openai"


def wants_stream(request):
    if request.path.endswith("/converse-stream"):
        return True
    return bool(request.body) and request.body.lstrip()[:1] == b"{" and request.json().get("stream") is True


def events(request):
    """The whole stream that `request` asks for, event by event."""
    kind = dialect_of(request)
    if kind == "bedrock":
        return bedrock_events()
    model = request.json().get("model", "test-model")
    if kind == "anthropic":
        return anthropic_events(model=model)
    return openai_events((request.json().get("stream_options") or {}).get("include_usage") is True, model=model)


def stream_type(request):
    return "application/vnd.amazon.eventstream" if dialect_of(request) == "bedrock" else "text/event-stream"


def answer(request, peer):
    """A good provider of any dialect."""
    if wants_stream(request):
        peer.send(stream_head(stream_type(request)))
        for event in events(request):
            peer.send(chunk(event))
        peer.send(LAST_CHUNK)
        return
    kind = dialect_of(request)
    model = request.json().get("model", "test-model") if request.body[:1] == b"{" else "test-model"
    if kind == "bedrock":
        peer.send(http_json(bedrock_answer(), headers=[("x-amzn-requestid", "amzn-1")]))
    elif kind == "anthropic":
        peer.send(http_json(anthropic_answer(model)))
    else:
        peer.send(http_json(openai_answer(model), headers=[("x-request-id", "provider-request-1")]))


# --- A provider that calls tools: two calls at first, an answer once it has seen their results ----------------------------

TOOL_CALLS = [("call_a", "get_weather", '{"city": "Paris", "days": 2}'), ("call_b", "get_time", '{"zone": "CET"}')]


def tool_results(request):
    """[(call id, text)] of the results that a request brings."""
    document, kind, found = request.json(), dialect_of(request), []
    for message in document["messages"]:
        if kind == "openai" and message["role"] == "tool":
            found.append((message["tool_call_id"], message["content"]))
        elif isinstance(message["content"], list):
            for part in message["content"]:
                if part.get("type") == "tool_result":
                    found.append((part["tool_use_id"], text_of(part["content"])))
                elif "toolResult" in part:
                    found.append((part["toolResult"]["toolUseId"], text_of(part["toolResult"]["content"])))
    return found


def text_of(content):
    return content if isinstance(content, str) else "".join(part.get("text") or json.dumps(part.get("json")) for part in content)


def pieces(text, size=7):
    return [text[i:i + size] for i in range(0, len(text), size)]


def tool_call_events(kind):
    if kind == "openai":
        yield sse(openai_chunk({"role": "assistant", "content": None}))
        for index, (call_id, name, arguments) in enumerate(TOOL_CALLS):
            yield sse(openai_chunk({"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}]}))
            for piece in pieces(arguments):
                yield sse(openai_chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        yield sse(openai_chunk({}, "tool_calls"))
        yield sse(openai_usage_chunk())
        yield sse("[DONE]")
    elif kind == "anthropic":
        good = list(anthropic_events())
        yield good[0]
        for index, (call_id, name, arguments) in enumerate(TOOL_CALLS):
            yield sse({"type": "content_block_start", "index": index,
                       "content_block": {"type": "tool_use", "id": call_id, "name": name, "input": {}}}, "content_block_start")
            for piece in pieces(arguments):
                yield sse({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": piece}},
                          "content_block_delta")
            yield sse({"type": "content_block_stop", "index": index}, "content_block_stop")
        yield sse({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 5}}, "message_delta")
        yield good[-1]
    else:
        yield bedrock_event("messageStart", {"role": "assistant"})
        for index, (call_id, name, arguments) in enumerate(TOOL_CALLS):
            yield bedrock_event("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": call_id, "name": name}}})
            for piece in pieces(arguments):
                yield bedrock_event("contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}})
            yield bedrock_event("contentBlockStop", {"contentBlockIndex": index})
        yield bedrock_event("messageStop", {"stopReason": "tool_use"})
        yield bedrock_event("metadata", {"usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}, "metrics": {"latencyMs": 1}})


def tool_call_answer(kind):
    if kind == "openai":
        document = openai_answer()
        document["choices"][0] = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}} for call_id, name, arguments in TOOL_CALLS]}}
    elif kind == "anthropic":
        document = anthropic_answer()
        document["stop_reason"] = "tool_use"
        document["content"] = [{"type": "tool_use", "id": call_id, "name": name, "input": json.loads(arguments)} for call_id, name, arguments in TOOL_CALLS]
    else:
        document = bedrock_answer()
        document["stopReason"] = "tool_use"
        document["output"]["message"]["content"] = [
            {"toolUse": {"toolUseId": call_id, "name": name, "input": json.loads(arguments)}} for call_id, name, arguments in TOOL_CALLS]
    return document


def tool_answer(request, peer):
    """A good provider of any dialect that first calls both tools, then tells what they said."""
    results = tool_results(request)
    kind = dialect_of(request)
    text = "; ".join(f"{call_id}={value}" for call_id, value in results)
    if not wants_stream(request):
        whole = {"openai": openai_answer, "anthropic": anthropic_answer, "bedrock": bedrock_answer}[kind]
        peer.send(http_json(whole(text=text) if results else tool_call_answer(kind)))
        return
    streams = {"openai": lambda: openai_events(True, [text]), "anthropic": lambda: anthropic_events([text]), "bedrock": lambda: bedrock_events([text])}
    peer.send(stream_head(stream_type(request)))
    for event in streams[kind]() if results else tool_call_events(kind):
        peer.send(chunk(event))
    peer.send(LAST_CHUNK)
