"""What people complained of about places and launches (mobile-sdk.md 9), as histories: order and count of what the
phone emits where the complaint comes true."""

from __future__ import annotations

import json

import pytest
from phone_words import Server, a_phone, made, north, places_answer, requests, told, wake, walk_north
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, TIMEOUT, sent
from story_words import lifecycle, opened, places, types

from footfall.phone.phone import Phone
from footfall.phone.places import Places
from footfall.phone.sdk import nearby_target
from footfall.phone.signals import (
    Authorized,
    Backgrounded,
    Due,
    Foregrounded,
    IdentitiesReset,
    Moved,
    RegionReported,
    Replied,
    Reply,
)
from footfall.world.geo import Leg, Point
from footfall.world.regions import RegionMonitor


def xdms(phone: Server, since: int = 0) -> list[dict]:
    """The events that the server was sent, from the n-th request on."""
    return [event["xdm"] for one in phone.got[since:] if one.channel == "edge" for event in sent(one)["events"]]


@behaviour(
    "9",
    "No. 4: the events of the first launch wait for nothing: they are queued before the query is answered.",
    Phone.feed,
)
def test_4_the_first_event_is_not_lost_at_start() -> None:
    phone = a_phone()
    effects = phone.feed(0, Foregrounded())
    assert told(effects) == ["made application.launch", "send places nearby", "send application.launch"]
    assert [one.event_id for one in made(effects)] == list(phone.queued)


@behaviour(
    "9",
    "No. 7: rules that are processed twice at start send the launch twice, in a row, with another _id each.",
    Phone._forward,
    key="lifecycle.forwarded-twice",
)
def test_7_a_launch_that_is_forwarded_twice() -> None:
    phone = opened(config=lifecycle(forwarded_twice=True))
    first, second = xdms(phone)
    assert (first["eventType"], second["eventType"]) == ("application.launch", "application.launch")
    assert first["timestamp"] == second["timestamp"]
    assert first["_id"] != second["_id"]


@behaviour(
    "9",
    "No. 7: a rule that forwards Places events makes two events of one crossing, the SDK's own first.",
    Phone._process_region,
    key="places.rule",
)
def test_7_a_crossing_that_is_told_twice() -> None:
    phone = opened(config=places(rule=True))
    before = len(phone.got)
    phone.feed(1_000, RegionReported("entry", "cafe"))
    own, rules = xdms(phone, before)
    assert list(own["placeContext"]["POIinteraction"]) == ["poiDetail"]
    assert "poiEntries" in rules["placeContext"]["POIinteraction"]


@behaviour("9", "No. 11: an ECID is there from the start, whether or not anything was ever answered.", Phone)
def test_11_an_identity_without_an_answer() -> None:
    phone = a_phone()
    assert len(phone.ecid) == 38
    _, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(5_000, Replied(launch.id, TIMEOUT))
    assert sent(launch)["xdm"]["identityMap"]["ECID"][0]["id"] == phone.ecid
    before = phone.ecid
    phone.feed(6_000, IdentitiesReset())
    assert phone.ecid != before
    assert len(phone.ecid) == 38


@behaviour(
    "9", "No. 13: several entries for one crossing are as many events: the SDK filters nothing.", Places.process_region
)
def test_13_flapping_at_the_edge() -> None:
    phone = opened()
    words = []
    for n, kind in enumerate(["entry", "exit", "entry", "exit", "entry"]):
        words += types(phone.feed(1_000 * n + 1_000, RegionReported(kind, "cafe")))
    assert words == [
        "location.entry@1000", "location.exit@2000", "location.entry@3000", "location.exit@4000", "location.entry@5000",
    ]  # fmt: skip


@behaviour(
    "9",
    "No. 13: a crossing with a bad network is not lost, it waits in the queue with the time of its callback.",
    Phone._make,
)
def test_13_a_crossing_on_a_bad_network() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(50, Replied(query.id, places_answer(("cafe", 300.0, 100))))
    for kind, at_ms in (("entry", 1_000), ("exit", 2_000)):
        assert told(phone.feed(at_ms, RegionReported(kind, "cafe"))) == [f"made location.{kind}"]
    phone.feed(5_000, Replied(launch.id, TIMEOUT))
    effects, arrived = phone.feed(10_000, Due()), []
    while sending := requests(effects):
        (event,) = sent(sending[0])["events"]
        arrived.append((event["xdm"]["eventType"], event["xdm"]["timestamp"][-7:]))
        effects = phone.feed(10_000, Replied(sending[0].id, Reply(200)))
    assert arrived == [("application.launch", "20.000Z"), ("location.entry", "21.000Z"), ("location.exit", "22.000Z")]


@behaviour(
    "9",
    "No. 13: when the first nearby query fails there is no list, and every crossing is ignored.",
    Phone._process_region,
)
def test_13_a_first_launch_on_a_bad_network() -> None:
    phone = a_phone()
    query, _ = requests(phone.feed(0, Foregrounded()))
    phone.feed(5_000, Replied(query.id, TIMEOUT))
    assert told(phone.feed(6_000, RegionReported("entry", "cafe"))) == [
        "ignored entry cafe: not in the last nearby list"
    ]


