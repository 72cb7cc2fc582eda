"""Fixes: an error that lasts, accuracy as phones have it, and what the OS lets through."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise
from math import exp
from statistics import fmean, pstdev

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, moved
from footfall.world.gps import (
    ACCURACIES_M,
    ANDROID_BACKGROUND,
    IOS_BACKGROUND,
    TAU_S,
    TRACKING,
    Fix,
    Reporting,
    fixes,
    sigma_m,
)
from footfall.world.streams import key_of

HERE = Point(lon=24.94, lat=60.17)
MINUTE, HOUR = 60_000, 3_600_000
STILL = msgspec.structs.replace(TRACKING, still_ms=5_000)


def leg(depart_ms: int, start: Point, arrive_ms: int, east: float, north: float = 0.0) -> Leg:
    """A leg so many metres east and north."""
    return Leg(start, moved(start, east, north), depart_ms, arrive_ms)


def where(fix: Fix) -> Point:
    """Its position."""
    return Point(lon=fix.lon, lat=fix.lat)


def test_a_phone_that_stands_still_costs_nothing():
    # no fix is drawn in a day without a step; one walk of ten minutes, and ten minutes to settle
    assert list(fixes([], HERE, TRACKING, 1, 1, 0, 24 * HOUR)) == []
    walk = leg(HOUR, HERE, HOUR + 10 * MINUTE, 700)
    taken = list(fixes([walk], HERE, TRACKING, 1, 1, 0, 24 * HOUR))
    assert (taken[0].at_ms, taken[-1].at_ms) == (HOUR, HOUR + 20 * MINUTE - 5_000)
    assert len(taken) == 240


def test_the_lag_1_autocorrelation_is_that_of_the_process():
    # exp(-dt / tau) at whatever step, here over 20,000 fixes
    for step_ms in (1_000, 5_000, 30_000):
        rules = msgspec.structs.replace(TRACKING, still_ms=step_ms)
        north = [fix.lat - HERE.lat for fix in islice(fixes([], HERE, rules, 1, 9, 0, 10**12), 20_000)]
        lag1 = sum(a * b for a, b in pairwise(north)) / sum(a * a for a in north)
        assert lag1 == pytest.approx(exp(-step_ms / 1000 / TAU_S), abs=0.01)


def test_the_error_is_as_large_as_the_place_has_it():
    # fixes an hour apart are independent
    rules = msgspec.structs.replace(TRACKING, still_ms=HOUR)
    expected = sigma_m(key_of(1, "gps", "places"), HERE)
    for phone in (1, 2):
        north = [fix.lat * METRES_PER_DEGREE for fix in fixes([], HERE, rules, 1, phone, 0, 5_000 * HOUR)]
        assert pstdev(north) == pytest.approx(expected, rel=0.05)
        assert fmean(north) == pytest.approx(HERE.lat * METRES_PER_DEGREE, abs=1.0)
    places = {sigma_m(key_of(1, "gps", "places"), moved(HERE, 200.0 * i, 0)) for i in range(50)}
    assert len(places) > 40  # another place, another error


def test_the_accuracy_is_one_that_phones_report():
    taken = [
        fix
        for i in range(60)
        for fix in fixes([leg(0, moved(HERE, 300.0 * i, 0), 5 * MINUTE, 0, 900)], HERE, TRACKING, 1, i, 0, 15 * MINUTE)
    ]
    assert {fix.accuracy_m for fix in taken} == set(ACCURACIES_M)
    counted = Counter(fix.accuracy_m for fix in taken)
    assert counted[96.0] < counted[16.0]


def test_fixes_are_the_same_again_and_other_for_another_phone():
    walk = [leg(0, HERE, 10 * MINUTE, 700)]
    one = list(fixes(walk, HERE, TRACKING, 1, 1, 0, HOUR))
    assert list(fixes(iter(walk), HERE, TRACKING, 1, 1, 0, HOUR)) == one
    assert list(fixes(walk, HERE, TRACKING, 1, 2, 0, HOUR)) != one
    assert list(fixes(walk, HERE, TRACKING, 2, 1, 0, HOUR)) != one


def test_nothing_without_permission():
    walk = [leg(0, HERE, 10 * MINUTE, 7_000)]
    denied = Reporting(permission="denied")
    assert list(fixes(walk, HERE, denied, 1, 1, 0, HOUR, [(0, HOUR)])) == []


def test_when_in_use_is_only_while_the_app_is_in_front():
    walk = [leg(0, HERE, HOUR, 5_000)]
    rules = Reporting(permission="when_in_use")
    times = [fix.at_ms for fix in fixes(walk, HERE, rules, 1, 1, 0, HOUR, [(600_000, 620_000), (900_000, 905_000)])]
    assert times == [600_000, 605_000, 610_000, 615_000, 900_000]


def test_significant_changes_come_each_500_m_and_5_minutes():
    # on foot at 1.4 m/s 500 m take six minutes: told each time, 500 m from the last
    walk = [leg(HOUR, HERE, 2 * HOUR, 5_040)]
    taken = list(fixes(walk, HERE, IOS_BACKGROUND, 1, 1, 0, 4 * HOUR))
    assert len(taken) == 10
    assert taken[0].at_ms == pytest.approx(HOUR + 500 / 1.4 * 1000, abs=1_500)
    # by car the five minutes hold it back
    drive = [leg(HOUR, HERE, 2 * HOUR, 36_000)]
    gaps = [b.at_ms - a.at_ms for a, b in pairwise(fixes(drive, HERE, IOS_BACKGROUND, 1, 1, 0, 4 * HOUR))]
    assert min(gaps) >= 5 * MINUTE
    # a step round the corner is no significant change, and standing still is none
    assert list(fixes([leg(0, HERE, MINUTE, 400)], HERE, IOS_BACKGROUND, 1, 1, 0, 4 * HOUR)) == []
    # who has gone 600 m in a minute is told of when the five minutes are over
    (told,) = fixes([leg(MINUTE, HERE, 2 * MINUTE, 600)], HERE, IOS_BACKGROUND, 1, 1, 0, 4 * HOUR)
    assert told.at_ms == pytest.approx(5 * MINUTE, abs=1_500)
    assert distance_m(where(told), walk[0].start) > 300


def test_android_throttles_the_background():
    times = [fix.at_ms for fix in fixes([], HERE, ANDROID_BACKGROUND, 1, 1, 0, HOUR)]
    assert times == [0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE]
    # after the app was in front the next one takes its time
    in_use = [fix.at_ms for fix in fixes([], HERE, ANDROID_BACKGROUND, 1, 1, 0, HOUR, [(20 * MINUTE, 21 * MINUTE)])]
    assert in_use == [0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE]


def test_approximate_location_is_a_cell_of_kilometres():
    rules = Reporting(reduced=True)
    taken = list(fixes([], HERE, rules, 1, 1, 0, HOUR, [(MINUTE, 40 * MINUTE)]))
    assert [fix.at_ms for fix in taken] == [0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE]
    (spot,) = {where(fix) for fix in taken}
    assert distance_m(spot, HERE) < 3_000
    assert taken[0].accuracy_m >= 1_000
    # the neighbour is in the same cell
    (there,) = {where(fix) for fix in fixes([], moved(HERE, 30, 30), rules, 1, 2, 0, HOUR)}
    assert there == spot


def test_across_the_antimeridian():
    edge = Point(lon=179.9999, lat=10.0)
    for fix in fixes([leg(0, edge, 10 * MINUTE, 800)], edge, TRACKING, 1, 1, 0, 10 * MINUTE):
        assert -180.0 <= fix.lon <= 180.0


@st.composite
def movements(draw):
    """Legs one after another, at up to 33 m/s, with halts."""
    legs, here, now = [], HERE, draw(st.integers(0, 100_000))
    for _ in range(draw(st.integers(0, 12))):
        speed, seconds = draw(st.floats(0.1, 33.0)), draw(st.integers(1, 900))
        sideways = draw(st.sampled_from([(1, 0), (0, 1), (-1, 0), (0, -1)]))
        there = moved(here, sideways[0] * speed * seconds, sideways[1] * speed * seconds)
        legs.append(Leg(here, there, now, now + seconds * 1_000))
        here, now = there, now + seconds * 1_000 + draw(st.integers(0, 1_000_000))
    return legs


@given(
    movements(),
    st.builds(
        Reporting,
        permission=st.sampled_from(["always", "when_in_use"]),
        reduced=st.booleans(),
        background=st.sampled_from(["continuous", "throttled", "significant"]),
        moving_ms=st.sampled_from([1_000, 5_000, 20_000]),
        still_ms=st.sampled_from([0, 30_000, 120_000]),
    ),
    st.lists(st.tuples(st.integers(0, 4_000_000), st.integers(1, 600_000)), max_size=4),
    st.integers(0, 50),
)
def test_no_phone_breaks_an_invariant(legs, reporting, opened, phone):
    in_use, closed = [], 0
    for opens, lasts in sorted(opened):
        if opens >= closed:
            in_use.append((opens, opens + lasts))
            closed = opens + lasts
    taken = list(fixes(legs, HERE, reporting, 1, phone, 0, 4 * HOUR, in_use))
    for fix in taken:
        assert fix.accuracy_m > 0
        assert 0 <= fix.at_ms < 4 * HOUR
    for a, b in pairwise(taken):
        assert a.at_ms < b.at_ms
        assert distance_m(where(a), where(b)) * 1000 <= 60 * (b.at_ms - a.at_ms)
