"""What can happen to a phone, and what it then wants done. All times are virtual milliseconds since the run's start."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from footfall.phone.config import Collect
from footfall.world.geo import Leg
from footfall.xdm.commerce import CartLine, CommerceKind, OrderRef
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.messaging import Proposition, PushMessage

Channel = Literal["edge", "places", "inlet"]
"""What a request is for: the Edge Network, the Places Query Service, streaming ingestion."""


class Reply(msgspec.Struct, frozen=True):
    """What came back for a request: an HTTP answer, or status 0 and the transport's failure.

    `failure`: `refused` (no connection, nothing was written), `unreachable` (no such host), `timeout`, `reset`
    (written, then the connection broke; whether the server took it is unknown). `again`: whoever carries the phone's
    events tries again, though the SDK would give up. `each`: where whoever carries them knows of each of the request's
    events by itself, what became of each, in their order; Edge never does.
    """

    status: int
    body: bytes = b""
    retry_after: str | None = None
    failure: Literal["", "refused", "unreachable", "timeout", "reset"] = ""
    again: bool = False
    each: tuple[Reply, ...] = ()


# What the customer does with the phone and the app


class Foregrounded(msgspec.Struct, frozen=True):
    """The customer opens the app. `context`: additionalContextData that the app hands to lifecycleStart."""

    context: tuple[tuple[str, str], ...] = ()


class Backgrounded(msgspec.Struct, frozen=True):
    """The app goes to the background."""


class LoggedIn(msgspec.Struct, frozen=True):
    """The customer logs in with this e-mail address and, where the shop has one, customer id."""

    email: str
    crm_id: str = ""


class LoggedOut(msgspec.Struct, frozen=True):
    """The customer logs out: the app removes the identities that it gave at login."""


class Consented(msgspec.Struct, frozen=True):
    """The customer decides whether data may be collected."""

    collect: Collect


class Authorized(msgspec.Struct, frozen=True):
    """The customer decides what the app may know of the phone's place. Regions are monitored only with `always` and
    full accuracy; nearby places are asked for with `wheninuse` too."""

    status: Literal["always", "wheninuse", "denied", "restricted", "unknown"]
    accuracy: Literal["full", "reduced"] = "full"


class Moved(msgspec.Struct, frozen=True):
    """The phone begins a leg now."""

    leg: Leg


class Did(msgspec.Struct, frozen=True):
    """The customer did something in the shop that the app tells Edge."""

    kind: CommerceKind
    lines: tuple[CartLine, ...]
    order: OrderRef | None = None


class Saw(msgspec.Struct, frozen=True):
    """The app shows a screen."""

    screen: str


class Tapped(msgspec.Struct, frozen=True):
    """The customer taps something that the app tells Edge by this name."""

    name: str


class Earned(msgspec.Struct, frozen=True):
    """Loyalty points are credited: so many, which makes this balance; `reached` is the threshold passed by it."""

    points: int
    balance: int
    reached: int | None = None


class PushReacted(msgspec.Struct, frozen=True):
    """The customer does something about a notification: taps it (`action` None) or one of its buttons, which opens the
    app or does not; dismissing it is the action `Dismiss`."""

    message: PushMessage
    action: str | None = None
    opened: bool = True


class Reacted(msgspec.Struct, frozen=True):
    """What became of a proposition that reached the app: shown, tapped (`action`: its id and label), put away. `tokens`
    name the parts of an item that were meant."""

    what: Literal["display", "interact", "dismiss", "trigger", "suppressDisplay", "disqualify"]
    proposition_ids: tuple[str, ...]
    action: tuple[str, str] | None = None
    reason: str = ""
    tokens: tuple[str, ...] = ()


# What the app and the OS do without the customer


class Called(msgspec.Struct, frozen=True):
    """The app calls Edge.sendEvent with data of its own making: `xdm`, and beside it `data`, `query`, `datasetId`,
    `config`, `request` and what else it likes (see request_data)."""

    data: dict[str, Any]


class Identified(msgspec.Struct, frozen=True):
    """The app calls Identity.updateIdentities with one identity."""

    namespace: str
    id: str
    state: Literal["ambiguous", "authenticated", "loggedOut"] = "ambiguous"
    primary: bool = False


class Forgot(msgspec.Struct, frozen=True):
    """The app calls Identity.removeIdentity."""

    namespace: str
    id: str


class AdvertisingIdSet(msgspec.Struct, frozen=True):
    """The app calls setAdvertisingIdentifier; empty or all zeros where the customer forbids it."""

    id: str


class IdentitiesReset(msgspec.Struct, frozen=True):
    """The app calls resetIdentities."""


class PushTokenSet(msgspec.Struct, frozen=True):
    """The OS gives the app a push token, which the app hands to the SDK."""

    token: str


class SurfacesAsked(msgspec.Struct, frozen=True):
    """The app calls Messaging.updatePropositionsForSurfaces with these paths below its own surface."""

    paths: tuple[str, ...] = ()


class RegionReported(msgspec.Struct, frozen=True):
    """The app's own monitor calls Places.processRegionEvent, whatever the phone's position."""

    kind: Literal["entry", "exit"]
    poi_id: str


class PlacesCleared(msgspec.Struct, frozen=True):
    """The app calls Places.clear."""


class PrivacySet(msgspec.Struct, frozen=True):
    """The app calls setPrivacyStatus: `global.privacy`, which Places heeds and Edge does not."""

    status: Literal["optedin", "optedout", "unknown"]


class HintSet(msgspec.Struct, frozen=True):
    """The app calls Edge.setLocationHint, say with the hint of a web view; empty clears it."""

    hint: str


class AssuranceSet(msgspec.Struct, frozen=True):
    """An Assurance session begins; an empty id ends it."""

    integration_id: str


class Killed(msgspec.Struct, frozen=True):
    """The app's process dies, by a crash, the customer or the OS. What the SDK has persisted stays."""


