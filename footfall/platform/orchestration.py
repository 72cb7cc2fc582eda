"""What happens behind the lake: profiles are kept, journeys run, messages are made.

Pure: events that are stored go in, in the order of the lake, and times; what is to be written down (steps, messages,
changes of instances and profiles) and whom to call comes out. Each run is a sandbox of its own, with its own profiles
and journeys on the run's own clock: two runs of the same people do not meet (Adobe's sandboxes are as far apart). What
a run decides does not depend on how its events were grouped, nor on a restart between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import msgspec

from footfall.platform.config import LOCAL_ORG, Offer, OfferedProposition, RunClock
from footfall.platform.journeys.engine import Journeys, Standing
from footfall.platform.journeys.messages import Effect, Happening, Instance, Message, Step
from footfall.platform.journeys.types import Journey
from footfall.platform.messages import StoredEvent
from footfall.platform.profiles.profile import Profiles

_APP = "mobileapp://"


class Arrival(msgspec.Struct, frozen=True):
    """A stored event, and `content`: what its body is the JSON of, of raw data anything."""

    event: StoredEvent
    content: Any


class News(msgspec.Struct, frozen=True):
    """What is to be written down, by run, in order."""

    steps: tuple[tuple[str, Step], ...] = ()
    messages: tuple[tuple[str, Message], ...] = ()
    instances: tuple[tuple[str, Instance], ...] = ()
    standings: tuple[tuple[str, Standing], ...] = ()
    forgotten: tuple[tuple[str, str], ...] = ()  # the ids of instances that need not be kept

    def without(self, run: str | None) -> News:
        """The same without what is of this run; None: of any."""
        if run is None:
            return News()
        return News(
            tuple(one for one in self.steps if one[0] != run),
            tuple(one for one in self.messages if one[0] != run),
            tuple(one for one in self.instances if one[0] != run),
            tuple(one for one in self.standings if one[0] != run),
            tuple(one for one in self.forgotten if one[0] != run),
        )


class Sandbox:
    """Profiles and journeys of one run. `clock` is the run's, None for the wall's."""

    def __init__(self, run: str, journeys: tuple[Journey, ...], org: str, seed: int, profiles: Profiles) -> None:
        self.run = run
        self.profiles = profiles
        self.journeys = Journeys(journeys, profiles, org, seed)
        self.clock: RunClock | None = None
        self._offers: dict[str, list[Message]] = {}  # ECID -> propositions not shown yet
        self._last_ms = 0

    def take(self, arrival: Arrival) -> list[Effect]:
        """An event of the run. Bad ones go to the lake and nowhere else."""
        event = arrival.event
        if not event.good:
            return []
        at_ms = self._at(event.run_ms or event.received_ms)
        xdm = arrival.content.get("xdm") if isinstance(arrival.content, dict) else None
        if not isinstance(xdm, dict):
            return []
        if event.arrived == "profile":
            self.profiles.take_record(xdm, at_ms)
            return self.journeys.due(at_ms)
        self.profiles.take_event(event.id, arrival.content, at_ms, len(event.body))
        effects = self.journeys.take(Happening(event.id, event.type, at_ms, xdm))
        self._note(effects, xdm)
        return effects

    def due(self, now_ms: int) -> list[Effect]:
        """What time brings about until the wall time `now_ms`."""
        effects = self.journeys.due(self.at(now_ms))
        self._note(effects, {})
        return effects

    def answered(self, message_id: str, ok: bool, now_ms: int, why: str) -> list[Effect]:
        """A webhook has answered, or has not after all attempts."""
        effects = self.journeys.answered(message_id, ok, self.at(now_ms), why)
        self._note(effects, {})
        return effects

    def offers(self, ecid: str, scopes: Iterable[str]) -> tuple[OfferedProposition, ...]:
        """What journeys want shown on this device, on these surfaces. It stays until the device tells that it was."""
        held = self._offers.get(ecid)
        if not held:
            return ()
        wanted = {_path(scope): scope for scope in scopes}
        return tuple(_offered(one, wanted[one.surface]) for one in held if one.surface in wanted)

    def restore(self, instances: Iterable[Instance], standing: Standing | None, offers: Iterable[Message] = ()) -> None:
        """As it was before the platform was started again; `offers` are the in-app messages that were not shown."""
        if standing is not None:
            self._last_ms = standing.now_ms
        self.journeys.restore(instances, standing)
        self._note(list(offers), {})

    def at(self, now_ms: int) -> int:
        """What the run's clock shows at this wall time. It does not go back, whatever clocks do."""
        return self._at(now_ms if self.clock is None else self.clock.at(now_ms))

    def _at(self, run_ms: int) -> int:
        self._last_ms = max(self._last_ms, run_ms)
        return self._last_ms

    def _note(self, effects: Sequence[Effect], xdm: Mapping[str, Any]) -> None:
        for effect in effects:
            if isinstance(effect, Message) and effect.channel == "in-app":
                self._offers.setdefault(effect.to, []).append(effect)
        match xdm:
            case {
                "eventType": "decisioning.propositionDisplay",
                "_experience": {"decisioning": {"propositions": [*told]}},
            }:
                shown = {one.get("id") for one in told if isinstance(one, dict)}
                for ecid, held in list(self._offers.items()):
                    left = [one for one in held if one.id not in shown]
                    if left:
                        self._offers[ecid] = left
                    else:
                        del self._offers[ecid]


