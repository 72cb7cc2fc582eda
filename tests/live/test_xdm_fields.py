"""Which fields an event and a profile have, and which eventTypes are slips."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from footfall.engine.event_types import EVENT_TYPES
from footfall.live.xdm_fields import (
    Found,
    Missing,
    event_fields,
    event_type_slip,
    profile_fields,
    standard_event_types,
)

SHARED = Path(__file__).resolve().parents[2] / "../shared/xdm/wire"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("eventType",), Found("text")),
        (("placeContext", "POIinteraction", "poiDetail", "name"), Found("text")),
        (("placeContext", "POIinteraction", "POIDetail", "name"), Found("text")),  # deprecated, and there
        (("placeContext", "POIinteraction", "poiEntries", "value"), Found("number")),
        (("productListItems",), Found("object", many=True)),
        (("productListItems", "SKU"), Found("text", many=True)),
        (("productListItems", 0, "SKU"), Found("text")),
        (("productListItems", 0, "priceTotal"), Found("number")),
        (("identityMap", "ECID", 0, "primary"), Found("truth value")),
        (("_footfall", "loyalty", "pointsReached"), Found("number")),
        (("_other", "whatever", "deep"), Found("anything")),  # another tenant's
        (("_experience", "decisioning", "propositionEventType", "display"), Found("number")),
    ],
)
def test_fields_of_an_event(path, found):
    assert event_fields().find(path) == found


@pytest.mark.parametrize(
    ("path", "step"),
    [
        (("shop",), 0),
        (("_footfall", "loyalty", "points"), 2),
        (("eventType", "name"), 1),
        (("eventType", 0), 1),
        (("commerce", 0), 1),
        (("_experience", "campaign", "x"), 2),
    ],
)
def test_what_no_event_has(path, step):
    missing = event_fields().find(path)
    assert isinstance(missing, Missing)
    assert missing.step == step


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("person", "name", "firstName"), Found("text")),
        (("loyalty", "points"), Found("number")),
        (("testProfile",), Found("truth value")),
        (("consents", "marketing", "push", "val"), Found("text")),
        (("homeAddress", "city"), Found("text")),
        (("identityMap", "Email", "id"), Found("text", many=True)),
        (("_footfall", "points"), Found("anything")),
    ],
)
def test_fields_of_a_profile(path, found):
    assert profile_fields().find(path) == found


def test_a_misspelt_field_of_a_profile_is_told_with_what_is_there():
    missing = profile_fields().find(("person", "name", "firstname"))
    assert isinstance(missing, Missing)
    assert missing.step == 2
    assert "firstName" in missing.known


@pytest.mark.parametrize(
    ("event_type", "meant"),
    [
        ("commerce.purchase", "commerce.purchases"),
        ("location.entyr", "location.entry"),
        ("COMMERCE.PURCHASES", "commerce.purchases"),
        # standard, Footfall's own, and somebody's own
        ("commerce.purchases", ""),
        ("loyalty.pointsReached", ""),
        ("spa.beaconSeen", ""),
        ("", ""),
    ],
)
def test_slips_of_an_event_type(event_type, meant):
    assert event_type_slip(event_type) == meant


def test_no_event_of_footfalls_own_is_a_slip():
    assert [event_type for event_type in EVENT_TYPES if event_type_slip(event_type)] == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not beside this checkout")
def test_the_standard_event_types_are_adobes():
    assert sorted(standard_event_types()) == sorted(json.loads((SHARED / "eventType-values.json").read_text()))
