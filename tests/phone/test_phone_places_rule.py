"""The tutorial's rule ("Use Places with Platform Mobile SDK"): a second event for every crossing, whose Places event
leaks through beside the xdm."""

from __future__ import annotations

import json

import pytest
from phone_words import Server, a_phone, made
from sdk_behaviour import behaviour
from sdk_words import ANCHOR_MS, IPHONE, PIXEL, sent
from story_words import beside, configured, opened, places, types, xdm

from footfall.phone.config import JourneyEvent, PlacesConfig
from footfall.phone.phone import Phone
from footfall.phone.places import Places
from footfall.phone.signals import Foregrounded, RegionReported, Reply
from footfall.xdm.places import rule_location

WITH_RULE = places(rule=True)


def one_place(where: str = "pois", **metadata: str) -> Reply:
    """An answer with the cafe alone, among `userWithin` or among `pois`."""
    row = {"p": ["cafe", "Cafe Engel", "60.17", "24.95", 100, "lib", 3], "x": metadata}
    return Reply(200, json.dumps({"places": {"userWithin": [], "pois": [], where: [row]}}).encode())


ENGEL = one_place(category="cafe", city="Helsinki")


def crossing(kind: str, model=IPHONE, config=WITH_RULE, nearby: Reply = ENGEL):
    """The events of one crossing, and what its server got."""
    phone = opened(model, config, nearby)
    effects = phone.feed(9_999, RegionReported(kind, "cafe"))
    return made(effects), phone


@behaviour(
    "4.6",
    "With the tutorial's rule every crossing makes two events, the Places extension's and the rule's.",
    Phone._process_region,
    key="places.rule",
)
@pytest.mark.parametrize("kind", ["entry", "exit"])
def test_two_events_for_one_crossing(kind) -> None:
    (own, second), phone = crossing(kind)
    assert (own.event.type, own.at_ms) == (second.event.type, second.at_ms) == (f"location.{kind}", 9_999)
    assert own.event_id != second.event_id
    assert own.event.place == second.event.place == "cafe"
    assert beside(own) == {}  # only the rule's leaks
    # two requests, the SDK's own first
    bodies = [sent(request)["events"][0] for request in phone.got[-2:]]
    assert [body["xdm"]["_id"] for body in bodies] == [own.event_id, second.event_id]
    assert bodies[0].keys() == {"xdm"}
    assert set(bodies[1]) == {"xdm", "triggeringregion", "regioneventtype"}


def test_without_the_rule_there_is_one() -> None:
    (own,), _ = crossing("entry", config=places())
    assert own.event.type == "location.entry"


# kind, spelling in the rule -> the POIinteraction of the second event
DETAIL = {"name": "Cafe Engel", "category": "cafe"}
INTERACTIONS = [
    ("entry", "poiDetail", {"poiDetail": DETAIL, "poiEntries": {"value": 1}}),
    ("exit", "poiDetail", {"poiDetail": DETAIL, "poiExits": {"value": 1}}),
    ("entry", "POIDetail", {"POIDetail": DETAIL, "poiEntries": {"value": 1}}),  # XDM's deprecated twin
    ("exit", "POIDetail", {"POIDetail": DETAIL, "poiExits": {"value": 1}}),
]


@behaviour(
    "4.6",
    "The rule's event counts with poiEntries or poiExits and names the city; its detail is name and category.",
    rule_location,
    key="places.rule",
)
@behaviour("4.5", "An older schema spells the place's detail POIDetail.", rule_location, key="places.poi-detail")
@pytest.mark.parametrize(("kind", "spelling", "interaction"), INTERACTIONS)
def test_what_the_rule_attaches(kind, spelling, interaction) -> None:
    (own, second), _ = crossing(kind, config=places(rule=True, poi_detail=spelling))
    assert xdm(second) == {
        "eventType": f"location.{kind}",
        "placeContext": {"geo": {"city": "Helsinki"}, "POIinteraction": interaction},
    }
    assert xdm(own)["placeContext"]["POIinteraction"].keys() == {"poiDetail"}  # the extension's own has one spelling


