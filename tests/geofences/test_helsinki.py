"""geofences/helsinki.geojson keeps the promises that scenarios are built on.

The file is read with plain json, and distances are computed here: nothing is shared with the tool that wrote it.
"""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from footfall.live import world_places

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "geofences" / "helsinki.geojson"
CATEGORIES = {"shop", "cafe", "station", "museum"}
RAIL = {"station", "tram_stop"}  # kinds of station: railway, metro, tram; a bus stop is none
ROOM_M = 20  # between two circles of the spaced library

Json = dict[str, Any]


@pytest.fixture(scope="module")
def collection() -> Json:
    read: Json = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def of(collection: Json, library: str) -> list[Json]:
    return [feature for feature in collection["features"] if feature["properties"]["library"] == library]


def apart_m(a: Json, b: Json) -> float:
    """Great-circle distance of two centres, by the dot product of unit vectors (not the tool's haversine)."""
    (xa, ya, za), (xb, yb, zb) = (unit_vector(*feature["geometry"]["coordinates"]) for feature in (a, b))
    cross = math.hypot(ya * zb - za * yb, za * xb - xa * zb, xa * yb - ya * xb)
    return 6_371_008.8 * math.atan2(cross, xa * xb + ya * yb + za * zb)


def unit_vector(lon: float, lat: float) -> tuple[float, float, float]:
    lon, lat = math.radians(lon), math.radians(lat)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def wrong_shape(collection: Json) -> list[str]:
    """Where it is not a FeatureCollection of Points (RFC 7946, 3) with the properties a POI needs."""
    wrong = []
    if collection.get("type") != "FeatureCollection" or "crs" in collection:
        wrong.append("not an RFC 7946 FeatureCollection")
    if collection.get("attribution") != "© OpenStreetMap contributors, ODbL" or not collection.get("source"):
        wrong.append("attribution or source missing")
    for feature in collection["features"]:
        point, poi = feature["geometry"], feature["properties"]
        fine = (
            feature["type"] == "Feature"
            and isinstance(feature["id"], str)
            and point["type"] == "Point"
            and len(point["coordinates"]) == 2
            and all(round(degrees, 6) == degrees for degrees in point["coordinates"])
            and set(poi) == {"name", "category", "radius_m", "weight", "library", "metadata"}
            and 0 < len(poi["name"].strip()) <= 512
            and poi["category"] in CATEGORIES
            and type(poi["radius_m"]) is int
            and 100 <= poi["radius_m"] <= 2000
            and type(poi["weight"]) is int
            and len(poi["metadata"]) <= 10
            and all(isinstance(text, str) and 0 < len(text) <= 256 for pair in poi["metadata"].items() for text in pair)
            and poi["metadata"]["category"] == poi["category"]
            and (poi["category"] != "station" or poi["metadata"].get("kind") in RAIL)
        )
        if not fine:
            wrong.append(feature["id"])
    return wrong


def twice(collection: Json) -> list[str]:
    """Ids that are not unique in the file, and names that are not unique in a library and category."""
    keys = [feature["id"] for feature in collection["features"]]
    keys += ["{library} {category} {name}".format(**feature["properties"]) for feature in collection["features"]]
    return [key for key, count in Counter(keys).items() if count > 1]


def outside(collection: Json) -> list[str]:
    """Centres outside the bbox, which itself must lie around Helsinki's main station."""
    west, south, east, north = collection["bbox"]
    if not (24.9 < west < 24.9414 < east < 25.0 and 60.1 < south < 60.1719 < north < 60.2):
        return ["bbox"]
    centres = {feature["id"]: feature["geometry"]["coordinates"] for feature in collection["features"]}
    return [id_ for id_, (lon, lat) in centres.items() if not (west <= lon <= east and south <= lat <= north)]


def too_near(collection: Json) -> list[str]:
    """Pairs of the spaced library whose circles overlap, or are not `ROOM_M` apart."""
    return [
        f"{a['id']} {b['id']}"
        for a, b in itertools.combinations(of(collection, "helsinki-spaced"), 2)
        if apart_m(a, b) < a["properties"]["radius_m"] + b["properties"]["radius_m"] + ROOM_M
    ]


CHECKS = [wrong_shape, twice, outside, too_near]


@pytest.mark.parametrize("check", CHECKS)
def test_the_file_is_in_order(collection: Json, check: Callable[[Json], list[str]]) -> None:
    assert check(collection) == []


