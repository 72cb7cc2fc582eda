"""Tracks: where one phone was at which time, as loggers and maps write it down, and the legs it went.

A track is points in order of time; between two of them the phone goes straight at constant speed, and two at the same
place are a stay. A gap is a pair of points between which nothing is known: the track was paused, or the receiver off.
The files are in footfall.world.track_files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from footfall.world.geo import Leg, Point, distance_m
from footfall.world.gps import Fix

MOVING_MPS = 0.5  # slower is standing: half of a stroll, and what is left of a receiver's wander between fixes


class TrackPoint(msgspec.Struct, frozen=True):
    """At `at_ms` since the epoch (UTC) at this position in degrees, WGS 84, with 68 % within `accuracy_m` where the
    track says how near."""

    at_ms: int
    lon: float
    lat: float
    accuracy_m: float | None = None

    @property
    def point(self) -> Point:
        """The position alone."""
        return Point(lon=self.lon, lat=self.lat)


class Track(msgspec.Struct, frozen=True):
    """One phone's points, times not decreasing, no point equal to the one before. `gaps` are the indices, rising and
    from 1 on, of the points before which there is a gap."""

    name: str
    points: tuple[TrackPoint, ...]
    gaps: tuple[int, ...] = ()

    @property
    def segments(self) -> tuple[tuple[TrackPoint, ...], ...]:
        """The points between the gaps."""
        edges = (0, *self.gaps, len(self.points))
        return tuple(self.points[start:end] for start, end in pairwise(edges))


class Summary(msgspec.Struct, frozen=True):
    """A track in figures. Length, fastest and the times moving and still are those within its segments; a leg moves
    from MOVING_MPS on. `unknown_ms` is the time in gaps. moving_ms + still_ms + unknown_ms = to_ms - from_ms."""

    points: int
    segments: int
    from_ms: int
    to_ms: int
    length_m: float
    moving_ms: int
    still_ms: int
    unknown_ms: int
    fastest_mps: float


def legs_of_track(track: Track) -> tuple[Leg, ...]:
    """The track as one phone's movement: legs in epoch milliseconds, in order, each beginning where and when the one
    before ended, as footfall.world.gps.fixes and the region monitor want them. A stay is a leg with equal ends.

    Phones do not leap, so a gap is crossed straight at constant speed; `unknown_times` says when that is a guess, for
    whoever wants no fix then. Before the first leg the phone stands at the first point, after the last at the last.
    """
    return tuple(
        Leg(start=a.point, end=b.point, depart_ms=a.at_ms, arrive_ms=b.at_ms)
        for a, b in pairwise(track.points)
        if b.at_ms > a.at_ms
    )


def unknown_times(track: Track) -> tuple[tuple[int, int], ...]:
    """The gaps as (from_ms, to_ms) since the epoch, in order."""
    return tuple((track.points[i - 1].at_ms, track.points[i].at_ms) for i in track.gaps)


def track_of_legs(name: str, start: Point, legs: Iterable[Leg], from_ms: int, until_ms: int, epoch_ms: int) -> Track:
    """The track of a phone that stands at `start` from `from_ms` on, goes these legs (in order of time, without
    overlap, each from where the one before ended) and is followed until `until_ms`, in the middle of a leg if need be.

    These times count from `epoch_ms`, which is since the epoch; no leg departs before `from_ms`.
    """
    return Track(name, tuple(_without_repeats(_corners(start, legs, from_ms, until_ms, epoch_ms))))


def track_of_fixes(name: str, fixes: Iterable[Fix], epoch_ms: int) -> Track:
    """The track that a receiver's fixes, in order of time, make, `at_ms` counting from `epoch_ms`."""
    points = (TrackPoint(epoch_ms + fix.at_ms, fix.lon, fix.lat, fix.accuracy_m) for fix in fixes)
    return Track(name, tuple(_without_repeats(points)))


def summary_of(track: Track) -> Summary:
    """The track, which has at least one point, in figures."""
    length_m = fastest = 0.0
    moving = still = 0
    for segment in track.segments:
        for a, b in pairwise(segment):
            took = b.at_ms - a.at_ms
            if not took:
                continue
            way = distance_m(a.point, b.point)
            mps = 1000.0 * way / took
            length_m += way
            fastest = max(fastest, mps)
            if mps >= MOVING_MPS:
                moving += took
            else:
                still += took
    return Summary(
        points=len(track.points),
        segments=1 + len(track.gaps),
        from_ms=track.points[0].at_ms,
        to_ms=track.points[-1].at_ms,
        length_m=length_m,
        moving_ms=moving,
        still_ms=still,
        unknown_ms=sum(to - since for since, to in unknown_times(track)),
        fastest_mps=fastest,
    )


def _corners(start: Point, legs: Iterable[Leg], from_ms: int, until_ms: int, epoch_ms: int) -> Iterator[TrackPoint]:
    here = start
    yield _point(epoch_ms + from_ms, here)
    for leg in legs:
        if leg.depart_ms >= until_ms:
            break
        yield _point(epoch_ms + leg.depart_ms, leg.start)
        here = leg.at(until_ms)
        yield _point(epoch_ms + min(leg.arrive_ms, until_ms), here)
    yield _point(epoch_ms + until_ms, here)


def _point(at_ms: int, at: Point) -> TrackPoint:
    return TrackPoint(at_ms, at.lon, at.lat)


def _without_repeats(points: Iterable[TrackPoint]) -> Iterator[TrackPoint]:
    last = None
    for point in points:
        if point != last:
            yield point
        last = point
