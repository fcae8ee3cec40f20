"""The proxies that the benchmark compares, each with the configuration an operator would write for this job.

A peer is started in a folder of its own and answers on a port; everything else is the same for all: one core, one
worker, keep-alive on both sides, the provider's key injected, one JSON access log line per exchange.
"""
import json
import os
import shutil

from cases import MODELS
from processes import Child, free_port, wait_for_port

PROVIDER_KEY = "sk-bench-provider"
PRIORITY = -10

NGINX = """\
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
{user}
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections {connections}; }}
http {{
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    log_format exchange escape=json '{{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr",'
        '"method":"$request_method","path":"$uri","status":$status,"sent":$bytes_sent,"received":$request_length,'
        '"duration":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status",'
        '"upstream_duration":"$upstream_response_time","agent":"$http_user_agent"}}';
    access_log {dir}/access.log exchange{log_buffer};
    upstream provider {{
        server 127.0.0.1:{origin};
        keepalive 64; keepalive_requests 1000000000; keepalive_timeout 600s;
    }}
    keepalive_requests 1000000000; keepalive_timeout 600s;
    client_max_body_size 100m; client_body_buffer_size 128k;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen 127.0.0.1:{http2_port} http2 backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer {key}";
            proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 64k;
            proxy_read_timeout 600s; proxy_send_timeout 600s;
        }}
    }}
}}
"""

HAPROXY = """\
global
    nbthread 1
    maxconn {connections}
    log stdout len 2048 format raw local0 info
defaults
    mode http
    log global
    option http-keep-alive
    option http-no-delay
    timeout connect 10s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
frontend clients
    bind 127.0.0.1:{port} backlog 4096
    log-format '{log_format}'
    http-request capture req.hdr(User-Agent) len 128
    http-request set-header Authorization "Bearer {key}"
    default_backend provider
backend provider
    http-reuse always
    server provider 127.0.0.1:{origin}
"""

HAPROXY_LOG = (
    '{"time":"%Tl","client":"%ci:%cp","method":"%HM","path":"%HPO","status":%ST,"sent":%B,"received":%U,"duration":%Ta,'
    '"upstream":"%si:%sp","server":"%s","upstream_duration":%Tr,"state":"%ts","agent":"%[capture.req.hdr(0),json(utf8s)]"}')

WEIR_RULE = """\
    - matches:
        - headers:
            - {{type: Exact, name: x-ai-eg-model, value: {model}}}
      backendRefs:
        - name: {backend}
"""

WEIR_GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: bench}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: bench, namespace: default}
spec:
  gatewayClassName: bench
  listeners:
    - {name: http, protocol: HTTP, port: 1975}
---
"""

WEIR_ROUTE = """\
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {{name: {name}, namespace: default}}
spec:
  parentRefs:
    - {{name: bench, kind: Gateway, group: gateway.networking.k8s.io}}
  rules:
{rules}---
"""

WEIR_LIMIT = """\
        - name: limit-{number}
          clientSelectors:
            - headers:{selectors}
          limit: {{requests: 4000000000, unit: {unit}}}
          cost:
            request: {{from: Number, number: {request}}}
            response: {{from: Metadata, metadata: {{namespace: io.envoy.ai_gateway, key: llm_total_token}}}}
