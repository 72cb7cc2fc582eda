"""The phone: what happens to it goes in, what it wants done comes out.

The app in it is a shop. Crossings reach Places whether the app is in the foreground or not, and wake the app where its
process has died.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf
from typing import Any, Literal

import msgspec

from footfall.phone import consent, responses, sdk
from footfall.phone.app import Action, App
from footfall.phone.consent import Consent
from footfall.phone.edge import ConsentHit, Edge, EventHit
from footfall.phone.identity import Identity
from footfall.phone.ids import Ids
from footfall.phone.lifecycle import Lifecycle
from footfall.phone.messaging import Messaging, MessagingSignal
from footfall.phone.places import Membership
from footfall.phone.request_data import experience_event
from footfall.phone.responses import Handle
from footfall.phone.signals import (
    AdvertisingIdSet,
    AssuranceSet,
    Authorized,
    Backgrounded,
    Called,
    Consented,
    Did,
    Due,
    Earned,
    Effect,
    Foregrounded,
    Forgot,
    Forgotten,
    HintSet,
    Identified,
    IdentitiesReset,
    IgnoredCrossing,
    Killed,
    LoggedIn,
    LoggedOut,
    Made,
    Moved,
    Offered,
    PlacesCleared,
    PrivacySet,
    PushReacted,
    PushTokenSet,
    Reacted,
    Rebooted,
    RegionReported,
    Reinstalled,
    Replied,
    Saw,
    Send,
    Signal,
    SurfacesAsked,
    Tapped,
    Upgraded,
    WakeAt,
    Withheld,
)
from footfall.phone.whereabouts import Whereabouts
from footfall.world.phones import PhoneModel
from footfall.world.regions import RegionMonitor
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.messaging import decode_propositions
from footfall.xdm.places import location, rule_location
from footfall.xdm.wire import JSON, IdentityItem


class Owner(msgspec.Struct, frozen=True):
    """Whose phone it is, as far as the SDK sees it. `carrier` None: not told (iOS 16 and later). `version`: of the app
    that the owner installed."""

    ecid: str
    language: str
    carrier: str | None
    version: str


class Phone:
    """One phone. `feed` is all there is; it has one owner and no clock."""

    __slots__ = (
        "_anchor_ms",
        "_app",
        "_consent",
        "_edge",
        "_fresh",
        "_identity",
        "_ids",
        "_json",
        "_lifecycle",
        "_made",
        "_messaging",
        "_model",
        "_owner",
        "_running",
        "_stopped",
        "_unfetched",
        "_where",
    )

    def __init__(
        self, model: PhoneModel, owner: Owner, app: App, ids: Ids, monitor: RegionMonitor, anchor_ms: int
    ) -> None:
        self._model = model
        self._owner = owner
        self._app = app
        self._ids = ids
        self._json = JSON[model.platform]
        self._anchor_ms = anchor_ms  # epoch of virtual time 0
        self._identity = Identity(model.platform, owner.ecid)
        self._made = 0
        self._stopped = False
        self._install(owner.version, monitor)

    def _install(self, version: str, monitor: RegionMonitor) -> None:
        """The app is put on the phone: nothing is persisted yet, no process runs."""
        config = self._app.config
        self._edge = Edge(self._model, sdk.edge_headers(self._model, self._owner.language), config, self._ids)
        self._lifecycle = Lifecycle(config, version, self._model, self._owner.language, self._owner.carrier)
        self._where = Whereabouts(self._model, self._owner.language, config.places, self._ids, monitor)
        self._consent = Consent(config.consent)
        self._messaging = Messaging(config, self._model.platform) if config.messaging.registered else None
        self._running = False
        self._fresh = False  # this process has not been in the foreground yet
        self._unfetched = False  # Messaging has not asked for propositions yet in this process

    @property
    def queued(self) -> tuple[str, ...]:
        """Ids of events made and not yet delivered or dropped."""
        return self._edge.queued

    @property
    def busy(self) -> bool:
        """Whether the phone has still something to deliver: hits, or a close that is about to become one. What consent
        holds back it cannot deliver, nor can an app whose process is dead."""
        return self._running and (self._edge.busy or self._lifecycle.close_due_ms is not None)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Ids of those among them that wait for the customer's consent."""
        return self._edge.withheld

    @property
    def ecid(self) -> str:
        """The ECID it has now."""
        return self._identity.ecid

    def membership(self, now_ms: int) -> Membership:
        """What Places knows of where the phone is."""
        return self._where.places.state(now_ms)

    @property
    def nearby_result(self) -> int:
        """What the app was told of its last nearby query (PlacesQueryResponseCode)."""
        return self._where.places.result

    def stop_watching(self) -> None:
        """Nothing more is to come: the OS's reports and further nearby queries are no longer waited for."""
        self._stopped = True

    def feed(self, now_ms: int, signal: Signal) -> list[Effect]:
        """What the phone does about the signal. Ends with a WakeAt if the phone waits for a time."""
        effects: list[Effect] = []
        kind = type(signal)
        if self._lifecycle.close_due_ms is not None:
            self._close_if_due(now_ms, effects)  # first: a close that was due is not a blink, whoever comes with it
        if kind is Replied:
            self._take_reply(now_ms, signal, effects)  # type: ignore[arg-type]
        elif kind is not Due:
            if not self._running and kind not in _LEAVES_ASLEEP:
                self._boot(now_ms)
            _HANDLERS[kind](self, now_ms, signal, effects)
        wake_ms: float = inf
        if not self._stopped:
            where = self._where  # only now: the signal may have put another app on the phone
            if now_ms >= where.monitor.next_ms or now_ms >= where.refresh_ms:
                self._do_what_is_due(now_ms, effects)
            wake_ms = where.refresh_ms if where.refresh_ms < where.monitor.next_ms else where.monitor.next_ms
        if self._running:
            lifecycle, edge = self._lifecycle, self._edge
            if self._unfetched:
                self._fetch_propositions(now_ms, effects)
            if effects or kind not in _UNSEEN:
                lifecycle.alive(now_ms)
            request = edge.next_request(now_ms)
            if request is not None:
                effects.append(Send(request))
            if lifecycle.close_due_ms is not None and lifecycle.close_due_ms < wake_ms:
                wake_ms = lifecycle.close_due_ms
            if edge.retry_ms is not None and edge.retry_ms < wake_ms:
                wake_ms = edge.retry_ms
        if wake_ms < inf:
            effects.append(WakeAt(max(ceil(wake_ms), now_ms)))
        return effects

    # the process of the app

    def _boot(self, now_ms: int) -> None:
        """A process begins, with what the extensions have persisted."""
        self._running = True
        self._fresh = True
        self._unfetched = self._messaging is not None
        self._lifecycle.boot()
        self._edge.collect = self._consent.collect

    def _die(self, effects: list[Effect]) -> None:
        """The process ends: its answers will not be read. A nearby query without an answer has to be made again."""
        self._running = False
        self._lifecycle.die()
        unread, lost = self._edge.die()
        if unread is not None:
            effects.append(unread)
        for event_id in lost:
            effects.append(Withheld(event_id, "collect consent became n while it was sent"))
        self._where.die()

    def _killed(self, now_ms: int, signal: Killed, effects: list[Effect]) -> None:
        self._die(effects)

    def _rebooted(self, now_ms: int, signal: Rebooted, effects: list[Effect]) -> None:
        self._die(effects)
        if self._model.platform == "android":
            effects.extend(self._where.forget_regions())
            self._where.forget_where_asked()

    def _upgraded(self, now_ms: int, signal: Upgraded, effects: list[Effect]) -> None:
        self._die(effects)
        self._lifecycle.version = signal.version

    def _reinstalled(self, now_ms: int, signal: Reinstalled, effects: list[Effect]) -> None:
        self._die(effects)
        for event_id in self._edge.clear():
            effects.append(Withheld(event_id, "the app was removed"))
        effects.extend(self._where.forget_regions())
        effects.append(Forgotten("app"))
        self._identity.reset()
        self._install(self._lifecycle.version, self._where.monitor)

    # what the customer does

    def _foregrounded(self, now_ms: int, signal: Foregrounded, effects: list[Effect]) -> None:
        fresh, self._fresh = self._fresh, False
        for at_ms, event in self._lifecycle.start(now_ms, signal.context):
            self._forward(now_ms, at_ms, event, effects)
            if fresh and self._app.config.lifecycle.forwarded_twice:
                self._forward(now_ms, at_ms, event, effects, "forwarded twice")
        if self._where.unasked:
            self._ask_nearby(now_ms, effects)

    def _backgrounded(self, now_ms: int, signal: Backgrounded, effects: list[Effect]) -> None:
        self._lifecycle.pause(now_ms)

    def _close_if_due(self, now_ms: int, effects: list[Effect]) -> None:
        closing = self._lifecycle.close(now_ms)
        if closing is not None:
            self._forward(now_ms, closing[0], closing[1], effects)

    def _forward(self, now_ms: int, at_ms: int, event: ExperienceEvent, effects: list[Effect], extra: str = "") -> None:
        """The tags rule that forwards Lifecycle's events to Edge."""
        if self._app.config.lifecycle.forwarded:
            self._make(now_ms, at_ms, event, effects, extra)

    def _logged_in(self, now_ms: int, signal: LoggedIn, effects: list[Effect]) -> None:
        self._identity.log_in(signal.email, self._app.config.identity.crm_namespace, signal.crm_id)

    def _logged_out(self, now_ms: int, signal: LoggedOut, effects: list[Effect]) -> None:
        self._identity.log_out()

    def _acted(self, now_ms: int, signal: Action, effects: list[Effect]) -> None:
        self._make(now_ms, now_ms, self._app.event(signal), effects)

    def _called(self, now_ms: int, signal: Called, effects: list[Effect]) -> None:
        event = experience_event(signal.data, self._model.platform)
        if event is not None and len(event.body) > 2:  # with an empty xdm nothing is sent, whatever stands beside it
            self._make(now_ms, now_ms, event, effects)

    # identity and consent

    def _identified(self, now_ms: int, signal: Identified, effects: list[Effect]) -> None:
        self._identity.update(signal.namespace, IdentityItem(signal.id, signal.state, signal.primary))

    def _forgot(self, now_ms: int, signal: Forgot, effects: list[Effect]) -> None:
        self._identity.remove(signal.namespace, signal.id)

    def _ad_id_set(self, now_ms: int, signal: AdvertisingIdSet, effects: list[Effect]) -> None:
        changed = self._identity.set_ad_id(signal.id)
        if changed is not None:
            self._tell_consent(now_ms, changed)

    def _identities_reset(self, now_ms: int, signal: IdentitiesReset, effects: list[Effect]) -> None:
        self._identity.reset()
        self._edge.reset()

    def _consented(self, now_ms: int, signal: Consented, effects: list[Effect]) -> None:
        """First the preferences are shared, which clears the queue where they say no; then Edge is told."""
        if self._consent.registered:
            self._consent.told(signal.collect)
            self._heed_consent(effects)
            self._tell_consent(now_ms, {"collect": {"val": signal.collect}})

    def _tell_consent(self, now_ms: int, changed: dict[str, object]) -> None:
        if self._consent.registered and self._app.config.edge.datastream:  # without edge.configId Edge drops it too
            body = consent.update_body(self._json, self._identity.map, changed, self._anchor_ms + now_ms)
            self._edge.put(ConsentHit(body))

    def _heed_consent(self, effects: list[Effect]) -> None:
        self._edge.collect = self._consent.collect
        if self._edge.collect == "n":
            for event_id in self._edge.clear():
                effects.append(Withheld(event_id, "collect consent became n"))

    # places

    def _moved(self, now_ms: int, signal: Moved, effects: list[Effect]) -> None:
        self._where.move(now_ms, signal.leg)

    def _authorized(self, now_ms: int, signal: Authorized, effects: list[Effect]) -> None:
        newly, forgotten = self._where.authorize(signal)
        effects.extend(forgotten)
        if newly and not self._running:
            self._where.forget_where_asked()  # nobody is there to ask: the next launch does, wherever it is
        elif newly and not self._where.asking:
            self._ask_nearby(now_ms, effects)

    def _do_what_is_due(self, now_ms: int, effects: list[Effect]) -> None:
        for report in self._where.monitor.due(now_ms):
            self._process_region(now_ms, report.kind, report.poi.id, effects)
        if self._where.refresh_ms <= now_ms:
            if self._where.places.authorized == "wheninuse" and not self._lifecycle.in_front:
                self._where.forget_where_asked()  # an app in the pocket is told of no change without `always`
            else:
                self._ask_nearby(now_ms, effects)

    def _region_reported(self, now_ms: int, signal: RegionReported, effects: list[Effect]) -> None:
        self._process_region(now_ms, signal.kind, signal.poi_id, effects)

    def _process_region(self, now_ms: int, kind: Literal["entry", "exit"], poi_id: str, effects: list[Effect]) -> None:
        """The Places extension sends its event, and a rule that the app may have a second one after it."""
        if not self._running:
            self._boot(now_ms)
        poi = self._where.places.process_region(now_ms, kind, poi_id)
        if poi is None:
            why = "global.privacy is optedout" if self._where.places.opted_out else "not in the last nearby list"
            effects.append(IgnoredCrossing(poi_id, kind, why))
            return
        self._make(now_ms, now_ms, location(kind, poi), effects)
        config = self._app.config.places
        if config.rule:
            flag, event_id = self._where.places.user_is_within(poi), self._app.event_id(f"location.{kind}")
            self._make(now_ms, now_ms, rule_location(kind, poi, flag, config.poi_detail, event_id), effects, "rule")

    def _places_cleared(self, now_ms: int, signal: PlacesCleared, effects: list[Effect]) -> None:
        self._where.places.clear()

    def _privacy_set(self, now_ms: int, signal: PrivacySet, effects: list[Effect]) -> None:
        self._where.places.opted_out = signal.status == "optedout"
        if self._where.places.opted_out:
            self._where.places.clear()

    def _ask_nearby(self, now_ms: int, effects: list[Effect]) -> None:
        query = self._where.query(now_ms)
        if query is not None:
            if not self._running:
                self._boot(now_ms)
            effects.append(Send(query))

    # messaging

    def _fetch_propositions(self, now_ms: int, effects: list[Effect]) -> None:
        """Once in a process: the SDK asks for the app's own surface, then the app for those below it."""
        self._unfetched = False
        surfaces = self._app.config.messaging.surfaces
        if self._messaging is not None:
            for paths in ((), surfaces) if surfaces else ((),):
                self._make(now_ms, now_ms, self._messaging.request(paths), effects)

    def _messaged(self, now_ms: int, signal: MessagingSignal, effects: list[Effect]) -> None:
        event = None if self._messaging is None else self._messaging.event(signal, self.ecid)
        if event is not None:
            self._make(now_ms, now_ms, event, effects)

    # edge

    def _hint_set(self, now_ms: int, signal: HintSet, effects: list[Effect]) -> None:
        self._edge.set_hint(now_ms, signal.hint)

    def _assurance_set(self, now_ms: int, signal: AssuranceSet, effects: list[Effect]) -> None:
        self._edge.set_headers(sdk.edge_headers(self._model, self._owner.language, signal.integration_id))

    def _take_reply(self, now_ms: int, signal: Replied, effects: list[Effect]) -> None:
        if signal.request_id == self._where.asking and signal.request_id:
            effects.extend(self._where.take_nearby(now_ms, signal.reply))
            return
        handles, lost = self._edge.answered(now_ms, signal.request_id, signal.reply)
        for event_id in lost:
            effects.append(Withheld(event_id, "collect consent became n while it was sent"))
        for handle in handles:
            self._take_handle(handle, effects)

    def _take_handle(self, handle: Handle, effects: list[Effect]) -> None:
        """Handles for other extensions than Edge. What cannot be read is only logged by the SDK."""
        if handle.type == "consent:preferences" and self._consent.registered:
            try:
                collect = responses.collect_preference(bytes(handle.payload))
            except responses.UNREADABLE:
                return
            if collect:
                self._consent.told(collect)
                self._heed_consent(effects)
        elif handle.type == "personalization:decisions" and self._messaging is not None:
            propositions = decode_propositions(bytes(handle.payload))
            self._messaging.take(propositions)
            if propositions:
                effects.append(Offered(propositions))

    def _make(self, now_ms: int, at_ms: int, event: ExperienceEvent, effects: list[Effect], extra: str = "") -> None:
        """Queues an event whose timestamp is `at_ms`; its identities are those of now."""
        number = self._made
        self._made = number + 1
        event_id = self._ids.event(number)
        identities = self._identity.bytes
        effects.append(Made(number, event_id, at_ms, event, identities, extra))
        edge = self._edge
        if edge.collect == "n":
            effects.append(Withheld(event_id, "collect consent is n"))
        elif not self._app.config.edge.datastream:
            effects.append(Withheld(event_id, "edge.configId is missing"))
        else:
            line = self._json.event(event_id, self._anchor_ms + at_ms, event)
            edge.put(EventHit(number, event_id, event.type, line, identities, event.overrides))


