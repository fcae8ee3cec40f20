"""The gateway under test: its configuration, a change of it every second, and what it must agree with itself about."""
import json
import os
import time
import urllib.request

import peers

BACKENDS = ("openai", "anthropic", "bedrock", "gemini", "cohere", "responses")
MODELS = tuple((f"{name}-model", name) for name in BACKENDS)

LIMIT = """\
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: everything, namespace: default}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: bench}]
  rateLimit:
    type: Global
    global:
      rules:
        - name: tokens
          limit: {requests: 4000000000, unit: Year}
          cost:
            request: {from: Number, number: 0}
            response: {from: Metadata, metadata: {namespace: io.envoy.ai_gateway, key: llm_total_token}}
---
"""

# An OpenAI backend that has nothing but Responses.
RESPONSES_ONLY = """\
apiVersion: weir.dev/v1alpha1
kind: DialectPolicy
metadata: {name: responses-only, namespace: default}
spec:
  targetRefs: [{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: responses}]
  conversations: Responses
---
"""

# Gauges of /metrics that are zero when nobody is connected.
ZERO_AT_REST = ("weir_connections_open", "weir_exchanges_active", "weir_tasks_running", "weir_read_buffers_lent",
                "weir_request_body_memory_bytes", "weir_limit_reserved")


class Gateway(peers.Weir):
    models = MODELS
    changes = 0

    def configuration(self):
        # What a reload changes: a rule that no request is for.
        rule = peers.WEIR_RULE.format(model=f"changed-{self.changes}", backend="openai")
        text = super().configuration() + peers.WEIR_ROUTE.format(name="changing", rules=rule)
        text = text.replace("  rules:\n", "  llmRequestCosts: [{metadataKey: llm_total_token, type: TotalToken}]\n  rules:\n")
        return text + self.more_backends() + RESPONSES_ONLY + LIMIT

    def more_backends(self):
        return "".join(
            peers.WEIR_BACKEND.format(
                name=name, schema=schema, policy="APIKey", origin=self.origin, secret=json.dumps({"apiKey": peers.PROVIDER_KEY}),
                credential=f"  apiKey:\n    secretRef: {{name: {name}-key, namespace: default}}\n")
            for name, schema in (("cohere", "Cohere"), ("responses", "OpenAI")))

    def change(self):
        """Another configuration takes the place of the file, as an editor writes it."""
        self.changes += 1
        path = f"{self.folder}/weir.yaml"
        with open(path + ".new", "w") as f:
            f.write(self.configuration())
        os.rename(path + ".new", path)


class Books:
    """What the process holds and says, by its own counters and by the kernel's."""

    def __init__(self, gateway):
        self.gateway = gateway

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.gateway.admin()}{path}", timeout=10) as answer:
            return answer.read().decode()

    def value(self, name):
        values = [float(line.rsplit(" ", 1)[1]) for line in self.get("/metrics").splitlines()
                  if line.startswith((name + " ", name + "{"))]
        if not values:
            raise RuntimeError(f"/metrics has no {name}")
        return sum(values)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.gateway.child.process.pid}/fd"))

    def memory_kb(self):
        return self.gateway.child.rss_kb()

    def at_rest(self, patience=30):
        """Waits until every gauge that should be zero is; returns those that are not."""
        deadline = time.monotonic() + patience
        while True:
            held = {name: value for name in ZERO_AT_REST if (value := self.value(name)) != 0}
            if not held or time.monotonic() > deadline:
                return held
            time.sleep(0.2)

    def used(self):
        return sum(limit["used"] for limit in json.loads(self.get("/api/limits"))["limits"])

    def disagreements(self):
        """Every exchange has one line in the log and was settled once: what the limit counted is what the lines say."""
        counters = {name: self.value(f"weir_{name}_total")
                    for name in ("access_log_lines", "access_log_dropped", "config_refused", "requests_received")}
        used, generation = self.used(), self.value("weir_config_generation")
        lines = charged = 0
        identities = set()
        with open(f"{self.gateway.folder}/access.log") as log:
            for line in log:
                record = json.loads(line)
                lines += 1
                identities.add(record["request_id"])
                charged += record.get("weir.limit.charged", 0)
        found = []
        if counters["access_log_dropped"] or counters["access_log_lines"] != lines:
            found.append(f"the log has {lines} lines, {counters['access_log_lines']:g} were given to it and "
                         f"{counters['access_log_dropped']:g} dropped")
        if len(identities) != lines:
            found.append(f"{lines} lines in the log for {len(identities)} exchanges")
        if lines < counters["requests_received"]:
            found.append(f"{lines} lines in the log for {counters['requests_received']:g} requests")
        if used != charged:
            found.append(f"the limit counted {used} tokens, the log {charged}")
        if counters["config_refused"] or generation < self.changes_expected():
            found.append(f"{generation:g} configurations of {self.gateway.changes + 1} in force, "
                         f"{counters['config_refused']:g} refused")
        return found, lines, used

    def changes_expected(self):
        return 1 + self.gateway.changes * 0.8  # changes in quick succession may be taken as one
