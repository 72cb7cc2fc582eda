"""Many lives and a platform in one process and one virtual time: nothing waits, no socket is opened.

Every life runs in a greenlet of its own, as in a live run; here its waits hand over to the stage, which resumes whoever
is due first. Before anybody goes on, the platform has done what was due by then, and what it sends to phones reaches
them at that moment. The order is that of (time, phone), so that the same lives make the same history every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from typing import Protocol

import greenlet

from footfall.engine.live import Journal, Living, Transport
from footfall.engine.population import Life
from footfall.phone.signals import Reply
from footfall.phone.signals import Request as PhoneRequest
from footfall.platform.messages import Request, Response

_AT_IT = 0  # the turn of a life that does not wait


class Receiver(Protocol):
    """What the lives send to, in the same process. Times are epoch milliseconds."""

    def exchange(self, request: Request, now_ms: int) -> Response:
        """The answer, after what it says was stored."""
        ...

    @property
    def due_ms(self) -> int | None:
        """When it has something to do without being asked."""
        ...

    def do_what_is_due(self, now_ms: int) -> None:
        """Does it."""
        ...


def over_the_wire(request: PhoneRequest) -> Request:
    """A phone's bytes as a server takes them apart."""
    path, _, query = request.target.partition("?")
    lines = request.headers.decode("ascii").removesuffix("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    return Request(request.method, path, query, {name.lower(): value for name, value in headers.items()}, request.body)


class StageTransport:
    """One phone's line to the platform beside it."""

    def __init__(self, receiver: Receiver, epoch_ms: Callable[[], int]) -> None:
        self._receiver = receiver
        self._epoch_ms = epoch_ms

    def send(self, request: PhoneRequest, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        response = self._receiver.exchange(over_the_wire(request), self._epoch_ms())
        return Reply(response.status, response.body, dict(response.headers).get("retry-after"))


class Stage:
    """Where the lives are lived. `anchor_ms` is the epoch of virtual time 0. What is meant for a phone finds it in
    `living`."""

    def __init__(self, receiver: Receiver, journal: Journal, anchor_ms: int) -> None:
        self._receiver = receiver
        self._journal = journal
        self._anchor_ms = anchor_ms
        self._waiting: list[tuple[int, int, int, _Clock]] = []
        self._turns = 0
        self.now_ms = 0
        self.living: dict[int, Living] = {}  # those under way, by the number of their phone

    def epoch_ms(self) -> int:
        """What the clock on the stage's wall shows."""
        return self._anchor_ms + self.now_ms

    def play(self, lives: Iterable[Life], wrap: Callable[[Transport], Transport] = lambda transport: transport) -> None:
        """Lives all of them to their ends. Raises what one of them raises; the others are cut short then. `wrap` may
        put something between a phone and the platform."""
        for life in lives:
            clock = _Clock(self, life.k, self._anchor_ms)
            transport = wrap(StageTransport(self._receiver, self.epoch_ms))
            living = Living(life, clock, transport, self._journal)
            clock.greenlet = greenlet.greenlet(partial(self._live, life.k, living))
            self._await(life.start_ms, clock)
        try:
            while self._waiting:
                self._give_turn(*heappop(self._waiting))
        finally:
            for _, _, _, clock in sorted(self._waiting):
                clock.greenlet.throw()
            self._waiting.clear()

    def _give_turn(self, at_ms: int, k: int, turn: int, clock: _Clock) -> None:
        if turn != clock.turn:
            return  # it was stirred, and waits for something else by now
        if not self.pass_time(at_ms):
            heappush(self._waiting, (at_ms, k, turn, clock))  # whoever was stirred on the way goes first
            return
        clock.turn = _AT_IT
        clock.greenlet.switch()

    def pass_time(self, until_ms: int) -> bool:
        """Lets the platform do what is due until then (virtual), each thing at its time. Where that stirs a life, time
        stops there: whether it has come to `until_ms`."""
        turns = self._turns
        until_epoch_ms = self._anchor_ms + until_ms
        while (due_ms := self._receiver.due_ms) is not None and due_ms <= until_epoch_ms:
            self.now_ms = max(self.now_ms, due_ms - self._anchor_ms)
            self._receiver.do_what_is_due(self.epoch_ms())
            if self._turns != turns:
                return False
        self.now_ms = max(self.now_ms, until_ms)
        return True

    def _live(self, k: int, living: Living) -> None:
        self.living[k] = living
        try:
            living.live()
        finally:
            del self.living[k]

    def _await(self, at_ms: int, clock: _Clock) -> None:
        self._turns += 1
        clock.turn = self._turns
        heappush(self._waiting, (at_ms, clock.k, self._turns, clock))

    def wait(self, at_ms: int, clock: _Clock) -> None:
        """Called by a life: comes back when it is that time, or when it was stirred."""
        self._await(max(at_ms, self.now_ms), clock)
        front = clock.greenlet.parent
        assert front is not None, "a life waits in a greenlet of its own"
        front.switch()

    def stir(self, clock: _Clock) -> None:
        """Brings a life back now that waits for later."""
        if clock.turn != _AT_IT:
            self._await(self.now_ms, clock)


class _Clock:
    """One phone's time, which is the stage's. Real answers take no time. `turn` is what the phone waits for."""

    __slots__ = ("_anchor_ms", "_stage", "greenlet", "k", "turn")

    def __init__(self, stage: Stage, k: int, anchor_ms: int) -> None:
        self._stage = stage
        self._anchor_ms = anchor_ms
        self.k = k
        self.turn = _AT_IT
        self.greenlet: greenlet.greenlet

    def wait_until(self, at_ms: int) -> bool:
        """See engine.live.Clock."""
        self._stage.wait(at_ms, self)
        return True

    def stir(self) -> None:
        """See engine.live.Clock."""
        self._stage.stir(self)

    def now_ms(self) -> int:
        """See engine.live.Clock."""
        return self._stage.now_ms

    def start_draining(self) -> None:
        """See engine.live.Clock."""

    def due_wall_ms(self, at_ms: int) -> float:
        """See engine.live.Clock."""
        return float(self._anchor_ms + at_ms)

    def wall_ms(self) -> float:
        """See engine.live.Clock."""
        return float(self._stage.epoch_ms())

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        """See engine.live.Clock."""
