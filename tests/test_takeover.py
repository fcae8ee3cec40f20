"""--takeover: a new Weir takes the listening sockets over, the old one drains; nobody is refused, no stream is cut."""
import json
import stat
import threading

from harness import config as configs
from harness import raw, wire
from harness.weir import wait_until

CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


def test_upgrades_under_load_lose_nothing(start, provide, tmp_path):
    """Three upgrades, each with another number of workers, while clients open a connection for every request."""
    config = configs.single(provide().port)
    path = tmp_path / "weir.sock"
    weir = start("--takeover", str(path), config=config, workers=2)
    address, admin = weir.address, weir.admin
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stop, errors, served = threading.Event(), [], []

    def client():
        while not stop.is_set():
            try:
                status, _, body = weir.request("POST", "/v1/chat/completions", CHAT, address=address)
                served.append(status)
                if status != 200:
                    errors.append((status, body))
            except OSError as error:
                errors.append(error)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        old = weir
        for workers in (3, 1, 2):
            new = start("--takeover", str(path), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", config=config, workers=workers)
            assert (new.address, new.admin) == (address, admin)
            assert old.wait(30) == 0
            reached = len(served)
            wait_until(lambda: len(served) > reached + 20 or errors, "requests that only the new one can serve")
            old = new
    finally:
        stop.set()
        for thread in clients:
            thread.join(30)
    assert not errors, errors[:3]
    assert old.admin_get("/readyz")[0] == 200
    assert path.exists()
    assert old.stop() == 0 and not path.exists()


def test_a_stream_of_the_old_one_finishes(start, provide, tmp_path):
    may_finish = threading.Event()

    def answer(request, peer):
        if not wire.wants_stream(request):
            return wire.answer(request, peer)
        events = list(wire.events(request))
        peer.send(wire.stream_head(wire.stream_type(request)) + wire.chunk(events[0] + events[1]))
        may_finish.wait(30)
        peer.send(b"".join(map(wire.chunk, events[2:])) + wire.LAST_CHUNK)
    config = configs.single(provide(answer).port)
    flags = ("--takeover", str(tmp_path / "weir.sock"))
    old = start(*flags, config=config)
    with raw.Connection(old.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps({**json.loads(CHAT), "stream": True})))
        connection.head()
        first = connection.chunk()
        new = start(*flags, config=config)
        wait_until(lambda: "a new Weir serves" in old.output(), "the old one to drain")
        assert new.chat()[0] == 200
        assert old.process.poll() is None, "a stream is still running"
        assert new.admin_get("/readyz")[0] == 200, "the admin address is the new one's"
        may_finish.set()
        rest, complete = connection.chunked()
    assert complete and (first + rest).endswith(b"data: [DONE]\n\n")
    assert old.wait(20) == 0


def test_a_new_one_that_fails_changes_nothing(start, start_child, provide, tmp_path):
    config = configs.single(provide().port)
    flags = ("--takeover", str(tmp_path / "weir.sock"))
    old = start(*flags, config=config)
    other = start_child("run", old.folder / "config.yaml", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                        "--access-log", "/nonexistent/access.jsonl", *flags, check_exit=False)
    assert other.wait(20) != 0
    wait_until(lambda: "serving on" in old.output(), "the old one to notice")
    assert old.chat()[0] == 200 and old.admin_get("/readyz")[0] == 200
    newest = start(*flags, config=config)
    assert old.wait(20) == 0 and newest.chat()[0] == 200


def test_without_an_old_one_it_just_starts(start, provide, tmp_path):
    path = tmp_path / "weir.sock"
    weir = start("--takeover", str(path), config=configs.single(provide().port))
    assert weir.chat()[0] == 200
    weir.process.kill()
    weir.process.wait()
    assert path.exists(), "a killed Weir leaves the path behind"
    again = start("--takeover", str(path), config=configs.single(provide().port))
    assert again.chat()[0] == 200
