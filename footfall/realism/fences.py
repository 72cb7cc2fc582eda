"""Flapping: how many geofence entries follow an exit of the same fence within five minutes.

The OS's rules (footfall/world/regions.py) are told of straight legs ahead of time. Here they are fed noisy fixes: each
gap between two fixes becomes a leg, which is only possible because the whole track is known. The fences are circles
around the person's own places, as in the reference (realism/geofence_rules.json).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from footfall.realism.stays import FoundStay
from footfall.world.geo import Leg, Point, distance_m
from footfall.world.gps import Fix
from footfall.world.pois import Poi
from footfall.world.regions import ANDROID, IOS, OsRules, RegionMonitor

FLAP_MS = 5 * 60_000
RADII_M = (100, 150)
RULES: dict[str, OsRules] = {"ios": IOS, "android": ANDROID}


class Crossing(msgspec.Struct, frozen=True):
    """Somebody entered or left one of their fences."""

    at_ms: int
    kind: Literal["entry", "exit"]
    fence: str


class Flaps(msgspec.Struct, frozen=True):
    """So many of the entries came less than five minutes after an exit of the same fence."""

    entries: int
    flaps: int

    def __add__(self, other: Flaps) -> Flaps:
        return Flaps(self.entries + other.entries, self.flaps + other.flaps)

    @property
    def share(self) -> float:
        """Flaps over entries; 0 without entries."""
        return self.flaps / self.entries if self.entries else 0.0


def fences_of(stays: Sequence[FoundStay], radius_m: float) -> tuple[Poi, ...]:
    """A fence around the first stay at each of the person's places, the most visited first."""
    visits: dict[int, int] = {}
    centres: dict[int, Point] = {}
    for stay in stays:
        visits[stay.place] = visits.get(stay.place, 0) + 1
        centres.setdefault(stay.place, stay.centre)
    often = sorted(visits, key=lambda place: (-visits[place], place))
    return tuple(
        Poi(f"place-{i}", f"place {i}", centres[i].lon, centres[i].lat, radius_m, "own", 100, "own") for i in often
    )


def crossings(fixes: Sequence[Fix], fences: Sequence[Poi], rules: OsRules, phase_ms: int = 0) -> Iterator[Crossing]:
    """What an OS that sees these fixes reports of the fences, of which it monitors the first `rules.most`."""
    if not fixes:
        return
    here = Point(lon=fixes[0].lon, lat=fixes[0].lat)
    monitor = RegionMonitor(rules, here, phase_ms)
    monitor.register(fixes[0].at_ms, fences[: rules.most])
    was_ms = fixes[0].at_ms
    for fix in fixes[1:]:
        there = Point(lon=fix.lon, lat=fix.lat)
        monitor.move(was_ms, Leg(here, there, was_ms, fix.at_ms))
        for report in monitor.due(fix.at_ms):
            yield Crossing(report.at_ms, report.kind, report.poi.id)
        here, was_ms = there, fix.at_ms


def inside_at_first(fixes: Sequence[Fix], fences: Sequence[Poi], rules: OsRules) -> frozenset[str]:
    """The fences that the phone is recorded as inside of at registration, without an entry (iOS)."""
    if not fixes:
        return frozenset()
    here = Point(lon=fixes[0].lon, lat=fixes[0].lat)
    silent = RegionMonitor(rules, here, 0).register(fixes[0].at_ms, fences[: rules.most])
    return frozenset(poi.id for poi in silent)


def naive_crossings(fixes: Sequence[Fix], fences: Sequence[Poi]) -> Iterator[Crossing]:
    """Point in circle, fix by fix: what a phone does not do."""
    spots = [(fence.id, Point(lon=fence.lon, lat=fence.lat), fence.radius_m) for fence in fences]
    inside: set[str] = set()
    for i, fix in enumerate(fixes):
        here = Point(lon=fix.lon, lat=fix.lat)
        for fence, centre, radius_m in spots:
            if abs(centre.lat - here.lat) > 0.01 and fence not in inside:
                continue  # more than a kilometre away
            if (distance_m(here, centre) <= radius_m) != (fence in inside):
                inside ^= {fence}
                if i:
                    yield Crossing(fix.at_ms, "entry" if fence in inside else "exit", fence)


def flaps(of: Iterator[Crossing]) -> Flaps:
    """Counts them; crossings come in order of time."""
    left_ms: dict[str, int] = {}
    entries = flapped = 0
    for crossing in of:
        if crossing.kind == "exit":
            left_ms[crossing.fence] = crossing.at_ms
            continue
        entries += 1
        last = left_ms.get(crossing.fence)
        flapped += last is not None and crossing.at_ms - last < FLAP_MS
    return Flaps(entries, flapped)
