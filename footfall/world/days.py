"""One person's weeks: stays and the trips between them, drawn lazily, a function of (town, seed, person) alone.

A week has its anchors: a home, and for six in ten a work place. Around them people explore and return: with the
probability rho S^-gamma somebody who knows S places goes to a new one, drawn by gravity, else back to a known one by
how often they were there (exploration and preferential return, Song et al. 2010; d-EPR, Pappalardo et al. 2015; rho
0.6 and gamma 0.21 as in scikit-mobility's models/epr.py). What they go out for depends on the hour, and the hour on
work, weekday and whim.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import accumulate

import msgspec

from footfall.world.day_places import Place, Town
from footfall.world.day_purposes import Purpose, closes_after_ms, draw_purpose
from footfall.world.day_trips import Habits, Route, Trip, draw_mode, expected_ms, roam, trip
from footfall.world.geo import Leg, Point, distance_m, moved
from footfall.world.streams import Stream, key_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MINUTE_MS = 60_000
WORKERS = 0.6
RHO, GAMMA = 0.6, 0.21
# what somebody knows of the town before the first day: so many places, the r-th of them visited 1/r as often
KNOWN_BEFORE = (6, 14)
VISITS_BEFORE = 8.0
# how far people go for it, and how near to home they work: fitted to GeoLife's jumps and radii of gyration
REACH = (0.75, 1.1)
WORK_POWER = (0.0, 0.6)
RETURN_POWER = 2.0
RETURN_SCALE_M = 1_000.0  # a known place draws less the farther away it is
WORKS_TODAY = 0.9  # of the weekdays; on the others there is leave, illness, part time
ZEST_SIGMA = 0.40
SLEEP_MS = 5 * HOUR_MS  # nobody leaves home again before
LAST_ERRAND_MS = 21 * HOUR_MS + HOUR_MS // 2  # since midnight
SHORTEST_STAY_MS = 4 * MINUTE_MS
SPOT_M = 12.0  # people stand so near the middle of a place (standard deviation)


class Stay(msgspec.Struct, frozen=True):
    """At a place from `arrive_ms` to `depart_ms`, milliseconds since the Monday, 0 h, on which the plan begins. `spot`
    is where exactly; `legs` the walking about in there, which begins and ends at the spot."""

    place: Place
    spot: Point
    arrive_ms: int
    depart_ms: int
    legs: tuple[Leg, ...] = ()


class Person(msgspec.Struct, frozen=True):
    """What stays the same about somebody. `starts_h` and `works_h`: when work begins, and for how many hours.
    `outgoing` scales how often they go out,
    `reach` how far they go for it: the power of the gravity is divided by it."""

    home: Place
    work: Place | None
    starts_h: float
    works_h: float
    outgoing: float
    reach: float
    habits: Habits


def draw_person(town: Town, seed: int, number: int) -> Person:
    """Person `number`: the same one whoever was drawn before."""
    stream = Stream(key_of(seed, "days", number, "person"))
    home = Place(f"home-{number}", "home", town.home(stream))
    works = stream.unit() < WORKERS
    work = Place(f"work-{number}", "work", town.work(home.point, stream, stream.between(*WORK_POWER)))
    return Person(
        home=home,
        work=work if works else None,
        starts_h=8.6 + 0.8 * stream.normal(),
        works_h=max(4.0, 8.3 + 0.9 * stream.normal()),
        outgoing=stream.lognormal(0.8, 0.35),
        reach=stream.between(*REACH),
        habits=Habits(has_car=stream.unit() < 0.5, cycles=stream.unit() < 0.35, walks_m=stream.lognormal(1_600.0, 0.3)),
    )


def weeks(town: Town, seed: int, number: int, route: Route | None = None) -> Iterator[Stay | Trip]:
    """Person `number`'s life from Monday 0 h on, endless: a stay, a trip, a stay, ... that follow each other without a
    gap. `route` is the way through streets; without one trips take detours."""
    return _Diary(town, seed, number, route).parts()


def legs_of(parts: Iterator[Stay | Trip], until_ms: int) -> Iterator[Leg]:
    """The legs of the parts that begin before `until_ms`, in order of time; whoever is between two legs stands."""
    for part in parts:
        if (part.arrive_ms if isinstance(part, Stay) else part.depart_ms) >= until_ms:
            return
        yield from part.legs


# departure from here, the next place, what for
_Move = tuple[int, Place, Purpose | None]


class _Diary:
    """One person's memory while the weeks unroll."""

    __slots__ = ("_here", "_known", "_now", "_person", "_plan", "_route", "_town", "_ways")

    def __init__(self, town: Town, seed: int, number: int, route: Route | None) -> None:
        self._town = town
        self._person = draw_person(town, seed, number)
        self._plan = Stream(key_of(seed, "days", number, "plan"))
        self._ways = Stream(key_of(seed, "days", number, "ways"))  # apart from the plan
        self._route = route
        self._here = self._person.home
        self._now = 0
        self._known: dict[Place, float] = {}
        self._remember()

    def _remember(self) -> None:
        """Fills the memory as if some weeks had passed before the first day."""
        anchors = [self._person.home, *([self._person.work] if self._person.work else [])]
        for rank in range(1, 1 + self._plan.whole(*KNOWN_BEFORE)):
            hour = self._plan.whole(8, 20)
            purpose = draw_purpose(hour, self._town.categories, self._plan)
            if purpose is not None:
                near = anchors[self._plan.whole(0, len(anchors) - 1)]
                place = self._new_place(purpose, near)
                self._known[place] = self._known.get(place, 0.0) + VISITS_BEFORE / rank

    def parts(self) -> Iterator[Stay | Trip]:
        """See `weeks`."""
        spot = self._here.point
        arrive = 0
        roams = False
        for depart, there, purpose in self._moves():
            depart = max(depart, arrive + MINUTE_MS)
            yield self._stay(spot, arrive, depart, roams)
            goal = self._spot(there)
            mode = draw_mode(distance_m(spot, goal), self._person.habits, self._ways)
            way = trip(spot, goal, depart, mode, self._ways, self._route)
            self._here, self._now = there, way.arrive_ms
            yield way
            spot, arrive = goal, way.arrive_ms
            roams = purpose is not None and purpose.roams

    def _stay(self, spot: Point, arrive: int, depart: int, roams: bool) -> Stay:
        legs: tuple[Leg, ...] = ()
        if roams:
            reach_m = 45.0 if self._here.category == "park" else 14.0
            start = arrive + self._ways.whole(0, 3 * MINUTE_MS)
            end = start + round(0.5 * (depart - start) * self._ways.unit())
            legs = tuple(roam(spot, reach_m, start, min(end, depart), self._ways))
        return Stay(self._here, spot, arrive, depart, legs)

    def _spot(self, place: Place) -> Point:
        sigma_m = 2.0 if place.category in ("home", "work") else SPOT_M
        return moved(place.point, sigma_m * self._ways.normal(), sigma_m * self._ways.normal())

    # What comes next: (departure from here, next place, what for). When the generator goes on, the person is there.

    def _moves(self) -> Iterator[_Move]:
        day = 0
        while True:
            midnight = day * DAY_MS
            weekday = day % 7
            works = self._person.work is not None and weekday < 5 and self._plan.unit() < WORKS_TODAY
            # days differ more than people do
            zest = self._person.outgoing * self._plan.lognormal(1.0, ZEST_SIGMA)
            if works:
                yield from self._work_day(midnight, zest)
            else:
                yield from self._free_day(midnight, zest, late=weekday >= 5)
            day += 1

    def _work_day(self, midnight: int, zest: float) -> Iterator[_Move]:
        person, plan = self._person, self._plan
        work = person.work or person.home
        away_m = distance_m(person.home.point, work.point)
        starts = midnight + round(HOUR_MS * (person.starts_h + 0.3 * plan.normal()))
        leaves = max(starts - expected_ms(away_m), self._now + SLEEP_MS)
        if plan.unit() < 0.18 * zest:
            leaves = yield from self._errand(leaves - 25 * MINUTE_MS)
        yield leaves, work, None
        ends = max(starts, self._now) + round(HOUR_MS * max(2.0, person.works_h + 0.6 * plan.normal()))
        leaves = ends
        if plan.unit() < 0.4 * zest:
            lunch = midnight + round(HOUR_MS * (12.2 + 0.45 * plan.normal()))
            leaves = yield from self._out_of_work(max(lunch, self._now + HOUR_MS // 2), ends)
        if plan.unit() < 0.18 * zest and self._here is work:
            again = midnight + round(HOUR_MS * plan.between(14.0, 16.5))
            leaves = yield from self._out_of_work(max(again, self._now + HOUR_MS), ends)
        while plan.unit() < 0.5 * min(zest, 1.6) and leaves < midnight + LAST_ERRAND_MS:
            leaves = yield from self._errand(leaves)
        yield leaves, person.home, None
        if plan.unit() < 0.15 * zest:
            leaves = self._now + round(HOUR_MS * plan.lognormal(0.9, 0.5))
            yield from self._outing(leaves, 0.3 * zest, midnight)

    def _out_of_work(self, leaves: int, ends: int) -> Generator[_Move, None, int]:
        """Away from work for an errand, and back if work is not over soon; returns when to leave for the evening."""
        leaves = yield from self._errand(leaves)
        work = self._person.work
        if work is not None and leaves < ends - HOUR_MS // 2:
            yield leaves, work, None
            return max(ends, self._now + HOUR_MS // 3)
        return leaves

    def _free_day(self, midnight: int, zest: float, late: bool) -> Iterator[_Move]:
        plan = self._plan
        leaves = midnight + round(HOUR_MS * ((10.6 if late else 9.8) + 1.6 * plan.normal()))
        leaves = max(leaves, self._now + SLEEP_MS, midnight + 6 * HOUR_MS)
        chance = 1.0 - 0.12 / zest
        while leaves < midnight + LAST_ERRAND_MS and plan.unit() < chance:
            yield from self._outing(leaves, 0.95 * zest, midnight)
            leaves = self._now + round(HOUR_MS * plan.lognormal(1.7, 0.6))
            chance = 0.3 * zest

    def _outing(self, leaves: int, more: float, midnight: int) -> Iterator[_Move]:
        """From home to one place or several, and home again."""
        leaves = yield from self._errand(leaves)
        while self._plan.unit() < min(more, 0.85) and leaves < midnight + LAST_ERRAND_MS:
            leaves = yield from self._errand(leaves)
        if self._here is not self._person.home:
            yield leaves, self._person.home, None

    def _errand(self, leaves: int) -> Generator[_Move, None, int]:
        """To one place, for what the hour suggests; returns when to leave it: when it closes at the latest. Goes
        nowhere when everything is closed."""
        hour = leaves // HOUR_MS % 24
        purpose = draw_purpose(hour, self._town.categories, self._plan)
        place = None if purpose is None else self._choose(purpose)
        if purpose is None or place is None:
            return leaves
        yield leaves, place, purpose
        dwell = self._plan.lognormal(purpose.dwell_min, purpose.dwell_sigma) * MINUTE_MS
        closes = self._now // HOUR_MS * HOUR_MS + closes_after_ms(purpose, self._now // HOUR_MS % 24)
        return max(self._now + SHORTEST_STAY_MS, min(self._now + round(dwell), closes))

    def _choose(self, purpose: Purpose) -> Place | None:
        """A new place or a known one, never the one where the person is; None when there is no other."""
        fitting = [place for place in self._known if place.category in purpose.categories and place != self._here]
        explores = self._plan.unit() < RHO * max(1, len(self._known)) ** -GAMMA
        if explores or not fitting:
            place = self._new_place(purpose, self._here)
            if place == self._here:
                return None
        else:
            here = self._here.point
            draw = tuple(
                accumulate(
                    self._known[known] / (1.0 + distance_m(here, known.point) / RETURN_SCALE_M) ** RETURN_POWER
                    for known in fitting
                )
            )
            place = fitting[self._plan.index(draw)]
        self._known[place] = self._known.get(place, 0.0) + 1.0
        return place

    def _new_place(self, purpose: Purpose, near: Place) -> Place:
        open_to = [name for name in purpose.categories if name in self._town.categories]
        category = open_to[self._plan.whole(0, len(open_to) - 1)]
        return self._town.draw(near.point, category, purpose.power / self._person.reach, self._plan)
