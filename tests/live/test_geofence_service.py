"""POIs over HTTP: the management API page by page, and a query service asked square by square. No socket is opened:
httpx hands the requests to the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.live.geofence_service import Unanswered, fetch_managed, fetch_queried, is_query, managed_pois
from footfall.platform.messages import Request
from footfall.platform.places import PlacesQuery
from footfall.world.pois import Poi
from footfall.world.problems import BadInput
from footfall.world.streams import Stream, key_of

MANAGED = "http://127.0.0.1:8099/places/placesapi/v1/libraries/lib-1/pois"
QUERIED = "http://127.0.0.1:8099/placesedgequery"
SAMPLE = Path(__file__).resolve().parents[2] / "../shared/samples/places/create-poi-response.json"
SHRUG: Callable[[int], None] = lambda count: None  # noqa: E731


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def record(n: int, **changed: Any) -> dict[str, Any]:
    """A POI as the management API gives it."""
    return {
        "id": f"poi-{n}",
        "name": f"Place {n}",
        "description": "",
        "location": {"type": "Point", "coordinates": [24.9 + n / 1000, 60.1]},
        "radius": 100,
        "country": "FI",
        "state": "",
        "city": "Helsinki",
        "street": None,
        "category": "",
        "icon": "",
        "color": "",
        "metadata": {"brand": "B"},
        "lib_id": "lib-1",
    } | changed


def pages(request: httpx.Request) -> httpx.Response:
    """Two pages of two."""
    page = int(request.url.params.get("page", "1"))
    links = {"next": {"href": f"{MANAGED}?page=2"}} if page == 1 else {}
    body = {"data": [record(2 * page), record(2 * page + 1, lib_id="lib-2" if page == 2 else "lib-1")], "_links": links}
    return httpx.Response(200, json=body)


def test_pages_are_read_to_the_last() -> None:
    told: list[int] = []
    with client_of(pages) as client:
        pois = fetch_managed(client, MANAGED, "", told.append)
        assert [poi.id for poi in fetch_managed(client, MANAGED, "lib-2", SHRUG)] == ["poi-5"]
    assert [poi.id for poi in pois] == ["poi-2", "poi-3", "poi-4", "poi-5"]
    assert told == [2, 4]
    # a null and an empty text are values that it has not; a category must be
    assert pois[0].metadata == (("brand", "B"), ("category", "place"), ("city", "Helsinki"), ("country", "FI"))


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared folder with Adobe's samples is not here")
def test_the_documented_poi_is_read() -> None:
    (poi,) = managed_pois({"data": [json.loads(SAMPLE.read_text())]}, "sample", "")
    assert (poi.name, poi.lon, poi.lat, poi.radius_m) == ("New POI", -123.000507, 37.698029, 66)
    assert poi.library == "6efd87bc-c9c4-4ff3-9503-051bfbc81777"
    assert dict(poi.metadata)["ownership"] == "LS"


UNANSWERED = [
    # (answer, what is said of it)
    (httpx.Response(401, text="token expired"), "answered 401: token expired"),
    (httpx.Response(200, text="<html>"), "not JSON"),
    (httpx.Response(200, json=[1]), "expected an object, found [1]"),
    (httpx.Response(200, json={"pois": []}), 'expected a list of POIs in "data"'),
    # the token would go to another host
    (httpx.Response(200, json={"data": [], "_links": {"next": {"href": "http://192.0.2.1/pois"}}}), "on another host"),
    (httpx.Response(200, json={"data": [], "_links": {"next": {"href": MANAGED}}}), "was read already"),
]


@pytest.mark.parametrize(("answer", "said"), UNANSWERED, ids=[row[1] for row in UNANSWERED])
def test_what_is_no_answer_is_said(answer: httpx.Response, said: str) -> None:
    with client_of(lambda _: answer) as client, pytest.raises(Unanswered) as refused:
        fetch_managed(client, MANAGED, "", SHRUG)
    assert said in str(refused.value)


def test_a_service_that_is_not_there_is_said() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with client_of(refuse) as client, pytest.raises(Unanswered, match="refused"):
        fetch_queried(client, QUERIED, ["l"], SHRUG)


def test_every_poi_that_breaks_a_rule_is_named() -> None:
    broken = [record(0, radius=5), record(1), record(2, location=None), record(3, name="x" * 513)]
    with pytest.raises(BadInput) as refused:
        managed_pois({"data": broken}, "pois.json", "")
    assert [line.split(", found {")[0] for line in str(refused.value).splitlines()] == [
        "pois.json:1:1: data[0]: radius: expected metres from 10 to 20000, found 5",
        "pois.json:1:1: data[2]: expected a POI",
        "pois.json:1:1: data[3]: name: expected text of 1 to 512 characters, found 513",
    ]


# The query service, as the local platform answers


def library(count: int) -> list[Poi]:
    """Clustered POIs: two towns, one across the antimeridian, and a crowd whose circles hold one point."""
    stream = Stream(key_of("library", count))
    pois = []
    for n in range(count):
        lat, lon = ((60.17, 24.94), (-17.0, 179.95), (0.0, 0.0))[n % 3]
        spread = 0.0 if n % 3 == 2 and count > 100 else 0.2
        lat, lon = lat + spread * stream.normal(), lon + spread * stream.between(-0.2, 0.2)
        pois.append(Poi(f"p{n}", f"P {n}", lon, lat, 100.0, "l", n % 7, "cafe", (("category", "cafe"),)))
    return pois


@pytest.mark.parametrize(
    "count",
    [
        0,  # nothing there
        1,
        99,  # all of them in one answer
        100,  # exactly a full one, which may not be all
        700,  # cut into squares; more than a full answer around 0, 0
    ],
)
def test_all_of_a_library_is_found(count: int) -> None:
    pois = library(count)
    service = PlacesQuery(pois)
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        response = service.answer(Request("GET", request.url.path, request.url.query.decode(), {}, b""))
        return httpx.Response(response.status, content=response.body)

    with client_of(answer) as client:
        found = fetch_queried(client, QUERIED, ["l"], SHRUG)
    assert sorted(found, key=lambda poi: poi.id) == sorted(pois, key=lambda poi: poi.id)
    assert len(asked) <= 1 + count


def test_a_service_that_never_gives_more_than_a_hundred_at_one_point_is_said() -> None:
    service = PlacesQuery([poi for poi in library(700) if poi.lat == 0.0])

    def answer(request: httpx.Request) -> httpx.Response:
        query = str(request.url.params.set("limit", min(100, int(request.url.params["limit"]))))
        return httpx.Response(200, content=service.answer(Request("GET", request.url.path, query, {}, b"")).body)

    with client_of(answer) as client, pytest.raises(Unanswered, match="hold one point"):
        fetch_queried(client, QUERIED, ["l"], SHRUG)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (QUERIED, True),
        (f"{QUERIED}/", True),
        (MANAGED, False),
    ],
)
def test_which_service_an_address_is(url: str, expected: bool) -> None:
    assert is_query(url) is expected
