"""What iOS and Android tell of a walk past a café of 100 m radius: literal histories, in metres and seconds.

iOS takes a phone for in at 75 m and for out at 200 m, when it has been there for 20 s; Android for in at 84 m and for
out at 116 m, at a whole multiple of 120 s.
"""

from __future__ import annotations

from math import inf

import msgspec
import pytest
from monitored import CAFE, CENTRE, in_seconds, leg, place, spot, told_until, walked

from footfall.world.geo import Leg, moved
from footfall.world.regions import ANDROID, IOS, OsRules, RegionMonitor

FAR = (-500, 0)


def watching(rules: OsRules, at=FAR, phase_s: int = 0, pois=(CAFE,)) -> RegionMonitor:
    """A phone that stands there and has registered the café at 0 s."""
    monitor = RegionMonitor(rules, spot(at), phase_s * 1000)
    monitor.register(0, pois)
    return monitor


def test_the_rules_are_those_of_the_reference():
    # realism.md 2.2: buffer in = min(25 % r, 50 m), out = 100 m, hold 20 s, 20 regions
    assert (IOS.buffer_in_m(100), IOS.buffer_in_m(200), IOS.buffer_in_m(1_000)) == (25, 50, 50)
    assert (IOS.buffer_out_m, IOS.hold_ms, IOS.poll_ms, IOS.reports_inside, IOS.most) == (100, 20_000, 0, False, 20)
    # realism.md 2.1: a fix each 120 s; a quarter of a 40 m accuracy circle beyond a straight boundary is 16 m
    assert (ANDROID.buffer_in_m(100), ANDROID.buffer_in_m(10)) == (16, 10)
    assert (ANDROID.buffer_out_m, ANDROID.hold_ms, ANDROID.poll_ms) == (16, 0, 120_000)
    assert (ANDROID.reports_inside, ANDROID.most) == (True, 100)


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        # walks in and stays: at 75 m after 425 s, believed 20 s later
        ([leg(0, FAR, 500, (0, 0))], [(445, "entry")]),
        # walks through: 200 m beyond the centre after 700 s
        ([leg(0, FAR, 1_000, (500, 0))], [(445, "entry"), (720, "exit")]),
        # walks through and stops 180 m away: that is not out yet
        ([leg(0, FAR, 680, (180, 0))], [(445, "entry")]),
        # cycles through at 10 m/s: within 75 m for 15 s only
        ([leg(0, FAR, 100, (500, 0))], []),
        # drives in at 10 m/s and stays
        ([leg(0, FAR, 50, (0, 0))], [(62.5, "entry")]),
        # passes by 80 m off the centre: in the circle for two minutes, never 25 % inside
        ([leg(0, (-500, 80), 1_000, (500, 80))], []),
        # passes by 74 m off: 75 m or nearer for 2 x 12.2 s, long enough
        ([leg(0, (-500, 74), 1_000, (500, 74))], [(507.79, "entry"), (705.8, "exit")]),
        # passes by 74.5 m off: 2 x 8.6 s, too short a touch
        ([leg(0, (-500, 74.5), 1_000, (500, 74.5))], []),
        # turns back 5 m inside the buffer: there from 425 s to 435 s, half the hold
        ([leg(0, FAR, 430, (-70, 0)), leg(430, (-70, 0), 860, FAR)], []),
        # turns back 15 m inside: there from 425 s to 455 s; out at 200 m after 580 s
        ([leg(0, FAR, 440, (-60, 0)), leg(440, (-60, 0), 880, FAR)], [(445, "entry"), (600, "exit")]),
        # the hold goes on over a change of legs: turns north at 430 s
        ([leg(0, FAR, 430, (-70, 0)), leg(430, (-70, 0), 450, (-70, 20))], [(445, "entry")]),
        # and over standing still
        ([leg(0, FAR, 430, (-70, 0)), leg(430, (-70, 0), 490, (-70, 0))], [(445, "entry")]),
        # and over two changes
        (
            [leg(0, FAR, 430, (-70, 0)), leg(430, (-70, 0), 440, (-60, 0)), leg(440, (-60, 0), 450, (-50, 0))],
            [(445, "entry")],
        ),
        # a cyclist who would be through too soon stops in the middle, on the leg: the hold counts from 42.5 s
        ([leg(0, FAR, 100, (500, 0)), leg(50, (0, 0), 50, (0, 0))], [(62.5, "entry")]),
        # leaves the buffer and comes back: the hold starts anew at 455 s
        ([leg(0, FAR, 430, (-70, 0)), leg(430, (-70, 0), 445, (-85, 0)), leg(445, (-85, 0), 500, (-30, 0))],
         [(475, "entry")]),
        # turns back 207.5 m away, within the hold of an exit: beyond 200 m from 700 s to 715 s
        ([leg(0, FAR, 707.5, (207.5, 0)), leg(707.5, (207.5, 0), 915, (0, 0))], [(445, "entry")]),
        # the hold of an exit goes on over a change of legs too
        ([leg(0, FAR, 705, (205, 0)), leg(705, (205, 0), 905, (405, 0))], [(445, "entry"), (720, "exit")]),
        # in, out and in again
        (
            [leg(0, FAR, 750, (250, 0)), leg(750, (250, 0), 1_000, (0, 0))],
            [(445, "entry"), (720, "exit"), (945, "entry")],
        ),
    ],
)  # fmt: skip
def test_ios_tells(legs, expected):
    assert in_seconds(walked(watching(IOS), *legs)) == expected


