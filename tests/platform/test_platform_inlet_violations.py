"""The report of synchronous validation: the JSON of Adobe's validator, and the same findings as the reasons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdm_events import GONE, PURCHASE, VISIT, changed, paths

from footfall.platform.package_data import event_schema

OURS = event_schema()
AT = ("placeContext", "geo", "_schema")


def test_a_good_event_has_no_violations() -> None:
    assert OURS.violations(VISIT) == []


# one fault: where, what, the location in the schema, the keyword, the message
ONE: list[tuple[tuple[str | int, ...], object, str, str, str]] = [
    (("_id",), GONE, "#", "required", "required key [_id] not found"),
    (("workEmail",), "x@example.com", "#", "additionalProperties", "extraneous key [workEmail] is not permitted"),
    (("_id",), 7, "#/properties/_id", "type", "expected type: String, found: Long"),
    (
        (*AT, "latitude"),
        91,
        "#/properties/placeContext/properties/geo/properties/_schema/properties/latitude",
        "maximum",
        "91 is not less or equal to 90",
    ),
    # a map's members, and a list's items
    (
        ("identityMap", "a/b"),
        {},
        "#/properties/identityMap/additionalProperties",
        "type",
        "expected type: JSONArray, found: JSONObject",
    ),
    (
        ("productListItems",),
        [{"SKU": "a", "currencyCode": "eur"}],
        "#/properties/productListItems/items/properties/currencyCode",
        "pattern",
        "string [eur] does not match pattern ^[A-Z]{3}$",
    ),
]


@pytest.mark.parametrize(("where", "value", "location", "keyword", "message"), ONE)
def test_one_violation_is_itself(
    where: tuple[str | int, ...], value: object, location: str, keyword: str, message: str
) -> None:
    event = changed(VISIT, where, value)

    (record,) = OURS.violations(event)
    assert OURS.reasons(event) == (f"{record['pointerToViolation']}: {message}",)
    assert {**record, "pointerToViolation": ""} == {
        "schemaLocation": location,
        "pointerToViolation": "",
        "causingExceptions": [],
        "keyword": keyword,
        "message": message,
    }


def test_several_violations_are_wrapped_an_objects_keys_before_its_members() -> None:
    event = {"timestamp": VISIT["timestamp"], "eventType": 1, "more": 1, "placeContext": {"geo": {"_schema": {"x": 1}}}}

    (wrapper,) = OURS.violations(event)
    assert {**wrapper, "causingExceptions": []} == {
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": [],
        "message": "4 schema violations found",
    }
    assert [(cause["pointerToViolation"], cause["message"]) for cause in wrapper["causingExceptions"]] == [
        ("#", "required key [_id] not found"),
        ("#", "extraneous key [more] is not permitted"),
        ("#/eventType", "expected type: String, found: Long"),
        ("#/placeContext/geo/_schema", "extraneous key [x] is not permitted"),
    ]


def test_five_are_told_of_six() -> None:
    (wrapper,) = OURS.violations({**VISIT, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1})
    assert wrapper["message"] == "5 schema violations found"
    assert [cause["message"][15:18] for cause in wrapper["causingExceptions"]] == ["[a]", "[b]", "[c]", "[d]", "[e]"]


def test_a_fault_beyond_the_first_items_of_a_list_is_found() -> None:
    items = [{"SKU": str(n)} for n in range(300)]
    assert OURS.reasons({**VISIT, "productListItems": items}) == ()
    assert OURS.reasons({**VISIT, "productListItems": [*items, {}]}) == (
        "#/productListItems/300: required key [SKU] not found",
    )


def test_nesting_beyond_any_field_is_a_violation_and_no_crash() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    (record,) = OURS.violations({**VISIT, "commerce": deep})
    assert record["message"] == "nested too deep"


def test_a_violation_does_not_repeat_a_whole_request() -> None:
    (record,) = OURS.violations({**VISIT, "application": {"closeType": "x" * 60_000}})
    assert len(record["message"]) == 1_000


ANY_VALUE = [None, True, 0, -1, 91, 2**31, "", "eur", [], {}, [None], {"unknown": 1}, [{}]]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_reasons_and_violations_tell_the_same(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from([VISIT, PURCHASE]))
    for _ in range(data.draw(st.integers(0, 3))):
        where = data.draw(st.sampled_from(list(paths(event)) or [("_id",)]))
        event = changed(event, where, data.draw(st.sampled_from(ANY_VALUE)))

    found = OURS.violations(event)
    leaves = found[0]["causingExceptions"] or found if found else []
    assert OURS.reasons(event) == tuple(f"{leaf['pointerToViolation']}: {leaf['message']}" for leaf in leaves)
    assert len(found) == min(len(leaves), 1)
