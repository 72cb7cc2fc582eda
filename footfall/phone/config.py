"""How an app is made and configured: its identity in the store, its tags property, the extensions that it registers.

The defaults are those of the demo shop, and work with the local platform as they are.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.xdm.places import Spelling

Collect = Literal["y", "n", "p"]
Environment = Literal["prod", "pre-prod", "int"]
Wrapper = Literal["none", "reactnative", "cordova", "flutter", "unity", "xamarin"]

LOCAL = "local"
"""The datastream, and the inlet, of an app that names none: each run has its own on the local platform."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of the file: unknown keys are mistakes."""


class AppVersion(_Section, frozen=True):
    """A version that is out there, as the SDK writes it (`"1.4.0 (210)"`), and on which share of the phones."""

    version: str
    share: float = 1.0


class SdkVersions(_Section, frozen=True):
    """`{core}+{edge}` of the SDK in the app, for implementationDetails, and the framework that it is wrapped for."""

    ios: str = "5.11.0+5.0.3"
    android: str = "3.8.0+3.0.2"
    wrapper: Wrapper = "none"


class Batching(_Section, frozen=True):
    """`edge.batching`, off by default. `events`: the allow-list, an eventType or a pattern (`commerce.*`, `*.exit`,
    `*`). At most 20 events make a batch whatever `max_batch_size` says; one that is not above 0 means 10."""

    enabled: bool = False
    max_batch_size: int = 10
    events: tuple[str, ...] = ()


class EdgeConfig(_Section, frozen=True):
    """The Edge extension. `datastream` is `edge.configId`; a run against the local platform puts its own there."""

    datastream: str = LOCAL
    domain: str = "edge.adobedc.net"
    environment: Environment = "prod"
    batching: Batching = Batching()


class ConsentConfig(_Section, frozen=True):
    """The Consent extension. Not registered, everything is collected at once. `default` is `consent.default`: set on
    the phone and never sent; without it (p) events wait on the phone until the customer decides."""

    registered: bool = True
    default: Collect = "y"


class IdentityConfig(_Section, frozen=True):
    """What the app tells the Identity extension at login: the e-mail address, and its own customer id in this
    namespace."""

    crm_namespace: str = "footfallCRMId"


class LifecycleConfig(_Section, frozen=True):
    """The Lifecycle extension. `forwarded`: a tags rule forwards its events to Edge. `forwarded_twice`: a fault, the
    known one by which rules that are evaluated twice at start forward an event twice (core-android#678)."""

    forwarded: bool = True
    forwarded_twice: bool = False


class PlacesConfig(_Section, frozen=True):
    """The Places extension. `nearby_limit` None: the SDK's own (iOS 10, Android 20); 20 is what iOS can monitor.
    `rule`: the tutorial's extra rule sends a second event for every crossing, `poi_detail` is how that spells its
    detail."""

    libraries: tuple[str, ...] = ()
    membership_ttl_s: int = 3600
    nearby_limit: int | None = 20
    rule: bool = False
    poi_detail: Spelling = "poiDetail"


class MessagingConfig(_Section, frozen=True):
    """The Messaging extension. Without `event_dataset` it sends no tracking. `surfaces` are paths below the app's own
    surface (`mobileapp://<app id>`), which it asks for besides. `push_share` is that of the customers who allow
    push."""

    registered: bool = False
    event_dataset: str = ""
    sandbox: bool = False
    optimize_push_sync: bool = True
    surfaces: tuple[str, ...] = ()
    push_share: float = 0.6


class InletConfig(_Section, frozen=True):
    """The streaming connection that messages go to, and what their headers say: `id` is the last part of its URL,
    `schema` the `$id` of the schema, `org` the IMS organisation, `dataset` and `flow` ids. What is empty is that of the
    local platform, and on any other host left out."""

    id: str = LOCAL
    schema: str = ""
    org: str = ""
    dataset: str = ""
    flow: str = ""


class BackOfficeConfig(_Section, frozen=True):
    """The company's systems behind the app, which send events of their own to the inlet. `orders`: a purchase is
    confirmed. `loyalty`: it earns points, so many for each whole unit of the currency; `threshold` is the balance that
    the journeys wait for. `delay_s` is the median time that each step takes (no source)."""

    orders: bool = False
    loyalty: bool = False
    points: int = 10
    threshold: int = 10_000
    delay_s: int = 30

    @property
    def open(self) -> bool:
        """Whether it sends anything."""
        return self.orders or self.loyalty


class JourneyEvent(_Section, frozen=True):
    """Events of this type carry `_experience.campaign.orchestration.eventID`, because a journey event demands it."""

    event_type: str
    event_id: str


class AppConfig(_Section, frozen=True):
    """One app. `tenant` is the namespace of the organisation's own fields, with its underscore. `versions` stand from
    the oldest to the newest; a phone with an older one gets the newest after a while, `upgrade_after_s` in the mean
    (seconds; no source)."""

    name: str = "Footfall Shop"
    id: str = "com.example.footfall.shop"
    versions: tuple[AppVersion, ...] = (
        AppVersion("1.2.1 (187)", 0.06),
        AppVersion("1.3.0 (201)", 0.14),
        AppVersion("1.4.0 (210)", 0.80),
    )
    upgrade_after_s: float = 4 * 86_400.0
    tenant: str = "_footfall"
    sdk: SdkVersions = SdkVersions()
    edge: EdgeConfig = EdgeConfig()
    consent: ConsentConfig = ConsentConfig()
    identity: IdentityConfig = IdentityConfig()
    lifecycle: LifecycleConfig = LifecycleConfig()
    places: PlacesConfig = PlacesConfig()
    messaging: MessagingConfig = MessagingConfig()
    inlet: InletConfig = InletConfig()
    back_office: BackOfficeConfig = BackOfficeConfig()
    journey_events: tuple[JourneyEvent, ...] = ()

    @property
    def own_datastream(self) -> str:
        """The datastream that the app names; empty where it is left to the run."""
        return "" if self.edge.datastream == LOCAL else self.edge.datastream

    @property
    def own_inlet(self) -> str:
        """The inlet that the app names; empty where it is left to the run."""
        return "" if self.inlet.id == LOCAL else self.inlet.id

    def at(self, datastream: str, libraries: tuple[str, ...], inlet: InletConfig | None = None) -> AppConfig:
        """This app, sending to this datastream and inlet and asking Places for these libraries."""
        return msgspec.structs.replace(
            self,
            edge=msgspec.structs.replace(self.edge, datastream=datastream),
            places=msgspec.structs.replace(self.places, libraries=libraries),
            inlet=inlet or self.inlet,
        )
