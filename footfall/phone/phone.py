"""The phone: what happens to it goes in, what it wants done comes out.

The app in it is a shop. At its first launch, and whenever it is 500 m away from where it last asked (the OS's
significant change), it asks Places for what is nearby and has the OS monitor that; crossings reach Places whether the
app is in the foreground or not.
"""

from __future__ import annotations

from math import ceil, inf

import msgspec

from footfall.phone import sdk
from footfall.phone.edge import Edge, Hit
from footfall.phone.ids import Ids
from footfall.phone.lifecycle import Lifecycle
from footfall.phone.places import Places
from footfall.phone.sdk import SdkConfig
from footfall.phone.signals import (
    Backgrounded,
    Did,
    Due,
    Effect,
    Foregrounded,
    IgnoredCrossing,
    LoggedIn,
    Made,
    Moved,
    Replied,
    Reply,
    Request,
    Send,
    Signal,
    StartedInside,
    WakeAt,
)
from footfall.world.geo import Point
from footfall.world.phones import PhoneModel
from footfall.world.regions import RegionMonitor
from footfall.xdm import build, wire
from footfall.xdm.build import AppInfo, ExperienceEvent

SIGNIFICANT_CHANGE_M = 500.0  # "500 meters or more", Apple's significant-change service
NEARBY_LIMIT = 20  # what iOS can monitor; places.en help/using-your-own-monitor.md


class Owner(msgspec.Struct, frozen=True):
    """Whose phone it is, as far as the SDK sees it. `carrier` None: not told (iOS 16 and later)."""

    ecid: str
    language: str
    carrier: str | None


