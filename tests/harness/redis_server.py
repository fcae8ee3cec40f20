"""A real redis-server as a child process, on a port of its own, and a client that speaks its protocol."""
import shutil
import signal
import socket
import subprocess

import pytest

from .weir import wait_until


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class RedisServer:
    """Nothing is written to disk: killed and started again, it has forgotten everything."""

    def __init__(self, folder, *flags, scheme="redis", login=""):
        self.program = shutil.which("redis-server")
        if not self.program:
            pytest.fail("redis-server is not installed: ./dev setup test")
        self.folder, self.flags, self.scheme, self.login = folder, flags, scheme, login
        self.tls = scheme == "rediss"
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        ports = ["--port", "0", "--tls-port", self.port] if self.tls else ["--port", self.port]
        log = (self.folder / f"redis-{self.port}.log").open("ab")
        self.process = subprocess.Popen(
            [self.program, *map(str, ports), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder,
             *map(str, self.flags)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_until(self.accepts, "redis-server to listen")

    def accepts(self):
        assert self.process.poll() is None, (self.folder / f"redis-{self.port}.log").read_text()
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

    def url(self, more="?timeout=2s"):
        """With a timeout for tests whose point is another: a machine under load may be late."""
        return f"{self.scheme}://{self.login}127.0.0.1:{self.port}/0{more}"

    def command(self, *words):
        return command(self.port, *words)

    def own_slots(self):
        """Ranges, of a node of a cluster."""
        return [(first, last) for first, last, owner, *_ in self.command("CLUSTER", "SLOTS") if owner[1] == self.port]

    def granted(self, policy):
        """What all counters of a policy have together: used, reserved and leased, in all windows that are kept."""
        total = 0
        for key in self.command("KEYS", f"*limit:BackendTrafficPolicy/default/{policy}/*"):
            total += sum(int(value) for value in self.command("HGETALL", key)[1::2])
        return total


class Cluster:
    """Three primaries that share the slots."""

    def __init__(self, folder):
        self.nodes = []
        for _ in range(3):
            bus = free_port()
            self.nodes.append(RedisServer(folder, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", 2000,
                                          "--cluster-require-full-coverage", "no", "--cluster-config-file", f"nodes-{bus}.conf"))
            self.nodes[-1].bus = bus
        bounds = [0, 5461, 10923, 16384]
        for node, first, end in zip(self.nodes, bounds, bounds[1:]):
            node.command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            node.command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, self.nodes[0].bus)
        wait_until(lambda: all(b"cluster_state:ok" in node.command("CLUSTER", "INFO") and
                               b"cluster_known_nodes:3" in node.command("CLUSTER", "INFO") for node in self.nodes), "a cluster")

    def url(self, more="?timeout=2s"):
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[1].port}{more}"

    def granted(self, policy):
        return sum(node.granted(policy) for node in self.nodes if node.process.poll() is None)

    def move(self, slot, target):
        """Gives a slot, with its keys, to another node, as redis-cli --cluster reshard does."""
        [source] = [node for node in self.nodes if any(first <= slot <= last for first, last in node.own_slots())]
        identity = {node: node.command("CLUSTER", "MYID") for node in (source, target)}
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", identity[source])
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", identity[target])
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for node in self.nodes:
            node.command("CLUSTER", "SETSLOT", slot, "NODE", identity[target])

    def stop(self):
        for node in self.nodes:
            node.stop()


class Sentinels:
    """A primary, a replica, and one Sentinel that promotes the replica when the primary is gone for half a second."""

    def __init__(self, folder):
        self.primary = RedisServer(folder)
        self.replica = RedisServer(folder, "--replicaof", f"127.0.0.1 {self.primary.port}")
        self.port = free_port()
        config = folder / "sentinel.conf"
        config.write_text(f"port {self.port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor main 127.0.0.1 {self.primary.port} 1\n"
                          "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n")
        with (folder / "sentinel.log").open("ab") as log:
            self.process = subprocess.Popen([self.primary.program, config, "--sentinel"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(lambda: b"master_link_status:up" in self.replica.command("INFO", "replication"), "the replica to follow")
        wait_until(lambda: self.ask("SENTINEL", "replicas", "main"), "the Sentinel to know the replica")

    def ask(self, *words):
        try:
            return command(self.port, *words)
        except OSError:
            return None

    def url(self, more="?timeout=2s"):
        return f"redis+sentinel://127.0.0.1:{self.port}/main{more}"

    def granted(self, policy):
        return self.primary.granted(policy)

    def fail_over(self):
        """The primary dies; the replica, once promoted, is the primary."""
        self.primary.kill()
        self.primary, self.replica = self.replica, self.primary

        def promoted():
            try:
                return b"role:master" in self.primary.command("INFO", "replication")
            except ConnectionError:  # Redis ends its connections when its role changes
                return False
        wait_until(promoted, "the replica to be promoted", timeout=30)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.primary.stop()
        self.replica.stop()


def command(port, *words):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(encoded, words))]))
        return read_reply(client.makefile("rb"))


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
