"""What the phone's OS reports of the regions it monitors: the step between moving and a region event.

Point-in-circle is not what a phone does: on real GPS tracks 58 % of such entries flap (reference statistics:
GeoLife, r = 100 m). iOS waits until the phone has moved a buffer past the boundary and stayed there for 20 s, and
says nothing of a region that the phone is already in when it is registered. Android looks now and then, counts by the
overlap of the accuracy circle with the fence, and does report a region it finds itself in (INITIAL_TRIGGER_ENTER).

The phone moves on straight legs, so all of it has a closed form: no fixes are drawn, and a phone that stands still
costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, cos, inf, radians
from typing import Literal

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, inside_times
from footfall.world.pois import Poi

Kind = Literal["entry", "exit"]


class OsRules(msgspec.Struct, frozen=True):
    """How an OS decides on a crossing.

    A phone is in when it is `buffer_in_m(radius)` inside the circle and out when it is `buffer_out_m` outside, for
    `hold_ms` without a break. With `poll_ms` > 0 the OS only looks at whole multiples of it. `reports_inside`: a region
    that the phone is in at registration is reported as an entry. `most` regions are monitored at once.
    """

    buffer_in_share: float
    buffer_in_most_m: float
    buffer_out_m: float
    hold_ms: int
    poll_ms: int
    reports_inside: bool
    most: int

    def buffer_in_m(self, radius_m: float) -> float:
        """How far inside the boundary the phone must be before the OS believes that it is in."""
        return min(self.buffer_in_share * radius_m, self.buffer_in_most_m)


# Apple speaks of about 200 m and 20 s; with 200 m no fence up to 200 m could ever be entered, hence the smaller inner
# buffer that the reference measurements use (realism.md 2.2). 20 regions: places.en places-faqs.
IOS = OsRules(
    buffer_in_share=0.25,
    buffer_in_most_m=50.0,
    buffer_out_m=100.0,
    hold_ms=20_000,
    poll_ms=0,
    reports_inside=False,
    most=20,
)
# A fix each 120 s with 40 m accuracy; in at 75 % overlap, out at 25 %: for a circle much larger than the accuracy that
# is 0.404 x 40 m = 16 m on either side of the boundary (realism.md 2.1, Google's rule as quoted by Radius Networks).
ANDROID = OsRules(
    buffer_in_share=1.0,
    buffer_in_most_m=16.0,
    buffer_out_m=16.0,
    hold_ms=0,
    poll_ms=120_000,
    reports_inside=True,
    most=100,
)


class Report(msgspec.Struct, frozen=True):
    """The OS tells the app, at `at_ms`, that the phone has entered or left the region of a POI."""

    at_ms: int
    kind: Kind
    poi: Poi


class _Region:
    """One monitored region: which side the OS believes the phone to be on, and the crossing it may report next."""

    __slots__ = ("centre", "inside", "poi", "reach_deg", "reach_lon_deg", "report_ms", "since_ms")

    def __init__(self, poi: Poi, inside: bool, now_ms: int) -> None:
        self.poi = poi
        self.centre = Point(lon=poi.lon, lat=poi.lat)
        self.reach_deg = poi.radius_m / METRES_PER_DEGREE
        # a circle that reaches the antimeridian or comes near a pole is never taken to be far
        self.reach_lon_deg = self.reach_deg / cos(radians(poi.lat)) if abs(poi.lat) <= 85.0 else 360.0
        if abs(poi.lon) + self.reach_lon_deg > 180.0:
            self.reach_lon_deg = 360.0
        self.inside = inside
        self.since_ms: float = now_ms  # what the phone did before does not count towards the hold
        self.report_ms: float = inf


class RegionMonitor:
    """The OS's monitor of one phone: told of legs and regions, it knows when its next report is due."""

    __slots__ = ("_leg", "_phase_ms", "_regions", "_rules", "next_ms")

    def __init__(self, rules: OsRules, at: Point, phase_ms: int) -> None:
        self._rules = rules
        self._phase_ms = phase_ms  # phones do not poll in step
        self._leg = Leg(start=at, end=at, depart_ms=0, arrive_ms=0)
        self._regions: dict[str, _Region] = {}
        self.next_ms: float = inf  # when the next report is due, if nothing changes

    def at(self, now_ms: int) -> Point:
        """Where the phone is."""
        return self._leg.at(now_ms)

    def outside_after_ms(self, now_ms: int, centre: Point, radius_m: float) -> float:
        """When the phone will first be more than `radius_m` from `centre` on its present leg; inf for never."""
        times = inside_times(self._leg, centre, radius_m)
        if times is None or now_ms < times[0] or now_ms >= times[1]:
            return now_ms
        return times[1]

    def move(self, now_ms: int, leg: Leg) -> None:
        """The phone starts a new leg (from where it is)."""
        on_the_way = now_ms < self._leg.arrive_ms
        for region in self._regions.values():
            if region.report_ms == inf and not on_the_way:
                region.since_ms = now_ms  # who stands on the other side has a report to come
                continue
            # a hold that the leg before began is carried on
            open_now = (
                max(opens, region.since_ms) for opens, closes in self._windows(region) if opens <= now_ms <= closes
            )
            region.since_ms = next(open_now, now_ms)
        self._leg = leg
        south, north = sorted((leg.start.lat, leg.end.lat))
        west, east = sorted((leg.start.lon, leg.end.lon))
        if east - west > 180.0:  # across the antimeridian
            west, east = -360.0, 360.0
        for region in self._regions.values():
            # most circles lie wholly beside the leg's box, and then nothing dearer has to be asked
            lon, lat, reach = region.centre.lon, region.centre.lat, region.reach_deg
            if not region.inside and (
                lat > north + reach
                or lat < south - reach
                or lon > east + region.reach_lon_deg
                or lon < west - region.reach_lon_deg
            ):
                region.report_ms = inf
            else:
                self._look_ahead(region, now_ms)
        self._look_for_next()

    def register(self, now_ms: int, pois: Iterable[Poi]) -> list[Poi]:
        """Monitors these POIs, nearest first, instead of the ones before; those that the OS believes the phone to be in
        stay monitored, so that their exit is not lost.

        Returns the POIs that the phone is in at registration without a report to come (iOS).
        """
        here = self._leg.at(now_ms)
        kept = {poi_id: region for poi_id, region in self._regions.items() if region.inside}
        silent = []
        for poi in pois:
            if len(kept) >= self._rules.most:
                break
            if poi.id in kept:
                continue
            known = self._regions.get(poi.id)
            if known is not None:
                kept[poi.id] = known
                continue
            inside = (
                not self._rules.reports_inside and distance_m(here, Point(lon=poi.lon, lat=poi.lat)) <= poi.radius_m
            )
            if inside:
                silent.append(poi)
            region = kept[poi.id] = _Region(poi, inside, now_ms)
            self._look_ahead(region, now_ms)
        self._regions = kept
        self._look_for_next()
        return silent

    def forget(self) -> None:
        """Monitors nothing any more: the app is gone, its permission, or (Android) the phone was switched off."""
        self._regions = {}
        self.next_ms = inf

    def due(self, now_ms: int) -> list[Report]:
        """The reports that are due by now, in the order in which the OS makes them."""
        if now_ms < self.next_ms:
            return []
        reports = []
        for region in self._regions.values():
            while region.report_ms <= now_ms:
                at_ms = int(region.report_ms)
                region.inside = not region.inside
                region.since_ms = at_ms
                reports.append(Report(at_ms, "entry" if region.inside else "exit", region.poi))
                self._look_ahead(region, at_ms)
        self._look_for_next()
        return sorted(reports, key=lambda report: (report.at_ms, report.poi.id))

    def _look_for_next(self) -> None:
        self.next_ms = min([region.report_ms for region in self._regions.values()], default=inf)

    def _windows(self, region: _Region) -> list[tuple[float, float]]:
        """When, on the present leg, the phone is on the other side of the region than the OS believes."""
        rules, poi, centre = self._rules, region.poi, region.centre
        if region.inside:
            near = inside_times(self._leg, centre, poi.radius_m + rules.buffer_out_m)
            outside = [(-inf, inf)] if near is None else [(-inf, near[0]), (near[1], inf)]
            return [(opens, closes) for opens, closes in outside if opens < closes]
        near = inside_times(self._leg, centre, poi.radius_m - rules.buffer_in_m(poi.radius_m))
        return [] if near is None else [near]

    def _look_ahead(self, region: _Region, now_ms: int) -> None:
        """Works out when the phone will have been on the other side long enough, on the present leg."""
        for opens, closes in self._windows(region):
            if closes <= now_ms:
                continue
            report_ms = self._report_ms(max(opens, region.since_ms), now_ms)
            if report_ms <= closes:
                region.report_ms = report_ms
                return
        region.report_ms = inf

    def _report_ms(self, begin_ms: float, now_ms: int) -> float:
        rules = self._rules
        earliest = max(ceil(begin_ms) + rules.hold_ms, now_ms)
        if rules.poll_ms:
            return earliest + (self._phase_ms - earliest) % rules.poll_ms
        return earliest
