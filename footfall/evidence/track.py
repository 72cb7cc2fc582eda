"""What became of one event: the attempts, the observations, and the one class they put it into."""

from __future__ import annotations

import sys
from typing import Literal

import msgspec

from footfall.evidence.ops import Created, Done

Standing = Literal["stored", "unread", "lost", "dropped", "held", "abandoned", "in_doubt", "unexplained"]


class Track(msgspec.Struct, gc=False):
    """One planned event on its way. Small, because a run has one for each of its events."""

    type: str
    phone: int
    bad: bool  # the plan means it to be refused by validation
    faulted: bool  # a deliberate fault touched it
    invokes: int = 0
    oks: int = 0
    fails: int = 0
    infos: int = 0
    given_up: bool = False  # the SDK took it out of its queue without an ok
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

    def done(self, op: Done) -> None:
        """An attempt ended."""
        if op.outcome == "ok":
            self.oks += 1
        elif op.outcome == "fail":
            self.fails += 1
        else:
            self.infos += 1
        # A 207 can be final for the SDK and yet refuse this event: done, fail. Nothing will send it again.
        if op.next == "drop" or (op.next == "done" and op.outcome == "fail"):
            self.given_up = True

    def duplicates_explained(self) -> bool:
        """Whether being stored `seen` times is what at-least-once delivery does: some attempt's fate was unknown, so
        it was rightly repeated, and there were attempts enough. A failed attempt definitely stored nothing."""
        return self.maybe_stored > 0 and self.seen <= self.invokes - self.fails


def track(created: Created) -> Track:
    """The way of an event that was just created."""
    return Track(type=sys.intern(created.type), phone=created.phone, bad=created.bad, faulted=bool(created.fault))


def standing(track: Track, *, phone_ended: bool, read_back: bool) -> Standing:
    """The one class an event belongs to when everything is over. The first that fits, in this order:

    - stored: the receiver has it
    - lost: acknowledged, and the receiver does not have it (unread: nobody could ask the receiver)
    - dropped: the SDK gave it up, as its rules say (4xx, 500)
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
    if track.held:
        return "held"
    if not phone_ended:
        return "abandoned"
    if track.maybe_stored:
        return "in_doubt"
    return "unexplained"
