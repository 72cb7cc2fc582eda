"""Adobe's schema repository composed into one closed schema: what `--xdm` judges by instead of the platform's own.

    document = compose(files)     # path -> content of a checkout's components/ and extensions/; or XdmIncomplete
    EventSchema(document)

The repository (https://github.com/adobe/xdm) writes a schema as many files that refer to one another by `$id`, with
names such as xdm:timestamp. Platform takes the class and its field groups merged, in wire spelling, and closed. Source
of the spelling: step 6 of the repository's bin/xed-validation/README.md. Whole numbers have 32 bits unless their schema
bounds them (https://experienceleague.adobe.com/docs/experience-platform/xdm/schema/field-constraints.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import msgspec

EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"

MOBILE_FIELD_GROUPS = (
    "https://ns.adobe.com/xdm/context/experienceevent-commerce",
    "https://ns.adobe.com/xdm/context/experienceevent-environment-details",
    "https://ns.adobe.com/xdm/context/experienceevent-application",
    "https://ns.adobe.com/experience/aep-mobile-lifecycle-details",
    "https://ns.adobe.com/xdm/context/experienceevent-implementation-details",
    "https://ns.adobe.com/xdm/context/experienceevent-pushtracking",
    "https://ns.adobe.com/xdm/context/experienceevent-channel",
    "https://ns.adobe.com/xdm/context/experienceevent-privacy",
    "https://ns.adobe.com/experience/campaign/orchestration/eventid",
)
"""The `$id`s of the field groups that the events of a phone are made of."""

FIELD_GROUPS = (
    *MOBILE_FIELD_GROUPS,
    "https://ns.adobe.com/xdm/context/experienceevent-web",
    "https://ns.adobe.com/xdm/context/experienceevent-enduserids",
    "https://ns.adobe.com/xdm/context/experienceevent-technical-details",
    "https://ns.adobe.com/experience/campaign/experienceevent-profile-work-details",
)
"""Those, and the ones that the examples in Adobe's documents on streaming and on Edge use: as in the platform's own
schema."""

_SUFFIX = ".schema.json"
_FOLDERS = ("components/", "extensions/adobe/")
_EXTENSIBLE = "https://ns.adobe.com/xdm/common/extensible"  # JSON-LD's openness, which Platform's closed schemas drop
_NO_WIRE_NAME = ".+://.+"  # a pattern of names that are URLs: on the wire none is

_KEPT = frozenset(
    {"type", "enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    "required"}
)  # fmt: skip
_FORMATS = frozenset(
    {"date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "idn-email", "iri",
    "iri-reference", "uuid", "regex"}
)  # fmt: skip
_NOT_UNDERSTOOD = frozenset(
    {"if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas", "propertyNames", "contains",
    "additionalItems", "prefixItems", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef"}
)  # fmt: skip
_CHOICES = ("anyOf", "oneOf")

# What servers of Adobe's put into an event, and the sender copies: open where no field group defines it.
_SERVERS_OWN = ("customerJourneyManagement", "decisioning")

Schema = dict[str, Any]


class XdmIncomplete(ValueError):
    """The files make no schema; the message names everything that is missing or cannot be used."""


def compose(files: Mapping[str, bytes], field_groups: Sequence[str] | None = None) -> bytes:
    """The class ExperienceEvent with these field groups (`$id`s; None: FIELD_GROUPS) as one closed JSON Schema
    of draft 2020-12 in wire spelling, for `EventSchema`.

    `files`: path, relative to the checkout and with "/", -> content; only `*.schema.json` below components/ and
    extensions/adobe/ count. Soft enums (`meta:enum`) are not enforced, deprecated members are members. An object of a
    tenant, any top-level key with an underscore that the schema does not have, may hold anything, since the standard
    schemas know none. Raises XdmIncomplete.
    """
    if not any(map(is_schema_file, files)):
        raise XdmIncomplete(f"no *{_SUFFIX} file below components/ or extensions/adobe/, as a checkout has them")
    repository = _Repository(files)
    groups = FIELD_GROUPS if field_groups is None else field_groups
    merged: Schema = {}
    for id_ in (EXPERIENCE_EVENT, *groups):
        merged = _merge(merged, repository.schema_of(id_))
    repository.complain()
    event = _wire(merged)
    _open_for_others(event)
    return msgspec.json.encode({"$schema": "https://json-schema.org/draft/2020-12/schema", **event})


def is_schema_file(path: str) -> bool:
    """Whether `compose` looks at a file of this path: what of a checkout needs to be read."""
    return path.startswith(_FOLDERS) and path.endswith(_SUFFIX)


class _Repository:
    """The files by `$id`, and what was found wrong with them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._by_id: dict[str, tuple[str, Schema]] = {}
        self._wrong: dict[str, None] = {}  # in order, each once
        self._flat: dict[tuple[str, str], Schema] = {}
        # of two files with the same $id the one that is not put aside as deprecated counts
        for path in sorted(filter(is_schema_file, files), key=lambda path: ("deprecated" in path, path)):
            try:
                document = msgspec.json.decode(files[path])
            except msgspec.MsgspecError as error:
                self._note(f"{path} is not JSON: {error}")
                continue
            if isinstance(document, dict) and isinstance(document.get("$id"), str):
                self._by_id.setdefault(document["$id"].rstrip("#"), (path, document))

    def complain(self) -> None:
        """Raises XdmIncomplete if anything was wrong."""
        if self._wrong:
            raise XdmIncomplete("; ".join(self._wrong))

    def schema_of(self, id_: str) -> Schema:
        """The class, or a field group, flat."""
        if id_ not in self._by_id:
            self._note(f"no {_SUFFIX} file below components/ or extensions/adobe/ has the $id {id_}")
            return {}
        return self._follow(id_, "", "", ())

    def _note(self, what: str) -> None:
        self._wrong[what] = None

    def _follow(self, reference: str, here: str, path: str, trail: tuple[tuple[str, str], ...]) -> Schema:
        """What a `$ref` in the document `here` (`path` is its file) refers to, flat."""
        id_, _, pointer = reference.partition("#")
        id_ = id_ or here
        if id_ == _EXTENSIBLE:
            return {}
        target = (id_, pointer)
        if target in self._flat:
            return self._flat[target]
        if target in trail:
            self._note(f"{path} refers to {reference}, which leads back to itself")
            return {}
        if id_ not in self._by_id:
            self._note(f"{path} refers to {reference}, which no file has as its $id")
            return {}
        where, node = self._by_id[id_]
        for step in filter(None, pointer.split("/")):
            step = unquote(step).replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or step not in node:
                self._note(f"{path} refers to {reference}, which {where} does not have")
                return {}
            node = node[step]
        flat = self._flat[target] = self._flatten(node, id_, where, (*trail, target))
        return flat

    def _flatten(self, node: object, here: str, path: str, trail: tuple[tuple[str, str], ...]) -> Schema:
        """A schema with what it refers to and consists of merged into it, in the repository's spelling."""
        if not isinstance(node, dict):
            return {}
        schema = cast(Schema, node)
        for keyword in sorted(_NOT_UNDERSTOOD & schema.keys()):
            self._note(f'{path} uses "{keyword}", which is not understood here')
        flat: Schema = {}
        for keyword, value in schema.items():
            if keyword == "properties":
                flat[keyword] = {name: self._flatten(each, here, path, trail) for name, each in value.items()}
            elif keyword == "patternProperties":
                kept = {
                    name: self._flatten(each, here, path, trail)
                    for name, each in value.items()
                    if name != _NO_WIRE_NAME
                }
                flat.update({keyword: kept} if kept else {})
            elif keyword in ("items", "not") or (keyword == "additionalProperties" and isinstance(value, dict)):
                flat[keyword] = self._flatten(value, here, path, trail)
            elif keyword in _CHOICES:
                flat[keyword] = [self._flatten(each, here, path, trail) for each in value]
            elif keyword == "format":
                flat.update({keyword: value} if value in _FORMATS else {})
            elif keyword in _KEPT:
                flat[keyword] = value
        if isinstance(reference := schema.get("$ref"), str):
            flat = _merge(flat, self._follow(reference, here, path, trail))
        for part in schema.get("allOf", ()):
            flat = _merge(flat, self._flatten(part, here, path, trail))
        return flat


