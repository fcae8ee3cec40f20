"""The client dialects of the soak: how each asks, and what its answers must look like."""
import json
import struct
from dataclasses import dataclass
from typing import Callable

from faults import ERROR_EVENT, GOOD, REFUSED


class Violation(Exception):
    """An answer that no fault excuses."""


def server_sent(body):
    """The events of a stream: documents, the words [DONE], None for garbage."""
    lines = [line.rstrip("\r")[6:] for line in body.decode(errors="replace").split("\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else parsed(line) for line in lines]


def amazon(body):
    """The same of Amazon's event stream: each document with its type, or the exception's, as the member "is"."""
    events = []
    while body:
        total, size = struct.unpack(">II", body[:8])
        head, payload = body[12:12 + size], body[12 + size:total - 4]
        names = {}
        while head:
            name, kind = head[1:1 + head[0]].decode(), head[1 + head[0]]
            assert kind == 7, "a header that is no string"
            head = head[2 + head[0]:]
            length = struct.unpack(">H", head[:2])[0]
            names[name], head = head[2:2 + length].decode(), head[2 + length:]
        document = parsed(payload)
        is_a = names.get(":exception-type") or names.get(":event-type")
        events.append(None if document is None else {**document, "is": is_a, "exception": ":exception-type" in names})
        body = body[total:]
    return events


def parsed(text):
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


@dataclass(frozen=True)
class Dialect:
    name: str
    path: Callable        # (model, stream) → where to ask
    headers: dict
    body: Callable        # (model, text, stream) → document
    whole: Callable       # (document) → True if it has content and usage
    finished: Callable    # (events) → True if the stream has said why it ended and that it has ended
    failed: Callable      # (event) → True for the explicit error event
    events: Callable = server_sent   # (body) → events
    refusal: Callable = lambda d: d.get("error", {}).get("message")  # (document of an error status) → its message


def at(path):
    return lambda model, stream: path


def chat_finished(events):
    chunks = [e for e in events if isinstance(e, dict)]
    return events[-1:] == ["[DONE]"] and any(c.get("finish_reason") for e in chunks for c in e.get("choices", []))


def type_of(event):
    return event.get("type") if isinstance(event, dict) else None


def chat_body(model, text, stream):
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}


CHAT = Dialect(
    "chat", at("/v1/chat/completions"), {}, chat_body,
    lambda d: d["choices"][0]["message"]["content"] and d["usage"]["total_tokens"],
    chat_finished,
    lambda e: isinstance(e, dict) and "error" in e)

MESSAGES = Dialect(
    "messages", at("/v1/messages"), {"anthropic-version": "2023-06-01"},
    lambda model, text, stream: {**chat_body(model, text, stream), "max_tokens": 1_000_000},
    lambda d: d["content"][0]["text"] and d["usage"]["output_tokens"],
    lambda events: type_of(events[-1]) == "message_stop" and any(type_of(e) == "message_delta" for e in events),
    lambda e: type_of(e) == "error")

RESPONSES = Dialect(
    "responses", at("/v1/responses"), {},
    lambda model, text, stream: {"model": model, "stream": stream, "input": text, "store": False},
    lambda d: d["status"] == "completed" and d["output"] and d["usage"]["total_tokens"],
    lambda events: type_of(events[-1]) == "response.completed",
    lambda e: type_of(e) in ("error", "response.failed"))

# Google's streams have no terminal event: they end once every candidate has said why.
GEMINI = Dialect(
    "gemini", lambda model, stream: f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent"),
    {}, lambda model, text, stream: {"contents": [{"role": "user", "parts": [{"text": text}]}]},
    lambda d: d["candidates"][0]["content"]["parts"][0]["text"] and d["usageMetadata"]["totalTokenCount"],
    lambda events: any(c.get("finishReason") for e in events for c in e.get("candidates", [])),
    lambda e: "error" in e)

CONVERSE = Dialect(
    "converse", lambda model, stream: f"/model/{model}/" + ("converse-stream" if stream else "converse"),
    {}, lambda model, text, stream: {"messages": [{"role": "user", "content": [{"text": text}]}]},
    lambda d: d["output"]["message"]["content"][0]["text"] and d["usage"]["totalTokens"],
    lambda events: {"messageStop", "metadata"} <= {e["is"] for e in events},
    lambda e: e["exception"], amazon, lambda d: d.get("message"))

COHERE = Dialect(
    "cohere", at("/v2/chat"), {}, chat_body,
    lambda d: d["message"]["content"][0]["text"] and d["usage"]["tokens"]["output_tokens"],
    lambda events: type_of(events[-1]) == "message-end" and events[-1]["delta"]["finish_reason"] == "COMPLETE",
    lambda e: type_of(e) == "message-end" and e["delta"]["finish_reason"] == "ERROR",
    refusal=lambda d: d.get("message"))

DIALECTS = (CHAT, MESSAGES, RESPONSES, GEMINI, CONVERSE, COHERE)


def judge(dialect, status, body, stream):
    """What an answer is; Violation when it is neither right nor an honest error."""
    if status != 200:
        if not dialect.refusal(json.loads(body)):
            raise Violation(f"status {status} without an error message")
        return REFUSED
    if not stream:
        if not dialect.whole(json.loads(body)):
            raise Violation("a whole answer without content or usage")
        return GOOD
    events = dialect.events(body)
    if any(e and dialect.failed(e) for e in events):
        # What a provider said before it failed has passed already, a finish reason too; nothing may follow the error.
        if not events[-1] or not dialect.failed(events[-1]):
            raise Violation("a stream that goes on after its error event")
        return ERROR_EVENT
    if None in events:
        raise Violation("a stream with garbage in it and no error event")
    if not events or not dialect.finished(events):
        raise Violation("a stream that merely stops")
    return GOOD