class Phone:
    """One phone. `feed` is all there is; it has one owner and no clock."""

    __slots__ = (
        "_anchor_ms",
        "_asked_at",
        "_asking",
        "_config",
        "_edge",
        "_identities",
        "_ids",
        "_lifecycle",
        "_made",
        "_model",
        "_monitor",
        "_owner",
        "_places",
        "_places_headers",
        "_refresh_ms",
        "_stopped",
    )

    def __init__(
        self,
        model: PhoneModel,
        owner: Owner,
        app: AppInfo,
        config: SdkConfig,
        ids: Ids,
        monitor: RegionMonitor,
        anchor_ms: int,
    ) -> None:
        self._model = model
        self._owner = owner
        self._config = config
        self._ids = ids
        self._monitor = monitor
        self._anchor_ms = anchor_ms  # epoch of virtual time 0
        self._edge = Edge(model, sdk.edge_headers(model, owner.language), config.datastream, ids)
        self._lifecycle = Lifecycle(app, model, owner.language, owner.carrier)
        self._places = Places()
        self._places_headers = sdk.places_headers(model, owner.language)
        self._identities = self._identity_map(None)
        self._made = 0
        self._asking: str | None = None  # id of the nearby query in flight
        self._asked_at: Point | None = None
        self._refresh_ms: float = inf
        self._stopped = False

    @property
    def queued(self) -> tuple[str, ...]:
        """Ids of events made and not yet delivered or dropped."""
        return self._edge.queued

    @property
    def busy(self) -> bool:
        """Whether the phone has still something to deliver: hits, or a close that is about to become one."""
        return bool(self._edge.queued) or self._lifecycle.close_due_ms is not None

    def stop_watching(self) -> None:
        """Nothing more is to come: the OS's reports and further nearby queries are no longer waited for."""
        self._stopped = True

    def feed(self, now_ms: int, signal: Signal) -> list[Effect]:
        """What the phone does about the signal. Ends with a WakeAt if the phone waits for a time."""
        effects: list[Effect] = []
        if self._lifecycle.close_due_ms is not None:
            self._close_if_due(now_ms, effects)  # first: a close that was due is not a blink, whoever comes with it
        match signal:
            case Replied():
                self._take_reply(now_ms, signal.request_id, signal.reply, effects)
            case Did():
                self._make(now_ms, now_ms, build.commerce(signal.kind, signal.lines, signal.order), effects)
            case Due():
                pass
            case Moved():
                self._monitor.move(now_ms, signal.leg)
                self._look_for_change(now_ms)
            case Foregrounded():
                self._come_to_foreground(now_ms, effects)
            case Backgrounded():
                self._lifecycle.pause(now_ms)
            case LoggedIn():
                self._identities = self._identity_map(signal.email)
        if not self._stopped and (now_ms >= self._monitor.next_ms or now_ms >= self._refresh_ms):
            self._do_what_is_due(now_ms, effects)
        request = self._edge.next_request(now_ms)
        if request is not None:
            effects.append(Send(request))
        wake_ms: float = inf
        if not self._stopped:
            wake_ms = self._refresh_ms if self._refresh_ms < self._monitor.next_ms else self._monitor.next_ms
        for due_ms in (self._lifecycle.close_due_ms, self._edge.retry_ms):
            if due_ms is not None and due_ms < wake_ms:
                wake_ms = due_ms
        if wake_ms < inf:
            effects.append(WakeAt(max(ceil(wake_ms), now_ms)))
        return effects

    def _come_to_foreground(self, now_ms: int, effects: list[Effect]) -> None:
        first = not self._lifecycle.installed
        event = self._lifecycle.start(now_ms)
        if event is not None:
            self._make(now_ms, now_ms, event, effects)
        if first:
            self._ask_nearby(now_ms, effects)

    def _close_if_due(self, now_ms: int, effects: list[Effect]) -> None:
        closing = self._lifecycle.close(now_ms)
        if closing is not None:
            self._make(now_ms, closing[0], closing[1], effects)

    def _do_what_is_due(self, now_ms: int, effects: list[Effect]) -> None:
        for report in self._monitor.due(now_ms):
            event = self._places.process_region(report.kind, report.poi.id)
            if event is None:
                effects.append(IgnoredCrossing(report.poi.id, report.kind, "not in the last nearby list"))
            else:
                self._make(now_ms, now_ms, event, effects)
        if self._refresh_ms <= now_ms:
            self._ask_nearby(now_ms, effects)

    def _take_reply(self, now_ms: int, request_id: str, reply: Reply, effects: list[Effect]) -> None:
        if request_id != self._asking:
            self._edge.answered(now_ms, request_id, reply)
            return
        self._asking = None
        pois = self._places.take_nearby(reply)
        if pois is not None:
            effects.extend(StartedInside(poi.id) for poi in self._monitor.register(now_ms, pois))
        self._look_for_change(now_ms)

    def _ask_nearby(self, now_ms: int, effects: list[Effect]) -> None:
        """getNearbyPointsOfInterest, then the OS is told what to monitor. It sends no Edge event."""
        here = self._asked_at = self._monitor.at(now_ms)
        self._asking = self._ids.next_request()
        self._refresh_ms = inf
        effects.append(
            Send(
                Request(
                    id=self._asking,
                    channel="places",
                    method="GET",
                    target=sdk.nearby_target(self._model, self._config.libraries, here, NEARBY_LIMIT),
                    headers=self._places_headers,
                    body=b"",
                    name="places nearby",
                )
            )
        )

    def _look_for_change(self, now_ms: int) -> None:
        if self._asking is None and self._asked_at is not None:
            self._refresh_ms = self._monitor.outside_after_ms(now_ms, self._asked_at, SIGNIFICANT_CHANGE_M)

    def _make(self, now_ms: int, at_ms: int, event: ExperienceEvent, effects: list[Effect]) -> None:
        """Queues an event whose timestamp is `at_ms`; its identities are those of now."""
        event_id = self._ids.event(self._made)
        line = wire.event(event_id, self._anchor_ms + at_ms, event.body)
        self._edge.put(Hit(event_id, event.type, line, self._identities))
        effects.append(Made(self._made, event_id, at_ms, event, self._identities))
        self._made += 1

    def _identity_map(self, email: str | None) -> bytes:
        """ECID first, always ambiguous and never primary; after login the customer's e-mail address."""
        items = [("ECID", (wire.IdentityItem(self._owner.ecid),))]
        if email is not None:
            items.append(("Email", (wire.IdentityItem(email, authenticated_state="authenticated"),)))
        return wire.identity_map(items)
