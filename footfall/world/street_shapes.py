"""The shape of a line of points, with fewer of them: Ramer, Douglas and Peucker's method on the plane."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

from footfall.world.geo import METRES_PER_DEGREE, Point, wrapped


def thinned(points: Sequence[Point], within_m: float) -> list[int]:
    """The indices of the points to keep, first and last among them, so that no point left out is farther than
    `within_m` from the line that is kept. In order; all of them where there are fewer than three."""
    if len(points) < 3:
        return list(range(len(points)))
    kx = METRES_PER_DEGREE * cos(radians(points[0].lat))
    xs = [wrapped(point.lon - points[0].lon) * kx for point in points]
    ys = [(point.lat - points[0].lat) * METRES_PER_DEGREE for point in points]
    kept = {0, len(points) - 1}
    open_ranges = [(0, len(points) - 1)]
    most = within_m * within_m
    while open_ranges:
        first, last = open_ranges.pop()
        ax, ay = xs[first], ys[first]
        dx, dy = xs[last] - ax, ys[last] - ay
        length2 = dx * dx + dy * dy
        worst, farthest2 = first, most
        for i in range(first + 1, last):
            px, py = xs[i] - ax, ys[i] - ay
            f = (px * dx + py * dy) / length2 if length2 else 0.0
            if f >= 1.0:
                px, py = px - dx, py - dy
            elif f > 0.0:
                px, py = px - f * dx, py - f * dy
            away2 = px * px + py * py
            if away2 > farthest2:
                worst, farthest2 = i, away2
        if worst != first:
            kept.add(worst)
            open_ranges += [(first, worst), (worst, last)]
    return sorted(kept)
