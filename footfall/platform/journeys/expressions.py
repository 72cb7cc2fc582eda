"""Conditions over the payload of an event and over a profile, as people write them in rules and journeys.

    rule = parse('eventType == "location.entry" and placeContext.POIinteraction.poiDetail.category == "shop"')
    rule.holds(Scope(payload))

A path of the event's payload has no prefix in a rule. In a journey's conditions and texts `@store_visit.path` is a
field of the event that the journey calls store_visit, `profile.path` one of the profile. A key that is no plain word
is written in quotes: `identityMap."my-id"[0].id`.

There are `and`, `or`, `not`, parentheses; `==`, `!=`, `<`, `<=`, `>`, `>=`; `contains`, `starts with`, `ends with`,
`equals ignoring case` (Journey Optimizer's equalIgnoreCase); `in ["a", "b"]`; `is set`, `is not set`; texts in quotes,
numbers, `true` and `false`. Over a list any item will do (`productListItems.SKU == "x"`), `[0]` picks one,
`count(path)` and `sum(path)` make one number of it. A field alone holds where it is true.

A field that is not there is null, and every comparison with null is false; only `is not set` is true of it. A text and
a number are never equal, and there is no order between them. The operators are those of Journey Optimizer's editors
(https://experienceleague.adobe.com/docs/journey-optimizer/using/orchestrate-journeys/building-advanced-conditions-journeys/expressions/operators.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import msgspec

from footfall.platform.journeys import expression_tree as tree
from footfall.platform.journeys.expression_parser import ExpressionProblem as ExpressionProblem
from footfall.platform.journeys.expression_parser import parse_tree
from footfall.platform.journeys.expression_tree import (
    PROFILE,
    And,
    Comparison,
    Constant,
    Holds,
    IsSet,
    Node,
    Not,
    OneOf,
    Operand,
    Operator,
    Or,
    Total,
)
from footfall.platform.journeys.expression_tree import Field as Field
from footfall.platform.journeys.value_tests import MIRRORED, NUMBERS, Test, against, is_one_of, is_there, is_true


class NoProfile(Exception):
    """An expression asks for the profile, and there is none."""


class Scope(msgspec.Struct, frozen=True):
    """What an expression is judged by: JSON objects as they come decoded, of dicts and lists. `payload` is the event
    that a rule judges, `events` are the payloads of the journey's events by name, `profile` the profile's attributes,
    None where there is no profile."""

    payload: Mapping[str, Any] = {}
    events: Mapping[str, Mapping[str, Any]] = {}
    profile: Mapping[str, Any] | None = None


class Expression(msgspec.Struct, frozen=True, dict=True):
    """A condition, or a value for a text. `text` is as it was written. Compiled when it is first used."""

    text: str
    tree: Node

    def holds(self, scope: Scope) -> bool:
        """Whether it is true. Raises NoProfile if that depends on a profile that is not there."""
        return self._holds(scope)

    def value(self, scope: Scope) -> object:
        """What a text is filled in with: the value of a field, None where it is not there, a list where the path goes
        over one; a condition's truth. Raises NoProfile."""
        return self._value(scope)

    @cached_property
    def event_types(self) -> frozenset[str] | None:
        """The eventTypes with which alone it can hold; None: any."""
        values = tree.allowed(self.tree, ("", ("eventType",)))
        return None if values is None else frozenset(value for value in values if isinstance(value, str))

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields in it, in the order of the text."""
        return tuple(tree.fields(self.tree))

    @cached_property
    def _holds(self) -> Callable[[Scope], bool]:
        return _condition(self.tree)

    @cached_property
    def _value(self) -> Callable[[Scope], object]:
        return _filled_in(self.tree.operand) if isinstance(self.tree, Holds) else self._holds

    def __str__(self) -> str:
        return tree.written(self.tree)


def parse(text: str) -> Expression:
    """Reads a condition. Raises ExpressionProblem, which tells the column, and nothing else."""
    return Expression(text, parse_tree(text))


# Compiling: each node becomes a function of the scope

_Condition = Callable[[Scope], bool]


def _condition(node: Node) -> _Condition:
    match node:
        case And(parts):
            return _all(tuple(map(_condition, parts)))
        case Or(parts):
            return _some(tuple(map(_condition, parts)))
        case Not(part):
            holds = _condition(part)
            return lambda scope: not holds(scope)
        case IsSet(field, negated):
            there = _at(field, is_there)
            return (lambda scope: not there(scope)) if negated else there
        case Holds(operand):
            return _tested(operand, is_true)
        case OneOf(left, literals):
            return _tested(left, is_one_of(tuple(literal.value for literal in literals)))
        case Comparison(left, operator, Constant(value)):
            return _tested(left, against(operator, value))
        case Comparison(Constant(value), operator, right) if operator in MIRRORED:
            return _tested(right, against(MIRRORED[operator], value))
        case Comparison(left, operator, right):
            return _of_two(left, operator, right)


def _all(parts: tuple[_Condition, ...]) -> _Condition:
    if len(parts) == 2:  # most often: what kind of event, and something about it
        first, second = parts
        return lambda scope: first(scope) and second(scope)

    def hold(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 (a generator costs twice as much)
            if not part(scope):
                return False
        return True

    return hold


def _some(parts: tuple[_Condition, ...]) -> _Condition:
    def hold(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 (likewise)
            if part(scope):
                return True
        return False

    return hold


def _tested(operand: Operand, test: Test) -> _Condition:
    """Whether the test is true of a value of the operand."""
    match operand:
        case Field():
            return _at(operand, test)
        case Total():
            total = _total(operand)
            return lambda scope: test(total(scope))
        case Constant(value):
            answer = test(value)
            return lambda scope: answer


def _of_two(left: Operand, operator: Operator, right: Operand) -> _Condition:
    lefts, rights = _values(left), _values(right)

    def hold(scope: Scope) -> bool:
        values = lefts(scope)
        return any(test(value) for other in rights(scope) for test in (against(operator, other),) for value in values)

    return hold


def _at(field: Field, test: Test) -> _Condition:
    """Whether the test is true of a value at the field; it is not asked about null."""
    read = _reader(field.path, test)
    if not field.root:
        return lambda scope: read(scope.payload)  # a rule over every event: without a further call
    source = _source(field)
    return lambda scope: read(source(scope))


def _source(field: Field) -> Callable[[Scope], Any]:
    root = field.root
    if not root:
        return lambda scope: scope.payload
    return _profile if root == PROFILE else lambda scope: scope.events.get(root)


def _profile(scope: Scope) -> Mapping[str, Any]:
    if scope.profile is None:
        raise NoProfile
    return scope.profile


def _reader(path: tuple[str | int, ...], test: Test) -> Test:
    """A test of a whole JSON value: goes down the path and, over a list, down the rest of it for every item."""
    rest: list[Test] = []  # the same from each step of the path on, and from its end
    for depth in range(len(path) + 1):
        rest.append(_downward(path[depth:], test, rest, depth))
    return rest[0]


def _downward(path: tuple[str | int, ...], test: Test, rest: list[Test], first: int) -> Test:
    def read(value: Any) -> bool:
        depth = first
        for step in path:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list):
                if isinstance(step, str):
                    return any(map(rest[depth], value))
                value = value[step] if step < len(value) else None
            else:
                return False
            depth += 1
        if isinstance(value, list):
            return any(map(rest[depth], value))
        return value is not None and test(value)

    return read


def _found(field: Field) -> Callable[[Scope], list[Any]]:
    """All values at the field but null, those of lists one by one."""
    path, source = field.path, _source(field)

    def found(scope: Scope) -> list[Any]:
        values: list[Any] = []
        _gather(source(scope), path, 0, values)
        return values

    return found


def _gather(value: Any, path: tuple[str | int, ...], first: int, values: list[Any]) -> None:
    """Adds what `_reader` would test: from step `first` of the path on."""
    for depth in range(first, len(path)):
        step = path[depth]
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            if isinstance(step, str):
                for item in value:
                    _gather(item, path, depth, values)
                return
            value = value[step] if step < len(value) else None
        else:
            return
    if isinstance(value, list):
        for item in value:
            _gather(item, path, len(path), values)
    elif value is not None:
        values.append(value)


def _values(operand: Operand) -> Callable[[Scope], list[Any]]:
    match operand:
        case Field():
            return _found(operand)
        case Total():
            total = _total(operand)
            return lambda scope: [total(scope)]
        case Constant(value):
            return lambda scope: [value]


def _total(total: Total) -> Callable[[Scope], int | float]:
    found = _found(total.field)
    if total.of == "count":
        return lambda scope: len(found(scope))
    return lambda scope: _sum([value for value in found(scope) if type(value) in NUMBERS])


def _sum(numbers: Sequence[int | float]) -> int | float:
    try:
        return sum(numbers)
    except OverflowError:  # an integer that no float holds, and a fraction: JSON has no bounds
        exactly = sum(map(Fraction, numbers), Fraction())
    try:
        return float(exactly)
    except OverflowError:
        return int(exactly)


def _filled_in(operand: Operand) -> Callable[[Scope], object]:
    match operand:
        case Total():
            return _total(operand)
        case Constant(value):
            return lambda scope: value
        case Field():
            found = _found(operand)
            spreads = _spreads(operand)

            def filled_in(scope: Scope) -> object:
                values = found(scope)
                return values if spreads(scope) else next(iter(values), None)

            return filled_in


def _spreads(field: Field) -> _Condition:
    """Whether the path goes over a list, or ends at one."""
    source = _source(field)

    def spreads(scope: Scope) -> bool:
        value = source(scope)
        for step in field.path:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int):
                value = value[step] if step < len(value) else None
            else:
                break
        return isinstance(value, list)

    return spreads
