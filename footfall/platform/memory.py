"""A platform in the same process as its phones, in virtual time, and a store that forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from footfall.platform.core import Platform
from footfall.platform.messages import Outcome, Request, Response, StoredEvent
from footfall.platform.orchestration import Arrival, News, Orchestration

_DECODER = msgspec.json.Decoder()


class MemoryStore:
    """Events in the order of their arrival; the n-th (from 1) has the sequence number n."""

    def __init__(self) -> None:
        self._events: list[StoredEvent] = []

    def append(self, events: Iterable[StoredEvent]) -> None:
        self._events.extend(events)

    def received(self, run: str, after: int = 0) -> list[tuple[int, StoredEvent]]:
        """(seq, event) of the run, beyond the sequence number `after`, in order."""
        return [(seq, event) for seq, event in enumerate(self._events[after:], after + 1) if event.run == run]


def _nobody(news: News) -> None:
    """Nobody listens."""


class InProcessPlatform:
    """The platform as a function: answers a request after its events are in `store`. What happens behind the lake, if
    there is an `orchestration`, has happened before the answer is given; `told` hears of it."""

    def __init__(
        self,
        platform: Platform,
        store: MemoryStore,
        orchestration: Orchestration | None = None,
        told: Callable[[News], None] = _nobody,
    ) -> None:
        self.platform = platform
        self.store = store
        self._orchestration = orchestration
        self._told = told

    def exchange(self, request: Request, now_ms: int) -> Response:
        """The answer to a request that was received at `now_ms` (epoch)."""
        self.do_what_is_due(now_ms)
        outcome = self.platform.handle(request, now_ms)
        self._keep(outcome)
        return outcome.response

    @property
    def due_ms(self) -> int | None:
        """When something will happen by itself (epoch)."""
        return None if self._orchestration is None else self._orchestration.due_ms

    def do_what_is_due(self, now_ms: int) -> None:
        """Lets happen what time brings about until then."""
        if self._orchestration is not None:
            self._orchestration.do_what_is_due(now_ms)
            self._tell(self._orchestration)

    def _keep(self, outcome: Outcome) -> None:
        self.store.append(outcome.stored)
        self.platform.committed(outcome)
        if self._orchestration is not None and outcome.stored:
            self._orchestration.take([Arrival(event, _DECODER.decode(event.body)) for event in outcome.stored])
            self._tell(self._orchestration)

    def _tell(self, orchestration: Orchestration) -> None:
        if orchestration.has_news:
            self._told(orchestration.news())
