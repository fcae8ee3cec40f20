"""A provider that reads one request at the pace a test sets, keeps its digest and not its bytes, and then answers.

    sink = Sink()                   # reads at once; Sink(paused=True) reads nothing of the body until sink.resume()
    sink.wait_head(); sink.received; sink.wait_body()
"""
import hashlib
import re
import socket
import threading

from harness import wire


class Sink:
    def __init__(self, paused=False, answer=None, answer_after=None, receive_buffer=65536):
        """`answer`: bytes sent when the body has come, or, with `answer_after`, once so many bytes of it have."""
        self.answer = answer or wire.http_json({"text": "hello"})
        self.answer_after = answer_after
        self.head, self.digest, self.received = None, hashlib.sha256(), 0
        self.complete = False
        self.kept = b""  # the first bytes of the body
        self.go = threading.Event()
        if not paused:
            self.go.set()
        self.have_head, self.ended = threading.Event(), threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def resume(self):
        self.go.set()

    def header(self, name):
        found = re.search(rf"(?im)^{name}: *(.*?)\r$", self.head)
        return found and found.group(1)

    def wait_head(self, timeout=20):
        assert self.have_head.wait(timeout), "no request came"

    def wait_body(self, timeout=60):
        """Until the request has ended, whole or not."""
        assert self.ended.wait(timeout), f"the body did not end; {self.received} bytes came"

    def stop(self):
        self.go.set()
        self.listener.close()

    def run(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            try:
                self.read(connection)
            except OSError:
                pass  # reset by the gateway
            finally:
                self.ended.set()
            if self.complete or self.answer_after is not None:
                connection.sendall(self.answer)
                connection.settimeout(10)
                try:
                    connection.recv(1)  # until the gateway closes
                except OSError:
                    pass

    def read(self, connection):
        buffer = b""
        while b"\r\n\r\n" not in buffer:
            data = connection.recv(1)
            if not data:
                return
            buffer += data
        self.head = buffer.decode("latin-1")
        self.have_head.set()
        self.go.wait()
        if self.header("transfer-encoding") == "chunked":
            return self.read_chunks(connection.makefile("rb"))
        length = int(self.header("content-length"))
        while self.received < length:
            if self.answer_after is not None and self.received >= self.answer_after:
                return
            data = connection.recv(min(65536, length - self.received))
            if not data:
                return
            self.take(data)
        self.complete = True

    def read_chunks(self, reader):
        while (line := reader.readline()):
            assert re.fullmatch(rb"[0-9a-f]+\r\n", line), line
            size = int(line, 16)
            data = reader.read(size)
            if len(data) < size or reader.readline() != b"\r\n":
                return
            self.take(data)
            if size == 0:
                self.complete = True
                return

    def take(self, data):
        self.digest.update(data)
        self.kept += data[:max(0, 4096 - len(self.kept))]
        self.received += len(data)
