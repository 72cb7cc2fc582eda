"""The events of a crossing: the Places extension's against what Adobe's SDK tests assert, and the tutorial rule's."""

from __future__ import annotations

import json

import pytest
from every_event import BARE, CAFE, EVERY, beside_of, xdm_of

from footfall.world.pois import Poi
from footfall.xdm.places import location, rule_location


def test_a_location_entry_as_adobe_asserts_it(golden):
    poi = Poi("1234", "myplace", -111.8, 40.4, 100, "lib", 500, "", (("key1", "value1"),))
    asserted = golden("events/ios_places_location_entry.json")["xdm"]
    assert json.loads(location("entry", poi).body) == asserted
    asserted["eventType"] = "location.exit"
    assert json.loads(location("exit", poi).body) == asserted


def test_a_crossing_tells_id_name_and_metadata_and_nothing_else():
    event = location("exit", CAFE)
    assert (event.type, event.place, event.skus) == ("location.exit", "p-1", ())
    detail = xdm_of(event)["placeContext"]["POIinteraction"]["poiDetail"]
    assert detail == {
        "poiID": "p-1",
        "name": "Kahvila Ääni",
        "metadata": {"list": [{"key": "category", "value": "cafe"}, {"key": "city", "value": "Helsinki"}]},
    }


def test_without_metadata_the_list_is_there_and_empty():
    detail = xdm_of(location("entry", BARE))["placeContext"]["POIinteraction"]["poiDetail"]
    assert detail["metadata"] == {"list": []}


@pytest.mark.parametrize(
    ("kind", "poi", "spelling", "geo", "interaction"),
    [
        (
            "entry",
            CAFE,
            "poiDetail",
            {"geo": {"city": "Helsinki"}},
            {"poiDetail": {"name": "Kahvila Ääni", "category": "cafe"}, "poiEntries": {"value": 1}},
        ),
        (
            "exit",
            CAFE,
            "POIDetail",  # the deprecated twin
            {"geo": {"city": "Helsinki"}},
            {"POIDetail": {"name": "Kahvila Ääni", "category": "cafe"}, "poiExits": {"value": 1}},
        ),
        # a POI that tells neither its city nor a category
        ("entry", BARE, "poiDetail", {}, {"poiDetail": {"name": "Kiosk"}, "poiEntries": {"value": 1}}),
    ],
)
def test_what_the_tutorials_rule_attaches(kind, poi, spelling, geo, interaction):
    event = rule_location(kind, poi, True, spelling)
    assert (event.type, event.place) == (f"location.{kind}", poi.id)
    assert xdm_of(event) == {
        "eventType": f"location.{kind}",
        "placeContext": {**geo, "POIinteraction": interaction},
    }


def test_what_leaks_through_beside_it():
    assert beside_of(EVERY["entry by the rule"]) == {
        "regioneventtype": "entry",
        "triggeringregion": {
            "regionid": "p-1",
            "regionname": "Kahvila Ääni",
            "latitude": 60.17,
            "longitude": 24.94,
            "radius": 100,
            "weight": 1,
            "libraryid": "lib",
            "useriswithin": True,
            "regionmetadata": {"category": "cafe", "city": "Helsinki"},
        },
    }


def test_the_time_that_android_adds_is_no_part_of_the_event_itself():
    assert EVERY["entry by the rule"].stamped
    assert "timestamp" not in beside_of(EVERY["entry by the rule"])
    assert not EVERY["entry"].stamped


def test_a_journeys_id_by_the_rule():
    experience = {"campaign": {"orchestration": {"eventID": "0a1b2c"}}}
    assert xdm_of(EVERY["exit by the rule for a journey"])["_experience"] == experience
    assert "_experience" not in xdm_of(EVERY["exit"])
