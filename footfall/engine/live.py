"""The loop of one life: plan, wakes and replies in order of time into the phone, its effects out to transport and
journal.

Subtleness ahead: a request leaves and its answer is awaited on the spot, but the phone is told of it only at
`sent + latency`, with a latency drawn from the seed (design law 1). Whatever happens to the phone before that moment is
fed first, so the order of a phone's signals never depends on how fast the real platform was. Where the real answer
takes longer than the drawn one, the clock holds this phone back by the difference.
"""

from __future__ import annotations

from hashlib import blake2b
from heapq import heappop, heappush
from math import inf
from typing import Literal, Protocol

from footfall.engine import back_office, inlet
from footfall.engine.attention import Notification
from footfall.engine.inbox import RESTS_ON_MESSAGES, Inbox
from footfall.engine.population import Life
from footfall.engine.seeds import latency_ms
from footfall.evidence import ops
from footfall.evidence.ops import Created, Done, Ended, Ignored, Inside, Invoke, Notified, Op, Started
from footfall.phone import sdk
from footfall.phone.responses import error_statuses
from footfall.phone.signals import (
    Did,
    Due,
    Forgotten,
    IgnoredCrossing,
    Made,
    Offered,
    Replied,
    Reply,
    Request,
    Send,
    Signal,
    StartedInside,
    Unread,
    WakeAt,
    Withheld,
)


class Clock(Protocol):
    """One phone's time. Virtual milliseconds since the run's start; wall time as milliseconds since the epoch."""

    def now_ms(self) -> int:
        """Virtual time now."""
        ...

    def stir(self) -> None:
        """A wait under way ends early, as if it were over: something has come from outside. Without one, nothing."""
        ...

    def wait_until(self, at_ms: int) -> bool:
        """Waits for virtual `at_ms`. False: the run is being ended, or (draining) patience is over before then."""
        ...

    def start_draining(self) -> None:
        """The life is over but for what is still to be delivered: from now on patience is limited."""
        ...

    def due_wall_ms(self, at_ms: int) -> float:
        """The wall time at which virtual `at_ms` was due on this phone."""
        ...

    def wall_ms(self) -> float:
        """Wall time now."""
        ...

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        """A real answer took so long; in virtual time it was planned to take `planned_ms`."""
        ...


class Transport(Protocol):
    """The only place where bytes leave."""

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """The answer, or how it failed; never raises for what a network can do."""
        ...


class Journal(Protocol):
    """Where the ledger's lines go, in order."""

    def add(self, op: Op) -> None:
        """Takes a line; it may stay in memory."""
        ...

    def flush(self) -> None:
        """Hands all lines taken so far to the operating system."""
        ...


Outcome = Literal["ok", "fail", "info"]


def outcome(reply: Reply, event_index: int = 0) -> Outcome:
    """What we know after an answer: ok is stored, fail is definitely not, info is neither (a timeout is not a loss).

    429 and 507 were refused before storing; a 5xx, a time-out or a broken connection may hide a success. A 207 is what
    the error entries about the event make of it, each taken as an answer of its own; without any it is ok.
    """
    if reply.status == 207:
        told = {outcome(Reply(status)) for status in error_statuses(reply.body, event_index)}
        return "fail" if "fail" in told else "info" if "info" in told else "ok"
    if reply.status in (200, 204):
        return "ok"
    if reply.failure in ("refused", "unreachable") or reply.status in (429, 507):
        return "fail"
    if 400 <= reply.status < 500 and reply.status != 408:
        return "fail"
    return "info"


