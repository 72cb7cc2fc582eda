"""The judge of ExperienceEvents: a closed JSON Schema, and reasons in the words of Adobe's validator.

Adobe's ingestion reports violations as the everit-org Java validator does ("required key [x] not found", "extraneous
key [x] is not permitted", ...) and stops after five for one message
(https://experienceleague.adobe.com/docs/experience-platform/ingestion/quality/streaming-validation.html).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec

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
        try:
            return () if self._validator.is_valid(xdm) else self._violations(xdm)
        except ValueError:  # the library gives up on several hundred levels, far beyond any field of XDM
            return ("#: nested too deep",)

    def _violations(self, xdm: object) -> tuple[str, ...]:
        found: list[str] = []
        wrong_type: set[str] = set()
        for error in self._validator.iter_errors(xdm):
            pointer = _pointer(error.instance_path)
            keyword = error.kind.name
            if keyword == "type":
                wrong_type.add(pointer)
            elif pointer in wrong_type:
                continue  # what is of the wrong type is not told its enum and bounds as well
            for text in _texts(error):
                found.append(f"{pointer}: {text}"[:MOST_REASON_CHARS])
                if len(found) == MOST_REASONS:
                    return tuple(found)
        return tuple(found)


def _pointer(path: list[str | int]) -> str:
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


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
