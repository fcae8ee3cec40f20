"""The clients of the soak: busy ones, and many that only now and then ask."""
import asyncio
import collections
import json
import random
import time

from dialects import DIALECTS, CHAT, Violation, judge
from faults import ABORTED, ERROR_EVENT, FAULTS, GOOD, LEFT
from gateway import MODELS

PATIENCE = 30            # seconds for an answer
SLOW_PIECE, SLOW_PAUSE = 32_768, 0.02


class Aborted(Exception):
    """The connection ended inside a body."""


async def read_exactly(reader, size, slowly):
    if not slowly:
        return await reader.readexactly(size)
    body = b""
    while len(body) < size:
        body += await reader.readexactly(min(SLOW_PIECE, size - len(body)))
        await asyncio.sleep(SLOW_PAUSE)
    return body


async def read_answer(reader, slowly=False):
    """Status, headers and body of one answer. EOFError when the connection ends first, Aborted inside a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
    try:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return status, headers, await read_exactly(reader, int(headers["content-length"]), slowly)
        body = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body.append((await read_exactly(reader, size + 2, slowly and size > SLOW_PIECE // 2))[:-2])
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return status, headers, b"".join(body)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise Aborted from None


class Load:
    def __init__(self, port):
        self.port = port
        self.counts = collections.Counter()
        self.violations = collections.Counter()

    async def run(self, seconds, busy, idle, chores=()):
        """`busy` clients without a pause and `idle` ones on connections that they keep; `chores` run beside them."""
        until = time.monotonic() + seconds
        tasks = [asyncio.ensure_future(chore(until)) for chore in chores]
        await asyncio.gather(*(self.busy(until) for _ in range(busy)), *(self.idle(until) for _ in range(idle)), *tasks)

    def connect(self):
        return asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)

    async def busy(self, until):
        connection = None
        while time.monotonic() < until:
            fault = random.choices(FAULTS, [f.weight for f in FAULTS])[0]
            dialect, (model, _) = random.choice(DIALECTS), random.choice(MODELS)
            stream = fault.whole is None or random.random() < 0.5
            try:
                connection = connection or await self.connect()
                outcome, reusable = await self.ask(connection, fault, dialect, model, stream)
                allowed = fault.stream if stream else fault.whole
                if outcome not in allowed:
                    raise Violation(f"{outcome}, allowed: {', '.join(sorted(allowed))}")
                self.counts[fault.name, outcome] += 1
            except (Violation, ValueError, KeyError, IndexError, OSError, EOFError) as e:
                self.note(f"{fault.name}, {dialect.name}, {model}, {'stream' if stream else 'whole'}", e)
                reusable = False
            if not reusable and connection:
                connection[1].close()
                connection = None
        if connection:
            connection[1].close()

    async def idle(self, until):
        """Asks seldom. A connection that was closed while nobody asked is opened again."""
        await asyncio.sleep(random.uniform(0, 10))
        connection = None
        while time.monotonic() < until:
            try:
                if connection is None or connection[0].at_eof():
                    connection = await self.connect()
                outcome, reusable = await self.ask(connection, FAULTS[0], CHAT, MODELS[0][0], False)
                if outcome != GOOD:
                    raise Violation(outcome)
                self.counts["seldom", outcome] += 1
            except (Violation, ValueError, KeyError, OSError, EOFError) as e:
                self.note("seldom", e)
                connection = None
            await asyncio.sleep(max(0, min(random.uniform(10, 30), until - time.monotonic())))
        if connection:
            connection[1].close()

    def note(self, where, error):
        self.violations[f"{where}: {type(error).__name__} {error}"] += 1

    async def ask(self, connection, fault, dialect, model, stream):
        reader, writer = connection
        text = "x" * random.choice((10, 1_000, 100_000))
        body = json.dumps(dialect.body(model, text, stream)).encode()
        head = {"host": "soak", "content-type": "application/json", "content-length": str(len(body)), **dialect.headers,
                **fault.headers}
        lines = "".join(f"{k}: {v}\r\n" for k, v in head.items())
        writer.write(f"POST {dialect.path(model, stream)} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        await writer.drain()
        try:
            answer = read_answer(reader, fault.reads_slowly)
            status, headers, answer = await asyncio.wait_for(answer, fault.leave_after or PATIENCE)
        except asyncio.TimeoutError:
            if not fault.leave_after:
                raise Violation(f"no answer in {PATIENCE} s") from None
            return LEFT, False
        except Aborted:
            return ABORTED, False
        outcome = judge(dialect, status, answer, stream)
        # An error event ends the connection (design: "then a clean close"), although its head could not say so.
        return outcome, outcome != ERROR_EVENT and headers.get("connection", "").lower() != "close"
