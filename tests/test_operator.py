"""What an operator sees: access log, metrics, health, the configuration in force."""
import json
import shutil
import subprocess

import pytest

from harness import config as configs
from harness import raw, wire
from harness.weir import wait_until

SCHEMAS = {"OpenAI": "openai", "Anthropic": "anthropic", "AWSBedrock": "aws.bedrock"}
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a question nobody logs"}]})


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_access_log_line(gateway, schema, stream):
    weir, _ = gateway(schema=schema)
    status, headers, _ = weir.chat(model="asked-model", stream=stream)
    assert status == 200
    (line,) = weir.access_log(1)
    assert line["gen_ai.operation.name"] == "chat"
    assert line["gen_ai.provider.name"] == SCHEMAS[schema]
    assert line["gen_ai.request.model"] == "asked-model"
    assert line["gen_ai.usage.input_tokens"] == 7
    assert line["gen_ai.usage.output_tokens"] == 5
    assert line["http.request.method"] == "POST"
    assert line["http.response.status_code"] == 200
    assert line["url.path"] == "/v1/chat/completions"
    assert headers["x-request-id"] in line.values()


def test_every_exchange_has_one_line_and_no_prompt(gateway):
    weir, _ = gateway()
    for _ in range(5):
        weir.request("POST", "/v1/chat/completions", BODY)
    weir.request("POST", "/v1/chat/completions", "{")
    weir.request("GET", "/nothing")
    weir.request("GET", "/v1/models")
    lines = weir.access_log(8)
    assert len(lines) == 8
    assert sorted(line["http.response.status_code"] for line in lines) == [200] * 6 + [400, 404]
    assert "a question nobody logs" not in weir.access_log_path.read_text()
    assert "provider." not in weir.access_log_path.read_text().replace("gen_ai.provider.name", "")


def test_a_failed_exchange_says_why(gateway):
    weir, _ = gateway(lambda request, peer: peer.reset())
    assert weir.chat()[0] == 502
    (line,) = weir.access_log(1)
    assert line["http.response.status_code"] == 502
    assert line["error.type"].startswith("upstream.")


def test_access_log_to_stdout_and_off(gateway):
    weir, _ = gateway(None, "--access-log", "-")
    weir.chat()
    wait_until(lambda: "gen_ai.request.model" in weir.stdout_path.read_text(), "a line on stdout")
    json.loads(next(line for line in weir.stdout_path.read_text().splitlines() if "gen_ai.request.model" in line))
    quiet, _ = gateway(None, "--access-log", "off")
    quiet.chat()
    assert quiet.stop() == 0
    assert "gen_ai.request.model" not in quiet.output()


def test_metrics(gateway):
    weir, _ = gateway()
    weir.chat(model="asked")
    weir.chat(model="asked", stream=True)
    common = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "openai", "gen_ai_original_model": "asked", "gen_ai_request_model": "asked",
              "gen_ai_response_model": "asked"}
    assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type="input", **common) == 14
    assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type="output", **common) == 10
    assert weir.metric("gen_ai_client_token_usage_count", gen_ai_token_type="output", **common) == 2
    assert weir.metric("gen_ai_server_request_duration_seconds_count", **common) == 2
    assert weir.metric("gen_ai_server_time_to_first_token_seconds_count", **common) >= 1
    text = weir.metrics()
    for name in ("gen_ai_client_token_usage", "gen_ai_server_request_duration_seconds", "gen_ai_server_time_to_first_token_seconds",
                 "gen_ai_server_time_per_output_token_seconds"):
        assert f"# TYPE {name} histogram" in text
    for bound in ("1", "4", "67108864"):
        assert f'le="{bound}"' in text or f'le="{float(bound)}"' in text


def test_failures_are_counted(gateway):
    weir, _ = gateway(lambda request, peer: peer.close())
    assert weir.chat()[0] == 502
    assert weir.metric("gen_ai_server_request_duration_seconds_count", error_type="_OTHER") == 1


def test_usage_details_are_counted(gateway):
    answer = wire.openai_answer()
    answer["usage"].update({"prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 2}})
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json(answer)))
    weir.chat()
    assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type="cached_input") == 3
    assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type="reasoning") == 2


def test_a_client_cannot_make_endless_series(gateway):
    """The label values a client chooses are bounded."""
    weir, _ = gateway(lambda request, peer: peer.send(wire.http_json({"error": {"message": "no"}}, 404)), workers=1)
    for i in range(3000):
        weir.chat(model=f"invented-{i}")
    names = {line.split('gen_ai_original_model="')[1].split('"')[0] for line in weir.metrics().splitlines() if "gen_ai_original_model=" in line}
    assert len(names) < 2500 and "_OTHER" in names


def test_promtool_accepts_the_metrics(gateway):
    if not shutil.which("promtool"):
        pytest.fail("promtool is missing: ./dev setup test")
    weir, _ = gateway()
    weir.chat()
    weir.chat(stream=True)
    weir.request("POST", "/v1/chat/completions", "{")
    done = subprocess.run(["promtool", "check", "metrics"], input=weir.metrics(), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_process_metrics_name_requests_connections_and_workers(gateway):
    weir, _ = gateway(workers=2)
    with raw.Connection(weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", BODY))
        assert connection.response().status == 200
        text = weir.metrics()
    families = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE weir_")}
    for word in ("requests", "connections_open", "upstream_connections", "worker"):
        assert any(word in family for family in families), (word, families)


def test_health(gateway):
    weir, _ = gateway()
    for path in ("/healthz", "/readyz"):
        assert weir.admin_get(path)[0] == 200
    assert weir.admin_get("/nothing")[0] == 404
    assert weir.request("GET", "/healthz")[0] == 404, "the admin paths are not served to clients"
    assert weir.request("GET", "/metrics")[0] == 404


def test_api_config_shows_what_is_in_force(start, provide):
    provider = provide()
    weir = start(config=configs.single(provider.port))
    status, headers, body = weir.admin_get("/api/config")
    assert status == 200 and headers["content-type"].startswith("application/json")
    text = json.dumps(json.loads(body))
    assert "provider" in text and str(provider.port) in text
    assert configs.SECRET not in text and "REDACTED" in text


def test_the_admin_server_refuses_what_it_does_not_offer(gateway):
    weir, _ = gateway()
    assert weir.request("POST", "/api/config", "{}", address=weir.admin)[0] in (404, 405)
    with raw.Connection(weir.admin) as connection:
        connection.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert connection.response("GET").status == 400


def test_a_full_access_log_never_stops_a_request(gateway, folder):
    """A log that cannot be written (a pipe nobody reads) drops lines and counts them."""
    import os
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        weir, _ = gateway(None, "--access-log", str(pipe))
        with raw.Connection(weir.address) as connection:
            for _ in range(3000):
                connection.send(raw.post("/v1/chat/completions", BODY))
                assert connection.response().status == 200
    finally:
        os.close(reader)
    assert any("drop" in line and "log" in line for line in weir.metrics().splitlines()), "a drop counter"
