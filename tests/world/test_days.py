"""A person's weeks: stays and trips without a gap, the same whoever else was made, with the rhythm of people."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from footfall.world.day_places import REGION_RADIUS_M, Town
from footfall.world.day_purposes import PURPOSES, closes_after_ms, draw_purpose
from footfall.world.day_trips import FASTEST_MPS
from footfall.world.days import DAY_MS, HOUR_MS, WORKERS, Stay, Trip, draw_person, weeks
from footfall.world.geo import Point, distance_m
from footfall.world.pois import Poi
from footfall.world.streams import Stream, key_of

SEED = 5
POIS = tuple(
    Poi(f"poi-{i}", f"Place {i}", 24.94 + 0.002 * (i % 4), 60.17 + 0.001 * (i // 4), 100.0, "lib", 100, category, ())
    for i, category in enumerate(["shop", "cafe", "museum", "station"] * 3)
)
TOWN = Town(POIS, SEED)


def days(number: int, count: int = 7, town: Town = TOWN, seed: int = SEED) -> list[Stay | Trip]:
    """The parts that begin in the first days."""
    return list(
        takewhile(lambda part: (part.arrive_ms if isinstance(part, Stay) else part.depart_ms) < count * DAY_MS,
                  weeks(town, seed, number))
    )  # fmt: skip


@pytest.mark.parametrize("number", range(12))
def test_stays_and_trips_follow_each_other_without_a_gap(number):
    parts = days(number)
    assert isinstance(parts[0], Stay)
    assert parts[0].arrive_ms == 0
    for a, b in pairwise(parts):
        # a stay, a trip, a stay: never two of a kind
        assert isinstance(a, Stay) != isinstance(b, Stay)
        if isinstance(a, Stay):
            assert a.arrive_ms < a.depart_ms == b.depart_ms <= b.arrive_ms
        else:
            assert a.arrive_ms == b.arrive_ms


@pytest.mark.parametrize("number", range(12))
def test_legs_go_from_stay_to_stay_one_after_another(number):
    parts = days(number)
    legs = [leg for part in parts for leg in part.legs]
    assert legs
    for a, b in pairwise(legs):
        assert a.arrive_ms <= b.depart_ms
        assert a.end == b.start
    for leg in legs:
        assert leg.depart_ms < leg.arrive_ms
        assert distance_m(leg.start, leg.end) * 1000 <= (FASTEST_MPS + 0.5) * (leg.arrive_ms - leg.depart_ms)
    for stay, trip, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False):
        assert trip.legs[0].start == stay.spot
        assert trip.legs[-1].end == after.spot
        # walking about ends where it began, before the person goes
        assert all(stay.arrive_ms <= leg.depart_ms and leg.arrive_ms <= stay.depart_ms for leg in stay.legs)


def test_a_person_is_the_same_whoever_was_made_before():
    alone = days(7)
    others = [weeks(TOWN, SEED, number) for number in range(5, 10)]
    woven = [[next(other) for other in others] for _ in range(20)]
    assert [row[2] for row in woven] == alone[:20]
    assert days(7, town=Town(POIS, SEED)) == alone
    assert days(8) != alone
    assert days(7, seed=SEED + 1) != alone


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_a_person_is_the_same_for_every_hash_seed(hash_seed):
    program = "import test_days as t; print([(p.arrive_ms, str(getattr(p, 'spot', ''))) for p in t.days(3, 3)])"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}."},
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert run.stdout.strip() == str([(p.arrive_ms, str(getattr(p, "spot", ""))) for p in days(3, 3)])


def test_the_plan_is_lazy_and_never_ends():
    parts = weeks(TOWN, SEED, 1)
    for part in parts:
        if part.arrive_ms > 60 * DAY_MS:
            return
    raise AssertionError("the plan ended")


def test_six_in_ten_have_a_work_place():
    with_work = sum(draw_person(TOWN, SEED, number).work is not None for number in range(1_000))
    assert abs(with_work / 1_000 - WORKERS) < 0.04


def test_nights_are_at_home_and_work_is_on_weekdays():
    at_three, at_work = Counter(), Counter()
    for number in range(30):
        for part in days(number):
            if not isinstance(part, Stay):
                continue
            for day in range(1, 7):
                if part.arrive_ms <= day * DAY_MS + 4 * HOUR_MS < part.depart_ms:
                    at_three[part.place.category] += 1
            if part.place.category == "work":
                at_work["weekday" if part.arrive_ms // DAY_MS < 5 else "weekend"] += 1
    assert at_three["home"] > 0.95 * at_three.total()
    assert at_work["weekday"] > 100
    assert at_work["weekend"] == 0


def test_people_explore_and_return():
    # with rho S^-gamma new places become rarer, and yet never end
    new = [0, 0]
    for number in range(20):
        seen = set()
        for part in days(number, 28):
            if isinstance(part, Stay) and part.place.id not in seen:
                seen.add(part.place.id)
                new[part.arrive_ms >= 14 * DAY_MS] += 1
    assert 0 < new[1] < 0.7 * new[0]


def test_nobody_goes_out_when_everything_is_closed():
    at_four = {draw_purpose(4, TOWN.categories, Stream(key_of(i))) for i in range(50)}
    assert at_four == {None}
    # without a gym in town nobody goes there
    assert draw_purpose(6, frozenset({"restaurant"}), Stream(1)) is None


@pytest.mark.parametrize(
    ("name", "hour", "closes_h"),
    [
        ("grocery", 20, 2),  # open until 22 h
        ("grocery", 21, 1),
        ("culture", 19, 1),  # the hour of closing counts from its beginning
        ("bar", 23, 3),  # past midnight, until 2 h
    ],
)
def test_places_close(name, hour, closes_h):
    purpose = next(purpose for purpose in PURPOSES if purpose.name == name)
    assert closes_after_ms(purpose, hour) == closes_h * HOUR_MS


def test_homes_are_in_the_region_the_denser_the_nearer():
    homes = [draw_person(TOWN, SEED, number).home.point for number in range(400)]
    away = sorted(distance_m(TOWN.centre, home) for home in homes)
    assert away[-1] < REGION_RADIUS_M + 5_000
    # half of the people live within a third of the radius
    assert away[200] < REGION_RADIUS_M / 3


def test_near_places_draw_more_than_far_ones_and_the_more_the_higher_the_power():
    def mean_away_m(power: float) -> float:
        stream = Stream(key_of("test", 1))
        drawn = [TOWN.draw(TOWN.centre, "grocery", power, stream).point for _ in range(300)]
        return sum(distance_m(TOWN.centre, point) for point in drawn) / 300

    assert mean_away_m(3.0) < mean_away_m(2.0) < mean_away_m(0.5)


def test_the_map_has_its_own_places_only():
    # nothing is made up where the map knows what there is
    def away_m(point: Point) -> float:
        return distance_m(TOWN.centre, point)

    made_up = [place for place in TOWN.places if place.id.startswith("made-up")]
    assert len(TOWN.places) - len(made_up) == len(POIS)
    assert min(away_m(place.point) for place in made_up) > max(away_m(Point(lon=poi.lon, lat=poi.lat)) for poi in POIS)


def test_a_town_needs_a_map():
    with pytest.raises(ValueError, match="at least one POI"):
        Town((), 1)


def test_streets_can_say_the_way():
    asked = []

    def straight(start: Point, end: Point, mode: str) -> tuple[Point, Point]:
        asked.append(mode)
        return (start, end)

    for part, _ in zip(weeks(TOWN, SEED, 2, straight), range(20), strict=False):
        if isinstance(part, Trip) and part.mode != "transit":
            assert len(part.legs) == 1
    assert asked