def swap_one(collection: Json) -> None:
    collection["features"][7]["geometry"]["coordinates"].reverse()


def swap_all(collection: Json) -> None:
    for feature in collection["features"]:
        feature["geometry"]["coordinates"].reverse()
    west, south, east, north = collection["bbox"]
    collection["bbox"] = [south, west, north, east]


def put_one_beside_another(collection: Json) -> None:
    # 0.0039 degrees east are 216 m here: 4 m too near, though the circles do not meet
    here, moved = of(collection, "helsinki-spaced")[:2]
    lon, lat = here["geometry"]["coordinates"]
    moved["geometry"]["coordinates"] = [lon + 0.0039, lat]


def grow_one(collection: Json) -> None:
    of(collection, "helsinki-spaced")[0]["properties"]["radius_m"] = 1000


def of_category(collection: Json, category: str) -> Json:
    poi: Json = next(f["properties"] for f in collection["features"] if f["properties"]["category"] == category)
    return poi


FAULTS: list[tuple[str, Callable[[Json], object], Callable[[Json], list[str]]]] = [
    ("no attribution", lambda c: c.pop("attribution"), wrong_shape),
    ("no source", lambda c: c.update(source=""), wrong_shape),
    ("a circle too small for a phone", lambda c: c["features"][3]["properties"].update(radius_m=99), wrong_shape),
    ("a radius that is no integer", lambda c: c["features"][3]["properties"].update(radius_m=100.5), wrong_shape),
    ("a fifth category", lambda c: c["features"][3]["properties"].update(category="bar"), wrong_shape),
    ("a bus stop", lambda c: of_category(c, "station")["metadata"].update(kind="bus_stop"), wrong_shape),
    ("no name", lambda c: c["features"][3]["properties"].update(name=" "), wrong_shape),
    ("metadata that is no string", lambda c: c["features"][3]["properties"]["metadata"].update(n=1), wrong_shape),
    ("an id twice", lambda c: c["features"][3].update(id=c["features"][4]["id"]), twice),
    ("a place twice", lambda c: c["features"].append({**c["features"][3], "id": "other"}), twice),
    ("one point as lat, lon", swap_one, outside),
    ("all points and the bbox as lat, lon", swap_all, outside),
    ("two places too near each other", put_one_beside_another, too_near),
    ("a circle too large for its room", grow_one, too_near),
]


