"""The shipped scenario's phones, ready to be lived without waiting."""

from __future__ import annotations

import time

from footfall.engine.compile import compile_scenario
from footfall.engine.population import Population
from footfall.live.inputs import load
from footfall.phone.config import AppConfig
from footfall.world.people import People


class FreeClock:
    """A clock that never waits: every moment has already come."""

    def __init__(self) -> None:
        self._now_ms = 0

    def now_ms(self) -> int:
        """The moment that was last waited for."""
        return self._now_ms

    def stir(self) -> None:
        """There is no wait to end."""

    def wait_until(self, at_ms: int) -> bool:
        """At once."""
        self._now_ms = max(self._now_ms, at_ms)
        return True

    def start_draining(self) -> None:
        """Nothing to be patient for."""

    def due_wall_ms(self, at_ms: int) -> float:
        """Now."""
        return time.time() * 1000.0

    def wall_ms(self) -> float:
        """Wall time."""
        return time.time() * 1000.0

    def answered(self, took_wall_ms: float, planned_ms: int) -> None:
        """Does not hold anybody back."""


def population(phones: int = 100_000, app: AppConfig | None = None) -> Population:
    """The population of scenarios/shopping/saturday.yaml, with this app (the plain one)."""
    read = load("shopping/saturday")
    config = (app or AppConfig()).at("bench", read.scenario.places.libraries)
    ready = compile_scenario(read.scenario, read.pois)
    return Population(ready, People.fill(), config, "bench", 1, phones, 1_700_000_000_000)
