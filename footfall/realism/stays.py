"""Stays out of fixes, and places out of stays, as the reference statistics find them.

Staypoints: Li et al. 2008, "Mining user similarity based on location history": whoever remains within 200 m of a fix
for 20 minutes stays there until the first fix that is farther away; a hole in the fixes counts as staying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, hypot, radians

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m, wrapped
from footfall.world.gps import Fix

STAY_M = 200.0
STAY_MS = 20 * 60_000
# a fix each 20 s will do, and 16 times fewer distances are computed than with one each 5 s
THINNED_MS = 20_000
PLACE_M = 200.0


class FoundStay(msgspec.Struct, frozen=True):
    """A stay as it shows in the fixes: its middle is their mean. `place` numbers the person's places from 0 on in the
    order of the first visit. `whole`: it neither begins nor ends with the observation."""

    centre: Point
    arrive_ms: int
    depart_ms: int
    place: int
    whole: bool

    @property
    def dwell_min(self) -> float:
        """How long it lasted, in minutes."""
        return (self.depart_ms - self.arrive_ms) / 60_000.0


def find_stays(fixes: Sequence[Fix]) -> tuple[FoundStay, ...]:
    """The stays in one person's fixes, which are in order of time. A stay is at a known place when its middle is within
    200 m of the place's first stay, the nearest such place counting."""
    places: list[Point] = []
    found = []
    for centre, arrive_ms, depart_ms in _staypoints(_thinned(fixes)):
        near = [(distance_m(centre, known), i) for i, known in enumerate(places)]
        away_m, place = min(near, default=(PLACE_M + 1.0, 0))
        if away_m > PLACE_M:
            place = len(places)
            places.append(centre)
        whole = arrive_ms > fixes[0].at_ms and depart_ms < fixes[-1].at_ms
        found.append(FoundStay(centre, arrive_ms, depart_ms, place, whole))
    return tuple(found)


def _thinned(fixes: Sequence[Fix]) -> list[Fix]:
    kept: list[Fix] = []
    for fix in fixes:
        if not kept or fix.at_ms - kept[-1].at_ms >= THINNED_MS:
            kept.append(fix)
    if fixes and kept[-1] is not fixes[-1]:
        kept.append(fixes[-1])  # the last stay lasts to the end
    return kept


def _staypoints(fixes: Sequence[Fix]) -> Iterator[tuple[Point, int, int]]:
    if not fixes:
        return
    kx = METRES_PER_DEGREE * cos(radians(fixes[0].lat))
    east = [wrapped(fix.lon - fixes[0].lon) * kx for fix in fixes]
    north = [fix.lat * METRES_PER_DEGREE for fix in fixes]
    count = len(fixes)
    i = 0
    while i < count:
        j = i + 1
        x, y = east[i], north[i]
        while j < count and hypot(east[j] - x, north[j] - y) <= STAY_M:
            j += 1
        end = fixes[min(j, count - 1)].at_ms
        if end - fixes[i].at_ms < STAY_MS:
            i += 1
            continue
        n = j - i
        lon = fixes[0].lon + sum(east[i:j]) / n / kx
        yield Point(lon=wrapped(lon), lat=sum(north[i:j]) / n / METRES_PER_DEGREE), fixes[i].at_ms, end
        i = j
