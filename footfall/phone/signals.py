"""What can happen to a phone, and what it then wants done. All times are virtual milliseconds since the run's start."""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.world.geo import Leg
from footfall.xdm.build import CartLine, CommerceKind, ExperienceEvent, OrderRef


class Reply(msgspec.Struct, frozen=True):
    """What came back for a request: an HTTP answer, or status 0 and the transport's failure.

    `failure`: `refused` (no connection, nothing was written), `unreachable` (no such host), `timeout`, `reset`
    (written, then the connection broke; whether the server took it is unknown).
    """

    status: int
    body: bytes = b""
    retry_after: str | None = None
    failure: Literal["", "refused", "unreachable", "timeout", "reset"] = ""


class Foregrounded(msgspec.Struct, frozen=True):
    """The customer opens the app."""


class Backgrounded(msgspec.Struct, frozen=True):
    """The app goes to the background."""


class LoggedIn(msgspec.Struct, frozen=True):
    """The customer logs in with this e-mail address."""

    email: str


class Moved(msgspec.Struct, frozen=True):
    """The phone begins a leg now."""

    leg: Leg


class Did(msgspec.Struct, frozen=True):
    """The customer did something in the shop that the app tells Edge."""

    kind: CommerceKind
    lines: tuple[CartLine, ...]
    order: OrderRef | None = None


class Replied(msgspec.Struct, frozen=True):
    """The answer to the request with this id."""

    request_id: str
    reply: Reply


class Due(msgspec.Struct, frozen=True):
    """The time that the last WakeAt asked for has come."""


Signal = Foregrounded | Backgrounded | LoggedIn | Moved | Did | Replied | Due


class Request(msgspec.Struct, frozen=True):
    """One HTTP request as the SDK makes it. `headers` are ready lines with CRLF; Host and Content-Length are the
    transport's. `name` is what statistics call it: the eventType, or the service asked."""

    id: str
    channel: Literal["edge", "places"]
    method: Literal["POST", "GET"]
    target: str
    headers: bytes
    body: bytes
    name: str
    event_id: str = ""
    attempt: int = 1


class Made(msgspec.Struct, frozen=True):
    """The phone's n-th ExperienceEvent was made and queued, with its timestamp in virtual time and the identityMap
    that is frozen into it."""

    n: int
    event_id: str
    at_ms: int
    event: ExperienceEvent
    identities: bytes


class Send(msgspec.Struct, frozen=True):
    """Send this now; the answer comes back as Replied."""

    request: Request


class WakeAt(msgspec.Struct, frozen=True):
    """Feed Due at this time. Replaces the WakeAt before."""

    at_ms: int


class StartedInside(msgspec.Struct, frozen=True):
    """The OS began to monitor a region that the phone was in already; it will report no entry."""

    poi_id: str


class IgnoredCrossing(msgspec.Struct, frozen=True):
    """The OS reported a crossing of which the SDK made no event."""

    poi_id: str
    kind: Literal["entry", "exit"]
    why: str


Effect = Made | Send | WakeAt | StartedInside | IgnoredCrossing
