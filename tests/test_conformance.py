"""Cases that nobody here wrote, through the real binary: data-plane round trips, recorded exchanges, JSON bodies, manifests.

What this version does not reach is listed by id, with a reason, in tests/data/conformance_out_of_scope.json; each entry is
reported as skipped with that reason, and an entry that names no case fails.
"""
import gzip
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from harness import compare, raw, wire
from harness import config as configs
from harness.weir import ROOT, Weir, run

FOLDER = ROOT.parent / "shared/conformance"
OUT_OF_SCOPE = json.loads((ROOT / "tests/data/conformance_out_of_scope.json").read_text())


def read(name):
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else []


def cases(rows, key=lambda row: row["id"]):
    """Parameters with the case's id; those out of scope are marked with their reason."""
    rows = list(rows) or [None]  # without the material one case remains, and says why it cannot run
    return [pytest.param(row, id=key(row) if row else "no-conformance-material", marks=[pytest.mark.skip(reason=f"out of scope: {OUT_OF_SCOPE[key(row)]}")]
                         if row and key(row) in OUT_OF_SCOPE else []) for row in rows]


E2E = read("translator/e2e.json")
CASSETTES = read("cassettes/index.json")
EXAMPLES = read("examples/index.json")
CRDS = read("crd-validation/index.json")
BODIES = sorted((FOLDER / "json").glob("*.json")) if (FOLDER / "json").is_dir() else []


def test_the_list_of_what_is_out_of_scope_is_current(conformance):
    known = {case["id"] for case in E2E} | {case["file"] for case in CASSETTES} | {case["file"] for case in EXAMPLES} | {case["file"] for case in CRDS}
    assert sorted(set(OUT_OF_SCOPE) - known) == []
    print(f"{len(OUT_OF_SCOPE)} conformance cases out of scope, each with a reason in tests/data/conformance_out_of_scope.json")


# --- translator/e2e.json ------------------------------------------------------------------------------------------------

def e2e_configuration(port):
    described = read("translator/e2e-backends.json")["backends"]
    documents, rules = [], []

    def add(name, backend):
        schema = {"name": backend["schema"], **{key: backend[key] for key in ("prefix", "version") if key in backend}}
        auth = backend.get("auth", {})
        documents.extend([configs.endpoint(name, port), configs.backend(name, schema)])
        if "anthropicAPIKey" in auth:
            documents.extend([configs.credential(name, "AnthropicAPIKey"), configs.secret(f"key-{name}", apiKey=auth["anthropicAPIKey"])])
        elif "aws" in auth:
            override = auth.get("credentialOverride", backend.get("credentialOverride"))
            override = override and {"header": override["headerPrefix"], "fallbackToConfigured": override["fallbackToConfigured"]}
            documents.extend([configs.credential(name, "AWSCredentials", override), configs.secret(f"key-{name}", credentials=auth["aws"]["credentialFile"])])
        elif "gcp" in auth:
            block = {"projectName": auth["gcp"]["project"], "region": auth["gcp"]["region"]}
            documents.append(configs.credential(name, "GCPCredentials", gcpCredentials=block))
        fields = {key: backend[key] for key in ("modelNameOverride", "bodyMutation") if key in backend}
        return {"name": name, **fields}

    for name, backend in described.items():
        levels = backend.get("priority", [backend])
        refs = [{**add(f"{name}-{i}" if i else name, level), **({"priority": i} if len(levels) > 1 else {})} for i, level in enumerate(levels)]
        rules.append(configs.rule(refs, [{"headers": [{"name": "x-test-backend", "value": name}]}]))
    models = [configs.model(entry["id"]) for entry in read("translator/e2e-backends.json")["models"]]
    rules.append(configs.rule("openai", models))
    costs = [{"metadataKey": "used_token", "type": "InputToken"}]
    return configs.join(configs.route(*rules, llmRequestCosts=costs), *documents)


def bedrock_frames(text):
    kinds = [("role", "messageStart"), ("start", "contentBlockStart"), ("delta", "contentBlockDelta"), ("stopReason", "messageStop"),
             ("usage", "metadata"), ("contentBlockIndex", "contentBlockStop")]
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        document = json.loads(line)
        yield wire.frame(line.encode(), {":event-type": next((kind for key, kind in kinds if key in document), "")})
    yield wire.frame(b"this-is-end", {"event-type": "end"})


def sse_blocks(text):
    if "\n\n" in text:
        return [block + "\n\n" for block in text.split("\n\n") if block.strip()]
    return [f"data: {line}\n\n" for line in text.split("\n") if line.strip()]


