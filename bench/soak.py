#!/usr/bin/env python3
"""Mixed load with faults for two minutes, then the books: no connection, task, descriptor or memory may be left over.

    bench/soak.py [--seconds 120] [--clients 64] [--weir FILE]

Weir stands between these clients and `weir mock`, which misbehaves as the request's headers script it. Every
answer is judged: complete and right, or an explicit error of the kinds its fault allows. A stream that merely
stops, a body cut short, or silence is a failure. Exit status 0: nothing leaked and every answer was allowed.
"""
import argparse
import asyncio
import collections
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass

import peers
from processes import Child, free_port, raise_file_limit, wait_for_port

GOOD = "good"
REFUSED = "refused"          # an error status with an error body
ERROR_EVENT = "error event"  # a stream that ends with an explicit error, and neither finish reason nor [DONE]
ABORTED = "aborted"          # the connection ended inside a body whose length or chunks say that more was to come
LEFT = "left"                # the client went away


@dataclass(frozen=True)
class Fault:
    name: str
    weight: int
    headers: dict                  # what scripts the mock provider (docs/mock.md)
    whole: frozenset = None        # outcomes allowed for a whole answer; None: not asked for one
    stream: frozenset = None       # and for a stream
    leave_after: float = 0.0       # the client goes away after this many seconds, if it has no answer yet


def outcomes(*names):
    return frozenset(names)


FINE, ERROR, BROKEN_BODY = outcomes(GOOD), outcomes(REFUSED), outcomes(REFUSED, ABORTED)
BROKEN_STREAM = outcomes(REFUSED, ERROR_EVENT)

FAULTS = (
    Fault("none", 55, {}, FINE, FINE),
    Fault("slow first byte", 5, {"x-mock-delay-ms": "50"}, FINE, FINE),
    Fault("paced", 5, {"x-mock-pace-ms": "5"}, None, FINE),
    Fault("long answer", 3, {"x-mock-body-bytes": "300000"}, FINE, FINE),
    Fault("slow reader", 2, {"x-mock-slow-read": "400000"}, FINE, FINE),
    Fault("busy", 4, {"x-mock-status": "429", "x-mock-retry-after": "1"}, ERROR, ERROR),
    Fault("overloaded", 4, {"x-mock-status": "503"}, ERROR, ERROR),
    Fault("no HTTP", 3, {"x-mock-garbage": "head"}, ERROR, ERROR),
    Fault("garbage in a stream", 3, {"x-mock-garbage": "2"}, None, BROKEN_STREAM),
    Fault("cut", 4, {"x-mock-cut-after": "2"}, BROKEN_BODY, BROKEN_STREAM),
    Fault("reset", 4, {"x-mock-reset-after": "2"}, BROKEN_BODY, BROKEN_STREAM),
    Fault("no terminal event", 3, {"x-mock-no-terminal": "1"}, None, BROKEN_STREAM),
    Fault("error event", 3, {"x-mock-error-after": "2"}, None, BROKEN_STREAM),
    Fault("stall", 3, {"x-mock-stall-after": "1"}, outcomes(LEFT), outcomes(LEFT), leave_after=0.2),
    Fault("client leaves", 3, {"x-mock-delay-ms": "100", "x-mock-pace-ms": "20"}, outcomes(LEFT, GOOD), outcomes(LEFT, GOOD),
          leave_after=0.15),
)

# Gauges of /metrics that are zero when nobody is connected.
ZERO_AT_REST = ("weir_connections_open", "weir_exchanges_active", "weir_tasks_running", "weir_read_buffers_lent",
                "weir_request_body_memory_bytes")
DESCRIPTORS_MAY_GROW = 40  # kept provider connections differ from one moment to the next
MEMORY_MAY_GROW, MEMORY_SLACK_KB = 1.15, 4096

BACKENDS = ("openai", "anthropic", "bedrock")
MODELS = tuple((f"{name}-model", name) for name in BACKENDS)

