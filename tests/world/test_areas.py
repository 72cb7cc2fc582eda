"""Areas: what a file may say of them, which of them hold a point, and random points in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.world.area_index import AreaIndex
from footfall.world.areas import Area
from footfall.world.geo import Point
from footfall.world.geofences import decode_geofences
from footfall.world.problems import BadInput
from footfall.world.streams import Stream, key_of

SQUARE = [[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.2], [24.9, 60.1]]
HOLE = [[24.94, 60.14], [24.94, 60.16], [24.96, 60.16], [24.96, 60.14], [24.94, 60.14]]


def text_of(kind: str, coordinates: Any, **properties: Any) -> str:
    """A file of one area: its coordinates begin in line 3, column 3."""
    told = json.dumps({"name": "The Park", "category": "park"} | properties)
    return (
        '{"type": "FeatureCollection", "features": [\n'
        f'{{"type": "Feature", "id": "park", "geometry": {{"type": "{kind}", "coordinates":\n'
        f'  {json.dumps(coordinates)}}},\n "properties": {told}}}]}}'
    )


def area(*polygons: Any, id_: str = "park") -> Area:
    rings = tuple(tuple(tuple((lon, lat) for lon, lat in ring) for ring in polygon) for polygon in polygons)
    return Area(id=id_, name=id_, category="park", polygons=rings)


def test_a_polygon_is_an_area_and_a_point_is_a_place() -> None:
    text = text_of("Polygon", [SQUARE, HOLE], metadata={"city": "Helsinki"})
    place = (
        '{"type": "Feature", "id": "cafe", "geometry": {"type": "Point", "coordinates": [24.94, 60.17]}, "properties": '
        '{"name": "Cafe", "category": "cafe", "library": "l", "radius_m": 100}}, {"type": "Feature", "id": "park"'
    )
    decoded = decode_geofences(text.replace('{"type": "Feature", "id": "park"', place), "g.json")
    assert [poi.id for poi in decoded.pois] == ["cafe"]
    (park,) = decoded.areas
    assert (park.id, park.name, park.category, park.metadata) == ("park", "The Park", "park", (("city", "Helsinki"),))
    assert [len(ring) for ring in park.polygons[0]] == [5, 5]


BOWTIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
BAD: list[tuple[str, Any, str]] = [
    # (type, coordinates, problem)
    ("Polygon", [], "3:3: coordinates: expected a list of rings"),
    ("MultiPolygon", 7, "3:3: coordinates: expected a list of polygons"),
    ("MultiPolygon", [[]], "3:4: coordinates: expected a list of rings"),
    # a ring where a list of rings should be: the slip that is made most
    (
        "Polygon",
        SQUARE,
        "3:3: coordinates: expected a list of rings, found a ring; put one more pair of brackets round it",
    ),
    ("Polygon", [SQUARE[:3]], "3:4: coordinates: expected a ring of at least four positions"),
    ("Polygon", [SQUARE[:4]], "3:47: coordinates: expected the ring's first position again, to close it"),
    ("Polygon", [[*SQUARE[:2], "x", *SQUARE[3:]]], "3:33: coordinates: expected [longitude, latitude]"),
    (
        "Polygon",
        [[[0, 0], [1, 0], [1, 91], [0, 0]]],
        "3:21: coordinates: expected a longitude from -180 to 180 and a latitude from -90 to 90, found [1, 91]",
    ),
    (
        "Polygon",
        [[[37, -122], [37, -121], [38, -121], [37, -122]]],
        "3:4: coordinates are [longitude, latitude]; this ring looks swapped",
    ),
    (
        "Polygon",
        [[[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]],
        "3:17: coordinates: this edge crosses the antimeridian; cut the area in two there (RFC 7946, section 3.1.9)",
    ),
    (
        "Polygon",
        [BOWTIE],
        "3:3: coordinates: expected polygons whose rings do not cross, found self-intersection near [0.5, 0.5]",
    ),
]


@pytest.mark.parametrize(("kind", "coordinates", "problem"), BAD, ids=[row[2][:60] for row in BAD])
def test_a_mistake_in_an_area_has_its_line_and_column(kind: str, coordinates: Any, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode_geofences(text_of(kind, coordinates), "g.json")
    assert str(refused.value).splitlines() == [f"g.json:{problem}"]


def test_an_area_has_no_radius_and_no_library() -> None:
    with pytest.raises(BadInput) as refused:
        decode_geofences(text_of("Polygon", [SQUARE], radius_m=100), "g.json")
    (problem,) = refused.value.problems
    assert problem.message.startswith('unknown property "radius_m". Known: category, metadata, name.')


def test_two_polygons_that_overlap_are_no_area() -> None:
    moved = [[lon + 0.05, lat] for lon, lat in SQUARE]
    with pytest.raises(BadInput, match="rings do not cross"):
        decode_geofences(text_of("MultiPolygon", [[SQUARE], [moved]]), "g.json")


FIJI = area(
    [[[179, -18], [180, -18], [180, -16], [179, -16], [179, -18]]],
    [[[-180, -18], [-179, -18], [-179, -16], [-180, -16], [-180, -18]]],
    id_="fiji",
)
PARK = area([SQUARE, HOLE])
CAP = area([[[-180, 89], [180, 89], [180, 90], [-180, 90], [-180, 89]]], id_="cap")
HOLDING = [
    # inside, in the hole, outside
    ((24.92, 60.12), ["park"]),
    ((24.95, 60.15), []),
    ((25.01, 60.15), []),
    # an edge belongs to it, and so does the edge of a hole
    ((24.9, 60.15), ["park"]),
    ((24.94, 60.15), ["park"]),
    # either side of the antimeridian, and the meridian itself by both of its names
    ((179.5, -17.0), ["fiji"]),
    ((-179.5, -17.0), ["fiji"]),
    ((180.0, -17.0), ["fiji"]),
    ((-180.0, -17.0), ["fiji"]),
    ((178.9, -17.0), []),
    # round the pole
    ((77.0, 89.5), ["cap"]),
    ((77.0, 90.0), ["cap"]),
]


@pytest.mark.parametrize(("at", "expected"), HOLDING)
def test_which_areas_hold_a_point(at: tuple[float, float], expected: list[str]) -> None:
    index = AreaIndex([PARK, FIJI, CAP])
    assert [one.id for one in index.holding(Point(lon=at[0], lat=at[1]))] == expected


def test_areas_that_overlap_come_in_their_order() -> None:
    index = AreaIndex([PARK, area([SQUARE], id_="mall")])
    assert [one.id for one in index.holding(Point(lon=24.92, lat=60.12))] == ["park", "mall"]
    assert len(index) == 2
    assert AreaIndex([]).holding(Point(lon=0, lat=0)) == []


def test_random_points_lie_in_the_area_and_are_those_of_the_stream() -> None:
    index = AreaIndex([PARK, FIJI])
    stream, again = Stream(key_of("area")), Stream(key_of("area"))
    points = [index.within("park", stream) for _ in range(300)]
    assert all(index.holding(point)[0].id == "park" for point in points)
    assert [index.within("park", again) for _ in range(300)] == points
    with pytest.raises(KeyError):
        index.within("nowhere", stream)


def test_random_points_are_uniform_over_the_surface() -> None:
    # two parts of a ratio of 1 to 3, and within the cap as much surface north of 89.5 as the sphere has there: 1/4
    parts = area([[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]], [[[5, 0], [8, 0], [8, 1], [5, 1], [5, 0]]], id_="parts")
    index, stream, count = AreaIndex([parts, CAP]), Stream(key_of("uniform")), 4_000
    west = sum(index.within("parts", stream).lon < 2 for _ in range(count)) / count
    north = sum(index.within("cap", stream).lat > 89.5 for _ in range(count)) / count
    # four standard errors of a share of a quarter in 4,000: 0.027
    assert west == pytest.approx(0.25, abs=0.027)
    assert north == pytest.approx(0.25, abs=0.027)
