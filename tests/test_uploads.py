"""Bodies that are no JSON go through to the provider as they come: forms with files, raw bytes."""
import hashlib
import json

import pytest

from harness import config, raw, wire
from harness.sink import Sink
from harness.weir import sanitized, wait_until

BOUNDARY = "XyZ-41"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
PATH = "/v1/audio/transcriptions"
MIB = 1 << 20
BLOCK = bytes(range(256)) * 256  # 64 KiB with every byte, line feeds included
KERNEL = 16 * MIB  # what socket buffers on the way may hold


def part(name, value, filename=None):
    more = f'; filename="{filename}"\r\nContent-Type: audio/wav' if filename else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def form(size, model=b"whisper-1", model_first=True):
    """A form as a list of pieces whose file has `size` bytes."""
    file = part("file", b"", "a.wav")[:-2]
    pieces = [file, *[BLOCK] * (size // len(BLOCK)), BLOCK[:size % len(BLOCK)], b"\r\n"]
    field = [part("model", model)]
    return [*field, *pieces, part("language", b"en"), END] if model_first else [part("language", b"en"), *pieces, *field, END]


def digest(pieces):
    out = hashlib.sha256()
    for piece in pieces:
        out.update(piece)
    return out.hexdigest()


def head(pieces, path=PATH, kind=TYPE, chunked=False):
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {sum(map(len, pieces))}"
    return f"POST {path} HTTP/1.1\r\nHost: weir.test\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode()


def upload(connection, pieces, **more):
    connection.send(head(pieces, **more))
    for piece in pieces:
        connection.send(wire.chunk(piece) if more.get("chunked") and piece else piece)
    if more.get("chunked"):
        connection.send(wire.LAST_CHUNK)
    return connection.response()


@pytest.fixture
def sinks():
    started = []

    def start_sink(**named):
        started.append(Sink(**named))
        return started[-1]

    yield start_sink
    for sink in started:
        sink.stop()


@pytest.fixture
def pair(start, sinks):
    """pair(…) → (Weir, Sink): one provider of that kind behind one route."""
    def start_both(backend_fields=None, rule_fields=None, extra=(), **named):
        sink = sinks(**named)
        return start(config=config.single(sink.port, backend_fields=backend_fields, rule_fields=rule_fields, extra=extra), workers=1), sink
    return start_both


@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_mebibytes_pass_in_bounded_memory(pair, chunked):
    weir, sink = pair()
    weir.admin_get("/healthz")
    before, peak = weir.rss_kib(), 0
    pieces = form(99 * MIB)
    with raw.Connection(weir.address, timeout=60) as connection:
        connection.send(head(pieces, chunked=chunked))
        for i, piece in enumerate(pieces):
            connection.send(wire.chunk(piece) if chunked and piece else piece)
            if i % 100 == 0:
                peak = max(peak, weir.rss_kib())
        if chunked:
            connection.send(wire.LAST_CHUNK)
        response = connection.response()
    assert response.status == 200 and json.loads(response.body) == {"text": "hello"}
    assert sink.complete and sink.digest.hexdigest() == digest(pieces)
    assert (sink.header("transfer-encoding") == "chunked") == chunked
    if not sanitized():
        assert peak - before < 2048, f"{peak - before} KiB for one upload"
    line = weir.access_log()[0]
    assert line["http.request.body.size"] == sum(map(len, pieces))
    assert line["gen_ai.request.model"] == "whisper-1" and line["gen_ai.operation.name"] == "transcription"


@pytest.mark.parametrize("size", [100, 300_000])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("model_first", [True, False])
def test_another_model_takes_its_place_in_the_form(pair, size, chunked, model_first):
    weir, sink = pair(rule_fields={"backendRefs": [{"name": "provider", "modelNameOverride": "whisper-large-v3"}]})
    with raw.Connection(weir.address) as connection:
        response = upload(connection, form(size, model_first=model_first), chunked=chunked)
    assert response.status == 200
    assert sink.digest.hexdigest() == digest(form(size, b"whisper-large-v3", model_first))
    assert weir.access_log()[0]["gen_ai.request.model"] == "whisper-large-v3"


def test_the_provider_hears_of_an_upload_before_it_has_come(pair):
    weir, sink = pair()
    pieces = form(MIB)
    with raw.Connection(weir.address) as connection:
        connection.send(head(pieces))
        for piece in pieces[:-2]:
            connection.send(piece)
        sink.wait_head()
        so_far = sum(map(len, pieces[:-2]))
        wait_until(lambda: sink.received == so_far, "what was sent to arrive")
        for piece in pieces[-2:]:
            connection.send(piece)
        assert connection.response().status == 200


def test_a_provider_that_stops_reading_stops_the_client(pair):
    weir, sink = pair(paused=True)
    pieces = form(99 * MIB)
    with raw.Connection(weir.address, timeout=2) as connection:
        connection.send(head(pieces))
        sent = 0
        with pytest.raises(TimeoutError):
            for piece in pieces:
                connection.send(piece)
                sent += len(piece)
        assert sent < KERNEL
        assert sanitized() or weir.rss_kib() < 64 << 10


def test_a_client_that_leaves_ends_the_providers_request(pair):
    weir, sink = pair()
    pieces = form(8 * MIB)
    with raw.Connection(weir.address) as connection:
        connection.send(head(pieces))
        for piece in pieces[:40]:
            connection.send(piece)
        sink.wait_head()
    sink.wait_body()
    assert not sink.complete
    assert weir.access_log()[0]["error.type"] == "http.client_gone"


def test_a_client_that_resets_is_noticed_while_the_provider_does_not_read(pair):
    weir, sink = pair(paused=True)
    connection = raw.Connection(weir.address, timeout=1)
    with pytest.raises(TimeoutError):
        connection.send(head(form(99 * MIB)))
        for piece in form(99 * MIB):
            connection.send(piece)
    connection.reset()  # an orderly end would wait in the client's kernel, behind what was not read
    assert weir.access_log()[0]["error.type"] == "http.client_gone"


def test_a_second_model_behind_the_file_is_refused(pair):
    weir, sink = pair()
    pieces = form(MIB)
    pieces.insert(-1, part("model", b"gpt-4o-transcribe"))
    with raw.Connection(weir.address) as connection:
        response = upload(connection, pieces)
    assert response.status == 400 and "twice" in response.body.decode()
    sink.wait_body()
    assert not sink.complete


@pytest.mark.parametrize("size", [100, 300_000])
@pytest.mark.parametrize("kind, change, words", [
    ("multipart/form-data", lambda pieces: pieces, "boundary"),
    (TYPE, lambda pieces: pieces[:-1], "ends before"),
    (TYPE, lambda pieces: pieces[1:], "model"),
    (TYPE, lambda pieces: [part("model", b"m" * 5000), *pieces[1:]], "too long"),
])
def test_forms_that_cannot_be_read_are_refused(pair, size, kind, change, words):
    weir, sink = pair()
    with raw.Connection(weir.address) as connection:
        pieces = change(form(size))
        connection.send_as_accepted(head(pieces, kind=kind) + b"".join(pieces))
        response = connection.response()
    assert response.status == 400 and words in response.body.decode()
    assert not sink.complete


def test_unknown_models_are_refused_before_the_file_has_come(start, sinks):
    sink = sinks()
    rules = config.route(config.rule("provider", [config.model("whisper-1")]))
    weir = start(config=config.join(rules, *config.provider("provider", sink.port)), workers=1)
    with raw.Connection(weir.address) as connection:
        pieces = form(8 * MIB, b"nobody")
        connection.send(head(pieces) + b"".join(pieces[:2]))
        response = connection.response()
    assert response.status == 404 and "nobody" in response.body.decode()


def test_a_provider_that_refuses_early_is_heard(pair):
    refusal = wire.http_json({"error": {"message": "too much audio", "type": "invalid_request_error"}}, status=413)
    weir, sink = pair(answer=refusal, answer_after=100_000)
    with raw.Connection(weir.address) as connection:
        pieces = form(32 * MIB)
        connection.send_as_accepted(head(pieces) + b"".join(pieces))
        response = connection.response()
    assert response.status == 413 and "too much audio" in response.body.decode()


def test_the_body_limit_holds_for_chunks(pair):
    weir, sink = pair(extra=[config.options(limits={"requestBody": "1Mi"})])
    with raw.Connection(weir.address) as connection:
        pieces = form(2 * MIB)
        connection.send_as_accepted(head(pieces, chunked=True) + b"".join(wire.chunk(p) for p in pieces if p) + wire.LAST_CHUNK)
        response = connection.response()
    assert response.status == 413
    sink.wait_body()
    assert not sink.complete


def test_files_and_raw_bytes_pass_unread(pair):
    for kind, body in ((TYPE, b"".join(form(MIB)).replace(b"model", b"mod\0l")), ("application/octet-stream", BLOCK * 20)):
        weir, sink = pair()
        with raw.Connection(weir.address) as connection:
            response = upload(connection, [body], path="/v1/files", kind=kind)
        assert response.status == 200
        assert sink.digest.hexdigest() == digest([body])


def test_a_small_form_is_tried_again_and_a_large_one_is_not(start, provide):
    """What has passed through cannot be sent to another backend."""
    refusing = provide(lambda request, peer: peer.send(wire.http_json({"error": {"message": "busy"}}, status=503)))
    good = provide(lambda request, peer: peer.send(wire.http_json({"text": "hello"})))
    rules = config.route(config.rule([{"name": "first", "priority": 0}, {"name": "second", "priority": 1}]))
    weir = start(config=config.join(rules, *config.provider("first", refusing.port), *config.provider("second", good.port)), workers=1)
    with raw.Connection(weir.address) as connection:
        assert upload(connection, form(100)).status == 200
    assert len(good.requests) == 1
    with raw.Connection(weir.address) as connection:
        response = upload(connection, form(MIB))
    assert response.status == 503 and "busy" in response.body.decode()
    assert len(good.requests) == 1
