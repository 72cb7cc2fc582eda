"""What the kinds of track files have in common: points as they stand in a file, what is wrong with them, and times.

Nothing here knows lines or columns. A mistake is told of the n-th point, and the reader of the format knows where that
one is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from footfall.world.geo import Point, distance_m
from footfall.world.tracks import Track, TrackPoint

FASTEST_MPS = 60.0  # no phone of ours is faster (the invariant of the realism score), and no track that it follows
LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the last that the form of the times can say
MOST_ACCURACY_M = 1e7  # a fourth of the way round the world: a phone that does not know says nothing
DECIMALS = 7  # degrees are written so: to 1.1 cm

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_RANGES = {"lat": 90.0, "lon": 180.0}
NO_TIMES = "no point has a time: expected times, or a speed in m/s to go it with"


class Seen(msgspec.Struct, frozen=True):
    """A point as it stands in a file, in its range; `first`: it begins a segment."""

    lon: float
    lat: float
    at_ms: int | None
    accuracy_m: float | None
    first: bool


def time_ms(text: str) -> int | None:
    """Milliseconds since the epoch of a time like 2026-05-02T09:30:00Z, with a fraction or an offset if need be, to
    the millisecond before; without either it is UTC, as GPX 1.1 has it. None if it is no such time from 1970 on."""
    if not _TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # the 31st of April
        return None
    at_ms = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND
    return at_ms if 0 <= at_ms <= LATEST_MS else None


def time_text(at_ms: int) -> str:
    """The time as 2026-05-02T09:30:00Z, with milliseconds where it has some; the inverse of `time_ms`."""
    moment = _EPOCH + at_ms * _MILLISECOND
    text = moment.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def angle_mistake(axis: str, value: Any) -> str:
    """What is wrong with a decoded `lat` or `lon`; "" if nothing."""
    most = _RANGES[axis]
    if type(value) in (int, float) and -most <= value <= most:
        return ""
    return f"{axis}: expected degrees from {-most:g} to {most:g}, found {shown(value)}"


def accuracy_mistake(value: Any) -> str:
    """What is wrong with a decoded accuracy; "" if nothing."""
    if type(value) in (int, float) and 0.0 < value <= MOST_ACCURACY_M:
        return ""
    return f"accuracy_m: expected metres above 0 and at most {MOST_ACCURACY_M:.0f}, found {shown(value)}"


def time_mistake(key: str, value: Any) -> str:
    """What is wrong with a decoded time, a text or whole milliseconds since the epoch; "" if nothing."""
    if at_ms_of(value) is not None:
        return ""
    expected = "a time as 2026-05-02T09:30:00Z, or whole milliseconds since 1970"
    return f"{key}: expected {expected}, found {shown(value)}"


def at_ms_of(value: Any) -> int | None:
    """The milliseconds since the epoch that a decoded text or whole number says; None if it says no time."""
    if isinstance(value, str):
        return time_ms(value)
    return value if type(value) is int and 0 <= value <= LATEST_MS else None


def shown(value: Any) -> str:
    """A decoded value in a message."""
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f'"{value[:57]}..."' if len(value) > 60 else f'"{value}"'
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**60:
            return "a number of more than 60 digits"  # Python refuses to print the longest ones
    return str(value)


def mistakes(seen: Sequence[Seen], speed_mps: float | None) -> Iterator[tuple[int, str]]:
    """What is wrong with points that are each for themselves right, as (index, message)."""
    untimed = [i for i, point in enumerate(seen) if point.at_ms is None]
    if len(untimed) == len(seen):
        if speed_mps is None:
            yield 0, NO_TIMES
        return
    for i in untimed:
        yield i, "time: expected one, as other points have it, found none"
    timed = [(i, point, point.at_ms) for i, point in enumerate(seen) if point.at_ms is not None]
    for (_, a, since), (i, b, at) in pairwise(timed):
        if at < since:
            yield i, f"time: {time_text(at)} is before that of the point before, {time_text(since)}"
            continue
        way = distance_m(Point(lon=a.lon, lat=a.lat), Point(lon=b.lon, lat=b.lat))
        if way * 1000.0 > FASTEST_MPS * (at - since):
            took = f"{(at - since) / 1000:g} s" if at > since else "no time"
            yield i, f"{way:.1f} m in {took} from the point before: expected at most {FASTEST_MPS:g} m/s"


def track_of_seen(name: str, seen: Sequence[Seen], speed_mps: float | None, start_ms: int) -> Track:
    """The track of points that have no mistakes. Where they have no times the phone begins at `start_ms` and goes at
    `speed_mps`, from segment to segment too. A point that repeats the one before says nothing, and is left out."""
    points: list[TrackPoint] = []
    gaps: list[int] = []
    since, way_m = start_ms, 0.0
    last: Seen | None = None
    for one in seen:
        at_ms = one.at_ms
        if at_ms is None:
            assert speed_mps is not None
            if last is not None:
                way_m += distance_m(Point(lon=last.lon, lat=last.lat), Point(lon=one.lon, lat=one.lat))
            at_ms = since + round(1000.0 * way_m / speed_mps)  # of the whole way: roundings do not add up
        point = TrackPoint(at_ms, one.lon, one.lat, one.accuracy_m)
        if one.first and points:
            gaps.append(len(points))
        if not points or one.first or point != points[-1]:
            points.append(point)
        last = one
    return Track(name, tuple(points), tuple(gaps))


def name_of(text: Any, file: str) -> str:
    """The track's name, on one line; without one that of the file, without its folder and ending."""
    return (" ".join(text.split()) if isinstance(text, str) else "") or file.rpartition("/")[2].rpartition(".")[0]


def degrees(value: float) -> float:
    """An angle as it is written."""
    return round(value, DECIMALS)
