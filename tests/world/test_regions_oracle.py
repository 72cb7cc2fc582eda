"""The region monitor in closed form against a naive phone that looks four times a second.

Looking every STEP_MS, the naive phone may see a boundary crossed up to one step late, in which time it moves at most
MARGIN_M. So there are two of it: an eager one, for which every boundary is MARGIN_M nearer, and a reluctant one, for
which it is MARGIN_M farther. Whatever the reluctant one reports is true of the exact phone, no later; whatever the
exact phone reports is true of the eager one, no later than a step after. With ever the same reports in ever the same
order, the n-th report of the monitor must lie between the n-th of the two. No example is thrown away as too close to
call.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitored import CENTRE, Metres, place, spot, told_until

from footfall.world.geo import Leg, Point, distance_m
from footfall.world.pois import Poi
from footfall.world.regions import ANDROID, IOS, OsRules, RegionMonitor, Report
from footfall.world.streams import Stream, key_of

STEP_MS = 250
FASTEST_MPS = 12.0
MARGIN_M = FASTEST_MPS * STEP_MS / 1000 + 0.1  # and 0.1 m for the plane


class Move(msgspec.Struct, frozen=True):
    """Off to `goal` at so many m/s; given up after `share` of the way; then standing still for `pause_s`."""

    goal: Metres
    speed_mps: float
    share: float
    pause_s: int


class Trip(msgspec.Struct, frozen=True):
    """A phone's way past one place: where it starts, when it registers the place, and what it does then."""

    start: Metres
    radius_m: float
    register_s: int
    phase_s: int
    moves: tuple[Move, ...]

    @property
    def poi(self) -> Poi:
        """The place."""
        return place("cafe", radius_m=self.radius_m)

    def legs(self) -> tuple[list[Leg], int]:
        """Legs, some of which end when the next one departs, before they are over; and when all is over."""
        legs: list[Leg] = []
        here, now_ms = spot(self.start), 0
        for move in self.moves:
            goal = spot(move.goal)
            took_ms = int(distance_m(here, goal) / move.speed_mps * 1000) + 1
            legs.append(Leg(start=here, end=goal, depart_ms=now_ms, arrive_ms=now_ms + took_ms))
            now_ms += int(took_ms * move.share)
            here = legs[-1].at(now_ms)
            if move.pause_s:
                legs.append(Leg(start=here, end=here, depart_ms=now_ms, arrive_ms=now_ms))
                now_ms += move.pause_s * 1000
        return legs, now_ms + 300_000


def monitored(trip: Trip, rules: OsRules) -> list[Report]:
    """What the monitor under test reports."""
    monitor = RegionMonitor(rules, spot(trip.start), trip.phase_s * 1000)
    legs, end_ms = trip.legs()
    reports = []
    register_ms: float = min(trip.register_s * 1000, end_ms)
    for each in legs:
        if register_ms <= each.depart_ms:
            monitor.register(int(register_ms), [trip.poi])
            register_ms = inf
        reports += told_until(monitor, each.depart_ms)
        monitor.move(each.depart_ms, each)
    if register_ms < inf:
        monitor.register(int(register_ms), [trip.poi])
    return reports + told_until(monitor, end_ms)


class Naive:
    """Looks at the phone again and again, and counts how long it has been on the other side."""

    def __init__(self, trip: Trip, rules: OsRules) -> None:
        self.rules = rules
        self.radius_m = trip.radius_m
        legs, end_ms = trip.legs()
        register_ms = min(trip.register_s * 1000, end_ms)
        looks = list(range(register_ms, end_ms + 1, STEP_MS))
        if rules.poll_ms:
            looks = [t for t in range(trip.phase_s * 1000, end_ms + 1, rules.poll_ms) if t >= register_ms]
        departures = [*(each.depart_ms for each in legs[1:]), inf]
        here = iter(zip(legs, departures, strict=True))
        leg, until = next(here)
        away = []
        for now_ms in sorted({register_ms, *looks}):
            while now_ms >= until:
                leg, until = next(here)
            away.append((now_ms, distance_m(leg.at(now_ms), CENTRE)))
        self.starts_inside = not rules.reports_inside and away[0][1] <= trip.radius_m
        self.away = away if register_ms in looks else away[1:]

    def reports(self, margin_m: float) -> list[tuple[int, str]]:
        """(ms, entry | exit) where the boundaries are so much nearer."""
        in_m = self.radius_m - self.rules.buffer_in_m(self.radius_m) + margin_m
        out_m = self.radius_m + self.rules.buffer_out_m - margin_m
        inside, since_ms, told = self.starts_inside, None, []
        for now_ms, away_m in self.away:
            other_side = away_m >= out_m if inside else away_m <= in_m
            if not other_side:
                since_ms = None
                continue
            since_ms = now_ms if since_ms is None else since_ms
            if now_ms - since_ms >= self.rules.hold_ms:
                inside, since_ms = not inside, None
                told.append((now_ms, "entry" if inside else "exit"))
        return told


