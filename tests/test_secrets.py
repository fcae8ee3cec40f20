"""Planted secrets and prompts: after a run of everything, none is in any log, error, metric or API answer."""
import json

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import run

PROMPT = "planted-prompt-text-51ab"
ANSWER = "planted-answer-text-77ce"
CLIENT = "planted-client-key-20c4"
PLANTED = [configs.SECRET, "planted-aws-secret-93bc", PROMPT, ANSWER, CLIENT]


def answers(request, peer):
    """Everything a provider may do, chosen by the model's name."""
    kind, model = wire.dialect_of(request), request.target + request.body.decode()
    if "error" in model:
        peer.send(wire.http_json({"error": {"message": "refused"}, "message": "refused"}, 429))
    elif "reset" in model:
        peer.reset()
    elif "garbage" in model:
        peer.send(wire.http_body(ANSWER))
    elif "cut" in model:
        peer.send(wire.stream_head(wire.stream_type(request)))
        for event in list(wire.events(request))[:2]:
            peer.send(wire.chunk(event))
        peer.close()
    elif wire.wants_stream(request):
        wire.answer(request, peer)
    else:
        whole = {"openai": wire.openai_answer, "anthropic": wire.anthropic_answer, "bedrock": wire.bedrock_answer}[kind]
        peer.send(wire.http_json(whole(text=ANSWER)))


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_secret_is_ever_shown(start, provide, level):
    provider = provide(answers)
    weir = start("--log-level", level, config=configs.agents({agent: provider.port for agent in ("reasoning", "data", "planning")}))
    headers = {"authorization": f"Bearer {CLIENT}", "x-api-key": CLIENT, "cookie": f"s={CLIENT}"}
    errors = b""
    for agent in ("reasoning", "data", "planning"):
        for model in ("good", "error", "reset", "garbage", "cut", ""):
            for stream in (False, True):
                body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": PROMPT}]}
                status, got, answer = weir.request("POST", f"/v1/{agent}/chat/completions", body, headers)
                errors += json.dumps(got).encode() + (b"" if status == 200 and not stream else answer)
        weir.request("POST", f"/v1/{agent}/chat/completions", '{"model": "x", "messages": "' + PROMPT, headers)
        errors += weir.request("POST", f"/v1/{agent}/nothing/{CLIENT[:3]}", {"model": "m", "p": PROMPT}, headers)[2]
    with raw.Connection(weir.address) as connection:
        connection.send(f"POST /v1/data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {CLIENT}\r\nContent-Length: x\r\n\r\n".encode())
        errors += connection.response().body
    assert configs.SECRET.encode() in b"".join(request.raw_head for request in provider.requests), "the keys were in use"
    shown = {"metrics": weir.metrics(), "config": weir.admin_get("/api/config")[2].decode(), "errors": errors.decode(),
             "access log": json.dumps(weir.access_log(30))}
    assert weir.stop() == 0
    shown["log"] = weir.output()
    for place, text in shown.items():
        for planted in PLANTED:
            if place == "errors" and planted == ANSWER:
                continue  # what the provider said belongs to the client
            assert planted not in text, f"{planted} in {place}"


def test_a_core_of_the_command_line_shows_none(folder):
    """check, explain and their errors name credentials, never their values."""
    text = configs.single(1) + "---\n" + configs.secret("broken", **{"apiKey": configs.SECRET}).replace('"kind"', '"knd"')
    (folder / "c.yaml").write_text(text)
    for arguments in (["check", folder / "c.yaml"], ["check", "--schema", folder / "c.yaml"],
                      ["explain", folder / "c.yaml", "--path", "/v1/chat/completions", "--method", "POST"]):
        done = run(*arguments, env={"OPENAI_API_KEY": configs.SECRET})
        assert configs.SECRET not in done.stdout + done.stderr, arguments


def test_a_substituted_secret_is_not_echoed_in_a_message(folder):
    (folder / "c.yaml").write_text('{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": ["${PLANTED}"]}\n')
    done = run("check", folder / "c.yaml", env={"PLANTED": configs.SECRET})
    assert done.returncode == 1
    assert configs.SECRET not in done.stdout + done.stderr
