"""The Places extension: what it reads of a nearby answer, and which region events become events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sdk_words import nearby

from footfall.phone.places import Places, read_nearby
from footfall.phone.signals import Reply
from footfall.world.pois import Poi

MINE = Poi("1234", "myplace", 23.45, 12.34, 500, "mylib", 25, "", (("key1", "value1"),))
YOURS = Poi("2345", "yourplace", 34.56, 23.45, 300, "yourlib", 30, "", (("key2", "value2"),))

GOLDENS = [
    ("onePoiUserWithin.json", (MINE,)),
    ("onePoiNearby.json", (MINE,)),
    ("onePoiUserWithinOneNearby.json", (MINE, YOURS)),  # userWithin first
    ("twoPoiUserWithin.json", (MINE, YOURS)),
    ("twoPoiNearby.json", (MINE, YOURS)),
    ("noNearbyPoiInJson.json", (MINE,)),  # no "pois" at all
    ("noUserWithinPoiInJson.json", (MINE,)),  # no "userWithin" at all
    ("noPlaces.json", ()),  # no "places": an answer without a place
    ("badJson.json", None),  # not an answer
]


@pytest.mark.parametrize(("name", "pois"), GOLDENS)
def test_the_golden_answers(golden: Path, name, pois) -> None:
    assert read_nearby((golden / "places" / name).read_bytes()) == pois


def test_every_golden_answer_has_its_row(golden: Path) -> None:
    assert sorted(path.name for path in (golden / "places").iterdir()) == sorted(name for name, _ in GOLDENS)


GOOD = ["p-1", "Cafe", "60.17", "24.94", 100, "lib", 1]

ROWS = [
    (GOOD, True),
    (GOOD[:6], False),  # six members
    ([*GOOD, 1], False),  # eight
    ([*GOOD[:2], 60.17, 24.94, *GOOD[4:]], False),  # coordinates are strings
    ([*GOOD[:2], "north", "24.94", *GOOD[4:]], False),  # and numbers in them
    ([*GOOD[:4], "100", *GOOD[5:]], False),  # a radius is a number
    ([*GOOD[:4], 10**30, *GOOD[5:]], False),  # that a phone can hold
    ([1, *GOOD[1:]], False),  # an id is a string
    ([*GOOD[:2], "nan", "24.94", *GOOD[4:]], False),  # nowhere on the earth
    ([*GOOD[:2], "60.17", "inf", *GOOD[4:]], False),
    ([*GOOD[:2], "91", "24.94", *GOOD[4:]], False),
    ([*GOOD[:2], "60.17", "-180.5", *GOOD[4:]], False),
    ([*GOOD[:2], "-90", "180", *GOOD[4:]], True),  # its edges are
    ([], False),
    ("none", False),
    (None, False),
]


@pytest.mark.parametrize(("row", "read"), ROWS)
def test_a_wrong_row_is_skipped_and_the_others_are_read(row, read) -> None:
    answer = {"places": {"userWithin": [{"p": row, "x": {}}], "pois": [{"p": ["other", *GOOD[1:]]}]}}
    found = read_nearby(json.dumps(answer).encode())
    assert found is not None
    assert [poi.id for poi in found] == (["p-1", "other"] if read else ["other"])


@settings(deadline=None)
@given(st.binary(max_size=60))
@example(b"\xff")
@example(b'{"places":{"pois":[{"p":["\xff"]}]}}')
@example(b'{"a\xff":1}')
@example(b'{"other":' + b"[" * 200_000)
@example(b'{"places":{"pois":[' + b"[" * 200_000)
@example(b"null")
@example(b'{"places":{"pois":null}}')
def test_no_answer_whatever_harms_the_phone(body: bytes) -> None:
    found = read_nearby(body)
    assert found is None or isinstance(found, tuple)


def test_metadata_and_category_come_with_the_poi() -> None:
    row = {"p": GOOD, "x": {"category": "cafe", "city": "Helsinki"}}
    (poi,) = read_nearby(json.dumps({"places": {"pois": [row]}}).encode())
    assert poi.category == "cafe"
    assert poi.metadata == (("category", "cafe"), ("city", "Helsinki"))


def test_a_region_event_is_the_goldens(golden: Path) -> None:
    places = Places()
    places.take_nearby(Reply(200, (golden / "places/onePoiUserWithinOneNearby.json").read_bytes()))
    entry = places.process_region("entry", "1234")
    assert entry is not None
    assert json.loads(entry.body) == json.loads((golden / "events/ios_places_location_entry.json").read_text())["xdm"]
    assert (entry.type, entry.place) == ("location.entry", "1234")

    exit_ = places.process_region("exit", "1234")
    assert exit_ is not None
    assert exit_.type == "location.exit"
    assert exit_.body == entry.body.replace(b"location.entry", b"location.exit")  # identical but for the type


def test_an_unknown_poi_is_ignored() -> None:
    places = Places()
    assert places.process_region("entry", "a") is None  # before any answer
    places.take_nearby(Reply(200, nearby(("a", 60.17, 24.94, 100))))
    assert places.process_region("entry", "a") is not None
    assert places.process_region("entry", "b") is None


def test_nothing_is_de_duplicated() -> None:
    places = Places()
    places.take_nearby(Reply(200, nearby(("a", 60.17, 24.94, 100))))
    told = [places.process_region(kind, "a") for kind in ("entry", "entry", "exit", "exit", "entry")]
    assert [event.type for event in told] == [
        "location.entry", "location.entry", "location.exit", "location.exit", "location.entry",
    ]  # fmt: skip


# a second answer after one that knew "a" -> is "a" still known?
SECOND_ANSWERS = [
    (Reply(200, nearby(("b", 60.17, 24.94, 100))), False),  # the list is replaced
    (Reply(200, nearby()), False),  # by an empty one, too
    (Reply(503, nearby(("b", 60.17, 24.94, 100))), True),  # not by an error
    (Reply(204), True),
    (Reply(200, b"not JSON"), True),
    (Reply(0, failure="timeout"), True),
]


@pytest.mark.parametrize(("second", "known"), SECOND_ANSWERS)
def test_which_answers_replace_the_list(second, known) -> None:
    places = Places()
    places.take_nearby(Reply(200, nearby(("a", 60.17, 24.94, 100))))
    pois = places.take_nearby(second)
    assert (places.process_region("exit", "a") is not None) == known
    assert (pois is None) == known  # what the app gets, or nothing
