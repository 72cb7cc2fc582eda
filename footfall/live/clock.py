"""Virtual time scaled to the wall: `speed` virtual seconds pass in one real second.

The run's virtual 0 is at `origin_s` on the wall. Its timestamps are anchored so that the planned end is the moment at
which it is reached: no event of the run is ever stamped with a time in the future.
"""

from __future__ import annotations

import time

from gevent import sleep
from gevent.event import Event


def anchor_ms(origin_s: float, lasts_ms: int, speed: float) -> int:
    """The epoch (ms) that virtual 0 stands for, so that virtual time never overtakes the wall: with speed >= 1 the two
    meet at the planned end, in slow motion at the start."""
    ahead_ms = max(0.0, lasts_ms - lasts_ms / speed)
    return int(origin_s * 1000 - ahead_ms)


class Ending:
    """How one life hears that the run is being ended; the same bell wakes it for what comes from outside."""

    __slots__ = ("_bell", "over")

    def __init__(self) -> None:
        self._bell = Event()
        self.over = False

    def set(self) -> None:
        """The run is being ended."""
        self.over = True
        self._bell.set()

    def stir(self) -> None:
        """A wait under way ends, and only that: the next one is as long as it is meant to be."""
        self._bell.set()

    def wait(self, timeout_s: float) -> None:
        """Waits so long, or until it is stirred or over."""
        if not self.over:
            self._bell.clear()  # of what came while nobody waited
            self._bell.wait(timeout_s)


class PhoneClock:
    """One phone's time. It keeps the pace of the plan from the moment at which the phone got its slot, and stands still
    while a real answer takes longer than its planned one."""

    __slots__ = ("_ending", "_lag_s", "_origin_s", "_patience_s", "_patient_until_s", "_speed", "_wall_offset_s")

    def __init__(self, origin_s: float, speed: float, start_ms: int, ending: Ending, patience_s: float) -> None:
        self._wall_offset_s = time.time() - time.monotonic()
        self._origin_s = origin_s - self._wall_offset_s  # on the monotonic clock
        self._speed = speed
        self._ending = ending
        self._patience_s = patience_s
        self._patient_until_s: float | None = None
        # a slot that comes free late shifts this phone's wall time, never its virtual time
        self._lag_s = 0.0
        self._lag_s = max(0.0, time.monotonic() - self._at(start_ms))

    def _at(self, at_ms: float) -> float:
        return self._origin_s + at_ms / 1000.0 / self._speed + self._lag_s

    def now_ms(self) -> int:
        """See engine.live.Clock."""
        return int((time.monotonic() - self._origin_s - self._lag_s) * 1000.0 * self._speed)

    def stir(self) -> None:
        """See engine.live.Clock."""
        self._ending.stir()

    def wait_until(self, at_ms: int) -> bool:
        """See engine.live.Clock."""
        target = self._at(at_ms)
        now = time.monotonic()
        if self._patient_until_s is None:
            if target <= now:
                return not self._ending.over
            self._ending.wait(target - now)
            return not self._ending.over
        if now >= self._patient_until_s:
            return False
        if target > now:
            sleep(min(target, self._patient_until_s) - now)
        return target <= self._patient_until_s

    def start_draining(self) -> None:
        """See engine.live.Clock."""
        if self._patient_until_s is None:
            self._patient_until_s = time.monotonic() + self._patience_s

    def due_wall_ms(self, at_ms: int) -> float:
        """See engine.live.Clock."""
        return (self._at(at_ms) + self._wall_offset_s) * 1000.0

    def wall_ms(self) -> float:
        """See engine.live.Clock."""
        return time.time() * 1000.0

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        """See engine.live.Clock."""
        over_ms = took_wall_ms - planned_ms / self._speed
        if over_ms > 0.0:
            self._lag_s += over_ms / 1000.0
