"""The judge of ExperienceEvents: a closed JSON Schema, and reasons in the words of Adobe's validator.

Adobe's ingestion reports violations as the everit-org Java validator does ("required key [x] not found", "extraneous
key [x] is not permitted", ...) and stops after five for one message
(https://experienceleague.adobe.com/docs/experience-platform/ingestion/quality/streaming-validation.html).
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import jsonschema_rs
import msgspec

from footfall.platform.shortening import Part, is_huge, limits_of, shortened

MOST_REASONS = 5
MOST_REASON_CHARS = 1_000  # a reason quotes what it convicts, and that may be as long as the whole request

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DATE_TIME_SHAPES = (
    "yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z, "
    "yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm"
)
_EXPECTED = {
    "string": "String",
    "number": "Number",
    "integer": "Integer",
    "boolean": "Boolean",
    "array": "JSONArray",
    "object": "JSONObject",
}
_DEFAULT_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DRAFTS: Mapping[str, type[jsonschema_rs.Validator]] = MappingProxyType(
    {
        "http://json-schema.org/draft-06/schema": jsonschema_rs.Draft6Validator,  # as Adobe's schema registry writes
        "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
        "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
        _DEFAULT_DRAFT: jsonschema_rs.Draft202012Validator,
    }
)


class NotASchema(ValueError):
    """The text is no JSON Schema that events can be judged by; the message says why, in one line."""


def is_date_time(text: str) -> bool:
    """Whether `text` has one of the four shapes that Platform takes and is a day of the calendar.

    Narrower than RFC 3339: no lower-case t and z, no leap second, at most nine decimals, a colon in the offset.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return False
    try:
        datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


class _Violation(msgspec.Struct, frozen=True):
    """One violation: where in the event, by which part of the schema, and in which words."""

    pointer: str
    schema_location: str
    keyword: str
    message: str

    @property
    def reason(self) -> str:
        return f"{self.pointer}: {self.message}"[:MOST_REASON_CHARS]

    def as_dict(self) -> dict[str, Any]:
        return {
            "schemaLocation": self.schema_location[:MOST_REASON_CHARS],
            "pointerToViolation": self.pointer[:MOST_REASON_CHARS],
            "causingExceptions": [],
            "keyword": self.keyword,
            "message": self.message[:MOST_REASON_CHARS],
        }


_TOO_DEEP = _Violation("#", "#", "type", "nested too deep")


class EventSchema:
    """A JSON Schema of draft-06, -07, 2019-09 or 2020-12 (by its `$schema`; the last where it has none), compiled once.
    Give it the text of experienceevent.schema.json, or another.

    Formats are judged; one that nobody knows is a mistake of the schema, or, with `lenient`, says nothing, as the
    specification has it. What is elsewhere is not fetched. Raises NotASchema.
    """

    def __init__(self, document: bytes, *, lenient: bool = False) -> None:
        try:
            schema = msgspec.json.decode(document)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotASchema(f"it is not JSON: {error}") from None
        if not isinstance(schema, dict):
            raise NotASchema("it is JSON, but no object")
        draft = schema.get("$schema", _DEFAULT_DRAFT)
        validator = _DRAFTS.get(draft.rstrip("#")) if isinstance(draft, str) else None
        if validator is None:
            raise NotASchema(f'its "$schema" is {str(draft)[:100]}, and draft-06, -07, 2019-09 and 2020-12 are known')
        try:
            self._validator = validator(
                schema,
                validate_formats=True,
                ignore_unknown_formats=lenient,
                formats={"date-time": is_date_time},
                retriever=_refuse_to_fetch,
            )
        except jsonschema_rs.ValidationError as error:
            where = _pointer(error.instance_path)
            raise NotASchema(f"at {where} {error.message}"[:MOST_REASON_CHARS]) from None
        self._limits = limits_of(schema)

    def reasons(self, xdm: object) -> tuple[str, ...]:
        """Why the ExperienceEvent is not valid: at most five, "#/pointer: text" each; empty if it is valid."""
        return tuple(violation.reason for violation in self._violations(xdm))

    def violations(self, xdm: object) -> list[dict[str, Any]]:
        """The same as `reasons`, as the JSON that the inlet reports: [] for a valid event, the one violation, or one
        record around several, which are at most five.

        The shape is the one sample that Adobe's documents show (streaming-validation, see above): a flat list under
        "#". The Java validator itself may nest a record per object; no document shows that.
        """
        found = [violation.as_dict() for violation in self._violations(xdm)]
        if len(found) < 2:
            return found
        return [
            {
                "schemaLocation": "#",
                "pointerToViolation": "#",
                "causingExceptions": found,
                "message": f"{len(found)} schema violations found",
            }
        ]

    def _violations(self, xdm: object) -> list[_Violation]:
        try:
            if self._validator.is_valid(xdm):
                return []
            part = None
            if is_huge(xdm):
                part = shortened(xdm, self._limits, self._validator.is_valid)
            errors = _Errors(xdm, part)
            for error in self._validator.iter_errors(xdm if part is None else part.value):
                errors.add(error)
        except (ValueError, RecursionError):  # several hundred levels, far beyond any field of XDM
            return [_TOO_DEEP]
        return list(itertools.islice(errors.violations(), MOST_REASONS))


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise ValueError("nothing is fetched")


