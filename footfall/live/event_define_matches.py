"""Which of a scenario's events an event definition matches, and what stands in the way of the others.

Pure: the events come in as the platform has stored them. Journey Optimizer takes an event by the rule, or by the id in
`_experience.campaign.orchestration.eventID`; every rule that an event matches counts (experience-platform.md 5.1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from footfall.live import event_define_hints as hints
from footfall.phone.config import AppConfig
from footfall.platform.journeys import expression_tree as tree
from footfall.platform.journeys.expression_tree import And, Comparison, Field, Holds, IsSet, Node, Operand, Or, Total
from footfall.platform.journeys.expressions import Expression, Scope
from footfall.platform.journeys.matching import event_id, identity

_SHOWN = 3  # different values of a field
_LONGEST = 40  # characters of one


class Seen(msgspec.Struct, frozen=True):
    """An event that a preview has made and the local platform has stored: by which phone, when (virtual), by which
    system if not by the phone itself, and its XDM merged with what its request shared."""

    id: str
    type: str
    phone: int
    at_ms: int
    source: str
    xdm: Mapping[str, Any]


class Wanted(msgspec.Struct, frozen=True):
    """What a definition listens for: a rule, or an id with the eventType that is to carry it ("" for any)."""

    rule: Expression | None = None
    event_id: str = ""
    type: str = ""

    def matches(self, event: Seen) -> bool:
        """Whether Journey Optimizer would take the event for it."""
        if self.rule is not None:
            return self.rule.holds(Scope(event.xdm))
        return event_id(event.xdm) == self.event_id and self.type in ("", event.type)

    def may_be(self, event: Seen) -> bool:
        """Whether it asks for events of this type."""
        if self.rule is not None:
            types = self.rule.event_types
            return types is None or event.type in types
        return self.type in ("", event.type)


class Obstacle(msgspec.Struct, frozen=True):
    """A part of the rule's `and` that is false: on how many of the events that were asked, which values they have
    there, and what can be done about it."""

    part: str
    fails: int
    of: int
    found: tuple[str, ...]
    advice: tuple[str, ...]


class Miss(msgspec.Struct, frozen=True):
    """What stands in the way. `nearest` is the event of which most is as asked, None where none is of the eventType."""

    nearest: Seen | None
    obstacles: tuple[Obstacle, ...] = ()
    advice: tuple[str, ...] = ()


class Findings(msgspec.Struct, frozen=True):
    """Of each eventType how many events there are and how many match, the first that does, what stands in the way of
    the others (None: nothing), and of how many that match no identity is of the namespace."""

    types: tuple[tuple[str, int, int], ...]
    example: Seen | None
    miss: Miss | None
    nobody: int

    @property
    def matching(self) -> int:
        """How many match."""
        return sum(matching for _, _, matching in self.types)

    @property
    def events(self) -> int:
        """How many there are."""
        return sum(events for _, events, _ in self.types)


def findings(wanted: Wanted, namespace: str, events: Sequence[Seen], app: AppConfig) -> Findings:
    """Judges the events, which are in order of phones and times, as the app configures them. `namespace` ""
    takes the primary identity."""
    matching = [event for event in events if wanted.matches(event)]
    all_of, good_of = Counter(event.type for event in events), Counter(event.type for event in matching)
    asked = [event for event in events if wanted.may_be(event)]
    missed = [event for event in asked if not wanted.matches(event)]
    miss: Miss | None = None
    if wanted.rule is None:
        if not matching:
            miss = Miss(None, (), hints.of_event_id(wanted.event_id, wanted.type, all_of, app))
    elif missed:
        miss = _nearest(wanted.rule, missed, asked, app)
    elif not matching:
        miss = Miss(None, (), hints.of_absence(sorted(wanted.rule.event_types or ()), all_of, app))
    return Findings(
        tuple((type, count, good_of[type]) for type, count in sorted(all_of.items())),
        matching[0] if matching else None,
        miss,
        sum(not identity(event.xdm, namespace)[1] for event in matching),
    )


def _nearest(rule: Expression, missed: Sequence[Seen], asked: Sequence[Seen], app: AppConfig) -> Miss:
    """The event, and the way through the rule's `or`, on which the smallest share of the parts fails."""
    best: tuple[float, Seen, list[Node]] | None = None
    for way in _ways(rule.tree):
        parts = [(part, Expression("", part)) for part in way]
        for event in missed:
            failing = [part for part, compiled in parts if not compiled.holds(Scope(event.xdm))]
            share = len(failing) / len(parts)
            if best is None or share < best[0]:
                best = share, event, failing
    assert best is not None  # there is an event, and a way
    _, nearest, failing = best
    obstacles = tuple(_obstacle(part, asked, app) for part in failing)
    return Miss(nearest, obstacles, tuple(_respelt_would(rule, asked, len(asked) - len(missed))))