def e2e_answer(case):
    """The fake provider of e2e-backends.json."""
    said = case["upstreamResponse"]
    framing, text, status = said.get("framing", "json"), said.get("body", ""), said.get("status", 200)

    def answer(request, peer):
        headers = [(k, v) for k, v in said.get("headers", {}).items() if k.lower() != "content-type"]
        kind = next((v for k, v in said.get("headers", {}).items() if k.lower() == "content-type"), None)
        if "need=model" in request.target:
            headers.append(("x-model", request.json()["model"]))
            if request.json()["model"] == "bad-model":
                peer.send(wire.http_body("always fails", 500, "text/plain"))
                return
        if framing in ("json", "gzip"):
            body = gzip.compress(text.encode()) if framing == "gzip" else text.encode()
            headers += [("content-encoding", "gzip")] if framing == "gzip" else []
            peer.send(wire.http_body(body, status, kind or "application/json", headers))
            return
        blocks = list(bedrock_frames(text)) if framing == "aws-event-stream" else [block.encode() for block in sse_blocks(text)]
        peer.send(wire.stream_head("application/vnd.amazon.eventstream" if framing == "aws-event-stream" else "text/event-stream", headers))
        for block in blocks:
            peer.send(wire.chunk(block))
        peer.send(wire.LAST_CHUNK)
    return answer


@pytest.fixture(scope="module")
def e2e(tmp_path_factory):
    from conftest import end_all
    from harness.provider import Provider
    from harness.issuer import Issuer
    provider = Provider()
    google = Issuer(lambda request, number: (200, {"access_token": "fake-gcp-auth-token", "expires_in": 3600}))
    weir = Weir(tmp_path_factory.mktemp("weir"), [], config=e2e_configuration(provider.port), env={"GCE_METADATA_HOST": google.host})
    yield weir, provider
    end_all([(weir, True)])
    provider.stop()
    google.stop()


@pytest.mark.parametrize("case", cases(E2E))
def test_data_plane_round_trip(conformance, e2e, case):
    weir, provider = e2e
    provider.forget()
    if case.get("upstreamResponse"):
        provider.answer = e2e_answer(case)
    asked, expected = case["request"], case["expectClient"]
    headers = {**asked["headers"], "accept-encoding": "gzip", **({"x-test-backend": case["backend"]} if case.get("backend") else {})}
    status, got_headers, body = weir.request(asked["method"], asked["path"], asked.get("body") or None, headers)
    if got_headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    text = compare.normalised(body.decode())
    assert status == expected["status"], text
    check_upstream(case, provider)
    for name, value in expected.get("headers", {}).items():
        assert got_headers.get(name.lower()) == value
    wanted = compare.normalised(expected.get("body", ""))
    how = expected["compare"]
    if how == "json":
        # Dates are never compared (README); upstream leaves them out where Gemini gives none.
        text, wanted = (re.sub(r'"created":123,\s*', "", side) for side in (text, wanted))
        assert compare.same_json(text, wanted), f"got  {text}\nwant {wanted}"
    elif how == "json-subset":
        whole, part = json.loads(text), json.loads(wanted)
        assert part["data"] and all(any(compare.contains(entry, wish) for entry in whole["data"]) for wish in part["data"]), text
    elif how == "contains":
        assert all(piece in text for piece in expected["contains"]), text
    elif how == "text-exact":
        assert text == wanted
    else:
        assert compare.same_stream(text, wanted), f"got  {text}\nwant {wanted}"


def check_upstream(case, provider):
    wish = case.get("expectUpstream", {})
    if not wish or case["request"]["method"] == "GET":
        return
    request = provider.requests[-1]
    if "path" in wish:
        assert request.path in (wish["path"], wish["path"].replace(":", "%3A")), request.target
    for name, value in wish.get("headers", {}).items():
        assert request.header(name) == value, name
    for name in wish.get("absentHeaders", []):
        assert request.header(name) is None, name
    if "rawQuery" in wish:
        assert request.target.partition("?")[2] == wish["rawQuery"]
    if "body" in wish:
        assert compare.same_json(request.body, wish["body"]), f"got  {request.body.decode()}\nwant {wish['body']}"


# --- cassettes ----------------------------------------------------------------------------------------------------------

def interaction(case):
    return yaml.safe_load((FOLDER / "cassettes/openai" / case["file"]).read_text())["interactions"][0]


