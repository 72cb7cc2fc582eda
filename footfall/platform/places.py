"""The Places Query Service: GET /placesedgequery?library=...&latitude=...&longitude=...&limit=...

Source: https://experienceleague.adobe.com/docs/places/using/web-service-api/api-usage/query-apis.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from operator import itemgetter
from urllib.parse import parse_qs

import msgspec

from footfall.platform.messages import Request, Response
from footfall.platform.problem_details import method_not_allowed
from footfall.world.circle_index import CircleIndex, precedence
from footfall.world.pois import Poi

PATHS = ("/placesedgequery", "/placesedgequery/")
DEFAULT_LIMIT = 100

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


class _BadQuery(Exception):
    """A parameter is missing or garbled; the message says which."""


class _Library(msgspec.Struct, frozen=True):
    """The POIs of one library, and their records as they travel, in the index's order."""

    index: CircleIndex
    records: list[msgspec.Raw]


class PlacesQuery:
    """Answers Places queries over a fixed set of POIs."""

    def __init__(self, pois: Iterable[Poi]) -> None:
        by_library: dict[str, list[Poi]] = {}
        for poi in pois:
            by_library.setdefault(poi.library, []).append(poi)
        self._libraries: dict[str, _Library] = {}
        for library, members in by_library.items():
            index = CircleIndex(members)
            self._libraries[library] = _Library(index, [_record(poi) for poi in index.pois])

    def __len__(self) -> int:
        return sum(len(library.records) for library in self._libraries.values())

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
        within: list[tuple[tuple[int, float, str], msgspec.Raw]] = []
        nearby: list[tuple[float, str, msgspec.Raw]] = []
        for name in libraries:
            if (library := self._libraries.get(name)) is not None:
                around, records = library.index.around(lon, lat, limit), library.records
                within += [(precedence(near.poi), records[near.order]) for near in around.within]
                nearby += [(near.edge_m, near.poi.id, records[near.order]) for near in around.nearby]
        within.sort(key=_first)
        nearby.sort(key=_two)
        user_within = [record for _, record in within[:limit]]
        pois = [record for _, _, record in nearby[: limit - len(user_within)]]
        body = msgspec.json.encode({"places": {"userWithin": user_within, "pois": pois}, "input": None})
        return Response(200, (("content-type", "application/json"),), body)


_first = itemgetter(0)
_two = itemgetter(0, 1)


def _record(poi: Poi) -> msgspec.Raw:
    """`p` has exactly seven members and its coordinates are strings: the SDK skips a POI that has not."""
    p = [poi.id, poi.name, _plain(poi.lat), _plain(poi.lon), round(poi.radius_m), poi.library, poi.weight]
    return msgspec.Raw(msgspec.json.encode({"p": p, "x": dict(poi.metadata)}))


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
