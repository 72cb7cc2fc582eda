"""States as a graph: what leads where, what is out of reach, which cycles stand still in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from footfall.scenario.forms import Damage
from footfall.scenario.language import END
from footfall.scenario.types import Action, Add, Distribution, Fixed, Lognormal, State, View, Walk
from footfall.world.problems import Mistake, Path, closest


class Graph(msgspec.Struct, frozen=True):
    """The states (and END) that can be gone to from each state with a share above 0.

    `guessed` are ways to a state that the file misspells. `open` are the states of which not every way on is known or
    guessed. Nothing is said that one more way could make untrue.
    """

    start: str
    ways: Mapping[str, tuple[str, ...]]
    guessed: Mapping[str, tuple[str, ...]]
    open: frozenset[str]

    def reach(self, source: str) -> dict[str, None]:
        """Everything that can be got to from `source`, itself included, nearest first."""
        seen = {source: None}
        queue = [source]
        for state in queue:
            for way in (*self.ways.get(state, ()), *self.guessed.get(state, ())):
                if way not in seen:
                    seen[way] = None
                    queue.append(way)
        return seen


def graph_of(start: str, states: Mapping[str, State], damage: Damage) -> Graph:
    """`start` may be no state of `states`; so may the names in their `next`."""
    ways: dict[str, tuple[str, ...]] = {}
    guessed: dict[str, tuple[str, ...]] = {}
    opened: set[str] = set()
    names = [*states, END]
    for name, state in states.items():
        path: Path = ("states", name, "next")
        guesses = [closest(target, names) for target, _ in state.next if target not in names]
        if None in guesses or damage.touches(path):
            opened.add(name)
        guessed[name] = tuple(guess for guess in guesses if guess is not None)
        # a share that could not be read may be anything: the way counts
        ways[name] = tuple(t for t, share in state.next if t in names and (share > 0 or damage.touches((*path, t))))
    return Graph(start, ways, guessed, frozenset(opened))


def unreachable(graph: Graph) -> Iterator[Mistake]:
    """States that no phone comes to; of those that lead to one another only the first, as they have one cause."""
    if graph.start not in graph.ways:
        return
    reached = graph.reach(graph.start)
    if any(state in graph.open for state in reached):
        return
    lost = [state for state in graph.ways if state not in reached]
    for state in _first_of_each(lost, {name: set(graph.reach(name)) for name in lost}):
        yield Mistake(("states", state), f"nothing leads from {graph.start} to the state {state}", at_key=True)


def endless(graph: Graph) -> Iterator[Mistake]:
    """States that a phone comes to and from which it can never get to END; of those in one trap only the first."""
    if graph.start not in graph.ways:
        return
    onward = {state: set(graph.reach(state)) for state in graph.reach(graph.start) if state != END}
    trapped = [s for s in graph.ways if s in onward and END not in onward[s] and not onward[s] & graph.open]
    entered_by = {state: {other for other in trapped if state in onward[other]} for state in trapped}
    for state in _first_of_each(trapped, entered_by):
        others = sorted(onward[state] - {state})
        only = "it leads only to itself" if not others else "it leads only to " + ", ".join(others)
        yield Mistake(("states", state, "next"), f"no way leads from {state} to {END}: {only}", at_key=True)


def _first_of_each(names: list[str], causes: Mapping[str, set[str]]) -> Iterator[str]:
    """The names that no other name explains (`causes`: name -> what it explains); of a ring the first."""
    for index, name in enumerate(names):
        explained = any(
            name in causes[other] and (other not in causes[name] or position < index)
            for position, other in enumerate(names)
            if other != name
        )
        if not explained:
            yield name


def standstill(states: Mapping[str, State], graph: Graph, gap: Distribution, damage: Damage) -> Iterator[Mistake]:
    """Cycles of states in which no time passes: a phone that comes to one would do everything at once, for ever."""
    reached = graph.reach(graph.start)
    still = [
        name
        for name, state in states.items()
        if name in reached
        and not damage.touches(("states", name, "do"), ("states", name, "dwell"), ("gap",))
        and not _takes_time(state, gap)
    ]
    ways = {name: tuple(way for way in graph.ways[name] if way in still) for name in still}
    told: set[str] = set()
    for state in still:
        cycle = _cycle(ways, state)
        if cycle and told.isdisjoint(cycle):
            told.update(cycle)
            message = f"no time passes in the cycle {' > '.join([*cycle, state])}: give one of them a dwell"
            yield Mistake(("states", state), message, at_key=True)


def _takes_time(state: State, gap: Distribution) -> bool:
    if _can_be_positive(state.dwell) or any(isinstance(action, Walk) for action in state.do):
        return True
    # a gap lies between two actions, and between two products of one action
    return sum(map(_most_times, state.do)) > 1 and _can_be_positive(gap)


def _most_times(action: Action) -> int:
    match action:
        case View(products=count) | Add(items=count):
            return count.high
        case _:
            return 1


def _can_be_positive(distribution: Distribution) -> bool:
    match distribution:
        case Fixed(value):
            return value > 0
        case Lognormal(median):
            return median > 0
        case _:
            return distribution.high > 0


def _cycle(ways: Mapping[str, tuple[str, ...]], state: str) -> list[str]:
    """A shortest way from `state` back to it, without its end; empty where there is none."""
    before: dict[str, str] = {}
    queue = [state]
    for at in queue:
        for way in ways[at]:
            if way == state:
                cycle = [at]
                while cycle[-1] != state:
                    cycle.append(before[cycle[-1]])
                return cycle[::-1]
            if way not in before:
                before[way] = at
                queue.append(way)
    return []
