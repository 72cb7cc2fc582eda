"""What a scenario says that cannot be meant: problems that no single value shows.

Every check takes the damage, the paths of what could not be read, and keeps silent about what rests on it: one
mistake, one report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from footfall.scenario.forms import Damage
from footfall.scenario.graph import endless, graph_of, standstill, unreachable
from footfall.scenario.language import END, HOME
from footfall.scenario.situations import impossible
from footfall.scenario.types import Names, Scenario, Walk
from footfall.world.pois import Poi
from footfall.world.problems import Mistake, Path, did_you_mean

TOLERANCE = 1e-6
"""How far the shares of one choice may be from 1 together."""


def mistakes(
    scenario: Scenario, pois: Sequence[Poi] | None, damage: Damage, names: Names | None = None
) -> Iterator[Mistake]:
    """All that is wrong. Without `pois` nothing is said about categories and libraries, without `names` nothing about
    the app and the journeys."""
    states = {state.name: state for state in scenario.states}
    graph = graph_of(scenario.start, states, damage)
    yield from _population(scenario, damage)
    yield from _choices(scenario, damage)
    yield from unreachable(graph)
    yield from endless(graph)
    yield from standstill(states, graph, scenario.gap, damage)
    yield from impossible(states, graph, damage)
    if pois is not None and not damage.touches(("places",)):
        yield from _places(scenario, pois, damage)
    if names is not None:
        yield from _named(scenario, names, damage)


def _named(scenario: Scenario, names: Names, damage: Damage) -> Iterator[Mistake]:
    if scenario.app and scenario.app not in names.apps and not damage.touches(("app",)):
        yield Mistake(("app",), f'app: there is no app "{scenario.app}".{did_you_mean(scenario.app, names.apps)}')
    for index, journey in enumerate(scenario.journeys):
        path: Path = ("journeys", index)
        if damage.touches(path):
            continue
        if journey not in names.journeys:
            message = f'journeys: there is no journey "{journey}".{did_you_mean(journey, names.journeys)}'
            yield Mistake(path, message)
        elif journey in scenario.journeys[:index]:
            yield Mistake(path, f'journeys: "{journey}" is named twice')


def _population(scenario: Scenario, damage: Damage) -> Iterator[Mistake]:
    population = scenario.population
    if not damage.touches(("population", "platforms")):
        yield from _sum(("population", "platforms"), "platforms", population.platforms)
    arrivals: Path = ("population", "arrivals")
    if population.arrivals_ms > scenario.lasts_ms and not damage.touches(arrivals, ("lasts",)):
        yield Mistake(arrivals, "arrivals: the phones arrive for longer than the scenario lasts")


def _sum(path: Path, name: str, shares: tuple[tuple[str, float], ...]) -> Iterator[Mistake]:
    total = sum(share for _, share in shares)
    if abs(total - 1) > TOLERANCE:
        yield Mistake(path, f"{name}: the shares sum to {total:.9g}, expected 1", at_key=True)


def _choices(scenario: Scenario, damage: Damage) -> Iterator[Mistake]:
    names = [state.name for state in scenario.states]
    if scenario.start not in names and not damage.touches(("start",), ("states", scenario.start)):
        yield Mistake(("start",), f'start: there is no state "{scenario.start}".{did_you_mean(scenario.start, names)}')
    for state in scenario.states:
        path: Path = ("states", state.name, "next")
        for target, _ in state.next:
            # a state that is there but cannot be read is no unknown state
            if target not in names and target != END and not damage.touches(("states", target)):
                known = [*names, END]
                message = f'next: there is no state "{target}".{did_you_mean(target, known)}'
                yield Mistake((*path, target), message, at_key=True)
        if not damage.touches(path):
            yield from _sum(path, f"next of {state.name}", state.next)


def _places(scenario: Scenario, pois: Sequence[Poi], damage: Damage) -> Iterator[Mistake]:
    libraries = sorted({poi.library for poi in pois})
    unknown = False
    for index, library in enumerate(scenario.places.libraries):
        if library not in libraries:
            unknown = True
            message = f'libraries: no place is in the library "{library}".{did_you_mean(library, libraries)}'
            yield Mistake(("places", "libraries", index), message)
    # where a library is misspelt, what is in it is not known: every category of the file passes
    used = {poi.category for poi in pois if unknown or poi.library in (scenario.places.libraries or libraries)}
    elsewhere = {poi.category for poi in pois} - used
    for state in scenario.states:
        for index, action in enumerate(state.do):
            path: Path = ("states", state.name, "do", index)
            if not isinstance(action, Walk) or damage.touches((*path, "walk", "to")):
                continue
            for number, category in enumerate(action.to):
                if category in used or action.to == (HOME,):
                    continue
                why = (
                    f" It is in the file, but not in {', '.join(scenario.places.libraries)}."
                    if category in elsewhere
                    else did_you_mean(category, used)
                )
                message = f'to: there is no place of the category "{category}".{why}'
                yield Mistake((*path, "walk", "to", number), message)
