"""Positions, distances and the times at which a leg is inside a circle, against oracles that share no formula."""

from __future__ import annotations

from math import atan2, cos, hypot, inf, pi, radians, sin, tan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.world.geo import (
    EARTH_RADIUS_M,
    METRES_PER_DEGREE,
    Leg,
    Point,
    distance_m,
    inside_times,
    moved,
    wrapped,
)

HELSINKI = Point(lon=24.9384, lat=60.1699)
STOCKHOLM = Point(lon=18.0686, lat=59.3293)
NULL_ISLAND = Point(lon=0.0, lat=0.0)
NORTH_POLE = Point(lon=0.0, lat=90.0)


def angle_between(a: Point, b: Point) -> float:
    """The oracle: the angle between two unit vectors by atan2(|a x b|, a . b), exact near and far."""
    (ax, ay, az), (bx, by, bz) = (
        (cos(radians(p.lat)) * cos(radians(p.lon)), cos(radians(p.lat)) * sin(radians(p.lon)), sin(radians(p.lat)))
        for p in (a, b)
    )
    cross = hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return atan2(cross, ax * bx + ay * by + az * bz)


points = st.builds(Point, lon=st.floats(-180, 180), lat=st.floats(-90, 90))


@pytest.mark.parametrize(
    ("a", "b", "expected_m"),
    [
        (HELSINKI, HELSINKI, 0.0),
        # a degree along a meridian, and along the equator: 2 pi R / 360
        (NULL_ISLAND, Point(lon=0.0, lat=1.0), 111_195.08),
        (NULL_ISLAND, Point(lon=1.0, lat=0.0), 111_195.08),
        # a degree along the 60th parallel: the great circle is a trifle shorter than half of that
        (Point(lon=24.0, lat=60.0), Point(lon=25.0, lat=60.0), 55_597.01),
        # a quarter of the way round, and half: pi R / 2, pi R
        (NULL_ISLAND, NORTH_POLE, 10_007_557.22),
        (NULL_ISLAND, Point(lon=180.0, lat=0.0), 20_015_114.44),
        # every longitude meets at a pole
        (NORTH_POLE, Point(lon=135.0, lat=90.0), 0.0),
        # over the antimeridian it is a short step
        (Point(lon=179.999, lat=0.0), Point(lon=-179.999, lat=0.0), 222.39),
        (Point(lon=180.0, lat=10.0), Point(lon=-180.0, lat=10.0), 0.0),
    ],
)
def test_known_distances(a, b, expected_m):
    assert distance_m(a, b) == pytest.approx(expected_m, abs=0.01)
    assert distance_m(b, a) == distance_m(a, b)


def test_helsinki_is_close_to_400_km_from_stockholm():
    # GeographicLib on the ellipsoid says 397 km; the sphere is within 0.5 %
    assert distance_m(HELSINKI, STOCKHOLM) == pytest.approx(397_000, rel=0.005)


@given(a=points, b=points)
def test_distance_is_the_angle_between_two_vectors(a, b):
    angle = angle_between(a, b)
    # haversine's arcsine is flat where points are opposite: it is good to a metre there, elsewhere to far less
    slack_m = 1.0 if angle > 0.99 * pi else 0.001
    assert distance_m(a, b) == pytest.approx(EARTH_RADIUS_M * angle, abs=slack_m)


@pytest.mark.parametrize(
    ("lon", "same"),
    [
        (24.9, 24.9),
        (180.0, 180.0),  # both spellings of the antimeridian stay as they are
        (-180.0, -180.0),
        (180.5, -179.5),
        (-180.5, 179.5),
        (359.9, -0.1),
        (-359.9, 0.1),
    ],
)
def test_wrapped(lon, same):
    assert wrapped(lon) == pytest.approx(same, abs=1e-9)


FIJI_EAST = Leg(start=Point(lon=179.8, lat=-18.0), end=Point(lon=-179.8, lat=-17.0), depart_ms=1_000, arrive_ms=5_000)
FIJI_WEST = Leg(start=Point(lon=-179.8, lat=-18.0), end=Point(lon=179.8, lat=-17.0), depart_ms=1_000, arrive_ms=5_000)
NORTHWARD = Leg(start=Point(lon=24.0, lat=60.0), end=Point(lon=24.0, lat=61.0), depart_ms=1_000, arrive_ms=5_000)
AT_ONCE = Leg(start=Point(lon=24.0, lat=60.0), end=Point(lon=25.0, lat=61.0), depart_ms=1_000, arrive_ms=1_000)


