"""Ways where no street is known: a straight line bent two or three times.

People do not walk as the crow flies. Over the streets of large towns the way is about 1.3 times the straight line, more
on short trips than on long ones (circuity, Giacomin and Levinson, "Road network circuity in metropolitan areas", 2015;
quoted from memory). Here each way draws a factor of its own around 1.3 and bends until it is that much longer.
"""

from __future__ import annotations

from math import cos, hypot, radians

from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m, wrapped
from footfall.world.streams import Stream

DETOUR_LOW, DETOUR_HIGH = 1.15, 1.45
STRAIGHT_M = 40.0  # nearer than this nobody sees a bend, and people cross the yard
STRAIGHT_LAT = 85.0  # beyond it the plane of the bends is no likeness of the sphere
_HALVINGS = 24  # finds the bends' height to a part in 16 million


def detour(start: Point, end: Point, key: int) -> tuple[Point, ...]:
    """The points of a way from `start` to `end`, both included, with two or three bends between them.

    A function of its arguments alone: `key` names the stream that draws the bends. Its length is between DETOUR_LOW and
    DETOUR_HIGH times the straight line's; nearer than STRAIGHT_M, and near the poles, it is the straight line.
    """
    away_m = distance_m(start, end)
    if away_m < STRAIGHT_M or max(abs(start.lat), abs(end.lat)) > STRAIGHT_LAT:
        return (start, end)
    stream = Stream(key)
    factor = stream.between(DETOUR_LOW, DETOUR_HIGH)
    along: tuple[float, ...]
    if stream.unit() < 0.5:
        along = (stream.between(0.15, 0.35), stream.between(0.6, 0.85))
    else:
        along = (stream.between(0.1, 0.25), stream.between(0.4, 0.6), stream.between(0.75, 0.9))
    first_side = 1.0 if stream.unit() < 0.5 else -1.0
    heights = tuple(
        first_side * stream.between(0.4, 1.0) * (-1.0 if i and stream.unit() < 0.4 else 1.0) for i in range(len(along))
    )
    height = _height(along, heights, factor)
    kx = METRES_PER_DEGREE * cos(radians((start.lat + end.lat) / 2))
    east_m = wrapped(end.lon - start.lon) * kx
    north_m = (end.lat - start.lat) * METRES_PER_DEGREE
    bends = tuple(
        Point(
            lon=wrapped(start.lon + (f * east_m - height * h * north_m) / kx),
            lat=start.lat + (f * north_m + height * h * east_m) / METRES_PER_DEGREE,
        )
        for f, h in zip(along, heights, strict=True)
    )
    return (start, *bends, end)


def _height(along: tuple[float, ...], heights: tuple[float, ...], factor: float) -> float:
    """How high the bends have to be, in lengths of the straight line, for the way to be `factor` times as long."""
    low, high = 0.0, factor  # one bend as high as the way is long makes it twice that, and more
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        length = x = y = 0.0
        for f, h in zip(along, heights, strict=True):
            length += hypot(f - x, middle * h - y)
            x, y = f, middle * h
        if length + hypot(1.0 - x, y) < factor:
            low = middle
        else:
            high = middle
    return low
