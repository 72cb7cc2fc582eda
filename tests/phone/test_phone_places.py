"""The Places extension: its query, what it reads of the answer, and which region events become events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phone_words import a_phone, made, requests
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, nearby
from story_words import places as places_config

from footfall.phone import sdk
from footfall.phone.config import PlacesConfig
from footfall.phone.places import (
    CONNECTIVITY_ERROR,
    OK,
    SERVER_RESPONSE_ERROR,
    Places,
    read_nearby,
    refused,
)
from footfall.phone.signals import Foregrounded, Replied, Reply
from footfall.phone.whereabouts import Whereabouts
from footfall.world.geo import Point
from footfall.world.phones import Platform
from footfall.world.pois import Poi
from footfall.xdm.places import location

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


def read(body: bytes) -> tuple[Poi, ...] | None:
    """What the app gets of an answer."""
    return Places(PlacesConfig()).take_nearby(0, "ios", Reply(200, body))


@behaviour("4.2", "The app gets userWithin and then pois; an answer without places is one with none.", read_nearby)
@pytest.mark.parametrize(("name", "pois"), GOLDENS)
def test_the_golden_answers(golden: Path, name, pois) -> None:
    assert read((golden / "places" / name).read_bytes()) == pois


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


@behaviour("4.2", "A row whose p has not exactly seven members of the right types is skipped.", read_nearby)
@pytest.mark.parametrize(("row", "is_read"), ROWS)
def test_a_wrong_row_is_skipped_and_the_others_are_read(row, is_read) -> None:
    answer = {"places": {"userWithin": [{"p": row, "x": {}}], "pois": [{"p": ["other", *GOOD[1:]]}]}}
    found = read(json.dumps(answer).encode())
    assert found is not None
    assert [poi.id for poi in found] == (["p-1", "other"] if is_read else ["other"])


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
    found = read(body)
    assert found is None or isinstance(found, tuple)


def test_metadata_and_category_come_with_the_poi() -> None:
    row = {"p": GOOD, "x": {"category": "cafe", "city": "Helsinki"}}
    (poi,) = read(json.dumps({"places": {"pois": [row]}}).encode())
    assert poi.category == "cafe"
    assert poi.metadata == (("category", "cafe"), ("city", "Helsinki"))


# line of the golden file, phone, libraries, position, limit
QUERIES = [
    (1, IPHONE, ("1234", "2345"), Point(lat=12.34, lon=23.45), 5),
    (3, PIXEL, ("library1",), Point(lat=22.22, lon=33.33), 20),
    (5, PIXEL, ("lib1", "lib2", "lib3"), Point(lat=22.22, lon=33.33), 20),
]


def parts(target: str) -> tuple[str, list[tuple[str, str | float]]]:
    """Path and parameters in their order, coordinates as numbers: how many digits they have is left open."""
    path, _, query = target.partition("?")
    pairs = [pair.split("=") for pair in query.split("&")]
    return path, [(name, float(value) if name.endswith("itude") else value) for name, value in pairs]


@behaviour(
    "4.1",
    "A nearby query is a GET with libraries, position and limit, in an order and under a path of the platform's own.",
    sdk.nearby_target,
)
@pytest.mark.parametrize(("line", "model", "libraries", "here", "limit"), QUERIES)
def test_the_query_is_the_goldens(golden: Path, line, model, libraries, here, limit) -> None:
    url = (golden / "requests/places_query_urls.txt").read_text().splitlines()[line].removeprefix("GET https://")
    assert parts(sdk.nearby_target(model, libraries, here, limit)) == parts("/" + url.partition("/")[2])


# phone, places.nearby_limit -> limit in the query, seconds to wait for its answer
LIMITS = [
    (IPHONE, None, "10", 5.0),  # the SDK's own
    (PIXEL, None, "20", 2.0),
    (IPHONE, 20, "20", 5.0),  # the caller's
    (PIXEL, 100, "100", 2.0),
]


@behaviour(
    "4.1",
    "Without a count the SDK asks for 10 places on iOS and for 20 on Android.",
    Whereabouts.query,
    key="places.nearby-limit",
)
@behaviour("4.1", "A nearby query waits 5 s for its answer on iOS and 2 s on Android.", Whereabouts.query)
@pytest.mark.parametrize(("model", "count", "limit", "timeout_s"), LIMITS)
def test_limits_and_timeouts(model, count, limit, timeout_s) -> None:
    phone = a_phone(model, config=places_config(nearby_limit=count))
    query = requests(phone.feed(0, Foregrounded()))[0]
    assert (query.channel, query.method, query.body, query.event_ids, query.name) == (
        "places", "GET", b"", (), "places nearby",
    )  # fmt: skip
    assert dict(parts(query.target)[1])["limit"] == limit
    assert query.timeout_s == timeout_s


@behaviour(
    "4.1", "A query carries no API key: User-Agent and Accept-Language are all that tells who asks.", sdk.places_headers
)
@pytest.mark.parametrize(
    ("model", "platforms"), [(IPHONE, ["Accept-Encoding"]), (PIXEL, ["Accept-Encoding", "Connection"])]
)
def test_headers(model, platforms) -> None:
    query = requests(a_phone(model).feed(0, Foregrounded()))[0]
    lines = query.headers.decode().removesuffix("\r\n").split("\r\n")
    assert [line.partition(":")[0] for line in lines] == ["User-Agent", "Accept-Language", *platforms]


# what came back -> the code that the app is told on iOS, and on Android
ANSWERS = [
    (Reply(200, nearby(("a", 60.17, 24.94, 100))), OK, OK),
    (Reply(200, nearby()), OK, OK),  # nothing nearby is an answer
    (Reply(200, b"no JSON"), SERVER_RESPONSE_ERROR, SERVER_RESPONSE_ERROR),
    (Reply(200), SERVER_RESPONSE_ERROR, SERVER_RESPONSE_ERROR),
    (Reply(204), SERVER_RESPONSE_ERROR, CONNECTIVITY_ERROR),  # any status but 200
    (Reply(403, nearby(("a", 60.17, 24.94, 100))), SERVER_RESPONSE_ERROR, CONNECTIVITY_ERROR),
    (Reply(500), SERVER_RESPONSE_ERROR, CONNECTIVITY_ERROR),
    (Reply(503, retry_after="1"), SERVER_RESPONSE_ERROR, CONNECTIVITY_ERROR),
    (Reply(0, failure="timeout"), CONNECTIVITY_ERROR, CONNECTIVITY_ERROR),
    (Reply(0, failure="refused"), CONNECTIVITY_ERROR, CONNECTIVITY_ERROR),
    (Reply(0, failure="unreachable"), CONNECTIVITY_ERROR, CONNECTIVITY_ERROR),
    (Reply(0, failure="reset"), CONNECTIVITY_ERROR, CONNECTIVITY_ERROR),
]


@behaviour(
    "4.2", "A status other than 200 is a server response error on iOS, a connectivity error on Android.", refused
)
@behaviour("4.2", "An answer that cannot be read is a server response error.", Places.take_nearby)
@pytest.mark.parametrize(("reply", "on_ios", "on_android"), ANSWERS)
def test_result_codes(reply, on_ios, on_android) -> None:
    platforms: list[tuple[Platform, int]] = [("ios", on_ios), ("android", on_android)]
    for platform, code in platforms:
        places = Places(PlacesConfig())
        places.take_nearby(0, platform, reply)
        assert places.result == code


@behaviour("4.3", "The answer to a nearby query sends no event to Edge.", Whereabouts.take_nearby)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
@pytest.mark.parametrize("reply", [reply for reply, _, _ in ANSWERS])
def test_an_answer_sends_nothing(model, reply) -> None:
    phone = a_phone(model)
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(50, Replied(launch.id, Reply(200)))
    effects = phone.feed(100, Replied(query.id, reply))
    assert (made(effects), requests(effects)) == ([], [])
    assert phone.queued == ()


@behaviour("4.1", "A nearby query that fails is not tried again.", Whereabouts.take_nearby)
def test_no_retry() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(50, Replied(launch.id, Reply(200)))
    assert phone.feed(100, Replied(query.id, Reply(503, retry_after="1"))) == []  # nor a time to wake at


@behaviour(
    "4.4",
    "A crossing is told with the place's poiID, name and metadata.list, no more, as Adobe's test of iOS asserts;"
    " an exit differs by its type.",
    location,
)
def test_a_region_event_is_the_goldens(golden: Path) -> None:
    places = Places(PlacesConfig())
    places.take_nearby(0, "ios", Reply(200, (golden / "places/onePoiUserWithinOneNearby.json").read_bytes()))
    poi = places.process_region(1_000, "entry", "1234")
    assert poi == MINE
    entry, exit_ = location("entry", poi), location("exit", poi)
    assert {"xdm": json.loads(entry.body)} == json.loads((golden / "events/ios_places_location_entry.json").read_text())
    assert (entry.type, entry.place, entry.beside) == ("location.entry", "1234", b"")
    assert exit_.type == "location.exit"
    assert exit_.body == entry.body.replace(b"location.entry", b"location.exit")  # identical but for the type


@behaviour("4.4", "metadata.list is empty for a place without metadata, never absent.", location)
def test_a_place_without_metadata() -> None:
    bare = Poi("1", "bare", 24.94, 60.17, 100, "lib", 1, "")
    assert json.loads(location("entry", bare).body)["placeContext"]["POIinteraction"]["poiDetail"] == {
        "poiID": "1", "name": "bare", "metadata": {"list": []},
    }  # fmt: skip


@behaviour("4.3", "A region event for a place that is not in the last nearby list is ignored.", Places.process_region)
def test_an_unknown_poi_is_ignored() -> None:
    places = Places(PlacesConfig())
    assert places.process_region(0, "entry", "a") is None  # before any answer
    places.take_nearby(0, "ios", Reply(200, nearby(("a", 60.17, 24.94, 100))))
    assert places.process_region(0, "entry", "a") is not None
    assert places.process_region(0, "entry", "b") is None


# a second answer after one that knew "a" -> is "a" still known?
SECOND_ANSWERS = [
    (Reply(200, nearby(("b", 60.17, 24.94, 100))), False),  # the list is replaced
    (Reply(200, nearby()), False),  # by an empty one, too
    (Reply(503, nearby(("b", 60.17, 24.94, 100))), True),  # not by an error
    (Reply(204), True),
    (Reply(200, b"not JSON"), True),
    (Reply(0, failure="timeout"), True),
]


@behaviour("4.3", "A nearby answer replaces the list of before; an error leaves it.", Places.take_nearby)
@pytest.mark.parametrize(("second", "known"), SECOND_ANSWERS)
def test_which_answers_replace_the_list(second, known) -> None:
    places = Places(PlacesConfig())
    places.take_nearby(0, "ios", Reply(200, nearby(("a", 60.17, 24.94, 100))))
    pois = places.take_nearby(1_000, "ios", second)
    assert (places.process_region(2_000, "exit", "a") is not None) == known
    assert (pois is None) == known  # what the app gets, or nothing