_HANDLERS: dict[type[Any], Callable[[Phone, int, Any, list[Effect]], None]] = {
    **dict.fromkeys((Did, Saw, Tapped, Earned), Phone._acted),
    **dict.fromkeys((PushTokenSet, PushReacted, Reacted, SurfacesAsked), Phone._messaged),
    Moved: Phone._moved,
    Foregrounded: Phone._foregrounded,
    Backgrounded: Phone._backgrounded,
    LoggedIn: Phone._logged_in,
    LoggedOut: Phone._logged_out,
    Consented: Phone._consented,
    Authorized: Phone._authorized,
    Called: Phone._called,
    Identified: Phone._identified,
    Forgot: Phone._forgot,
    AdvertisingIdSet: Phone._ad_id_set,
    IdentitiesReset: Phone._identities_reset,
    RegionReported: Phone._region_reported,
    PlacesCleared: Phone._places_cleared,
    PrivacySet: Phone._privacy_set,
    HintSet: Phone._hint_set,
    AssuranceSet: Phone._assurance_set,
    Killed: Phone._killed,
    Rebooted: Phone._rebooted,
    Upgraded: Phone._upgraded,
    Reinstalled: Phone._reinstalled,
}
# these do not begin a process of the app
_LEAVES_ASLEEP = frozenset({Moved, Backgrounded, Authorized, Killed, Rebooted, Upgraded, Reinstalled})
# and of these the SDK sees nothing by themselves
_UNSEEN = frozenset({Moved, Due})
