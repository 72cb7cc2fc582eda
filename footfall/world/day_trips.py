"""How a person gets from one place to another: a mode by distance, a way, and legs with the halts of real traffic.

Without streets the way is a detour: the straight line broken again and again by a sideways shift, its last pieces
turned into corners. Speeds and halts give the moving speeds and turning angles of GeoLife (realism/geolife.json),
where half an hour of moving is mostly walking, and cars and buses crawl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import cos, hypot, radians
from typing import Literal

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, moved, wrapped
from footfall.world.streams import Stream

Mode = Literal["walk", "bicycle", "car", "transit"]
# The way from one point to another, both included; from streets, or None for detours.
Route = Callable[[Point, Point, Mode], Sequence[Point]]

FASTEST_MPS = 33.0
SHORTEST_LEG_M = 3.0


class Pace(msgspec.Struct, frozen=True):
    """How a mode moves. A leg's speed is the trip's times a lognormal of `leg_sigma`; the trip's is `speed_mps` times
    one of `trip_sigma`, and grows by `per_km` for every kilometre. After a leg there is a halt with `halt_share`, for
    an exponential time of mean `halt_s`. `piece_m`: how far a way goes without a bend."""

    speed_mps: float
    per_km: float
    trip_sigma: float
    leg_sigma: float
    halt_share: float
    halt_s: float
    piece_m: float
    corner_share: float


PACES: dict[Mode, Pace] = {
    "walk": Pace(1.28, 0.0, 0.12, 0.22, 0.16, 22.0, 110.0, 0.45),
    "bicycle": Pace(3.5, 0.0, 0.18, 0.25, 0.15, 18.0, 190.0, 0.40),
    "car": Pace(4.5, 0.11, 0.20, 0.40, 0.38, 30.0, 330.0, 0.30),
    "transit": Pace(3.9, 0.13, 0.20, 0.35, 0.50, 26.0, 420.0, 0.22),
}


class Habits(msgspec.Struct, frozen=True):
    """How a person likes to get about."""

    has_car: bool
    cycles: bool
    walks_m: float  # as far as this half of the ways are walked


class Trip(msgspec.Struct, frozen=True):
    """From one stay to the next. Between its legs, which never overlap, the person stands."""

    mode: Mode
    depart_ms: int
    arrive_ms: int
    legs: tuple[Leg, ...]


def draw_mode(away_m: float, habits: Habits, stream: Stream) -> Mode:
    """Short ways are walked, the more surely the shorter; longer ones go by what the person has."""
    if stream.unit() < 1.0 / (1.0 + (away_m / habits.walks_m) ** 3):
        return "walk"
    if habits.cycles and away_m < 7_000.0 and stream.unit() < 0.7:
        return "bicycle"
    if habits.has_car and stream.unit() < 0.75:
        return "car"
    return "transit" if away_m > 900.0 else "walk"


def expected_ms(away_m: float) -> int:
    """About how long a person allows for a way of so many metres, as the crow flies."""
    return round(1000.0 * (away_m * 1.25 / 1.1 if away_m < 1_000.0 else 500.0 + away_m * 1.25 / 4.5))


def trip(start: Point, end: Point, depart_ms: int, mode: Mode, stream: Stream, route: Route | None = None) -> Trip:
    """The trip at `depart_ms`. Its first leg starts at `start`, its last one ends at `end`; a public vehicle is walked
    to, waited for and walked from. No leg is faster than FASTEST_MPS."""
    legs: list[Leg] = []
    now = depart_ms
    if mode == "transit":
        east, north = (220.0 * stream.normal() for _ in range(2))
        stop = moved(start, east, north)
        off = moved(end, 200.0 * stream.normal(), 200.0 * stream.normal())
        now = _ride(_way(start, stop, "walk", stream, route), now, "walk", stream, legs)
        now += round(1000.0 * stream.between(60.0, 420.0))
        now = _ride(_way(stop, off, "transit", stream, route), now, "transit", stream, legs)
        now = _ride(_way(off, end, "walk", stream, route), now, "walk", stream, legs)
    else:
        now = _ride(_way(start, end, mode, stream, route), now, mode, stream, legs)
    return Trip(mode, depart_ms, legs[-1].arrive_ms if legs else now, tuple(legs))


def roam(spot: Point, reach_m: float, from_ms: int, until_ms: int, stream: Stream) -> Iterator[Leg]:
    """Walking about within `reach_m` of a spot and standing in between, back at the spot by `until_ms`: aisles, paths,
    shelves. Nothing when there is no time for it."""
    here, now, pace_mps = spot, from_ms, 1.0
    while True:
        looks_ms = round(1000.0 * stream.between(6.0, 60.0)) if stream.unit() < 0.35 else 0
        there = moved(spot, reach_m * stream.between(-1.0, 1.0), reach_m * stream.between(-1.0, 1.0))
        speed = stream.lognormal(0.85, 0.25)
        leaves = now + looks_ms
        arrives = leaves + _took_ms(here, there, speed)
        if arrives + _took_ms(there, spot, speed) > until_ms:
            if here != spot:  # back at once, as fast as it came: there was time for that
                yield Leg(here, spot, now, now + _took_ms(here, spot, pace_mps))
            return
        yield Leg(here, there, leaves, arrives)
        here, now, pace_mps = there, arrives, speed


def _took_ms(start: Point, end: Point, speed_mps: float) -> int:
    return max(1, round(1000.0 * distance_m(start, end) / speed_mps))


def _way(start: Point, end: Point, mode: Mode, stream: Stream, route: Route | None) -> Sequence[Point]:
    if route is not None:
        return route(start, end, mode)
    return detour(start, end, PACES[mode], stream)


def detour(start: Point, end: Point, pace: Pace, stream: Stream) -> list[Point]:
    """A way such as streets would give: both ends included, about 1.3 times as long as the straight line."""
    kx = METRES_PER_DEGREE * cos(radians(start.lat))
    goal = (wrapped(end.lon - start.lon) * kx, (end.lat - start.lat) * METRES_PER_DEGREE)
    points = [(0.0, 0.0)]
    _bend((0.0, 0.0), goal, pace, stream, points)
    return [start, *(moved(start, east, north) for east, north in points[1:-1]), end]


def _bend(
    a: tuple[float, float], b: tuple[float, float], pace: Pace, stream: Stream, points: list[tuple[float, float]]
) -> None:
    """Appends the way from a (already there) to b."""
    east, north = b[0] - a[0], b[1] - a[1]
    length = hypot(east, north)
    if length > pace.piece_m * stream.between(0.6, 2.0):
        aside = max(-0.3, min(0.3, 0.11 * stream.normal()))
        share = stream.between(0.35, 0.65)
        middle = (a[0] + share * east - aside * north, a[1] + share * north + aside * east)
        _bend(a, middle, pace, stream, points)
        _bend(middle, b, pace, stream, points)
        return
    if length > 30.0 and stream.unit() < pace.corner_share:
        # round a corner: the point from which a and b are seen at a right angle
        share = stream.between(0.15, 0.85)
        aside = (share * (1.0 - share)) ** 0.5 * (1.0 if stream.unit() < 0.5 else -1.0)
        points.append((a[0] + share * east - aside * north, a[1] + share * north + aside * east))
    points.append(b)


def _ride(way: Sequence[Point], now: int, mode: Mode, stream: Stream, legs: list[Leg]) -> int:
    """Appends the legs along the way from `now` on; returns when the last one ends."""
    pace = PACES[mode]
    away_km = distance_m(way[0], way[-1]) / 1000.0
    speed = pace.speed_mps * (1.0 + pace.per_km * away_km) * stream.lognormal(1.0, pace.trip_sigma)
    last = len(way) - 2
    here = way[0]
    for i, there in enumerate(way[1:]):
        length = distance_m(here, there)
        if length < SHORTEST_LEG_M and i < last:
            continue  # a bend within a step
        leg_mps = min(FASTEST_MPS, speed * stream.lognormal(1.0, pace.leg_sigma))
        arrive = now + max(1, round(1000.0 * length / leg_mps)) if length else now
        if arrive > now:
            legs.append(Leg(here, there, now, arrive))
        here, now = there, arrive
        if i < last and stream.unit() < pace.halt_share:
            now += round(1000.0 * stream.between(0.2, 1.8) * pace.halt_s)
    return legs[-1].arrive_ms if legs else now
