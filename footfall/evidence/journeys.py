"""Checker `journeys`: what the receiver's journeys say they did rests on events that phones really made, what they
pushed is what phones really got, and what customers did about it is what the journeys heard of.

The receiver is not believed: its counts are not read, only its steps and messages, each of which names an event or a
message that the ledger either knows or does not. Whoever came to an end has come in before, and once.

A push that never reached its phone is convicted where the ledger shows that the phone lived to its end, and was alive
when the push was sent and for a while after it. Of a phone that was abandoned or cut nobody can say that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from footfall.evidence.check import Check, Findings
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.ops import Created, Done, Ended, Invoke, Notified, Op, Started

NAME = "journeys"

_ENTERED, _ENDED, _EXITED, _DISCARDED, _REACTED = "entered", "ended", "exited", "discarded", "reacted"
_PUSH = "push"
_OPENED = "pushTracking.applicationOpened"
_CLICKED = "pushTracking.customAction"
_SHOWN = "decisioning.propositionDisplay"  # of an in-app message: it reached a person and was seen
_TOUCHED = "decisioning.propositionInteract"
_REACTIONS = (_OPENED, _CLICKED, _SHOWN, _TOUCHED)

# Real time that a push may be on its way to its phone: it is listed, fetched and handed over. That takes a few
# milliseconds (measured, two cores, ten phones); the rest is for a busy disk, and for machines whose clocks differ.
ON_ITS_WAY_MS = 2_000.0


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step or a message as the receiver listed it: a step has a `kind`, a message a `channel`."""

    journey: str = ""
    kind: str = ""
    channel: str = ""
    id: str = ""
    key: str = ""
    ecid: str = ""
    instance: str = ""
    node: str = ""
    event: str = ""
    code: str = ""
    message: str = ""
    why: str = ""
    at_ms: int = 0


_decode = msgspec.json.Decoder(Told).decode
_encode = msgspec.json.Encoder().encode


def encode(told: Told) -> bytes:
    """As one line of NDJSON, newline included."""
    return _encode(told) + b"\n"


def read(lines: Iterable[bytes], file: str) -> Iterator[Told]:
    """The steps and messages of one file. Raises LedgerDamaged at the first line that is none."""
    for number, line in enumerate(lines, 1):
        try:
            one = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(file, number, f"expected a step or a message of a journey: {error}") from error
        if not (one.kind or one.channel):
            raise LedgerDamaged(file, number, "expected a step or a message of a journey")
        yield one


class JourneyRow(msgspec.Struct, frozen=True):
    """The numbers of one journey, counted from its steps and from the ledger: `entered` instances, of which `ended`
    came to the end, `exited` were taken out, and `waiting` are still inside; `discarded` events by code; `sent`
    messages by channel, of which `delivered` reached a phone of this run, `opened` were opened, or shown by
    the app, and of these `clicked` were answered by a button or a touch: their phones told so."""

    journey: str
    entered: int = 0
    ended: int = 0
    exited: int = 0
    waiting: int = 0
    discarded: dict[str, int] = {}
    sent: dict[str, int] = {}
    delivered: int = 0
    opened: int = 0
    clicked: int = 0


class _Life(msgspec.Struct):
    """Of a phone that was sent a push: when it lived (virtual), `to_ms` None unless it lived to its end, and the wall
    time of the last answer that it got."""

    ecid: str
    from_ms: int
    to_ms: int | None = None
    answered_ms: float = 0.0