def _merge(first: Schema, second: Schema) -> Schema:
    """A schema that demands what both demand, with the members of both."""
    merged = dict(first)
    for keyword, value in second.items():
        there: Any = merged.get(keyword)
        if keyword not in merged:
            merged[keyword] = value
        elif keyword in ("properties", "patternProperties"):
            merged[keyword] = there | {name: _merge(there.get(name, {}), each) for name, each in value.items()}
        elif keyword == "required":
            merged[keyword] = list(dict.fromkeys([*there, *value]))
        elif isinstance(there, dict) and isinstance(value, dict):  # items, additionalProperties
            merged[keyword] = _merge(there, value)
        elif keyword == "allOf":
            merged[keyword] = [*there, *value]
        elif there != value:
            merged["allOf"] = [*merged.get("allOf", ()), {keyword: value}]
    return merged


def _wire(flat: Schema) -> Schema:
    """The schema in wire spelling, its objects closed and its whole numbers of 32 bits."""
    schema: Schema = {key: value for key, value in flat.items() if key not in ("properties", "required")}
    for keyword in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            schema[keyword] = _wire(schema[keyword])
    for keyword in _CHOICES:
        if keyword in schema:
            schema[keyword] = [_wire(each) for each in schema[keyword]]
    if "patternProperties" in schema:
        schema["patternProperties"] = {name: _wire(each) for name, each in schema["patternProperties"].items()}
    for name, each in flat.get("properties", {}).items():
        schema = _merge(schema, _member(wire_name(name), _wire(each)))
    for name in flat.get("required", ()):
        schema = _merge(schema, _needed(wire_name(name)))
    if schema.get("type") == "integer":
        schema = {"minimum": -(2**31), "maximum": 2**31 - 1} | schema
    if schema.get("properties"):
        schema = {"type": "object"} | schema | {"additionalProperties": False}
    return schema


