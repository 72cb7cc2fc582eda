"""A JSON Schema of what a form reads: for editors, which complete and check YAML files by it.

    schema(JOURNEY, "A journey of Footfall", "journey")

It is wider than the form where JSON Schema cannot say it: what is said between values is left to `footfall lint`. The
forms of `footfall.scenario.forms`, `footfall.engine.app_forms` and of quantities are known here; any other has a method
`json_schema(of)`, where `of` makes the schema of a form within it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from footfall.engine.app_forms import Distinct, Matching, Truth, Word
from footfall.live.platform_forms import JsonObject
from footfall.scenario.forms import REQUIRED, Form, ListOf, MapOf, Number, OneOf, Record, Text, Whole
from footfall.scenario.quantities import Quantity, WholeQuantity

JsonSchema = dict[str, Any]
SchemaOf = Callable[[Form[Any]], JsonSchema]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ANY_TEXT = Text().pattern


@runtime_checkable
class Describing(Protocol):
    """A form that knows its own JSON Schema."""

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        """The schema; `of` makes that of a form within."""
        ...


def schema(form: Form[Any], title: str) -> JsonSchema:
    """The whole document for files that `form` reads. Raises TypeError for a form that is not known."""
    return {"$schema": DIALECT, "title": title, **schema_of(form)}


def shipped(document: JsonSchema) -> str:
    """The document as it lies in schemas/, ending with a line break."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema_of(form: Form[Any]) -> JsonSchema:
    """The schema of what one form reads, with what it expects as the description. Raises TypeError likewise."""
    return {"description": form.expected, **_schema_of(form)}


def _schema_of(form: Form[Any]) -> JsonSchema:
    match form:
        case Describing():
            return form.json_schema(schema_of)
        case Text(pattern=pattern):
            # an editor's patterns find, ours must match from end to end
            return {"type": "string", **({"pattern": r"\S"} if pattern == _ANY_TEXT else _pattern(pattern))}
        case Matching(pattern=pattern):
            return {"type": "string", **_pattern(pattern)}
        case Word(words):
            return {"enum": list(words)}
        case Truth():
            return {"type": "boolean"}
        case Whole(low, high):
            return {"type": "integer", "minimum": low} | ({} if high >= 2**53 else {"maximum": high})
        case Number(low=low, high=high):
            return {"type": "number", "minimum": low, "maximum": high}
        case WholeQuantity(quantity):
            return _schema_of(quantity)
        case Quantity(dimension):
            units = "|".join(dimension.units)
            return {"type": "string", "pattern": rf"^[0-9]+(\.[0-9]+)?({units})$"}
        case Distinct(items):
            return _schema_of(items)
        case ListOf(item=item):
            return {"type": "array", "items": schema_of(item)}
        case JsonObject():
            return {"type": "object"}
        case MapOf():
            return _map(form)
        case Record():
            return _record(form)
        case OneOf():
            return _one_of(form)
        case _:
            raise TypeError(f"{type(form).__name__} has no json_schema")


def _record(form: Record[Any]) -> JsonSchema:
    required = [name for name, key in form.keys.items() if key.default is REQUIRED]
    return {
        "type": "object",
        "properties": {name: schema_of(key.form) for name, key in form.keys.items()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _map(form: MapOf[Any]) -> JsonSchema:
    names: JsonSchema = {"enum": list(form.names)} if form.names else _pattern(r"\w[\w-]*")
    if form.reserved:
        names = {**names, "not": {"enum": list(form.reserved)}}
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": names,
        "additionalProperties": schema_of(form.value),
    }


def _one_of(form: OneOf[Any]) -> JsonSchema:
    named: JsonSchema = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {name: schema_of(record) for name, record in form.kinds.items()},
        "additionalProperties": False,
    }
    if not form.bare:
        return named
    alone = [
        name for name, record in form.kinds.items() if all(k.default is not REQUIRED for k in record.keys.values())
    ]
    return {"anyOf": [{"enum": alone}, named]}


def _pattern(pattern: str) -> JsonSchema:
    """A pattern of Python's as one of ECMA 262 with the flag u, where a word's characters are those of ASCII."""
    within, letters = r"[\w", r"\p{L}\p{N}_"
    pattern = pattern.replace(within, "[" + letters).replace(within[1:], f"[{letters}]")
    return {"pattern": f"^(?:{pattern})$"}
