"""A store that forgets: for a platform in the same process as its phones, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable

from footfall.platform.core import Platform
from footfall.platform.messages import Outcome, Request, Response, StoredEvent


class MemoryStore:
    """Events in the order of their arrival; the n-th (from 1) has the sequence number n."""

    def __init__(self) -> None:
        self._events: list[StoredEvent] = []

    def append(self, events: Iterable[StoredEvent]) -> None:
        self._events.extend(events)

    def received(self, run: str, after: int = 0) -> list[tuple[int, StoredEvent]]:
        """(seq, event) of the run, beyond the sequence number `after`, in order."""
        return [(seq, event) for seq, event in enumerate(self._events[after:], after + 1) if event.run == run]


class InProcessPlatform:
    """The platform as a function: answers a request after its events are in `store`."""

    def __init__(self, platform: Platform, store: MemoryStore) -> None:
        self.platform = platform
        self.store = store

    def exchange(self, request: Request, now_ms: int) -> Response:
        outcome = self.platform.handle(request, now_ms)
        self._keep(outcome)
        return outcome.response

    def _keep(self, outcome: Outcome) -> None:
        self.store.append(outcome.stored)
        self.platform.committed(outcome)
