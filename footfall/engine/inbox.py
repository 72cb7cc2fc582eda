"""What one customer does about the messages that reach their phone, in order of time: signals for the phone, beside
those of the plan.

A tap opens the app where it is not open. Such a visit is over after a look, unless the plan opens the app meanwhile:
then it is the plan's from there on, and the phone hears of one start only.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf

import msgspec

from footfall.engine.attention import Attention, Decision, Notification
from footfall.phone.signals import Backgrounded, Foregrounded, PushReacted, Reacted, Signal, Upgraded
from footfall.xdm.messaging import PushMessage

RESTS_ON_MESSAGES = frozenset({"application.launch", "application.close", "personalization.request"})
"""What the app tells of its sessions: a message that opens the app between two of the plan's changes when it does, so
that these events rest on replies where messages can come."""


RENDER_MS = 1_500  # between the answer and what is on the screen: our own guess
TOUCHED = ("open", "Open")
"""The id and label of what an in-app message is touched for."""


class _React(msgspec.Struct, frozen=True):
    """To do what was decided about a message."""

    message: PushMessage
    decision: Decision


class _Leave(msgspec.Struct, frozen=True):
    """To put the app away again that the message has opened."""

    message: PushMessage


class _Show(msgspec.Struct, frozen=True):
    """To see, where the app is open then, what it was offered to show."""

    proposition: str


class _Touch(msgspec.Struct, frozen=True):
    """To touch what the app shows, or to put it away."""

    proposition: str
    decision: Decision


_Intent = _React | _Leave | _Show | _Touch


class Inbox:
    """One customer's. Without `attention` nobody looks at what comes. `due_ms` (virtual) is when the customer does the
    next thing."""

    __slots__ = ("_attention", "_in_front", "_intended", "_intents", "_opened_by", "_shown", "due_ms")

    def __init__(self, attention: Attention | None) -> None:
        self._attention = attention
        self._in_front = False
        self._opened_by = ""  # the message because of which the app is in front; "" where the plan opened it
        self._intended = 0  # breaks ties
        self._intents: list[tuple[int, int, _Intent]] = []
        self._shown: set[str] = set()  # propositions that were seen, or are about to be
        self.due_ms: float = inf

    def take(self, notification: Notification, now_ms: int) -> tuple[int, Decision] | None:
        """A notification reaches the phone now: when it did, and what the customer is going to do about it."""
        if self._attention is None:
            return None
        decision = self._attention.decide(notification.buttons)
        # a phone that slow answers hold back lags behind whoever sent it, and nothing comes before it was sent
        at_ms = max(now_ms, notification.sent_ms)
        if decision.what != "ignore":
            self._intend(at_ms + decision.after_ms, _React(notification.message, decision))
        return at_ms, decision

    def offered(self, propositions: list[str], now_ms: int) -> None:
        """These propositions reached the app, perhaps again: Edge repeats them until they were shown."""
        for proposition in propositions:
            if self._attention is not None and proposition not in self._shown:
                self._shown.add(proposition)
                self._intend(now_ms + RENDER_MS, _Show(proposition))

    def act(self, now_ms: int) -> tuple[str, list[Signal]]:
        """What is due is done: the id of the message that it is about, and what the phone hears of it."""
        intent = heappop(self._intents)[2]
        self.due_ms = self._intents[0][0] if self._intents else inf
        if isinstance(intent, _Show | _Touch):
            return intent.proposition, self._in_app(intent, now_ms)
        message = intent.message
        if isinstance(intent, _Leave):
            return message.id, self.put_away() if self._opened_by == message.id else []
        decision = intent.decision
        opens = decision.what in ("open", "button")
        told: list[Signal] = [PushReacted(message, decision.action, opens)]
        if opens and not self._in_front:
            self._in_front, self._opened_by = True, message.id
            self._intend(now_ms + decision.stays_ms, _Leave(message))
            told.insert(0, Foregrounded())
        return message.id, told

    def _in_app(self, intent: _Show | _Touch, now_ms: int) -> list[Signal]:
        ids = (intent.proposition,)
        if not self._in_front or self._attention is None:
            if isinstance(intent, _Show):
                self._shown.discard(intent.proposition)  # nobody has seen it: the next time then
            return []
        if isinstance(intent, _Show):
            decision = self._attention.look()
            self._intend(now_ms + decision.after_ms, _Touch(intent.proposition, decision))
            return [Reacted("display", ids)]
        if intent.decision.what == "dismiss":
            return [Reacted("dismiss", ids)]
        return [Reacted("interact", ids, TOUCHED)]

    def follow(self, planned: Signal) -> list[Signal]:
        """What the phone hears of a signal of the plan."""
        if isinstance(planned, Foregrounded):
            if self._opened_by:
                self._opened_by = ""
                return []
            self._in_front = True
        elif isinstance(planned, Backgrounded):
            self._in_front = False
        elif isinstance(planned, Upgraded):
            return [*self.put_away(), planned]  # stores update apps that are not in use
        return [planned]

    def put_away(self) -> list[Signal]:
        """The app that a message has opened goes to the background."""
        if not self._opened_by:
            return []
        self._opened_by, self._in_front = "", False
        return [Backgrounded()]

    def close(self) -> list[Signal]:
        """Nobody looks at the phone any more: what was intended is not done."""
        self._attention = None
        self._intents.clear()
        self.due_ms = inf
        return self.put_away()

    def _intend(self, at_ms: int, intent: _Intent) -> None:
        self._intended += 1
        heappush(self._intents, (at_ms, self._intended, intent))
        self.due_ms = self._intents[0][0]
