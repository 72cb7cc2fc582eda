"""The platform's schema against an independent judge: every field, every kind of value, and mutations at random."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdm_events import GONE, PURCHASE, SCHEMA, VISIT, at, changed, judge, judge_document, needs_judge, paths

from footfall.platform.package_data import event_schema
from footfall.platform.validation import EventSchema

OURS = event_schema()

# one value of every JSON type, and the edges of the numbers and texts that some field cares about
ANY_VALUE: list[Any] = [
    ["x", "x"], None, True, 0, -1, 1.5, 91, -91, 181, -181, 2**31, "", "text", "EUR", "eur", "FI",
    "2026-03-07T11:15:30Z",
    "2026-03-07", "a b", "358", "3580",
    "aino@example.com", "https://example.com/", "x" * 21, [], {}, [None], {"unknown": 1}, [{}],
]  # fmt: skip


@needs_judge
def test_every_field_of_the_judge_is_judged_alike() -> None:
    assert disagreements(OURS) == []


@needs_judge
@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('"required": ["value"],', ""),  # a measure without a value
        ('"locationPermission"', '"locationpermission"'),  # one name misspelt
        ('"minimum": -90', '"minimum": -91'),  # a range too wide
        ('"mobile_lte"', '"mobile_5g"'),  # a value of an enum
        ('"pattern": "^[A-Z]{3}$"', '"pattern": "^[A-Za-z]{3}$"'),  # a pattern too mild
        ('"additionalProperties": false', '"additionalProperties": true'),  # the root left open
        ('"linkClicks"', '"linkclicks"'),  # of a website's events
        ('"conversational_ai", ', ""),
        ('"organizations"', '"organisations"'),  # of Campaign's
        ('"format": "email"', '"format": "uri"'),
        ('"phonenumberid"', '"phoneid"'),
        ('"uniqueItems": true, ', ""),
    ],
)
def test_a_planted_fault_in_the_schema_is_found(there: str, instead: str) -> None:
    document = SCHEMA.read_text()
    assert there in document

    assert disagreements(EventSchema(document.replace(there, instead, 1).encode())) != []


@needs_judge
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_mutations_together_are_judged_alike(data: st.DataObject) -> None:
    mutated = copy.deepcopy(data.draw(st.sampled_from([VISIT, PURCHASE, complete_event()])))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.sampled_from(list(paths(mutated)) or [("_id",)]))
        what = data.draw(st.sampled_from(["delete", "add", "retype"]))
        if what == "add":
            where = (*where[:-1], data.draw(st.sampled_from(["value", "name", "_id", "_schema", "id", "zzz"])))
        if what == "add" and isinstance(at(mutated, where[:-1]), list):
            continue
        value = GONE if what == "delete" else data.draw(st.sampled_from(ANY_VALUE) | st.text(max_size=12))
        mutated = changed(mutated, where, value)

    assert (OURS.reasons(mutated) == ()) is judge().is_valid(mutated)


def disagreements(schema: EventSchema) -> list[str]:
    """Every single mutation on which the two differ, of events that have every field the judge knows: one event for
    each member of the root, because small ones are judged faster."""
    complete = complete_event()
    return [
        difference
        for member in complete
        for difference in disagreements_on(
            schema, {name: complete[name] for name in ("_id", "timestamp", member)}, only=member
        )
    ]


def disagreements_on(schema: EventSchema, good: dict[str, Any], only: str) -> Iterator[str]:
    def differ(event: dict[str, Any]) -> bool:
        return (schema.reasons(event) == ()) is not judge().is_valid(event)

    assert judge().is_valid(good)
    if differ(good):
        yield f"{only}: {schema.reasons(good)}"
    if differ({**good, "unknownKey": 1}):
        yield "unknown key at the root"
    for where in paths(good):
        if where[0] != only:
            continue
        here = at(good, where)
        enum = [value for values in enums(judge_document()) if here in values for value in values]
        for value in [GONE, *ANY_VALUE, *enum]:
            if differ(changed(good, where, value)):
                yield f"{where} = {value!r}"
        if isinstance(here, dict) and differ(changed(good, (*where, "unknownKey"), "x")):
            yield f"unknown key in {where}"


def enums(node: Any) -> Iterator[list[str]]:
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield node["enum"]
        for member in node.values():
            yield from enums(member)


def complete_event() -> dict[str, Any]:
    event = sample(judge_document())
    assert isinstance(event, dict)
    event["identityMap"] = VISIT["identityMap"]
    return event


def sample(schema: dict[str, Any]) -> Any:
    """A good value with every optional member."""
    if "enum" in schema:
        return schema["enum"][-1]
    match schema["type"]:
        case "object":
            return {name: sample(member) for name, member in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema["items"]) for _ in range(schema.get("minItems", 1))]
        case "string":
            return text_for(schema)
        case "boolean":
            return True
        case _:
            return 1


def text_for(schema: dict[str, Any]) -> str:
    by_format = {
        "date-time": "2026-03-07T11:15:30Z",
        "date": "2026-03-07",
        "uri": "https://example.com/",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
        "email": "aino@example.com",
    }
    candidates = [by_format.get(schema.get("format", ""), "text"), "EUR", "FI", "358"]
    return next(text for text in candidates if re.search(schema.get("pattern", ""), text))
