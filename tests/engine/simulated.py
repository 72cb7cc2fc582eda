"""Simulators for the engine's seams, as jepsen.generator ships them for its own: a clock that never waits, a journal in
memory, receivers and networks that are `perfect`, `grumpy`, `deaf` or `shut`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle
from math import inf
from urllib.parse import parse_qs

import msgspec

from footfall.engine.attention import Notification
from footfall.engine.live import Living
from footfall.engine.population import Life
from footfall.evidence.ops import Op
from footfall.evidence.received import Received
from footfall.phone.signals import Reply, Request
from footfall.world.geo import Point, distance_m
from footfall.world.pois import Poi

Answer = Callable[[Request], Reply]

WALL_MS = 1.7e12  # what the wall says at virtual 0
NEVER_MS = 48 * 3_600_000  # a life is over by then


class VirtualClock:
    """Jumps. `ends_ms`: the run is ended then; `patience_ms`: so long what is queued may still be delivered. `outside`:
    what comes from outside while the life waits, in order of time."""

    def __init__(self, ends_ms: float = inf, patience_ms: float = inf) -> None:
        self.outside: list[tuple[int, Callable[[], None]]] = []
        self._stirred = False
        self.virtual_ms = 0.0
        self.lag_ms = 0.0  # by how much real answers held the phone back
        self.passed_ms = 0.0  # wall time spent within an answer
        self.answers: list[tuple[float, int]] = []
        self._ends_ms = ends_ms
        self._patience_ms = patience_ms
        self._drained_from_ms: float | None = None

    def now_ms(self) -> int:
        return int(self.virtual_ms)

    def stir(self) -> None:
        self._stirred = True

    def wait_until(self, at_ms: int) -> bool:
        last_ms = self._ends_ms if self._drained_from_ms is None else self._drained_from_ms + self._patience_ms
        self._stirred = False
        while self.outside and self.outside[0][0] <= min(at_ms, last_ms):
            came_ms, happen = self.outside.pop(0)
            self.virtual_ms = max(self.virtual_ms, came_ms)
            happen()
            if self._stirred and self._drained_from_ms is None:
                return True
        if at_ms > last_ms:
            self.virtual_ms = max(self.virtual_ms, last_ms)
            return False
        assert at_ms >= self.virtual_ms, "a phone's time goes backwards"
        assert at_ms < NEVER_MS, "a phone that nobody hears, with patience without end, tries for ever"
        self.virtual_ms = at_ms
        self.passed_ms = 0.0
        return True

    def start_draining(self) -> None:
        assert self._drained_from_ms is None, "patience begins only once"
        self._drained_from_ms = self.virtual_ms

    def due_wall_ms(self, at_ms: int) -> float:
        return WALL_MS + at_ms + self.lag_ms

    def wall_ms(self) -> float:
        return WALL_MS + self.virtual_ms + self.lag_ms + self.passed_ms

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        self.answers.append((took_wall_ms, planned_ms))
        self.lag_ms += max(0.0, took_wall_ms - planned_ms)


class MemoryJournal:
    """Lines in order; `flushed` of them have been handed over."""

    def __init__(self) -> None:
        self.lines: list[Op] = []
        self.flushed = 0

    def add(self, op: Op) -> None:
        self.lines.append(op)

    def flush(self) -> None:
        self.flushed = len(self.lines)

    def of(self, *kinds: type) -> list[Op]:
        return [op for op in self.lines if isinstance(op, kinds)]


class Network:
    """A transport of which `answer` decides the reply and `takes_ms` how long it really takes."""

    def __init__(self, answer: Answer, clock: VirtualClock, takes_ms: Callable[[int], float] = lambda n: 0.0) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self._clock = clock
        self._takes_ms = takes_ms

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        self.requests.append(request)
        self._clock.passed_ms += self._takes_ms(len(self.requests))
        return self._answer(request)


class Receiver:
    """Stores what it is sent and knows where places are. Nothing of the platform is in it."""

    def __init__(self, pois: Iterable[Poi]) -> None:
        self.stored: list[Received] = []
        self._pois = tuple(pois)

    def take(self, request: Request) -> Reply:
        """200, after all events are stored; nearby queries are answered too."""
        if request.channel == "places":
            return self.nearby(request)
        if not request.event_ids:  # a set-consent request
            return Reply(200)
        if request.channel == "inlet":
            entity = msgspec.json.decode(request.body)["body"]["xdmEntity"]
            self.stored.append(Received(entity["_id"], entity["eventType"], True))
            return Reply(200, b'{"inletId":"any"}')
        body = msgspec.json.decode(request.body)
        ecid = body["xdm"]["identityMap"]["ECID"][0]["id"]
        for event in body["events"]:
            self.stored.append(Received(event["xdm"]["_id"], event["xdm"].get("eventType", ""), True, (), ecid))
        return Reply(200, b'\0{"requestId":"any","handle":[]}\n')

    def nearby(self, request: Request) -> Reply:
        """The nearest places, as many as were asked for."""
        query = parse_qs(request.target.partition("?")[2])
        here = Point(lat=float(query["latitude"][0]), lon=float(query["longitude"][0]))
        near = sorted(self._pois, key=lambda poi: distance_m(here, Point(lat=poi.lat, lon=poi.lon)))
        rows = [
            {"p": [p.id, p.name, str(p.lat), str(p.lon), int(p.radius_m), p.library, p.weight], "x": dict(p.metadata)}
            for p in near[: int(query["limit"][0])]
        ]
        return Reply(200, msgspec.json.encode({"places": {"userWithin": [], "pois": rows}, "input": None}))


def perfect(receiver: Receiver) -> Answer:
    """Everything arrives and is answered."""
    return receiver.take


def grumpy(receiver: Receiver) -> Answer:
    """Edge answers fail, info and ok in turn: refused for the moment, unavailable, nothing arrived, arrived but the
    answer was lost, ok. Places is in a good mood."""
    moods = cycle(["429", "503", "timeout", "reset", "200"])

    def answer(request: Request) -> Reply:
        if request.channel == "places":
            return receiver.nearby(request)
        match next(moods):
            case "429":
                return Reply(429, retry_after="2")
            case "503":
                return Reply(503, b"not now")
            case "timeout":
                return Reply(0, failure="timeout")
            case "reset":
                receiver.take(request)
                return Reply(0, failure="reset")
            case _:
                return receiver.take(request)

    return answer


def deaf(request: Request) -> Reply:
    """Nothing is ever heard of."""
    return Reply(0, failure="timeout")


def shut(request: Request) -> Reply:
    """Nobody listens."""
    return Reply(0, failure="refused")


def live_with_messages(
    life: Life,
    answer: Answer,
    messages: Iterable[tuple[int, Notification]],
    clock: VirtualClock | None = None,
) -> MemoryJournal:
    """Lives one life to its end, to which these messages come, each at its time."""
    clock = clock or VirtualClock()
    journal = MemoryJournal()
    living = Living(life, clock, Network(answer, clock), journal)
    clock.outside = [(at_ms, partial(living.notify, one)) for at_ms, one in sorted(messages, key=lambda each: each[0])]
    living.live()
    return journal


def live(
    life: Life,
    answer: Answer,
    clock: VirtualClock | None = None,
    journal: MemoryJournal | None = None,
    takes_ms: Callable[[int], float] = lambda n: 0.0,
) -> MemoryJournal:
    """Lives one life to its end; the journal of it."""
    clock = clock or VirtualClock()
    journal = journal or MemoryJournal()
    Living(life, clock, Network(answer, clock, takes_ms), journal).live()
    return journal
