"""How long it took, and whether the generator was on time: three times for each request, due, sent and done.

Latency counts from due and not from sent: a generator that falls behind would otherwise measure only what the slow
system let it send (coordinated omission). Percentiles are by nearest rank: a value that was really measured.
A request counts once, however many events it carries. Where messages travel in batches of many phones (inlet-batch),
service time and latency contain the wait for the batch to be sent: a second of wall time at most.
"""

from __future__ import annotations

import math
from array import array

import msgspec

from footfall.evidence.ops import Created, Done, Ended, Invoke, Op


class Spread(msgspec.Struct, frozen=True):
    """How `count` measured durations are spread, in milliseconds of wall time."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Timing(msgspec.Struct, frozen=True):
    """Of acknowledged requests the service time (done - sent) and the latency (done - due); of all requests the
    lateness (sent - due). None where there was no request."""

    service: Spread | None
    latency: Spread | None
    lateness: Spread | None


class Lag:
    """How much later than planned phones began, because no slot was free or the generator was behind.

    Measured at each first attempt: the moment at which it was due on the wall, against the latest event that the phone
    had made by then, planned for virtual `due_ms`. A phone's lag is the least of these: events may wait in the hit
    queue for the customer's consent, and that is no lag; and a lag never shrinks, so the least is the first one.
    """

    def __init__(self, started_ms: float, speed: float) -> None:
        self._started_ms = started_ms
        self._speed = speed
        self._due_ms: dict[int, int] = {}  # phone -> due_ms of its latest event
        self._least_ms: dict[int, float] = {}  # phone -> its lag so far
        self._most_ms = 0.0  # of phones that have ended

    @property
    def most_ms(self) -> float:
        """The lag of the phone that began latest, 0 where none was late."""
        return max(self._most_ms, max(self._least_ms.values(), default=0.0))

    def feed(self, op: Op) -> None:
        """Takes one op of the ledger. The lines of one phone must come in its own order."""
        if isinstance(op, Created):
            self._due_ms[op.phone] = op.due_ms
        elif isinstance(op, Invoke):
            if op.attempt == 1 and self._speed > 0.0 and op.phone in self._due_ms:
                lag_ms = op.due - self._started_ms - self._due_ms[op.phone] / self._speed
                self._least_ms[op.phone] = min(self._least_ms.get(op.phone, lag_ms), lag_ms)
        elif isinstance(op, Ended):
            self._due_ms.pop(op.phone, None)
            self._most_ms = max(self._most_ms, self._least_ms.pop(op.phone, 0.0))


class Stopwatch:
    """Collects the times of all requests, eight bytes each. Of a batch the first event's lines count."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[float, float]] = {}  # request -> due, sent
        self._service = array("d")
        self._latency = array("d")
        self._lateness = array("d")

    def feed(self, op: Op) -> None:
        """Follows one op."""
        if isinstance(op, Invoke):
            if op.request not in self._open:
                self._open[op.request] = op.due, op.sent
                self._lateness.append(op.sent - op.due)
        elif isinstance(op, Done):
            times = self._open.pop(op.request, None)
            if times is not None and op.outcome == "ok":
                due, sent = times
                self._service.append(op.done - sent)
                self._latency.append(op.done - due)

    def timing(self) -> Timing:
        """The times of the requests so far."""
        return Timing(service=spread(self._service), latency=spread(self._latency), lateness=spread(self._lateness))


def spread(durations_ms: array[float]) -> Spread | None:
    """The spread of some durations, rounded to a tenth of a millisecond; None of none."""
    if not durations_ms:
        return None
    ordered = sorted(durations_ms)

    def rank(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Spread(len(ordered), rank(0.50), rank(0.95), rank(0.99), round(ordered[-1], 1))
