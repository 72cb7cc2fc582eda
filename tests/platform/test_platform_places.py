"""The Places Query Service: who is within, who is near, in which order, in Adobe's format."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.platform.messages import Request, Response
from footfall.platform.places import PlacesQuery
from footfall.world.geo import Point, distance_m
from footfall.world.pois import Poi

HELSINKI = "latitude=60.17&longitude=24.94"


def poi(id_: str, lat: float, lon: float, radius_m: float = 100, weight: int = 1, library: str = "a") -> Poi:
    return Poi(id=id_, name=id_, lon=lon, lat=lat, radius_m=radius_m, library=library, weight=weight, category="cafe")


def ask(pois: list[Poi], query: str, path: str = "/placesedgequery", method: str = "GET") -> Response:
    return PlacesQuery(pois).answer(Request(method, path, query, {}, b""))


def ids(response: Response) -> tuple[list[str], list[str]]:
    places = json.loads(response.body)["places"]
    return [item["p"][0] for item in places["userWithin"]], [item["p"][0] for item in places["pois"]]


def test_the_answer_is_the_one_adobes_sdk_tests_read(shared: Path) -> None:
    golden = json.loads((shared / "golden/places/onePoiUserWithinOneNearby.json").read_text())
    pois = [
        Poi(
            id=p[0], name=p[1], lat=float(p[2]), lon=float(p[3]), radius_m=p[4], library=p[5], weight=p[6],
            category="", metadata=tuple(x.items()),
        )
        for p, x in ((item["p"], item["x"]) for item in golden["places"]["userWithin"] + golden["places"]["pois"])
    ]  # fmt: skip

    response = ask(pois, "library=mylib&library=yourlib&latitude=12.34&longitude=23.45&limit=5")

    assert json.loads(response.body) == golden
    assert dict(response.headers)["content-type"] == "application/json"


def test_no_hits() -> None:
    response = ask([poi("far", 60.17, 24.94, library="b")], f"library=unknown&{HELSINKI}")
    assert response.body == b'{"places":{"userWithin":[],"pois":[]},"input":null}'


# offsets in degrees of latitude from the query's position; 0.001 is 111 m
ORDERS: list[tuple[list[Poi], str, tuple[list[str], list[str]]]] = [
    # within: the lower weight first, then the smaller radius
    (
        [poi("x", 60.17, 24.94, 300, 5), poi("y", 60.17, 24.94, 200, 5), poi("z", 60.17, 24.94, 900, 1)],
        "limit=9",
        (["z", "y", "x"], []),
    ),
    # near: by the distance to the edge, so that a large circle farther away comes first
    ([poi("small", 60.173, 24.94, 10), poi("large", 60.175, 24.94, 500)], "limit=9", ([], ["large", "small"])),
    # on the edge is within
    ([poi("edge", 60.17, 24.94, 0)], "limit=9", (["edge"], [])),
    # the limit counts both, those within first
    (
        [poi("in", 60.17, 24.94, 100, 9), poi("near", 60.172, 24.94), poi("far", 60.18, 24.94)],
        "limit=2",
        (["in"], ["near"]),
    ),
    ([poi("i", 60.17, 24.94, 100, 2), poi("j", 60.17, 24.94, 500, 1)], "limit=1", (["j"], [])),
    # only the libraries asked for
    (
        [
            poi("a", 60.171, 24.94, library="a"),
            poi("b", 60.171, 24.94, library="b"),
            poi("c", 60.19, 24.94, library="c"),
        ],
        "library=c&limit=9",
        ([], ["a", "c"]),
    ),
]


@pytest.mark.parametrize(("pois", "query", "expected"), ORDERS)
def test_order_and_limit(pois: list[Poi], query: str, expected: tuple[list[str], list[str]]) -> None:
    assert ids(ask(pois, f"library=a&{HELSINKI}&{query}")) == expected


def test_without_a_limit_there_are_a_hundred() -> None:
    within, near = ids(ask([poi(str(n), 60.0 + n / 1000, 24.94) for n in range(150)], f"library=a&{HELSINKI}"))
    assert len(within) + len(near) == 100


def test_across_the_antimeridian() -> None:
    assert ids(ask([poi("fiji", -17.0, -179.9999)], "library=a&latitude=-17&longitude=179.9999")) == (["fiji"], [])


def test_a_poi_travels_with_strings_for_coordinates_and_whole_metres() -> None:
    place = Poi(
        id="1", name="A", lon=1e-05, lat=60.0, radius_m=99.6, library="a", weight=3, category="cafe",
        metadata=(("category", "cafe"), ("city", "Helsinki")),
    )  # fmt: skip
    item = json.loads(ask([place], "library=a&latitude=60&longitude=0").body)["places"]["userWithin"][0]
    assert item == {
        "p": ["1", "A", "60.0", "0.00001", 100, "a", 3],
        "x": {"category": "cafe", "city": "Helsinki"},
    }


BAD = [
    (HELSINKI, "library is missing"),
    ("library=a&longitude=24.94", "latitude is missing"),
    ("library=a&latitude=60.17", "longitude is missing"),
    ("library=a&latitude=85.0001&longitude=0", "latitude must be between -85 and 85"),  # L12
    ("library=a&latitude=-89&longitude=0", "latitude must be between -85 and 85"),
    ("library=a&latitude=0&longitude=180.1", "longitude must be between -180 and 180"),
    ("library=a&latitude=nan&longitude=0", "latitude must be one number"),
    ("library=a&latitude=inf&longitude=0", "latitude must be one number"),
    ("library=a&latitude=1_0&longitude=0", "latitude must be one number"),
    ("library=a&latitude=&longitude=0", "latitude must be one number"),
    ("library=a&latitude=1&latitude=2&longitude=0", "latitude must be one number"),
    (f"library=a&{HELSINKI}&limit=0", "limit must be one whole number from 1"),
    (f"library=a&{HELSINKI}&limit=-5", "limit must be one whole number from 1"),
    (f"library=a&{HELSINKI}&limit=many", "limit must be one whole number from 1"),
]


@pytest.mark.parametrize(("query", "message"), BAD)
def test_a_garbled_query_is_400(query: str, message: str) -> None:
    response = ask([], query)
    assert response.status == 400
    assert json.loads(response.body) == {"status": 400, "message": message}


def test_both_spellings_of_the_path_are_the_services(shared: Path) -> None:
    lines = (shared / "golden/requests/places_query_urls.txt").read_text().splitlines()
    for url in (line.removeprefix("GET https://") for line in lines if line.startswith("GET ")):
        path, _, query = url[url.index("/") :].partition("?")
        assert ask([], query, path).status == 200


def test_post_is_405() -> None:
    assert ask([], "", method="POST").status == 405


def test_several_libraries_are_one_answer() -> None:
    pois = [poi(f"{library}{n}", 60.17 + n / 1000, 24.94, 60, n, library) for n in range(3) for library in "ba"]
    assert ids(ask(pois, f"library=a&library=b&library=a&{HELSINKI}&limit=5")) == (
        ["a0", "b0"],
        ["a1", "b1", "a2"],
    )


def test_a_library_of_thousands_is_answered_at_once() -> None:
    # all on one parallel, where walking away from the query's latitude would look at every one of them
    query = PlacesQuery(poi(f"p{n:05}", 60.17, n * 0.018 - 180, 50) for n in range(20_000))
    begun = time.process_time()
    for n in range(200):
        request = Request("GET", "/placesedgequery", f"library=a&latitude=60.17&longitude={n - 100}&limit=20", {}, b"")
        assert len(json.loads(query.answer(request).body)["places"]["pois"]) >= 19
    assert (time.process_time() - begun) / 200 < 0.003


lats = st.floats(-84.9, 84.9)
lons = st.floats(-180, 180)
poi_lists = st.lists(
    st.tuples(
        lats | st.floats(60.1, 60.2), lons | st.floats(24.9, 25.0), st.floats(0, 20_000), st.integers(0, 3),
        st.sampled_from("ab"),
    ),
    max_size=25,
)  # fmt: skip


@given(rows=poi_lists, lat=lats | st.floats(60.1, 60.2), lon=lons | st.floats(24.9, 25.0), limit=st.integers(1, 8))
def test_the_prefilter_finds_what_looking_at_every_poi_finds(
    rows: list[tuple[Any, ...]], lat: float, lon: float, limit: int
) -> None:
    pois = [poi(str(n), *row) for n, row in enumerate(rows)]
    mine = [p for p in pois if p.library == "a"]
    edge_m = {p.id: distance_m(Point(lon=lon, lat=lat), Point(lon=p.lon, lat=p.lat)) - p.radius_m for p in mine}
    within = sorted((p for p in mine if edge_m[p.id] <= 0), key=lambda p: (p.weight, p.radius_m, p.id))[:limit]
    outside_m = sorted(edge_m[p.id] for p in mine if edge_m[p.id] > 0)[: limit - len(within)]

    got_within, got_near = ids(ask(pois, f"library=a&latitude={lat!r}&longitude={lon!r}&limit={limit}"))

    assert got_within == [p.id for p in within]
    # ties within rounding may come in either order; at the antipodes rounding is half a metre
    close_m = 1e-3 if max(outside_m, default=0.0) < 1.9e7 else 1.0
    assert [edge_m[id_] for id_ in got_near] == pytest.approx(outside_m, abs=close_m)
