"""A real redis-server as a child process, on a port of its own, and a client that speaks its protocol."""
import shutil
import signal
import socket
import subprocess

import pytest

from .weir import wait_until


class RedisServer:
    """Nothing is written to disk: killed and started again, it has forgotten everything."""

    def __init__(self, folder, *flags, scheme="redis", login=""):
        self.program = shutil.which("redis-server")
        if not self.program:
            pytest.fail("redis-server is not installed: ./dev setup test")
        self.folder, self.flags, self.scheme, self.login = folder, flags, scheme, login
        self.tls = scheme == "rediss"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = None
        self.start()

    def start(self):
        ports = ["--port", "0", "--tls-port", self.port] if self.tls else ["--port", self.port]
        log = (self.folder / "redis.log").open("ab")
        self.process = subprocess.Popen(
            [self.program, *map(str, ports), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder,
             *map(str, self.flags)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_until(self.accepts, "redis-server to listen")

    def accepts(self):
        assert self.process.poll() is None, (self.folder / "redis.log").read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process.poll() is None:
            self.thaw()
            self.kill()

    def url(self, more=""):
        return f"{self.scheme}://{self.login}127.0.0.1:{self.port}/0{more}"

    def command(self, *words):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(encoded, words))]))
            return read_reply(client.makefile("rb"))

    def granted(self, policy):
        """What all counters of a policy have together: used, reserved and leased, in all windows that are kept."""
        total = 0
        for key in self.command("KEYS", f"*limit:BackendTrafficPolicy/default/{policy}/*"):
            total += sum(int(value) for value in self.command("HGETALL", key)[1::2])
        return total


def encoded(word):
    return word if isinstance(word, bytes) else str(word).encode()


def read_reply(stream):
    line = stream.readline()
    kind, text = line[:1], line[1:-2]
    if kind == b"*":
        return [read_reply(stream) for _ in range(int(text))]
    if kind == b"$":
        return None if text == b"-1" else stream.read(int(text) + 2)[:-2]
    assert kind != b"-", text
    return int(text) if kind == b":" else text