@pytest.mark.parametrize(
    ("phase_s", "legs", "expected"),
    [
        # walks in and stays: at 84 m after 416 s, seen at 480 s
        (0, [leg(0, FAR, 500, (0, 0))], [(480, "entry")]),
        # walks through: out at 116 m after 616 s, seen at 720 s
        (0, [leg(0, FAR, 1_000, (500, 0))], [(480, "entry"), (720, "exit")]),
        # the same walk, seen by a phone that looks 30 s later, and one that looks just in time
        (30, [leg(0, FAR, 1_000, (500, 0))], [(510, "entry"), (630, "exit")]),
        (57, [leg(0, FAR, 1_000, (500, 0))], [(417, "entry"), (657, "exit")]),
        # and by one that looks a second too early: the next look is at 535 s
        (55, [leg(0, FAR, 1_000, (500, 0))], [(535, "entry"), (655, "exit")]),
        # cycles through between two looks, at 3 m/s from 139 s to 195 s
        (0, [leg(0, FAR, 333, (500, 0))], []),
        # passes 90 m off the centre: inside, and never by 16 m
        (0, [leg(0, (-500, 90), 1_000, (500, 90))], []),
        # walks out to 110 m and stays: outside, and not by 16 m
        (0, [leg(0, FAR, 610, (110, 0))], [(480, "entry")]),
        # out for a minute between two looks, from 616 s to 676 s: never noticed
        (0, [leg(0, FAR, 646, (146, 0)), leg(646, (146, 0), 792, (0, 0))], [(480, "entry")]),
        # a change of legs makes no difference to what is seen
        (0, [leg(0, FAR, 420, (-80, 0)), leg(420, (-80, 0), 450, (-80, 0))], [(480, "entry")]),
    ],
)
def test_android_tells(phase_s, legs, expected):
    assert in_seconds(walked(watching(ANDROID, phase_s=phase_s), *legs)) == expected


# Inside at registration


@pytest.mark.parametrize("away_m", [0, 70, 90, 99])
def test_ios_says_nothing_of_a_region_it_is_in_at_registration_but_tells_the_exit(away_m):
    monitor = RegionMonitor(IOS, spot((away_m, 0)), 0)
    assert monitor.register(0, [CAFE]) == [CAFE]
    assert monitor.next_ms == inf
    walk_out = leg(100, (away_m, 0), 600 - away_m, (500, 0))
    assert in_seconds(walked(monitor, walk_out)) == [(320 - away_m, "exit")]


def test_ios_inside_at_registration_enters_again_only_after_an_exit():
    walk = [leg(0, (0, 0), 150, (150, 0)), leg(150, (150, 0), 300, (0, 0))]
    assert in_seconds(walked(watching(IOS, at=(0, 0)), *walk)) == []
    walk = [leg(0, (0, 0), 250, (250, 0)), leg(250, (250, 0), 500, (0, 0))]
    assert in_seconds(walked(watching(IOS, at=(0, 0)), *walk)) == [(220, "exit"), (445, "entry")]


