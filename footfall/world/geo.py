"""Positions on the sphere, and short walks on the plane that touches it.

Distances are great-circle distances on a sphere of 6,371,008.8 m (IUGG mean radius). Near a circle the plane touching
the sphere at its centre stands in for it, since on it a circle and a straight leg meet in closed form. The plane
misjudges a distance of d metres by less than 0.2 d^2 tan(lat) / R: at 60 degrees north by 2 cm at 500 m.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

import msgspec

EARTH_RADIUS_M = 6_371_008.8
METRES_PER_DEGREE = EARTH_RADIUS_M * radians(1.0)


class Point(msgspec.Struct, frozen=True):
    """A position in degrees, WGS 84. Always by keyword: Point(lon=24.94, lat=60.17)."""

    lon: float
    lat: float


class Leg(msgspec.Struct, frozen=True):
    """A straight movement at constant speed from `start` at `depart_ms` to `end` at `arrive_ms`; before and after it
    the phone stands still. A stay is a leg whose ends are the same point."""

    start: Point
    end: Point
    depart_ms: int
    arrive_ms: int

    def at(self, now_ms: int) -> Point:
        """Where the phone is at `now_ms`."""
        if now_ms >= self.arrive_ms:
            return self.end
        if now_ms <= self.depart_ms:
            return self.start
        f = (now_ms - self.depart_ms) / (self.arrive_ms - self.depart_ms)
        west = wrapped(self.end.lon - self.start.lon)
        return Point(
            lon=wrapped(self.start.lon + f * west),
            lat=self.start.lat + f * (self.end.lat - self.start.lat),
        )


def wrapped(lon: float) -> float:
    """The same meridian within -180..180: differences of longitudes across the antimeridian come out small."""
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine: also exact for the short distances that matter here)."""
    phi_a, phi_b = radians(a.lat), radians(b.lat)
    h = sin((phi_b - phi_a) / 2) ** 2 + cos(phi_a) * cos(phi_b) * sin(radians(b.lon - a.lon) / 2) ** 2
    return 2.0 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def moved(origin: Point, east_m: float, north_m: float) -> Point:
    """The point so many metres east and north of `origin`, on the plane that touches there."""
    lat = origin.lat + north_m / METRES_PER_DEGREE
    return Point(lon=wrapped(origin.lon + east_m / (METRES_PER_DEGREE * cos(radians(origin.lat)))), lat=lat)


def inside_times(leg: Leg, centre: Point, radius_m: float) -> tuple[float, float] | None:
    """When the phone on this leg is within `radius_m` of `centre`: (from_ms, to_ms), or None if never.

    A straight leg cuts a circle in one piece. from_ms is -inf when it is inside already at the start (it was standing
    there), to_ms is inf when it ends inside (it stays there).
    """
    lon, lat = centre.lon, centre.lat
    kx = METRES_PER_DEGREE * cos(radians(lat))
    west, east = leg.start.lon - lon, leg.end.lon - lon
    if not (-180.0 <= west <= 180.0 and -180.0 <= east <= 180.0):
        west, east = wrapped(west), wrapped(east)
    ax, ay = west * kx, (leg.start.lat - lat) * METRES_PER_DEGREE
    bx, by = east * kx, (leg.end.lat - lat) * METRES_PER_DEGREE
    dx, dy = bx - ax, by - ay
    if abs(dx) > 180.0 * kx:
        return None  # it crosses the meridian opposite the centre; its line on the plane would sweep round the world
    rr = radius_m * radius_m
    starts_inside = ax * ax + ay * ay <= rr
    ends_inside = bx * bx + by * by <= rr
    if starts_inside and ends_inside:
        return (float("-inf"), float("inf"))
    length2 = dx * dx + dy * dy
    if length2 == 0.0:
        return None
    half_b = ax * dx + ay * dy
    disc = half_b * half_b - length2 * (ax * ax + ay * ay - rr)
    # with both ends outside, the chord is on the leg if its middle is: f_in and f_out may be off by rounding
    if not (starts_inside or ends_inside) and (disc < 0.0 or not 0.0 < -half_b < length2):
        return None
    root = sqrt(max(disc, 0.0))
    f_in, f_out = (-half_b - root) / length2, (-half_b + root) / length2
    took = leg.arrive_ms - leg.depart_ms
    if starts_inside:
        return (float("-inf"), leg.depart_ms + f_out * took)
    if ends_inside:
        return (leg.depart_ms + f_in * took, float("inf"))
    return (leg.depart_ms + f_in * took, leg.depart_ms + f_out * took)