BEDROCK = """\
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {{name: bedrock, namespace: default}}
spec:
  schema: {{name: AWSBedrock}}
  backendRef: {{name: bedrock, kind: Backend, group: gateway.envoyproxy.io}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {{name: bedrock, namespace: default}}
spec:
  endpoints:
    - ip: {{address: 127.0.0.1, port: {origin}}}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: {{name: bedrock-key, namespace: default}}
spec:
  targetRefs:
    - {{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: bedrock}}
  type: AWSCredentials
  awsCredentials:
    region: us-east-1
    credentialsFile:
      secretRef: {{name: bedrock-key, namespace: default}}
---
apiVersion: v1
kind: Secret
metadata: {{name: bedrock-key, namespace: default}}
type: Opaque
stringData:
  credentials: |
    [default]
    aws_access_key_id = AKIAEXAMPLESOAK00000
    aws_secret_access_key = soak-not-a-real-secret-key
"""


class Gateway(peers.Weir):
    models = MODELS

    def configuration(self):
        return super().configuration() + BEDROCK.format(origin=self.origin)


class Violation(Exception):
    """An answer that no fault excuses."""


class Aborted(Exception):
    """The connection ended inside a body."""


async def read_answer(reader):
    """Status, headers and body of one answer. EOFError when the connection ends first, Aborted inside a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
    try:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return status, headers, await reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return status, headers, body
    except (asyncio.IncompleteReadError, ConnectionError):
        raise Aborted from None


def judge(status, body, stream):
    """What an answer is; Violation when it is neither right nor an honest error."""
    if status != 200:
        if not json.loads(body).get("error", {}).get("message"):
            raise Violation(f"status {status} without an error message")
        return REFUSED
    if not stream:
        answer = json.loads(body)
        if not answer["choices"][0]["message"]["content"] or not answer["usage"]["total_tokens"]:
            raise Violation("a whole answer without content or usage")
        return GOOD
    events = [line[6:] for line in body.decode(errors="replace").split("\n") if line.startswith("data: ")]
    documents = [parsed(event) for event in events if event != "[DONE]"]
    if any(d and "error" in d for d in documents):
        # What a provider said before it failed has passed already, a finish reason too; nothing may follow the error.
        if "[DONE]" in events or not documents[-1] or "error" not in documents[-1]:
            raise Violation("a stream that goes on after its error event")
        return ERROR_EVENT
    if None in documents:
        raise Violation("a stream with garbage in it and no error event")
    if not any(c.get("finish_reason") for d in documents for c in d.get("choices", [])) or events[-1:] != ["[DONE]"]:
        raise Violation("a stream that merely stops")
    return GOOD


def parsed(event):
    """The event's document, or None for garbage."""
    try:
        document = json.loads(event)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


class Soak:
    def __init__(self, port):
        self.port = port
        self.counts = collections.Counter()
        self.violations = collections.Counter()

    async def client(self, until):
        connection = None
        while time.monotonic() < until:
            fault = random.choices(FAULTS, [f.weight for f in FAULTS])[0]
            model, stream = random.choice(MODELS)[0], fault.whole is None or random.random() < 0.5
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
                outcome, reusable = await self.ask(connection, fault, model, stream)
                allowed = fault.stream if stream else fault.whole
                if outcome not in allowed:
                    raise Violation(f"{outcome}, allowed: {', '.join(sorted(allowed))}")
                self.counts[fault.name, outcome] += 1
            except (Violation, ValueError, KeyError, IndexError, OSError, EOFError) as e:
                self.violations[f"{fault.name}, {model}, {'stream' if stream else 'whole'}: {type(e).__name__} {e}"] += 1
                reusable = False
            if not reusable and connection:
                connection[1].close()
                connection = None
        if connection:
            connection[1].close()

    async def ask(self, connection, fault, model, stream):
        reader, writer = connection
        text = "x" * random.choice((10, 1_000, 100_000))
        body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()
        head = {"host": "soak", "content-type": "application/json", "content-length": str(len(body)), **fault.headers}
        lines = "".join(f"{k}: {v}\r\n" for k, v in head.items())
        writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n".encode() + body)
        await writer.drain()
        try:
            status, headers, answer = await asyncio.wait_for(read_answer(reader), fault.leave_after or 30)
        except asyncio.TimeoutError:
            if not fault.leave_after:
                raise Violation("no answer in 30 s") from None
            return LEFT, False
        except Aborted:
            return ABORTED, False
        outcome = judge(status, answer, stream)
        # An error event ends the connection (design: "then a clean close"), although its head could not say so.
        return outcome, outcome != ERROR_EVENT and headers.get("connection", "").lower() != "close"

    async def load(self, seconds, clients):
        until = time.monotonic() + seconds
        await asyncio.gather(*(self.client(until) for _ in range(clients)))