@behaviour(
    "9",
    "No. 13: crossings that follow quickly each name their own place, in the order of the callbacks.",
    Phone._process_region,
)
def test_13_crossings_in_quick_succession() -> None:
    phone = opened(nearby=places_answer(("a", 300.0, 100), ("b", 320.0, 100), ("c", 340.0, 100)))
    before = len(phone.got)
    for kind, poi_id in [("entry", "a"), ("entry", "b"), ("exit", "a"), ("entry", "c"), ("exit", "b")]:
        phone.feed(1_000, RegionReported(kind, poi_id))  # all in the same millisecond
    events = xdms(phone, before)
    assert [
        (one["eventType"], one["placeContext"]["POIinteraction"]["poiDetail"]["poiID"]) for one in events
    ] == [
        ("location.entry", "a"), ("location.entry", "b"), ("location.exit", "a"), ("location.entry", "c"),
        ("location.exit", "b"),
    ]  # fmt: skip
    assert phone.phone.membership(1_000).current.id == "c"


# places.nearby_limit, phone -> limit on the wire
@behaviour(
    "9", "No. 14: the limit that the app gives is the one that is asked with.", nearby_target, key="places.nearby-limit"
)
@pytest.mark.parametrize(("limit", "on_the_wire"), [(1, "limit=1"), (20, "limit=20"), (100, "limit=100")])
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
def test_14_the_limit_is_honoured(model, limit, on_the_wire) -> None:
    query = requests(a_phone(model, config=places(nearby_limit=limit)).feed(0, Foregrounded()))[0]
    assert on_the_wire in query.target.partition("?")[2].split("&")


@behaviour("9", "No. 14: places are mapped alike on both platforms, one bad row spoils no other.", Places.take_nearby)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
def test_14_places_are_mapped_on_both_platforms(model) -> None:
    good = {"p": ["cafe", "Cafe Engel", "60.17", "24.95", 100, "lib", 3], "x": {"city": "Helsinki"}}
    answer = {"places": {"userWithin": [], "pois": [{"p": ["bad"]}, good, {"p": None}]}}
    phone = opened(model, nearby=Reply(200, json.dumps(answer).encode()))
    (poi,) = phone.phone.membership(1_000).nearby
    assert (poi.id, poi.name, poi.lat, poi.lon, poi.radius_m, poi.library, poi.weight, dict(poi.metadata)) == (
        "cafe", "Cafe Engel", 60.17, 24.95, 100, "lib", 3, {"city": "Helsinki"},
    )  # fmt: skip


@behaviour(
    "4.7", "No. 15: iOS monitors 20 regions at once, and tells nothing of a 21st; Android 100.", RegionMonitor.register
)
@pytest.mark.parametrize(("model", "most"), [(IPHONE, 20), (PIXEL, 100)])
def test_15_so_many_regions_are_monitored(model, most) -> None:
    rows = [(f"p-{n:03d}", 2_000.0 + 400.0 * n, 100) for n in range(most + 3)]
    phone = opened(model, nearby=places_answer(*rows))
    assert len(phone.phone.membership(0).nearby) == most + 3
    # the phone is put into each place in turn, for ten minutes
    entered = []
    for n, (_, metres, _) in enumerate(rows):
        at_ms = 1_000_000 * (n + 1)
        spot = north(metres)
        phone.phone._where._asked_at = spot  # nor does a walk this long make the app ask anew
        effects = phone.feed(at_ms, Moved(Leg(start=spot, end=spot, depart_ms=at_ms, arrive_ms=at_ms)))
        effects += phone.feed(at_ms + 600_000, Due())
        entered += [one.event.place for one in made(effects) if one.event.type == "location.entry"]
    assert entered == [id for id, _, _ in rows[:most]]


@behaviour(
    "4.7",
    "No. 15: iOS reports no entry of a region in which the phone is when monitoring begins; Android does.",
    RegionMonitor.register,
)
def test_15_already_inside() -> None:
    here = places_answer(("home", 0.0, 100))
    ios, android = opened(IPHONE, nearby=here), opened(PIXEL, nearby=here)
    for phone in (ios, android):
        phone.feed(600_000, Due())
    assert [one["eventType"] for one in xdms(ios)] == ["application.launch"]
    assert [one["eventType"] for one in xdms(android)] == ["application.launch", "location.entry"]
    # but of leaving it both tell
    for phone in (ios, android):
        effects = phone.feed(700_000, walk_north(0, 480, 700_000))
        assert [word.partition("@")[0] for word in types(phone.feed(wake(effects), Due()))] == ["location.exit"]


@behaviour(
    "4.7",
    "No. 15: iOS waits until the phone is well inside for 20 s, so that walking along the edge tells nothing.",
    RegionMonitor,
)
def test_15_along_the_edge() -> None:
    phone = opened()
    # east along the line 215 m north: 15 m inside the circle of the cafe, less than the 25 m that iOS wants
    start, end = Point(lat=60.17 + 215 / 111_195, lon=24.935), Point(lat=60.17 + 215 / 111_195, lon=24.945)
    effects = phone.feed(10_000, Moved(Leg(start=start, end=end, depart_ms=10_000, arrive_ms=400_000)))
    words = []
    while (at_ms := wake(effects)) is not None:
        effects = phone.feed(at_ms, Due())
        words += types(effects)
    assert words == []


def test_15_a_denied_permission_looks_like_a_missing_crossing() -> None:
    phone = opened()
    phone.feed(1_000, Authorized("wheninuse"))
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    assert wake(phone.feed(10_000, walk_north(0, 490, 10_000))) is None
