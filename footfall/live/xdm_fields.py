"""Which fields an event and a profile can have, by the platform's own schemas: to tell a field that is misspelt.

Of a schema only what says which members there are is read: properties, additionalProperties, patternProperties, items,
`$ref`s into the file's own `$defs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from footfall.engine.event_types import EVENT_TYPES

Kind = Literal["text", "number", "truth value", "object", "anything"]

_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "number": "number",
    "integer": "number",
    "boolean": "truth value",
    "object": "object",
}

Schema = Mapping[str, Any]


class Found(msgspec.Struct, frozen=True):
    """A field that can be there. `many`: its path goes over a list, or ends at one."""

    kind: Kind
    many: bool = False


class Missing(msgspec.Struct, frozen=True):
    """No such field: the step of the path (from 0) that leads nowhere, and the keys that are known there."""

    step: int
    known: tuple[str, ...] = ()


class Fields:
    """The fields of one schema."""

    def __init__(self, document: bytes) -> None:
        self._root: Schema = msgspec.json.decode(document)

    def find(self, path: Sequence[str | int]) -> Found | Missing:
        """What is at a path of keys and indices; a list that has no index in the path stands for each of its items."""
        node, many = self._follow(self._root), False
        for index, step in enumerate(path):
            if isinstance(step, int):
                if node.get("type") != "array":
                    return Missing(index) if node.get("type") else Found("anything", many)
                node = self._follow(node.get("items", {}))
                continue
            while node.get("type") == "array":
                node, many = self._follow(node.get("items", {})), True
            if _kind(node) not in ("object", "anything"):
                return Missing(index)
            member = self._member(node, step)
            if member is None:
                return Missing(index, tuple(node.get("properties", {})))
            node = self._follow(member)
        while node.get("type") == "array":
            node, many = self._follow(node.get("items", {})), True
        return Found(_kind(node), many)

    def _follow(self, schema: Any) -> Schema:
        node: Any = schema if isinstance(schema, dict) else {}
        while "$ref" in node:
            found: Any = self._root
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        checked: Schema = node
        return checked

    @staticmethod
    def _member(node: Schema, name: str) -> Schema | None:
        """The schema of a member, {} for one of which nothing is known, None for one that cannot be there."""
        if name in (properties := node.get("properties", {})):
            member: Schema = properties[name]
            return member
        for pattern, schema in node.get("patternProperties", {}).items():
            if re.search(pattern, name):
                return dict(schema)
        others = node.get("additionalProperties", True)
        return None if others is False else others if isinstance(others, dict) else {}


def _kind(node: Schema) -> Kind:
    kind = node.get("type")
    return _KINDS.get(kind, "anything") if isinstance(kind, str) else "anything"


@cache
def event_fields() -> Fields:
    """The fields of an ExperienceEvent, as the local platform takes it."""
    return Fields(_read("experienceevent.schema.json"))


@cache
def profile_fields() -> Fields:
    """The fields of an XDM Individual Profile that journeys know."""
    return Fields(_read("profile.schema.json"))


@cache
def standard_event_types() -> tuple[str, ...]:
    """The values that XDM lists for eventType."""
    return tuple(msgspec.json.decode(_read("event_types.json"))["eventTypes"])


def event_type_slip(event_type: str) -> str:
    """The standard eventType that this one is a slip of, two letters away at most, capitals aside; "" for a standard
    type, for one of Footfall's own and for one that is like none: the list is open."""
    if event_type in standard_event_types() or event_type in EVENT_TYPES:
        return ""
    near = [(distance, name) for name in standard_event_types() if (distance := _edits(event_type, name)) <= 2]
    return min(near)[1] if near else ""


def _edits(one: str, other: str) -> int:
    """How many letters must be put in, taken out or changed to make one word of the other."""
    one, other = one.lower(), other.lower()
    if abs(len(one) - len(other)) > 2:
        return 3
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        above, row[0] = row[0], index
        for column, another in enumerate(other, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (letter != another))
    return row[-1]


def _read(name: str) -> bytes:
    return (files("footfall.platform") / name).read_bytes()
