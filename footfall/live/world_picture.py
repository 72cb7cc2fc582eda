"""A picture of a world as SVG: its streets by who may use them, its places, where people live and work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import cos, radians

from footfall.live.world_places import ATTRIBUTION
from footfall.world.geo import METRES_PER_DEGREE, Point, wrapped
from footfall.world.pois import Poi
from footfall.world.street_anchors import Anchors, Spots
from footfall.world.streets import Mode, Streets

WIDTH = 1400
MARGIN = 24
LEGEND = 34
COLOURS = {"station": "#7b4fb5", "museum": "#c0392b", "shop": "#d98a00", "cafe": "#8a5a2b"}
HOMES, WORKS = "#2a7f4f", "#2563a8"


def picture(streets: Streets, places: Sequence[Poi], anchors: Anchors, title: str) -> str:
    """The text of an SVG file, as high as the network is beside WIDTH pixels."""
    south_west, north_east = streets.box
    kx = METRES_PER_DEGREE * cos(radians((south_west.lat + north_east.lat) / 2))
    east_m = wrapped(north_east.lon - south_west.lon) % 360.0 * kx
    north_m = (north_east.lat - south_west.lat) * METRES_PER_DEGREE
    scale = (WIDTH - 2 * MARGIN) / max(east_m, 1.0)
    height = round(north_m * scale) + 2 * MARGIN + LEGEND

    def at(point: Point) -> tuple[float, float]:
        x = MARGIN + wrapped(point.lon - south_west.lon) * kx * scale
        return round(x, 1), round(MARGIN + (north_east.lat - point.lat) * METRES_PER_DEGREE * scale, 1)

    def lines(edges: Iterable[int]) -> str:
        paths = ("M" + " L".join(f"{x},{y}" for x, y in map(at, streets.shape(edge))) for edge in edges)
        return " ".join(paths)

    def dots(points: Iterable[Point], colour: str, radius: float) -> str:
        circles = (f'<circle cx="{x}" cy="{y}" r="{radius}"/>' for x, y in map(at, points))
        return f'<g fill="{colour}" fill-opacity="0.75">{"".join(circles)}</g>'

    by_mode: dict[Mode, list[int]] = {"drive": [], "ride": [], "walk": []}
    for edge in range(streets.edges):
        by_mode[next(mode for mode in by_mode if any(streets.permits(edge, mode)))].append(edge)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#f7f5f0"/>',
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">',
        f'<path d="{lines(by_mode["walk"])}" stroke="#b9a98f" stroke-width="1.2"/>',
        f'<path d="{lines(by_mode["ride"])}" stroke="#6aa084" stroke-width="1.6"/>',
        f'<path d="{lines(by_mode["drive"])}" stroke="#55606e" stroke-width="2.4"/>',
        "</g>",
        dots(_points(anchors.works), WORKS, 2.5),
        dots(_points(anchors.homes), HOMES, 3.5),
    ]
    for category, colour in COLOURS.items():
        of_category = (Point(lon=poi.lon, lat=poi.lat) for poi in places if poi.category == category)
        parts.append(dots(of_category, colour, 3.5))
    parts += [_legend(height, title), "</svg>\n"]
    return "\n".join(parts)


def _points(spots: Spots) -> list[Point]:
    return [spots.point(i) for i in range(len(spots))]


def _legend(height: int, title: str) -> str:
    y = height - LEGEND / 2
    parts = [f'<g font-size="14" fill="#333"><text x="{MARGIN}" y="{y}">{escape(title)}</text>']
    x = 250
    for name, colour in (
        ("streets", "#55606e"),
        ("cycleways", "#6aa084"),
        ("footways", "#b9a98f"),
        ("homes", HOMES),
        ("work places", WORKS),
        *COLOURS.items(),
    ):
        parts.append(f'<circle cx="{x}" cy="{y - 5}" r="5" fill="{colour}"/><text x="{x + 10}" y="{y}">{name}</text>')
        x += 36 + 8 * len(name)
    parts.append(f'<text x="{WIDTH - MARGIN}" y="{y}" text-anchor="end">{ATTRIBUTION}</text></g>')
    return "".join(parts)
