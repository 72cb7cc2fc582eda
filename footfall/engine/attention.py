"""What a customer does about the messages that reach their phone: nothing, a look and a swipe, or a tap.

Drawn from a stream of its own (`seed`, phone), message by message in the order of their arrival, so that messages never
change what the plan draws. How likely somebody taps is a trait of theirs. The shares and times are our own guess: no
published figure that could be carried here tells them apart by person.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.world.streams import Stream, key_of
from footfall.xdm.messaging import DISMISS, PushMessage

LEAST_OPENED, MOST_OPENED = 0.10, 0.60  # the most and the least reluctant of people
DISMISSED = 0.5  # of what is not opened
BUTTON_SHARE = 0.3  # of those who tap a notification with buttons
NOTICED_MEDIAN_S, NOTICED_SIGMA = 45.0, 1.0
LOOK_MEDIAN_S, LOOK_SIGMA = 25.0, 0.6
SEEN_MEDIAN_S, SEEN_SIGMA = 4.0, 0.5
LONGEST_MS = 20 * 60_000

Decided = Literal["open", "button", "dismiss", "ignore"]


class Notification(msgspec.Struct, frozen=True):
    """A push notification as it reaches a phone. `message` is what the SDK is told of it; its id is the platform's
    message id. `buttons` are the action ids of its buttons, `sent_ms` (virtual) is when it was sent."""

    message: PushMessage
    buttons: tuple[str, ...] = ()
    sent_ms: int = 0


class Decision(msgspec.Struct, frozen=True):
    """What the customer does, `after_ms` (virtual) after it arrived, and how long they then stay in the app. `action`
    is the button's id, or DISMISS, None for the notification itself."""

    what: Decided
    after_ms: int = 0
    stays_ms: int = 0
    action: str | None = None


class Attention:
    """One customer's. `openness` is how likely they open what they are sent; `takes_push` whether push is allowed."""

    __slots__ = ("_looks", "_stream", "openness", "takes_push")

    def __init__(self, seed: int, phone: int, takes_push: bool = True) -> None:
        self._stream = Stream(key_of(seed, phone, "attention"))
        self._looks = Stream(key_of(seed, phone, "attention in the app"))
        self.takes_push = takes_push
        # most people open little, some a lot
        self.openness = LEAST_OPENED + (MOST_OPENED - LEAST_OPENED) * self._stream.unit() ** 2

    def decide(self, buttons: tuple[str, ...] = ()) -> Decision:
        """About the next message. The same number of draws whatever comes of it, so that one message more or less with
        buttons does not change the next decision."""
        stream = self._stream
        opened, dismissed, button = stream.unit(), stream.unit(), stream.unit()
        after_ms = _at_most(1000 * stream.lognormal(NOTICED_MEDIAN_S, NOTICED_SIGMA))
        stays_ms = _at_most(1000 * stream.lognormal(LOOK_MEDIAN_S, LOOK_SIGMA))
        if opened < self.openness:
            if buttons and button < BUTTON_SHARE:
                return Decision("button", after_ms, stays_ms, buttons[int(button / BUTTON_SHARE * len(buttons))])
            return Decision("open", after_ms, stays_ms)
        if dismissed < DISMISSED:
            return Decision("dismiss", after_ms, 0, DISMISS)
        return Decision("ignore")

    def look(self) -> Decision:
        """About the next thing that the app itself shows: touched or put away, after a few seconds."""
        touched = self._looks.unit() < self.openness
        after_ms = _at_most(1000 * self._looks.lognormal(SEEN_MEDIAN_S, SEEN_SIGMA))
        return Decision("open" if touched else "dismiss", after_ms)


def _at_most(ms: float) -> int:
    return max(1_000, min(round(ms), LONGEST_MS))