@pytest.mark.parametrize(
    ("leg", "now_ms", "lon", "lat"),
    [
        (NORTHWARD, 0, 24.0, 60.0),  # not yet departed: stands at the start
        (NORTHWARD, 1_000, 24.0, 60.0),
        (NORTHWARD, 2_000, 24.0, 60.25),
        (NORTHWARD, 5_000, 24.0, 61.0),
        (NORTHWARD, 9_000, 24.0, 61.0),  # arrived: stays
        (FIJI_EAST, 2_000, 179.9, -17.75),
        (FIJI_EAST, 4_000, -179.9, -17.25),  # the short way, over the antimeridian
        (FIJI_WEST, 2_000, -179.9, -17.75),
        (FIJI_WEST, 4_000, 179.9, -17.25),
        (AT_ONCE, 999, 24.0, 60.0),  # a leg that takes no time
        (AT_ONCE, 1_000, 25.0, 61.0),
    ],
)
def test_where_a_leg_is(leg, now_ms, lon, lat):
    here = leg.at(now_ms)
    assert (here.lon, here.lat) == (pytest.approx(lon, abs=1e-9), pytest.approx(lat, abs=1e-9))


@given(start=points, end=points, took_ms=st.integers(0, 10**9))
def test_a_leg_begins_and_ends_exactly_at_its_ends(start, end, took_ms):
    leg = Leg(start=start, end=end, depart_ms=7, arrive_ms=7 + took_ms)
    assert leg.at(6) == start
    assert leg.at(7 + took_ms) == end


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-85, 85),
    east_m=st.floats(-2_000, 2_000),
    north_m=st.floats(-2_000, 2_000),
)
def test_moved_so_many_metres_east_and_north(lon, lat, east_m, north_m):
    origin = Point(lon=lon, lat=lat)
    there = moved(origin, east_m, north_m)
    away_m = hypot(east_m, north_m)
    assert distance_m(origin, there) == pytest.approx(away_m, abs=0.001 + plane_error_m(away_m, lat))
    assert -180.0 <= there.lon <= 180.0


def plane_error_m(away_m: float, lat: float) -> float:
    """What geo's docstring allows the plane to misjudge a distance by."""
    return 0.2 * away_m**2 * tan(radians(min(abs(lat) + 0.1, 89.0))) / EARTH_RADIUS_M


def on_foot(start: tuple[float, float], end: tuple[float, float], centre: Point = HELSINKI) -> Leg:
    """From so many metres (east, north) of the centre to so many, in 1,000 seconds."""
    return Leg(start=moved(centre, *start), end=moved(centre, *end), depart_ms=0, arrive_ms=1_000_000)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((-500, 0), (500, 0), (400_000, 600_000)),  # passes through the centre
        ((0, 500), (0, -500), (400_000, 600_000)),  # the same from the north
        ((-500, 60), (500, 60), (420_000, 580_000)),  # passes through 60 m off the centre: a chord of 2 x 80 m
        ((0, 0), (1_000, 0), (-inf, 100_000)),  # starts inside
        ((50, 0), (1_050, 0), (-inf, 50_000)),  # starts inside, nearer to the way out
        ((-1_000, 0), (0, 0), (900_000, inf)),  # ends inside
        ((-1_000, 0), (99, 0), (900_000 / 1.099, inf)),  # ends inside, just before the way out
        ((-60, 0), (60, 20), (-inf, inf)),  # never leaves
        ((30, 30), (30, 30), (-inf, inf)),  # stands inside
        ((300, 30), (300, 30), None),  # stands outside
        ((-500, 100.001), (500, 100.001), None),  # all but touches
        ((-500, 99.999), (500, 99.999), (499_552.8, 500_447.2)),  # all but a tangent: a chord of 2 x 0.447 m
        ((-500, 300), (500, 300), None),  # misses
        ((-500, 0), (-101, 0), None),  # stops short of it
        ((101, 0), (500, 0), None),  # leads away from it
    ],
)
def test_when_a_leg_is_within_100_m_of_the_centre(start, end, expected):
    times = inside_times(on_foot(start, end), HELSINKI, 100.0)
    assert times == (expected if expected is None else pytest.approx(expected, abs=1.0))


