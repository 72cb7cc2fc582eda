"""Who lives: phone k of a run, ready to be lived, as a function of (scenario, app, seed, k) and the run's id."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from math import log

import msgspec

from footfall.engine.attention import Attention
from footfall.engine.back_office import BackOffice
from footfall.engine.compile import Ready
from footfall.engine.plan import Customer, Timed, Update
from footfall.engine.seeds import Streams
from footfall.phone.app import App
from footfall.phone.config import AppConfig
from footfall.phone.ids import Ids, ecid_of, push_token, run_key
from footfall.phone.phone import Owner, Phone
from footfall.world.people import People, Person
from footfall.world.phones import PhoneModel, Platform, country_of, draw_carrier, draw_phone
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.world.streams import Stream, key_of


class Life(msgspec.Struct, frozen=True):
    """Phone `k` with its owner and what the owner is going to do from `start_ms` (virtual) on. `app_version` is what is
    installed at first. `drawn_platform` is the platform that the scenario's shares give this phone: that of `model`,
    unless the population was told another one. `office` is the company's back office, where it has one that sends;
    `attention` the owner's for messages, where the app can get any."""

    k: int
    start_ms: int
    person: Person
    ecid: str
    model: PhoneModel
    phone: Phone
    plan: Iterator[Timed]
    latency_key: int
    app_version: str
    drawn_platform: Platform
    office: BackOffice | None = None
    attention: Attention | None = None


class Population:
    """All phones of one run. `anchor_ms` is the epoch of virtual time 0; `platform`, where given, is that of all of
    them, whatever the scenario's shares are."""

    __slots__ = ("_anchor_ms", "_app", "_key", "_people", "_phones", "_platform", "_ready", "_seed", "_versions")

    def __init__(
        self,
        ready: Ready,
        people: People,
        app: AppConfig,
        run_id: str,
        seed: int,
        phones: int,
        anchor_ms: int,
        platform: Platform | None = None,
    ) -> None:
        self._ready = ready
        self._people = people
        self._app = App(app)
        self._versions = tuple(accumulate(version.share for version in app.versions))
        self._key = run_key(run_id, seed)
        self._seed = seed
        self._phones = phones
        self._anchor_ms = anchor_ms
        self._platform = platform

    def arrival_ms(self, k: int) -> int:
        """When phone k's life begins: phones come in order of k, evenly spread over the scenario's arrivals."""
        return self._ready.scenario.population.arrivals_ms * k // self._phones

    def life(self, k: int) -> Life:
        """Phone k, new. The same one whatever was made before, in whichever process."""
        streams = Streams(self._seed, k)
        ecid = ecid_of(streams.identity.bits(), streams.identity.bits())
        share = self._ready.platforms[streams.identity.index(self._ready.platform_cumulative)]
        drawn: Platform = "ios" if share == "ios" else "android"
        platform = self._platform or drawn
        model = draw_phone(platform, streams.identity)
        person = self._people.draw(k, streams.identity)
        carrier = draw_carrier(model, country_of(person.language), streams.identity)
        rules = IOS if platform == "ios" else ANDROID
        phase_ms = streams.identity.whole(0, max(rules.poll_ms - 1, 0))
        start_ms = self.arrival_ms(k)
        version, update = self._app_versions(start_ms, streams.identity)
        token = self._push_token(k, platform)
        customer = Customer(self._ready, person, streams, update, token)
        return Life(
            k=k,
            start_ms=start_ms,
            person=person,
            ecid=ecid,
            model=model,
            phone=Phone(
                model=model,
                owner=Owner(ecid, person.language, carrier, version),
                app=self._app,
                ids=Ids(self._key, k, model.platform),
                monitor=RegionMonitor(rules, customer.home, phase_ms),
                anchor_ms=self._anchor_ms,
            ),
            plan=customer.plan(start_ms),
            latency_key=streams.latency_key,
            app_version=version,
            drawn_platform=drawn,
            office=self._office(k, person),
            attention=Attention(self._seed, k, bool(token)) if self._app.config.messaging.registered else None,
        )

    def _office(self, k: int, person: Person) -> BackOffice | None:
        app = self._app.config
        if not app.back_office.open:
            return None
        last_ms = self._ready.scenario.lasts_ms
        return BackOffice(app, person, self._key, self._seed, k, self._anchor_ms, last_ms)

    def _push_token(self, k: int, platform: Platform) -> str:
        """What the OS gives the app for push, "" where the app has no Messaging or the customer does not allow it."""
        messaging = self._app.config.messaging
        stream = Stream(key_of(self._seed, k, "push"))
        if not messaging.registered or stream.unit() >= messaging.push_share:
            return ""
        return push_token(platform, stream)

    def _app_versions(self, start_ms: int, stream: Stream) -> tuple[str, Update | None]:
        """The version of the app that the phone has at first, and when the store brings it the newest: after a time
        that is exponentially distributed, so that the shares of old versions halve again and again."""
        versions = self._app.config.versions
        version = versions[stream.index(self._versions)].version
        after_ms = -1000.0 * self._app.config.upgrade_after_s * log(1.0 - stream.unit())
        newest = versions[-1].version
        return version, None if version == newest else Update(start_ms + round(after_ms), newest)