class Orchestration:
    """All sandboxes of one platform. `profiles` makes the profiles of a run."""

    def __init__(
        self,
        journeys: tuple[Journey, ...],
        profiles: Callable[[str], Profiles],
        org: str = LOCAL_ORG,
        seed: int = 1,
    ) -> None:
        self.journeys = journeys
        self._profiles = profiles
        self._org = org
        self._seed = seed
        self._sandboxes: dict[str, Sandbox] = {}
        self._steps: list[tuple[str, Step]] = []
        self._messages: list[tuple[str, Message]] = []
        self._touched: set[str] = set()  # runs in which something has happened since news were asked for

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that have a sandbox."""
        return tuple(sorted(self._sandboxes))

    def sandbox(self, run: str) -> Sandbox:
        """The run's, made when it is first asked for."""
        found = self._sandboxes.get(run)
        if found is None:
            found = Sandbox(run, self.journeys, self._org, self._seed, self._profiles(run))
            self._sandboxes[run] = found
        return found

    def keep_time(self, run: str, clock: RunClock | None) -> None:
        """From now on the run's time is that of this clock."""
        self.sandbox(run).clock = clock

    def forget(self, run: str | None) -> None:
        """The sandbox of the run, or of all, begins anew, and nobody is told any more of what it did; its clock
        stays."""
        self._steps = [one for one in self._steps if run is not None and one[0] != run]
        self._messages = [one for one in self._messages if run is not None and one[0] != run]
        self._touched = set() if run is None else self._touched - {run}
        for name in [run] if run is not None else list(self._sandboxes):
            old = self._sandboxes.pop(name, None)
            if old is not None:
                self.sandbox(name).clock = old.clock

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Events that are stored, in the order of the lake."""
        for arrival in arrivals:
            sandbox = self.sandbox(arrival.event.run)
            self._keep(sandbox, sandbox.take(arrival))

    @property
    def due_ms(self) -> int | None:
        """The wall time at which time will bring something about in some sandbox."""
        times = [
            _wall(sandbox.clock, due_ms)
            for sandbox in self._sandboxes.values()
            if (due_ms := sandbox.journeys.due_ms) is not None
        ]
        return min(times, default=None)

    def do_what_is_due(self, now_ms: int) -> None:
        """What time has brought about by the wall time `now_ms`."""
        for sandbox in self._sandboxes.values():
            due_ms = sandbox.journeys.due_ms
            if due_ms is not None and due_ms <= sandbox.at(now_ms):
                self._keep(sandbox, sandbox.due(now_ms))

    def pause(self, run: str, journey: str, now_ms: int) -> None:
        """Nobody moves in this journey of the run. `now_ms` is wall time. KeyError for a journey that is not there."""
        sandbox = self.sandbox(run)
        self._keep(sandbox, sandbox.journeys.pause(journey, sandbox.at(now_ms)))

    def resume(self, run: str, journey: str, now_ms: int) -> None:
        """The journey goes on."""
        sandbox = self.sandbox(run)
        self._keep(sandbox, sandbox.journeys.resume(journey, sandbox.at(now_ms)))

    def answered(self, run: str, message_id: str, ok: bool, now_ms: int, why: str = "") -> None:
        """A webhook of the run has answered, or has not after all attempts. `now_ms` is wall time."""
        sandbox = self.sandbox(run)
        self._keep(sandbox, sandbox.answered(message_id, ok, now_ms, why))

    def offers(self, run: str, ecid: str, scopes: Iterable[str]) -> tuple[OfferedProposition, ...]:
        """See Sandbox."""
        sandbox = self._sandboxes.get(run)
        return () if sandbox is None else sandbox.offers(ecid, scopes)

    @property
    def has_news(self) -> bool:
        """Whether something has happened since news were asked for."""
        return bool(self._touched)

    def news(self) -> News:
        """What has come of it since this was last asked. To be encoded before anything else happens: the instances and
        standings in it are the sandboxes' own."""
        touched, self._touched = self._touched, set()
        sandboxes = [(run, self._sandboxes[run].journeys) for run in sorted(touched) if run in self._sandboxes]
        news = News(
            tuple(self._steps),
            tuple(self._messages),
            tuple((run, one) for run, journeys in sandboxes for one in journeys.changed()),
            tuple((run, journeys.standing()) for run, journeys in sandboxes),
            tuple((run, id) for run, journeys in sandboxes for id in journeys.forgotten()),
        )
        self._steps, self._messages = [], []
        return news

    def _keep(self, sandbox: Sandbox, effects: Sequence[Effect]) -> None:
        self._touched.add(sandbox.run)
        for effect in effects:
            if isinstance(effect, Step):
                self._steps.append((sandbox.run, effect))
            else:
                self._messages.append((sandbox.run, effect))


def _wall(clock: RunClock | None, at_ms: int) -> int:
    if clock is None:
        return at_ms
    return ceil(clock.origin_ms + (at_ms - clock.anchor_ms) / clock.speed)


def _path(scope: str) -> str:
    """The path of a surface below its app's own: mobileapp://com.example.shop/home is home."""
    return scope.removeprefix(_APP).partition("/")[2] if scope.startswith(_APP) else scope


def _offered(message: Message, scope: str) -> OfferedProposition:
    return OfferedProposition(
        id=message.id,
        scope=scope,
        items=(Offer(f"{message.id}-item", "json-content-item", message.content),),
        details=message.tracking,
    )