class Journeys:
    """Fed every op once; `told` is what the receiver listed, None where it could not be asked. It is read at once.

    `anchor_ms`, `started_ms` and `speed` are the manifest's: the receiver's times are epochs on the run's clock. With
    speed 0 time was virtual, and a push is with its phone at the moment at which it is sent."""

    name = NAME

    def __init__(
        self, told: Iterable[Told] | None, *, anchor_ms: int = 0, started_ms: int = 0, speed: float = 0.0
    ) -> None:
        self._anchor_ms = anchor_ms
        self._started_ms = started_ms
        self._speed = speed
        self._asked = told is not None
        self._names: set[str] = set()
        self._steps: Counter[tuple[str, str]] = Counter()  # by journey and kind
        self._entries: Counter[tuple[str, str, str]] = Counter()  # by journey, instance and event
        self._ends: Counter[tuple[str, str]] = Counter()  # by journey and instance
        self._discarded: Counter[tuple[str, str]] = Counter()  # by journey and code
        self._heard: dict[str, str] = {}  # events taken for a reaction, and to which message
        self._messages: dict[str, Told] = {}
        self._twice: list[str] = []
        self._unmet: set[str] = set()  # events that something rests on and nobody has made so far
        self._pushed_to: set[str] = set()  # ECIDs
        for one in told or ():
            self._note(one)
        self._notified: Counter[str] = Counter()
        self._dismissed: set[str] = set()  # messages that were wiped away: no journey listens for that
        self._reactions: dict[str, Created] = {}
        self._acknowledged: set[str] = set()  # of these
        self._lives: dict[int, _Life] = {}  # of the phones that were sent a push
        self._latest_ms = 0.0  # wall time by which a request began too late, at most

    def _note(self, one: Told) -> None:
        if one.event:
            self._unmet.add(one.event)
        if one.journey:
            self._names.add(one.journey)
        if one.channel:
            if one.id in self._messages:
                self._twice.append(one.id)
            self._messages[one.id] = one
            if one.channel == _PUSH:
                self._pushed_to.add(one.ecid)
            return
        self._steps[one.journey, one.kind] += 1
        if one.kind == _DISCARDED:
            self._discarded[one.journey, one.code] += 1
        elif one.kind == _REACTED:
            self._heard[one.event] = one.message
        elif one.kind == _ENTERED:
            self._entries[one.journey, one.instance, one.event] += 1
        elif one.kind in (_ENDED, _EXITED):
            self._ends[one.journey, one.instance] += 1

    def feed(self, op: Op) -> None:
        """See Checker."""
        if isinstance(op, Created):
            self._unmet.discard(op.id)
            if op.message and op.type in _REACTIONS:
                self._reactions[op.id] = op
        elif isinstance(op, Notified):
            self._notified[op.message] += 1
            if op.decided == "dismiss":
                self._dismissed.add(op.message)
        elif isinstance(op, Invoke):
            self._latest_ms = max(self._latest_ms, op.sent - op.due)
        elif isinstance(op, Done):
            if op.outcome == "ok" and op.id in self._reactions:
                self._acknowledged.add(op.id)
            if (life := self._lives.get(op.phone)) is not None:
                life.answered_ms = max(life.answered_ms, op.done)
        elif isinstance(op, Started):
            if op.ecid in self._pushed_to:
                self._lives[op.phone] = _Life(op.ecid, op.at_ms)
        elif isinstance(op, Ended) and op.how == "lived" and (life := self._lives.get(op.phone)) is not None:
            life.to_ms = op.at_ms

    @property
    def rows(self) -> tuple[JourneyRow, ...]:
        """One for each journey that did anything, by name."""
        sent: dict[str, list[Told]] = {name: [] for name in self._names}
        for message in self._messages.values():
            sent.setdefault(message.journey, []).append(message)
        reacted: dict[tuple[str, str], set[str]] = {}  # messages, by journey and event type
        for op in self._reactions.values():
            if op.message in self._messages and op.message not in self._dismissed:
                reacted.setdefault((self._messages[op.message].journey, op.type), set()).add(op.message)
        return tuple(self._row(name, sent[name], reacted) for name in sorted(self._names))

    def _row(self, name: str, sent: list[Told], reacted: dict[tuple[str, str], set[str]]) -> JourneyRow:
        opened, clicked, shown, touched = (reacted.get((name, type), set()) for type in _REACTIONS)
        entered, ended, exited = (self._steps[name, kind] for kind in (_ENTERED, _ENDED, _EXITED))
        return JourneyRow(
            journey=name,
            entered=entered,
            ended=ended,
            exited=exited,
            waiting=max(0, entered - ended - exited),  # more ends than entries are a finding, and no number of people
            discarded={code: count for (whose, code), count in sorted(self._discarded.items()) if whose == name},
            sent=dict(sorted(Counter(message.channel for message in sent).items())),
            delivered=sum(1 for message in sent if self._notified[message.id]) + len(shown),
            opened=len(opened | clicked | shown | touched),
            clicked=len(clicked | touched),
        )

    def close(self) -> Check:
        """See Checker."""
        found = Findings()
        if not self._asked:
            why = "what the receiver's journeys did is not known, because it could not be asked"
            found.add("unknown", "not-asked", why)
            return found.check(NAME, {})
        if not self._names:
            found.add("valid", "vacuous", "no journey took or refused anything")
        for id in self._twice:
            found.add("invalid", "twice", f"the receiver lists the message {id} twice")
        for id in sorted(self._unmet):
            why = f"a journey rests on the event {id}, which nobody made"
            found.add("invalid", "no-such-event", why, events=(id,))
        for message, times in sorted(self._notified.items()):
            if message not in self._messages:
                found.add("invalid", "no-such-message", f"a phone got the message {message}, which no journey sent")
            elif times > 1:
                found.add("invalid", "notified-twice", f"the message {message} reached a phone {times} times")
        self._check_instances(found)
        self._check_pushes(found)
        self._check_reactions(found)
        rows = self.rows
        facts = {
            "entered": sum(row.entered for row in rows),
            "messages": len(self._messages),
            "delivered": sum(row.delivered for row in rows),
            "opened": sum(row.opened for row in rows),
        }
        return found.check(NAME, facts)

    def _check_instances(self, found: Findings) -> None:
        entries: Counter[tuple[str, str]] = Counter()
        for (journey, instance, event), times in sorted(self._entries.items()):
            entries[journey, instance] += 1
            if times > 1:
                why = f"the event {event} entered the journey {journey} as {instance} {times} times"
                found.add("invalid", "entered-twice", why, events=(event,))
        for (journey, instance), ends in sorted(self._ends.items()):
            entered = entries[journey, instance]
            if not entered:
                found.add("invalid", "never-entered", f"{instance} left the journey {journey}, and never entered it")
            elif ends > (1 if instance else entered):  # steps that name no instance are one heap
                found.add("invalid", "ended-twice", f"{instance} left the journey {journey} {ends} times")

    def _check_pushes(self, found: Findings) -> None:
        """No slack where a life begins: the mailbox is open before it, and nobody knows of a device before it has
        made itself known."""
        slack_ms = self._speed * (ON_ITS_WAY_MS + self._latest_ms)
        lives = {life.ecid: (phone, life) for phone, life in self._lives.items()}
        for id, message in sorted(self._messages.items()):
            if message.channel != _PUSH or self._notified[id] or message.ecid not in lives:
                continue
            phone, life = lives[message.ecid]
            if life.to_ms is None:
                continue
            # a phone that got its slot late, or waited for slow answers, lives on while the run's clock is ahead of it
            over_ms = max(life.to_ms, self._speed * (life.answered_ms - self._started_ms))
            sent_ms = message.at_ms - self._anchor_ms
            if life.from_ms <= sent_ms < over_ms - slack_ms:
                why = f"the push {id} was sent to phone {phone} while it lived, and never reached it"
                found.add("invalid", "lost-push", why, phone=phone)

    def _check_reactions(self, found: Findings) -> None:
        for event, message in sorted(self._heard.items()):
            if event in self._unmet:
                continue  # told above
            made = self._reactions.get(event)
            if made is None:
                what = "is about no message"
            elif made.message != message:
                what = f"is about {made.message}"
            elif message in self._dismissed:
                what = "tells that it was wiped away"
            else:
                continue
            why = f"a journey took the event {event} for a reaction to {message}; it {what}"
            found.add("invalid", "wrong-reaction", why, events=(event,))
        for event in sorted(self._acknowledged - self._heard.keys()):
            message = self._reactions[event].message
            if message in self._messages and message not in self._dismissed:
                why = f"no journey heard of the event {event}, a reaction to the message {message}"
                found.add("invalid", "unheard-reaction", why, events=(event,))
