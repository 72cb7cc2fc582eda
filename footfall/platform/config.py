"""What a local platform is set up with: datastreams, inlets, propositions, faults. Values only;
`footfall.live.platform_file` reads them from YAML."""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.platform.messages import Collect

LOCAL_RUN = "local"
LOCAL_ORG = "F00F00000000000000000000@AdobeOrg"
LOCAL_INLET = "f00f" * 16  # an inlet id has 64 hexadecimal digits
LOCAL_PROFILE_INLET = "f00d" * 16
LOCAL_PROFILE_SCHEMA = "https://ns.adobe.com/footfall/schemas/profiles"
LOCAL_SCHEMA = "https://ns.adobe.com/footfall/schemas/mobile-events"
OWN_SCHEMAS = (LOCAL_SCHEMA, LOCAL_PROFILE_SCHEMA)
SCHEMA_WORDS = ("any", "mobile")
LOCAL_DATASET = "f00f00000000000000000001"
LOCAL_FLOW = "00000000-0000-4000-8000-00000000f00f"

Hint = Literal["or2", "va6", "irl1", "ind1", "jpn3", "sgp3", "aus3"]
OfferSchema = Literal["html-content-item", "json-content-item", "ruleset-item"]
InletKind = Literal["xdm", "raw", "profile"]
FailureKey = Literal["statusCode", "status"]
FaultKind = Literal[
    "status",
    "latency",
    "slow-body",
    "reset-before",
    "reset-after",
    "truncated",
    "unframed",
    "wrong-hint",
    "partial-207",
    "expired-token",
]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of the file."""


class RunClock(_Section, frozen=True):
    """The clock of a run that lives faster than life: at the wall time `origin_ms` it showed `anchor_ms` (both epoch
    milliseconds), and since then it has run `speed` times as fast."""

    origin_ms: int
    anchor_ms: int
    speed: float

    def at(self, now_ms: int) -> int:
        """What it shows at this wall time."""
        return self.anchor_ms + round((now_ms - self.origin_ms) * self.speed)


class Offer(_Section, frozen=True):
    """One item of a configured proposition: its schema's last part, and its content as a JSON object."""

    id: str
    schema: OfferSchema
    data: msgspec.Raw


class OfferedProposition(_Section, frozen=True):
    """What Edge answers a personalization query for `scope` (a surface or decision scope) with. `details` is the JSON
    object of its scopeDetails; None: made here."""

    id: str
    scope: str
    items: tuple[Offer, ...]
    activity: str = ""
    details: msgspec.Raw | None = None


class NamedSchema(_Section, frozen=True):
    """What judges the events of the datastreams and inlets that name `id`: a JSON Schema in `file`, a path; or, by one
    of the words of SCHEMA_WORDS, any (any JSON object is good) or mobile (the platform's own). `line` and `column` are
    where the platform file `stated_in` says so: what cannot be read is told there."""

    id: str
    file: str
    stated_in: str = ""
    line: int = 1
    column: int = 1


class Datastream(_Section, frozen=True):
    """What a datastream id (`configId`, `datastreamId`) stands for: the organisation, and the run whose events arrive
    through it. A disabled one answers 422. `consent` is the collect consent of whoever has not said. `authenticated`
    wants a token. `hint` is the cluster that answers who names none. `segments` are handed to devices by an
    `activation:pull` handle; empty: none is sent. `schema` names the one that judges its events."""

    id: str
    org: str = LOCAL_ORG
    run: str = LOCAL_RUN
    enabled: bool = True
    consent: Collect = "y"
    authenticated: bool = False
    hint: Hint = "irl1"
    segments: tuple[str, ...] = ()
    propositions: tuple[OfferedProposition, ...] = ()
    clock: RunClock | None = None
    schema: str = LOCAL_SCHEMA


class Inlet(_Section, frozen=True):
    """One streaming connection: what the last segment of its URL (`id`, 64 hexadecimal digits) stands for. `kind` raw
    takes any JSON with a flow id, profile takes records of profiles (XDM Individual Profile) and no events. `schema`
    names the one that judges its messages, whose headers have to name it too. `authenticated` wants a token.
    `sync_validation`: whether it is where Adobe offers that (VA7). `failure_key`: under which name a batch's answer
    tells a failed message's status; Adobe's documents say `statusCode`, its own connector reads `status`."""

    id: str
    org: str = LOCAL_ORG
    run: str = LOCAL_RUN
    kind: InletKind = "xdm"
    schema: str = LOCAL_SCHEMA
    dataset: str = LOCAL_DATASET
    flow: str = LOCAL_FLOW
    authenticated: bool = False
    sync_validation: bool = True
    failure_key: FailureKey = "statusCode"
    clock: RunClock | None = None


class Fault(_Section, frozen=True):
    """A deliberate misbehaviour for requests whose path begins with `path`, of the phone with this `ecid` (empty: any),
    for a `share` of them, from `from_s` to `until_s` seconds (0: for ever) after the beginning of the run whose
    datastream or inlet it is, by that run's clock; where there is none, after the platform's start.

    status: answer with it and store nothing, with `retry_after_s` if above 0; latency: `delay_ms` more; slow-body:
    `delay_ms` between the quarters of the body, both by the wall's clock, as they are the network's; reset-before,
    reset-after: the connection breaks before, or after, the events are stored (a lost acknowledgement); truncated,
    unframed: the body; wrong-hint: 404 with an empty body as for an unknown location hint; partial-207: of interact,
    stored, and an upstream's error told, of an inlet's batch, some messages failed and not stored; expired-token: 401
    of Edge, 403 of an inlet. Which requests a kind can hit is in `footfall.platform.fault_paths`.
    """

    do: FaultKind
    path: str = "/"
    ecid: str = ""
    share: float = 1.0
    from_s: float = 0.0
    until_s: float = 0.0
    status: int = 503
    retry_after_s: int = 0
    delay_ms: int = 0


class PlatformConfig(_Section, frozen=True):
    """All of it. The datastream `local`, the local inlet and the schema LOCAL_SCHEMA are always there. `seed` decides
    which requests a fault's share hits."""

    datastreams: tuple[Datastream, ...] = ()
    inlets: tuple[Inlet, ...] = ()
    faults: tuple[Fault, ...] = ()
    seed: int = 1
    schemas: tuple[NamedSchema, ...] = ()