# metadata of the place -> geo, and the members of the detail
UNTOLD = [
    ({"city": "Helsinki"}, {"city": "Helsinki"}, ["name"]),
    ({"category": "cafe"}, None, ["name", "category"]),
    ({}, None, ["name"]),
]


@pytest.mark.parametrize(("metadata", "geo", "detail"), UNTOLD)
def test_what_the_metadata_lacks_is_left_out(metadata, geo, detail) -> None:
    (_, second), _ = crossing("entry", nearby=one_place(**metadata))
    context = xdm(second)["placeContext"]
    assert context.get("geo") == geo
    assert list(context["POIinteraction"]["poiDetail"]) == detail


REGION = {
    "regionid": "cafe",
    "regionname": "Cafe Engel",
    "latitude": 60.17,
    "longitude": 24.95,
    "radius": 100,
    "weight": 3,
    "libraryid": "lib",
    "useriswithin": False,
    "regionmetadata": {"category": "cafe", "city": "Helsinki"},
}
# Android's has the time besides, in whole seconds
LEAKS = [
    (IPHONE, "entry", {"regioneventtype": "entry", "triggeringregion": REGION}),
    (IPHONE, "exit", {"regioneventtype": "exit", "triggeringregion": REGION}),
    (
        PIXEL,
        "entry",
        {"regioneventtype": "entry", "triggeringregion": REGION, "timestamp": ANCHOR_MS // 1000 + 9},
    ),
]


@behaviour(
    "4.6",
    "The rule's event has triggeringregion and regioneventtype beside its xdm, for the Places event's own keys are"
    " copied as well; on Android with a timestamp.",
    rule_location,
    key="places.rule",
)
@pytest.mark.parametrize(("model", "kind", "leaked"), LEAKS)
def test_the_places_events_own_keys_leak_through(model, kind, leaked) -> None:
    (_, second), phone = crossing(kind, model)
    # the time is written with the event, and no part of what is the same in every run
    assert beside(second) == {key: value for key, value in leaked.items() if key != "timestamp"}
    (event,) = sent(phone.got[-1])["events"]
    assert {key: value for key, value in event.items() if key != "xdm"} == leaked


# journey-events -> orchestration of the rule's event
JOURNEYS = [
    ("entry", (JourneyEvent("location.entry", "e-1"),), {"eventID": "e-1"}),
    ("exit", (JourneyEvent("location.entry", "e-1"), JourneyEvent("location.exit", "e-2")), {"eventID": "e-2"}),
    ("exit", (JourneyEvent("location.entry", "e-1"),), None),  # the other one's
]


@behaviour(
    "4.6",
    "What a rule makes can carry a journey's id in _experience.campaign.orchestration; the SDK's own event never does.",
    rule_location,
    key="places.rule, journey-events",
)
@pytest.mark.parametrize(("kind", "journeys", "orchestration"), JOURNEYS)
def test_a_journeys_id(kind, journeys, orchestration) -> None:
    config = configured(places=PlacesConfig(rule=True), journey_events=journeys)
    (own, second), _ = crossing(kind, config=config)
    assert "_experience" not in xdm(own)
    campaign = None if orchestration is None else {"campaign": {"orchestration": orchestration}}
    assert xdm(second).get("_experience") == campaign


# where the last answer had the place -> useriswithin of its crossings, whatever they are
FLAGS = [("userWithin", True), ("pois", False)]


@behaviour(
    "4.6",
    "useriswithin is the flag of the cached place, which region events do not change: on an exit it may be true.",
    Places.user_is_within,
    key="places.rule",
)
@pytest.mark.parametrize(("where", "flag"), FLAGS)
@pytest.mark.parametrize("kind", ["entry", "exit"])
def test_useriswithin_is_the_cached_flag(where, flag, kind) -> None:
    (_, second), _ = crossing(kind, nearby=one_place(where))
    assert beside(second)["triggeringregion"]["useriswithin"] is flag


def test_an_ignored_crossing_has_no_second_event_either() -> None:
    phone = Server(a_phone(config=WITH_RULE), one_place())
    phone.feed(0, Foregrounded())
    assert types(phone.feed(1_000, RegionReported("entry", "elsewhere"))) == []
