"""The company's systems behind the app, as far as one customer is concerned: what they stream about a purchase.

A source system that is not a phone: it knows the customer by the customer id and the e-mail address and has no ECID,
sends server-side to the inlet, one message at a time, and tries again until it is answered, for as long as the run
lasts. Its events are made at times of its own, in virtual time: an order is confirmed a while after the purchase, and
its points are credited a while after that. It does not sleep when the phone does; but nothing is made after the
scenario's end.
"""

from __future__ import annotations

import uuid
from hashlib import blake2b
from heapq import heappop, heappush
from math import inf

import msgspec

from footfall.engine import inlet
from footfall.engine.seeds import latency_ms
from footfall.phone.config import AppConfig
from footfall.phone.signals import Made, Reply, Request, Send
from footfall.world.people import Person
from footfall.world.streams import Stream, key_of
from footfall.xdm.app import loyalty
from footfall.xdm.commerce import CartLine, OrderRef, order_placed
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.wire import IdentityItem, timestamp

NAME = "back office"
"""What it is called: in the messages' headers, and in the ledger as the events' source."""

DELAY_SIGMA = 0.5

Effect = Made | Send


class _Step(msgspec.Struct, frozen=True):
    """Something that will be done about an order."""

    what: str  # "confirm" or "credit"
    lines: tuple[CartLine, ...]
    order: OrderRef


class _Hit(msgspec.Struct):
    """An event that is to be delivered."""

    made: Made
    attempts: int = 0


