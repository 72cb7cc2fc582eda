"""The Edge extension: a FIFO queue of hits, one in flight, and what the answers change.

Frozen when a hit is queued: the event, the identityMap, the datastream. Read when it is sent: location hint, state
store, implementation details, Assurance token. A retry has a new requestId and the same `_id` and timestamp. The queue
and the store survive the app's process; the request in flight does not. Sources: aepsdk-edge-ios Edge.swift,
EdgeHitProcessor, EdgeNetworkService, NetworkResponseHandler, EdgeHitQueueing+Consent; aepsdk-core-ios
PersistentHitQueue; for batches the SDK documentation's "Batching Experience Events".
"""

from __future__ import annotations

from math import inf
from urllib.parse import quote

import msgspec

from footfall.phone import responses, sdk
from footfall.phone.config import AppConfig, Batching, Collect
from footfall.phone.ids import Ids
from footfall.phone.responses import Handle
from footfall.phone.signals import Reply, Request, Unread
from footfall.world.phones import PhoneModel
from footfall.xdm.events import Overrides
from footfall.xdm.wire import JSON, StateEntry

SET_HINT_TTL_S = 1800
MOST_IN_BATCH = 20


class EventHit(msgspec.Struct, eq=False):
    """One queued event: its bytes and the identities that it carries. `alone`: part of a batch that was answered 400
    and is sent again by itself. `stale`: made before the last reset of identities."""

    number: int
    event_id: str
    type: str
    event: bytes
    identities: bytes
    overrides: Overrides | None = None
    attempts: int = 0
    alone: bool = False
    stale: bool = False


class ConsentHit(msgspec.Struct, eq=False):
    """One queued set-consent request: its whole body."""

    body: bytes
    attempts: int = 0
    stale: bool = False


class ResetHit:
    """A reset of identities, in its place in the queue: it empties the state store."""

    __slots__ = ("stale",)