@pytest.mark.parametrize(("plant", "check"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_planted_fault_is_found(
    collection: Json, plant: Callable[[Json], object], check: Callable[[Json], list[str]]
) -> None:
    faulty = copy.deepcopy(collection)
    plant(faulty)
    assert check(faulty) != []


def test_the_spaced_library_has_24_places_of_all_categories_with_landmarks_among_them(collection: Json) -> None:
    spaced = of(collection, "helsinki-spaced")
    assert len(spaced) == 24
    assert Counter(f["properties"]["category"] for f in spaced) == {"shop": 9, "cafe": 7, "station": 5, "museum": 3}
    assert {f["properties"]["radius_m"] for f in spaced} == {100}
    # the metro station of the main railway station, the best known gallery, a mall
    assert {"Rautatientori", "Ateneum", "Kauppakeskus Kluuvi"} <= {f["properties"]["name"] for f in spaced}


def test_the_spaced_library_is_spread_over_the_extract(collection: Json) -> None:
    west, south, east, north = collection["bbox"]
    quarters = Counter(
        (lon > (west + east) / 2, lat > (south + north) / 2)
        for lon, lat in (feature["geometry"]["coordinates"] for feature in of(collection, "helsinki-spaced"))
    )
    assert len(quarters) == 4


def test_the_dense_library_overlaps_as_a_city_does(collection: Json) -> None:
    dense = of(collection, "helsinki-dense")
    assert len(dense) >= 80
    assert {feature["properties"]["category"] for feature in dense} == CATEGORIES
    overlaps: Counter[str] = Counter()
    for a, b in itertools.combinations(dense, 2):
        if apart_m(a, b) < a["properties"]["radius_m"] + b["properties"]["radius_m"]:
            overlaps.update((a["id"], b["id"]))
    # nearly every circle meets another, and the middle one of them more than a phone's 20 monitored regions less itself
    assert len(overlaps) >= 0.95 * len(dense)
    assert sorted(overlaps.values())[len(overlaps) // 2] >= 10


def test_where_circles_overlap_the_weight_decides_by_category(collection: Json) -> None:
    weights = {(f["properties"]["category"], f["properties"]["weight"]) for f in collection["features"]}
    assert weights == {("station", 10), ("museum", 20), ("shop", 30), ("cafe", 40)}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("osmium", reason="the geofences extra is not installed")
    spec = importlib.util.spec_from_file_location("helsinki_places", ROOT / "tools" / "helsinki_places.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"shop": "department_store"}, ("shop", "department_store")),
        ({"shop": "yes"}, ("shop", "shop")),  # OSM's "some shop": no kind to tell
        ({"shop": "hairdresser"}, None),  # nothing to put in a cart
        ({"shop": "vacant"}, None),
        ({"amenity": "marketplace"}, ("shop", "marketplace")),
        ({"amenity": "cafe", "shop": "bakery"}, ("cafe", "cafe")),  # one sits there first
        ({"amenity": "restaurant"}, None),
        ({"railway": "station", "public_transport": "station"}, ("station", "station")),
        ({"railway": "tram_stop", "highway": "bus_stop"}, ("station", "tram_stop")),  # the rails win
        ({"highway": "bus_stop"}, None),  # no rails
        ({"railway": "subway_entrance"}, None),  # a door of a station that is there already
        ({"tourism": "museum", "building": "museum"}, ("museum", "museum")),
        ({"tourism": "gallery"}, None),
    ],
)
def test_a_place_is_classified_by_its_tags(tags: dict[str, str], expected: tuple[str, str] | None) -> None:
    assert world_places.classify(tags) == expected


# Places in a row, 100 m between neighbours (0.0009 degrees of latitude); the spaced library wants 220 m, thus every
# third of a row at most. Best known first.
@pytest.mark.parametrize(
    ("categories", "norths", "first", "expected"),
    [
        (["cafe"] * 4, [0, 1, 2, 3], [], [0, 3]),  # the ends: the two in the middle would shut out all others
        (["cafe"] * 4, [1, 0, 2, 3], [], [1, 3]),  # even if one of those is the best known
        (["cafe"] * 4, [0, 1, 2, 3], [1], [1]),  # unless it was put first
        (["cafe"] * 4, [0, 3, 6, 9], [], [0, 1, 2, 3]),  # no conflict: best known first
        (["museum"] * 5, [0, 3, 6, 9, 12], [], [0, 1, 2]),  # a category has its number: 3 museums
        (["museum"] * 4 + ["cafe"], [0, 3, 6, 9, 9], [3], [3, 0, 1]),  # a museum put first counts, and holds its ground
    ],
)
def test_the_spaced_library_is_filled_with_what_leaves_most_room(
    tool: ModuleType, categories: list[str], norths: list[int], first: list[int], expected: list[int]
) -> None:
    places = [
        tool.Place(
            f"n{n}",
            category,
            category,
            f"Place {n}",
            frozenset({f"Place {n}"}),
            24.94,
            60.17 + north * 0.0009,
            None,
            10,
        )
        for n, (category, north) in enumerate(zip(categories, norths, strict=True))
    ]
    conflicts = [
        frozenset(j for j, other in enumerate(norths) if j != i and abs(north - other) < 3)
        for i, north in enumerate(norths)
    ]
    assert tool.fill(places, conflicts, first) == expected


def test_a_building_is_where_its_nodes_are_and_as_large_as_its_outline() -> None:
    # 0.001 by 0.001 degrees at 60.1705 N: 55.3 m by 111.2 m
    west, south, east, north = 24.94, 60.17, 24.941, 60.171
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    centre, area_m2 = world_places.footprint([ring])
    assert centre == pytest.approx((24.9405, 60.1705))
    assert area_m2 == pytest.approx(55.3 * 111.2, rel=1e-3)


def test_the_file_is_the_same_in_whatever_order_places_come(tool: ModuleType) -> None:
    places = [
        tool.Place(f"n{n}", "cafe", "cafe", name, frozenset({name}), 24.94 + n / 1000, 60.17, None, 10)
        for n, name in enumerate(["Cafe A", "Cafe B", "Cafe A"])
    ]
    pois = [tool.Poi("helsinki-dense", place, 100) for place in places]
    extract = tool.Extract(tuple(places), (24.935, 60.164, 24.953, 60.179), "made up")
    texts = {tool.to_geojson(extract, order) for order in itertools.permutations(pois)}
    assert len(texts) == 1
    assert [feature["id"] for feature in json.loads(texts.pop())["features"]] == [
        "osm-n0-dense",
        "osm-n2-dense",
        "osm-n1-dense",
    ]
