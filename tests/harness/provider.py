"""Imposter providers: a TCP server that records what it is sent and answers as a test says.

    provider = Provider(answer=lambda request, peer: peer.send(wire.http_json({...})))
    provider.port, provider.requests, provider.wait_requests(1)

`answer` runs on the connection's thread with the parsed Request and a Peer. It may send any bytes, stall on
`peer.wait_closed()`, reset, or close. A connection is kept for further requests unless the answer closed it.
"""
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from harness import wire


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list  # of (name as sent, value)
    body: bytes
    raw_head: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def path(self):
        return self.target.split("?")[0]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def names(self):
        return {key.lower() for key, _ in self.headers}

    def json(self):
        return json.loads(self.body)


class Peer:
    """The gateway's connection, as an answer function sees it."""

    def __init__(self, connection):
        self.connection = connection
        self.closed = False

    def send(self, data):
        """What is sent to a gateway that went away is lost; `closed` and wait_closed() tell."""
        try:
            self.connection.sendall(data)
        except OSError:
            self.closed = True

    def close(self):
        """An orderly end (FIN)."""
        self.closed = True
        try:
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        """An RST instead of an end."""
        self.closed = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait_closed(self, timeout=30):
        """The time at which the gateway closed or reset the connection; None if it did not within `timeout`."""
        self.connection.settimeout(timeout)
        try:
            while self.connection.recv(65536):
                pass
        except TimeoutError:
            return None
        except OSError:
            pass
        self.closed = True
        return time.monotonic()


class Provider:
    def __init__(self, answer=None, tls=None, receive_buffer=None):
        """`tls`: an ssl.SSLContext; `receive_buffer`: a small SO_RCVBUF, to be slow to read from."""
        self.answer = answer or wire.answer
        self.tls = tls
        self.requests, self.connections, self.errors = [], 0, []
        self.changed = threading.Condition()
        self.stopping = False
        self.open = set()
        self.listener = socket.socket()
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(256)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def stop(self):
        self.stopping = True
        self.listener.close()
        with self.changed:
            left = list(self.open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait_requests(self, count, timeout=10):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.requests) >= count, timeout):
                raise AssertionError(f"{len(self.requests)} of {count} requests reached the provider within {timeout} s")
            return list(self.requests)

    def only_request(self):
        requests = self.wait_requests(1)
        assert len(requests) == 1, f"{len(requests)} requests reached the provider"
        return requests[0]

    def forget(self):
        with self.changed:
            self.requests.clear()

    def _accept(self):
        while not self.stopping:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.open.add(connection)
                self.changed.notify_all()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain):
        connection = plain
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(plain, server_side=True)
            reader = connection.makefile("rb")
            while not self.stopping:
                request = read_request(reader)
                if request is None:
                    return
                with self.changed:
                    self.requests.append(request)
                    self.changed.notify_all()
                peer = Peer(connection)
                self.answer(request, peer)
                if peer.closed:
                    return
        except OSError:
            pass  # the gateway went away, which tests observe from their own side
        except Exception as error:  # an answer function is wrong: tell the test, not only stderr
            self.errors.append(error)
            raise
        finally:
            with self.changed:
                self.open.discard(plain)
            try:
                connection.close()
                plain.close()
            except OSError:
                pass


def read_request(reader):
    """One strict HTTP/1.1 request; None at the end of the connection. What is malformed raises: Weir must not send it."""
    line = reader.readline()
    if not line:
        return None
    raw = [line]
    method, target, version = line.decode("latin-1").rstrip("\r\n").split(" ")
    headers = []
    while True:
        line = reader.readline()
        if not line:
            raise ConnectionError("head cut off")
        raw.append(line)
        if line == b"\r\n":
            break
        assert line.endswith(b"\r\n"), f"bare LF in {line!r}"
        name, _, value = line[:-2].decode("latin-1").partition(":")
        headers.append((name, value.strip(" \t")))
    return Request(method, target, version, headers, read_body(reader, headers), b"".join(raw))


def read_body(reader, headers):
    lengths = [v for k, v in headers if k.lower() == "content-length"]
    chunked = [v for k, v in headers if k.lower() == "transfer-encoding"]
    assert not (lengths and chunked), "both content-length and transfer-encoding"
    assert len(lengths) <= 1 and len(chunked) <= 1, "a framing header twice"
    if chunked:
        return b"".join(read_chunks(reader))
    if lengths:
        return exactly(reader, int(lengths[0]))
    return b""


def read_chunks(reader):
    while True:
        size = int(reader.readline().split(b";")[0], 16)
        if size == 0:
            while reader.readline() not in (b"\r\n", b""):
                pass
            return
        yield exactly(reader, size)
        assert reader.read(2) == b"\r\n"


def exactly(reader, size):
    data = reader.read(size)
    if len(data) != size:
        raise ConnectionError(f"body cut off after {len(data)} of {size} bytes")
    return data