def wire_name(name: str) -> tuple[str, ...]:
    """A name of the repository as the keys that lead to it on the wire: xdm:foo is foo, @id is _id, schema:latitude is
    latitude in _schema, https://ns.adobe.com/experience/campaign is campaign in _experience."""
    if name.startswith("@"):
        return (f"_{name[1:]}",)
    if "://" in name:
        first, *more = filter(None, urlsplit(name).path.split("/"))
        return (f"_{first}", *more)
    prefix, colon, rest = name.partition(":")
    if not colon:
        return (name,)
    return (rest,) if prefix == "xdm" else (f"_{prefix}", rest)


def _member(path: Iterable[str], member: Schema) -> Schema:
    """An object schema with nothing but one member."""
    for key in reversed(tuple(path)):
        member = {"type": "object", "properties": {key: member}, "additionalProperties": False}
    return member


def _needed(path: tuple[str, ...]) -> Schema:
    """An object schema that demands one member."""
    needed: Schema = {"required": [path[0]]}
    return needed | {"properties": {path[0]: _needed(path[1:])}} if path[1:] else needed


def _open_for_others(event: Schema) -> None:
    """Lets in what the standard schemas know nothing of: the tenant's objects, and those of Adobe's servers."""
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    experience = event["properties"].setdefault("_experience", closed)
    for name in _SERVERS_OWN:
        experience["properties"].setdefault(name, {"type": "object"})
    known = "|".join(sorted(re.escape(name[1:]) for name in event["properties"] if name.startswith("_")))
    event["patternProperties"] = {f"^_(?!({known})$)": {"type": "object"}}
