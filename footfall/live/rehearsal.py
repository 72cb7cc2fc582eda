"""A run without a network and without waiting: phones, platform and journeys in this process, in virtual time.

The platform is the very core that the server serves, the phones are those of a load run, and they meet in bytes. Hours
of them take seconds, and come out the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from footfall.engine.compile import compile_scenario
from footfall.engine.live import Journal, Transport
from footfall.engine.population import Population
from footfall.live.inlet import inlet_id_of, inlet_of
from footfall.live.inputs import Inputs
from footfall.live.notifications import Pushed, notification_of
from footfall.live.stage import Stage
from footfall.phone.config import AppConfig
from footfall.platform.config import LOCAL_INLET, LOCAL_ORG, Datastream, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.journeys.messages import Message, Step
from footfall.platform.journeys.types import Journey
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.messages import StoredEvent
from footfall.platform.orchestration import News, Orchestration
from footfall.platform.package_data import event_schema
from footfall.platform.profiles.profile import Profiles
from footfall.platform.profiles.store import MemoryProfileStore
from footfall.world.people import People


class Rehearsed(msgspec.Struct, frozen=True):
    """What came of it: the lake, and what the journeys did, in order."""

    stored: tuple[StoredEvent, ...]
    steps: tuple[Step, ...]
    messages: tuple[Message, ...]


class Rehearsal:
    """One run. `anchor_ms` is the epoch of virtual time 0; ops go to `journal`."""

    def __init__(
        self,
        read: Inputs,
        app: AppConfig,
        journeys: tuple[Journey, ...],
        journal: Journal,
        anchor_ms: int,
        run: str = "rehearsal",
        seed: int | None = None,
        phones: int | None = None,
        config: PlatformConfig | None = None,
    ) -> None:
        scenario = read.scenario
        self._run = run
        self._anchor_ms = anchor_ms
        self._seed = scenario.seed if seed is None else seed
        self._phones = phones or scenario.population.phones
        self._orchestration = Orchestration(journeys, lambda _: Profiles(MemoryProfileStore()), LOCAL_ORG, self._seed)
        config = config or PlatformConfig()
        platform = Platform(read.pois, event_schema(), config, anchor_ms, orchestration=self._orchestration)
        platform.register(Datastream(run, run=run))
        platform.register_inlet(msgspec.structs.replace(platform.inlets[LOCAL_INLET], id=inlet_id_of(run), run=run))
        self._store = MemoryStore()
        receiver = InProcessPlatform(platform, self._store, self._orchestration, self._told)
        self._stage = Stage(receiver, journal, anchor_ms)
        self._steps: list[Step] = []
        self._messages: list[Message] = []
        self._population = Population(
            compile_scenario(scenario, read.pois),
            People.fill(),
            app.at(run, read.libraries(app), inlet_of(app, inlet_id_of(run), loopback=True)),
            run,
            self._seed,
            self._phones,
            anchor_ms,
        )
        self._owners: dict[str, int] = {}  # ECID -> phone

    def play(
        self, only: Sequence[int] | None = None, wrap: Callable[[Transport], Transport] = lambda transport: transport
    ) -> Rehearsed:
        """Lives all phones, or only these, to their ends, and lets the journeys go on until nothing more is due within
        a day."""
        lives = [self._population.life(k) for k in (range(self._phones) if only is None else only)]
        self._owners = {life.ecid: life.k for life in lives}
        self._stage.play(lives, wrap)
        self._stage.pass_time(self._stage.now_ms + 86_400_000)
        events = [event for _, event in self._store.received(self._run)]
        return Rehearsed(tuple(events), tuple(self._steps), tuple(self._messages))

    @property
    def orchestration(self) -> Orchestration:
        """What happened behind the lake, for questions."""
        return self._orchestration

    def _told(self, news: News) -> None:
        self._steps += [step for _, step in news.steps]
        self._messages += [message for _, message in news.messages]
        for _, message in news.messages:
            if message.channel == "push":
                living = self._stage.living.get(self._owners.get(message.ecid, -1))
                if living is not None:
                    pushed = Pushed(message.id, message.ecid, message.content, message.at_ms, message.tracking)
                    living.notify(notification_of(pushed, self._anchor_ms))