def _ways(node: Node) -> Iterator[list[Node]]:
    """The lists of parts that must hold together: one, or one for each side of an `or` at the top."""
    if isinstance(node, Or):
        for part in node.parts:
            yield from _ways(part)
    else:
        yield list(_parts(node))


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for part in node.parts:
            yield from _parts(part)
    else:
        yield node


def _obstacle(part: Node, asked: Sequence[Seen], app: AppConfig) -> Obstacle:
    compiled = Expression("", part)
    fails = sum(not compiled.holds(Scope(event.xdm)) for event in asked)
    found: list[str] = []
    advice: list[str] = []
    for operand in _operands(part):
        values = _values(operand, asked)
        name = tree.written_operand(operand)
        found.append(_told(name, values, _unset(operand, asked)))
        if isinstance(operand, Field):
            if not values:
                paths = {path for event in asked for path in paths_in(event.xdm)}
                advice += hints.of_unset(operand, paths, app)
            else:
                advice += hints.of_values(operand, part, [value for value, _ in values])
    return Obstacle(tree.written(part), fails, len(asked), tuple(found), tuple(dict.fromkeys(advice)))


def _respelt_would(rule: Expression, asked: Sequence[Seen], matching: int) -> Iterator[str]:
    """How many events the rule would match with its fields spelt as the events have them, if those are more."""
    other = hints.respelt(rule.tree, {path for event in asked for path in paths_in(event.xdm)})
    if other is None:
        return
    compiled = Expression("", other)
    holding = sum(compiled.holds(Scope(event.xdm)) for event in asked)
    if holding > matching:
        yield f"in their own spelling the rule matches {holding} of these events: {tree.written(other)}"


def _operands(part: Node) -> Iterator[Operand]:
    match part:
        case Comparison(left, _, right) if isinstance(left, Total) or isinstance(right, Total):
            yield from (one for one in (left, right) if isinstance(one, Field | Total))
        case _:
            yield from {field.place: field for field in tree.fields(part)}.values()


def _values(operand: Operand, events: Sequence[Seen]) -> list[tuple[object, int]]:
    """The values that events have there, and on how many events each is; the most frequent first."""
    assert not isinstance(operand, tree.Constant)
    compiled = Expression("", Holds(operand))
    counted: Counter[str] = Counter()
    values: dict[str, object] = {}
    for event in events:
        value = compiled.value(Scope(event.xdm))
        for one in {repr(item): item for item in (value if isinstance(value, list) else [value])}.items():
            if one[1] is not None:
                values[one[0]] = one[1]
                counted[one[0]] += 1
    return [
        (values[key], count)
        for key, count in sorted(counted.items(), key=lambda item: (-item[1], str(values[item[0]])))
    ]


def _unset(operand: Operand, events: Sequence[Seen]) -> int:
    """On how many events a field has no value; a total always has one."""
    if not isinstance(operand, Field):
        return 0
    compiled = Expression("", IsSet(operand, negated=True))
    return sum(compiled.holds(Scope(event.xdm)) for event in events)


def _told(name: str, values: list[tuple[object, int]], unset: int) -> str:
    if not values:
        return f"{name} is not set"
    shown = ", ".join(f"{_short(value)} ({count})" for value, count in values[:_SHOWN])
    more = len(values) - _SHOWN
    others = f" and {more} other{'' if more == 1 else 's'}" if more > 0 else ""
    return f"{name} is {shown}{others}" + (f", not set on {unset}" if unset else "")


def _short(value: object) -> str:
    if isinstance(value, str):
        return tree.quoted(value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "...")
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else f"{value:g}"
    return "an object"


def paths_in(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of keys at which a JSON value has something, lists read through."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths_in(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from paths_in(inner, path)
