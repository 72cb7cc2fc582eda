"""What the store holds and how it is asked for."""

from __future__ import annotations

import msgspec

from footfall.platform.messages import StoredEvent


class StoredRow(msgspec.Struct, frozen=True):
    """A stored event with its sequence number, which only grows and is never used twice."""

    seq: int
    event: StoredEvent


class Received(msgspec.Struct, frozen=True):
    """What reconciliation needs to know of a stored event."""

    seq: int
    id: str
    type: str
    good: bool
    reasons: tuple[str, ...]
    ecid: str


class Count(msgspec.Struct, frozen=True):
    """How many events of one run and type were stored as good, or as bad."""

    run: str
    type: str
    good: bool
    n: int


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: every member that is not None must hold; `after` is exclusive, order is by seq."""

    run: str | None = None
    ecid: str | None = None
    person: str | None = None
    test: str | None = None
    type: str | None = None
    good: bool | None = None
    id: str | None = None
    since_ms: int | None = None  # received at that time or later, epoch
    after: int = 0
    limit: int = 100

    def fits(self, event: StoredEvent) -> bool:
        """Whether the event is one of them; `after` and `limit` are the store's affair."""
        return (
            (self.run is None or self.run == event.run)
            and (self.ecid is None or self.ecid == event.ecid)
            and (self.person is None or self.person == event.person)
            and (self.test is None or self.test == event.test)
            and (self.type is None or self.type == event.type)
            and (self.good is None or self.good == event.good)
            and (self.id is None or self.id == event.id)
            and (self.since_ms is None or self.since_ms <= event.received_ms)
        )
