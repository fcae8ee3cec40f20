"""Limits for tests: rules and policies as YAML, requests against them, and what Weir and the mock provider counted."""
import concurrent.futures
import http.client
import json
import random
import struct
import time

from . import config as configs
from . import raw
from .weir import wait_until

COSTS = [{"metadataKey": "total", "type": "TotalToken"}, {"metadataKey": "output", "type": "OutputToken"},
         {"metadataKey": "input", "type": "InputToken"},
         {"metadataKey": "weighted", "type": "CEL", "cel": "input_tokens + output_tokens * 3u"},
         {"metadataKey": "fragile", "type": "CEL", "cel": "input_tokens + 12u / (13u - input_tokens)"}]


def limit(requests, unit="Hour", key="total", request=0, headers=(), name="rule", **extra):
    cost = {"request": {"from": "Number", "number": request}}
    if key:
        cost["response"] = {"from": "Metadata", "metadata": {"namespace": "io.envoy.ai_gateway", "key": key}}
    selectors = {"clientSelectors": [{"headers": list(headers)}]} if headers else {}
    return {"name": name, **selectors, "limit": {"requests": requests, "unit": unit}, "cost": cost, **extra}


def policy(*rules, name="limits", kind="AIGatewayRoute", target="route", group="aigateway.envoyproxy.io"):
    return configs.document("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", name, {
        "targetRefs": [{"group": group, "kind": kind, "name": target}],
        "rateLimit": {"type": "Global", "global": {"rules": list(rules)}}})


def settings(name="limits", **spec):
    return configs.document("weir.dev/v1alpha1", "LimitOptions", f"options-of-{name}", {
        "targetRefs": [{"group": "gateway.envoyproxy.io", "kind": "BackendTrafficPolicy", "name": name}], **spec})


def governed(port, *rules, extra=(), schema="OpenAI", policy_name="limits", **route):
    return configs.join(configs.route(configs.rule("provider"), llmRequestCosts=COSTS, **route),
                        *configs.provider("provider", port, schema), policy(*rules, name=policy_name), *extra)


USER = {"name": "x-user-id", "type": "Distinct"}


def limits(weir):
    status, _, body = weir.admin_get("/api/limits")
    assert status == 200
    return {entry["rule"]: entry for entry in json.loads(body)["limits"]}


def settled(weir, rule="rule"):
    """The rule's entry once nothing is reserved any more."""
    def entry():
        found = limits(weir)[rule]
        return found if found["reserved"] == 0 else None
    return wait_until(entry, "nothing reserved")


def chat(weir, words=3, max_tokens=None, user="ada", stream=False, headers=None, model="gpt-4o", **more):
    members = {"max_tokens": max_tokens} if max_tokens else {}
    body = {"model": model, "messages": [{"role": "user", "content": " ".join(["word"] * words)}], **members, **more}
    if stream:
        body["stream"] = True
    return weir.request("POST", "/v1/chat/completions", body, {"x-user-id": user, **(headers or {})})


def storm(weirs, clients, exchanges, seed=1):
    """Random exchanges, in turn over the Weirs: sizes, streams, disconnects, faults. Returns statuses (0: the client left, or
    the connection did not hold)."""
    def one(number):
        dice = random.Random(seed * 100_003 + number)
        tokens = dice.choice([5, 20, 60])
        stream = dice.random() < 0.6
        headers = [("x-user-id", f"user-{dice.randrange(5)}"), ("x-request-id", f"storm-{seed}-{number}")]
        fate = dice.random()
        if fate < 0.08:
            headers.append(("x-mock-status", dice.choice(["429", "500", "503"])))
        elif fate < 0.16:
            headers.append((dice.choice(["x-mock-cut-after", "x-mock-reset-after", "x-mock-error-after"]), str(dice.randrange(1, 9))))
        leaves = 0.16 <= fate < 0.24
        if leaves or fate < 0.3:
            headers.append(("x-mock-pace-ms", "2"))
        body = json.dumps({"model": "gpt-4o", "stream": stream, "max_tokens": tokens,
                           "messages": [{"role": "user", "content": " ".join(["word"] * dice.randrange(1, 30))}]})
        with raw.Connection(weirs[number % len(weirs)].address, timeout=60) as connection:
            connection.send(raw.post("/v1/chat/completions", body, headers))
            if leaves:
                head = connection.head()
                return 0 if head is None or head[1] == 200 else head[1]
            response = connection.response()
            return response.status if response else 0
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return list(pool.map(one, range(exchanges)))


class LedgerMock:
    """The mock provider as a process of its own: survives Weir, keeps a ledger."""

    def __init__(self, start_child):
        child = start_child("mock", "--port", "0", "--ready-file", "ready.json")
        self.address = child.wait_ready()["listeners"]["mock"]
        self.port = int(self.address.rsplit(":", 1)[1])

    def ledger(self):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request("GET", "/mock/ledger")
        return json.loads(connection.getresponse().read())


class TestClock:
    """The clock of Weirs started with `env`: real, plus what the test puts it forward by (cli/process_clock.h)."""
    __test__ = False

    def __init__(self, folder):
        self.path = folder / "clock"
        self.env = {"WEIR_TEST_CLOCK": str(self.path)}
        self.path.write_bytes(bytes(8))
        self.shift = 0

    def forward(self, seconds):
        self.shift += seconds
        with self.path.open("r+b") as file:
            file.write(struct.pack("=q", round(self.shift * 1000)))

    def to_next(self, unit, behind):
        """`behind` seconds after the next full multiple of `unit` seconds."""
        now = time.time() + self.shift
        self.forward(unit - now % unit + behind)
