"""The client dialects of the soak: how each asks, and what its answers must look like."""
import json
from dataclasses import dataclass
from typing import Callable

from faults import ERROR_EVENT, GOOD, REFUSED


class Violation(Exception):
    """An answer that no fault excuses."""


@dataclass(frozen=True)
class Dialect:
    name: str
    path: str
    headers: dict
    body: Callable        # (model, text, stream) → document
    whole: Callable       # (document) → True if it has content and usage
    finished: Callable    # (events) → True if the stream has said why it ended and that it has ended
    failed: Callable      # (event) → True for the explicit error event


def chat_finished(events):
    chunks = [e for e in events if isinstance(e, dict)]
    return events[-1:] == ["[DONE]"] and any(c.get("finish_reason") for e in chunks for c in e.get("choices", []))


def type_of(event):
    return event.get("type") if isinstance(event, dict) else None


def chat_body(model, text, stream):
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}


CHAT = Dialect(
    "chat", "/v1/chat/completions", {}, chat_body,
    lambda d: d["choices"][0]["message"]["content"] and d["usage"]["total_tokens"],
    chat_finished,
    lambda e: isinstance(e, dict) and "error" in e)

MESSAGES = Dialect(
    "messages", "/v1/messages", {"anthropic-version": "2023-06-01"},
    lambda model, text, stream: {**chat_body(model, text, stream), "max_tokens": 1_000_000},
    lambda d: d["content"][0]["text"] and d["usage"]["output_tokens"],
    lambda events: type_of(events[-1]) == "message_stop" and any(type_of(e) == "message_delta" for e in events),
    lambda e: type_of(e) == "error")

RESPONSES = Dialect(
    "responses", "/v1/responses", {},
    lambda model, text, stream: {"model": model, "stream": stream, "input": text, "store": False},
    lambda d: d["status"] == "completed" and d["output"] and d["usage"]["total_tokens"],
    lambda events: type_of(events[-1]) == "response.completed",
    lambda e: type_of(e) in ("error", "response.failed"))

DIALECTS = (CHAT, MESSAGES, RESPONSES)


def judge(dialect, status, body, stream):
    """What an answer is; Violation when it is neither right nor an honest error."""
    if status != 200:
        if not json.loads(body).get("error", {}).get("message"):
            raise Violation(f"status {status} without an error message")
        return REFUSED
    if not stream:
        if not dialect.whole(json.loads(body)):
            raise Violation("a whole answer without content or usage")
        return GOOD
    lines = [line[6:] for line in body.decode(errors="replace").split("\n") if line.startswith("data: ")]
    events = [parsed(line) for line in lines]
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


def parsed(line):
    """The event's document, the words [DONE], or None for garbage."""
    if line == "[DONE]":
        return line
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
