"""Who is inside a journey, and who has left it and is still remembered because re-entrance asks for them.

What is kept of those who left is small, found by key and supplemental identifier, and forgotten by a heap: a million of
them make no look-up slower, nor do they of one key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from heapq import heappop, heappush

from footfall.platform.journeys.messages import Instance
from footfall.platform.journeys.types import LIMITS, Journey

_A_FEW = 4


class Residents:
    """The instances of one journey, by key; with a supplemental identifier a key has several. `forgotten` is told of
    each instance that is over and that nothing remembers any more."""

    def __init__(self, journey: Journey, forgotten: Callable[[Instance], None]) -> None:
        self._forgotten = forgotten
        self._inside: dict[str, list[Instance]] = {}
        self._left: dict[str, dict[str, Instance]] = {}  # by key and supplemental identifier
        self._forget: list[tuple[int, str, str]] = []  # when, key, supplemental
        again = journey.reentrance
        # Without re-entrance a journey remembers for 91 days (legacy 30), from the entry on; a test counts its profiles
        remembers_ms = LIMITS[journey.dialect].global_timeout_ms
        self._memory_ms = max(1, again.wait_ms) if again.allowed and journey.mode == "live" else remembers_ms

    def inside(self, key: str) -> list[Instance]:
        """The live instances of this key."""
        return self._inside.get(key, [])

    def find(self, key: str, supplemental: str) -> Instance | None:
        """The live instance."""
        for one in self._inside.get(key, ()):
            if one.supplemental == supplemental:
                return one
        return None

    def left(self, key: str) -> Collection[Instance]:
        """The last instances of this key that are over and remembered, one for each supplemental identifier."""
        return self._left.get(key, {}).values()

    def last(self, key: str, supplemental: str) -> Instance | None:
        """The last instance that is over, if it is remembered."""
        return self._left.get(key, {}).get(supplemental)

    def enter(self, one: Instance) -> None:
        """Takes a live instance in; the last one of the same key and supplemental identifier is forgotten."""
        self._forget_one(one.key, one.supplemental)
        self._inside.setdefault(one.key, []).append(one)

    def leave(self, one: Instance, now_ms: int) -> None:
        """A live instance is over: keeps of it only what re-entrance needs."""
        there = self._inside[one.key]
        there.remove(one)
        if not there:
            del self._inside[one.key]
        self.remember(one, now_ms)

    def remember(self, one: Instance, now_ms: int) -> None:
        """Keeps an instance that is over, as long as re-entrance needs it, in place of an older one."""
        self._forget_one(one.key, one.supplemental)
        forget_ms = one.entered_ms + self._memory_ms
        if forget_ms > now_ms:
            self._left.setdefault(one.key, {})[one.supplemental] = one
            heappush(self._forget, (forget_ms, one.key, one.supplemental))
        else:
            self._forgotten(one)

    def forget(self, now_ms: int) -> None:
        """A few of those whose time is over at `now_ms`: more than come in between two calls, and never so many that
        one call is slow. Nobody is refused for one who is not forgotten yet."""
        due = self._forget
        for _ in range(_A_FEW):
            if not due or due[0][0] > now_ms:
                break
            forget_ms, key, supplemental = heappop(due)
            one = self.last(key, supplemental)
            if one is not None and one.entered_ms + self._memory_ms == forget_ms:  # not one who has come since
                self._forget_one(key, supplemental)

    def keys(self) -> int:
        """How many persons are inside or remembered."""
        return len(self._inside.keys() | self._left.keys())

    def __iter__(self) -> Iterator[Instance]:
        for there in self._inside.values():
            yield from there

    def _forget_one(self, key: str, supplemental: str) -> None:
        one = self.last(key, supplemental)
        if one is not None:
            left = self._left[key]
            del left[supplemental]
            if not left:
                del self._left[key]
            self._forgotten(one)