def question(request):
    """Content type and body; in place of a form that was not recorded, one with its boundary."""
    kind = next((v[0] for k, v in request["headers"].items() if k.lower() == "content-type"), "application/json")
    if not kind.startswith("multipart/"):
        return "application/json", request["body"]
    boundary = kind.partition("boundary=")[2]
    fields = {'name="model"': "whisper-1", 'name="file"; filename="speech.wav"': "RIFF\0\0"}
    parts = [f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    return kind, "".join(parts) + f"--{boundary}--\r\n"


@pytest.mark.parametrize("split", ["whole", "pieces", "bytes"])
@pytest.mark.parametrize("case", cases(CASSETTES, lambda row: row["file"]))
def test_cassette(conformance, gateway, case, split):
    recorded = interaction(case)
    said = recorded["response"]
    body = said["body"].encode()
    kind = next((v[0] for k, v in said["headers"].items() if k.lower() == "content-type"), "application/json")
    extra = [(k.lower(), v[0]) for k, v in said["headers"].items()
             if k.lower() in ("x-request-id", "openai-processing-ms", "retry-after", "x-ratelimit-remaining-tokens")]
    size = {"whole": len(body), "pieces": 37, "bytes": 1}[split]
    if split == "bytes" and len(body) > 60000:
        size = 3

    def answer(request, peer):
        peer.send(wire.http(said["code"], [("content-type", kind), ("transfer-encoding", "chunked"), *extra]))
        pieces = [wire.chunk(body[i:i + size]) for i in range(0, len(body), size)]
        for i in range(0, len(pieces), 50):
            peer.send(b"".join(pieces[i:i + 50]))
        peer.send(wire.LAST_CHUNK)

    azure = "azure" in recorded["request"]["url"]
    path = "/v1/chat/completions" if azure else urlsplit(recorded["request"]["url"]).path
    weir, provider = gateway(answer, schema={"name": "AzureOpenAI", "version": "2025-01-01-preview"} if azure else "OpenAI")
    asked_type, asked_body = question(recorded["request"])
    status, headers, got = weir.request("POST", path, asked_body, {"content-type": asked_type})
    assert status == said["code"]
    assert headers["content-type"].split(";")[0] == kind.split(";")[0]
    assert got == body
    sent = provider.only_request()
    asked = json.loads(asked_body) if asked_type == "application/json" else {}
    if asked.get("stream") and not azure:
        asked.setdefault("stream_options", {}).setdefault("include_usage", True)
        assert sent.json() == asked
    else:
        assert sent.body.decode() == asked_body and sent.header("content-type") == asked_type
    usage = recorded_usage(body.decode(), kind)
    if usage:
        for token_type, names in {"input": ("prompt_tokens", "input_tokens"), "output": ("completion_tokens", "output_tokens")}.items():
            count = next((usage[name] for name in names if name in usage), None)
            if count:
                assert weir.metric("gen_ai_client_token_usage_sum", gen_ai_token_type=token_type) == count


def recorded_usage(text, kind):
    documents = [line[5:] for line in text.split("\n") if line.startswith("data:")] if "event-stream" in kind else [text]
    for document in reversed(documents):
        try:
            usage = json.loads(document).get("usage")
        except (json.JSONDecodeError, AttributeError):
            continue
        if usage:
            return usage
    return None


# --- json ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("case", cases(BODIES, lambda path: path.name))
def test_any_json_as_a_body(conformance, shared_gateway, case):
    body = case.read_bytes()
    with raw.Connection(shared_gateway.weir.address) as connection:
        connection.send(raw.post("/v1/chat/completions", body))
        response = connection.response()
    error = json.loads(response.body)["error"]["message"] if response.status != 200 else ""
    if case.name.startswith("n_"):
        assert response.status == 400 and error, response
    elif case.name.startswith("y_"):
        assert response.status in (200, 400), response
        # y_ documents are JSON, so what is missing is a model, and the message must not blame the JSON
        assert response.status == 200 or "model" in error or "object" in error, error
    else:
        assert response.status in (200, 400), response


# --- manifests ----------------------------------------------------------------------------------------------------------

def environment_of(text):
    """A value for every ${VAR} of a manifest."""
    return {name: "test-value" for name in re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", text)}


@pytest.mark.parametrize("case", cases(EXAMPLES, lambda row: row["file"]))
def test_upstreams_examples_are_understood(conformance, case):
    """Every manifest loads; what is not in force is a warning with its place. Many are parts of a whole, so what they refer to
    may be missing (an error of the whole, not of the file)."""
    path = FOLDER / "examples" / case["file"]
    if path.suffix not in (".yaml", ".yml") or "values" in path.name:
        pytest.skip("not a manifest (a dashboard, or Helm values)")
    env = environment_of(path.read_text())
    part = case["file"].startswith("site-docs/")  # blocks cut out of a page: what is there must be right, what is not may be missing
    for flags, allowed in ((["--schema"], ("Required value",) if part else ()), ([], ("does not exist", *(("Required value",) if part else ())))):
        done = run("check", *flags, path, env=env)
        text = done.stdout + done.stderr
        errors = [line for line in text.splitlines() if re.search(r"\S+:\d+:\d+: ", line) and "warning: " not in line]
        assert done.returncode == (1 if errors else 0), text
        assert all(any(words in line for words in allowed) for line in errors), errors



@pytest.mark.parametrize("case", cases(CRDS, lambda row: row["file"]))
def test_crd_validation(conformance, case):
    done = run("check", "--schema", FOLDER / "crd-validation" / case["file"])
    text = done.stdout + done.stderr
    if case["expected"] == "valid":
        assert done.returncode == 0, text
        return
    assert done.returncode == 1, text
    wanted = case["message_contains"]
    assert wanted.rsplit(": ", 1)[-1] in text, text
    if ": " in wanted and wanted.startswith("spec"):
        assert wanted.split(":")[0] in text, text


def test_ci_has_the_material():
    assert FOLDER.is_dir() or os.environ.get("CI") != "true", f"no conformance material at {FOLDER}"
    assert not FOLDER.is_dir() or (len(E2E) > 50 and len(CASSETTES) > 20 and len(BODIES) > 300 and len(CRDS) > 40 and len(EXAMPLES) > 40)
    assert isinstance(FOLDER, Path)