def test_a_leg_in_no_time_passes_through_in_no_time():
    jump = Leg(start=moved(HELSINKI, -500, 0), end=moved(HELSINKI, 500, 0), depart_ms=70, arrive_ms=70)
    assert inside_times(jump, HELSINKI, 100.0) == (70, 70)


def test_a_circle_on_the_antimeridian_is_crossed_like_any_other():
    suva = Point(lon=180.0, lat=-18.0)
    assert inside_times(on_foot((-500, 0), (500, 0), suva), suva, 100.0) == pytest.approx((400_000, 600_000), abs=1.0)


def test_a_leg_on_the_other_side_of_the_world_is_not_inside():
    # from 179 degrees east of the centre to 179 degrees west of it: over the meridian opposite, not through the centre
    london, pacific = Point(lon=0.0, lat=51.5), (Point(lon=179.0, lat=51.5), Point(lon=-179.0, lat=51.5))
    leg = Leg(start=pacific[0], end=pacific[1], depart_ms=0, arrive_ms=1_000_000)
    assert inside_times(leg, london, 100.0) is None


metres = st.floats(-3_000, 3_000)


@given(
    lon=st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 180.0, 179.99, -179.995])),
    lat=st.one_of(st.floats(-85, 85), st.sampled_from([-85.0, 85.0, 0.0])),
    radius_m=st.floats(20, 2_000),
    start=st.tuples(metres, metres),
    end=st.tuples(metres, metres),
    depart_ms=st.integers(-(10**6), 10**6),
    took_ms=st.integers(1, 3_600_000),
)
@example(180.0, 85.0, 2_000.0, (-3_000.0, 10.0), (3_000.0, -10.0), 0, 1_000_000)
@example(-180.0, 60.0, 100.0, (-500.0, 99.9), (500.0, 99.9), 0, 1_000_000)
@example(24.9, 60.2, 100.0, (0.0, 0.0), (0.0, 0.0), 0, 1)
@example(0.0, 50.40625, 20.0, (-36.5, 1.0), (20.0, 0.0), 0, 2)  # ends on the circle, but for rounding outside it
@example(0.0, 50.40625, 20.0, (20.0, 0.0), (-36.5, 1.0), 0, 2)  # starts there
@example(0.0, 0.0, 100.0, (100.0, -500.0), (100.0, 0.0), 0, 1_000)  # a tangent that ends where it touches
def test_inside_times_agree_with_looking_at_the_phone_100_times(lon, lat, radius_m, start, end, depart_ms, took_ms):
    centre = Point(lon=lon, lat=lat)
    arrive_ms = depart_ms + took_ms
    leg = Leg(start=moved(centre, *start), end=moved(centre, *end), depart_ms=depart_ms, arrive_ms=arrive_ms)
    times = inside_times(leg, centre, radius_m)
    for i in range(-1, 102):
        now_ms = depart_ms + took_ms * i // 100 if i >= 0 else depart_ms - 1
        away_m = EARTH_RADIUS_M * angle_between(leg.at(now_ms), centre)
        slack_m = 0.001 + plane_error_m(away_m, lat)  # on the circle itself either answer is right
        within = times is not None and times[0] <= now_ms <= times[1]
        if away_m < radius_m - slack_m:
            assert within, f"at {now_ms} ms it is {radius_m - away_m} m inside, times are {times}"
        elif away_m > radius_m + slack_m:
            assert not within, f"at {now_ms} ms it is {away_m - radius_m} m outside, times are {times}"
    if times is not None:
        assert times[0] == -inf or depart_ms - 0.001 <= times[0] <= arrive_ms + 0.001
        assert times[1] == inf or depart_ms - 0.001 <= times[1] <= arrive_ms + 0.001


def test_the_plane_is_as_good_as_geo_promises():
    # at 60 degrees north 2 cm at 500 m: look all round the circle
    centre = Point(lon=25.0, lat=60.0)
    ring = [moved(centre, 500 * cos(radians(a)), 500 * sin(radians(a))) for a in range(360)]
    assert max(abs(EARTH_RADIUS_M * angle_between(centre, p) - 500.0) for p in ring) < 0.02
    assert pytest.approx(111_195.08, abs=0.01) == METRES_PER_DEGREE