class Living:
    """One life being lived."""

    __slots__ = (
        "_arrived",
        "_cause",
        "_clock",
        "_draining",
        "_how",
        "_inbox",
        "_journal",
        "_life",
        "_now",
        "_office",
        "_queries",
        "_replies",
        "_sent",
        "_state",
        "_transport",
        "_wake_ms",
    )

    def __init__(self, life: Life, clock: Clock, transport: Transport, journal: Journal) -> None:
        self._life = life
        self._office = life.office
        self._clock = clock
        self._transport = transport
        self._journal = journal
        self._now = life.start_ms
        self._state = ""
        self._draining = False
        self._how: Literal["lived", "cut"] = "lived"
        self._wake_ms: float = inf
        self._replies: list[tuple[int, int, Replied]] = []
        self._queries = 0
        self._sent = 0
        self._inbox = Inbox(life.attention)
        self._arrived: list[Notification] = []
        self._cause = ""  # the message that the customer is reacting to

    def notify(self, notification: Notification) -> None:
        """A push notification reaches the phone now. For whoever runs the life: it may be called while the life
        waits."""
        self._arrived.append(notification)
        self._clock.stir()

    def live(self) -> None:
        """Lives the life to its end, or until the clock says that the run is being ended; then delivers what is queued
        while patience lasts. Every life that began leaves an Ended line, unless its process dies."""
        life = self._life
        self._journal.add(Started(life.k, life.person.id, life.ecid, life.model.platform, life.start_ms))
        try:
            self._loop()
        except BaseException:
            self._how = "cut"  # the run is torn down around us; the ledger still says how far this life came
            raise
        finally:
            for event_id in life.phone.withheld:
                self._journal.add(ops.Withheld(event_id, life.k, "collect consent is still pending", self._now))
            held = () if life.phone.withheld else life.phone.queued
            if life.office is not None:
                held += life.office.queued
            self._journal.add(Ended(life.k, self._how, held, self._now))

    def _loop(self) -> None:
        plan, office, inbox = self._life.plan, self._office, self._inbox
        upcoming = next(plan, None)
        while True:
            if self._arrived:
                self._notice()
            reply_ms = self._replies[0][0] if self._replies else inf
            plan_ms = inf if upcoming is None else upcoming.at_ms
            office_ms = inf if office is None else office.due_ms
            at_ms = min(reply_ms, self._wake_ms, plan_ms, office_ms, inbox.due_ms)
            if at_ms == inf or (self._draining and not self._busy):
                return
            if not self._clock.wait_until(int(at_ms)):
                if self._draining:
                    return
                self._how = "cut"
                upcoming = None
                self._now = max(self._now, min(self._clock.now_ms(), int(at_ms)))
                if office is not None:
                    office.close()
                self._drain()
                continue
            if self._arrived:
                continue
            self._now = int(at_ms)
            if reply_ms == at_ms:
                self._take(heappop(self._replies)[2])
            elif self._wake_ms == at_ms:
                self._feed(Due())
            elif inbox.due_ms == at_ms:
                self._cause, signals = inbox.act(self._now)
                self._feed_all(signals)
                self._cause = ""
            elif upcoming is not None and plan_ms == at_ms:
                self._state = upcoming.state
                if upcoming.signal is not None:
                    self._feed_all(inbox.follow(upcoming.signal))
                    upcoming = next(plan, None)
                    continue
                upcoming = None
                if office is not None and office.scheduled:
                    self._rest()
                else:
                    self._drain()
            elif office is not None:
                self._do_for_office(office.do_what_is_due(self._now))
                if upcoming is None and not self._draining and not office.scheduled:
                    self._drain()

    @property
    def _busy(self) -> bool:
        return self._life.phone.busy or (self._office is not None and self._office.busy)

    def _rest(self) -> None:
        """The plan is over, and the back office has still events to make."""
        self._life.phone.stop_watching()
        self._feed(Due())

    def _notice(self) -> None:
        """What has reached the phone: the customer will do something about it, or not."""
        arrived, self._arrived = self._arrived, []
        now_ms = max(self._now, self._clock.now_ms())  # not the phone's: it has still to do what is overdue
        for notification in arrived:
            taken = self._inbox.take(notification, now_ms)
            if taken is not None:
                at_ms, decision = taken
                self._journal.add(Notified(notification.message.id, self._life.k, decision.what, at_ms))

    def _drain(self) -> None:
        self._draining = True
        self._feed_all(self._inbox.close())  # the customer puts the phone away with everything else
        self._life.phone.stop_watching()
        self._clock.start_draining()
        self._feed(Due())

    def _take(self, replied: Replied) -> None:
        office = self._office
        if office is not None and office.awaits(replied.request_id):
            self._do_for_office(office.answered(self._now, replied.reply))
        else:
            self._feed(replied)

    def _do_for_office(self, effects: list[back_office.Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Made):
                self._note_event(effect, back_office.NAME)
            else:
                self._send(effect.request)

    def _feed_all(self, signals: list[Signal]) -> None:
        for signal in signals:
            self._feed(signal)

    def _feed(self, signal: Signal) -> None:
        self._wake_ms = inf
        for effect in self._life.phone.feed(self._now, signal):
            match effect:
                case Made():
                    self._note_event(effect)
                    if isinstance(signal, Did) and effect.event.type == "commerce.purchases":
                        self._tell_office(signal)
                case Send():
                    self._send(effect.request)
                case WakeAt():
                    self._wake_ms = effect.at_ms
                case Withheld(event_id, why):
                    self._journal.add(ops.Withheld(event_id, self._life.k, why, self._now))
                case Unread(request_id, event_ids):
                    for event_id in event_ids:
                        self._journal.add(ops.Unread(event_id, request_id, self._life.k))
                case Forgotten(what):
                    self._journal.add(ops.Forgotten(self._life.k, what, self._now))
                case Offered(propositions):
                    self._inbox.offered([one.id for one in propositions if one.items], self._now)
                case StartedInside():
                    self._journal.add(Inside(self._life.k, effect.poi_id, self._now))
                case IgnoredCrossing():
                    self._journal.add(Ignored(self._life.k, effect.poi_id, effect.kind, effect.why, self._now))

    def _tell_office(self, purchase: Did) -> None:
        if self._office is not None and purchase.order is not None:
            self._office.ordered(self._now, purchase.lines, purchase.order)

    def _note_event(self, made: Made, source: str = "") -> None:
        life, event = self._life, made.event
        content = blake2b(b"%d\0%b%b%b" % (made.at_ms, event.body, event.beside, made.identities), digest_size=8)
        self._journal.add(
            Created(
                id=made.event_id,
                type=event.type,
                phone=life.k,
                n=made.n,
                person=life.person.id,
                state="" if source else self._state,
                cause=self._why(event.type),
                due_ms=made.at_ms,
                digest=content.hexdigest(),
                place=event.place,
                skus=event.skus,
                extra=made.extra,
                source=source,
                message=self._cause,
            )
        )

    def _why(self, event_type: str) -> Literal["plan", "reply"]:
        attention = self._life.attention
        if self._cause or (attention is not None and attention.takes_push and event_type in RESTS_ON_MESSAGES):
            return "reply"
        return "plan"

    def _send(self, request: Request) -> None:
        clock, journal = self._clock, self._journal
        due = clock.due_wall_ms(self._now)
        sent = clock.wall_ms()
        number = request.number
        if request.event_ids:
            attempts = request.attempts or (request.attempt,)
            for event_id, attempt in zip(request.event_ids, attempts, strict=True):
                journal.add(Invoke(event_id, request.id, self._life.k, attempt, due, sent))
            journal.flush()  # before the first byte leaves: a process killed now leaves nothing unexplained
        else:
            self._queries -= 1
            number = self._queries
        reply = self._transport.send(request, due)
        done = clock.wall_ms()
        if self._office is not None and request.channel == "inlet":
            planned_ms, following = self._office.latency_ms(request), inlet.following(reply)
        else:
            planned_ms = latency_ms(self._life.latency_key, number, request.attempt)
            following = sdk.following(self._life.model.platform, reply, len(request.event_ids))
        clock.answered(done - sent, planned_ms)
        for index, event_id in enumerate(request.event_ids):
            its = reply
            if reply.each:
                its = reply.each[index]
                following = sdk.following(self._life.model.platform, its, 1)
            journal.add(
                Done(
                    event_id,
                    request.id,
                    self._life.k,
                    done,
                    outcome(its, index),
                    following,
                    its.status,
                    its.failure,
                )
            )
        self._sent += 1  # breaks ties between replies due at the same time
        heappush(self._replies, (self._now + planned_ms, self._sent, Replied(request.id, reply)))
