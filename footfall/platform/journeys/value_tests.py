"""Tests of one JSON value against a literal: what the operators of `expressions` mean. None asks about null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from footfall.platform.journeys.expression_tree import Operator, Value

Test = Callable[[Any], bool]

NUMBERS = (int, float)
"""The types of a number: exactly these, a truth value is none."""

MIRRORED: Mapping[Operator, Operator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What an operator becomes when its two sides change places."""

_ORDER: Mapping[Operator, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def is_there(value: Any) -> bool:
    """Of every value."""
    return True


def is_true(value: Any) -> bool:
    """Of `true` alone."""
    return value is True


def against(operator: Operator, literal: Value) -> Test:
    """The test that compares a value, never null, with a literal."""
    match operator:
        case "==":
            return _equal(literal)
        case "!=":
            equal = _equal(literal)
            return lambda value: not equal(value)
        case "<" | "<=" | ">" | ">=":
            return _ordered(_ORDER[operator], literal)
        case _:
            return _of_texts(operator, literal)


def _equal(literal: Value) -> Test:
    if isinstance(literal, bool):
        return lambda value: value is literal
    if isinstance(literal, str):
        return lambda value: bool(value == literal)
    return lambda value: type(value) in NUMBERS and bool(value == literal)


def _ordered(compare: Callable[[Any, Any], bool], literal: Value) -> Test:
    if isinstance(literal, str):
        return lambda value: isinstance(value, str) and compare(value, literal)
    return lambda value: type(value) in NUMBERS and type(literal) in NUMBERS and compare(value, literal)


def _of_texts(operator: Operator, literal: Value) -> Test:
    if not isinstance(literal, str):
        return lambda value: False
    match operator:
        case "contains":
            return lambda value: isinstance(value, str) and literal in value
        case "starts with":
            return lambda value: isinstance(value, str) and value.startswith(literal)
        case "ends with":
            return lambda value: isinstance(value, str) and value.endswith(literal)
        case _:
            small = literal.casefold()
            return lambda value: isinstance(value, str) and value.casefold() == small


def is_one_of(values: tuple[Value, ...]) -> Test:
    """The test whether a value equals one of several."""
    tests = tuple(map(_equal, values))
    if all(isinstance(value, str) for value in values):
        texts = frozenset(values)
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: any(test(value) for test in tests)
