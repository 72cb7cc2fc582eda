"""Areas of the world: parks, malls, quiet zones, as polygons.

No place of the Places Service is one: phones monitor circles. An area says where people are, where beacons lie, or
where nothing is to be heard. In a geofence file it is a feature with a Polygon or a MultiPolygon beside the circles:

    {"type": "Feature", "id": "park-1", "geometry": {"type": "Polygon", "coordinates": [[[lon, lat], ...]]},
     "properties": {"name": "Esplanadi", "category": "park", "metadata": {"city": "Helsinki"}}}

Edges are straight in longitude and latitude, and an area that crosses the antimeridian is cut in two there (RFC 7946,
sections 3.1.1 and 3.1.9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from footfall.world.coordinates import Box, Pair, looks_swapped
from footfall.world.problems import Mistake, Path

AREA_GEOMETRIES = ("Polygon", "MultiPolygon")

Ring = tuple[Pair, ...]
"""Positions (lon, lat) in degrees, the last of them the first again."""

Rings = tuple[Ring, ...]
"""One polygon: its outline, and holes in it."""


class Area(msgspec.Struct, frozen=True):
    """A named part of the world: polygons that do not overlap. `metadata` is sorted by key."""

    id: str
    name: str
    category: str
    polygons: tuple[Rings, ...]
    metadata: tuple[tuple[str, str], ...] = ()


def area_of(feature: Mapping[str, Any]) -> Area:
    """The area of a GeoJSON feature in which `area_mistakes` finds nothing. Heights are left out."""
    properties = feature["properties"]
    return Area(
        id=feature["id"],
        name=properties["name"],
        category=properties["category"],
        polygons=tuple(_rings(polygon) for polygon, _ in _polygons(feature["geometry"], ())),
        metadata=tuple(sorted(properties.get("metadata", {}).items())),
    )


def area_mistakes(geometry: Mapping[str, Any], path: Path, box: Box | None) -> Iterator[Mistake]:
    """What is wrong with the geometry at `path`, a Polygon or a MultiPolygon, in a file with this bbox."""
    coordinates = geometry.get("coordinates")
    at = (*path, "coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        what = "rings" if geometry["type"] == "Polygon" else "polygons"
        yield Mistake(at, f"coordinates: expected a list of {what}")
        return
    whole: list[Rings] = []
    for polygon, under in _polygons(geometry, at):
        mistakes = list(_polygon_mistakes(polygon, under, box))
        yield from mistakes
        if not mistakes:
            whole.append(_rings(polygon))
    if whole and len(whole) == sum(1 for _ in _polygons(geometry, at)):
        from footfall.world.area_index import quarrel  # shapely, for files that have areas only

        why = quarrel(whole)
        if why:
            yield Mistake(at, f"coordinates: {why}")


def _polygons(geometry: Mapping[str, Any], at: Path) -> Iterator[tuple[Any, Path]]:
    """Each polygon as it is written, and its path."""
    if geometry["type"] == "Polygon":
        yield geometry["coordinates"], at
        return
    for index, polygon in enumerate(geometry["coordinates"]):
        yield polygon, (*at, index)


def _polygon_mistakes(polygon: Any, path: Path, box: Box | None) -> Iterator[Mistake]:
    if not isinstance(polygon, list) or not polygon:
        yield Mistake(path, "coordinates: expected a list of rings")
        return
    if all(isinstance(ring, list) and ring and type(ring[0]) in (int, float) for ring in polygon):
        yield Mistake(
            path, "coordinates: expected a list of rings, found a ring; put one more pair of brackets round it"
        )
        return
    for index, ring in enumerate(polygon):
        yield from _ring_mistakes(ring, (*path, index), box)


def _ring_mistakes(ring: Any, path: Path, box: Box | None) -> Iterator[Mistake]:
    if not isinstance(ring, list) or len(ring) < 4:
        yield Mistake(path, "coordinates: expected a ring of at least four positions")
        return
    pairs: list[Pair] = []
    for index, position in enumerate(ring):
        match position:
            case [lon, lat, *rest] if len(rest) < 2 and all(type(value) in (int, float) for value in position):
                pairs.append((lon, lat))
            case _:
                yield Mistake((*path, index), "coordinates: expected [longitude, latitude]")
                return
    if pairs[0] != pairs[-1]:
        yield Mistake((*path, len(ring) - 1), "coordinates: expected the ring's first position again, to close it")
        return
    if all(looks_swapped(pair, box) for pair in pairs):
        yield Mistake(path, "coordinates are [longitude, latitude]; this ring looks swapped")
        return
    for index, (lon, lat) in enumerate(pairs):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            why = f"expected a longitude from -180 to 180 and a latitude from -90 to 90, found [{lon}, {lat}]"
            yield Mistake((*path, index), f"coordinates: {why}")
            return
    for index, ((west, _), (east, _)) in enumerate(pairwise(pairs), start=1):
        if abs(east - west) > 180:
            why = "this edge crosses the antimeridian; cut the area in two there (RFC 7946, section 3.1.9)"
            yield Mistake((*path, index), f"coordinates: {why}")
            return


def _rings(polygon: list[list[list[float]]]) -> Rings:
    return tuple(tuple((float(lon), float(lat)) for lon, lat, *_ in ring) for ring in polygon)
