"""What happens behind the lake: profiles are kept, journeys run, messages are made.

Pure: events that are stored go in, in the order of the lake, and times; what is to be written down (steps, messages,
changes of instances and profiles) and whom to call comes out. Each run is a sandbox of its own, with its own profiles
and journeys on the run's own clock: two runs of the same people do not meet (Adobe's sandboxes are as far apart). What
a run decides does not depend on how its events were grouped, nor on a restart between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Any

import msgspec

from footfall.platform.config import LOCAL_ORG, OfferedProposition, RunClock
from footfall.platform.journeys.engine import Journeys, Standing
from footfall.platform.journeys.entry import EVENT_FAILED
from footfall.platform.journeys.gate import Numbered
from footfall.platform.journeys.messages import Effect, Happening, Instance, Message, Step
from footfall.platform.journeys.types import Journey
from footfall.platform.messages import StoredEvent
from footfall.platform.offers import OpenOffers
from footfall.platform.profiles.profile import Profiles

_MOST_FAILURES = 1_000
_MOST_WORDS = 300


Failed = Callable[[str, Exception], None]
"""Is told at what something failed, and how."""


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
    offered: tuple[tuple[str, str], ...] = ()  # the ids of in-app messages that wait for their device
    withdrawn: tuple[tuple[str, str], ...] = ()  # and of those that wait no more, offered now or before
    queued: tuple[tuple[str, Numbered], ...] = ()  # what waits for its turn since now
    unqueued: tuple[tuple[str, int], ...] = ()  # the turns of what no longer waits

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
            offered=tuple(one for one in self.offered if one[0] != run),
            withdrawn=tuple(one for one in self.withdrawn if one[0] != run),
            queued=tuple(one for one in self.queued if one[0] != run),
            unqueued=tuple(one for one in self.unqueued if one[0] != run),
        )


class Sandbox:
    """Profiles and journeys of one run. `clock` is the run's, None for the wall's. Errors are told to `failed`."""

    def __init__(
        self, run: str, journeys: tuple[Journey, ...], org: str, seed: int, profiles: Profiles, failed: Failed
    ) -> None:
        self.run = run
        self._failed = failed
        self.profiles = profiles
        self.journeys = Journeys(journeys, profiles, org, seed)
        self.clock: RunClock | None = None
        self.offers = OpenOffers()
        self._last_ms = 0

    def take(self, arrival: Arrival) -> list[Effect]:
        """An event of the run, after everything that was due before it. Bad ones go to the lake and nowhere else. One
        that cannot be followed is discarded, and stops none of the others."""
        event = arrival.event
        if not event.good:
            return []
        at_ms = self._at(event.run_ms or event.received_ms)
        xdm = arrival.content.get("xdm") if isinstance(arrival.content, dict) else None
        if not isinstance(xdm, dict):
            return []
        effects = self._due(at_ms)
        try:
            if event.arrived == "profile":
                self.profiles.take_record(xdm, at_ms)
            else:
                self.profiles.take_event(event.id, arrival.content, at_ms, len(event.body))
                came = self.journeys.take(Happening(event.id, event.type, at_ms, xdm))
                self.offers.note(came)
                self.offers.shown(xdm)
                effects += came
        except Exception as error:
            self._failed(f"while following the event {event.id}", error)
            effects += self._due(at_ms)  # what was decided before it failed
            effects.append(_discarded(error, at_ms, event.id))
        return effects

    def due(self, now_ms: int) -> list[Effect]:
        """What time brings about until the wall time `now_ms`."""
        return self._due(self.at(now_ms))

    def answered(self, message_id: str, ok: bool, now_ms: int, why: str) -> list[Effect]:
        """A webhook has answered, or has not after all attempts."""
        effects = self.journeys.answered(message_id, ok, self.at(now_ms), why)
        self.offers.note(effects)
        return effects

    def restore(
        self,
        instances: Iterable[Instance],
        standing: Standing | None,
        queue: Iterable[Numbered] = (),
        offers: Iterable[Message] = (),
    ) -> list[Effect]:
        """As it was before the platform was started again; `offers` are the in-app messages that were not shown,
        in the order in which they were sent. What comes of it is what no longer fits to the journeys of now."""
        if standing is not None:
            self._last_ms = standing.now_ms
        effects = self.journeys.restore(instances, standing, queue)
        self.offers.restore(offers)
        self.offers.note(effects)
        return effects

    def at(self, now_ms: int) -> int:
        """What the run's clock shows at this wall time. It does not go back, whatever clocks do."""
        return self._at(now_ms if self.clock is None else self.clock.at(now_ms))

    def _at(self, run_ms: int) -> int:
        self._last_ms = max(self._last_ms, run_ms)
        return self._last_ms

    def _due(self, at_ms: int) -> list[Effect]:
        """What time brings about. Where it fails for one person, it goes on for the others."""
        effects: list[Effect] = []
        while True:
            due_ms = self.journeys.due_ms
            try:
                effects += self.journeys.due(at_ms)
                break
            except Exception as error:
                if len(effects) >= _MOST_FAILURES and self.journeys.due_ms == due_ms:
                    raise  # whoever failed is awaited no more, so it gets on; if it does not, it ends here
                self._failed(f"while time went on in the run {self.run}", error)
                effects.append(_discarded(error, at_ms))
        self.offers.note(effects)
        self.offers.expire(at_ms)
        return effects


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
        self._failed: Failed = _nobody
        self._sandboxes: dict[str, Sandbox] = {}
        self._steps: list[tuple[str, Step]] = []
        self._messages: list[tuple[str, Message]] = []
        self._touched: set[str] = set()  # runs in which something has happened since news were asked for

    def tell_errors(self, failed: Failed) -> None:
        """From now on `failed` hears of what could not be followed. It is discarded, and a step says so, whoever
        hears of it."""
        self._failed = failed

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that have a sandbox."""
        return tuple(sorted(self._sandboxes))

    def sandbox(self, run: str) -> Sandbox:
        """The run's, made when it is first asked for."""
        found = self._sandboxes.get(run)
        if found is None:
            found = Sandbox(run, self.journeys, self._org, self._seed, self._profiles(run), self._tell)
            self._sandboxes[run] = found
        return found

    def restore(
        self,
        run: str,
        instances: Iterable[Instance],
        standing: Standing | None,
        queue: Iterable[Numbered] = (),
        offers: Iterable[Message] = (),
    ) -> None:
        """The run's sandbox as it was; see Sandbox."""
        sandbox = self.sandbox(run)
        effects = sandbox.restore(instances, standing, queue, offers)
        if effects:
            self._keep(sandbox, effects)

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
        """What journeys of the run want shown on this device, on these surfaces; see OpenOffers."""
        sandbox = self._sandboxes.get(run)
        return () if sandbox is None else sandbox.offers.of(ecid, scopes)

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
            offered=tuple((run, id) for run, _ in sandboxes for id in self._sandboxes[run].offers.offered()),
            withdrawn=tuple((run, id) for run, _ in sandboxes for id in self._sandboxes[run].offers.withdrawn()),
            queued=tuple((run, one) for run, journeys in sandboxes for one in journeys.queued()),
            unqueued=tuple((run, turn) for run, journeys in sandboxes for turn in journeys.unqueued()),
        )
        self._steps, self._messages = [], []
        return news

    def _tell(self, what: str, error: Exception) -> None:
        self._failed(what, error)

    def _keep(self, sandbox: Sandbox, effects: Sequence[Effect]) -> None:
        self._touched.add(sandbox.run)
        for effect in effects:
            if isinstance(effect, Step):
                self._steps.append((sandbox.run, effect))
            else:
                self._messages.append((sandbox.run, effect))


def _nobody(what: str, error: Exception) -> None:
    """Nobody is told."""


def _wall(clock: RunClock | None, at_ms: int) -> int:
    if clock is None:
        return at_ms
    return ceil(clock.origin_ms + (at_ms - clock.anchor_ms) / clock.speed)


def _discarded(error: Exception, at_ms: int, event: str = "") -> Step:
    why = f"{type(error).__name__}: {error}"[:_MOST_WORDS]
    return Step(at_ms, "", "discarded", event=event, code=EVENT_FAILED, why=why)
