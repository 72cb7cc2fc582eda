"""Streets: a hand-made town of twelve corners, routes by hand, and a plain Dijkstra as the judge of the search."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from heapq import heappop, heappush
from itertools import pairwise
from math import cos, hypot, inf, radians
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from footfall.world import streets as streets_module
from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m, moved, wrapped
from footfall.world.street_arrays import DRIVE, RIDE, WALK, StreetsDamaged
from footfall.world.street_build import NoStreets, Way, encode
from footfall.world.street_shapes import thinned
from footfall.world.streets import LEG_WITHIN_M, Route, Streets, legs_of, route

ROOT = Path(__file__).resolve().parents[2]
ALL = WALK | RIDE | DRIVE
SOUTH_WEST = Point(lon=24.94, lat=60.17)

# Blocks of 100 m. The south street and the west street are for all; the path in the middle for walkers and bicycles;
# the north street drives east only, with bicycles both ways; the east street drives south only; the steps from 12 by 22
# to 32 are for walkers.
#
#   31 > 32 > 33 > 34
#   |    :         v
#   21 . 22 . 23 . 24
#   |    :         v
#   11 - 12 - 13 - 14
CORNERS = {
    10 * row + column: moved(SOUTH_WEST, 100.0 * (column - 1), 100.0 * (row - 1))
    for row in (1, 2, 3)
    for column in (1, 2, 3, 4)
}
WAYS = (
    Way((11, 12, 13, 14), ALL, ALL, 40),
    Way((11, 21), ALL, ALL, 40),
    Way((21, 31), ALL, ALL, 40),
    Way((21, 22, 23, 24), WALK | RIDE, WALK | RIDE, 20),
    Way((31, 32, 33, 34), ALL, WALK | RIDE, 30),
    Way((34, 24, 14), ALL, WALK | RIDE, 30),
    Way((12, 22, 32), WALK, WALK, 20),
)
TOWN = Streets(encode(WAYS, CORNERS))


def corners(points: tuple[Point, ...]) -> list[int]:
    """The names of the corners that a way goes by, one after the other; 0 for a point that is none."""
    names = []
    for point in points:
        name = next((name for name, corner in CORNERS.items() if distance_m(corner, point) < 0.1), 0)
        if not names or names[-1] != name:
            names.append(name)
    return names


def test_pieces_that_only_continue_one_another_are_one():
    # 11 and 34 are bends of one street, 13, 23 and 33 not even that: 12, 14, 21, 22, 24, 31 and 32 are left; 31 and 14
    # are where one-way streets begin and end
    assert TOWN.junctions == 7
    assert sorted(corners(TOWN.shape(edge)) for edge in range(TOWN.edges)) == [
        [12, 11, 21], [12, 14], [12, 22], [21, 22], [21, 31], [22, 24], [22, 32], [24, 14], [31, 32], [32, 34, 24],
    ]  # fmt: skip


ROUTES = [
    # mode, from, to, by, how long
    ("walk", 12, 32, [12, 22, 32], 200.0),  # up the steps
    ("ride", 12, 32, [12, 11, 21, 31, 32], 400.0),  # not up the steps
    ("drive", 12, 32, [12, 11, 21, 31, 32], 400.0),
    ("ride", 32, 12, [32, 31, 21, 11, 12], 400.0),  # bicycles go against the one-way street
    ("drive", 32, 12, [32, 34, 24, 14, 12], 600.0),  # cars do not
    ("walk", 34, 14, [34, 24, 14], 200.0),
    ("drive", 34, 14, [34, 24, 14], 200.0),
    ("drive", 14, 34, [14, 12, 11, 21, 31, 32, 34], 800.0),  # round the town
    ("drive", 33, 32, [33, 34, 24, 14, 12, 11, 21, 31, 32], 900.0),  # along its own street, but backwards
    ("drive", 32, 33, [32, 33], 100.0),
    ("ride", 33, 32, [33, 32], 100.0),
    ("walk", 22, 23, [22, 23], 100.0),
]


@pytest.mark.parametrize(("mode", "start", "end", "by", "length_m"), ROUTES)
def test_a_route_by_hand(mode, start, end, by, length_m):
    way = route(TOWN, CORNERS[start], CORNERS[end], mode, 0)
    assert corners(way.points) == by
    assert way.length_m == pytest.approx(length_m, rel=1e-3)
    assert way.on_streets


def test_a_car_may_be_as_fast_as_the_limits_on_its_way():
    # 11 to 31 is a stretch at 40 km/h, from there 300 m at 30: the mean by time is between
    assert route(TOWN, CORNERS[11], CORNERS[31], "drive", 0).limit_mps == pytest.approx(40 / 3.6)
    slower = route(TOWN, CORNERS[11], CORNERS[34], "drive", 0).limit_mps
    assert slower is not None
    assert 30 / 3.6 < slower < 40 / 3.6
    assert route(TOWN, CORNERS[11], CORNERS[31], "walk", 0).limit_mps is None


def test_positions_off_the_street_are_joined_to_it():
    # 20 m south of the south street, and 30 m east of the east one: over the street, and straight to and from it
    start, end = moved(SOUTH_WEST, 50.0, -20.0), moved(SOUTH_WEST, 330.0, 150.0)
    way = route(TOWN, start, end, "walk", 0)
    assert (way.points[0], way.points[-1]) == (start, end)
    assert way.length_m == pytest.approx(20 + 250 + 150 + 30, rel=1e-3)


def test_the_nearest_street_that_permits_the_mode():
    # in the middle of the block beside the steps: for walkers these are near, for cars the west street is
    where = moved(SOUTH_WEST, 80.0, 140.0)
    steps, west = TOWN.nearest(where, "walk"), TOWN.nearest(where, "drive")
    assert steps is not None
    assert west is not None
    assert steps.away_m == pytest.approx(20.0, rel=1e-3)
    assert west.away_m == pytest.approx(60.0, rel=1e-3)  # the north street
    assert distance_m(TOWN.point_at(west.edge, west.along_m), west.point) < 0.05


def test_two_people_in_one_yard_need_no_street():
    a, b = moved(SOUTH_WEST, 50.0, 45.0), moved(SOUTH_WEST, 60.0, 55.0)
    assert route(TOWN, a, b, "walk", 0) == Route((a, b), distance_m(a, b), False)


def test_from_far_outside_the_way_goes_by_the_streets_where_it_can():
    far = moved(SOUTH_WEST, -5000.0, 0.0)
    way = route(TOWN, far, CORNERS[24], "walk", 7)
    assert way.on_streets
    assert way.points[0] == far
    assert corners(way.points)[-1] == 24
    # and past the town it does not
    assert not route(TOWN, far, moved(far, 0.0, 900.0), "walk", 7).on_streets


def test_without_a_network_the_way_is_a_detour():
    way = route(None, CORNERS[11], CORNERS[34], "walk", 3)
    assert not way.on_streets
    assert 4 <= len(way.points) <= 5
    assert way.length_m > 1.1 * distance_m(CORNERS[11], CORNERS[34])


def test_a_search_that_gives_up_takes_a_way_that_is_known(monkeypatch):
    monkeypatch.setattr(streets_module, "SEARCH_LIMIT", 0)
    way = route(TOWN, CORNERS[14], CORNERS[34], "drive", 0)
    assert corners(way.points) == [14, 12, 11, 21, 31, 32, 34]
    assert way.length_m == pytest.approx(800.0, rel=1e-3)


def test_what_cannot_be_reached_is_no_street():
    # an island, a one-way street into nowhere, and a node that the extract has cut off
    ways = (*WAYS, Way((90, 91), ALL, ALL, 30), Way((14, 92), ALL, 0, 30), Way((11, 99, 12), ALL, ALL, 30))
    more = {90: moved(SOUTH_WEST, 900, 900), 91: moved(SOUTH_WEST, 950, 900), 92: moved(SOUTH_WEST, 400, 0)}
    assert Streets(encode(ways, CORNERS | more)).edges == TOWN.edges


@pytest.mark.parametrize("ways", [(), (Way((11,), ALL, ALL, 30),), (Way((11, 12), 0, 0, 30),)])
def test_nothing_to_make_a_network_of(ways):
    with pytest.raises(NoStreets):
        encode(ways, CORNERS)


def test_bytes_that_are_no_network():
    good = encode(WAYS, CORNERS)
    for bad, why in (
        (b"", "found 0 bytes"),
        (b"x" * 500, "other bytes"),
        (good[:-4], f"found {len(good) - 4}"),
        (good + b"more", f"found {len(good) + 4}"),
        (good[:4] + b"\x63" + good[5:], "found version 99"),
    ):
        with pytest.raises(StreetsDamaged, match=why):
            Streets(bad)


def test_across_the_antimeridian_and_near_the_pole():
    for west in (Point(lon=179.999, lat=10.0), Point(lon=-180.0, lat=-16.8), Point(lon=20.0, lat=84.0)):
        nodes = {i: moved(west, 100.0 * i, 50.0 * (i % 2)) for i in range(8)}
        town = Streets(encode([Way(tuple(nodes), ALL, ALL, 30)], nodes))
        way = route(town, nodes[0], nodes[7], "walk", 0)
        assert way.on_streets
        assert way.length_m == pytest.approx(7 * hypot(100.0, 50.0), rel=2e-3)
        assert all(-180.0 <= point.lon <= 180.0 for point in way.points)


# Properties

metres = st.floats(-150.0, 450.0)
positions = st.builds(lambda east, north: moved(SOUTH_WEST, east, north), metres, metres)
modes = st.sampled_from(["walk", "ride", "drive"])


@given(positions, positions, modes, st.integers(0, 2**64 - 1), st.floats(0.5, 40.0))
def test_the_legs_of_a_way(start, end, mode, key, speed_mps):
    way = route(TOWN, start, end, mode, key)
    assert (way.points[0], way.points[-1]) == (start, end)
    assert way.length_m >= distance_m(start, end) - 1e-6
    legs = legs_of(way, 1_000, speed_mps)
    assume(legs)
    assert (legs[0].start, legs[-1].end, legs[0].depart_ms) == (start, end, 1_000)
    for leg, following in pairwise(legs):
        assert (leg.end, leg.arrive_ms) == (following.start, following.depart_ms)
    for leg in legs:
        assert leg.arrive_ms > leg.depart_ms
        # as asked within 1 %, and a millisecond at either end, for times are whole
        took_ms = 1000 * distance_m(leg.start, leg.end) / speed_mps
        assert leg.arrive_ms - leg.depart_ms == pytest.approx(took_ms, rel=0.01, abs=2.0)


@given(positions, positions, modes, st.integers(0, 2**64 - 1))
def test_legs_stay_with_the_way(start, end, mode, key):
    way = route(TOWN, start, end, mode, key)
    legs = legs_of(way, 0, 1.4)
    assert len(legs) <= max(0, len(way.points) - 1)
    for point in way.points:
        if legs:
            assert min(away_m(point, leg.start, leg.end) for leg in legs) <= LEG_WITHIN_M + 0.05


def away_m(point: Point, a: Point, b: Point) -> float:
    """From a point to a straight line between two others, on the plane."""
    kx = METRES_PER_DEGREE * cos(radians(point.lat))
    ax, ay = wrapped(a.lon - point.lon) * kx, (a.lat - point.lat) * METRES_PER_DEGREE
    dx, dy = wrapped(b.lon - a.lon) * kx, (b.lat - a.lat) * METRES_PER_DEGREE
    f = max(0.0, min(1.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy))) if dx or dy else 0.0
    return hypot(ax + f * dx, ay + f * dy)


@given(positions, positions)
def test_cars_keep_to_one_way_streets(start, end):
    way = route(TOWN, start, end, "drive", 0)
    assume(way.on_streets)
    inner = way.points[1:-1]  # without what is between the street and the position
    for a, b in pairwise(inner):
        if abs(a.lat - CORNERS[31].lat) < 1e-6 and abs(b.lat - CORNERS[31].lat) < 1e-6:
            assert b.lon > a.lon, "westwards in the north street"
        if abs(a.lon - CORNERS[14].lon) < 2e-6 and abs(b.lon - CORNERS[14].lon) < 2e-6:
            assert b.lat < a.lat, "northwards in the east street"


def test_a_way_to_where_one_stands_has_no_legs():
    assert legs_of(route(TOWN, CORNERS[11], CORNERS[11], "walk", 0), 5, 1.4) == ()
    with pytest.raises(ValueError, match="positive speed_mps"):
        legs_of(route(TOWN, CORNERS[11], CORNERS[12], "walk", 0), 5, 0.0)


# The search against a plain Dijkstra


@st.composite
def networks(draw):
    """Some streets between points of a square of 400 m, one-way ones among them."""
    count = draw(st.integers(4, 14))
    where = st.tuples(st.integers(0, 40), st.integers(0, 40))
    grid = draw(st.lists(where, min_size=count, max_size=count, unique=True))
    nodes = {i: moved(SOUTH_WEST, 10.0 * east, 10.0 * north) for i, (east, north) in enumerate(grid)}
    numbers = st.integers(0, count - 1)
    lines = draw(st.lists(st.lists(numbers, min_size=2, max_size=5), min_size=3, max_size=12))
    back = draw(st.lists(st.sampled_from([ALL, ALL, WALK, WALK | RIDE]), min_size=len(lines), max_size=len(lines)))
    ways = [Way(tuple(line), ALL, back[i], 30) for i, line in enumerate(lines)]
    return ways, nodes


@settings(max_examples=150, deadline=None)
@given(networks(), st.data())
def test_the_shortest_way_is_dijkstras(network, data):
    try:
        town = Streets(encode(*network))
    except NoStreets:
        assume(False)
    mode = data.draw(modes)
    spots = [town.nearest(data.draw(positions), mode) for _ in range(2)]
    assume(all(spots))
    start, end = spots
    way = town.between(start, end, mode)
    shortest = dijkstra_m(town, start, end, mode)
    assert way is not None, "what is on the network can be reached"
    assert way.length_m == pytest.approx(shortest, rel=1e-4, abs=0.1)
    assert_permitted(town, way.points, mode)


@settings(max_examples=150, deadline=None)
@given(networks(), st.data())
def test_where_the_search_gives_up_there_is_a_way_all_the_same(network, data):
    try:
        town = Streets(encode(*network))
    except NoStreets:
        assume(False)
    mode = data.draw(modes)
    start, end = (town.nearest(data.draw(positions), mode) for _ in range(2))
    assume(start is not None and end is not None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streets_module, "SEARCH_LIMIT", 0)
        way = town.between(start, end, mode)
    assert way is not None
    assert (way.points[0], way.points[-1]) == (start.point, end.point)
    assert way.length_m >= dijkstra_m(town, start, end, mode) - 0.1
    assert_permitted(town, way.points, mode)


def assert_permitted(town, points, mode):
    """Each piece of the line lies on a street that permits the mode in that direction."""
    pieces = [
        pair
        for edge in range(town.edges)
        for permitted, shape in zip(town.permits(edge, mode), (town.shape(edge), town.shape(edge)[::-1]), strict=True)
        if permitted
        for pair in pairwise(shape)
    ]
    for a, b in pairwise(points):
        on = [(c, d) for c, d in pieces if away_m(a, c, d) < 0.05 and away_m(b, c, d) < 0.05]
        assert any(distance_m(c, a) <= distance_m(c, b) + 0.1 for c, d in on), (a, b)


@settings(deadline=None)
@given(networks(), st.data())
def test_the_nearest_point_of_all_streets(network, data):
    try:
        town = Streets(encode(*network))
    except NoStreets:
        assume(False)
    mode = data.draw(modes)
    south_west, north_east = town.box
    where = Point(
        lon=data.draw(st.floats(south_west.lon, north_east.lon)),
        lat=data.draw(st.floats(south_west.lat, north_east.lat)),
    )
    permitting = [edge for edge in range(town.edges) if any(town.permits(edge, mode))]
    spot = town.nearest(where, mode)
    if not permitting:
        assert spot is None
        return
    nearest_m = min(away_m(where, a, b) for edge in permitting for a, b in pairwise(town.shape(edge)))
    assert spot is not None
    assert spot.away_m == pytest.approx(nearest_m, abs=0.05)


def dijkstra_m(town, start, end, mode):
    """The length of the shortest way between two spots: all edges as a graph, with the two spots as nodes of it."""
    graph = defaultdict(list)
    for edge in range(town.edges):
        head, *_, tail = town.shape(edge)
        forth, back = town.permits(edge, mode)
        length = town.length_m(edge)
        between = [(spot.along_m, name) for spot, name in ((start, "start"), (end, "end")) if spot.edge == edge]
        between.sort(key=lambda stop: stop[0])
        for (a_m, a), (b_m, b) in pairwise([(0.0, head), *between, (length, tail)]):
            if forth:
                graph[a].append((b, b_m - a_m))
            if back:
                graph[b].append((a, b_m - a_m))
    reached, queue, ties = {"start": 0.0}, [(0.0, 0, "start")], 0
    while queue:
        so_far, _, node = heappop(queue)
        for there, length in graph[node]:
            if so_far + length < reached.get(there, inf):
                reached[there] = so_far + length
                heappush(queue, (so_far + length, ties := ties + 1, there))
    return reached.get("end", inf)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=30), st.floats(0.5, 50.0))
def test_a_thinned_line_is_within_its_bound(steps, within_m):
    points = [moved(SOUTH_WEST, float(east), float(north)) for east, north in steps]
    kept = thinned(points, within_m)
    assert kept == sorted(set(kept))
    assert kept[:1] + kept[-1:] == ([0, len(points) - 1] if points else [])
    for point in points if len(kept) > 1 else ():
        nearest = min(away_m(point, points[a], points[b]) for a, b in pairwise(kept))
        assert nearest <= within_m * 1.001 + 0.01


def test_the_same_bytes_and_ways_whatever_the_hash_seed():
    code = (
        "from hashlib import sha256; import sys; sys.path.insert(0, 'tests/world'); import test_streets as t\n"
        "data = t.encode(t.WAYS, t.CORNERS); town = t.Streets(data)\n"
        "pairs = [(a, b) for a in t.CORNERS.values() for b in t.CORNERS.values()]\n"
        "ways = [t.route(town, a, b, mode, 9) for a, b in pairs for mode in ('walk', 'drive')]\n"
        "print(sha256(data + repr(ways).encode()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
