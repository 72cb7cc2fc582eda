"""The judge of ExperienceEvents: a closed JSON Schema, and reasons in the words of Adobe's validator.

Adobe's ingestion reports violations as the everit-org Java validator does ("required key [x] not found", "extraneous
key [x] is not permitted", ...) and stops after five for one message
(https://experienceleague.adobe.com/docs/experience-platform/ingestion/quality/streaming-validation.html).
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec

MOST_REASONS = 5
MOST_ITEMS_TOLD = 100  # a fault in a later item of a list is told where there is none in these
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
    """A JSON Schema (draft 2020-12), compiled once. Give it the text of experienceevent.schema.json, or another."""

    def __init__(self, document: bytes) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(
            msgspec.json.decode(document),
            validate_formats=True,
            ignore_unknown_formats=False,
            formats={"date-time": is_date_time},
        )

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
            shortened = _shortened(xdm)
            errors = _Errors()
            for error in self._validator.iter_errors(xdm if self._validator.is_valid(shortened) else shortened):
                errors.add(error)
        except (ValueError, RecursionError):  # several hundred levels, far beyond any field of XDM
            return [_TOO_DEEP]
        return list(itertools.islice(errors.violations(), MOST_REASONS))


class _Errors:
    """The errors of one value of the event, and below it those of its members: told in this order, as by Adobe's
    validator, which looks at an object's keys before it looks into them."""

    def __init__(self) -> None:
        self._own: list[jsonschema_rs.ValidationError] = []
        self._members: dict[str | int, _Errors] = {}

    def add(self, error: jsonschema_rs.ValidationError) -> None:
        here = self
        for part in error.instance_path:
            here = here._members.setdefault(part, _Errors())
        here._own.append(error)

    def violations(self) -> Iterator[_Violation]:
        # what is of the wrong type is not told its enum and bounds as well
        own = [error for error in self._own if error.kind.name == "type"] or self._own
        for error in sorted(own, key=_rank):
            pointer, location = _pointer(error.instance_path), _schema_location(error.evaluation_path)
            for text in _texts(error):
                yield _Violation(pointer, location, error.kind.name, text)
        for member in self._members.values():
            yield from member.violations()


def _shortened(value: object) -> object:
    """The event with its lists cut short: the library makes all errors before it gives the first, and half a million
    wrong items in one megabyte would take it half a minute."""
    if isinstance(value, dict):
        return {key: _shortened(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value[:MOST_ITEMS_TOLD]]
    return value


def _rank(error: jsonschema_rs.ValidationError) -> int:
    return {"required": 0, "additionalProperties": 1}.get(error.kind.name, 2)


def _pointer(path: list[str | int]) -> str:
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _schema_location(evaluation_path: list[str | int]) -> str:
    """Where the violated schema is, without the keyword. Platform composes schemas without references, so that the way
    through one is not told."""
    return _pointer([part for part in evaluation_path[:-1] if part != "$ref"])


def _texts(error: jsonschema_rs.ValidationError) -> Iterator[str]:
    detail: dict[str, Any] = error.kind.as_dict()
    value: Any = error.instance
    match error.kind.name:
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
            yield error.message


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
