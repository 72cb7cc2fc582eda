"""What to do where a scenario's events do not match: the app file's keys, other spellings, other values.

What the SDK and the tutorial's rule put into an event of a place is told in `footfall.xdm.places`; which events carry a
journey's id, in `footfall.engine.event_types`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from footfall.engine.event_types import BY_THE_RULE, journey_fault
from footfall.phone.config import AppConfig
from footfall.platform.journeys import expression_tree as tree
from footfall.platform.journeys.expression_tree import (
    And,
    Comparison,
    Constant,
    Field,
    Holds,
    IsSet,
    Node,
    Not,
    OneOf,
    Operand,
    Or,
    Total,
)
from footfall.world.problems import closest, did_you_mean

CHOSEN = ("poiDetail", "POIDetail")
"""The schema has both spellings, the second deprecated (experience-platform.md 5.1); the app file chooses one."""

_BY_THE_RULE_ALONE = (
    ("placeContext", "geo"),
    ("placeContext", "POIinteraction", "poiEntries"),
    ("placeContext", "POIinteraction", "poiExits"),
    ("placeContext", "POIinteraction", "poiDetail", "category"),
    ("placeContext", "POIinteraction", "POIDetail"),
)
_MOST_KNOWN = 8
Keys = tuple[str, ...]


def of_unset(field: Field, present: Collection[Keys], app: AppConfig) -> Iterator[str]:
    """About a field that none of the events has; `present` are the paths that they have."""
    path = _keys(field)
    like = _alike(path, present)
    if like is not None:
        differing = [mine for mine, theirs in zip(path, like, strict=True) if mine != theirs]
        if any(step in CHOSEN for step in differing):
            yield f"the events have {_last_two(like)}: apps/*.yaml places.poi-detail chooses the spelling"
        else:
            yield f"the events have {_last_two(like)}, in another spelling"
    if any(path[: len(one)] == one for one in _BY_THE_RULE_ALONE):
        if not app.places.rule:
            spelling = ", poi-detail: POIDetail" if "POIDetail" in path else ""
            yield f"the tutorial's rule alone sends it: places: {{rule: true{spelling}}} in the app file"
        elif "POIDetail" in path and app.places.poi_detail != "POIDetail":
            yield "the tutorial's rule sends it where the app file says places: {poi-detail: POIDetail}"
    if like is None and (known := _beside(path, present)):
        yield known


def of_values(field: Field, part: Node, values: Iterable[object]) -> Iterator[str]:
    """About a field that has other values than the rule asks for."""
    texts = [value for value in values if isinstance(value, str)]
    for left, operator, right in tree.comparisons(part):
        for operand, other in ((left, right), (right, left)):
            if isinstance(operand, Field) and operand.place == field.place and isinstance(other, Constant):
                asked = other.value
                if (
                    operator == "=="
                    and isinstance(asked, str)
                    and asked not in texts
                    and (near := closest(asked, texts))
                ):
                    yield f"{tree.quoted(asked)} is no value that they have. Did you mean {tree.quoted(near)}?"


def of_absence(types: Iterable[str], there: Collection[str], app: AppConfig) -> tuple[str, ...]:
    """About eventTypes of which the scenario has no event."""
    return tuple(f"no event is of the eventType {type}{_why_absent(type, there, app)}" for type in types) or (
        "the phones make no events",
    )


def of_event_id(event_id: str, type: str, there: Mapping[str, int], app: AppConfig) -> tuple[str, ...]:
    """About an id that no event carries: the app file's journey-events are what puts it into one."""
    carried = {event.event_type: event.event_id for event in app.journey_events}
    told = [name for name, id in carried.items() if id == event_id]
    if told and (not type or type in told):
        return of_absence(told, there, app)
    said = [f"events carry {event_id} only where the app file's journey-events says so"]
    if told:
        said.append(f"it puts this id into {', '.join(told)}, not into {type}")
    elif type in carried:
        said.append(f"it puts {carried[type]} into {type}: an event carries one id")
    if type and (fault := journey_fault(type)):
        return (*said, fault)
    chosen = type or next(
        (one for one in sorted(there, key=lambda one: (-there[one], one)) if not journey_fault(one)), ""
    )
    if not chosen:
        return tuple(said)
    which = "" if type else ", for instance"
    said.append(f"put there{which}:\njourney-events:\n  - {{event-type: {chosen}, event-id: {event_id}}}")
    if chosen in BY_THE_RULE and not app.places.rule:
        said.append(f"the SDK's own {chosen} carries no id, the tutorial's rule sends one: places: {{rule: true}}")
    if chosen not in there:
        said += of_absence([chosen], there, app)
    return tuple(said)


