"""One life without a network and without waiting: every request that the phone makes, with its time and its answer.

Who answers comes in as a function, because the engine does not know the platform: a preview against the local platform
in the same process, or in a test against anybody.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from footfall.engine.live import Living
from footfall.engine.population import Life
from footfall.evidence.ops import Created, Op, Withheld
from footfall.phone.signals import Reply, Request

Answer = Callable[[Request, int], Reply]
PATIENCE_MS = 600_000  # virtual; what a phone has not delivered so long after its plan's end it would try for ever


class Exchange(msgspec.Struct, frozen=True):
    """One request, when the phone made it (virtual), the events in it, and how it was answered."""

    at_ms: int
    request: Request
    events: tuple[Created, ...]
    reply: Reply


class Unsent(msgspec.Struct, frozen=True):
    """An event that the phone made and that is in no request, and why."""

    event: Created
    why: str


class Preview(msgspec.Struct, frozen=True):
    """What one phone would put on the wire, in order of time, and what it would keep to itself."""

    exchanges: tuple[Exchange, ...]
    unsent: tuple[Unsent, ...]


def preview(life: Life, answer: Answer) -> Preview:
    """Lives the life to its end in virtual time. `answer(request, at_ms)` is asked for every request, in order, and
    stands for the network: its reply reaches the phone after the latency that a run would draw for it."""
    journal = _Notes()
    recorder = _Recorder(answer, journal.created)
    Living(life, _FreeClock(), recorder, journal).live()
    sent = {event.id for exchange in recorder.exchanges for event in exchange.events}
    unsent = [
        Unsent(event, journal.withheld.get(event.id, "still queued when the life was over"))
        for event in journal.created.values()
        if event.id not in sent
    ]
    return Preview(tuple(recorder.exchanges), tuple(unsent))


class _FreeClock:
    """Every moment has already come; wall time is virtual time. Patience is limited, as in a run."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._patient_until_ms: int | None = None

    def now_ms(self) -> int:
        return self._now_ms

    def stir(self) -> None:
        """Nothing comes from outside."""

    def wait_until(self, at_ms: int) -> bool:
        if self._patient_until_ms is not None and at_ms > self._patient_until_ms:
            return False
        self._now_ms = at_ms
        return True

    def start_draining(self) -> None:
        self._patient_until_ms = self._now_ms + PATIENCE_MS

    def due_wall_ms(self, at_ms: int) -> float:
        return at_ms

    def wall_ms(self) -> float:
        return self._now_ms

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        """No answer takes longer than planned: none takes any time."""


class _Notes:
    """A journal that keeps what an event is and why one was withheld, and drops the rest."""

    def __init__(self) -> None:
        self.created: dict[str, Created] = {}
        self.withheld: dict[str, str] = {}

    def add(self, op: Op) -> None:
        if isinstance(op, Created):
            self.created[op.id] = op
        elif isinstance(op, Withheld):
            self.withheld[op.id] = op.why

    def flush(self) -> None:
        """Nothing goes anywhere."""


class _Recorder:
    """A transport that writes down what it is given, and what it is answered."""

    def __init__(self, answer: Answer, created: dict[str, Created]) -> None:
        self.exchanges: list[Exchange] = []
        self._answer = answer
        self._created = created

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        at_ms = int(due_wall_ms)  # see _FreeClock: the wall is the plan
        reply = self._answer(request, at_ms)
        events = tuple(self._created[event_id] for event_id in request.event_ids)
        self.exchanges.append(Exchange(at_ms, request, events, reply))
        return reply