def quarrel(trip: Trip, rules: OsRules, monitor_rules: OsRules | None = None) -> str:
    """Where the monitor and the naive phones contradict each other; "" if nowhere."""
    told = [(report.at_ms, report.kind) for report in monitored(trip, monitor_rules or rules)]
    naive = Naive(trip, rules)
    margin_m = 0.1 if rules.poll_ms else MARGIN_M  # looks of the OS itself are not late
    eager, reluctant = naive.reports(margin_m), naive.reports(-margin_m)
    if not len(reluctant) <= len(told) <= len(eager):
        return f"{told} is not between {reluctant} and {eager}"
    for (at_ms, kind), (early_ms, early_kind) in zip(told, eager, strict=False):
        if kind != early_kind or at_ms < early_ms - STEP_MS:
            return f"{kind} at {at_ms} before {early_kind} at {early_ms}"
    for (at_ms, kind), (late_ms, late_kind) in zip(told, reluctant, strict=False):
        if kind != late_kind or at_ms > late_ms:
            return f"{kind} at {at_ms} after {late_kind} at {late_ms}"
    return ""


near = st.floats(-400, 400)
trips = st.builds(
    Trip,
    start=st.tuples(near, near),
    radius_m=st.sampled_from([50.0, 100.0, 150.0, 250.0]),
    register_s=st.sampled_from([0, 0, 10, 60]),
    phase_s=st.integers(0, 119),
    moves=st.lists(
        st.builds(
            Move,
            goal=st.tuples(near, near),
            speed_mps=st.floats(0.5, FASTEST_MPS),
            share=st.sampled_from([1.0, 1.0, 0.3, 0.7]),
            pause_s=st.sampled_from([0, 0, 5, 15, 60]),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(trip=trips)
def test_ios_in_closed_form_says_what_looking_all_the_time_says(trip):
    assert not quarrel(trip, IOS)


@settings(max_examples=100, deadline=None)
@given(trip=trips)
def test_android_in_closed_form_says_what_looking_every_two_minutes_says(trip):
    assert not quarrel(trip, ANDROID)


@settings(max_examples=100, deadline=None)
@given(trip=trips, rules=st.sampled_from([IOS, ANDROID]))
def test_entries_and_exits_alternate_and_time_goes_forward(trip, rules):
    reports = monitored(trip, rules)
    assert all(one.kind != other.kind for one, other in pairwise(reports))
    assert all(one.at_ms + rules.hold_ms <= other.at_ms for one, other in pairwise(reports))
    assert {report.poi for report in reports} <= {trip.poi}
    if rules.poll_ms:
        assert all((report.at_ms - trip.phase_s * 1000) % rules.poll_ms == 0 for report in reports)


@settings(max_examples=60, deadline=None)
@given(trip=trips, rules=st.sampled_from([IOS, ANDROID]), late_ms=st.integers(1, 10**7))
def test_asking_late_makes_no_difference(trip, rules, late_ms):
    monitor = RegionMonitor(rules, spot(trip.start), trip.phase_s * 1000)
    monitor.register(0, [trip.poi])
    legs, _ = msgspec.structs.replace(trip, moves=trip.moves[:1]).legs()
    monitor.move(0, legs[0])
    in_time = RegionMonitor(rules, spot(trip.start), trip.phase_s * 1000)
    in_time.register(0, [trip.poi])
    in_time.move(0, legs[0])
    assert monitor.due(late_ms) == told_until(in_time, late_ms)


NEIGHBOURS = (
    place("cafe"),
    place("kiosk", north_m=150.0, radius_m=60.0),
    place("market", east_m=-200.0, north_m=-50.0, radius_m=200.0),
    place("museum", east_m=5_000.0, radius_m=100.0),
)


@settings(max_examples=60, deadline=None)
@given(trip=trips, rules=st.sampled_from([IOS, ANDROID]), again=st.booleans())
def test_each_region_is_monitored_as_if_it_were_alone(trip, rules, again):
    # and it makes no difference whether the same list is registered again with every leg
    def reports(*pois: Poi) -> list[Report]:
        monitor = RegionMonitor(rules, spot(trip.start), trip.phase_s * 1000)
        monitor.register(0, pois)
        legs, end_ms = trip.legs()
        told = []
        for each in legs:
            told += told_until(monitor, each.depart_ms)
            monitor.move(each.depart_ms, each)
            if again:
                monitor.register(each.depart_ms, pois)
        return told + told_until(monitor, end_ms)

    alone = [report for poi in NEIGHBOURS for report in reports(poi)]
    assert reports(*NEIGHBOURS) == sorted(alone, key=lambda report: (report.at_ms, report.poi.id))


# Convict before you trust: the same oracle over a hundred trips of fixed streams


def drawn_trip(number: int) -> Trip:
    """A trip like Hypothesis's, out of a stream."""
    stream = Stream(key_of("trip", number))

    def goal() -> Metres:
        return (stream.between(-400, 400), stream.between(-400, 400))

    return Trip(
        start=goal(),
        radius_m=(50.0, 100.0, 150.0, 250.0)[stream.whole(0, 3)],
        register_s=stream.whole(0, 1) * 30,
        phase_s=stream.whole(0, 119),
        moves=tuple(
            Move(goal(), stream.between(0.5, 8.0), (1.0, 0.5)[stream.whole(0, 1)], stream.whole(0, 1) * 15)
            for _ in range(4)
        ),
    )


@pytest.mark.parametrize("rules", [IOS, ANDROID], ids=["ios", "android"])
def test_the_trips_are_worth_their_walk(rules):
    trips = [drawn_trip(number) for number in range(60)]
    told = [len(monitored(trip, rules)) for trip in trips]
    assert sum(told) >= 60  # entries and exits enough to be wrong about
    assert sum(count >= 3 for count in told) >= 5  # and some trips with several
    assert not any(quarrel(trip, rules) for trip in trips)


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (IOS, {"hold_ms": 17_000}),
        (IOS, {"hold_ms": 23_000}),
        (IOS, {"buffer_in_share": 0.0}),  # naive entries
        (IOS, {"buffer_in_share": 0.35}),
        (IOS, {"buffer_out_m": 80.0}),
        (IOS, {"buffer_out_m": 120.0}),
        (IOS, {"reports_inside": True}),
        (ANDROID, {"poll_ms": 60_000}),
        (ANDROID, {"buffer_in_most_m": 12.0}),
        (ANDROID, {"buffer_out_m": 24.0}),
        (ANDROID, {"reports_inside": False}),
        (ANDROID, {"hold_ms": 5_000}),
    ],
)
def test_a_monitor_with_a_wrong_rule_is_convicted(rules, wrong):
    wrong_rules = msgspec.structs.replace(rules, **wrong)
    assert any(quarrel(drawn_trip(number), rules, wrong_rules) for number in range(60))


class Forgetful(RegionMonitor):
    """A monitor with a fault: at a change of legs it loses sight of the phone, and the hold of an entry begins anew."""

    def move(self, now_ms: int, leg: Leg) -> None:
        away = spot((50_000, 0))
        super().move(now_ms, Leg(start=away, end=away, depart_ms=now_ms, arrive_ms=now_ms))
        super().move(now_ms, leg)


def test_a_monitor_that_forgets_the_hold_is_convicted(monkeypatch):
    monkeypatch.setattr("test_regions_oracle.RegionMonitor", Forgetful)
    assert any(quarrel(drawn_trip(number), IOS) for number in range(60))


def test_the_naive_phone_walks_as_the_monitored_one_does():
    # else the oracle would prove nothing: a literal trip, straight through at 1 m/s, each boundary 0.1 m nearer
    trip = Trip((-500.0, 0.0), 100.0, 0, 0, (Move((500.0, 0.0), 1.0, 1.0, 0),))
    assert Naive(trip, IOS).reports(0.1) == [(445_000, "entry"), (720_000, "exit")]
    assert Naive(trip, ANDROID).reports(0.1) == [(480_000, "entry"), (720_000, "exit")]
    assert Point(lon=trip.poi.lon, lat=trip.poi.lat) == CENTRE
