"""A rule as a person enters it in Adobe's interface: as rows of the simple editor, and as an advanced expression.

The simple editor combines fields with `and` and `or`; of its operators the documents name `equal to` and `contains`
(experience-platform.md 5.1). What they do not name is taken to need the advanced editor, and so are lists: a field of
one of several items is reached with `all(...)`. For the condition of an event that editor is of limited availability,
and in the older Journey Orchestration not there at all (AdobeDocs/journeys.en, help/using/event/about-creating.md).

Fields and functions are written as the documents of expressions have them (AdobeDocs/journeys.en, help/using/expression
and help/using/functions): `@{Name.path}`, `.at(0)`, `.entry('ECID')`, `.all(currentEventField.x == "y")`, `contain`,
`startWith`, `endWith`, `equalIgnoreCase`, `in`, `count`, `sum`, `is null`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from footfall.live.xdm_fields import Found, event_fields
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
    Operator,
    Or,
    Total,
)
from footfall.platform.journeys.value_tests import MIRRORED

SIMPLE: Mapping[Operator, str] = {"==": "equal to", "contains": "contains"}
"""The operators that the documents name for the simple editor, as they are called there."""

_FUNCTIONS: Mapping[Operator, str] = {
    "contains": "contain",
    "starts with": "startWith",
    "ends with": "endWith",
    "equals ignoring case": "equalIgnoreCase",
}
_ORDER = ("<", "<=", ">", ">=")
_Test = Callable[[str], str]
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Row(msgspec.Struct, frozen=True):
    """One line of the simple editor."""

    field: str
    operator: str
    value: str


class Group(msgspec.Struct, frozen=True):
    """Lines on one level of the simple editor, all joined by the same word."""

    joined: Literal["and", "or"]
    parts: tuple[Row | Group, ...]


class Entered(msgspec.Struct, frozen=True):
    """How a rule is entered. `simple` is None where that editor cannot say it: `beyond` are the parts that it cannot.
    `advanced` says the same in the advanced editor; `unsayable` are the parts that have no form there either, and
    stand in it as Footfall writes them."""

    simple: Row | Group | None
    beyond: tuple[str, ...]
    advanced: str
    unsayable: tuple[str, ...]


def entered(node: Node, event: str) -> Entered:
    """The condition of the event of this name."""
    beyond: list[str] = []
    rows = _simple(node, beyond)
    writer = _Advanced(event)
    advanced = writer.node(node)
    return Entered(rows, tuple(beyond), advanced, tuple(writer.unsayable))


def lists_in(path: tuple[str | int, ...]) -> tuple[int, ...]:
    """The lengths of the path's beginnings that end at a list of which no index picks an item."""
    one_item: list[str | int] = []  # the path with an index behind every list: what is found there is no list's doing
    found: list[int] = []
    for length, step in enumerate(path, 1):
        one_item.append(step)
        while _is_list(one_item) and not (length < len(path) and isinstance(path[length], int)):
            if not found or found[-1] != length:
                found.append(length)
            one_item.append(0)
    return tuple(found)


def _is_list(path: list[str | int]) -> bool:
    found = event_fields().find(path)
    return isinstance(found, Found) and found.many


# The simple editor


def _simple(node: Node, beyond: list[str]) -> Row | Group | None:
    match node:
        case And(parts) | Or(parts):
            rows = [_simple(part, beyond) for part in parts]
            joined: Literal["and", "or"] = "and" if isinstance(node, And) else "or"
            known = tuple(row for row in rows if row is not None)
            return Group(joined, known) if len(known) == len(rows) else None
        case OneOf(Field() as field, values) if _single(field):
            return Group("or", tuple(_row(field, "==", value) for value in values))
        case Comparison(Field() as field, operator, Constant() as value) if _single(field) and operator in SIMPLE:
            return _row(field, operator, value)
        case Comparison(Constant() as value, "==", Field() as field) if _single(field):
            return _row(field, "==", value)
        case Holds(Field() as field) if _single(field):
            return _row(field, "==", Constant(True))
    beyond.append(tree.written(node))
    return None


def _single(field: Field) -> bool:
    """Whether no list is on its way: an item of one is no field of the simple editor."""
    return not lists_in(field.path) and not any(isinstance(step, int) for step in field.path)


