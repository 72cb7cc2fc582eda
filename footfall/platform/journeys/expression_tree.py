"""What a condition consists of once it is parsed: frozen nodes, how they are written, and what they allow.

The language is told in `expressions`, where it is also evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

Value = str | int | float | bool
Operator = Literal[
    "==", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with", "equals ignoring case"
]  # fmt: skip
Aggregate = Literal["count", "sum"]

PROFILE = "profile"
"""The root of the fields of the person's profile."""

WORD = r"[A-Za-z_][A-Za-z0-9_]*"
"""A key that is written without quotes, and a journey event's name."""


class Field(msgspec.Struct, frozen=True):
    """A path into a JSON object. `root`: "" for the payload of the event that is judged, "profile", or the name of a
    journey event. `path`: keys, and indices where one item of a list is meant. `column` counts from 1 in the text."""

    root: str
    path: tuple[str | int, ...]
    column: int = 1

    @property
    def place(self) -> tuple[str, tuple[str | int, ...]]:
        """What it points at, wherever it is written."""
        return self.root, self.path


class Constant(msgspec.Struct, frozen=True):
    """A text, number or truth value that is written down."""

    value: Value
    column: int = 1


class Total(msgspec.Struct, frozen=True):
    """How many values there are at a path, or what the numbers among them add up to."""

    of: Aggregate
    field: Field


Operand = Field | Constant | Total


class Comparison(msgspec.Struct, frozen=True):
    """Two operands and what is said of them."""

    left: Operand
    operator: Operator
    right: Operand


class OneOf(msgspec.Struct, frozen=True):
    """An operand that is one of several literals."""

    left: Operand
    values: tuple[Constant, ...]


class IsSet(msgspec.Struct, frozen=True):
    """Whether there is a value at a path; negated, whether there is none."""

    field: Field
    negated: bool = False


class Holds(msgspec.Struct, frozen=True):
    """An operand alone: as a condition it holds where it is true; in a text it is the value that is filled in."""

    operand: Operand


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    part: Node


class And(msgspec.Struct, frozen=True):
    """All parts hold."""

    parts: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    """One part at least holds."""

    parts: tuple[Node, ...]


Node = Comparison | OneOf | IsSet | Holds | Not | And | Or


# How it is written


def written(node: Node) -> str:
    """The node as text that parses to the same node, columns aside."""
    match node:
        case Comparison(left, operator, right):
            return f"{written_operand(left)} {operator} {written_operand(right)}"
        case OneOf(left, values):
            return f"{written_operand(left)} in [{', '.join(map(written_operand, values))}]"
        case IsSet(field, negated):
            return f"{written_operand(field)} is {'not ' if negated else ''}set"
        case Holds(operand):
            return written_operand(operand)
        case Not(part):
            return f"not {_in_parentheses(part)}"
        case And(parts):
            return " and ".join(map(_in_parentheses, parts))
        case Or(parts):
            return " or ".join(map(_in_parentheses, parts))


def written_operand(operand: Operand) -> str:
    """A field, literal or total as text."""
    match operand:
        case Field(root, path):
            first = root if root in ("", PROFILE) else f"@{root}"
            return first + "".join(map(_step, path)) if first else "".join(map(_step, path)).removeprefix(".")
        case Total(of, field):
            return f"{of}({written_operand(field)})"
        case Constant(value):
            if isinstance(value, str):
                return quoted(value)
            return str(value).lower() if isinstance(value, bool) else repr(value)


def quoted(text: str) -> str:
    """Text in quotes, as the parser reads it back."""
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(char, escape)
    return f'"{text}"'


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(WORD, step) else f".{quoted(step)}"


def _in_parentheses(node: Node) -> str:
    return f"({written(node)})" if isinstance(node, And | Or) else written(node)


# What it speaks of, and what it allows


def fields(node: Node) -> Iterator[Field]:
    """All fields in it, in the order of the text."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from fields(part)
        case Not(part):
            yield from fields(part)
        case IsSet(field):
            yield field
        case Comparison(left, _, right):
            yield from (*_field_of(left), *_field_of(right))
        case OneOf(left):
            yield from _field_of(left)
        case Holds(operand):
            yield from _field_of(operand)


def _field_of(operand: Operand) -> tuple[Field, ...]:
    match operand:
        case Field():
            return (operand,)
        case Total(field=field):
            return (field,)
        case _:
            return ()


def comparisons(node: Node) -> Iterator[tuple[Operand, Operator, Operand]]:
    """Every pair of operands that are compared; the values of a list each as an equality."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)
        case Not(part):
            yield from comparisons(part)
        case Comparison(left, operator, right):
            yield left, operator, right
        case OneOf(left, values):
            yield from ((left, "==", value) for value in values)
        case _:
            return


def allowed(node: Node, place: tuple[str, tuple[str | int, ...]]) -> frozenset[Value] | None:
    """The values of the field at `place` (`Field.place`) for which alone the node can hold, as far as equalities tell;
    None: any. Meant for a field with a single value: over a list two equalities can both hold."""
    match node:
        case And(parts):
            known = [values for part in parts if (values := allowed(part, place)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(parts):
            each = [allowed(part, place) for part in parts]
            return None if None in each else frozenset().union(*(values for values in each if values is not None))
        case Comparison(Field() as field, "==", Constant(value)) | Comparison(Constant(value), "==", Field() as field):
            return frozenset({value}) if field.place == place else None
        case OneOf(Field() as field, values):
            return frozenset(literal.value for literal in values) if field.place == place else None
        case _:
            return None


def contradiction(node: Node, single: Callable[[Field], bool]) -> Field | None:
    """A field that would have to have two values at once for the node to hold; None if there is none. `single` tells
    whether a field has one value only. Knows equalities, nothing of order or negation."""
    match node:
        case And(parts):
            for field in fields(node):
                if single(field) and allowed(node, field.place) == frozenset():
                    return field
            return next((found for part in parts if (found := contradiction(part, single)) is not None), None)
        case Or(parts):
            each = [contradiction(part, single) for part in parts]
            return None if None in each else each[0]
        case _:
            return None
