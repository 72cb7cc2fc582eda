"""Coordinates that people get wrong: out of range, and longitude and latitude in each other's place.

Swapped coordinates are the commonest slip in hand-made GeoJSON, and most often they are some place on Earth. Three
things give them away: a latitude beyond the pole; a place outside the file's bbox whose swapped pair lies in it; and,
where there is no bbox, a place far from all the others whose swapped pair is among them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from footfall.world.geo import Point, distance_m
from footfall.world.place_rules import LARGEST_LATITUDE
from footfall.world.problems import Mistake, Path

FAR_M = 1_000_000.0
NEAR_M = 100_000.0

Pair = tuple[float, float]
Box = tuple[float, float, float, float]


def coordinate_mistakes(points: Mapping[int, Pair], box: Box | None) -> Iterator[Mistake]:
    """What is wrong with the coordinates (lon, lat) of the features at these indices.

    Where every pair looks swapped there is one mistake, at the first: it has one cause.
    """
    swapped = [index for index, pair in points.items() if looks_swapped(pair, box)]
    rest = dict(points)
    for index in swapped:
        del rest[index]
    in_range = {index: pair for index, pair in rest.items() if not _out_of_range(pair)}
    if box is None:
        swapped += _swapped_among(in_range)
    if len(swapped) == len(points) > 1:
        yield _mistake(swapped[0], points, f", as in all {len(swapped)} features")
        return
    for index in swapped:
        yield _mistake(index, points, "")
    for index in rest.keys() - in_range.keys():
        yield Mistake(_path(index), f"coordinates: {_out_of_range(points[index])}")


def bbox_mistake(bbox: Any) -> str:
    """What is wrong with a `bbox`, RFC 7946 section 5: [west, south, east, north], or with heights; "" if nothing."""
    expected = "bbox: expected [west, south, east, north] in degrees"
    if not isinstance(bbox, list) or len(bbox) not in (4, 6) or not all(type(edge) in (int, float) for edge in bbox):
        return expected
    half = len(bbox) // 2
    west, south, east, north = bbox[0], bbox[1], bbox[half], bbox[half + 1]
    found = f"found {_plain(bbox)}"
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        return f"{expected}, {found}"
    return f"{expected}, {found}: south is beyond north" if south > north else ""


def looks_swapped(pair: Pair, box: Box | None) -> bool:
    """Whether (lon, lat) is no place, or lies outside the file's bbox, and is one inside it the other way round."""
    lon, lat = pair
    if 90 < abs(lat) <= 180 and abs(lon) <= 90:
        return True
    return box is not None and not _within(lon, lat, box) and _within(lat, lon, box)


def _within(lon: float, lat: float, box: Box) -> bool:
    west, south, east, north = box
    between = west <= lon <= east if west <= east else lon >= west or lon <= east
    return between and south <= lat <= north


def _out_of_range(pair: Pair) -> str:
    lon, lat = pair
    if not -180 <= lon <= 180:
        return f"expected a longitude from -180 to 180, found {lon}"
    if not -LARGEST_LATITUDE <= lat <= LARGEST_LATITUDE:
        return f"expected a latitude from -{LARGEST_LATITUDE} to {LARGEST_LATITUDE}, found {lat}"
    return ""


def _swapped_among(points: Mapping[int, Pair]) -> list[int]:
    """Those that lie far from the middle of the others and, swapped, near it."""
    if len(points) < 2:
        return []
    lons = sorted(lon for lon, _ in points.values())
    lats = sorted(lat for _, lat in points.values())
    found = []
    for index, (lon, lat) in points.items():
        if abs(lon) > 90 or abs(lat - lon) < 1:
            continue  # swapped it would be no place, or nearly the same one
        middle = Point(lon=_median_without(lons, lon), lat=_median_without(lats, lat))
        if distance_m(Point(lon=lon, lat=lat), middle) > FAR_M and distance_m(Point(lon=lat, lat=lon), middle) < NEAR_M:
            found.append(index)
    return found


def _median_without(ordered: list[float], value: float) -> float:
    """The median of a sorted list with one `value` of it left out."""
    gone = bisect_left(ordered, value)
    last = len(ordered) - 2
    low, high = (position + (position >= gone) for position in (last // 2, (last + 1) // 2))
    return (ordered[low] + ordered[high]) / 2


def _mistake(index: int, points: Mapping[int, Pair], more: str) -> Mistake:
    text = f"coordinates are [longitude, latitude]; found {_plain(points[index])}, which looks swapped{more}"
    return Mistake(_path(index), text)


def _path(index: int) -> Path:
    return ("features", index, "geometry", "coordinates")


def _plain(numbers: Collection[float]) -> str:
    return "[" + ", ".join(str(number) for number in numbers) + "]"
