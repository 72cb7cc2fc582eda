"""A huge event, cut down to a part of it that is wrong still.

The validator makes all errors of an event before it gives the first, and a megabyte can hold half a million. Whether an
event is valid it says at once. So the lists and maps of a huge event are halved, all at the same time, and the half in
which something is wrong is kept, the earlier one if both are, until few values are left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec

MOST_VALUES = 1_000  # an event of a phone has about fifty, an order of a hundred lines about six hundred

_LEAST = 8  # a list or map is not cut below this, or below what the schema demands

Path = tuple[str | int, ...]


class Limits(msgspec.Struct, frozen=True):
    """What a cut must leave alone so that it makes no faults of its own: keys with these names, and so many items."""

    names: frozenset[str]
    least: int


class Part(msgspec.Struct, frozen=True):
    """What is left of an event: its value, how many values that are, the index of a list's first item where it is not
    the first of the event (by the list's path in the part), and whether it could be halved once more."""

    value: object
    values: int
    first: dict[Path, int]
    divisible: bool

    def path_in_event(self, path: list[str | int]) -> list[str | int]:
        """Where in the event is what the part has at `path`."""
        if not self.first:
            return path
        return [
            step + self.first.get(tuple(path[:depth]), 0) if isinstance(step, int) else step
            for depth, step in enumerate(path)
        ]


def limits_of(schema: object) -> Limits:
    """The limits for events judged by this JSON Schema. Every word in it may be the name of a member."""
    names: set[str] = set()
    least = _LEAST
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            names.update(node)
            waiting += node.values()
            for keyword in ("minItems", "minProperties", "minContains"):
                if isinstance(count := node.get(keyword), int):
                    least = max(least, count)
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str):
            names.add(node)
    return Limits(frozenset(names), least)


def is_huge(value: object) -> bool:
    """Whether it has more than MOST_VALUES values; looks at no more than those and one container's members."""
    count, waiting = 1, [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            count += len(node)
            if count > MOST_VALUES:
                return True
            waiting += node.values() if isinstance(node, dict) else node
    return False


def shortened(event: object, limits: Limits, is_valid: Callable[[object], bool]) -> Part:
    """A part of an event that is not valid, which is not valid either. It has MOST_VALUES values at most, unless it
    cannot be halved, or only the whole is wrong (a list that is too long): then there are few errors to be made."""
    halves: tuple[int, ...] = ()
    part = _Cut(limits, halves).part(event)
    while part.values > MOST_VALUES and part.divisible:
        for half in (0, 1):
            smaller = _Cut(limits, (*halves, half)).part(event)
            if not is_valid(smaller.value):
                part, halves = smaller, (*halves, half)
                break
        else:
            break
    return part


class _Cut:
    """One cut through all lists and maps of an event: `halves` are the halves to keep, of the whole first (0: the
    earlier one, 1: the later one)."""

    def __init__(self, limits: Limits, halves: tuple[int, ...]) -> None:
        self._names = limits.names
        self._divisible_from = 2 * limits.least
        self._halves = halves
        self._values = 0
        self._first: dict[Path, int] = {}
        self._divisible = False

    def part(self, event: object) -> Part:
        value = self._kept(event, ()) if isinstance(event, dict | list) else event
        return Part(value, self._values + 1, self._first, self._divisible)

    def _kept(self, value: dict[str, Any] | list[Any], path: Path) -> object:
        if isinstance(value, dict):
            keys = self._keys(value)
            self._values += len(keys)
            return {key: self._member(value[key], path, key) for key in keys}
        low, high = self._window(len(value))
        self._values += high - low
        if low:
            self._first[path] = low
        return [self._member(item, path, index) for index, item in enumerate(value[low:high])]

    def _member(self, value: object, path: Path, step: str | int) -> object:
        return self._kept(value, (*path, step)) if isinstance(value, dict | list) else value

    def _keys(self, value: dict[str, Any]) -> Collection[str]:
        """Those to be kept, in their order: all that the schema may name, and their share of the others."""
        if len(value) < self._divisible_from:
            return value
        free = [key for key in value if key not in self._names]
        low, high = self._window(len(free))
        if high - low == len(free):
            return value
        if len(free) == len(value):
            return free[low:high]
        kept = set(free[low:high])
        return [key for key in value if key in kept or key in self._names]

    def _window(self, size: int) -> tuple[int, int]:
        low, high = 0, size
        for half in self._halves:
            if high - low < self._divisible_from:
                return low, high
            middle = (low + high) // 2
            low, high = (middle, high) if half else (low, middle)
        self._divisible = self._divisible or high - low >= self._divisible_from
        return low, high