class BackOffice:
    """The back office for the customer of phone `phone`. `key` is the run's, of which its ids are made; `last_ms` is
    the scenario's end (virtual)."""

    __slots__ = (
        "_anchor_ms",
        "_app",
        "_balance",
        "_identities",
        "_identity_map",
        "_in_flight",
        "_journey_events",
        "_key",
        "_last_ms",
        "_latency_key",
        "_made",
        "_phone",
        "_queue",
        "_requests",
        "_retry_ms",
        "_scheduled",
        "_steps",
        "_stream",
    )

    def __init__(
        self, app: AppConfig, person: Person, key: bytes, seed: int, phone: int, anchor_ms: int, last_ms: int
    ) -> None:
        self._app = app
        self._key = key
        self._phone = phone
        self._anchor_ms = anchor_ms
        self._last_ms = last_ms
        self._stream = Stream(key_of(seed, phone, "back_office"))
        self._latency_key = key_of(seed, phone, "back_office latency")
        self._identity_map = {
            "Email": (IdentityItem(person.email, "authenticated"),),
            app.identity.crm_namespace: (IdentityItem(person.id, "authenticated", primary=True),),
        }
        self._identities = msgspec.json.encode(self._identity_map)
        self._journey_events = {event.event_type: event.event_id for event in app.journey_events}
        self._steps: list[tuple[int, int, _Step]] = []
        self._queue: list[_Hit] = []
        self._in_flight = ""
        self._retry_ms: float = inf
        self._balance = 0
        self._made = 0
        self._requests = 0
        self._scheduled = 0

    @property
    def due_ms(self) -> float:
        """When there is something to do next (virtual); infinity where there is nothing."""
        step_ms = self._steps[0][0] if self._steps else inf
        return min(step_ms, self._retry_ms)

    @property
    def scheduled(self) -> bool:
        """Whether events are still to be made."""
        return bool(self._steps)

    @property
    def busy(self) -> bool:
        """Whether an event is still to be delivered."""
        return bool(self._queue)

    @property
    def queued(self) -> tuple[str, ...]:
        """Ids of the events that are still to be delivered, the one in flight included."""
        return tuple(hit.made.event_id for hit in self._queue)

    def ordered(self, now_ms: int, lines: tuple[CartLine, ...], order: OrderRef) -> None:
        """The customer has bought something: what follows from it is put on the calendar."""
        # drawn whether or not they are used, so that one of the two does not change the times of the other
        confirmed_ms = now_ms + self._delay()
        credited_ms = confirmed_ms + self._delay()
        if self._app.back_office.orders:
            self._schedule(confirmed_ms, _Step("confirm", lines, order))
        if self._app.back_office.loyalty:
            self._schedule(credited_ms, _Step("credit", lines, order))

    def do_what_is_due(self, now_ms: int) -> list[Effect]:
        """Makes the events whose time has come, and sends the head of the queue if it may go."""
        effects: list[Effect] = []
        while self._steps and self._steps[0][0] <= now_ms:
            at_ms, _, step = heappop(self._steps)
            event = self._event(step)
            if event is not None:
                made = Made(self._made, self._id(b"e", self._made), at_ms, event, self._identities)
                self._made += 1
                self._queue.append(_Hit(made))
                effects.append(made)
        self._send(now_ms, effects)
        return effects

    def awaits(self, request_id: str) -> bool:
        """Whether the answer to this request is for the back office."""
        return bool(self._in_flight) and request_id == self._in_flight

    def answered(self, now_ms: int, reply: Reply) -> list[Effect]:
        """Takes the answer to the request in flight; sends the next one."""
        self._in_flight = ""
        effects: list[Effect] = []
        if inlet.following(reply) == "retry":
            self._retry_ms = now_ms + 1000 * inlet.wait_s(reply, self._queue[0].attempts)
        else:
            del self._queue[0]
            self._send(now_ms, effects)
        return effects

    def close(self) -> None:
        """The run is being ended: no more events are made. What is queued is still delivered."""
        self._steps.clear()

    def latency_ms(self, request: Request) -> int:
        """How long its answer takes in virtual time, if it does not really take longer."""
        return latency_ms(self._latency_key, request.number, request.attempt)

    def _delay(self) -> int:
        return round(1000 * self._stream.lognormal(self._app.back_office.delay_s, DELAY_SIGMA))

    def _schedule(self, at_ms: int, step: _Step) -> None:
        if at_ms < self._last_ms:
            self._scheduled += 1  # of two at the same time the first to be scheduled comes first
            heappush(self._steps, (at_ms, self._scheduled, step))

    def _event(self, step: _Step) -> ExperienceEvent | None:
        if step.what == "confirm":
            return order_placed(step.lines, step.order, self._event_id("commerce.backofficeOrderPlaced"))
        config = self._app.back_office
        points = sum(line.total_cents for line in step.lines) // 100 * config.points
        if not points:
            return None
        before, self._balance = self._balance, self._balance + points
        reached = config.threshold if before < config.threshold <= self._balance else None
        type = "loyalty.pointsEarned" if reached is None else "loyalty.pointsReached"
        return loyalty(self._app.tenant, points, self._balance, reached, self._event_id(type))

    def _event_id(self, event_type: str) -> str:
        return self._journey_events.get(event_type, "")

    def _send(self, now_ms: int, effects: list[Effect]) -> None:
        if self._in_flight or not self._queue or (self._retry_ms < inf and now_ms < self._retry_ms):
            return
        self._retry_ms = inf
        hit = self._queue[0]
        hit.attempts += 1
        self._requests += 1
        self._in_flight = self._id(b"r", self._requests)
        made = hit.made
        entity = {
            "_id": made.event_id,
            "timestamp": timestamp(self._anchor_ms + made.at_ms),
            **msgspec.json.decode(made.event.body),
            "producedBy": "system",
            "identityMap": self._identity_map,
        }
        effects.append(
            Send(
                Request(
                    id=self._in_flight,
                    channel="inlet",
                    method="POST",
                    target=inlet.target(self._app.inlet),
                    headers=inlet.HEADERS,
                    body=inlet.message(self._app.inlet, NAME, entity, self._anchor_ms + now_ms),
                    name=made.event.type,
                    event_ids=(made.event_id,),
                    number=made.n,
                    attempt=hit.attempts,
                )
            )
        )

    def _id(self, kind: bytes, number: int) -> str:
        """An id that no phone has: the phones' are made of other words."""
        what = b"back office %b%d.%d" % (kind, self._phone, number)
        return str(uuid.UUID(bytes=blake2b(what, digest_size=16, key=self._key).digest(), version=4))
