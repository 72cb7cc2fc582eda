"""A scenario made ready to run: shares as running sums, places by category, nothing left to look up by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import msgspec

from footfall.scenario.types import Action, Distribution, Fixed, Lognormal, Scenario, Uniform, Walk
from footfall.world.geo import Point, moved
from footfall.world.pois import Poi
from footfall.world.streams import Stream

END = "end"
HOME_ROOM_M = 400.0


class ReadyState(msgspec.Struct, frozen=True):
    """A state with its transitions as (names, running sums of shares)."""

    name: str
    do: tuple[Action, ...]
    dwell: Distribution
    names: tuple[str, ...]
    cumulative: tuple[float, ...]


class Ready(msgspec.Struct, frozen=True):
    """A scenario with its places, ready for lives. `goals` has the places that each walk may lead to, by its `to`.
    Homes lie in the box of the places and 400 m around it."""

    scenario: Scenario
    pois: tuple[Poi, ...]
    goals: dict[tuple[str, ...], tuple[Poi, ...]]
    states: dict[str, ReadyState]
    platforms: tuple[str, ...]
    platform_cumulative: tuple[float, ...]
    south_west: Point
    north_east: Point


def compile_scenario(scenario: Scenario, pois: Sequence[Poi]) -> Ready:
    """Binds a checked scenario to the places of its libraries."""
    walks = {action.to for state in scenario.states for action in state.do if isinstance(action, Walk)}
    return Ready(
        scenario=scenario,
        pois=tuple(pois),
        goals={to: tuple(poi for poi in pois if not to or poi.category in to) for to in walks},
        states={
            state.name: ReadyState(
                state.name,
                state.do,
                state.dwell,
                tuple(name for name, _ in state.next),
                tuple(accumulate(share for _, share in state.next)),
            )
            for state in scenario.states
        },
        platforms=tuple(name for name, _ in scenario.population.platforms),
        platform_cumulative=tuple(accumulate(share for _, share in scenario.population.platforms)),
        south_west=moved(
            Point(lon=min(poi.lon for poi in pois), lat=min(poi.lat for poi in pois)), -HOME_ROOM_M, -HOME_ROOM_M
        ),
        north_east=moved(
            Point(lon=max(poi.lon for poi in pois), lat=max(poi.lat for poi in pois)), HOME_ROOM_M, HOME_ROOM_M
        ),
    )


def draw(distribution: Distribution, stream: Stream) -> float:
    """One value, in the distribution's base unit."""
    match distribution:
        case Lognormal():
            return stream.lognormal(distribution.median, distribution.sigma)
        case Fixed():
            return distribution.value
        case Uniform():
            return stream.between(distribution.low, distribution.high)
