"""What one person's fixes show: the raw values behind each statistic.

Speeds and turns are those of 30 s windows without a hole of more than 15 s; scatter that of runs of 60 to 120 fixes at
most 10 s apart inside a stay, three minutes after its beginning, when the way in is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians, sqrt

import msgspec

from footfall.realism.stays import FoundStay, find_stays
from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m, moved, wrapped
from footfall.world.gps import Fix

WINDOW_MS = 30_000
HOLE_MS = 15_000
MOVING_MPS = 0.4
TURN_LEG_M = 15.0
JUMP_KM = 0.2
DAY_MS = 86_400_000
SETTLED_MS = 180_000
RUN_GAP_MS = 10_000
RUN_FIXES = (60, 120)
VISITS = (5, 10, 20, 40)
FEWEST_VISITS = 10  # of whom has a radius of gyration and a top place


class Observed(msgspec.Struct, frozen=True):
    """The values of one person, by statistic; `visits` are place numbers in order, `per_day` counts arrivals on each
    day of the observation, `lag1` has a value for each run and axis. `radius_km` and `top_share` are None for whoever
    was seen too rarely."""

    stays: tuple[FoundStay, ...]
    jumps_km: tuple[float, ...]
    dwells_min: tuple[float, ...]
    radius_km: float | None
    per_day: tuple[int, ...]
    arrival_hours: tuple[int, ...]
    speeds_mps: tuple[float, ...]
    turns_deg: tuple[float, ...]
    top_share: float | None
    visits: tuple[int, ...]
    scatter_m: tuple[float, ...]
    lag1: tuple[float, ...]


def observe(fixes: Sequence[Fix], days: int) -> Observed:
    """One person's fixes, in order of time, from day 0 to day `days` (exclusive), milliseconds since 0 h local time."""
    stays = find_stays(fixes)
    windows = tuple(_windows(fixes))
    visits = tuple(stay.place for stay in stays)
    often = len(stays) >= FEWEST_VISITS
    arrivals = Counter(stay.arrive_ms // DAY_MS for stay in stays)
    runs = tuple(_still_runs(fixes, stays))
    between = (distance_m(a.centre, b.centre) / 1000.0 for a, b in pairwise(stays))
    return Observed(
        stays=stays,
        jumps_km=tuple(km for km in between if km >= JUMP_KM),
        dwells_min=tuple(stay.dwell_min for stay in stays if stay.whole and stay.dwell_min < 24 * 60),
        radius_km=radius_of_gyration_km([stay.centre for stay in stays]) if often else None,
        per_day=tuple(arrivals[day] for day in range(days)),
        arrival_hours=tuple(stay.arrive_ms % DAY_MS // 3_600_000 for stay in stays if stay.arrive_ms > fixes[0].at_ms),
        speeds_mps=tuple(speed for speed in (hypot(x, y) / s for x, y, s, _ in windows) if speed > MOVING_MPS),
        turns_deg=tuple(_turns(windows)),
        top_share=max(Counter(visits).values()) / len(visits) if often else None,
        visits=visits,
        scatter_m=tuple(value for run in runs for value in _scatter(run)),
        lag1=tuple(value for run in runs for value in lag1_of(run)),
    )


def radius_of_gyration_km(points: Sequence[Point]) -> float:
    """The root of the mean squared distance from the middle of the points, in kilometres."""
    origin = points[0]
    kx = METRES_PER_DEGREE * cos(radians(origin.lat))
    east = sum(wrapped(point.lon - origin.lon) for point in points) / len(points) * kx
    north = sum(point.lat - origin.lat for point in points) / len(points) * METRES_PER_DEGREE
    middle = moved(origin, east, north)
    return sqrt(sum(distance_m(middle, point) ** 2 for point in points) / len(points)) / 1000.0


def distinct_shares(visits: Sequence[int], n: int) -> Iterator[float]:
    """Distinct places over visits, for every window of `n` consecutive visits that fits without overlap."""
    for i in range(0, len(visits) - n + 1, n):
        yield len(set(visits[i : i + n])) / n


def _windows(fixes: Sequence[Fix]) -> Iterator[tuple[float, float, float, bool]]:
    """Movement over 30 s: metres east and north, seconds, and whether the window begins where the last one ended."""
    first = last = None
    follows = False
    for fix in fixes:
        if first is None or last is None or fix.at_ms - last.at_ms > HOLE_MS:
            first, follows = fix, False
        elif fix.at_ms - first.at_ms >= WINDOW_MS:
            kx = METRES_PER_DEGREE * cos(radians(first.lat))
            east, north = wrapped(fix.lon - first.lon) * kx, (fix.lat - first.lat) * METRES_PER_DEGREE
            yield east, north, (fix.at_ms - first.at_ms) / 1000.0, follows
            first, follows = fix, True
        last = fix


def _turns(windows: Sequence[tuple[float, float, float, bool]]) -> Iterator[float]:
    for (ax, ay, _, _), (bx, by, _, follows) in pairwise(windows):
        if follows and hypot(ax, ay) > TURN_LEG_M and hypot(bx, by) > TURN_LEG_M:
            yield abs(degrees(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def _still_runs(fixes: Sequence[Fix], stays: Sequence[FoundStay]) -> Iterator[list[Fix]]:
    ahead = iter(stays)
    stay = next(ahead, None)
    run: list[Fix] = []
    for fix in fixes:
        while stay is not None and fix.at_ms >= stay.depart_ms:
            stay = next(ahead, None)
        still = stay is not None and fix.at_ms >= stay.arrive_ms + SETTLED_MS
        if run and (not still or fix.at_ms - run[-1].at_ms > RUN_GAP_MS or len(run) == RUN_FIXES[1]):
            if len(run) >= RUN_FIXES[0]:
                yield run
            run = []
        if still:
            run.append(fix)
    if len(run) >= RUN_FIXES[0]:
        yield run


def _axes(run: Sequence[Fix]) -> tuple[list[float], list[float]]:
    """Metres east and north of the run's middle."""
    lon, lat = (sum(values) / len(run) for values in ([fix.lon for fix in run], [fix.lat for fix in run]))
    kx = METRES_PER_DEGREE * cos(radians(lat))
    return [(fix.lon - lon) * kx for fix in run], [(fix.lat - lat) * METRES_PER_DEGREE for fix in run]


def _scatter(run: Sequence[Fix]) -> Iterator[float]:
    for east, north in zip(*_axes(run), strict=True):
        yield hypot(east, north)


def lag1_of(run: Sequence[Fix]) -> Iterator[float]:
    """The autocorrelation at one step of each axis: near 0 for white noise, near 1 for an error that lasts. An axis
    that does not vary has none."""
    for axis in _axes(run):
        power = sum(value * value for value in axis)
        if power > 1e-9:
            yield sum(a * b for a, b in pairwise(axis)) / power
