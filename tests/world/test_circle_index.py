"""The index of circles: a truth table, and looking at every circle, and shapely's geodesic-like circles, as oracles."""

from __future__ import annotations

from itertools import pairwise
from math import asin, atan2, cos, degrees, pi, radians, sin

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.world.circle_index import CircleIndex, precedence
from footfall.world.geo import EARTH_RADIUS_M, Point, distance_m, wrapped
from footfall.world.pois import Poi
from footfall.world.streams import Stream, key_of

CLOSE_M = 1e-3  # rounding, and what decides nothing in the world


def circle(id_: str, lat: float, lon: float, radius_m: float = 100.0, weight: int = 0) -> Poi:
    return Poi(id=id_, name=id_, lon=lon, lat=lat, radius_m=radius_m, library="l", weight=weight, category="cafe")


def away_m(poi: Poi, lon: float, lat: float) -> float:
    return distance_m(Point(lon=lon, lat=lat), Point(lon=poi.lon, lat=poi.lat))


# A degree of latitude is 111,194.9 m.
CAFE = circle("cafe", 60.17, 24.94, 100.0)
TRUTH: list[tuple[str, list[Poi], tuple[float, float], list[str]]] = [
    # (case, circles, (lat, lon) asked for, ids that hold it in order)
    ("the centre itself", [CAFE], (60.17, 24.94), ["cafe"]),
    ("99 m north: inside", [CAFE], (60.17 + 99 / 111_194.9, 24.94), ["cafe"]),
    ("101 m north: outside", [CAFE], (60.17 + 101 / 111_194.9, 24.94), []),
    # at 60 degrees a degree of longitude is half as long: 99 m are 0.00179 degrees, which would be 199 m at the equator
    ("99 m east: inside, by metres and not by degrees", [CAFE], (60.17, 24.94 + 0.00178), ["cafe"]),
    ("101 m east: outside", [CAFE], (60.17, 24.94 + 0.00184), []),
    ("the corner of the circle's box is outside", [CAFE], (60.17 + 0.00085, 24.94 + 0.0017), []),
    ("a circle of radius 0 holds its centre", [circle("dot", 1, 1, 0)], (1, 1), ["dot"]),
    ("a circle of 1 m", [circle("dot", 1, 1, 1)], (1 + 0.9 / 111_194.9, 1), ["dot"]),
    ("the widest of the CSV import", [circle("wide", 60, 25, 20_000)], (60.179, 25), ["wide"]),
    ("just outside of it", [circle("wide", 60, 25, 20_000)], (60.181, 25), []),
    ("an empty index", [], (0, 0), []),
    # the antimeridian
    ("from the west of it", [circle("fiji", -17, 180)], (-17, 179.9995), ["fiji"]),
    ("from the east of it", [circle("fiji", -17, 180)], (-17, -179.9995), ["fiji"]),
    ("-180 and 180 are one meridian", [circle("fiji", -17, -180)], (-17, 180), ["fiji"]),
    ("across it, and too far", [circle("fiji", -17, 179.9995)], (-17, -179.999), []),
    # the poles, which are beyond what Places takes
    ("at the pole all longitudes are one place", [circle("pole", 90, 0)], (90, 123), ["pole"]),
    ("across the pole", [circle("pole", 89.9996, 0)], (89.9996, 180), ["pole"]),
    ("across the south pole, too far", [circle("pole", -89.999, 0)], (-89.999, 180), []),
    ("at the edge of Places' range", [circle("edge", 85, 10)], (85.0005, 10), ["edge"]),
    # order: weight, then radius, then id
    ("the lower weight first", [circle("a", 1, 1, 50, 2), circle("b", 1, 1, 900, 1)], (1, 1), ["b", "a"]),
    ("then the smaller radius", [circle("a", 1, 1, 900), circle("b", 1, 1, 50)], (1, 1), ["b", "a"]),
    ("then the id", [circle("b", 1, 1), circle("a", 1, 1), circle("c", 1, 1)], (1, 1), ["a", "b", "c"]),
    # a large circle far off beside a small one nearby
    ("only the far one holds it", [circle("near", 1.002, 1, 10), circle("far", 1.1, 1, 15_000)], (1, 1), ["far"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "circles", "at", "expected"), TRUTH, ids=[row[0] for row in TRUTH])
def test_who_holds_a_point(case: str, circles: list[Poi], at: tuple[float, float], expected: list[str]) -> None:
    lat, lon = at
    assert [poi.id for poi in CircleIndex(circles).holding(lon, lat)] == expected


def test_nearest_by_the_centre_and_by_the_edge() -> None:
    small, large = circle("small", 60.173, 24.94, 10), circle("large", 60.175, 24.94, 500)
    index = CircleIndex([small, large])
    assert [near.poi.id for near in index.nearest(24.94, 60.17, 2)] == ["small", "large"]
    assert [near.poi.id for near in index.around(24.94, 60.17, 2).nearby] == ["large", "small"]
    near = index.nearest(24.94, 60.17, 1)[0]
    assert near.distance_m == pytest.approx(333.58, abs=0.01)
    assert near.edge_m == pytest.approx(323.58, abs=0.01)
    assert index.pois[near.order] is small


def test_limits_and_reach() -> None:
    index = CircleIndex([circle(f"p{n}", 60 + n / 1000, 25, 50) for n in range(10)])
    assert index.nearest(25, 60, 0) == []
    assert len(index.nearest(25, 60, 99)) == len(index) == 10
    around = index.around(25, 60, 99, 400.0)
    # 111 m apart: p0 holds the point; the edges of p1 to p4 are at 61, 172, 284 and 395 m
    assert ([near.poi.id for near in around.within], [near.poi.id for near in around.nearby]) == (
        ["p0"],
        ["p1", "p2", "p3", "p4"],
    )


# Against looking at every circle

towns = st.sampled_from([(60.17, 24.94), (0.0, 0.0), (-17.0, 180.0), (-17.0, -180.0), (89.999, 30.0), (-90.0, 0.0)])
offsets = st.one_of(st.just(0.0), st.floats(-0.01, 0.01), st.floats(-2.0, 2.0))
spots = st.one_of(
    st.builds(
        lambda town, north, east: (max(-90.0, min(90.0, town[0] + north)), wrapped(town[1] + east)),
        towns,
        offsets,
        offsets,
    ),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
radii = st.one_of(st.sampled_from([1.0, 100.0, 100.0, 20_000.0]), st.floats(1, 20_000))
worlds = st.lists(st.tuples(spots, radii, st.integers(0, 3)), max_size=60).map(
    lambda rows: [circle(f"p{n:02}", lat, lon, radius, weight) for n, ((lat, lon), radius, weight) in enumerate(rows)]
)


@settings(max_examples=300, deadline=None)
@given(pois=worlds, at=spots, limit=st.integers(0, 12))
def test_all_three_questions_agree_with_looking_at_every_circle(
    pois: list[Poi], at: tuple[float, float], limit: int
) -> None:
    assert quarrel(CircleIndex(pois), pois, at, limit) == ""


def quarrel(index: CircleIndex, pois: list[Poi], at: tuple[float, float], limit: int) -> str:
    """Where the index and brute force contradict each other by more than rounding; "" if nowhere."""
    lat, lon = at
    # half a metre at the antipodes, where neither haversine nor a straight line can tell distances apart
    close = {poi.id: CLOSE_M if away_m(poi, lon, lat) < 1.9e7 else 1.0 for poi in pois}
    holding = index.holding(lon, lat)
    if holding != sorted(holding, key=precedence):
        return "holding is not in order"
    held = {poi.id for poi in holding}
    for poi in pois:
        edge_m = away_m(poi, lon, lat) - poi.radius_m
        if abs(edge_m) > CLOSE_M and (edge_m < 0) != (poi.id in held):
            return f"{poi.id}, {edge_m} m from the edge, is {'' if poi.id in held else 'not '}held"
    around = index.around(lon, lat, limit)
    if [near.poi for near in around.within] != holding:
        return "around and holding disagree"
    for name, got, edge in (("nearest", index.nearest(lon, lat, limit), 0.0), ("around", around.nearby, 1.0)):
        others = [poi for poi in pois if not edge or poi.id not in held]
        true_m = sorted(away_m(poi, lon, lat) - edge * poi.radius_m for poi in others)[:limit]
        got_m = [away_m(near.poi, lon, lat) - edge * near.poi.radius_m for near in got]
        slack = max(close.values(), default=CLOSE_M)
        if len(got_m) != len(true_m) or any(abs(a - b) > slack for a, b in zip(got_m, true_m, strict=True)):
            return f"{name}: {got_m} is not {true_m}"
        if any(abs(near.distance_m - away_m(near.poi, lon, lat)) > slack for near in got):
            return f"{name}: distances"
        keys = [(near.distance_m - edge * near.poi.radius_m, near.order) for near in got]
        if any(a[0] > b[0] + 1e-6 for a, b in pairwise(keys)):
            return f"{name}: not in order"
    return ""


def crowd(count: int, name: str) -> list[Poi]:
    """Clustered circles out of a stream: enough of them for a deep tree, some at one position, of all radii."""
    stream = Stream(key_of("circles", name))
    pois = []
    for n in range(count):
        town = ((60.17, 24.94), (-17.0, 179.99), (89.9, 0.0), (35.0, 139.0))[stream.whole(0, 3)]
        lat, lon = town[0] + 0.03 * stream.normal(), wrapped(town[1] + 0.05 * stream.normal())
        if n % 10 == 9:
            lat, lon = pois[-1].lat, pois[-1].lon
        radius_m = (1.0, 50.0, 100.0, 300.0, 2_000.0, 20_000.0)[stream.whole(0, 5)]
        pois.append(circle(f"p{n:04}", min(90.0, lat), lon, radius_m, stream.whole(0, 9)))
    return pois


def asked(count: int) -> list[tuple[float, float]]:
    stream = Stream(key_of("asked"))
    towns = ((60.17, 24.94), (-17.0, -179.99), (90.0, 0.0), (35.0, 139.0), (0.0, 0.0))
    return [
        (min(90.0, lat + 0.02 * stream.normal()), wrapped(lon + 0.02 * stream.normal()))
        for lat, lon in (towns[n % 5] for n in range(count))
    ]


def test_a_deep_tree_agrees_with_looking_at_every_circle() -> None:
    pois = crowd(2_000, "deep")
    index = CircleIndex(pois)
    assert [quarrel(index, pois, at, 20) for at in asked(60)] == [""] * 60


class Flat(CircleIndex):
    """An index with a fault: it takes a degree of longitude for as long as one of latitude."""

    def holding(self, lon: float, lat: float) -> list[Poi]:
        metres = EARTH_RADIUS_M * pi / 180
        near = [p for p in self.pois if ((p.lon - lon) ** 2 + (p.lat - lat) ** 2) ** 0.5 * metres <= p.radius_m]
        return sorted(near, key=precedence)


class Hasty(CircleIndex):
    """An index with a fault: it does not look across the nearest cut."""

    def nearest(self, lon: float, lat: float, limit: int):
        return super().nearest(lon + 0.001, lat, limit)


@pytest.mark.parametrize("faulty", [Flat, Hasty])
def test_a_faulty_index_is_convicted(faulty: type[CircleIndex]) -> None:
    pois = crowd(500, "faulty")
    assert any(quarrel(faulty(pois), pois, at, 20) for at in asked(20))


# Against shapely: circles drawn as polygons of 720 corners on the sphere, cut where they cross the antimeridian


def drawn(poi: Poi, share: float) -> shapely.Polygon:
    phi, turn, angle = radians(poi.lat), radians(poi.lon), share * poi.radius_m / EARTH_RADIUS_M
    corners = []
    for n in range(720):
        bearing = radians(n / 2)
        lat = asin(sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(bearing))
        lon = turn + atan2(sin(bearing) * sin(angle) * cos(phi), cos(angle) - sin(phi) * sin(lat))
        corners.append((degrees(lon), degrees(lat)))
    return shapely.Polygon(corners)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(1, 20_000)), min_size=1, max_size=8),
    town=st.sampled_from([(60.17, 24.94), (-17.0, 180.0), (84.0, -60.0), (0.0, 0.0)]),
    north=st.floats(-0.3, 0.3),
    east=st.floats(-0.3, 0.3),
)
def test_membership_is_shapelys(
    rows: list[tuple[float, float, float]], town: tuple[float, float], north: float, east: float
) -> None:
    pois = [circle(str(n), town[0] + a, wrapped(town[1] + b), radius) for n, (a, b, radius) in enumerate(rows)]
    lat, lon = town[0] + north, wrapped(town[1] + east)
    held = {poi.id for poi in CircleIndex(pois).holding(lon, lat)}
    for poi in pois:
        # in the copy of the plane in which the point is on the circle's side of the antimeridian
        point = shapely.Point(poi.lon + wrapped(lon - poi.lon), lat)
        if drawn(poi, 0.999).contains(point):
            assert poi.id in held
        if not drawn(poi, 1.001).contains(point):
            assert poi.id not in held
