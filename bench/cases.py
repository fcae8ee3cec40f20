"""The cases, as a table: what load each is, who takes part, what is to be reached."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    unit: str          # CPU time is divided by this: "request" or "event"
    load: tuple        # arguments of `weir_load client`
    peers: tuple
    passes: int        # samples per round
    target: float | None
    against: str = ""  # the case of the peers to compare with; its own when empty
    rival: str = ""    # compare with this peer only; the better of nginx and haproxy when empty
    saturates: bool = True
    http2: bool = False  # the load is h2load's, over HTTP/2 without TLS; `load` are its arguments


ALL = ("nginx", "haproxy", "weir")
SHORT = ("--warm-up-ms", "200", "--duration-ms", "800")

CASES = (
    Case("1k", "1 KB", "request", ("--model", "gpt-whole-1024", *SHORT), ALL, 3, 1.0),
    Case("translated", "translated 1 KB", "request", ("--model", "claude-whole-1024", "--translated", *SHORT),
         ("weir",), 3, 2.0, against="1k"),
    Case("anthropic-openai", "Anthropic → OpenAI, 1 KB", "request",
         ("--model", "gpt-whole-1024", "--client", "anthropic", "--translated", *SHORT), ("weir",), 3, 2.0, against="1k", rival="nginx"),
    Case("openai-gemini", "OpenAI → Gemini, 1 KB", "request", ("--model", "gemini-whole-1024", "--translated", *SHORT),
         ("weir",), 3, 2.0, against="1k", rival="nginx"),
    Case("openai-bedrock", "OpenAI → Bedrock, 1 KB", "request", ("--model", "nova-whole-1024", "--translated", *SHORT),
         ("weir",), 3, 2.0, against="1k", rival="nginx"),
    Case("rules", "1 KB, 1000 rules", "request", ("--model", "gpt-whole-1024", *SHORT), ("weir-1000",), 3, 1.05,
         against="1k", rival="weir"),
    Case("governed", "1 KB, governed", "request", ("--model", "gpt-whole-1024", *SHORT), ("weir-governed",), 3, 1.25,
         against="1k", rival="nginx"),
    Case("shared", "1 KB, governed, limits in Redis", "request", ("--model", "gpt-whole-1024", *SHORT), ("weir-shared",), 3,
         1.35, against="1k", rival="nginx"),
    Case("tls-from", "1 KB, TLS from client", "request", ("--model", "gpt-whole-1024", *SHORT),
         ("nginx-tls-from", "weir-tls-from"), 3, 1.0, rival="nginx-tls-from"),
    Case("tls-to", "1 KB, TLS to provider", "request", ("--model", "gpt-whole-1024", *SHORT),
         ("nginx-tls-to", "weir-tls-to"), 3, 1.0, rival="nginx-tls-to"),
    Case("http2", "1 KB, HTTP/2 clients", "request", ("-c", "8", "-m", "8", "-D", "2"), ("nginx", "weir"), 3, 1.0,
         rival="nginx", http2=True),
    Case("32k", "32 KB", "request", ("--model", "gpt-whole-32768", "--request-bytes", "32768", *SHORT), ALL, 3, 1.0),
    Case("burst", "SSE burst", "event", ("--model", "gpt-sse-200-0", *SHORT), ALL, 3, 1.0),
    Case("translated-burst", "translated SSE burst", "event", ("--model", "claude-sse-200-0", "--translated", *SHORT),
         ("weir",), 3, None, against="burst"),
    Case("anthropic-openai-burst", "Anthropic → OpenAI, burst", "event",
         ("--model", "gpt-sse-200-0", "--client", "anthropic", "--translated", *SHORT), ("weir",), 3, 3.0, against="burst", rival="nginx"),
    Case("openai-gemini-burst", "OpenAI → Gemini, burst", "event", ("--model", "gemini-sse-200-0", "--translated", *SHORT),
         ("weir",), 3, 3.0, against="burst", rival="nginx"),
    Case("openai-bedrock-burst", "OpenAI → Bedrock, burst", "event", ("--model", "nova-sse-200-0", "--translated", *SHORT),
         ("weir",), 3, 3.0, against="burst", rival="nginx"),
    Case("paced", "SSE paced", "event",
         ("--model", "gpt-sse-50-20000", "--connections", "200", "--stagger-ms", "1000", "--warm-up-ms", "200",
          "--duration-ms", "2000"),
         ALL, 1, 1.0, saturates=False),
)

LATENCY = ("--mode", "open", "--rate", "500", "--model", "gpt-whole-1024", "--duration-ms", "3000")
IDLE_STREAMS, IDLE_MODEL = 10_000, "gpt-idle"
STREAM_LIMIT_KB, IDLE_LIMIT_MB = 20, 30
COLD_STARTS, COLD_START_LIMIT_MS = 10, 50

# What the gateway routes: the model of every case, and the backend that answers it.
MODELS = (("gpt-whole-1024", "openai"), ("gpt-whole-32768", "openai"), ("gpt-sse-200-0", "openai"),
          ("gpt-sse-50-20000", "openai"), (IDLE_MODEL, "openai"), ("claude-whole-1024", "anthropic"),
          ("claude-sse-200-0", "anthropic"), ("gemini-whole-1024", "gemini"), ("gemini-sse-200-0", "gemini"),
          ("nova-whole-1024", "bedrock"), ("nova-sse-200-0", "bedrock"))
