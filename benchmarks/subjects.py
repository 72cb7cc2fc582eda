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

    def wait_until(self, at_ms: int) -> bool:
        """At once."""
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


def population(phones: int = 100_000) -> Population:
    """The population of scenarios/shopping/saturday.yaml."""
    read = load("shopping/saturday")
    config = AppConfig().at("bench", read.scenario.places.libraries)
    ready = compile_scenario(read.scenario, read.pois)
    return Population(ready, People.fill(), config, "bench", 1, phones, 1_700_000_000_000)
