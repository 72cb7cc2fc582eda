"""The Edge extension: a FIFO queue of hits, one in flight, and what the answers change.

Frozen when an event is queued: the event, the identityMap, the datastream. Read when it is sent: location hint, state
store, implementation details. A retry has a new requestId and the same `_id` and timestamp. Sources: aepsdk-edge-ios
EdgeHitProcessor, EdgeNetworkService, NetworkResponseHandler; aepsdk-core-ios PersistentHitQueue.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote

import msgspec

from footfall.phone import sdk
from footfall.phone.ids import Ids
from footfall.phone.signals import Reply, Request
from footfall.world.phones import PhoneModel
from footfall.xdm import wire


class Hit:
    """One queued event: its bytes and the identities that it carries."""

    __slots__ = ("attempts", "event", "event_id", "identities", "type")

    def __init__(self, event_id: str, event_type: str, event: bytes, identities: bytes) -> None:
        self.event_id = event_id
        self.type = event_type
        self.event = event
        self.identities = identities
        self.attempts = 0


class _Handle(msgspec.Struct):
    type: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"[]")


class _Record(msgspec.Struct):
    handle: tuple[_Handle, ...] = ()


class _Problem(msgspec.Struct):
    status: int = 0


class _Problems(msgspec.Struct):
    errors: tuple[_Problem, ...] = ()


class _Stored(msgspec.Struct, rename="camel"):
    key: str
    value: str
    max_age: int


class _Hint(msgspec.Struct, rename="camel"):
    scope: str = ""
    hint: str = ""
    ttl_seconds: int = 0


# DecodeError does not cover all that bytes from outside can do to msgspec
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_RECORD = msgspec.json.Decoder(_Record)
_PROBLEMS = msgspec.json.Decoder(_Problems)
_STORED = msgspec.json.Decoder(tuple[_Stored, ...])
_HINTS = msgspec.json.Decoder(tuple[_Hint, ...])


# Most answers of a server say the same as its last one did, to whichever phone: what they mean is worked out once.


@lru_cache(maxsize=256)
def _stored(payload: bytes) -> tuple[wire.StateEntry, ...]:
    return tuple(wire.StateEntry(item.key, item.value, item.max_age) for item in _STORED.decode(payload))


@lru_cache(maxsize=256)
def _hints(payload: bytes) -> tuple[tuple[str, int], ...]:
    """(hint, seconds to live) of scope EdgeNetwork, the hint as it stands in a path."""
    hints = _HINTS.decode(payload)
    return tuple((quote(h.hint, safe=""), h.ttl_seconds) for h in hints if h.scope == "EdgeNetwork" and h.hint)


def error_statuses(body: bytes) -> tuple[int, ...]:
    """The statuses of the error entries in an answer's records, as far as they can be read. The SDK does nothing about
    them; they say what became of the event."""
    statuses: list[int] = []
    for text in _records(body):
        with suppress(*_UNREADABLE):
            statuses.extend(problem.status for problem in _PROBLEMS.decode(text).errors)
    return tuple(statuses)


def _records(body: bytes) -> list[bytes]:
    """Records are NUL + JSON + LF; an answer without framing is one record if it has no line feeds in it."""
    return [text for line in body.split(b"\n") if (text := line.strip(b"\0 \r"))]


class Edge:
    """The Edge extension of one phone."""

    __slots__ = (
        "_datastream",
        "_details",
        "_headers",
        "_hint",
        "_hint_until_ms",
        "_ids",
        "_in_flight",
        "_meta",
        "_meta_until_ms",
        "_model",
        "_queue",
        "_state",
        "retry_ms",
    )

    def __init__(self, model: PhoneModel, headers: bytes, datastream: str, ids: Ids) -> None:
        self._model = model
        self._headers = headers
        self._details = sdk.details(model)
        self._datastream = datastream
        self._ids = ids
        self._queue: deque[Hit] = deque()
        self._in_flight: str | None = None  # request id
        self.retry_ms: int | None = None  # when the head of the queue is to be tried again, if it has to wait
        self._state: dict[str, tuple[wire.StateEntry, int]] = {}  # key -> (entry, expires_ms)
        self._hint = ""
        self._hint_until_ms = 0
        self._meta = wire.meta(())
        self._meta_until_ms: float = float("inf")

    @property
    def queued(self) -> tuple[str, ...]:
        """Ids of the events that are still to be delivered, the one in flight included."""
        return tuple(hit.event_id for hit in self._queue)

    def put(self, hit: Hit) -> None:
        """Queues a hit behind all others."""
        self._queue.append(hit)

    def next_request(self, now_ms: int) -> Request | None:
        """The request to send now, if the queue has a head that may go."""
        if self._in_flight is not None or not self._queue:
            return None
        if self.retry_ms is not None and now_ms < self.retry_ms:
            return None
        hit = self._queue[0]
        hit.attempts += 1
        self.retry_ms = None
        request_id = self._in_flight = self._ids.next_request()
        return Request(
            id=request_id,
            channel="edge",
            method="POST",
            target=sdk.interact_target(self._hint_at(now_ms), self._datastream, request_id),
            headers=self._headers,
            body=wire.interact(self._meta_at(now_ms), hit.identities, self._details, (hit.event,)),
            name=hit.type,
            event_id=hit.event_id,
            attempt=hit.attempts,
        )

    def answered(self, now_ms: int, request_id: str, reply: Reply) -> None:
        """Takes the answer to the request in flight: the hit leaves the queue, or stays for another try."""
        if request_id != self._in_flight:
            return
        self._in_flight = None
        what = sdk.disposition(self._model, reply)
        if what == "retry":
            self.retry_ms = now_ms + 1000 * sdk.retry_after_s(reply)
            return
        self._queue.popleft()
        if what == "done" and reply.status != 204:
            self._read(now_ms, reply.body)

    def _read(self, now_ms: int, body: bytes) -> None:
        """What cannot be read, a record or one handle of it, is only logged by the SDK, and passed over here."""
        for text in _records(body):
            try:
                handles = _RECORD.decode(text).handle
            except _UNREADABLE:
                continue
            for handle in handles:
                try:
                    self._take(now_ms, handle)
                except _UNREADABLE:
                    continue

    def _take(self, now_ms: int, handle: _Handle) -> None:
        if handle.type == "state:store":
            for entry in _stored(bytes(handle.payload)):
                self._store(now_ms, entry)
        elif handle.type == "locationHint:result":
            for self._hint, ttl_s in _hints(bytes(handle.payload)):
                self._hint_until_ms = now_ms + 1000 * ttl_s

    def _store(self, now_ms: int, entry: wire.StateEntry) -> None:
        had = self._state.get(entry.key)
        if entry.max_age <= 0:
            self._state.pop(entry.key, None)
            self._meta_until_ms = 0
            return
        self._state[entry.key] = (entry, now_ms + 1000 * entry.max_age)
        if had is None or had[0] != entry:  # else the bytes made of it are still right
            self._meta_until_ms = 0

    def _hint_at(self, now_ms: int) -> str:
        return self._hint if now_ms < self._hint_until_ms else ""

    def _meta_at(self, now_ms: int) -> bytes:
        if now_ms >= self._meta_until_ms:
            self._state = {key: kept for key, kept in self._state.items() if kept[1] > now_ms}
            self._meta = wire.meta(entry for entry, _ in self._state.values())
            self._meta_until_ms = min((until for _, until in self._state.values()), default=float("inf"))
        return self._meta
