"""What goes into the journeys and what comes out of them: happenings and people in, steps and messages out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from footfall.platform.journeys.types import Channel

StepKind = Literal[
    "entered",  # the entry event started an instance
    "node",  # the person reached a node, or went through it
    "awaited",  # an event that the node listened for came
    "timeout",  # it did not come in time
    "sent",  # an action made a message
    "excluded",  # the person has no address or device for an action, and goes on without
    "failed",  # an action or a condition failed
    "reacted",  # the person opened or clicked
    "exited",  # taken out by an exit event, the global time-out, or a pause
    "ended",  # came to the end
    "stacked",  # an event was put on the instance's stack
    "discarded",  # an event or a person was not taken; `code` says why
]


class Happening(msgspec.Struct, frozen=True):
    """One event as the journeys see it: valid, and part of the lake. `xdm` is the event merged with what its request
    shared; `at_ms` when it was received by the clock of its run (epoch); `id` its `_id`."""

    id: str
    type: str
    at_ms: int
    xdm: Mapping[str, Any]


class PushToken(msgspec.Struct, frozen=True):
    """A device of a person to which push can be sent. `provider` is apns, apnsSandbox or fcm."""

    ecid: str
    token: str
    app: str
    provider: str


class Person(Protocol):
    """A profile as journeys read it."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The profile's attributes, as the JSON of an XDM Individual Profile."""
        ...

    @property
    def identities(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of its graph, by namespace."""
        ...

    @property
    def tokens(self) -> tuple[PushToken, ...]:
        """Its devices that take push."""
        ...

    @property
    def is_test(self) -> bool:
        """Whether it is a test profile."""
        ...


class People(Protocol):
    """Where journeys find a profile."""

    def find(self, namespace: str, id: str) -> Person | None:
        """The profile that this identity belongs to, None if there is none (yet)."""
        ...


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that a journey decided, and why: a line of `journey_step_events`. `instance` is "" for discards, which
    have a `code`. `key` is the identity's id. `event` is the `_id` of the event that caused it, `message` the id of the
    message that it is about, `why` a sentence for people."""

    at_ms: int
    journey: str
    kind: StepKind
    key: str = ""
    instance: str = ""
    node: str = ""
    event: str = ""
    code: str = ""
    message: str = ""
    next: str = ""
    why: str = ""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action made. `id` is derived from the instance, node and device, and never given twice. `to` is where it
    goes: the push token, the e-mail address, the number, the URL, or the ECID of a proposition. `content` is the JSON
    object of the channel: title, body, link, buttons; subject, body; the proposition's content; the webhook's body.
    `event` is the `_id` of the event that the person entered with, `tracking` the JSON object that the device gives
    back when it tells what became of the message: of a push the `mixins` of the notification's `_xdm`
    (`_experience.customerJourneyManagement`), of a proposition its `scopeDetails`; empty where nothing comes back.
    `provider` and `app` are push's, `surface` a proposition's, `ecid` the device of both."""

    id: str
    journey: str
    node: str
    instance: str
    key: str
    channel: Channel
    to: str
    at_ms: int
    content: msgspec.Raw
    event: str = ""
    tracking: msgspec.Raw = msgspec.Raw(b"{}")
    provider: str = ""
    app: str = ""
    ecid: str = ""
    surface: str = ""
    timeout_ms: int = 0


class Instance(msgspec.Struct, omit_defaults=True):
    """One person in one journey: everything that must survive a restart. Changed by the engine only.

    `namespace` and `key` are the identity that it goes by. `node` is where the person stands, since `since_ms`, and
    `visits` how many nodes they came to, which numbers what is drawn by chance and makes the ids of messages differ;
    `wake_ms` is when time moves them on, 0 for never. `busy`: an action is under way, and `stack` what happens
    meanwhile, each with the id of the message that it is a reaction to, or ""; `answer` what a webhook was answered
    while the journey was paused, "" for nothing yet. `events` are the payloads of the journey's events that this person
    met last, by the event's name, `event` the `_id` of the one that they entered with. `messages` are the ids of the
    last action's. When it is `over`, `why` says how it ended, in words."""

    id: str
    journey: str
    namespace: str
    key: str
    supplemental: str
    event: str
    node: str
    entered_ms: int
    since_ms: int
    wake_ms: int = 0
    visits: int = 0
    busy: bool = False
    answer: str = ""
    events: dict[str, Any] = {}
    stack: list[tuple[str, Happening]] = []
    messages: list[str] = []
    over: bool = False
    why: str = ""


Effect = Step | Message
