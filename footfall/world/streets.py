"""Streets: the nearest one to a position, and the shortest way over them on foot, by bicycle or by car.

A network is bytes (footfall.world.street_arrays) that footfall.world.street_build makes. It is never written to, so all
phones of all processes can share it. What it does not know: turn restrictions, traffic lights, slopes, levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import cos, inf, radians
from typing import Literal, TypeAlias

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, wrapped
from footfall.world.street_arrays import DRIVE, PER_DEGREE, RIDE, WALK, unpack
from footfall.world.street_detours import detour
from footfall.world.street_search import Spot, by_trees, shortest
from footfall.world.street_shapes import thinned

Mode: TypeAlias = Literal["walk", "ride", "drive"]
"""On foot, by bicycle, by car."""

SEARCH_LIMIT = 250  # junctions looked at for one trip: less than a millisecond
LEG_WITHIN_M = 2.0  # with the 1 m by which street_build thins the shapes: legs are within 3 m of the street

_BITS: dict[Mode, int] = {"walk": WALK, "ride": RIDE, "drive": DRIVE}


class Route(msgspec.Struct, frozen=True):
    """A way from the first to the last of `points`, which are as asked for; `length_m` is that of the line through
    them. `on_streets`: by the network, else straight with a detour. `limit_mps`: the mean of the speed limits on it (by
    time, the stretches to and from the network left out), where it drives on streets, else None."""

    points: tuple[Point, ...]
    length_m: float
    on_streets: bool
    limit_mps: float | None = None


class Streets:
    """A street network over bytes. Immutable; costs a few kilobytes beside the bytes."""

    __slots__ = ("_arrays", "_middle_lon")

    def __init__(self, data: bytes | memoryview[int]) -> None:
        """Raises StreetsDamaged where `data` is no network."""
        self._arrays = unpack(data)
        west, _, width, _, columns, _ = self._arrays["grid"]
        self._middle_lon = (west + width * columns / 2) / PER_DEGREE

    @property
    def junctions(self) -> int:
        """How many."""
        return len(self._arrays["node_lon"])

    @property
    def edges(self) -> int:
        """How many stretches of street from junction to junction."""
        return len(self._arrays["edge_from"])

    @property
    def box(self) -> tuple[Point, Point]:
        """The south-west and the north-east corner of the grid over the network."""
        west, south, width, height, columns, rows = self._arrays["grid"]
        return _point(west, south), _point(west + width * columns, south + height * rows)

    def length_m(self, edge: int) -> float:
        """An edge's length."""
        return float(self._arrays["edge_length"][edge])

    def permits(self, edge: int, mode: Mode) -> tuple[bool, bool]:
        """Whether one may go along the edge, and back."""
        bit = _BITS[mode]
        return bool(self._arrays["edge_forth"][edge] & bit), bool(self._arrays["edge_back"][edge] & bit)

    def shape(self, edge: int) -> tuple[Point, ...]:
        """An edge's points, from its begin to its end."""
        first, last = self._arrays["shape_first"][edge : edge + 2]
        lon, lat = self._arrays["shape_lon"], self._arrays["shape_lat"]
        return tuple(_point(lon[i], lat[i]) for i in range(first, last))

    def point_at(self, edge: int, along_m: float) -> Point:
        """The point of an edge so many metres from where it begins; its end beyond its length."""
        points = self.shape(edge)
        for a, b in pairwise(points):
            length_m = distance_m(a, b)
            if along_m <= length_m:
                f = along_m / length_m if length_m else 0.0
                return Point(lon=wrapped(a.lon + f * wrapped(b.lon - a.lon)), lat=a.lat + f * (b.lat - a.lat))
            along_m -= length_m
        return points[-1]

    def nearest(self, where: Point, mode: Mode) -> Spot | None:
        """The nearest point on a street that permits the mode, in either direction; None where there is no such street.

        For a position outside the network's box: nearest to the nearest point of the box.
        """
        arrays, bit = self._arrays, _BITS[mode]
        west, south, width, height, columns, rows = arrays["grid"]
        x = (self._middle_lon + wrapped(where.lon - self._middle_lon)) * PER_DEGREE
        x = min(max(x, west), west + width * columns)
        y = min(max(where.lat * PER_DEGREE, south), south + height * rows)
        ky = METRES_PER_DEGREE / PER_DEGREE
        kx = ky * cos(radians(y / PER_DEGREE))
        lon, lat, of_edge = arrays["shape_lon"], arrays["shape_lat"], arrays["shape_edge"]
        forth, back = arrays["edge_forth"], arrays["edge_back"]
        cell_first, cell_segments = arrays["cell_first"], arrays["cell_segments"]
        column = min(int((x - west) // width), columns - 1)
        row = min(int((y - south) // height), rows - 1)
        to_side_x, to_side_y = (x - west) % width, (y - south) % height
        margin_m = min(min(to_side_x, width - to_side_x) * kx, min(to_side_y, height - to_side_y) * ky)
        cell_m = min(width * kx, height * ky)
        best2, best, best_f = inf, -1, 0.0
        for ring in range(max(columns, rows)):
            for cell in _ring(column, row, ring, columns, rows):
                for segment in cell_segments[cell_first[cell] : cell_first[cell + 1]]:
                    edge = of_edge[segment]
                    if not (forth[edge] | back[edge]) & bit:
                        continue
                    ax, ay = (lon[segment] - x) * kx, (lat[segment] - y) * ky
                    dx, dy = (lon[segment + 1] - x) * kx - ax, (lat[segment + 1] - y) * ky - ay
                    length2 = dx * dx + dy * dy
                    f = -(ax * dx + ay * dy) / length2 if length2 else 0.0
                    f = 0.0 if f < 0.0 else min(f, 1.0)
                    away2 = (ax + f * dx) ** 2 + (ay + f * dy) ** 2
                    if away2 < best2 or (away2 == best2 and segment < best):
                        best2, best, best_f = away2, segment, f
            if best2 <= (margin_m + ring * cell_m) ** 2:
                break
        if best < 0:
            return None
        return self._spot(best, best_f, where)

    def _spot(self, segment: int, f: float, where: Point) -> Spot:
        lon, lat = self._arrays["shape_lon"], self._arrays["shape_lat"]
        edge = self._arrays["shape_edge"][segment]
        first = self._arrays["shape_first"][edge]
        point = _point(
            lon[segment] + f * (lon[segment + 1] - lon[segment]), lat[segment] + f * (lat[segment + 1] - lat[segment])
        )
        before = [_point(lon[i], lat[i]) for i in range(first, segment + 1)]
        along_m = min(_line_m([*before, point]), self.length_m(edge))
        return Spot(edge, segment - first, along_m, point, distance_m(where, point))

    def between(self, start: Spot, end: Spot, mode: Mode) -> Route | None:
        """The shortest way over the network, one-way streets respected. Where that is not found among SEARCH_LIMIT
        junctions, a way that is known beforehand and may be longer (footfall.world.street_trees)."""
        bit = _BITS[mode]
        halves = shortest(self._arrays, start, end, bit, SEARCH_LIMIT) or by_trees(self._arrays, start, end, bit)
        if halves is None:
            return None
        points = [start.point]
        for i, half in enumerate(halves):
            shape = self.shape(half >> 1)
            leaves = start.segment + 1 if i == 0 else None  # where on the edge the way begins and ends, if it does
            arrives = end.segment + 1 if i == len(halves) - 1 else None
            points += shape[arrives:leaves][::-1] if half & 1 else shape[leaves:arrives]
        points.append(end.point)
        line = tuple(point for j, point in enumerate(points) if j == 0 or point != points[j - 1])
        return Route(line, _line_m(line), True, self._limit_mps(halves) if mode == "drive" else None)

    def _limit_mps(self, halves: list[int]) -> float:
        lengths, limits = self._arrays["edge_length"], self._arrays["edge_limit"]
        metres = sum(lengths[half >> 1] for half in halves)
        hours = sum(lengths[half >> 1] / limits[half >> 1] for half in halves)
        return float(metres / hours if hours else limits[halves[0] >> 1]) / 3.6


def route(streets: Streets | None, start: Point, end: Point, mode: Mode, key: int) -> Route:
    """A way from `start` to `end`: over the streets where there are any and the search finds one, else straight with
    a detour (footfall.world.street_detours). The same arguments give the same way.

    Positions off the streets are joined to the nearest one by a straight line, or a detour where that is far. `key`
    names the random stream of detours and of nothing else. Two positions nearer to each other than to the streets have
    no use for these.
    """
    if streets is not None and start != end:
        a, b = streets.nearest(start, mode), streets.nearest(end, mode)
        if a is not None and b is not None and a.away_m + b.away_m < distance_m(start, end):
            way = streets.between(a, b, mode)
            if way is not None:
                to_street, from_street = detour(start, a.point, key + 1), detour(b.point, end, key + 2)
                points = _joined(to_street, way.points, from_street)
                length_m = _line_m(to_street) + way.length_m + _line_m(from_street)
                return Route(points, length_m, True, way.limit_mps)
    points = _joined(detour(start, end, key))
    return Route(points, _line_m(points), False)


def legs_of(way: Route, depart_ms: int, speed_mps: float) -> tuple[Leg, ...]:
    """The way's legs at constant speed from `depart_ms` on, as few as stay within 3 m of the street.

    Each begins where and when the one before ended; the first begins and the last ends where the way does. Times are
    whole milliseconds counted along the whole way, so no error adds up. A way to where one stands has no legs. Raises
    ValueError where `speed_mps` is not positive.
    """
    if not speed_mps > 0.0:
        raise ValueError(f"expected a positive speed_mps, found {speed_mps}")
    legs: list[Leg] = []
    kept = thinned(way.points, LEG_WITHIN_M)
    here, now, gone_m = way.points[0], depart_ms, 0.0
    for before, index in pairwise(kept):
        there = way.points[index]
        gone_m += distance_m(way.points[before], there)
        arrive = depart_ms + round(gone_m / speed_mps * 1000)
        if arrive > now:
            legs.append(Leg(start=here, end=there, depart_ms=now, arrive_ms=arrive))
            here, now = there, arrive
    if here != way.points[-1]:  # less than a millisecond is left
        last = legs.pop() if legs else Leg(start=here, end=here, depart_ms=now, arrive_ms=now + 1)
        legs.append(msgspec.structs.replace(last, end=way.points[-1]))
    return tuple(legs)


def _ring(column: int, row: int, ring: int, columns: int, rows: int) -> Iterator[int]:
    """The cells so many steps away from one, those within the grid."""
    west, east = max(column - ring, 0), min(column + ring, columns - 1)
    for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
        if abs(r - row) == ring:
            yield from range(r * columns + west, r * columns + east + 1)
            continue
        if column - ring >= 0:
            yield r * columns + column - ring
        if column + ring < columns and ring:
            yield r * columns + column + ring


def _point(lon: float, lat: float) -> Point:
    return Point(lon=wrapped(lon / PER_DEGREE), lat=lat / PER_DEGREE)


def _line_m(points: list[Point] | tuple[Point, ...]) -> float:
    return sum(distance_m(a, b) for a, b in pairwise(points))


def _joined(*lines: tuple[Point, ...]) -> tuple[Point, ...]:
    """The lines one after another; a point that comes twice running, once."""
    points: list[Point] = []
    for line in lines:
        points += [point for point in line if not points or point != points[-1]]
    return tuple(points)
