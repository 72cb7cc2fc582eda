"""What a journey says that cannot be meant: problems that no single value shows.

Every check takes the damage, the paths of what could not be read, and keeps silent about what rests on it. What the
conditions speak of is checked by `journey_fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from footfall.live.journey_graph import duration
from footfall.platform.journeys.types import (
    END,
    LEAST_REACTION_MS,
    LIMITS,
    Await,
    Condition,
    InApp,
    Journey,
    Node,
    Push,
    React,
    Split,
    Wait,
    nexts,
)
from footfall.scenario.forms import Damage
from footfall.world.problems import Mistake, Path, did_you_mean

EVENT_NAME = re.compile(r"[A-Za-z0-9_]{1,30}")


def mistakes(journey: Journey, damage: Damage) -> Iterator[Mistake]:
    """All that is wrong between the parts of a journey."""
    yield from _names(journey)
    yield from _events(journey, damage)
    nodes = dict(journey.nodes)
    unknown = list(_unknown_nodes(journey, nodes, damage))
    yield from unknown
    # one way more might lead to a node, or out of a loop: nothing is said of the graph before all its ways are known
    if not unknown and _ways_known(journey, damage):
        yield from _unreachable(journey, nodes)
        yield from _loops(nodes)
        yield from _reactions(journey, nodes)
    yield from _limits(journey, damage)


def _names(journey: Journey) -> Iterator[Mistake]:
    for event in journey.events:
        if not EVENT_NAME.fullmatch(event.name):
            yield Mistake(
                ("events", event.name),
                f"the name of an event has letters, digits and _, 30 at most, found {event.name[:60]}",
                at_key=True,
            )
        elif event.name == "profile":
            yield Mistake(("events", event.name), 'the name "profile" is taken: choose another', at_key=True)


def _listening(journey: Journey) -> Iterator[tuple[Path, str, bool]]:
    """Where the journey names an event: the path, the name, whether it is a key."""
    yield ("entry", "on"), journey.entry, False
    for index, name in enumerate(journey.exits):
        yield ("exit-on", index), name, False
    for node_name, node in journey.nodes:
        if isinstance(node, Await):
            for name, _ in node.events:
                yield ("nodes", node_name, "await", name), name, True


def _events(journey: Journey, damage: Damage) -> Iterator[Mistake]:
    if damage.hides(("events",)):
        return
    known = {event.name for event in journey.events}
    named = list(_listening(journey))
    guessed = False
    for path, name, at_key in named:
        if name and name not in known and not damage.hides(path):
            guessed = True
            yield Mistake(path, f'"{name}" is no event of this journey.{did_you_mean(name, known)}', at_key)
    if guessed or damage.touches(("entry",), ("exit-on",), ("nodes",)):
        return
    used = {name for _, name, _ in named}
    for event in journey.events:
        if event.name not in used:
            message = (
                f"nothing listens for the event {event.name}: it is neither the entry, nor awaited, nor in exit-on"
            )
            yield Mistake(("events", event.name), message, at_key=True)


def _ways(node: Node) -> Iterator[tuple[Path, str, bool]]:
    """Where a node names another: the path in it, the name, whether it is a key."""
    match node:
        case Condition(paths, otherwise, on_error):
            for index, way in enumerate(paths):
                yield ("condition", index, "next"), way.next, False
            yield ("otherwise",), otherwise, False
            yield ("on-error",), on_error, False
        case Split(shares):
            for name, _ in shares:
                yield ("split", name), name, True
        case Await(events, _, on_timeout):
            for event, name in events:
                yield ("await", event), name, False
            yield ("on-timeout",), on_timeout, False
        case React():
            yield ("next",), node.next, False
            yield ("on-timeout",), node.on_timeout, False
        case Wait():
            yield ("next",), node.next, False
        case _:
            yield ("next",), node.next, False
            yield ("on-error",), node.on_error, False


def _ways_known(journey: Journey, damage: Damage) -> bool:
    bad = [path for path in damage.paths if path[:1] == ("nodes",) and len(path) < 3]
    ways: list[Path] = [("nodes", name, *path[:1]) for name, node in journey.nodes for path, _, _ in _ways(node)]
    return not bad and not damage.hides(("nodes",)) and not damage.touches(("entry",), *ways)


def _unknown_nodes(journey: Journey, nodes: Mapping[str, Node], damage: Damage) -> Iterator[Mistake]:
    # the names of nodes that could not be read are names too
    known = {*nodes, END, *(str(path[1]) for path in damage.paths if path[:1] == ("nodes",) and len(path) > 1)}
    named: list[tuple[Path, str, bool]] = [(("entry", "next"), journey.first, False)]
    told: set[Path] = set()
    for name, node in nodes.items():
        named += [(("nodes", name, *path), target, at_key) for path, target, at_key in _ways(node)]
    for path, target, at_key in named:
        if target and target not in known and path not in told and not damage.hides(path):
            told.add(path)
            yield Mistake(path, f'"{target}" is no node of this journey.{did_you_mean(target, known)}', at_key)


def _unreachable(journey: Journey, nodes: Mapping[str, Node]) -> Iterator[Mistake]:
    reached = _reach(journey.first, nodes)
    lost = [name for name in nodes if name not in reached]
    # of nodes that lead to one another only the first is told, as they have one cause
    explained: set[str] = set()
    led_to = {target for name in lost for target in nexts(nodes[name]) if target != name}
    for name in sorted(lost, key=lambda name: name in led_to):
        if name not in explained:
            yield Mistake(("nodes", name), f"nothing leads from the entry to the node {name}", at_key=True)
            explained |= _reach(name, nodes)


def _reach(start: str, nodes: Mapping[str, Node]) -> set[str]:
    seen = {start}
    queue = [start]
    for name in queue:
        for target in nexts(nodes[name]) if name in nodes else ():
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return seen


def _loops(nodes: Mapping[str, Node]) -> Iterator[Mistake]:
    """Rings of nodes in which nothing waits: whoever comes to one would go round for ever, in no time."""
    hasty = {
        name: tuple(target for target in nexts(node) if target in nodes and not isinstance(nodes[target], _PATIENT))
        for name, node in nodes.items()
        if not isinstance(node, _PATIENT)
    }
    told: set[str] = set()
    for name in hasty:
        ring = _ring(name, hasty)
        if ring and told.isdisjoint(ring):
            told.update(ring)
            way = " > ".join([*ring, name])
            yield Mistake(("nodes", name), f"nothing waits in the loop {way}: put a wait, await or react in it", True)


_PATIENT = (Wait, Await, React)


def _ring(start: str, ways: Mapping[str, tuple[str, ...]]) -> list[str]:
    """A shortest way from `start` back to it, without its end; empty where there is none."""
    before: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for target in ways[name]:
            if target == start:
                ring = [name]
                while ring[-1] != start:
                    ring.append(before[ring[-1]])
                return ring[::-1]
            if target not in before:
                before[target] = name
                queue.append(target)
    return []


def _reactions(journey: Journey, nodes: Mapping[str, Node]) -> Iterator[Mistake]:
    for name, node in nodes.items():
        if not isinstance(node, React):
            continue
        strangers = ["the entry"] if journey.first == name else []
        for other_name, other in nodes.items():
            after = isinstance(other, Push | InApp) and other.next == name and other.on_error != name
            if name in nexts(other) and not after:
                strangers.append(other_name)
        if strangers:
            yield Mistake(
                ("nodes", name, "react"),
                f"a reaction comes right after a push or an in-app message; it comes after {', '.join(strangers)}",
                at_key=True,
            )


def _limits(journey: Journey, damage: Damage) -> Iterator[Mistake]:
    if damage.hides(("dialect",)):
        return
    limits = LIMITS[journey.dialect]
    bounds: list[tuple[Path, int, int]] = [
        (("timeout",), journey.timeout_ms, limits.global_timeout_ms),
        (("re-entrance", "wait"), journey.reentrance.wait_ms, limits.most_reentrance_wait_ms),
    ]
    for name, node in journey.nodes:
        match node:
            case Wait():
                bounds.append((("nodes", name, "wait"), node.for_ms, limits.most_wait_ms))
            case Await() | React():
                bounds.append((("nodes", name, "timeout"), node.timeout_ms, limits.most_await_ms))
                if isinstance(node, React) and not damage.hides(("nodes", name, "timeout")):
                    yield from _too_short(name, node)
            case _:
                pass
    for path, value_ms, most_ms in bounds:
        if value_ms > most_ms and not damage.hides(path):
            yield Mistake(path, f"{path[-1]}: {journey.dialect} takes {duration(most_ms)} at most")
    if not damage.touches(("timeout",)):
        for name, node in journey.nodes:
            path = ("nodes", name, "wait")
            if isinstance(node, Wait) and node.for_ms > journey.timeout_ms and not damage.hides(path):
                yield Mistake(path, f"wait: the journey is over after {duration(journey.timeout_ms)}")
    if journey.mode == "test" and not journey.namespace and not damage.touches(("mode",), ("namespace",)):
        yield Mistake(("mode",), "a journey in test mode needs a namespace, to know its test profiles by")


def _too_short(name: str, node: React) -> Iterator[Mistake]:
    if node.timeout_ms < LEAST_REACTION_MS:
        least = duration(LEAST_REACTION_MS)
        yield Mistake(("nodes", name, "timeout"), f"timeout: a reaction is waited for {least} at least")