class Books:
    """What the process holds, by its own counters and by the kernel's."""

    def __init__(self, gateway):
        self.gateway = gateway

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.gateway.admin()}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def gauge(self, name):
        values = [float(line.rsplit(" ", 1)[1]) for line in self.metrics().splitlines()
                  if line.startswith((name + " ", name + "{"))]
        if not values:
            raise RuntimeError(f"/metrics has no {name}")
        return sum(values)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.gateway.child.process.pid}/fd"))

    def at_rest(self, patience=30):
        """Waits until every gauge that should be zero is; returns those that are not."""
        deadline = time.monotonic() + patience
        while True:
            held = {name: value for name in ZERO_AT_REST if (value := self.gauge(name)) != 0}
            if not held or time.monotonic() > deadline:
                return held
            time.sleep(0.2)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--weir", metavar="FILE", default=f"{source}/build/release/weir")
    options = parser.parse_args()
    if not os.access(options.weir, os.X_OK):
        parser.error(f"{options.weir} has not been built (./dev build)")
    return options


def run(options, folder, undo):
    files = raise_file_limit()
    mock_port = free_port()
    mock = Child([options.weir, "mock", "--listen", f"127.0.0.1:{mock_port}"], core=0, stdout=subprocess.DEVNULL)
    undo.callback(mock.stop)
    wait_for_port(mock_port, mock)
    Gateway.program = options.weir
    gateway = Gateway(f"{folder}/weir", mock_port, files)
    undo.callback(gateway.stop)
    gateway.start()
    books, soak = Books(gateway), Soak(gateway.port)

    asyncio.run(soak.load(max(5, options.seconds / 6), options.clients))  # pools, buffers and allocator fill up
    books.at_rest()
    memory, descriptors = gateway.child.rss_kb(), books.descriptors()
    asyncio.run(soak.load(options.seconds, options.clients))
    held = books.at_rest()
    memory_after, descriptors_after = gateway.child.rss_kb(), books.descriptors()
    status = gateway.child.stop(patience=40)
    gateway.child = None

    for (fault, outcome), count in sorted(soak.counts.items()):
        print(f"{fault:24}{outcome:14}{count:8}")
    failures = [f"{count} × {what}" for what, count in soak.violations.most_common(20)]
    failures += [f"{name} is {value:g} at rest" for name, value in held.items()]
    if descriptors_after > descriptors + DESCRIPTORS_MAY_GROW:
        failures.append(f"descriptors grew from {descriptors} to {descriptors_after}")
    if memory_after > memory * MEMORY_MAY_GROW + MEMORY_SLACK_KB:
        failures.append(f"memory grew from {memory} KB to {memory_after} KB")
    if status != 0:
        failures.append(f"weir ended with status {status}")
    print(f"descriptors {descriptors} → {descriptors_after}, memory {memory} → {memory_after} KB, exit status {status}")
    for line in failures:
        print(f"FAILED: {line}")
    print(f"{sum(soak.counts.values())} answers as allowed, {len(failures)} failures")
    return 1 if failures else 0


def main():
    options = parse_arguments()
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="weir-soak-")
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        return run(options, folder, undo)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
