"""Reasons over huge events: how few values the validator is asked to explain, and that the reasons are those of the
whole event. Work is counted, not timed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdm_events import SCHEMA

from footfall.platform import shortening
from footfall.platform.package_data import event_schema
from footfall.platform.shortening import MOST_VALUES, is_huge, limits_of, shortened
from footfall.platform.validation import EventSchema

OURS = event_schema()
EVENT: dict[str, Any] = {"_id": "a", "timestamp": "2026-03-07T11:15:30Z"}
LIMITS = limits_of(json.loads(SCHEMA.read_bytes()))
OPTION = {"attribute": "colour", "value": "red"}


def items(*wrong: int, of: int) -> list[dict[str, Any]]:
    """A product list whose items with these indexes have no SKU."""
    return [{"name": "x"} if index in wrong else {"SKU": "a"} for index in range(of)]


# what a megabyte may hold, and the first reason
HUGE: list[tuple[dict[str, Any], str]] = [
    # unknown keys
    ({**EVENT, **{f"k{n}": 1 for n in range(100_000)}}, "#: extraneous key [k0] is not permitted"),
    # wrong values under keys that are free
    (
        {**EVENT, "identityMap": {f"k{n}": 1 for n in range(80_000)}},
        "#/identityMap/k0: expected type: JSONArray, found: Long",
    ),
    # all good but the last
    (
        {**EVENT, "identityMap": {**{f"k{n}": [] for n in range(80_000)}, "z": 1}},
        "#/identityMap/z: expected type: JSONArray, found: Long",
    ),
    # a list whose wrong items come late
    (
        {**EVENT, "productListItems": [{"SKU": "a"}] * 100 + [1] * 300_000},
        "#/productListItems/100: expected type: JSONObject, found: Long",
    ),
    (
        {**EVENT, "productListItems": items(29_999, of=30_000)},
        "#/productListItems/29999: required key [SKU] not found",
    ),
    # many lists in a list
    (
        {**EVENT, "productListItems": [{"SKU": "a", "selectedOptions": [{"attribute": 1}] * 200}] * 100},
        "#/productListItems/0/selectedOptions/0: required key [value] not found",
    ),
    # a late item of a late list
    (
        {
            **EVENT,
            "productListItems": [
                *[{"SKU": "a", "selectedOptions": [OPTION] * 50}] * 99,
                {"SKU": "a", "selectedOptions": [*[OPTION] * 49, {"attribute": "colour"}]},
            ],
        },
        "#/productListItems/99/selectedOptions/49: required key [value] not found",
    ),
    # what is demanded stands behind ten thousands of other keys: it is not missed
    ({**{f"k{n}": 1 for n in range(50_000)}, **EVENT}, "#: extraneous key [k0] is not permitted"),
]


def count(value: object) -> int:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, members))


@pytest.mark.parametrize(("event", "reason"), HUGE, ids=[reason[:50] for _, reason in HUGE])
def test_a_huge_event_has_its_reasons(event: dict[str, Any], reason: str) -> None:
    reasons = OURS.reasons(event)
    assert reasons[0] == reason
    assert not any("required key [_id]" in one or "required key [timestamp]" in one for one in reasons)


@pytest.mark.parametrize(("event", "reason"), HUGE, ids=[reason[:50] for _, reason in HUGE])
def test_few_values_are_explained_and_the_way_to_them_is_short(event: dict[str, Any], reason: str) -> None:
    size = count(event)
    looked_at: list[int] = []

    def is_valid(part: object) -> bool:
        looked_at.append(count(part))
        return OURS.reasons(part) == ()

    part = shortened(event, LIMITS, is_valid)
    assert count(part.value) == part.values <= MOST_VALUES
    # halves of halves: all of them together are as many as the event twice, and twice again for the other halves
    assert sum(looked_at) <= 4 * size
    assert len(looked_at) <= 2 * size.bit_length()


def test_without_the_cut_everything_would_be_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    event, _ = HUGE[1]
    monkeypatch.setattr(shortening, "MOST_VALUES", 10**9)
    assert shortened(event, LIMITS, lambda part: False).values > 80_000


@pytest.mark.parametrize(
    ("value", "huge"),
    [
        ({}, False),
        ([0] * (MOST_VALUES - 1), False),
        ([0] * MOST_VALUES, True),
        ({"a": [[0] * 500, {str(n): n for n in range(500)}]}, True),
        ("x" * 100_000, False),
    ],
)
def test_what_is_huge(value: object, huge: bool) -> None:
    assert is_huge(value) is huge


@pytest.mark.parametrize(
    ("schema", "event", "reasons"),
    [
        # only the whole is wrong, and it is told how long the whole is
        ({"maxItems": 2_500}, list(range(3_000)), ("#: expected maximum item count: 2500, found: 3000",)),
        ({"maxItems": 10}, list(range(3_000)), ("#: expected maximum item count: 10, found: 3000",)),
        # a cut makes no list too short, and no map
        (
            {"items": {"type": "integer"}, "minItems": 1_200},
            [*range(2_999), "x"],
            ("#/2999: expected type: Integer, found: String",),
        ),
        (
            {"additionalProperties": {"type": "integer"}, "minProperties": 1_200},
            {**{str(n): n for n in range(2_999)}, "z": "x"},
            ("#/z: expected type: Integer, found: String",),
        ),
    ],
)
def test_a_cut_makes_no_faults(schema: dict[str, Any], event: object, reasons: tuple[str, ...]) -> None:
    assert EventSchema(json.dumps(schema).encode()).reasons(event) == reasons


@given(wrong=st.sets(st.integers(0, 2_999), min_size=1, max_size=5))
def test_what_is_told_of_a_huge_event_is_true_and_begins_with_its_first_fault(wrong: set[int]) -> None:
    reasons = OURS.reasons({**EVENT, "productListItems": items(*wrong, of=3_000)})
    true = [f"#/productListItems/{index}: required key [SKU] not found" for index in sorted(wrong)]
    assert reasons[0] == true[0]
    assert list(reasons) == true[: len(reasons)]
