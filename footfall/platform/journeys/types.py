"""A journey after decoding: which events it listens to, and the graph of nodes that a person walks through.

Durations are in milliseconds of the run's own time. The words are Journey Optimizer's
(https://experienceleague.adobe.com/docs/journey-optimizer/using/orchestrate-journeys/journey.html); where the older
Journey Orchestration differs, the journey's `dialect` says which of the two is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from footfall.platform.journeys.expressions import Expression

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
DAY_MS = 24 * 60 * MINUTE_MS

Dialect = Literal["ajo", "legacy"]
Mode = Literal["live", "test"]
Channel = Literal["push", "in-app", "email", "sms", "webhook"]
Reaction = Literal["opened", "clicked"]

END = "end"
"""The name under which a node's `next` leaves the journey."""


class Limits(msgspec.Struct, frozen=True):
    """What a dialect allows and assumes (experience-platform.md 5.2 to 5.4)."""

    global_timeout_ms: int
    most_wait_ms: int
    most_await_ms: int
    most_reentrance_wait_ms: int
    test_takes_external_events: bool


LIMITS: Mapping[Dialect, Limits] = MappingProxyType(
    {
        "ajo": Limits(91 * DAY_MS, 29 * DAY_MS, 90 * DAY_MS, 91 * DAY_MS, test_takes_external_events=False),
        "legacy": Limits(30 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS, test_takes_external_events=True),
    }
)
LEAST_REACTION_MS = 40 * SECOND_MS
DEFAULT_REENTRANCE_WAIT_MS = 5 * MINUTE_MS
TEST_WAIT_MS = 10 * SECOND_MS
MOST_STACKED = 10
MOST_INSTANCES_OF_A_PROFILE = 10  # with a supplemental identifier
EVENTS_PER_S = 5_000
QUEUE_MS = DAY_MS


class JourneyEvent(msgspec.Struct, frozen=True):
    """What a journey calls an event: either a rule over the payload (`when`), or the id that Journey Optimizer
    generated (`event_id`), which the sender puts into `_experience.campaign.orchestration.eventID`. One of the two is
    set."""

    name: str
    when: Expression | None = None
    event_id: str = ""


class Latency(msgspec.Struct, frozen=True):
    """How long it takes from the event to the first action: lognormal, never more than `most_ms` (Adobe: "may take up
    to 5 minutes"). A median of 0 is none at all."""

    median_ms: int = 0
    sigma: float = 0.0
    most_ms: int = 5 * MINUTE_MS


class Reentrance(msgspec.Struct, frozen=True):
    """Whether a person may enter again, and how long after they entered."""

    allowed: bool = True
    wait_ms: int = DEFAULT_REENTRANCE_WAIT_MS


class Path(msgspec.Struct, frozen=True):
    """One way out of a condition."""

    when: Expression
    next: str


class Condition(msgspec.Struct, frozen=True, tag="condition"):
    """The first path whose condition holds; `otherwise` if none does (END: the person leaves). `on_error`: where who
    cannot be judged goes, "" for out of the journey."""

    paths: tuple[Path, ...]
    otherwise: str = END
    on_error: str = ""


class Split(msgspec.Struct, frozen=True, tag="split"):
    """One of the paths by chance, shares as given (any positive numbers)."""

    shares: tuple[tuple[str, float], ...]


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Stands still for `for_ms`, or until the moment `until_ms` (epoch) where that is above 0."""

    next: str
    for_ms: int = 0
    until_ms: int = 0


class Await(msgspec.Struct, frozen=True, tag="await"):
    """Listens for events, by name, each with the node that it leads to; the first to occur wins. `timeout_ms` 0: for as
    long as the journey lasts. `on_timeout` is where the time-out leads to ("" only where there is no time-out)."""

    events: tuple[tuple[str, str], ...]
    timeout_ms: int = 0
    on_timeout: str = ""


class React(msgspec.Struct, frozen=True, tag="react"):
    """Right after a channel action: listens for what the person does with that message."""

    to: Reaction
    next: str
    timeout_ms: int
    on_timeout: str = END


class Button(msgspec.Struct, frozen=True):
    """One button of a push notification: the action id that comes back as a custom action, and what it says."""

    id: str
    label: str


class Text(msgspec.Struct, frozen=True):
    """A text with what is filled in: `Hello {{profile.person.name.firstName}}` is ("Hello ", expression, "")."""

    parts: tuple[str | Expression, ...]


class Push(msgspec.Struct, frozen=True, tag="push"):
    """A push notification to every device of the person that has given its token."""

    next: str
    title: Text
    body: Text
    link: str = ""
    buttons: tuple[Button, ...] = ()
    on_error: str = ""


class InApp(msgspec.Struct, frozen=True, tag="in-app"):
    """A proposition for `surface` (a path below the app's own, "" for the app's) in the next Edge answer to a device of
    the person that asks for that surface; `content` is the item's JSON object."""

    next: str
    content: msgspec.Raw
    surface: str = ""
    on_error: str = ""


class Email(msgspec.Struct, frozen=True, tag="email"):
    """Recorded, never sent: to the profile's address."""

    next: str
    subject: Text
    body: Text
    on_error: str = ""


class Sms(msgspec.Struct, frozen=True, tag="sms"):
    """Recorded, never sent: to the profile's mobile number."""

    next: str
    body: Text
    on_error: str = ""


class Webhook(msgspec.Struct, frozen=True, tag="webhook"):
    """A custom action: POST `body` to `url` (loopback only). Tried again three times on every error but 401, 403 and
    404 (Adobe's guardrails); then the person leaves, or goes `on_error`."""

    next: str
    url: str
    body: Text
    timeout_ms: int = 30 * SECOND_MS
    on_error: str = ""


Action = Push | InApp | Email | Sms | Webhook
Node = Condition | Split | Wait | Await | React | Push | InApp | Email | Sms | Webhook


class Journey(msgspec.Struct, frozen=True):
    """One journey file. `entry` is the event that starts it, `first` the node that comes after. `namespace` is the
    identity that keys it: "" takes the event's primary identity. `supplemental` is the path of a field of the entry
    event, each value of which (a cart, a booking) may have an instance of its own; "" for none. `exits` are events that
    take a person out wherever they are. `remarks` are for readers."""

    name: str
    entry: str
    first: str
    events: tuple[JourneyEvent, ...]
    nodes: tuple[tuple[str, Node], ...]
    dialect: Dialect = "ajo"
    version: int = 1
    namespace: str = ""
    supplemental: str = ""
    reentrance: Reentrance = Reentrance()
    timeout_ms: int = 91 * DAY_MS
    exits: tuple[str, ...] = ()
    latency: Latency = Latency()
    mode: Mode = "live"
    paused: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def version_id(self) -> str:
        """What stands in tracking data and step events as the journey's version."""
        return f"{self.name}.v{self.version}"


def nexts(node: Node) -> tuple[str, ...]:
    """The names of all nodes that one may lead to, END among them where it ends the journey."""
    match node:
        case Condition(paths, otherwise, on_error):
            found = [*(path.next for path in paths), otherwise, on_error]
        case Split(shares):
            found = [name for name, _ in shares]
        case Await(events, _, on_timeout):
            found = [*(name for _, name in events), on_timeout]
        case React():
            found = [node.next, node.on_timeout]
        case Wait():
            found = [node.next]
        case _:
            found = [node.next, node.on_error]
    return tuple(dict.fromkeys(name for name in found if name))
