"""Which circles hold a point, and which are nearest to it: an index of Places POIs on the sphere.

Positions are unit vectors in space, sorted into k-d trees. So no meridian and no pole is special: what is near is near
in space too, and the square of a straight distance there (4 h, where h is haversine's) only grows with the distance on
the sphere. Distances are those of `footfall.world.geo.distance_m` but for rounding: less than a micrometre up to
1,000 km, less than half a metre at the antipodes. Circles of like radius share a tree, so that a few large ones do not
make all small ones look near.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace
from math import asin, cos, inf, radians, sin, sqrt
from operator import itemgetter
from typing import NamedTuple, cast

import msgspec

from footfall.world.geo import EARTH_RADIUS_M
from footfall.world.pois import Poi

_LEAF = 13  # entries; measured
_SLACK = 1e-14  # what rounding may take off a square of a straight distance: 0.6 m nearby, 0.2 m at the antipodes
_DIAMETER_M = 2.0 * EARTH_RADIUS_M


class Near(msgspec.Struct, frozen=True, gc=False):
    """A POI and how far its centre is, in metres. `order` is its place in `CircleIndex.pois`."""

    poi: Poi
    distance_m: float
    order: int

    @property
    def edge_m(self) -> float:
        """How far the circle's edge is, in metres; not positive inside."""
        return self.distance_m - self.poi.radius_m


class Around(msgspec.Struct, frozen=True):
    """What lies around a point. `within`: the circles that hold it, in the order of `precedence`. `nearby`: those that
    do not, by the distance to the circle's edge."""

    within: list[Near]
    nearby: list[Near]


def precedence(poi: Poi) -> tuple[int, float, str]:
    """Sorts POIs that hold the same point as Places does: by weight, then by radius (AdobeDocs/places.en,
    help/web-service-api/api-usage/query-apis.md); by id where both are alike, so that an order is always the same."""
    return (poi.weight, poi.radius_m, poi.id)


# x, y, z, radius in metres, place in `pois`: numbers only, which the garbage collector need not look after
_Entry = tuple[float, float, float, float, int]
# distance to the edge or the centre, place in `pois`, radius
_Found = tuple[float, int, float]
# west, east and so on of the points in space
_Box = tuple[float, float, float, float, float, float]


class _Tree(NamedTuple):
    """A node: its points lie in `box`; those of `low` have at most `at` on `axis`, those of `high` at least that. A
    leaf has entries instead, and its axis is -1."""

    box: _Box
    axis: int
    at: float
    low: _Tree
    high: _Tree
    entries: list[_Entry]


_NONE = cast(_Tree, None)  # below a leaf, where nobody looks


class _Layer(NamedTuple):
    """The circles of one class of radius, and the largest radius among them."""

    tree: _Tree
    widest_m: float