"""

WEIR_LIMITS = """\
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {{name: {name}, namespace: default}}
spec:
  targetRefs: [{{group: {group}, kind: {kind}, name: {target}}}]
  mergeType: StrategicMerge
  rateLimit:
    type: Global
    global:
      rules:
{rules}---
"""

RULES_PER_ROUTE = 15  # what the resource allows

WEIR_BACKEND = """\
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {{name: {name}, namespace: default}}
spec:
  schema: {{name: {schema}}}
  backendRef: {{name: {name}, kind: Backend, group: gateway.envoyproxy.io}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {{name: {name}, namespace: default}}
spec:
  endpoints:
    - ip: {{address: 127.0.0.1, port: {origin}}}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: {{name: {name}-key, namespace: default}}
spec:
  targetRefs:
    - {{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: {name}}}
  type: {policy}
{credential}---
apiVersion: v1
kind: Secret
metadata: {{name: {name}-key, namespace: default}}
type: Opaque
stringData: {secret}
---
"""


# AI Studio has no name among the schemas of the other kind.
WEIR_GEMINI = """\
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {{name: gemini, namespace: default}}
spec: {{provider: gemini, endpoint: "http://127.0.0.1:{origin}"}}
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: BackendSecurityPolicy
metadata: {{name: gemini-key, namespace: default}}
spec: {{targetRefs: [{{name: gemini}}], authenticationRefs: [{{name: gemini-key}}]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: gemini-key, namespace: default}}
type: Opaque
stringData: {{apiKey: {key}}}
---
"""


class Peer:
    """One proxy: `start` returns when it accepts connections. Reusable after `stop`."""

    name = ""
    ready_file = None  # what the program writes when it serves, if it does

    def __init__(self, folder, origin, files):
        self.folder, self.origin, self.files = folder, origin, files
        self.port = 0
        self.child = None

    def command(self):
        """Writes the configuration into self.folder and returns the command line."""
        raise NotImplementedError

    @classmethod
    def missing(cls):
        """Why this peer cannot run here, or nothing."""
        return "" if cls.binary() else f"{cls.name} is not installed"

    @classmethod
    def binary(cls):
        return shutil.which(cls.name.split("-")[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    def launch(self, core=1):
        """Starts the process and does not wait."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.port = free_port()
        argv = self.command()
        with open(f"{self.folder}/output.log", "wb") as out:
            self.child = Child(argv, core=core, stdout=out, priority=PRIORITY)
        return self.child

    def start(self, core=1):
        self.launch(core)
        try:
            wait_for_port(self.port, self.child)
        except RuntimeError as e:
            raise RuntimeError(f"{e}:\n{self.last_words()}") from None

    def last_words(self):
        with open(f"{self.folder}/output.log", errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        if self.child:
            self.child.stop()
            self.child = None

    def address(self):
        return f"127.0.0.1:{self.port}"

    def own_address(self):
        return f"127.0.0.1:{self.port}"

    def http2_address(self):
        return self.address()


class Nginx(Peer):
    """HTTP/2 has a port of its own: without TLS this release tells the two apart by port only."""
    name = "nginx"
    log_buffer = " buffer=64k flush=1s"

    def http2_address(self):
        return f"127.0.0.1:{self.http2_port}"

    def template(self):
        return NGINX

    def command(self):
        path = f"{self.folder}/nginx.conf"
        self.http2_port = free_port()
        with open(path, "w") as f:
            # A sixteenth is kept free: nginx closes idle keep-alive connections when fewer are left.
            f.write(self.template().format(dir=self.folder, files=self.files, connections=self.files * 5 // 4, port=self.port,
                                 http2_port=self.http2_port,
                                 origin=self.origin, key=PROVIDER_KEY, log_buffer=self.log_buffer,
                                 user="user root;" if os.geteuid() == 0 else ""))
        return [self.binary(), "-c", path, "-p", self.folder, "-e", f"{self.folder}/error.log"]


class Haproxy(Peer):
    name = "haproxy"

    def command(self):
        path = f"{self.folder}/haproxy.cfg"
        with open(path, "w") as f:
            f.write(HAPROXY.format(connections=(self.files - 200) // 2, port=self.port, origin=self.origin,
                                   key=PROVIDER_KEY, log_format=HAPROXY_LOG))
        return [self.binary(), "-db", "-f", path]


class Weir(Peer):
    name = "weir"
    program = None  # set by run.py
    rules = 10
    models = MODELS  # the last rules; others that match nothing come before, `rules` in all

    @classmethod
    def binary(cls):
        return cls.program if cls.program and os.access(cls.program, os.X_OK) else None

    @classmethod
    def missing(cls):
        return "" if cls.binary() else f"{cls.program} has not been built"

    def command(self):
        path = f"{self.folder}/weir.yaml"
        with open(path, "w") as f:
            f.write(self.configuration())
        self.ready_file = f"{self.folder}/ready.json"
        return [self.program, "run", path, "--workers", "1", "--listen", self.own_address(), "--admin", "127.0.0.1:0",
                "--access-log", f"{self.folder}/access.log", "--ready-file", self.ready_file]

    def configuration(self):
        others = [(f"other-model-{i}", "openai") for i in range(max(0, self.rules - len(self.models)))]
        rules = [WEIR_RULE.format(model=m, backend=b) for m, b in others + list(self.models)]
        routes = "".join(WEIR_ROUTE.format(name=f"bench-{at}", rules="".join(rules[at:at + RULES_PER_ROUTE]))
                         for at in range(0, len(rules), RULES_PER_ROUTE))
        backends = "".join(
            WEIR_BACKEND.format(name=name, schema=schema, policy=policy, origin=self.origin, secret=json.dumps(secret),
                                credential=credential.format(key=f"{{name: {name}-key, namespace: default}}"))
            for name, schema, policy, credential, secret in (
                ("openai", "OpenAI", "APIKey", "  apiKey:\n    secretRef: {key}\n", {"apiKey": PROVIDER_KEY}),
                ("anthropic", "Anthropic", "AnthropicAPIKey", "  anthropicAPIKey:\n    secretRef: {key}\n", {"apiKey": PROVIDER_KEY}),
                ("bedrock", "AWSBedrock", "AWSCredentials",
                 "  awsCredentials:\n    region: us-east-1\n    credentialsFile:\n      secretRef: {key}\n",
                 {"credentials": "[default]\naws_access_key_id = AKIDBENCH\naws_secret_access_key = bench-secret\n"})))
        return WEIR_GATEWAY + routes + backends + WEIR_GEMINI.format(origin=self.origin, key=PROVIDER_KEY)

    def admin(self):
        with open(self.ready_file) as f:
            return json.load(f)["admin"]


class WeirGoverned(Weir):
    """A hundred limits on the route, of which four hold for the request: two for each user, two for everybody."""
    name = "weir-governed"
    limits = 100

    def configuration(self):
        costs = "  llmRequestCosts: [{metadataKey: llm_total_token, type: TotalToken}]\n"
        text = super().configuration().replace("  rules:\n", costs + "  rules:\n")
        model = "\n                - {name: x-ai-eg-model, value: MODEL}"
        user = "\n                - {name: user-agent, type: Distinct}"
        any_user = "\n                - {name: user-agent, type: RegularExpression, value: '.*'}"
        mine = [user + model.replace("MODEL", "gpt-whole-1024"), user, model.replace("MODEL", "gpt-whole-1024"), any_user]
        others = [user + model.replace("MODEL", f"other-{i}") for i in range(self.limits - len(mine))]
        rules = [WEIR_LIMIT.format(number=i, selectors=s, unit=("Hour", "Day", "Minute")[i % 3], request=i % 2)
                 for i, s in enumerate(others + mine)]
        half = self.limits // 2
        for name, part, group, kind, target in (
                ("on-gateway", rules[:half], "gateway.networking.k8s.io", "Gateway", "bench"),
                ("on-route", rules[half:], "aigateway.envoyproxy.io", "AIGatewayRoute", "bench-0")):
            text += WEIR_LIMITS.format(name=name, rules="".join(part), group=group, kind=kind, target=target)
        return text


class WeirGovernedShared(WeirGoverned):
    """The same limits, shared with other instances through a Redis of its own, on the load's core."""
    name = "weir-shared"
    redis = None

    @classmethod
    def missing(cls):
        return super().missing() or ("" if shutil.which("redis-server") else "redis-server is not installed")

    def command(self):
        port = free_port()
        with open(f"{self.folder}/redis.log", "wb") as out:
            self.redis = Child(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                                "--dir", self.folder], core=0, stdout=out, priority=PRIORITY)
        wait_for_port(port, self.redis)
        return [*super().command(), "--redis", f"redis://127.0.0.1:{port}"]

    def stop(self):
        super().stop()
        if self.redis:
            self.redis.stop()
            self.redis = None


class WeirThousandRules(Weir):
    name = "weir-1000"
    rules = 1000
