"""Checker `delivered`: what was planned was sent, what was sent was acknowledged, what was acknowledged is stored.

"What goes in must come out" (jepsen's total-queue), with every event that did not come out in a class that explains
it. The number that matters is `unexplained`: 0 in every honest history, whatever was killed at whatever moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from footfall.evidence.check import Check, Findings, several
from footfall.evidence.lives import Lives
from footfall.evidence.ops import Created, Done, Ended, Invoke, Op, Started, Unread, Withheld
from footfall.evidence.received import Received
from footfall.evidence.track import Track, standing, track

_UNREAD_NAMES = ("stored", "good", "bad", "lost", "unexpected", "duplicated", "recovered")


class Row(msgspec.Struct, frozen=True):
    """The numbers of one eventType, or of all. Ids are counted, not lines.

    - `planned` were created, `sent` have an attempt, `acknowledged` have an ok; `stored` = `good` + `bad` are planned
      ids that the receiver has, None where nobody could ask it, and then `unread` are acknowledged
    - `lost`, `dropped`, `withheld`, `held`, `abandoned`, `in_doubt`: planned and not stored, see `track.standing`
    - `recovered` are stored though never acknowledged, `duplicated` are stored more often than once; neither is wrong
      by itself, `twice_unexplained` are duplicated without a reason
    - `contradicted` are stored though every attempt definitely failed, `unexpected` are stored though never created
      or never sent, `unplanned` are attempted, withheld or held though never created
    - `unexplained` sums up what cannot happen: events in no class, and those lost, twice_unexplained, contradicted,
      unexpected or unplanned
    """

    type: str
    planned: int = 0
    sent: int = 0
    acknowledged: int = 0
    stored: int | None = None
    good: int | None = None
    bad: int | None = None
    unread: int = 0
    lost: int = 0
    dropped: int = 0
    withheld: int = 0
    held: int = 0
    abandoned: int = 0
    in_doubt: int = 0
    recovered: int = 0
    duplicated: int = 0
    twice_unexplained: int = 0
    contradicted: int = 0
    unexpected: int = 0
    unplanned: int = 0
    unexplained: int = 0

    @property
    def other(self) -> int:
        """Planned and not stored, less those of which nobody knows because the receiver could not be asked."""
        return self.planned - (self.stored or 0) - self.unread


class Delivered:
    """Follows every event from its creation to the receiver. Feed it all ops, then all observations, then close.

    `run` is the run the ledger is to be of; empty: any.
    """

    name = "delivered"

    def __init__(self, run: str = "") -> None:
        self._findings = Findings()
        self._lives = Lives(self._findings, run)
        self._tracks: dict[str, Track] = {}
        self._owners: dict[str, int] = {}  # ECID -> phone
        self._latest: dict[int, tuple[str, list[str]]] = {}  # phone -> its latest request and the events in it
        self._why_given_up: dict[str, str] = {}
        self._why_withheld = Counter[str]()
        self._counts: dict[str, Counter[str]] = {}
        self._unplanned: dict[str, str] = {}  # id -> type, of attempts without a Created
        self._unexpected: dict[str, str] = {}  # id -> type, of observations without a Created
        self._read_back = False
        self.rows: tuple[Row, ...] = ()
        self.total = Row("total")

    def feed(self, op: Op) -> None:
        """Follows one op."""
        if isinstance(op, Invoke):
            self._invoked(op)
        elif isinstance(op, Done):
            self._done(op)
        elif isinstance(op, Withheld):
            if (found := self._tracks.get(op.id)) is not None:
                found.withhold(op)
            else:
                self._unplanned.setdefault(op.id, "")
        elif isinstance(op, Unread):
            self._unread(op)
        else:
            self._lives.feed(op)
            if isinstance(op, Created):
                self._created(op)
            elif isinstance(op, Ended):
                self._latest.pop(op.phone, None)
                for held in op.held:
                    if (found := self._tracks.get(held)) is not None:
                        found.held = True
                    else:
                        self._unplanned.setdefault(held, "")
            elif isinstance(op, Started):
                self._owners[op.ecid] = op.phone

    def observe(self, received: Iterable[Received] | None) -> None:
        """Compares with all that the receiver says it has; None where it could not be asked."""
        if received is None:
            return
        self._read_back = True
        for one in received:
            found = self._tracks.get(one.id)
            if found is None:
                self._unexpected.setdefault(one.id, one.type)
                continue
            found.seen += 1
            if not one.good:
                if not found.seen_bad and not found.bad:
                    reasons = "; ".join(one.reasons) or "no reason given"
                    self._convict("refused", one.id, found, f"was refused by the receiver's validation: {reasons}")
                found.seen_bad += 1
            elif one.type != found.type:
                self._convict("altered", one.id, found, f"is stored as {one.type}")
            # A phone may get a new ECID on the way (a reset); another phone's it must not have.
            if self._owners.get(one.phone_ecid, found.phone) != found.phone and not found.deliberate:
                owner = self._owners[one.phone_ecid]
                self._convict("altered", one.id, found, f"is stored under the ECID of phone {owner}")

    def close(self) -> Check:
        """Puts every event into its class and says what that means."""
        for id, found in self._tracks.items():
            self._settle(id, found)
        for id, type in self._unexpected.items():
            counts = self._count(type)
            counts["unexpected"] += 1
            counts["unexplained"] += 1
            message = f"{id} ({type or 'no type'}) is stored and no phone created it"
            self._findings.add("invalid", "unexpected", message, events=(id,))
        for id in self._unplanned:
            counts = self._count("")
            counts["unplanned"] += 1
            counts["unexplained"] += 1
            message = f"{id} was sent, acknowledged, withheld or held, and no phone created it"
            self._findings.add("invalid", "unplanned", message, events=(id,))
        self.rows = tuple(self._row(type, counts) for type, counts in sorted(self._counts.items()))
        total = sum(self._counts.values(), Counter[str]())
        self.total = self._row("total", total)
        self._say_classes(self.total)
        unread = () if self._read_back else _UNREAD_NAMES
        facts = {
            name: total[name] for name in Row.__struct_fields__ if name not in ("type", *unread)
        } | self._lives.close()
        return self._findings.check(self.name, facts)

    def _created(self, op: Created) -> None:
        if op.id in self._tracks:
            message = f"{op.id} ({op.type}) was created twice: its id tells two events apart no more"
            self._findings.add("invalid", "created-twice", message, events=(op.id,), phone=op.phone)
            return
        self._tracks[op.id] = track(op)

    def _invoked(self, op: Invoke) -> None:
        found = self._tracks.get(op.id)
        latest = self._latest.get(op.phone)
        if found is not None and found.elsewhere:
            pass  # of what another system sends nothing is left unread when the phone's app dies
        elif latest is not None and latest[0] == op.request:
            latest[1].append(op.id)
        else:
            self._latest[op.phone] = op.request, [op.id]
        if found is None:
            self._unplanned.setdefault(op.id, "")
            return
        was_sent_withheld = found.sent_withheld
        found.invoked()
        if found.sent_withheld and not was_sent_withheld:
            self._convict("sent-withheld", op.id, found, f"was sent although withheld ({found.withheld})")

    def _unread(self, op: Unread) -> None:
        found = self._tracks.get(op.id)
        if found is None:
            self._unplanned.setdefault(op.id, "")
            return
        request, events = self._latest.get(op.phone, ("", []))
        if op.request != request or op.id not in events:
            # Such a line is no excuse for a second copy: only the answer to a request that was sent can be left unread.
            what = f"left an answer unread that it was not waiting for (request {op.request})"
            self._convict("unread-unsent", op.id, found, what)
            return
        events.remove(op.id)  # an answer is left unread once
        found.left_unread()
        self._why_given_up.pop(op.id, None)

    def _done(self, op: Done) -> None:
        found = self._tracks.get(op.id)
        if found is None:
            self._unplanned.setdefault(op.id, "")
            return
        found.done(op)
        if found.oks + found.fails + found.infos > found.invokes:
            what = f"was answered more often than it was sent (request {op.request})"
            self._convict("answered-unsent", op.id, found, what)
        if found.given_up:
            self._why_given_up.setdefault(op.id, f"status {op.status} {op.why}".strip() if op.status else op.why)

    def _settle(self, id: str, found: Track) -> None:
        counts = self._count(found.type)
        counts["planned"] += 1
        counts["sent"] += found.invokes > 0
        counts["acknowledged"] += found.oks > 0
        its = standing(found, phone_ended=self._lives.has_ended(found.phone), read_back=self._read_back)
        counts[its] += 1
        if its == "stored":
            self._settle_stored(id, found, counts)
        elif its == "lost":
            counts["unexplained"] += 1
            self._convict("lost", id, found, "was acknowledged and is not stored: lost")
        elif its == "dropped" and not found.deliberate:
            why = self._why_given_up.get(id) or "no reason given"
            self._convict("dropped", id, found, f"was given up by the SDK and is not stored ({why})")
        elif its == "withheld":
            self._why_withheld[found.withheld] += 1
        elif its == "unexplained":
            what = f"was sent {several(found.invokes, 'time')}" if found.invokes else "was never sent"
            self._convict("unexplained", id, found, f"{what}, is not stored, and nothing says why")

    def _settle_stored(self, id: str, found: Track, counts: Counter[str]) -> None:
        counts["bad" if found.seen_bad else "good"] += 1
        counts["recovered"] += not found.oks
        if found.bad and found.seen_bad < found.seen:
            self._convict("bad-accepted", id, found, "was meant to be refused and is stored as good")
        if found.seen > 1:
            counts["duplicated"] += 1
            if not found.duplicates_explained():
                counts["twice_unexplained"] += 1
                counts["unexplained"] += 1
                tried = several(found.invokes, "attempt") + (f", {found.unread} unread," if found.unread else "")
                what = f"is stored {found.seen} times, which its {tried} cannot explain"
                self._convict("duplicated", id, found, what)
        if not found.invokes:
            counts["unexpected"] += 1
            counts["unexplained"] += 1
            self._convict("unexpected", id, found, "is stored and was never sent")
        elif found.fails == found.invokes and found.seen > found.seen_bad and not found.deliberate:
            counts["contradicted"] += 1
            counts["unexplained"] += 1
            what = "is stored although each attempt was answered with a definite no"
            self._convict("contradicted", id, found, what)

    def _convict(self, kind: str, id: str, found: Track, what: str) -> None:
        self._findings.add("invalid", kind, f"{_event(id, found)} {what}", events=(id,), phone=found.phone)

    def _say_classes(self, total: Row) -> None:
        if not total.planned:
            self._findings.add("unknown", "empty", "no phone created an event: nothing was tried, so nothing is known")
        if total.withheld:
            whys = "; ".join(f"{why} ({count})" for why, count in sorted(self._why_withheld.items()))
            message = f"the SDK's rules withheld {several(total.withheld, 'event')}: {whys}"
            self._findings.add("valid", "withheld", message)
            if total.withheld == total.planned and not total.sent:
                message = "every event was withheld and nothing was sent, so the way to the receiver was not tried"
                self._findings.add("unknown", "vacuous", message)
        if not self._read_back:
            message = (
                "what the receiver has stored is not known, because it could not be asked: "
                f"{several(total.acknowledged, 'acknowledged event')} may be there or not, once or twice, good or bad"
            )
            self._findings.add("unknown", "not-read-back", message)
        # without a read-back nobody can say that they are not stored
        nor_stored = ", and did not reach the receiver's store" if self._read_back else ""
        if total.held:
            what = several(total.held, "event")
            message = f"{what} stayed in the hit queue until the phone's end and will never be sent"
            self._findings.add("unknown", "held", message)
        if total.abandoned:
            what = several(total.abandoned, "event")
            message = f"{what} belonged to abandoned phones, whose end nobody saw{nor_stored}"
            self._findings.add("unknown", "of-abandoned", message)
        if total.in_doubt:
            what = several(total.in_doubt, "event")
            message = f"{what} left and never got an answer that decides{nor_stored}: still in doubt"
            self._findings.add("unknown", "in-doubt", message)

    def _count(self, type: str) -> Counter[str]:
        counts = self._counts.get(type)
        if counts is None:
            counts = self._counts[type] = Counter()
        return counts

    def _row(self, type: str, counts: Counter[str]) -> Row:
        unread = () if self._read_back else ("stored", "good", "bad")
        names = [name for name in Row.__struct_fields__ if name != "type" and name not in unread]
        return Row(type, **{name: counts[name] for name in names})


def _event(id: str, found: Track) -> str:
    return f"{id} ({found.type} of phone {found.phone})"


def delivered(ops: Iterable[Op], received: Iterable[Received] | None, *, run: str = "") -> Check:
    """Whether everything that was planned is stored once, good, or explained. `received` is None where the receiver
    could not be asked: then the answer is at best unknown."""
    checker = Delivered(run)
    for op in ops:
        checker.feed(op)
    checker.observe(received)
    return checker.close()
