"""The throughput of a sandbox: so many journey events a second, and the queue of those above it.

"5,000 journey events per second", shared by unitary events, reactions and completions of waits; what is above is
queued for up to 24 hours and worked off at the same rate (Journey Optimizer, about-events; experience-platform.md 5.3).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator

import msgspec

from footfall.platform.journeys.messages import Happening
from footfall.platform.journeys.types import QUEUE_MS, SECOND_MS


class Queued(msgspec.Struct, frozen=True):
    """A journey event that waits for its turn since `at_ms`: either a happening for the rules of one journey or as a
    reaction to `message`, or an instance that time moves on (`instance`, at its `visits`-th node)."""

    at_ms: int
    journey: str
    cost: int = 1
    happening: Happening | None = None
    message: str = ""
    instance: str = ""
    visits: int = 0

    def expired(self, now_ms: int) -> bool:
        """Whether it has waited for longer than an event may. What time brings about never expires: the person would
        stand where they are for ever."""
        return self.happening is not None and now_ms - self.at_ms > QUEUE_MS


Numbered = tuple[int, Queued]
"""With the number of its turn: the queue is in the order of these, and none is given twice."""


class Gate:
    """Counts journey events by the second, and holds back those above the rate, in their order. What was held and what
    was let through is told once, so that a store need not write the whole queue again with everything that happens."""

    def __init__(self, events_per_s: int) -> None:
        self._rate = events_per_s
        self._second = 0
        self._spent = 0
        self._queue: deque[Numbered] = deque()
        self._last = 0
        self._new: dict[int, Queued] = {}
        self._gone: list[int] = []

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Queued]:
        return (one for _, one in self._queue)

    def admits(self, cost: int, now_ms: int) -> bool:
        """Whether `cost` journey events may happen now; they are counted if so. Nothing overtakes the queue."""
        return not self._queue and self._spend(cost, now_ms)

    def hold(self, one: Queued) -> None:
        """Puts it at the end of the queue."""
        self._last += 1
        self._queue.append((self._last, one))
        self._new[self._last] = one

    @property
    def due_ms(self) -> int | None:
        """When the queue moves on; None while nothing is in it."""
        return (self._second + 1) * SECOND_MS if self._queue else None

    def next(self, now_ms: int) -> Queued | None:
        """What is let through, or has expired, at this moment: call until None."""
        if not self._queue:
            return None
        number, one = self._queue[0]
        if not (one.expired(now_ms) or self._spend(one.cost, now_ms)):
            return None
        self._queue.popleft()
        if self._new.pop(number, None) is None:
            self._gone.append(number)
        return one

    def held(self) -> list[Numbered]:
        """What was put into the queue since the last call, and is still in it."""
        new, self._new = self._new, {}
        return list(new.items())

    def left(self) -> list[int]:
        """The numbers of what `held` or `restore` had in the queue, and what has left it since the last call."""
        gone, self._gone = self._gone, []
        return gone

    @property
    def spent(self) -> tuple[int, int]:
        """The second (epoch) and how many journey events it has had."""
        return self._second, self._spent

    def restore(self, queue: Iterable[Numbered], spent: tuple[int, int], journeys: Container[str]) -> list[Queued]:
        """Goes on where another one was left. What is for none of these journeys leaves the queue: that is given
        back."""
        strangers = []
        for number, one in sorted(queue, key=lambda each: each[0]):
            self._last = number
            if one.journey in journeys:
                self._queue.append((number, one))
            else:
                self._gone.append(number)
                strangers.append(one)
        self._second, self._spent = spent
        return strangers

    def _spend(self, cost: int, now_ms: int) -> bool:
        second = now_ms // SECOND_MS
        if second != self._second:
            self._second, self._spent = second, 0
        if self._spent and self._spent + cost > self._rate:  # one event of many rules passes, be the rate ever so low
            return False
        self._spent += cost
        return True
