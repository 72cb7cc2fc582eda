"""What became of one event: the attempts, the observations, and the one class they put it into."""

from __future__ import annotations

import sys
from typing import Literal

import msgspec

from footfall.evidence.ops import Created, Done, Withheld

Standing = Literal["stored", "unread", "lost", "dropped", "withheld", "held", "abandoned", "in_doubt", "unexplained"]


class Track(msgspec.Struct, gc=False):
    """One planned event on its way. Small, because a run has one for each of its events."""

    type: str
    phone: int
    bad: bool  # the plan means it to be refused by validation
    faulted: bool  # a deliberate fault touched it
    elsewhere: bool = False  # another system than the phone made it, and sends it
    invokes: int = 0
    oks: int = 0
    fails: int = 0
    infos: int = 0
    unread: int = 0  # attempts whose answer the app's process did not live to read
    unread_oks: int = 0  # those of them that were acknowledged
    latest: Literal["", "ok", "fail", "info", "unread"] = ""  # what is known of the latest attempt
    given_up: bool = False  # the SDK took it out of its queue without an ok
    withheld: str = ""  # why the SDK's rules keep it from being sent
    sent_withheld: bool = False  # an attempt began after that
    held: bool = False
    seen: int = 0
    seen_bad: int = 0

    @property
    def deliberate(self) -> bool:
        """Whether the plan had something wrong in mind for this event, so that something wrong is no surprise."""
        return self.bad or self.faulted

    @property
    def maybe_stored(self) -> int:
        """Attempts that may have stored it although nobody acknowledged them: info, or without an outcome."""
        return self.invokes - self.oks - self.fails

    def invoked(self) -> None:
        """An attempt began."""
        self.invokes += 1
        self.latest = ""
        self.sent_withheld = self.sent_withheld or bool(self.withheld)

    def done(self, op: Done) -> None:
        """An attempt ended."""
        if op.outcome == "ok":
            self.oks += 1
        elif op.outcome == "fail":
            self.fails += 1
        else:
            self.infos += 1
        if self.latest == "unread":  # whatever the answer would have made of the hit, nobody was there to do it
            self.unread_oks += op.outcome == "ok"
            return
        self.latest = op.outcome
        # A 207 can be final for the SDK and yet refuse this event: done, fail. Nothing will send it again.
        if op.next == "drop" or (op.next == "done" and op.outcome == "fail"):
            self.given_up = True

    def left_unread(self) -> None:
        """The app died before it read the answer to the latest attempt: the hit is in its queue as if unanswered."""
        self.unread += 1
        self.unread_oks += self.latest == "ok"
        self.latest = "unread"
        self.given_up = False

    def withhold(self, op: Withheld) -> None:
        """The SDK's rules keep the event from being sent. The first reason stays."""
        self.withheld = self.withheld or sys.intern(op.why or "no reason given")

    def duplicates_explained(self) -> bool:
        """Whether being stored `seen` times is what at-least-once delivery does.

        One copy needs no reason. Each further one needs an attempt that may have stored the event and was rightly
        repeated, because the phone did not learn that it had: its fate was unknown, or it was acknowledged and the
        answer left unread. (An unread answer of unknown fate is one reason and not two; an unread no is none.) And no
        attempt stores twice: there are no more copies than attempts, less those that definitely stored nothing.
        """
        reasons = self.maybe_stored + self.unread_oks
        return self.seen - 1 <= reasons and self.seen <= self.invokes - self.fails


def track(created: Created) -> Track:
    """The way of an event that was just created."""
    return Track(
        type=sys.intern(created.type),
        phone=created.phone,
        bad=created.bad,
        faulted=bool(created.fault),
        elsewhere=bool(created.source),
    )


def standing(track: Track, *, phone_ended: bool, read_back: bool) -> Standing:
    """The one class an event belongs to when everything is over. The first that fits, in this order:

    - stored: the receiver has it
    - lost: acknowledged, and the receiver does not have it (unread: nobody could ask the receiver)
    - dropped: the SDK gave it up, as its rules say (4xx, 500)
    - withheld: the SDK's rules kept it from being sent, or from being sent again (consent, no datastream, app removed)
    - held: still in the hit queue when its phone ended
    - abandoned: its phone has no end, so its fate was never decided
    - in_doubt: sent, never answered, not stored
    - unexplained: none of these. There is no honest way to get here
    """
    if track.seen:
        return "stored"
    if track.oks:
        return "lost" if read_back else "unread"
    if track.given_up and (read_back or not track.maybe_stored):
        return "dropped"
    if track.withheld and (read_back or not track.maybe_stored):
        return "withheld"
    if track.held:
        return "held"
    if not phone_ended:
        return "abandoned"
    if track.maybe_stored:
        return "in_doubt"
    return "unexplained"