class Rebooted(msgspec.Struct, frozen=True):
    """The phone is switched off and on again. Android forgets the regions that it monitored."""


class Upgraded(msgspec.Struct, frozen=True):
    """The store puts another version of the app on the phone; its process dies."""

    version: str


class Reinstalled(msgspec.Struct, frozen=True):
    """The app is removed with all its data and installed anew."""


class Replied(msgspec.Struct, frozen=True):
    """The answer to the request with this id."""

    request_id: str
    reply: Reply


class Due(msgspec.Struct, frozen=True):
    """The time that the last WakeAt asked for has come."""


Signal = (
    Foregrounded
    | Backgrounded
    | LoggedIn
    | LoggedOut
    | Consented
    | Authorized
    | Moved
    | Did
    | Saw
    | Tapped
    | Earned
    | PushReacted
    | Reacted
    | Called
    | Identified
    | Forgot
    | AdvertisingIdSet
    | IdentitiesReset
    | PushTokenSet
    | SurfacesAsked
    | RegionReported
    | PlacesCleared
    | PrivacySet
    | HintSet
    | AssuranceSet
    | Killed
    | Rebooted
    | Upgraded
    | Reinstalled
    | Replied
    | Due
)


class Request(msgspec.Struct, frozen=True):
    """One HTTP request as the SDK makes it. `headers` are ready lines with CRLF; Host and Content-Length are the
    transport's. `name` is what statistics call it: the eventType, or the service asked. `event_ids` are the events in
    it, `number` the first one's; a request without events has none. `attempt` counts how often its hit was sent,
    `attempts` how often each of its events was, where it has several. `timeout_s`: to connect, and to read."""

    id: str
    channel: Channel
    method: Literal["POST", "GET"]
    target: str
    headers: bytes
    body: bytes
    name: str
    event_ids: tuple[str, ...] = ()
    number: int = -1
    attempt: int = 1
    attempts: tuple[int, ...] = ()
    timeout_s: float = 5.0


class Made(msgspec.Struct, frozen=True):
    """The phone's n-th ExperienceEvent was made, with its timestamp in virtual time and the identityMap that is frozen
    into it. It is queued, unless a Withheld follows. `extra` says why it is the second one of the same occurrence (a
    tags rule's; forwarded twice), empty for the first."""

    n: int
    event_id: str
    at_ms: int
    event: ExperienceEvent
    identities: bytes
    extra: str = ""


class Withheld(msgspec.Struct, frozen=True):
    """The SDK will not send this event (any more), and why: consent `n`, no datastream, the app removed."""

    event_id: str
    why: str


class Unread(msgspec.Struct, frozen=True):
    """The app's process died while this request was in flight: nobody will read its answer, and its events are sent
    again if the app still has them."""

    request_id: str
    event_ids: tuple[str, ...]


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


class Forgotten(msgspec.Struct, frozen=True):
    """The OS forgot the regions that it monitored (the permission is gone, Android was switched off, the app removed),
    or the app all that it knew of its sessions: what follows does not continue what was before."""

    what: Literal["regions", "app"]


class Offered(msgspec.Struct, frozen=True):
    """Propositions reached the app: what the customer now sees, and may react to."""

    propositions: tuple[Proposition, ...]


Effect = Made | Withheld | Unread | Send | WakeAt | StartedInside | IgnoredCrossing | Forgotten | Offered