class Edge:
    """The Edge extension of one phone."""

    __slots__ = (
        "_config",
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
        "_sent",
        "_state",
        "collect",
        "retry_ms",
    )

    def __init__(self, model: PhoneModel, headers: bytes, config: AppConfig, ids: Ids) -> None:
        self._model = model
        self._headers = headers
        self._details = sdk.details_of(model, config)
        self._config = config.edge
        self._ids = ids
        # a list and not a deque: nearly always empty or short, and an empty deque takes 700 bytes
        self._queue: list[EventHit | ConsentHit | ResetHit] = []
        self._in_flight = ""  # request id
        self._sent: tuple[EventHit | ConsentHit, ...] = ()  # what is in it
        self.collect: Collect = "p" if config.consent.registered else "y"
        self.retry_ms: int | None = None  # when the head of the queue is to be tried again, if it has to wait
        self._state: dict[str, tuple[StateEntry, int]] = {}  # key -> (entry, expires_ms)
        self._hint = ""
        self._hint_until_ms = 0
        self._meta = JSON[model.platform].meta(())
        self._meta_until_ms: float = inf

    @property
    def queued(self) -> tuple[str, ...]:
        """Ids of the events that are still to be delivered, the one in flight included."""
        return tuple(hit.event_id for hit in self._queue if isinstance(hit, EventHit))

    @property
    def busy(self) -> bool:
        """Whether something waits that may leave, or an answer is still to come: with collect consent pending nothing
        may leave."""
        return bool(self._in_flight) or (bool(self._queue) and self.collect != "p")

    def put(self, hit: EventHit | ConsentHit | ResetHit) -> None:
        """Queues a hit behind all others."""
        self._queue.append(hit)

    def clear(self) -> tuple[str, ...]:
        """Empties the queue, as a collect consent of `n` does; returns the events that will never leave. One in flight
        has left: its answer is still read, but it is not tried again."""
        cleared = tuple(hit.event_id for hit in self._queue if isinstance(hit, EventHit) and hit not in self._sent)
        self._queue.clear()
        self.retry_ms = None
        return cleared

    def reset(self) -> None:
        """resetIdentities: the store is emptied when the queue comes to it, and what answers to earlier requests say
        of store and hint no longer counts."""
        for hit in (*self._queue, *self._sent):  # what is in flight may have been cleared from the queue
            if not isinstance(hit, ResetHit):
                hit.stale = True
        self._queue.append(ResetHit())

    def die(self) -> tuple[Unread | None, tuple[str, ...]]:
        """The app's process ends: what is in flight is forgotten, and its hit is the head of the queue again. Returns
        the request with events whose answer will not be read, and those of its events that the queue no longer has."""
        request_id, sent = self._in_flight, self._sent
        self._in_flight = ""
        self._sent = ()
        self.retry_ms = None
        event_ids = tuple(hit.event_id for hit in sent if isinstance(hit, EventHit))
        queued = self.queued
        lost = tuple(event_id for event_id in event_ids if event_id not in queued)
        return (Unread(request_id, event_ids) if event_ids else None), lost

    @property
    def withheld(self) -> tuple[str, ...]:
        """Ids of the events that wait for the customer's consent."""
        return self.queued if self.collect == "p" else ()

    def set_headers(self, headers: bytes) -> None:
        """The header lines of the requests from now on."""
        self._headers = headers

    def set_hint(self, now_ms: int, hint: str) -> None:
        """Edge.setLocationHint: for 1800 s; empty clears it."""
        self._hint = quote(hint, safe="")
        self._hint_until_ms = now_ms + 1000 * SET_HINT_TTL_S

    def next_request(self, now_ms: int) -> Request | None:
        """The request to send now, if the queue has a head that may go."""
        if self._in_flight or not self._queue:
            return None
        if self.retry_ms is not None:
            if now_ms < self.retry_ms:
                return None
            self.retry_ms = None  # also where consent holds the head back: nobody is to be woken for it again
        if self.collect == "p":
            return None
        head = self._queue[0]
        while isinstance(head, ResetHit):
            self._state = {}
            self._meta_until_ms = 0
            del self._queue[0]
            if not self._queue:
                return None
            head = self._queue[0]
        head.attempts += 1
        request_id = self._in_flight = self._ids.next_request()
        if isinstance(head, ConsentHit):
            return self._set_consent(now_ms, head, request_id)
        return self._interact(now_ms, head, request_id)

    def _set_consent(self, now_ms: int, hit: ConsentHit, request_id: str) -> Request:
        self._sent = (hit,)
        config = self._config
        return Request(
            id=request_id,
            channel="edge",
            method="POST",
            target=sdk.edge_target(
                config.environment, self._hint_at(now_ms), sdk.SET_CONSENT, config.datastream, request_id
            ),
            headers=self._headers,
            body=hit.body,
            name="set-consent",
            attempt=hit.attempts,
        )

    def _interact(self, now_ms: int, head: EventHit, request_id: str) -> Request:
        config, over = self._config, head.overrides
        datastream, path = config.datastream, sdk.INTERACT
        meta = self._meta if now_ms < self._meta_until_ms else self._meta_at(now_ms)
        if over is not None:
            datastream, path = over.datastream or datastream, over.path or path
            original = config.datastream if over.datastream else ""
            if original or over.config:
                entries = [entry for entry, _ in self._state.values()]
                meta = JSON[self._model.platform].meta(entries, original, over.config)
        if config.batching.enabled:
            self._sent = hits = self._batch(head)
            events, event_ids = [hit.event for hit in hits], tuple([hit.event_id for hit in hits])
            attempts = tuple([hit.attempts for hit in hits])
        else:
            self._sent = (head,)
            events, event_ids, attempts = [head.event], (head.event_id,), ()
        return Request(
            request_id,
            "edge",
            "POST",
            sdk.edge_target(config.environment, self._hint_at(now_ms), path, datastream, request_id),
            self._headers,
            JSON[self._model.platform].interact(meta, head.identities, self._details, events),
            head.type or "(no eventType)",
            event_ids,
            head.number,
            head.attempts,
            attempts,
        )

    def _batch(self, head: EventHit) -> tuple[EventHit, ...]:
        """The head and the events right behind it that may share its request: allowed by their types, for the same
        datastream. The request has one identityMap, and that is the head's, whatever the others were frozen with: so it
        is in the SDK (aepsdk-edge-ios EdgeHitProcessor.processBatch)."""
        batching = self._config.batching
        hits = [head]
        if not head.alone and allowed(batching, head.type):
            size = batching.max_batch_size if batching.max_batch_size > 0 else Batching().max_batch_size
            for hit in self._queue[1 : min(size, MOST_IN_BATCH)]:
                if (
                    not isinstance(hit, EventHit)
                    or hit.alone
                    or not allowed(batching, hit.type)
                    or hit.overrides != head.overrides
                ):
                    break
                hit.attempts += 1
                hits.append(hit)
        return tuple(hits)

    def answered(self, now_ms: int, request_id: str, reply: Reply) -> tuple[list[Handle], tuple[str, ...]]:
        """Takes the answer to the request in flight: its hits leave the queue, or stay for another try.

        Returns the handles that are for other extensions, and the events that would have been tried again, had the
        queue not been cleared in the meantime.
        """
        if not request_id or request_id != self._in_flight:
            return [], ()
        self._in_flight = ""
        sent, self._sent = self._sent, ()
        if reply.each:
            return [], self._told_of_each(now_ms, sent, reply.each)
        what = sdk.following(self._model.platform, reply, len(sent))
        kept = bool(self._queue) and self._queue[0] is sent[0]
        if what == "retry":
            if not kept:
                return [], tuple(hit.event_id for hit in sent if isinstance(hit, EventHit))
            if reply.status == 400:
                for hit in sent:
                    if isinstance(hit, EventHit):
                        hit.alone = True
            else:
                self.retry_ms = now_ms + 1000 * sdk.retry_after_s(reply)
            return [], ()
        if kept:
            del self._queue[: len(sent)]
        if what == "done" and reply.status != 204 and reply.body:
            return self._read(now_ms, reply.body, sent[0].stale), ()
        return [], ()

    def _told_of_each(
        self, now_ms: int, sent: tuple[EventHit | ConsentHit, ...], replies: tuple[Reply, ...]
    ) -> tuple[str, ...]:
        """Takes an answer event by event: those to be tried again keep their places in the queue, and all wait as long
        as any of them has to. Returns those of them that a cleared queue no longer has."""
        platform = self._model.platform
        told = zip(sent, replies, strict=True)
        again = [(hit, its) for hit, its in told if sdk.following(platform, its, 1) == "retry"]
        if not self._queue or self._queue[0] is not sent[0]:
            return tuple(hit.event_id for hit, _ in again if isinstance(hit, EventHit))
        self._queue[: len(sent)] = [hit for hit, _ in again]
        if again:
            self.retry_ms = now_ms + 1000 * max(sdk.retry_after_s(its) for _, its in again)
        return ()

    def _read(self, now_ms: int, body: bytes, stale: bool) -> list[Handle]:
        others: list[Handle] = []
        for handle in responses.handles(body, self._model.platform):
            try:
                if handle.type == "state:store":
                    if not stale:
                        for entry in responses.stored(bytes(handle.payload)):
                            self._store(now_ms, entry)
                elif handle.type == "locationHint:result":
                    if not stale:
                        for self._hint, ttl_s in responses.hints(bytes(handle.payload)):
                            self._hint_until_ms = now_ms + 1000 * ttl_s
                else:
                    others.append(handle)
            except responses.UNREADABLE:
                continue
        return others

    def _store(self, now_ms: int, entry: StateEntry) -> None:
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
            self._meta = JSON[self._model.platform].meta(entry for entry, _ in self._state.values())
            self._meta_until_ms = min((until for _, until in self._state.values()), default=inf)
        return self._meta


def allowed(batching: Batching, event_type: str) -> bool:
    """Whether the allow-list has the eventType: by its name, or by a pattern `prefix.*`, `*.suffix` or `*`. It has no
    event without one (aepsdk-edge-ios EdgeBatchingConfig.isEventTypeBatchable)."""
    if not event_type:
        return False
    for entry in batching.events:
        if entry == "*" or entry == event_type:
            return True
        if (entry.endswith(".*") and event_type.startswith(entry[:-1])) or (
            entry.startswith("*.") and event_type.endswith(entry[1:])
        ):
            return True
    return False