class CircleIndex:
    """Fixed POIs, sorted by id. Any longitude and any latitude in -90..90 may be asked for; POIs may lie there too.

    Where distances are alike to the bit, ids decide.
    """

    def __init__(self, pois: Iterable[Poi]) -> None:
        self.pois: tuple[Poi, ...] = tuple(sorted(pois, key=lambda poi: poi.id))
        # up to 15 m, 511 m, 16,383 m, and above: a tree a class costs less than what its widest adds to every search
        classes: dict[int, list[_Entry]] = {}
        for order, poi in enumerate(self.pois):
            classes.setdefault(int(poi.radius_m).bit_length() // 5, []).append(_entry(poi, order))
        self._layers = [
            _Layer(_tree(entries), max(entry[3] for entry in entries)) for _, entries in sorted(classes.items())
        ]

    def __len__(self) -> int:
        return len(self.pois)

    def holding(self, lon: float, lat: float) -> list[Poi]:
        """The POIs whose circles hold the point, their edges included, in the order of `precedence`."""
        return [near.poi for near in self.around(lon, lat, 0).within]

    def nearest(self, lon: float, lat: float, limit: int) -> list[Near]:
        """The `limit` POIs whose centres are nearest, nearest first; all of them where there are fewer."""
        _, found = self._search(lon, lat, limit, 0.0)
        return [Near(self.pois[order], away_m, order) for away_m, order, _ in found]

    def around(self, lon: float, lat: float, limit: int, most_m: float = inf) -> Around:
        """Every POI that holds the point, and the `limit` nearest by their edges of those that do not, if their edges
        are at most `most_m` away."""
        within, beyond = self._search(lon, lat, limit, 1.0, most_m)
        pois = self.pois
        inner = [Near(pois[order], edge_m + radius_m, order) for edge_m, order, radius_m in within]
        if len(inner) > 1:
            inner.sort(key=_by_precedence)
        return Around(inner, [Near(pois[order], edge_m + radius_m, order) for edge_m, order, radius_m in beyond])

    def _search(
        self, lon: float, lat: float, limit: int, share: float, most_m: float = inf
    ) -> tuple[list[_Found], list[_Found]]:
        """Those whose distance less `share` of the radius leaves nothing, if `share` is not 0; and in order the `limit`
        nearest of the others, no farther than `most_m`."""
        q = qx, qy, qz = _unit(lon, lat)
        within: list[_Found] = []
        found: list[_Found] = []
        farthest: list[float] = []  # a heap of the nearest distances, negated: the farthest of them is on top
        room, most_m = limit, most_m if limit else 0.0
        for tree, widest_m in self._layers:
            reach_m = share * widest_m
            cut = _cut(most_m + reach_m)
            stack = [(0.0, tree)]
            while stack:
                gap2, node = stack.pop()
                if gap2 > cut:
                    continue
                (x0, x1, y0, y1, z0, z1), axis, at, low, high, entries = node
                dx = x0 - qx if qx < x0 else qx - x1 if qx > x1 else 0.0
                dy = y0 - qy if qy < y0 else qy - y1 if qy > y1 else 0.0
                dz = z0 - qz if qz < z0 else qz - z1 if qz > z1 else 0.0
                if dx * dx + dy * dy + dz * dz > cut:
                    continue
                while axis >= 0:
                    gap = q[axis] - at
                    gap2 = gap * gap
                    node, far = (low, high) if gap < 0.0 else (high, low)
                    if gap2 <= cut:
                        stack.append((gap2, far))
                    _, axis, at, low, high, entries = node
                nearer = False
                for x, y, z, radius_m, order in entries:
                    dx = x - qx
                    dy = y - qy
                    dz = z - qz
                    d2 = dx * dx + dy * dy + dz * dz
                    if d2 > cut:
                        continue
                    key_m = _DIAMETER_M * asin(0.5 * sqrt(d2) if d2 < 4.0 else 1.0) - share * radius_m
                    if key_m > most_m:
                        continue
                    if key_m <= 0.0 and share:
                        within.append((key_m, order, radius_m))
                    elif limit:
                        found.append((key_m, order, radius_m))
                        if room:
                            room -= 1
                            farthest.append(-key_m)
                            if room:
                                continue
                            heapify(farthest)
                        else:
                            heapreplace(farthest, -key_m)
                        most_m, nearer = -farthest[0], True
                if nearer:
                    cut = _cut(most_m + reach_m)
        found = [one for one in found if one[0] <= most_m]
        found.sort()
        return within, found[:limit]


def _entry(poi: Poi, order: int) -> _Entry:
    return *_unit(poi.lon, poi.lat), float(poi.radius_m), order


def _by_precedence(near: Near) -> tuple[int, float, str]:
    return precedence(near.poi)


def _unit(lon: float, lat: float) -> tuple[float, float, float]:
    phi, turn = radians(lat), radians(lon)
    cos_phi = cos(phi)
    return cos_phi * cos(turn), cos_phi * sin(turn), sin(phi)


def _cut(reach_m: float) -> float:
    """An upper bound of the square of the straight distance, on the unit sphere, of what is `reach_m` away: the first
    terms of 2 - 2 cos, of which the next would be taken off."""
    a2 = (reach_m / EARTH_RADIUS_M) ** 2
    return a2 * (1.0 - a2 * (1.0 / 12.0 - a2 / 360.0)) + _SLACK if a2 < 10.0 else inf


def _tree(entries: list[_Entry]) -> _Tree:
    xs, ys, zs = list(zip(*entries, strict=True))[:3]
    box = (min(xs), max(xs), min(ys), max(ys), min(zs), max(zs))
    if len(entries) <= _LEAF:
        fresh = [(x + 0.0, y + 0.0, z + 0.0, radius_m + 0.0, order) for x, y, z, radius_m, order in entries]
        # made anew: side by side in memory, what is looked at together is there at once
        return _Tree(box, -1, 0.0, _NONE, _NONE, fresh)
    spans = (box[1] - box[0], box[3] - box[2], box[5] - box[4])
    axis = spans.index(max(spans))
    entries.sort(key=itemgetter(axis))
    half = len(entries) // 2
    return _Tree(box, axis, cast(float, entries[half][axis]), _tree(entries[:half]), _tree(entries[half:]), [])
