"""Walks round one corner: at constant speed, from exactly here to exactly there."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, degrees, hypot

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.world.geo import Leg, Point, distance_m, moved
from footfall.world.walks import GRID_DEG, walk

HOME = Point(lon=24.9384, lat=60.1699)
GRID = (0.46947156, 0.88294759)  # sin and cos of 28 degrees: a step along the grid, east and north


def bearing_deg(leg: Leg) -> float:
    """Clockwise from north, by the distances east and north."""
    corner = Point(lon=leg.end.lon, lat=leg.start.lat)
    east = distance_m(leg.start, corner) * (1 if leg.end.lon > leg.start.lon else -1)
    north = distance_m(corner, leg.end) * (1 if leg.end.lat > leg.start.lat else -1)
    return degrees(atan2(east, north)) % 360


def test_one_way_round_goes_along_the_grid_first_the_other_across():
    # 300 m along the grid and 400 m to the right of it, at 2 m/s
    goal = moved(HOME, 300 * GRID[0] + 400 * GRID[1], 300 * GRID[1] - 400 * GRID[0])
    along, across = walk(HOME, goal, 1_000, 2.0, along_first=True)
    assert (along.depart_ms, across.depart_ms) == (1_000, along.arrive_ms)
    assert along.arrive_ms - along.depart_ms == pytest.approx(150_000, abs=50)
    assert across.arrive_ms - across.depart_ms == pytest.approx(200_000, abs=50)
    assert bearing_deg(along) == pytest.approx(GRID_DEG, abs=0.1)
    assert bearing_deg(across) == pytest.approx(GRID_DEG + 90, abs=0.1)

    first, then = walk(HOME, goal, 1_000, 2.0, along_first=False)
    assert bearing_deg(first) == pytest.approx(GRID_DEG + 90, abs=0.1)
    assert bearing_deg(then) == pytest.approx(GRID_DEG, abs=0.1)
    assert distance_m(along.end, first.end) == pytest.approx(500, abs=0.5)  # the other corner of the block
    assert then.arrive_ms == pytest.approx(across.arrive_ms, abs=100)  # neither way is longer


@pytest.mark.parametrize("along_first", [True, False])
@pytest.mark.parametrize(
    ("east_m", "north_m", "legs"),
    [
        (0, 0, 0),  # where one stands
        (1_000 * GRID[0], 1_000 * GRID[1], 1),  # straight along the grid: no corner to turn
        (-1_000 * GRID[0], -1_000 * GRID[1], 1),
        (1_000 * GRID[1], -1_000 * GRID[0], 1),  # straight across it
        (0.3, 0.2, 1),  # a step
        (500, 500, 2),
        (0, -800, 2),
    ],
)
def test_how_many_legs(east_m, north_m, legs, along_first):
    goal = moved(HOME, east_m, north_m)
    walked = walk(HOME, goal, 0, 1.4, along_first)
    assert len(walked) == legs
    assert all(leg.end == goal for leg in walked[-1:])


def test_over_the_antimeridian_it_is_a_short_walk():
    west, east = Point(lon=179.999, lat=-18.0), Point(lon=-179.998, lat=-18.001)
    legs = walk(west, east, 0, 1.0, along_first=True)
    assert legs[-1].end == east
    assert sum(leg.arrive_ms - leg.depart_ms for leg in legs) < 500_000


metres = st.floats(-3_000, 3_000)


@given(
    lon=st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0])),
    lat=st.floats(-80, 80),
    east_m=metres,
    north_m=metres,
    depart_ms=st.integers(0, 10**9),
    speed_mps=st.floats(0.3, 30.0),
    along_first=st.booleans(),
)
@example(24.9, 60.2, 1_000 * GRID[0], 1_000 * GRID[1], 0, 1.4, True)  # the corner is the goal
@example(24.9, 60.2, 1_000 * GRID[0], 1_000 * GRID[1], 0, 1.4, False)  # the corner is the start
def test_every_walk(lon, lat, east_m, north_m, depart_ms, speed_mps, along_first):
    start = Point(lon=lon, lat=lat)
    goal = moved(start, east_m, north_m)
    legs = walk(start, goal, depart_ms, speed_mps, along_first)
    assert len(legs) <= 2
    if not legs:  # nothing that would take half a millisecond
        assert distance_m(start, goal) <= 0.00051 * speed_mps
        return
    assert legs[0].start == start
    assert legs[0].depart_ms == depart_ms
    assert legs[-1].end == goal
    assert all(one.end == other.start and one.arrive_ms == other.depart_ms for one, other in pairwise(legs))
    for leg in legs:
        exact_ms = distance_m(leg.start, leg.end) / speed_mps * 1000
        assert leg.arrive_ms - leg.depart_ms == pytest.approx(exact_ms, abs=0.51)
        assert leg.arrive_ms > leg.depart_ms
    # round a right angle: at most 41 % farther than straight (and a little for the plane, where the sphere is narrow)
    assert sum(distance_m(leg.start, leg.end) for leg in legs) <= 1.4143 * hypot(east_m, north_m) * 1.01 + 1.0
