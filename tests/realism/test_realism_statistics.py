"""Each statistic by hand: literal fixes and what they show."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.realism.distances import jensen_shannon, ks, mean_log_ratio, quantile
from footfall.realism.fences import Crossing, Flaps, crossings, fences_of, flaps, inside_at_first, naive_crossings
from footfall.realism.invariants import broken_by_crossings, broken_by_fixes
from footfall.realism.observed import distinct_shares, lag1_of, observe, radius_of_gyration_km
from footfall.realism.stays import find_stays
from footfall.world.geo import Point, moved
from footfall.world.gps import Fix
from footfall.world.regions import ANDROID, IOS
from footfall.world.streams import Stream

HERE = Point(lon=24.94, lat=60.17)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def fix(at_ms: int, east: float, north: float = 0.0, accuracy_m: float = 12.0) -> Fix:
    """A fix so many metres from here."""
    at = moved(HERE, east, north)
    return Fix(at_ms, at.lon, at.lat, accuracy_m)


def standing(from_ms: int, until_ms: int, east: float, step_ms: int = 30_000) -> list[Fix]:
    """Fixes of a phone that does not move."""
    return [fix(now, east) for now in range(from_ms, until_ms, step_ms)]


# Distances


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], 0.0),
        ([1, 2], [3, 4], 1.0),  # no overlap
        ([1, 2, 3, 4], [3, 4, 5, 6], 0.5),
        ([1, 1, 1, 2], [1, 2, 2, 2], 0.5),  # ties: three quarters at 1 against one quarter
        ([5], [1, 9], 0.5),  # one value in the middle
        ([], [1, 2], 1.0),  # nothing is as far as can be
    ],
)
def test_ks(ours, theirs, expected):
    assert ks(ours, theirs) == pytest.approx(expected)


@given(st.lists(st.floats(-100, 100), min_size=1), st.lists(st.floats(-100, 100), min_size=1))
def test_ks_is_a_distance(a, b):
    assert 0.0 <= ks(a, b) <= 1.0
    assert ks(a, b) == ks(b, a)
    assert ks(a, a) == 0.0


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1, 2, 1], [10, 20, 10], 0.0),  # shares count, not sums
        ([1, 0], [0, 1], 1.0),
        ([1, 1], [1, 0], 0.558),  # sqrt((0.5 log2(0.5/0.75) + 0.5 log2(0.5/0.25) + log2(1/0.75)) / 2)
        ([0, 0], [1, 0], 1.0),
    ],
)
def test_jensen_shannon(ours, theirs, expected):
    assert jensen_shannon(ours, theirs) == pytest.approx(expected, abs=0.001)


def test_mean_log_ratio_leaves_out_what_we_have_not():
    assert mean_log_ratio([0.5, None], [0.25, 0.1]) == pytest.approx(log(2))
    assert mean_log_ratio([None], [0.25]) == 1.0
    assert mean_log_ratio([0.001], [1.0]) == 1.0


def test_quantile_interpolates():
    assert [quantile([4, 1, 3, 2], share) for share in (0.0, 0.5, 1.0)] == [1, 2.5, 4]
    with pytest.raises(ValueError):
        quantile([], 0.5)


# Stays


def test_a_stay_lasts_until_the_first_fix_outside():
    # half an hour at home, ten minutes' walk of 1 km, 40 minutes there, and on
    walk = [fix(30 * MINUTE + i * 30_000, 50.0 * i) for i in range(20)]
    taken = [*standing(0, 30 * MINUTE, 0), *walk, *standing(40 * MINUTE, 80 * MINUTE, 1_000), fix(81 * MINUTE, 3_000)]
    first, second = find_stays(taken)
    # at 32.5 min the phone is 250 m away
    assert (first.arrive_ms, first.depart_ms, first.place, first.whole) == (0, 32.5 * MINUTE, 0, False)
    # from 38 min on all fixes are within 200 m of the one at 800 m
    assert (second.arrive_ms, second.depart_ms, second.place, second.whole) == (38 * MINUTE, 81 * MINUTE, 1, False)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        (19, 0),  # too short
        (20, 1),
    ],
)
def test_twenty_minutes_make_a_stay(minutes, found):
    taken = [fix(0, -5_000), *standing(MINUTE, (minutes + 1) * MINUTE, 0), fix((minutes + 1) * MINUTE, 5_000)]
    assert len(find_stays(taken)) == found


def test_a_hole_counts_as_staying():
    taken = [fix(0, -5_000), fix(MINUTE, 0), fix(8 * HOUR, 100), fix(8 * HOUR + MINUTE, 5_000), fix(9 * HOUR, 9_000)]
    (stay, _) = [stay for stay in find_stays(taken) if stay.arrive_ms]
    assert (stay.arrive_ms, stay.depart_ms, stay.whole) == (MINUTE, 8 * HOUR + MINUTE, True)


def test_who_comes_back_is_at_the_same_place():
    taken = []
    for i, east in enumerate((0, 2_000, 60, 2_100, 5_000)):
        taken += standing(i * HOUR, i * HOUR + 50 * MINUTE, east)
    assert [stay.place for stay in find_stays(taken)] == [0, 1, 0, 1, 2]


def test_no_fixes_no_stays():
    assert find_stays([]) == ()


# What one person shows


def test_speeds_and_turns_of_half_minutes():
    # 30 s east at 2 m/s, 30 s north at 3 m/s, 30 s of standing
    taken = [fix(i * 5_000, 10.0 * i) for i in range(7)]
    taken += [fix(30_000 + i * 5_000, 60, 15.0 * i) for i in range(1, 7)]
    taken += [fix(60_000 + i * 5_000, 60, 90) for i in range(1, 7)]
    seen = observe(taken, 1)
    assert seen.speeds_mps == pytest.approx((2.0, 3.0), abs=0.01)
    assert seen.turns_deg == pytest.approx((90.0,), abs=0.1)


def test_a_hole_ends_a_window():
    taken = [fix(0, 0), fix(10_000, 20), fix(26_000, 52), fix(36_000, 72), fix(46_000, 92), fix(56_000, 112)]
    # 16 s between the second and the third: the only window begins after it
    assert observe(taken, 1).speeds_mps == pytest.approx((2.0,), abs=0.01)


def test_a_straight_way_has_no_turn_and_a_way_back_has_180_degrees():
    there = [fix(i * 5_000, 10.0 * i) for i in range(13)]
    assert observe(there, 1).turns_deg == pytest.approx((0.0,), abs=0.1)
    back = there[:7] + [fix(30_000 + i * 5_000, 60 - 10.0 * i) for i in range(1, 7)]
    assert observe(back, 1).turns_deg == pytest.approx((180.0,), abs=0.1)


def test_a_day_in_figures():
    taken = []
    for i, east in enumerate((0, 3_000, 0, 4_000, 0)):
        taken += standing(i * 2 * HOUR, i * 2 * HOUR + 110 * MINUTE, east)
    seen = observe(taken, 1)
    assert seen.jumps_km == pytest.approx((3, 3, 4, 4), abs=0.02)
    assert seen.per_day == (5,)
    assert seen.arrival_hours == (2, 4, 6, 8)  # the first one was there before
    assert seen.visits == (0, 1, 0, 2, 0)
    assert seen.dwells_min == pytest.approx((120, 120, 120))  # three whole ones
    assert seen.radius_km is None  # fewer than ten stays


def test_radius_of_gyration():
    # 3 km to the left and to the right of the middle
    points = [moved(HERE, -3_000, 0), moved(HERE, 3_000, 0)]
    assert radius_of_gyration_km(points) == pytest.approx(3.0, abs=0.01)


def test_distinct_shares_are_of_whole_windows():
    assert list(distinct_shares([0, 1, 0, 1, 2, 3, 3, 3, 3, 3, 9], 5)) == [0.6, 0.2]


def test_white_noise_and_a_lasting_error_are_told_apart():
    stream = Stream(1)
    white = [fix(i * 5_000, 8 * stream.normal(), 8 * stream.normal()) for i in range(120)]
    assert all(abs(value) < 0.3 for value in lag1_of(white))
    walked, east = [], 0.0
    for i in range(120):
        east = 0.97 * east + 2 * stream.normal()
        walked.append(fix(i * 5_000, east, east))
    assert all(value > 0.85 for value in lag1_of(walked))
    # no noise at all has no autocorrelation
    assert list(lag1_of(standing(0, HOUR, 0))) == []


# Fences


def test_a_flap_is_an_entry_soon_after_an_exit_of_the_same_fence():
    story = [(0, "entry", "a"), (60, "exit", "a"), (359, "entry", "a"), (400, "exit", "a"), (700, "entry", "a")]
    story += [(800, "exit", "a"), (810, "entry", "b")]
    counted = flaps(iter([Crossing(at * 1_000, kind, fence) for at, kind, fence in story]))
    # 299 s after an exit is a flap, 300 s is none, another fence is none
    assert counted == Flaps(4, 1)
    assert (counted.share, Flaps(0, 0).share) == (0.25, 0.0)
    assert counted + Flaps(1, 1) == Flaps(5, 2)


def test_who_wobbles_on_the_edge_flaps_without_a_rule_and_not_with_one():
    fences = fences_of(find_stays([fix(0, -5_000), *standing(MINUTE, HOUR, 0), fix(HOUR, 5_000)]), 100.0)
    # into the fence, then an hour on its edge: 90 m, 110 m, 90 m ...
    taken = [fix(i * 5_000, -900 + 10.0 * i) for i in range(91)]
    taken += [fix(455_000 + i * 30_000, 90.0 if i % 2 else 110.0) for i in range(120)]
    assert flaps(naive_crossings(taken, fences)).share > 0.9
    assert flaps(crossings(taken, fences, IOS)) == Flaps(1, 0)
    assert flaps(crossings(taken, fences, ANDROID)).share < 0.1


def test_a_fence_around_each_place_the_most_visited_first():
    taken = []
    for i, east in enumerate((0, 2_000, 5_000, 2_000, 5_000, 2_000)):
        taken += standing(i * HOUR, i * HOUR + 50 * MINUTE, east)
    assert [fence.id for fence in fences_of(find_stays(taken), 100.0)] == ["place-1", "place-2", "place-0"]
    fences = fences_of(find_stays(taken), 100.0)
    # iOS says nothing of where the phone is at registration, Android does
    assert inside_at_first(taken, fences, IOS) == {"place-0"}
    assert inside_at_first(taken, fences, ANDROID) == frozenset()
    assert list(crossings([], fences, IOS)) == []


# Invariants


@pytest.mark.parametrize(
    ("taken", "broken"),
    [
        ([fix(0, 0), fix(1_000, 59)], []),
        ([fix(0, 0), fix(1_000, 61)], ["at 1000 ms: 61 m in 1000 ms"]),
        ([fix(1_000, 0), fix(0, 0)], ["at 0 ms: earlier than the fix before, at 1000 ms"]),
        ([fix(0, 0, accuracy_m=0.0)], ["at 0 ms: accuracy 0.0 m is not positive"]),
        ([fix(0, 0, accuracy_m=float("nan"))], ["at 0 ms: accuracy nan m is not positive"]),
        ([fix(0, 0), fix(0, 1)], ["at 0 ms: 1 m in 0 ms"]),  # two places at once
    ],
)
def test_impossible_fixes(taken, broken):
    assert list(broken_by_fixes(taken)) == broken


@pytest.mark.parametrize(
    ("kinds", "inside", "broken"),
    [
        (["entry", "exit", "entry"], [], 0),
        (["exit", "entry"], ["a"], 0),  # it was in there at registration
        (["exit"], [], 1),
        (["entry", "entry"], [], 1),
        (["entry"], ["a"], 1),
    ],
)
def test_impossible_crossings(kinds, inside, broken):
    told = [Crossing(i, kind, "a") for i, kind in enumerate(kinds)]
    assert len(list(broken_by_crossings(told, frozenset(inside)))) == broken
