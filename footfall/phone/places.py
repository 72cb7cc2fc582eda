"""The Places extension: the nearby list, and which region events become ExperienceEvents.

A nearby query sends nothing to Edge; a region event for a POI that is not in the last nearby list is ignored; nothing
is de-duplicated. Sources: aepsdk-places-ios PlacesQueryService.swift, Places+State.swift, Places+EdgeEvents.swift.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from footfall.phone.signals import Reply
from footfall.world.pois import Poi
from footfall.xdm import build
from footfall.xdm.build import ExperienceEvent

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Row(msgspec.Struct):
    p: tuple[str, str, str, str, _Int64, str, _Int64]
    x: dict[str, str] = {}


class _Lists(msgspec.Struct, rename="camel"):
    user_within: list[msgspec.Raw] = []
    pois: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    places: _Lists = msgspec.field(default_factory=_Lists)


_ANSWER = msgspec.json.Decoder(_Answer)
_ROW = msgspec.json.Decoder(_Row)


def read_nearby(body: bytes) -> tuple[Poi, ...] | None:
    """userWithin, then pois, of the Places Query Service's answer; None if it cannot be read at all.

    A row whose `p` has not exactly 7 members of the right types is skipped, as the SDK does, and so is one whose
    position is none on the earth.
    """
    try:
        places = _ANSWER.decode(body).places
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    rows = [_poi(bytes(raw)) for raw in places.user_within + places.pois]
    return tuple([poi for poi in rows if poi is not None])


@lru_cache(maxsize=4096)
def _poi(raw: bytes) -> Poi | None:
    """One row. All phones of a town are told of the same places, in the same bytes."""
    try:
        row = _ROW.decode(raw)
        lat, lon = float(row.p[2]), float(row.p[3])
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors too
        return None
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):  # NaN is not
        return None
    return Poi(
        id=row.p[0],
        name=row.p[1],
        lon=lon,
        lat=lat,
        radius_m=row.p[4],
        library=row.p[5],
        weight=row.p[6],
        category=row.x.get("category", ""),
        metadata=tuple(row.x.items()),
    )


class Places:
    """The Places extension of one phone."""

    __slots__ = ("_nearby",)

    def __init__(self) -> None:
        self._nearby: dict[str, Poi] = {}

    def take_nearby(self, reply: Reply) -> tuple[Poi, ...] | None:
        """A nearby answer replaces the list; an answer that is none leaves it. Returns the POIs for the app."""
        pois = read_nearby(reply.body) if reply.status == 200 else None
        if pois is not None:
            self._nearby = {poi.id: poi for poi in pois}
        return pois

    def process_region(self, kind: Literal["entry", "exit"], poi_id: str) -> ExperienceEvent | None:
        """The event for a region event of the OS, or None for a POI that is not in the nearby list."""
        poi = self._nearby.get(poi_id)
        return None if poi is None else build.location(kind, poi)
