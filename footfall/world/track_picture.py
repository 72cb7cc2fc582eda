"""A picture of a track as SVG: its way, its points with their accuracy, the gaps, where it begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from math import cos, floor, log10, radians

from footfall.world.geo import METRES_PER_DEGREE, wrapped
from footfall.world.tracks import Track

SIZE = 640
MARGIN = 28
LEGEND = 50  # two lines
LONGEST_NAME = 80  # characters that fit into one
LEAST_M = 50.0  # a phone that only stands fills no picture with its centimetres
WAY, GAP, BEGIN, END = "#2563a8", "#8a8f98", "#2a7f4f", "#c0392b"

_Spot = tuple[float, float]


def picture(track: Track) -> str:
    """The text of an SVG file, SIZE pixels wide and as high besides a legend. North is up."""
    first = track.points[0]
    # longitudes from the first point on, so that a way across the antimeridian is in one piece
    east_deg = [wrapped(point.lon - first.lon) for point in track.points]
    lats = [point.lat for point in track.points]
    kx = METRES_PER_DEGREE * cos(radians((min(lats) + max(lats)) / 2))
    east_m = (max(east_deg) - min(east_deg)) * kx
    north_m = (max(lats) - min(lats)) * METRES_PER_DEGREE
    side_m = max(east_m, north_m, LEAST_M)
    scale = (SIZE - 2 * MARGIN) / side_m
    middle_east, middle_lat = (max(east_deg) + min(east_deg)) / 2, (max(lats) + min(lats)) / 2
    spots = [
        (
            round(SIZE / 2 + (east - middle_east) * kx * scale, 1),
            round(SIZE / 2 - (lat - middle_lat) * METRES_PER_DEGREE * scale, 1),
        )
        for east, lat in zip(east_deg, lats, strict=True)
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE + LEGEND}" font-family="sans-serif">',
        f'<rect width="{SIZE}" height="{SIZE + LEGEND}" fill="#f7f5f0"/>',
        *_accuracies(track, spots, scale),
        *_ways(track, spots),
        f'<g fill="{WAY}">{"".join(_dot(spot, 1.5) for spot in spots)}</g>',
        f'<g fill="{BEGIN}">{_dot(spots[0], 6)}</g>',
        f'<g fill="{END}">{_dot(spots[-1], 4)}</g>',
        _legend(track.name, side_m, scale),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _accuracies(track: Track, spots: Sequence[_Spot], scale: float) -> Iterator[str]:
    for point, spot in zip(track.points, spots, strict=True):
        if point.accuracy_m is not None:
            yield f'<g fill="{WAY}" fill-opacity="0.06">{_dot(spot, round(point.accuracy_m * scale, 1))}</g>'


def _ways(track: Track, spots: Sequence[_Spot]) -> Iterator[str]:
    for start, end in pairwise((0, *track.gaps, len(spots))):
        yield f'<path d="{_path(spots[start:end])}" fill="none" stroke="{WAY}" stroke-width="2"/>'
    for gap in track.gaps:
        yield f'<path d="{_path(spots[gap - 1 : gap + 1])}" fill="none" stroke="{GAP}" stroke-dasharray="4 5"/>'


def _path(spots: Sequence[_Spot]) -> str:
    return "M" + " L".join(f"{x},{y}" for x, y in spots)


def _dot(spot: _Spot, radius: float) -> str:
    return f'<circle cx="{spot[0]}" cy="{spot[1]}" r="{radius}"/>'


def _legend(name: str, side_m: float, scale: float) -> str:
    """The name, and a bar of a round number of metres, a tenth to a half of the picture."""
    power = 10.0 ** floor(log10(side_m / 2))
    bar_m = next(factor * power for factor in (5, 2, 1) if factor * power <= side_m / 2)
    above, y, right = SIZE + 12, SIZE + 32, round(MARGIN + bar_m * scale, 1)
    bar = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    printable = "".join(char if char.isprintable() else " " for char in name[:LONGEST_NAME])
    return (
        f'<g font-size="13" fill="#333"><text x="{MARGIN}" y="{above}">{escape(printable)}</text>'
        f'<path d="M{MARGIN},{y} H{right}" stroke="#333" stroke-width="2"/>'
        f'<text x="{right + 8}" y="{y + 4}">{bar}</text></g>'
    )