@pytest.mark.parametrize("away_m", [101, 150, 199])
def test_ios_outside_by_less_than_the_buffer_is_outside_at_registration(away_m):
    monitor = RegionMonitor(IOS, spot((away_m, 0)), 0)
    assert monitor.register(0, [CAFE]) == []
    assert monitor.next_ms == inf
    assert in_seconds(walked(monitor, leg(0, (away_m, 0), away_m, (0, 0)))) == [(away_m - 75 + 20, "entry")]


@pytest.mark.parametrize(
    ("phase_s", "registered_s", "expected"),
    [
        (0, 1, [(120, "entry")]),  # at the next look
        (30, 1, [(30, "entry")]),
        (0, 0, [(0, "entry")]),  # at once, where the phone is just looking
        (0, 119, [(120, "entry")]),
    ],
)
def test_android_reports_a_region_it_is_in_at_registration(phase_s, registered_s, expected):
    monitor = RegionMonitor(ANDROID, spot((0, 0)), phase_s * 1000)
    assert monitor.register(registered_s * 1000, [CAFE]) == []
    assert in_seconds(walked(monitor)) == expected


def test_android_within_16_m_of_the_boundary_at_registration_says_nothing():
    assert in_seconds(walked(watching(ANDROID, at=(90, 0)))) == []


def test_what_happened_before_registration_does_not_count_towards_the_hold():
    monitor = RegionMonitor(IOS, spot((150, 0)), 0)
    monitor.move(0, leg(0, (150, 0), 10, (0, 0)))
    monitor.register(3_000, [CAFE])  # at 105 m: outside; within 75 m from 5 s on
    assert in_seconds(told_until(monitor, inf)) == [(25, "entry")]


def test_registered_on_the_way_through():
    monitor = RegionMonitor(IOS, spot(FAR), 0)
    monitor.move(0, leg(0, FAR, 1_000, (500, 0)))
    assert monitor.register(500_000, [CAFE]) == [CAFE]  # just at the centre
    assert in_seconds(told_until(monitor, inf)) == [(720, "exit")]


# How many, and which


@pytest.mark.parametrize(("rules", "most"), [(IOS, 20), (ANDROID, 100)])
def test_no_more_regions_than_the_os_allows_nearest_first(rules, most):
    here = [place(f"here-{i:03d}") for i in range(most + 5)]
    monitor = RegionMonitor(rules, spot(FAR), 0)
    monitor.register(0, here)
    told = walked(monitor, leg(1, FAR, 501, (0, 0)))
    assert [report.poi for report in told] == here[:most]


def test_a_poi_that_is_named_twice_is_monitored_once():
    monitor = watching(msgspec.structs.replace(IOS, most=2), pois=(CAFE, CAFE, place("kiosk")))
    told = walked(monitor, leg(0, FAR, 500, (0, 0)))
    assert [(report.poi.id, report.kind) for report in told] == [("cafe", "entry"), ("kiosk", "entry")]


def test_regions_that_the_phone_is_in_stay_monitored_after_a_new_registration():
    monitor = watching(IOS)
    entry = walked(monitor, leg(0, FAR, 500, (0, 0)))
    assert in_seconds(entry) == [(445, "entry")]
    assert monitor.register(600_000, [place("market", east_m=2_000)]) == []
    told = walked(monitor, leg(1_000, (0, 0), 4_000, (3_000, 0)))
    assert [(report.poi.id, *seconds) for report, seconds in zip(told, in_seconds(told), strict=True)] == [
        ("cafe", 1_220, "exit"),
        ("market", 2_945, "entry"),
        ("market", 3_220, "exit"),
    ]


def test_those_it_is_in_count_towards_the_most():
    monitor = RegionMonitor(msgspec.structs.replace(IOS, most=2), spot((0, 0)), 0)
    assert monitor.register(0, [CAFE]) == [CAFE]
    monitor.register(1_000, [place("east", east_m=1_000), place("west", east_m=-1_000)])
    told = walked(monitor, leg(2, (0, 0), 1_502, (1_500, 0)), leg(1_502, (1_500, 0), 4_502, (-1_500, 0)))
    assert {report.poi.id for report in told} == {"cafe", "east"}