def _row(field: Field, operator: Operator, value: Constant) -> Row:
    text = value.value if isinstance(value.value, str) else tree.written_operand(value)
    return Row(tree.written_operand(field), SIMPLE[operator], text)


# The advanced editor


class _Advanced:
    """Writes for one event; notes what cannot be said."""

    def __init__(self, event: str) -> None:
        self.unsayable: list[str] = []
        self._event = event

    def node(self, node: Node) -> str:
        match node:
            case And(parts):
                return " and ".join(map(self._in_parentheses, parts))
            case Or(parts):
                return " or ".join(map(self._in_parentheses, parts))
            case Not(part):
                return f"not ({self.node(part)})"
            case IsSet(field, negated):
                if lists_in(field.path):
                    return f"count({self._reference(field)}) {'==' if negated else '>'} 0"
                return f"{self._reference(field)} is {'' if negated else 'not '}null"
            case Holds(Constant(value)):
                return str(value).lower()
            case Holds(operand):
                return self._compared(node, operand, "==", Constant(True))
            case OneOf(Field(path=path) as field, values) if lists_in(path):
                return self._over_list(node, field, lambda item: f"in({item}, {_list(values)})")
            case OneOf(left, values):
                return f"in({self._operand(left)}, {_list(values)})"
            case Comparison(Constant() as left, operator, right) if operator in MIRRORED:
                return self._compared(node, right, MIRRORED[operator], left)
            case Comparison(left, operator, right):
                return self._compared(node, left, operator, right)

    def _in_parentheses(self, node: Node) -> str:
        return f"({self.node(node)})" if isinstance(node, And | Or) else self.node(node)

    def _compared(self, node: Node, left: Operand, operator: Operator, right: Operand) -> str:
        if operator in _ORDER and any(
            isinstance(one, Constant) and isinstance(one.value, str) for one in (left, right)
        ):
            return self._cannot(node)  # the documents: numbers and times alone have an order
        spread = [one for one in (left, right) if isinstance(one, Field) and lists_in(one.path)]
        if not spread:
            return _said(self._operand(left), operator, self._operand(right))
        if isinstance(left, Field) and isinstance(right, Constant):
            return self._over_list(node, left, lambda item: _said(item, operator, tree.written_operand(right)))
        return self._cannot(node)

    def _over_list(self, node: Node, field: Field, test: _Test) -> str:
        """That some item of a list passes: those that do are counted."""
        lists = lists_in(field.path)
        rest = field.path[lists[-1] :]
        if not rest:
            return self._cannot(node)  # the items are no objects, and all(...) filters by their fields
        item = "currentEventField" + _steps(rest)
        reference = self._event + _steps(field.path[: lists[-1]], lists[:-1])
        return f"count(@{{{reference}.all({test(item)}){_steps(rest)}}}) > 0"

    def _operand(self, operand: Operand) -> str:
        match operand:
            case Field():
                return self._reference(operand)
            case Total(of, field):
                return f"{of}({self._reference(field)})"
            case Constant():
                return tree.written_operand(operand)

    def _reference(self, field: Field) -> str:
        return f"@{{{self._event}{_steps(field.path)}}}"

    def _cannot(self, node: Node) -> str:
        text = tree.written(node)
        self.unsayable.append(text)
        return text


def _said(left: str, operator: Operator, right: str) -> str:
    function = _FUNCTIONS.get(operator)
    return f"{left} {operator} {right}" if function is None else f"{function}({left}, {right})"


def _list(values: tuple[Constant, ...]) -> str:
    return f"[{', '.join(map(tree.written_operand, values))}]"


def _steps(path: tuple[str | int, ...], lists: tuple[int, ...] = ()) -> str:
    """A path behind a name; behind each of its beginnings whose length is in `lists` stands `.all()`."""
    written = []
    for length, step in enumerate(path, 1):
        if isinstance(step, int):
            written.append(f".at({step})")
        elif length == 2 and path[0] == "identityMap":
            written.append(f".entry('{step}')")  # of a map, an entry by its key
        else:
            written.append(f".{step}" if _PLAIN.fullmatch(step) else f".'{step}'")
        if length in lists:
            written.append(".all()")
    return "".join(written)
