"""Clients of Bedrock's API whose signatures are checked (DialectPolicy clientSigV4), with boto3 as the client."""
import datetime
import json

import boto3
import botocore.auth
import botocore.config
import botocore.exceptions
import pytest

from harness import config as configs
from harness import wire

KEYS = ("[alice]\naws_access_key_id = AKIDALICE\naws_secret_access_key = alices-secret\n"
        "[bob]\naws_access_key_id = AKIDBOB\naws_secret_access_key = bobs-secret\n")
ASKED = [{"role": "user", "content": [{"text": "Hi"}]}]


@pytest.fixture
def served(start, provide):
    policy = configs.document("weir.dev/v1alpha1", "DialectPolicy", "signed", {"clientSigV4": {"credentialsRef": {"name": "clients"}}})
    provider = provide(None)
    return start(config=configs.single(provider.port, extra=(policy, configs.secret("clients", credentials=KEYS)))), provider


def client(weir, key="AKIDALICE", secret="alices-secret", **more):
    return boto3.client("bedrock-runtime", endpoint_url=weir.url(), region_name="eu-central-1", aws_access_key_id=key, aws_secret_access_key=secret,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}), **more)


def refused(call):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    return raised.value.response["Error"]["Message"]


def test_who_has_a_key_comes_in(served):
    weir, provider = served
    for sdk in (client(weir), client(weir, "AKIDBOB", "bobs-secret")):
        answer = sdk.converse(modelId="us.anthropic.claude-x:0", messages=ASKED)
        assert answer["output"]["message"]["content"][0]["text"] == wire.ANSWER
        events = list(sdk.converse_stream(modelId="m", messages=ASKED)["stream"])
        assert "messageStop" in events[-2] or "messageStop" in events[-1]
        body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]})
        assert json.loads(sdk.invoke_model(modelId="m", body=body)["body"].read())["type"] == "message"
    assert len(provider.requests) == 6
    for request in provider.requests:
        text = f"{request.target} {request.headers}"
        assert "AKID" not in text and "AWS4" not in text and "x-amz" not in text.lower(), text


def test_who_has_none_does_not(served):
    weir, provider = served
    assert "does not fit" in refused(lambda: client(weir, secret="guessed").converse(modelId="m", messages=ASKED))
    assert "not known" in refused(lambda: client(weir, "AKIDEVE").converse(modelId="m", messages=ASKED))
    refused(lambda: client(weir, aws_session_token="t").converse(modelId="m", messages=ASKED))
    status, headers, body = weir.request("POST", "/model/m/converse", {"messages": ASKED})
    assert status == 403 and headers["x-amzn-errortype"] == "AccessDeniedException" and "not signed" in json.loads(body)["message"]
    status, _, _ = weir.request("POST", "/model/m/converse", {"messages": ASKED}, {"authorization": "Bearer alices-secret"})
    assert status == 403
    assert not provider.requests
    assert sum("auth.denied" in json.dumps(line) for line in weir.access_log(at_least=5)) == 5
    assert "alices-secret" not in weir.output() and "guessed" not in weir.output()


def test_a_changed_body_is_refused(served):
    weir, provider = served
    sdk = client(weir)

    def change(request, **_):
        request.body = request.body.replace(b"Hi", b"Ho")

    sdk.meta.events.register("before-send.bedrock-runtime.Converse", change)
    assert "does not fit" in refused(lambda: sdk.converse(modelId="m", messages=ASKED))
    assert not provider.requests


@pytest.mark.parametrize("minutes, comes_in", [(-14, True), (14, True), (-16, False), (16, False)])
def test_a_signature_has_its_time(served, monkeypatch, minutes, comes_in):
    weir, provider = served
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: when)
    if comes_in:
        assert client(weir).converse(modelId="m", messages=ASKED)["stopReason"] == "end_turn"
    else:
        assert "another time" in refused(lambda: client(weir).converse(modelId="m", messages=ASKED))
    assert len(provider.requests) == comes_in


def test_other_apis_are_not_asked_for_it(served):
    weir, _ = served
    assert weir.chat(model="m")[0] == 200