def test_regions_that_are_not_named_again_are_forgotten():
    monitor = watching(IOS)
    monitor.register(1_000, [place("market", east_m=5_000)])
    assert in_seconds(walked(monitor, leg(2, FAR, 502, (0, 0)))) == []


def test_regions_that_are_named_again_go_on_as_they_were():
    # half-way through the hold the same list comes again: the hold is not begun anew, nothing is told twice
    monitor = watching(IOS)
    told = walked_until(monitor, 435, leg(0, FAR, 500, (0, 0)))
    assert monitor.register(435_000, [CAFE]) == []
    told += told_until(monitor, 460_000)
    assert monitor.register(460_000, [CAFE]) == []
    assert in_seconds(told + told_until(monitor, inf)) == [(445, "entry")]


def walked_until(monitor: RegionMonitor, until_s: float, *legs: Leg):
    """As `walked`, but no further than `until_s`."""
    reports = []
    for each in legs:
        monitor.move(each.depart_ms, each)
        reports += told_until(monitor, until_s * 1000)
    return reports


# The monitor as a machine: told, asked, told again


def test_a_phone_that_stands_still_costs_nothing():
    assert watching(IOS).next_ms == inf
    assert watching(ANDROID).next_ms == inf


def test_due_hands_out_what_is_ripe_and_no_more():
    monitor = watching(IOS)
    monitor.move(0, leg(0, FAR, 1_000, (500, 0)))
    at_ms = int(monitor.next_ms)
    assert at_ms in (445_000, 445_001)
    assert monitor.due(at_ms - 1) == []
    assert in_seconds(monitor.due(at_ms)) == [(445, "entry")]
    assert monitor.due(at_ms) == []
    assert int(monitor.next_ms) in (720_000, 720_001)


def test_who_asks_late_is_told_all_of_it_with_the_times_of_the_os():
    monitor = watching(IOS, pois=(CAFE, place("kiosk", east_m=50), place("market", east_m=1_000)))
    monitor.move(0, leg(0, FAR, 2_000, (1_500, 0)))
    late = monitor.due(10_000_000)
    assert [(report.poi.id, *seconds) for report, seconds in zip(late, in_seconds(late), strict=True)] == [
        ("cafe", 445, "entry"),
        ("kiosk", 495, "entry"),
        ("cafe", 720, "exit"),
        ("kiosk", 770, "exit"),
        ("market", 1_445, "entry"),
        ("market", 1_720, "exit"),
    ]
    assert monitor.next_ms == inf


def test_reports_of_one_moment_come_in_the_order_of_their_ids():
    monitor = watching(ANDROID, pois=(place("b"), place("c"), place("a")))
    assert [report.poi.id for report in walked(monitor, leg(0, FAR, 500, (0, 0)))] == ["a", "b", "c"]


def test_it_knows_where_the_phone_is():
    monitor = watching(IOS)
    assert monitor.at(0) == spot(FAR)
    monitor.move(0, leg(0, FAR, 1_000, (500, 0)))
    assert monitor.at(250_000).lon == pytest.approx(moved(CENTRE, -250, 0).lon, abs=1e-9)
    assert monitor.at(5_000_000) == spot((500, 0))


@pytest.mark.parametrize(
    ("now_s", "radius_m", "expected_s"),
    [
        (0, 400, 0),  # is outside now
        (0, 600, 1_100),  # is inside; leaves on this leg
        (300, 600, 1_100),
        (1_100, 600, 1_100),
        (1_200, 600, 1_200),
        (500, 2_000, inf),  # never on this leg
    ],
)
def test_when_the_phone_will_be_so_far_away(now_s, radius_m, expected_s):
    monitor = watching(IOS)
    monitor.move(0, leg(0, FAR, 1_500, (1_000, 0)))
    assert monitor.outside_after_ms(now_s * 1000, CENTRE, radius_m) == pytest.approx(expected_s * 1000, abs=0.1)
