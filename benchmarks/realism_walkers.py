"""How others let people move: random waypoint, Levy walk and d-EPR, as legs of one person from 0 h on the first day.

Written from their papers; none has hours, modes or a phone. Parameters are those that the papers or the usual
libraries have as defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from math import cos, hypot, log, pi, sin

from footfall.world.day_places import Town
from footfall.world.geo import Leg, Point, distance_m, moved
from footfall.world.streams import Stream, key_of

SIDE_M = 25_000.0
Walker = Callable[[Town, int, int], Iterator[Leg]]


def random_waypoint(town: Town, seed: int, number: int) -> Iterator[Leg]:
    """Destinations alike in a square of 25 km, speeds alike in 1..15 m/s, pauses alike up to 40 minutes (Johnson and
    Maltz 1996)."""
    stream = Stream(key_of(seed, "random waypoint", number))

    def anywhere() -> Point:
        return moved(town.centre, SIDE_M * stream.between(-0.5, 0.5), SIDE_M * stream.between(-0.5, 0.5))

    here, now = anywhere(), 0
    while True:
        now += round(stream.between(0.0, 40.0) * 60_000)
        there = anywhere()
        leg = _leg(here, there, now, stream.between(1.0, 15.0))
        yield leg
        here, now = there, leg.arrive_ms


def levy_walk(town: Town, seed: int, number: int) -> Iterator[Leg]:
    """Flights by a power law of exponent 1.6 from 50 m to 10 km at 20 x length^0.4 m/min, pauses by one of 1.8 from one
    minute to ten hours, reflected at the square's edge (Rhee et al. 2011)."""
    stream = Stream(key_of(seed, "levy walk", number))
    east, north = (SIDE_M * stream.between(-0.5, 0.5) for _ in range(2))
    here, now = moved(town.centre, east, north), 0
    while True:
        now += round(_power_law(stream, 1.8, 60.0, 36_000.0) * 1000)
        while True:
            length, angle = _power_law(stream, 1.6, 50.0, 10_000.0), 2.0 * pi * stream.unit()
            x, y = east + length * cos(angle), north + length * sin(angle)
            if max(abs(x), abs(y)) <= SIDE_M / 2:
                break
        east, north = x, y
        there = moved(town.centre, east, north)
        leg = _leg(here, there, now, length**0.6 / 18.0)
        yield leg
        here, now = there, leg.arrive_ms


def d_epr(town: Town, seed: int, number: int) -> Iterator[Leg]:
    """Exploration by gravity over the town's places and preferential return (Pappalardo et al. 2015): rho 0.6, gamma
    0.21, waiting by dt^-1.8 exp(-dt / 17 h) from 20 minutes on. It has no trips, people are there at once: here 50 m/s
    in a straight line."""
    stream = Stream(key_of(seed, "d-EPR", number))
    places = town.places
    here = places[stream.whole(0, len(places) - 1)].point
    visits: dict[Point, int] = {here: 1}
    now = 0
    while True:
        now += round(1000.0 * _waiting_s(stream))
        others = [point for point in visits if point != here]
        if not others or stream.unit() < 0.6 * len(visits) ** -0.21:
            weights = tuple(
                accumulate(
                    place.relevance / max(0.05, _away_km(here, place.point)) ** 2 if place.point != here else 0.0
                    for place in places
                )
            )
            there = places[stream.index(weights)].point
        else:
            there = others[stream.index(tuple(accumulate(visits[point] for point in others)))]
        visits[there] = visits.get(there, 0) + 1
        leg = _leg(here, there, now, 50.0)
        yield leg
        here, now = there, leg.arrive_ms


WALKERS: dict[str, Walker] = {"random waypoint": random_waypoint, "Levy walk": levy_walk, "d-EPR": d_epr}


def _leg(here: Point, there: Point, now: int, speed_mps: float) -> Leg:
    return Leg(here, there, now, now + max(1, round(1000.0 * distance_m(here, there) / speed_mps)))


def _away_km(a: Point, b: Point) -> float:
    return hypot((b.lon - a.lon) * 55.5, (b.lat - a.lat) * 111.2)  # at 60 degrees north


def _power_law(stream: Stream, exponent: float, low: float, high: float) -> float:
    power = 1.0 - exponent
    value: float = (low**power + stream.unit() * (high**power - low**power)) ** (1.0 / power)
    return value


def _waiting_s(stream: Stream) -> float:
    """A power law of exponent 1.8 from 20 minutes on, thinned out by exp(-dt / 17 h)."""
    while True:
        seconds: float = 1_200.0 * (1.0 - stream.unit()) ** (-1.0 / 0.8)
        if -log(1.0 - stream.unit()) * 61_200.0 > seconds - 1_200.0:
            return seconds
