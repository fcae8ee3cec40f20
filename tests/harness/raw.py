"""A raw HTTP/1.1 client: sends exact bytes, reads responses with a parser of its own, sees how the connection ends."""
import socket
import struct
import time
from dataclasses import dataclass, field


@dataclass
class Response:
    status: int
    headers: list
    body: bytes
    version: str
    complete: bool  # the body ended as its framing says
    trailers: dict = field(default_factory=dict)

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name):
        return [value for key, value in self.headers if key == name]


class Connection:
    def __init__(self, address, timeout=20, receive_buffer=None, source=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.trailers = {}
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """An RST instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_as_accepted(self, data):
        """Sends until the other side refuses to take more; a server may answer and close before the end."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fill(self):
        """Reads more; False at the end of the connection (FIN or RST)."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        self.ended = not data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                return None
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def take(self, size):
        while len(self.buffer) < size and self.fill():
            pass
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def head(self):
        """(version, status, headers) of the next response; None when the connection ended first."""
        first = self.line()
        if first is None:
            return None
        version, status = first.split(" ", 2)[:2]
        headers = []
        while (line := self.line()):
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        return version, int(status), headers

    def response(self, method="POST", interim=False):
        """The next final response (or the next of any kind with `interim`); None when the connection ended first."""
        while True:
            head = self.head()
            if head is None:
                return None
            version, status, headers = head
            if status >= 200 or interim:
                break
        find = dict(headers)
        if method == "HEAD" or status in (204, 304) or status < 200:
            return Response(status, headers, b"", version, True)
        if "chunked" in find.get("transfer-encoding", ""):
            body, complete = self.chunked()
        elif "content-length" in find:
            body = self.take(int(find["content-length"]))
            complete = len(body) == int(find["content-length"])
        else:
            while self.fill():
                pass
            body, self.buffer, complete = self.buffer, b"", True
        return Response(status, headers, body, version, complete, self.trailers)

    def chunk(self):
        """The next chunk's bytes; b"" for the last one; None when the connection ended first."""
        line = self.line()
        if line is None:
            return None
        size = int(line.split(";")[0], 16)
        if size == 0:
            self.trailers = {}
            while (line := self.line()):
                name, _, value = line.partition(":")
                self.trailers[name.lower()] = value.strip()
            return b""
        data = self.take(size)
        return data if self.take(2) == b"\r\n" else None

    def chunked(self):
        body = b""
        while (data := self.chunk()):
            body += data
        return body, data == b""

    def closed(self, timeout=10):
        """True when the server ends the connection within `timeout` without another byte."""
        deadline = time.monotonic() + timeout
        while not self.buffer and not self.ended:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.fill()
            except TimeoutError:
                return False
        return self.ended and not self.buffer


def post(path, body, headers=(), host="weir.test", version="HTTP/1.1"):
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"POST {path} {version}", f"Host: {host}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
