"""An OpenAI-like provider that speaks HTTP/2 only, with Python's h2."""
import json
import socket
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from harness import wire


def answer(stream):
    """Answers a stream with a whole completion."""
    stream.respond({"content-type": "application/json"}, json.dumps(wire.openai_answer()).encode())


class Stream:
    """One request, as `answer` of the provider is given it."""

    def __init__(self, link, number, head):
        self.link, self.number, self.head, self.body = link, number, head, b""

    def begin(self, fields):
        self.link.connection.send_headers(self.number, [(":status", "200"), *fields.items()])
        self.link.flush()

    def send(self, data, end=False):
        self.link.connection.send_data(self.number, data, end_stream=end)
        self.link.flush()

    def respond(self, fields, data):
        self.begin({**fields, "content-length": str(len(data))})
        self.send(data, end=True)

    def reset(self, code):
        self.link.connection.reset_stream(self.number, code)
        self.link.flush()


class Link:
    """A connection. Its thread alone uses it."""

    def __init__(self, provider, sock):
        self.provider, self.socket = provider, sock
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.streams = {}
        self.deaf = False  # nothing is sent here any more

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def converse(self):
        self.connection.initiate_connection()
        self.flush()
        while data := self.socket.recv(65536):
            for event in self.connection.receive_data(data):
                self.take(event)
            if not self.deaf and not self.provider.deaf.is_set():
                self.flush()  # pings are answered, too

    def take(self, event):
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.provider.settings.update({int(code): change.new_value for code, change in event.changed_settings.items()})
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = Stream(self, event.stream_id, dict(event.headers))
        if isinstance(event, h2.events.DataReceived):
            self.streams[event.stream_id].body += event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if isinstance(event, h2.events.StreamEnded):
            stream = self.streams.pop(event.stream_id)
            self.provider.requests.append(stream)
            self.provider.answer(stream)


class Http2Provider:
    """Listens on a port of its own; one thread for each connection. `tls`: an ssl.SSLContext."""

    def __init__(self, answer=answer, tls=None):
        self.answer, self.tls = answer, tls
        self.connections, self.requests, self.settings = 0, [], {}
        self.deaf = threading.Event()  # set: nothing is sent any more
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        try:
            with self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as sock:
                Link(self, sock).converse()
        except (OSError, h2.exceptions.ProtocolError):
            pass  # Weir has gone

    def stop(self):
        self.listener.close()
