"""Who lives: phone k of a run, ready to be lived, as a function of (scenario, seed, k) and the run's id."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from footfall.engine.compile import Ready
from footfall.engine.plan import Customer, Timed
from footfall.engine.seeds import Streams
from footfall.phone.ids import Ids, ecid_of, run_key
from footfall.phone.phone import Owner, Phone
from footfall.phone.sdk import SdkConfig
from footfall.world.people import People, Person
from footfall.world.phones import PhoneModel, draw_phone
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.xdm.build import AppInfo

APP = AppInfo(id="com.example.footfall.shop", name="Footfall Shop", version="1.4.0 (210)")
CARRIERS = ("Elisa", "DNA", "Telia FI")


class Life(msgspec.Struct, frozen=True):
    """Phone `k` with its owner and what the owner is going to do from `start_ms` (virtual) on."""

    k: int
    start_ms: int
    person: Person
    ecid: str
    model: PhoneModel
    phone: Phone
    plan: Iterator[Timed]
    latency_key: int


class Population:
    """All phones of one run. `anchor_ms` is the epoch of virtual time 0."""

    __slots__ = ("_anchor_ms", "_config", "_key", "_people", "_phones", "_ready", "_seed")

    def __init__(
        self, ready: Ready, people: People, config: SdkConfig, run_id: str, seed: int, phones: int, anchor_ms: int
    ) -> None:
        self._ready = ready
        self._people = people
        self._config = config
        self._key = run_key(run_id, seed)
        self._seed = seed
        self._phones = phones
        self._anchor_ms = anchor_ms

    def arrival_ms(self, k: int) -> int:
        """When phone k's life begins: phones come in order of k, evenly spread over the scenario's arrivals."""
        return self._ready.scenario.population.arrivals_ms * k // self._phones

    def life(self, k: int) -> Life:
        """Phone k, new. The same one whatever was made before, in whichever process."""
        streams = Streams(self._seed, k)
        ecid = ecid_of(streams.identity.bits(), streams.identity.bits())
        drawn = self._ready.platforms[streams.identity.index(self._ready.platform_cumulative)]
        platform = "ios" if drawn == "ios" else "android"
        model = draw_phone("ios" if drawn == "ios" else "android", streams.identity)
        person = self._people.draw(k, streams.identity)
        carrier = None if platform == "ios" else CARRIERS[streams.identity.whole(0, len(CARRIERS) - 1)]
        rules = IOS if platform == "ios" else ANDROID
        phase_ms = streams.identity.whole(0, max(rules.poll_ms - 1, 0))
        customer = Customer(self._ready, person, streams)
        start_ms = self.arrival_ms(k)
        return Life(
            k=k,
            start_ms=start_ms,
            person=person,
            ecid=ecid,
            model=model,
            phone=Phone(
                model=model,
                owner=Owner(ecid, person.language, carrier),
                app=APP,
                config=self._config,
                ids=Ids(self._key, k, model.platform),
                monitor=RegionMonitor(rules, customer.home, phase_ms),
                anchor_ms=self._anchor_ms,
            ),
            plan=customer.plan(start_ms),
            latency_key=streams.latency_key,
        )
