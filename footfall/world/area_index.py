"""Which areas hold a point, and random points in them. shapely's: its tree for the boxes, its predicates for the rest.

Its plane is that of longitude and latitude, in which GeoJSON's edges are straight; no distance is measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import asin, degrees, radians, sin

import shapely

from footfall.world.areas import Area, Rings
from footfall.world.geo import Point
from footfall.world.streams import Stream


class AreaIndex:
    """Fixed areas, in the order in which they were given. Edges belong to an area; so do both sides of the
    antimeridian to one that touches it."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.areas: tuple[Area, ...] = tuple(areas)
        self._shapes = [shapely.MultiPolygon(_shapes(area.polygons)) for area in self.areas]
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._boxes = [_boxes(area.polygons) for area in self.areas]
        self._by_id = {area.id: number for number, area in enumerate(self.areas)}

    def __len__(self) -> int:
        return len(self.areas)

    def holding(self, at: Point) -> list[Area]:
        """The areas that hold the point."""
        lons = (at.lon, -at.lon) if abs(at.lon) == 180.0 else (at.lon,)
        found = {int(n) for lon in lons for n in self._tree.query(shapely.Point(lon, at.lat), predicate="intersects")}
        return [self.areas[number] for number in sorted(found)]

    def within(self, area_id: str, stream: Stream) -> Point:
        """A random point of the area, uniform over its surface on the sphere. Raises KeyError for an unknown id.

        Draws from the boxes around its polygons until one lies within; three numbers of the stream a try.
        """
        number = self._by_id[area_id]
        shape, (boxes, sizes) = self._shapes[number], self._boxes[number]
        while True:
            west, low, east, high = boxes[stream.index(sizes)]
            # as much surface lies between two sines of latitude wherever they are: Archimedes' hat box
            lon, lat = stream.between(west, east), degrees(asin(stream.between(low, high)))
            if shapely.intersects_xy(shape, lon, lat):
                return Point(lon=lon, lat=lat)


def quarrel(polygons: Sequence[Rings]) -> str:
    """Why these are no area: a ring that crosses itself, holes outside, polygons that overlap; "" if they are one."""
    why = shapely.is_valid_reason(shapely.MultiPolygon(_shapes(polygons)))
    if why != "Valid Geometry":
        what, _, where = why.partition("[")
        place = f" near [{', '.join(where.rstrip(']').split())}]" if where else ""
        return f"expected polygons whose rings do not cross, found {what.strip().lower()}{place}"
    return ""


def _shapes(polygons: Iterable[Rings]) -> list[shapely.Polygon]:
    return [shapely.Polygon(outline, holes) for outline, *holes in polygons]


def _boxes(polygons: Sequence[Rings]) -> tuple[list[tuple[float, float, float, float]], list[float]]:
    """(west, sine of south, east, sine of north) around each outline, and running sums of their sizes."""
    boxes = []
    for outline, *_ in polygons:
        lons, lats = zip(*outline, strict=True)
        boxes.append((min(lons), sin(radians(min(lats))), max(lons), sin(radians(max(lats)))))
    return boxes, list(accumulate((east - west) * (high - low) for west, low, east, high in boxes))
