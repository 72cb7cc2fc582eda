"""How long it took, and whether the generator was on time: three times for each attempt, due, sent and done.

Latency counts from due and not from sent: a generator that falls behind would otherwise measure only what the slow
system let it send (coordinated omission). Percentiles are by nearest rank: a value that was really measured.
"""

from __future__ import annotations

import math
from array import array

import msgspec

from footfall.evidence.ops import Created, Done, Invoke, Op


class Spread(msgspec.Struct, frozen=True):
    """How `count` measured durations are spread, in milliseconds of wall time."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Timing(msgspec.Struct, frozen=True):
    """Of acknowledged attempts the service time (done - sent) and the latency (done - due); of all attempts the
    lateness (sent - due). None where there was no attempt."""

    service: Spread | None
    latency: Spread | None
    lateness: Spread | None


class Lag:
    """How much later than planned phones began, because no slot was free or the generator was behind: from each
    phone's first event, planned for virtual `due_ms`, and the moment at which it was due on the wall."""

    def __init__(self, started_ms: float, speed: float) -> None:
        self._started_ms = started_ms
        self._speed = speed
        self._first: dict[str, int] = {}  # event id -> due_ms, of first events that are not sent yet
        self.most_ms = 0.0

    def feed(self, op: Op) -> None:
        """Takes one op of the ledger."""
        if isinstance(op, Created):
            if op.n == 0:
                self._first[op.id] = op.due_ms
        elif isinstance(op, Invoke) and op.attempt == 1 and self._speed > 0.0:
            due_ms = self._first.pop(op.id, None)
            if due_ms is not None:
                self.most_ms = max(self.most_ms, op.due - self._started_ms - due_ms / self._speed)


class Stopwatch:
    """Collects the times of all attempts, eight bytes each."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[float, float]] = {}  # request -> due, sent
        self._service = array("d")
        self._latency = array("d")
        self._lateness = array("d")

    def feed(self, op: Op) -> None:
        """Follows one op."""
        if isinstance(op, Invoke):
            self._open[op.request] = op.due, op.sent
            self._lateness.append(op.sent - op.due)
        elif isinstance(op, Done):
            times = self._open.pop(op.request, None)
            if times is not None and op.outcome == "ok":
                due, sent = times
                self._service.append(op.done - sent)
                self._latency.append(op.done - due)

    def timing(self) -> Timing:
        """The times of the attempts so far."""
        return Timing(service=spread(self._service), latency=spread(self._latency), lateness=spread(self._lateness))


def spread(durations_ms: array[float]) -> Spread | None:
    """The spread of some durations, rounded to a tenth of a millisecond; None of none."""
    if not durations_ms:
        return None
    ordered = sorted(durations_ms)

    def rank(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Spread(len(ordered), rank(0.50), rank(0.95), rank(0.99), round(ordered[-1], 1))
