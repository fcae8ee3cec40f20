"""A configuration that changes while Weir serves: taken whole, refused whole, and no exchange notices."""
import json
import os
import signal
import socket
import threading

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import sanitized, wait_until

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def named(name):
    """An imposter whose answers tell its name as the model."""
    def answer(request, peer):
        peer.send(wire.http_json(wire.openai_answer(model=name)))
    return answer


def write(weir, text):
    (weir.folder / "config.yaml").write_text(text)


def replace(weir, text):
    """As an editor does it."""
    (weir.folder / "config.new").write_text(text)
    os.replace(weir.folder / "config.new", weir.folder / "config.yaml")


def status(weir):
    return json.loads(weir.admin_get("/api/config")[2])["reload"]


def generation(weir, number):
    wait_until(lambda: status(weir)["generation"] >= number, f"configuration {number} to be in force")


def who(weir, **named_arguments):
    code, _, body = weir.request("POST", "/v1/chat/completions", CHAT, **named_arguments)
    assert code == 200, body
    return json.loads(body)["model"]


@pytest.fixture
def two(start, provide):
    """A Weir that asks provider a, and the texts of both configurations."""
    texts = {name: configs.single(provide(named(name)).port) for name in "ab"}
    return start(config=texts["a"]), texts


@pytest.mark.parametrize("how", [write, replace])
def test_a_file_that_changes_is_taken(two, how):
    weir, texts = two
    assert who(weir) == "a"
    how(weir, texts["b"])
    generation(weir, 2)
    assert who(weir) == "b"
    assert status(weir)["changes"] == ["~ Backend/default/provider: spec.endpoints[0].ip.port"]
    assert "~ Backend/default/provider: spec.endpoints[0].ip.port" in weir.output()


def test_sighup_reads_it_again(start, provide):
    texts = {name: configs.single(provide(named(name)).port) for name in "ab"}
    weir = start("--watch", "false", config=texts["a"])
    write(weir, texts["b"])
    weir.signal(signal.SIGHUP)
    generation(weir, 2)
    assert who(weir) == "b"


def test_what_did_not_change_is_not_put_in_force(two):
    weir, texts = two
    write(weir, "# a comment\n" + texts["a"])
    wait_until(lambda: "nothing changed" in weir.output(), "the log to say so")
    assert status(weir)["generation"] == 1


def test_a_mistake_keeps_the_old_one(two):
    weir, texts = two
    write(weir, texts["b"].replace('"backendRefs"', '"backendRefz"'))
    wait_until(lambda: status(weir)["refused"], "the refusal")
    (mistake,) = [m for m in status(weir)["refused"]["mistakes"] if "backendRefz" in m]
    assert mistake.startswith(str(weir.folder / "config.yaml") + ":1:") and "did you mean" in mistake
    assert mistake in weir.output()
    assert who(weir) == "a"
    assert weir.metric("weir_config_last_reload_refused") == 1 and weir.metric("weir_config_refused_total") >= 1
    write(weir, texts["b"])
    generation(weir, 2)
    assert who(weir) == "b" and status(weir)["refused"] is None
    assert weir.metric("weir_config_last_reload_refused") == 0


def test_a_file_that_is_gone_keeps_the_old_one(two):
    weir, texts = two
    os.unlink(weir.folder / "config.yaml")
    wait_until(lambda: status(weir)["refused"], "the refusal")
    assert who(weir) == "a"
    write(weir, texts["b"])
    generation(weir, 2)
    assert who(weir) == "b"


def test_a_stream_finishes_on_the_configuration_it_began_with(start, provide):
    may_finish = threading.Event()

    def answer(request, peer):
        events = list(wire.events(request))
        peer.send(wire.stream_head(wire.stream_type(request)) + wire.chunk(events[0] + events[1]))
        may_finish.wait(30)
        peer.send(b"".join(map(wire.chunk, events[2:])) + wire.LAST_CHUNK)
    other = configs.single(provide(named("b")).port)
    weir = start(config=configs.single(provide(answer).port))
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", json.dumps({**CHAT, "stream": True})))
        connection.head()
        first = connection.chunk()
        write(weir, other)
        generation(weir, 2)
        assert who(weir) == "b"
        may_finish.set()
        rest, complete = connection.chunked()
        assert complete and (first + rest).endswith(b"data: [DONE]\n\n")
        connection.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        assert json.loads(connection.response().body)["model"] == "b", "the next request of the connection sees the new one"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def gateway(*listeners):
    return configs.document("gateway.networking.k8s.io/v1", "Gateway", "gateway", {
        "gatewayClassName": "weir", "listeners": [{"name": name, "port": port, "protocol": "HTTP"} for name, port in listeners]})


def test_listeners_come_and_go(start, provide):
    port = provide(named("a")).port
    main, extra = free_port(), free_port()
    one = configs.single(port, extra=[gateway(("main", main))])
    both = configs.single(port, extra=[gateway(("main", main), ("extra", extra))])
    weir = start("--watch", "true", config=one, listen=False)
    address = f"127.0.0.1:{extra}"
    write(weir, both)
    generation(weir, 2)
    assert who(weir, address=address) == "a"
    assert json.loads(weir.ready_path.read_text())["listeners"]["extra"].endswith(f":{extra}")
    with raw.Connection(address) as kept, raw.Connection(f"127.0.0.1:{main}") as other:
        kept.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        assert kept.response().status == 200
        other.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        assert other.response().status == 200
        write(weir, one)
        generation(weir, 3)
        assert kept.closed(), "a kept connection of a listener that is gone ends"
        other.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
        assert other.response().status == 200, "one of a listener that stays goes on"
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", extra), timeout=2)


def test_an_address_in_use_refuses_the_whole(start, provide):
    a, b = provide(named("a")).port, provide(named("b")).port
    main = free_port()
    weir = start(config=configs.single(a, extra=[gateway(("main", main))]), listen=False)
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        write(weir, configs.single(b, extra=[gateway(("main", main), ("extra", taken.getsockname()[1]))]))
        wait_until(lambda: status(weir)["refused"], "the refusal")
        assert "in use" in status(weir)["refused"]["mistakes"][0]
        assert who(weir, address=f"127.0.0.1:{main}") == "a"


def test_a_hundred_reloads_a_second_lose_nothing(two):
    """Clients ask all the time, on kept connections; every answer is whole and from one of the two."""
    weir, texts = two
    rounds = 30 if sanitized() else 200
    stop, errors, answers = threading.Event(), [], []

    def client():
        with raw.Connection(weir.address) as connection:
            while not stop.is_set():
                connection.send(raw.post("/v1/chat/completions", json.dumps(CHAT)))
                response = connection.response()
                if response.status != 200 or json.loads(response.body)["model"] not in "ab":
                    errors.append(response)
                    return
                answers.append(json.loads(response.body)["model"])

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        for number in range(rounds):
            before = status(weir)["generation"]
            replace(weir, texts["ba"[number % 2]])
            weir.signal(signal.SIGHUP)
            wait_until(lambda: status(weir)["generation"] > before, "the next configuration")
    finally:
        stop.set()
        for thread in clients:
            thread.join(30)
    assert not errors, errors[0]
    assert set(answers) == {"a", "b"}
    assert status(weir)["refused"] is None
