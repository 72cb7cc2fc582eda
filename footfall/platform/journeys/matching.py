"""Which journeys an event means something to, by whom it is, and which messages it tells of.

An event costs what the rules for its eventType cost: the rules of all journeys lie ready by eventType, and one that
stands in many journeys is judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from footfall.platform.journeys.expression_tree import And, Comparison, Constant, Field, Holds, OneOf, Value
from footfall.platform.journeys.expressions import Expression, Scope
from footfall.platform.journeys.messages import Happening
from footfall.platform.journeys.types import Journey, Reaction

_Rule = tuple[Expression, tuple[tuple[int, str], ...]]
_LITERAL = (str, int, float)  # and truth values, which are numbers here: a candidate is judged anyhow
_Place = tuple[str, tuple[str | int, ...]]

OPENED = frozenset({"pushTracking.applicationOpened", "decisioning.propositionDisplay"})
CLICKED = frozenset({"pushTracking.customAction", "decisioning.propositionInteract"})
DISMISS = "Dismiss"
"""The action of a notification that was wiped away (mobile-sdk.md 6.1): no click."""


class _Index:
    """The rules for one eventType. Those that ask for one more field to be equal to something (a place's id, a shop's
    category) lie by its value, so that a hundred shops' rules cost an event as much as one shop's."""

    def __init__(self, rules: list[_Rule]) -> None:
        self._rest: list[_Rule] = []
        by_place: dict[_Place, tuple[Expression, dict[Value, list[_Rule]]]] = {}
        for rule in rules:
            told = _equality(rule[0])
            if told is None:
                self._rest.append(rule)
                continue
            field, values = told
            _, by_value = by_place.setdefault(field.place, (Expression("", Holds(field)), {}))
            for value in dict.fromkeys(values):
                by_value.setdefault(value, []).append(rule)
        self._by_place = tuple(by_place.values())

    def holding(self, scope: Scope) -> Iterator[tuple[int, str]]:
        """Journeys and names of the rules that hold."""
        for rule, names in self._rest:
            if rule.holds(scope):
                yield from names
        for field, by_value in self._by_place:
            found = field.value(scope)
            candidates: Iterable[_Rule] = ()
            if isinstance(found, _LITERAL):
                candidates = by_value.get(found, ())
            elif isinstance(found, list):  # any item will do; a rule comes once, whatever of its values are in the list
                items = [item for item in found if isinstance(item, _LITERAL)]
                candidates = {id(each): each for item in items for each in by_value.get(item, ())}.values()
            for rule, names in candidates:
                if rule.holds(scope):
                    yield from names


def _equality(rule: Expression) -> tuple[Field, tuple[Value, ...]] | None:
    """A field other than eventType, one of whose values must be one of these for the rule to hold; None: there is no
    such field at the top of the rule."""
    node = rule.tree
    for part in node.parts if isinstance(node, And) else (node,):
        match part:
            case Comparison(Field() as field, "==", Constant(value)) | Comparison(
                Constant(value), "==", Field() as field
            ):
                values: tuple[Value, ...] = (value,)
            case OneOf(Field() as field, literals):
                values = tuple(literal.value for literal in literals)
            case _:
                continue
        if not field.root and field.path != ("eventType",):
            return field, values
    return None


class Rules:
    """The events of all journeys: by rule and by eventID (experience-platform.md 5.1)."""

    def __init__(self, journeys: tuple[Journey, ...]) -> None:
        texts: dict[str, tuple[Expression, list[tuple[int, str]]]] = {}
        ids: dict[str, list[tuple[int, str]]] = {}
        for number, journey in enumerate(journeys):
            for event in journey.events:
                if event.when is not None:
                    texts.setdefault(event.when.text, (event.when, []))[1].append((number, event.name))
                else:
                    ids.setdefault(event.event_id, []).append((number, event.name))
        rules = [(rule, tuple(names)) for rule, names in texts.values()]
        types = frozenset[str]().union(*(rule.event_types or () for rule, _ in rules))
        self._ids = {id: tuple(names) for id, names in ids.items()}
        self._of_any_type = _Index([each for each in rules if each[0].event_types is None])
        self._by_type = {
            type: _Index([each for each in rules if each[0].event_types is None or type in each[0].event_types])
            for type in types
        }

    def matching(self, happening: Happening) -> dict[int, tuple[str, ...]]:
        """The names that each journey (by its number, in order) has for this event. One event may have several: each
        rule that it matches counts."""
        found: dict[int, tuple[str, ...]] = {}
        for number, name in self._by_type.get(happening.type, self._of_any_type).holding(Scope(happening.xdm)):
            found[number] = (*found.get(number, ()), name)
        if self._ids and (id := event_id(happening.xdm)):
            for number, name in self._ids.get(id, ()):
                found[number] = (*found.get(number, ()), name)
        return dict(sorted(found.items())) if len(found) > 1 else found

    def knows(self, id: str) -> bool:
        """Whether a journey listens for this eventID."""
        return id in self._ids


def event_id(xdm: Mapping[str, Any]) -> str:
    """`_experience.campaign.orchestration.eventID`, "" if it is not there."""
    match xdm.get("_experience"):
        case {"campaign": {"orchestration": {"eventID": str(id)}}}:
            return id
    return ""


def identity(xdm: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    """Namespace and id by which an event goes in a journey of this namespace: the namespace's primary id, else its
    first; with namespace "" the event's primary identity, else its first. ("", "") where there is none."""
    identities = xdm.get("identityMap")
    if not isinstance(identities, Mapping):
        return "", ""
    first = "", ""
    for name, items in ((namespace, identities.get(namespace)),) if namespace else identities.items():
        for item in items if isinstance(items, list) else ():
            match item:
                case {"id": str(id), "primary": True} if id:
                    return name, id
                case {"id": str(id)} if id and not first[1]:
                    first = name, id
    return first


class Reacted(msgspec.Struct, frozen=True):
    """What an event tells of a message: the ids that its tracking data carry."""

    what: Reaction
    message: str
    version: str
    instance: str


def reactions(happening: Happening) -> Iterator[Reacted]:
    """The messages of journeys that this event says were opened or clicked: pushes (mobile-sdk.md 6.1), and in-app
    messages that were shown or touched (6.3; one event may tell of several)."""
    what: Reaction
    if happening.type in OPENED:
        what = "opened"
    elif happening.type in CLICKED:
        what = "clicked"
    else:
        return
    xdm = happening.xdm
    match xdm.get("pushNotificationTracking"):
        case {"customAction": {"actionID": action}} if action == DISMISS:
            return
    match xdm.get("_experience"):
        case {"customerJourneyManagement": {"messageExecution": execution}}:
            yield from _executed(what, execution)
        case {"decisioning": {"propositions": [*propositions]}}:
            for one in propositions:
                match one:
                    case {"scopeDetails": {"characteristics": {"cjmEvent": {"messageExecution": execution}}}}:
                        yield from _executed(what, execution)


def _executed(what: Reaction, execution: object) -> Iterator[Reacted]:
    match execution:
        case {"messageID": str(message), "journeyVersionID": str(version), "journeyVersionInstanceId": str(instance)}:
            yield Reacted(what, message, version, instance)
