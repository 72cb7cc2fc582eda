"""A café, walks past it, and what the OS tells of them: the ground on which the region tests walk.

Positions are metres east and north of the café, times are seconds; only the last step to the monitor knows degrees and
milliseconds.
"""

from __future__ import annotations

from math import ceil, inf
from typing import Literal

from footfall.world.geo import Leg, Point, moved
from footfall.world.pois import Poi
from footfall.world.regions import RegionMonitor, Report

CENTRE = Point(lon=24.9384, lat=60.1699)
Metres = tuple[float, float]
Told = list[tuple[float, Literal["entry", "exit"]]]


def place(name: str, east_m: float = 0.0, north_m: float = 0.0, radius_m: float = 100.0) -> Poi:
    """A POI so many metres east and north of the café."""
    at = moved(CENTRE, east_m, north_m)
    return Poi(name, name.title(), at.lon, at.lat, radius_m, "library", 1, "cafe")


CAFE = place("cafe")


def spot(metres: Metres) -> Point:
    """So many metres (east, north) of the café."""
    return moved(CENTRE, *metres)


def leg(start_s: float, start: Metres, end_s: float, end: Metres) -> Leg:
    """From `start` at `start_s` to `end` at `end_s`."""
    return Leg(start=spot(start), end=spot(end), depart_ms=round(start_s * 1000), arrive_ms=round(end_s * 1000))


def told_until(monitor: RegionMonitor, until_ms: float) -> list[Report]:
    """The reports up to then, each collected when it is due."""
    reports = []
    while monitor.next_ms <= until_ms and monitor.next_ms < inf:
        reports += monitor.due(ceil(monitor.next_ms))
    return reports


def walked(monitor: RegionMonitor, *legs: Leg) -> list[Report]:
    """The reports of a phone that goes these legs, each from its departure on, and then stays."""
    reports = []
    for each in legs:
        reports += told_until(monitor, each.depart_ms)
        monitor.move(each.depart_ms, each)
    return reports + told_until(monitor, inf)


def in_seconds(reports: list[Report]) -> Told:
    """(seconds, entry | exit) of each; whole milliseconds are rounded up by the monitor, so one may be too many."""
    return [(report.at_ms // 10 / 100, report.kind) for report in reports]