class _Error(msgspec.Struct, frozen=True):
    """What the library found, and the place and the value of the event that it is about."""

    found: jsonschema_rs.ValidationError
    path: list[str | int]
    value: object

    @property
    def keyword(self) -> str:
        return self.found.kind.name


class _Errors:
    """The errors of an event (of a `part` of it, where it is huge): those of each value before those of its members, as
    told by Adobe's validator, which looks at an object's keys before it looks into them."""

    def __init__(self, event: object, part: Part | None) -> None:
        self._event = event
        self._part = part
        self._top = _Node()

    def add(self, error: jsonschema_rs.ValidationError) -> None:
        path = error.instance_path
        value: Any = error.instance
        if self._part is not None:  # what the event has there: a list is as long as it was sent
            path, value = self._part.path_in_event(path), self._event
            for step in path:
                value = value[step]
        here = self._top
        for step in path:
            here = here.members.setdefault(step, _Node())
        here.own.append(_Error(error, path, value))

    def violations(self) -> Iterator[_Violation]:
        yield from self._top.violations()


class _Node:
    """The errors of one value, and those of its members."""

    def __init__(self) -> None:
        self.own: list[_Error] = []
        self.members: dict[str | int, _Node] = {}

    def violations(self) -> Iterator[_Violation]:
        # what is of the wrong type is not told its enum and bounds as well
        own = [error for error in self.own if error.keyword == "type"] or self.own
        for error in sorted(own, key=_rank):
            pointer, location = _pointer(error.path), _schema_location(error.found.evaluation_path)
            for text in _texts(error):
                yield _Violation(pointer, location, error.keyword, text)
        for member in self.members.values():
            yield from member.violations()


def _rank(error: _Error) -> int:
    return {"required": 0, "additionalProperties": 1}.get(error.keyword, 2)


def _pointer(path: list[str | int]) -> str:
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _schema_location(evaluation_path: list[str | int]) -> str:
    """Where the violated schema is, without the keyword. Platform composes schemas without references, so that the way
    through one is not told."""
    return _pointer([part for part in evaluation_path[:-1] if part != "$ref"])


def _texts(error: _Error) -> Iterator[str]:
    detail: dict[str, Any] = error.found.kind.as_dict()
    value: Any = error.value
    match error.keyword:
        case "required":
            yield f"required key [{detail['property']}] not found"
        case "additionalProperties":
            for key in detail["unexpected"]:
                yield f"extraneous key [{key}] is not permitted"
        case "type":
            expected = " or ".join(_EXPECTED.get(kind, kind) for kind in detail["types"])
            yield f"expected type: {expected}, found: {_java_type(value)}"
        case "enum":
            yield f"{value} is not a valid enum value"
        case "pattern":
            yield f"string [{value}] does not match pattern {detail['pattern']}"
        case "format" if detail["format"] == "date-time":
            yield f"[{value}] is not a valid date-time. Expected [{_DATE_TIME_SHAPES}]"
        case "format":
            yield f"[{value}] is not a valid {detail['format']}"
        case "minimum":
            yield f"{value} is not greater or equal to {detail['limit']}"
        case "maximum":
            yield f"{value} is not less or equal to {detail['limit']}"
        case "minItems":
            yield f"expected minimum item count: {detail['limit']}, found: {len(value)}"
        case "maxItems":
            yield f"expected maximum item count: {detail['limit']}, found: {len(value)}"
        case "maxLength":
            yield f"expected maxLength: {detail['limit']}, actual: {len(value)}"
        case _:
            yield error.found.message


def _java_type(value: object) -> str:
    """The Java class by which Adobe's validator calls a JSON value; its samples call every whole number Long."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int():
            return "Long"
        case float():
            return "BigDecimal"
        case str():
            return "String"
        case list():
            return "JSONArray"
        case _:
            return "JSONObject"
