"""What the provider and the clients do wrong, and which outcomes each allows."""
from dataclasses import dataclass, field

GOOD = "good"
REFUSED = "refused"          # an error status with an error body
ERROR_EVENT = "error event"  # a stream that ends with an explicit error, and neither finish reason nor terminal event
ABORTED = "aborted"          # the connection ended inside a body whose length or chunks say that more was to come
LEFT = "left"                # the client went away


@dataclass(frozen=True)
class Fault:
    name: str
    weight: int
    headers: dict = field(default_factory=dict)  # what scripts the mock provider (docs/mock.md)
    whole: frozenset = None        # outcomes allowed for a whole answer; None: not asked for one
    stream: frozenset = None       # and for a stream
    leave_after: float = 0.0       # the client goes away after this many seconds, if it has no answer yet
    reads_slowly: bool = False     # the client takes its time over the answer


def outcomes(*names):
    return frozenset(names)


FINE, ERROR, BROKEN_BODY = outcomes(GOOD), outcomes(REFUSED), outcomes(REFUSED, ABORTED)
BROKEN_STREAM = outcomes(REFUSED, ERROR_EVENT)

FAULTS = (
    Fault("none", 55, {}, FINE, FINE),
    Fault("slow first byte", 5, {"x-mock-delay-ms": "50"}, FINE, FINE),
    Fault("paced", 5, {"x-mock-pace-ms": "5"}, None, FINE),
    Fault("long answer", 3, {"x-mock-body-bytes": "300000"}, FINE, FINE),
    Fault("slow client", 2, {"x-mock-body-bytes": "600000"}, FINE, FINE, reads_slowly=True),
    Fault("slow reader", 2, {"x-mock-slow-read": "400000"}, FINE, FINE),
    Fault("busy", 4, {"x-mock-status": "429", "x-mock-retry-after": "1"}, ERROR, ERROR),
    Fault("overloaded", 4, {"x-mock-status": "503"}, ERROR, ERROR),
    Fault("no HTTP", 3, {"x-mock-garbage": "head"}, ERROR, ERROR),
    Fault("garbage in a stream", 3, {"x-mock-garbage": "2"}, None, BROKEN_STREAM),
    Fault("cut", 4, {"x-mock-cut-after": "2"}, BROKEN_BODY, BROKEN_STREAM),
    Fault("reset", 4, {"x-mock-reset-after": "2"}, BROKEN_BODY, BROKEN_STREAM),
    Fault("no terminal event", 3, {"x-mock-no-terminal": "1"}, None, BROKEN_STREAM),
    Fault("error event", 3, {"x-mock-error-after": "2"}, None, BROKEN_STREAM),
    Fault("stall", 3, {"x-mock-stall-after": "1"}, outcomes(LEFT), outcomes(LEFT), leave_after=0.2),
    Fault("client leaves", 3, {"x-mock-delay-ms": "100", "x-mock-pace-ms": "20"}, outcomes(LEFT, GOOD), outcomes(LEFT, GOOD),
          leave_after=0.15),
)
