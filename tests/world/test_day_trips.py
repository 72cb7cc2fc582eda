"""Trips: a mode by distance, ways that are longer than the straight line, and walking about."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.day_trips import PACES, Habits, detour, draw_mode, roam, trip
from footfall.world.geo import Point, distance_m, moved
from footfall.world.streams import Stream, key_of

HERE = Point(lon=24.94, lat=60.17)
DRIVER = Habits(has_car=True, cycles=False, walks_m=1_500.0)
CYCLIST = Habits(has_car=False, cycles=True, walks_m=1_500.0)


@pytest.mark.parametrize(
    ("away_m", "habits", "most"),
    [
        (200, DRIVER, "walk"),  # nobody takes the car round the corner
        (200, CYCLIST, "walk"),
        (3_000, CYCLIST, "bicycle"),
        (9_000, CYCLIST, "transit"),  # too far to cycle
        (9_000, DRIVER, "car"),
    ],
)
def test_the_mode_follows_from_the_distance(away_m, habits, most):
    stream = Stream(key_of("mode"))
    drawn = Counter(draw_mode(away_m, habits, stream) for _ in range(300))
    assert drawn.most_common(1)[0][0] == most


@given(
    east=st.floats(-15_000, 15_000), north=st.floats(-15_000, 15_000), mode=st.sampled_from(sorted(PACES)),
    key=st.integers(0, 2**64 - 1),
)  # fmt: skip
def test_every_trip_arrives(east, north, mode, key):
    end = moved(HERE, east, north)
    way = trip(HERE, end, 1_000, mode, Stream(key))
    assert way.arrive_ms >= way.depart_ms == 1_000
    if way.legs:
        assert (way.legs[0].start, way.legs[-1].end, way.legs[-1].arrive_ms) == (HERE, end, way.arrive_ms)
    for a, b in pairwise(way.legs):
        assert a.end == b.start
        assert a.arrive_ms <= b.depart_ms


def test_detours_are_as_long_as_streets_make_them():
    # pedestrian detour factors of European cities are 1.2 to 1.4
    factors = []
    for i in range(200):
        end = moved(HERE, 100.0 + 40 * i, 900.0)
        way = detour(HERE, end, PACES["walk"], Stream(key_of("detour", i)))
        factors.append(sum(distance_m(a, b) for a, b in pairwise(way)) / distance_m(HERE, end))
    assert min(factors) >= 0.999
    assert 1.1 < sorted(factors)[100] < 1.4


def test_who_walks_about_is_back_in_time():
    legs = list(roam(HERE, 20.0, 0, 600_000, Stream(3)))
    assert legs[0].start == HERE
    assert legs[-1].end == HERE
    assert legs[-1].arrive_ms <= 600_000
    assert all(distance_m(HERE, leg.end) < 20.0 * 1.5 for leg in legs)
    assert list(roam(HERE, 20.0, 0, 1_000, Stream(3))) == []  # no time for it
