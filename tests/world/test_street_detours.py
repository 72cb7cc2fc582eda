"""Ways without streets: as long as people's ways are, and the same for the same key."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.geo import Point, distance_m, moved
from footfall.world.street_detours import DETOUR_HIGH, DETOUR_LOW, STRAIGHT_M, detour

HELSINKI = Point(lon=24.94, lat=60.17)


def factor(points: tuple[Point, ...]) -> float:
    """How much longer than the straight line."""
    return sum(distance_m(a, b) for a, b in pairwise(points)) / distance_m(points[0], points[-1])


starts = st.builds(lambda lon, lat: Point(lon=lon, lat=lat), st.floats(-180.0, 180.0), st.floats(-70.0, 70.0))


@given(starts, st.floats(-9000.0, 9000.0), st.floats(-9000.0, 9000.0), st.integers(0, 2**64 - 1))
def test_a_detour_is_as_much_longer_as_promised(start, east_m, north_m, key):
    end = moved(start, east_m, north_m)
    way = detour(start, end, key)
    assert (way[0], way[-1]) == (start, end)
    assert all(-180.0 <= point.lon <= 180.0 for point in way)
    if distance_m(start, end) < STRAIGHT_M:
        assert way == (start, end)
    else:
        assert len(way) in (4, 5)
        # the plane of the bends and the sphere differ by less than a part in a hundred over 15 km
        assert DETOUR_LOW - 0.02 < factor(way) < DETOUR_HIGH + 0.02
    assert detour(start, end, key) == way


def test_detours_are_a_third_longer_on_the_mean_and_all_different():
    end = moved(HELSINKI, 700.0, 400.0)
    ways = [detour(HELSINKI, end, key) for key in range(400)]
    assert fmean(map(factor, ways)) == pytest.approx(1.3, abs=0.02)
    assert len(set(ways)) == 400
    assert {len(way) for way in ways} == {4, 5}  # two bends, or three


def test_near_the_pole_the_way_is_straight():
    a, b = Point(lon=0.0, lat=86.0), Point(lon=1.0, lat=86.0)
    assert detour(a, b, 1) == (a, b)