def respelt(node: Node, present: Collection[Keys]) -> Node | None:
    """The rule with its fields spelt as `present` has them, where only capitals differ (POIDetail for poiDetail); None
    where there is nothing to change."""
    other = _respelt(node, present)
    return None if other == node else other


def _respelt(node: Node, present: Collection[Keys]) -> Node:
    match node:
        case And(parts):
            return And(tuple(_respelt(part, present) for part in parts))
        case Or(parts):
            return Or(tuple(_respelt(part, present) for part in parts))
        case Not(part):
            return Not(_respelt(part, present))
        case IsSet(field, negated):
            return IsSet(_field(field, present), negated)
        case Holds(operand):
            return Holds(_operand(operand, present))
        case OneOf(left, values):
            return OneOf(_operand(left, present), values)
        case Comparison(left, operator, right):
            return Comparison(_operand(left, present), operator, _operand(right, present))


def _operand(operand: Operand, present: Collection[Keys]) -> Operand:
    match operand:
        case Field():
            return _field(operand, present)
        case Total(of, field):
            return Total(of, _field(field, present))
        case Constant():
            return operand


def _field(field: Field, present: Collection[Keys]) -> Field:
    keys = iter(_alike(_keys(field), present) or _keys(field))
    return msgspec.structs.replace(
        field, path=tuple(next(keys) if isinstance(step, str) else step for step in field.path)
    )


def _alike(path: Keys, present: Collection[Keys]) -> Keys | None:
    """The same path in other capitals, where that one alone is there."""
    if path in present:
        return None
    return next((one for one in sorted(present) if tuple(map(str.lower, one)) == tuple(map(str.lower, path))), None)


def _keys(field: Field) -> Keys:
    return tuple(step for step in field.path if isinstance(step, str))


def _why_absent(type: str, there: Collection[str], app: AppConfig) -> str:
    office = app.back_office
    if type == "commerce.backofficeOrderPlaced" and not office.orders:
        return ": a back office sends it, back-office: {orders: true} in the app file"
    if type in ("loyalty.pointsEarned", "loyalty.pointsReached") and not office.loyalty:
        return ": a back office sends it, back-office: {loyalty: true} in the app file"
    if type == "loyalty.pointsReached":
        return f": nobody here reaches {office.threshold} points; back-office: {{threshold: ...}} in the app file"
    if type.startswith(("pushTracking.", "decisioning.")):
        return ": it answers a message, and this search runs no journeys that send one"
    return "." + did_you_mean(type, there)


def _beside(path: Keys, present: Collection[Keys]) -> str:
    """What the events have where the path leaves them."""
    depth = max((length for length in range(len(path)) if not length or path[:length] in present), default=0)
    known = sorted({one[depth] for one in present if len(one) > depth and one[:depth] == path[:depth]})
    if not depth or not known or len(known) > _MOST_KNOWN:
        return ""
    return f"{_shown(path[:depth])} has {', '.join(known)}"


def _last_two(path: Keys) -> str:
    """Enough of a path to see its spelling."""
    return ".".join(path[-2:])


def _shown(path: Keys) -> str:
    return tree.written_operand(Field("", path))
