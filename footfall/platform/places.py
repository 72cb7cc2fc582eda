"""The Places Query Service: GET /placesedgequery?library=...&latitude=...&longitude=...&limit=...

Source: https://experienceleague.adobe.com/docs/places/using/web-service-api/api-usage/query-apis.html
"""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left
from collections.abc import Iterable, Set
from decimal import Decimal
from urllib.parse import parse_qs

import msgspec

from footfall.platform.messages import Request, Response
from footfall.platform.problem_details import method_not_allowed
from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m
from footfall.world.pois import Poi

PATHS = ("/placesedgequery", "/placesedgequery/")
DEFAULT_LIMIT = 100

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


class _BadQuery(Exception):
    """A parameter is missing or garbled; the message says which."""


class _Place(msgspec.Struct, frozen=True):
    """A POI with what every query needs of it: its centre, and its record as it travels."""

    poi: Poi
    centre: Point
    record: msgspec.Raw


class _Found(msgspec.Struct, frozen=True):
    within: list[_Place]  # in no particular order
    nearby: list[_Place]  # by distance to the circle's edge


class PlacesQuery:
    """Answers Places queries over a fixed set of POIs."""

    def __init__(self, pois: Iterable[Poi]) -> None:
        self._by_lat = [_place(poi) for poi in sorted(pois, key=lambda poi: (poi.lat, poi.id))]
        self._lats = [place.poi.lat for place in self._by_lat]
        self._widest_m = max((place.poi.radius_m for place in self._by_lat), default=0.0)

    def __len__(self) -> int:
        return len(self._by_lat)

    def answer(self, request: Request) -> Response:
        """200 with userWithin (by weight, then radius) and pois (by distance to the edge of the circle), together at
        most `limit`; 400 for a parameter that is missing or out of range."""
        if request.method != "GET":
            return method_not_allowed("GET")
        query = parse_qs(request.query, keep_blank_values=True)
        try:
            lat = _degrees(query, "latitude", 85.0)
            lon = _degrees(query, "longitude", 180.0)
            limit = _limit(query)
            libraries = frozenset(query.get("library", ()))
            if not libraries:
                raise _BadQuery("library is missing")
        except _BadQuery as problem:
            body = msgspec.json.encode({"status": 400, "message": str(problem)})
            return Response(400, (("content-type", "application/json"),), body)
        found = self._around(lon, lat, limit, libraries)
        within = sorted(found.within, key=_rank)[:limit]
        nearby = found.nearby[: limit - len(within)]
        places = {"userWithin": [place.record for place in within], "pois": [place.record for place in nearby]}
        body = msgspec.json.encode({"places": places, "input": None})
        return Response(200, (("content-type", "application/json"),), body)

    def _around(self, lon: float, lat: float, limit: int, libraries: Set[str]) -> _Found:
        """Walks away from the query's latitude, north and south in turn, until no circle farther off can matter: the
        difference of latitudes is a lower bound of the distance, and `_widest_m` of what a radius can take off it."""
        here = Point(lon=lon, lat=lat)
        within: list[_Place] = []
        best: list[tuple[float, int]] = []  # a heap, the farthest of the nearest on top: (-edge_m, -index)
        north = bisect_left(self._lats, lat)
        south = north - 1
        while north < len(self._lats) or south >= 0:
            to_north = self._lats[north] - lat if north < len(self._lats) else float("inf")
            to_south = lat - self._lats[south] if south >= 0 else float("inf")
            least_edge_m = min(to_north, to_south) * METRES_PER_DEGREE - self._widest_m
            if least_edge_m > 0.0 and len(best) == limit and least_edge_m > -best[0][0]:
                break
            if to_north <= to_south:
                index, north = north, north + 1
            else:
                index, south = south, south - 1
            place = self._by_lat[index]
            if place.poi.library not in libraries:
                continue
            edge_m = distance_m(here, place.centre) - place.poi.radius_m
            if edge_m <= 0.0:
                within.append(place)
            elif len(best) < limit:
                heapq.heappush(best, (-edge_m, -index))
            elif edge_m < -best[0][0]:
                heapq.heapreplace(best, (-edge_m, -index))
        return _Found(within, [self._by_lat[-index] for _, index in sorted(best, reverse=True)])


def _place(poi: Poi) -> _Place:
    """`p` has exactly seven members and its coordinates are strings: the SDK skips a POI that has not."""
    p = [poi.id, poi.name, _plain(poi.lat), _plain(poi.lon), round(poi.radius_m), poi.library, poi.weight]
    record = msgspec.Raw(msgspec.json.encode({"p": p, "x": dict(poi.metadata)}))
    return _Place(poi, Point(lon=poi.lon, lat=poi.lat), record)


def _rank(place: _Place) -> tuple[int, float, str]:
    return (place.poi.weight, place.poi.radius_m, place.poi.id)


def _plain(degrees: float) -> str:
    """The shortest decimal that reads back as the same number, never with an exponent."""
    return f"{Decimal(repr(degrees)):f}"


def _degrees(query: dict[str, list[str]], name: str, most: float) -> float:
    values = query.get(name)
    if values is None:
        raise _BadQuery(f"{name} is missing")
    if len(values) != 1 or not _NUMBER.fullmatch(values[0]):
        raise _BadQuery(f"{name} must be one number")
    degrees = float(values[0])
    if not -most <= degrees <= most:
        raise _BadQuery(f"{name} must be between {-most:g} and {most:g}")
    return degrees


def _limit(query: dict[str, list[str]]) -> int:
    values = query.get("limit")
    if values is None:
        return DEFAULT_LIMIT
    if len(values) != 1 or not _WHOLE.fullmatch(values[0]) or int(values[0]) == 0:
        raise _BadQuery("limit must be one whole number from 1")
    return int(values[0])
