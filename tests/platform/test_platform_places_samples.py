"""Every sample of Adobe's Places documents: the query's answer has the documented shape, and what the POI service and
the tags hand over is what the platform reads and takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from edge_calls import ask

from footfall.platform.messages import Request
from footfall.platform.package_data import event_schema
from footfall.platform.places import PlacesQuery
from footfall.world.pois import Poi

# What holds each file: the test below that names it.
HELD_BY = {
    "edge-query-response.json": "test_the_answer_of_a_query",
    "create-poi-response.json": "test_a_poi_as_the_web_service_creates_it_travels",
    "tag-payload-entry.json": "test_the_payload_of_a_tag_is_an_event",
    "tag-payload-exit.json": "test_the_payload_of_a_tag_is_an_event",
}
# In the order of the sample's array; the query service's own answers have the library between radius and rank (the
# SDK's tests show seven members, golden/places), and numbers where the documents describe them in words.
DOCUMENTED_P = ["poi id", "poi name", "poi center's latitude", "poi center's longitude", "poiRadius", "rank"]
# The tags' data elements, between {%% and %%}, and what they stand for in one place.
ELEMENTS = {"City": "Helsinki", "Name": "Ekberg", "Category": "cafe"}


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "samples/places" / name).read_text())


def asked(pois: list[Poi], query: str) -> Any:
    response = PlacesQuery(pois).answer(Request("GET", "/placesedgequery", query, {}, b""))
    assert response.status == 200
    return json.loads(response.body)


def test_every_sample_is_held_by_a_test(shared: Path) -> None:
    assert {path.name for path in (shared / "samples/places").iterdir()} == HELD_BY.keys()
    assert set(HELD_BY.values()) <= globals().keys()


def test_the_answer_of_a_query(shared: Path) -> None:
    documented = sample(shared, "edge-query-response.json")["places"]
    assert documented["userWithin"][0]["p"] == documented["pois"][0]["p"] == DOCUMENTED_P
    (fremont,), (milpitas,) = documented["userWithin"], documented["pois"]
    # a null is a value that the POI has not: none is sent
    milpitas_x = {name: value for name, value in milpitas["x"].items() if value is not None}
    pois = [
        Poi(
            id=id_, name=f"the {id_}", lat=lat, lon=-121.9, radius_m=150, library="lib", weight=3, category="",
            metadata=tuple(x.items()),
        )
        for id_, lat, x in (("within", 37.5, fremont["x"]), ("near", 37.51, milpitas_x))
    ]  # fmt: skip

    answer = asked(pois, "library=lib&latitude=37.5&longitude=-121.9&limit=10")

    places = answer["places"]
    assert list(places) == list(documented)
    for ours, theirs in ((places["userWithin"], documented["userWithin"]), (places["pois"], documented["pois"])):
        assert len(ours) == len(theirs)
        assert list(ours[0]) == list(theirs[0])
    (within,), (near,) = places["userWithin"], places["pois"]
    assert dict(zip(DOCUMENTED_P, within["p"][:5] + within["p"][6:], strict=True)) == {
        "poi id": "within",
        "poi name": "the within",
        "poi center's latitude": "37.5",
        "poi center's longitude": "-121.9",
        "poiRadius": 150,
        "rank": 3,
    }
    assert within["x"] == fremont["x"]
    assert near["x"] == milpitas_x


def test_a_poi_as_the_web_service_creates_it_travels(shared: Path) -> None:
    """Creating POIs is another service's, which this platform has not: its POIs come from geofence files. What it says
    of one is all that a query's answer needs, coordinates as [longitude, latitude]."""
    created = sample(shared, "create-poi-response.json")
    lon, lat = created["location"]["coordinates"]
    described = {name: created[name] for name in ("country", "state", "city", "street")} | created["metadata"]
    poi = Poi(
        id=created["id"], name=created["name"], lat=lat, lon=lon, radius_m=created["radius"],
        library=created["lib_id"], weight=1, category=created["category"], metadata=tuple(described.items()),
    )  # fmt: skip

    (found,) = asked([poi], f"library={created['lib_id']}&latitude={lat}&longitude={lon}")["places"]["userWithin"]

    assert found == {
        "p": [created["id"], "New POI", "37.698029", "-123.000507", 66, created["lib_id"], 1],
        "x": described,
    }


@pytest.mark.parametrize("name", ["tag-payload-entry.json", "tag-payload-exit.json"])
def test_the_payload_of_a_tag_is_an_event(name: str, shared: Path) -> None:
    """As the tutorial's rule sends it: the data elements filled in, and what Edge adds to every event of a phone."""
    payload = sample(shared, name)
    text = re.sub(r"\{%%(\w+) - (?:Current|Exited)%%\}", lambda match: ELEMENTS[match[1]], json.dumps(payload))
    xdm = json.loads(text)["xdm"] | {"_id": "tag-1", "timestamp": "2026-03-07T11:15:30.123Z"}
    identity = {"ECID": [{"id": "1" * 38, "authenticatedState": "ambiguous", "primary": False}]}

    assert "%%" not in text
    outcome = ask("v1/interact", {"xdm": {"identityMap": identity}, "events": [{"xdm": xdm}]})

    assert outcome.response.status == 200
    (stored,) = outcome.stored
    assert (stored.type, stored.good, stored.reasons) == (payload["xdm"]["eventType"], True, ())
    # and the judge has read the payload's own fields
    detail = xdm["placeContext"]["POIinteraction"]["poiDetail"]
    wrong = {"placeContext": {"POIinteraction": {"poiDetail": {**detail, "name": 1}}}}
    assert event_schema().reasons({**xdm, **wrong, "identityMap": identity}) == (
        "#/placeContext/POIinteraction/poiDetail/name: expected type: String, found: Long",
    )
