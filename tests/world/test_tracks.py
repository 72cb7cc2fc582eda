"""Tracks: the legs they make, the gaps between, their figures and their picture."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.geo import Leg, Point, distance_m
from footfall.world.gps import ANDROID_BACKGROUND, TRACKING, Fix, fixes
from footfall.world.track_picture import SIZE, picture
from footfall.world.tracks import (
    Track,
    TrackPoint,
    legs_of_track,
    summary_of,
    track_of_fixes,
    track_of_legs,
    unknown_times,
)
from footfall.world.walks import walk

HOME = Point(lon=24.94, lat=60.17)
CAFE = Point(lon=24.95, lat=60.17)  # 553 m east
QUAY = Point(lon=24.95, lat=60.16)  # 1,112 m south of that

# out at 0:01:40, in the cafe from 0:08:20 to 0:10:00, a gap, on the quay from 0:30:00 on, twice told at the end
DAY = Track(
    "day",
    (
        TrackPoint(100_000, HOME.lon, HOME.lat),
        TrackPoint(500_000, CAFE.lon, CAFE.lat),
        TrackPoint(600_000, CAFE.lon, CAFE.lat),
        TrackPoint(1_800_000, QUAY.lon, QUAY.lat),
        TrackPoint(1_860_000, QUAY.lon, QUAY.lat),
        TrackPoint(1_860_000, QUAY.lon, QUAY.lat, 12.0),
    ),
    gaps=(3,),
)


def test_legs_follow_each_other_and_a_stay_is_one():
    assert legs_of_track(DAY) == (
        Leg(HOME, CAFE, 100_000, 500_000),
        Leg(CAFE, CAFE, 500_000, 600_000),
        Leg(CAFE, QUAY, 600_000, 1_800_000),  # the gap is bridged: phones do not leap
        Leg(QUAY, QUAY, 1_800_000, 1_860_000),
        # no leg takes no time
    )
    assert unknown_times(DAY) == ((600_000, 1_800_000),)


def test_segments_are_what_is_between_the_gaps():
    assert DAY.segments == (DAY.points[:3], DAY.points[3:])
    assert Track("one", DAY.points[:1]).segments == (DAY.points[:1],)


def test_the_figures_leave_the_gap_out():
    figures = summary_of(DAY)
    assert (figures.points, figures.segments, figures.from_ms, figures.to_ms) == (6, 2, 100_000, 1_860_000)
    assert figures.length_m == pytest.approx(553.1, abs=0.5)
    assert (figures.moving_ms, figures.still_ms, figures.unknown_ms) == (400_000, 160_000, 1_200_000)
    assert figures.fastest_mps == pytest.approx(1.383, abs=0.001)


def test_a_plan_is_followed_from_where_it_starts_to_where_it_is_cut():
    legs = [Leg(HOME, CAFE, 100, 500), Leg(CAFE, QUAY, 500, 900), Leg(QUAY, HOME, 5000, 9000)]
    # (until, the points expected), all times since 1,000,000
    rows = [
        (50, [(0, HOME), (50, HOME)]),  # it has not gone out yet
        (300, [(0, HOME), (100, HOME), (300, Point(lon=24.945, lat=60.17))]),  # half way
        (900, [(0, HOME), (100, HOME), (500, CAFE), (900, QUAY)]),  # just there
        (5000, [(0, HOME), (100, HOME), (500, CAFE), (900, QUAY), (5000, QUAY)]),  # about to leave
    ]
    for until_ms, expected in rows:
        track = track_of_legs("t", HOME, legs, 0, until_ms, 1_000_000)
        assert [(point.at_ms - 1_000_000, point.point) for point in track.points] == [
            (at_ms, Point(lon=pytest.approx(at.lon), lat=at.lat)) for at_ms, at in expected
        ]


def test_fixes_keep_their_accuracy():
    track = track_of_fixes("t", [Fix(0, 24.94, 60.17, 16.0), Fix(5_000, 24.95, 60.17, 24.0)], 1_000)
    assert track.points == (TrackPoint(1_000, 24.94, 60.17, 16.0), TrackPoint(6_000, 24.95, 60.17, 24.0))


@given(
    goals=st.lists(st.tuples(st.floats(24.8, 25.1), st.floats(60.1, 60.3), st.integers(0, 10**6)), max_size=6),
    along_first=st.booleans(),
)
def test_the_track_of_legs_is_those_legs(goals, along_first):
    legs, here, now = [], HOME, 0
    for lon, lat, stays_ms in goals:
        legs += walk(here, Point(lon=lon, lat=lat), now + stays_ms, 1.3, along_first)
        here, now = (legs[-1].end, legs[-1].arrive_ms) if legs else (here, now)
    again = legs_of_track(track_of_legs("t", HOME, legs, 0, now + 1, 0))
    assert [leg for leg in again if leg.start != leg.end] == legs
    assert all(a.end == b.start and a.arrive_ms == b.depart_ms for a, b in pairwise(again))


def test_the_gps_takes_a_tracks_legs():
    # what the docs promise of legs_of_track: the receiver goes where the track went
    day = legs_of_track(DAY)
    seen = list(fixes(day, HOME, TRACKING, 1, 0, 0, 1_900_000))
    assert len(seen) > 200
    for fix in seen:
        leg = next((leg for leg in day if leg.arrive_ms >= fix.at_ms), day[-1])
        assert distance_m(leg.at(fix.at_ms), Point(lon=fix.lon, lat=fix.lat)) < 200.0
    assert list(fixes(day, HOME, ANDROID_BACKGROUND, 1, 0, 0, 1_900_000))


def circles(svg: str) -> list[dict[str, str]]:
    """The attributes of its circles."""
    return [one.attrib for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}circle")]


@pytest.mark.parametrize(
    "points",
    [
        # a phone that stands
        ((24.94, 60.17),),
        # a walk across the antimeridian: one piece, 222 m
        ((179.999, 0.0), (-179.999, 0.0)),
        # from pole to pole
        ((0.0, 90.0), (0.0, -90.0)),
    ],
)
def test_a_picture_holds_every_point(points):
    track = Track("a <b>\x07", tuple(TrackPoint(i * 10**8, lon, lat) for i, (lon, lat) in enumerate(points)))
    for circle in circles(picture(track)):
        assert 0 <= float(circle["cx"]) <= SIZE
        assert 0 <= float(circle["cy"]) <= SIZE


def test_across_the_antimeridian_a_picture_has_the_short_way():
    track = Track("t", (TrackPoint(0, 179.999, 0.0), TrackPoint(10**6, -179.999, 0.0)))
    assert "200 m</text>" not in picture(track)
    assert ">100 m</text>" in picture(track)


def test_an_accuracy_is_a_circle_of_its_size():
    # 553 m from left to right, and 100 m around the end
    track = Track("t", (TrackPoint(0, HOME.lon, HOME.lat), TrackPoint(10**6, CAFE.lon, CAFE.lat, 100.0)))
    radii = [float(circle["r"]) for circle in circles(picture(track))]
    assert max(radii) == pytest.approx((SIZE - 56) * 100 / 553.1, abs=0.5)
