"""Doubts about geofences as a whole: circles that phones cannot tell apart, and more of them than a phone monitors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from footfall.world.circle_index import CircleIndex
from footfall.world.place_rules import RELIABLE_RADIUS_M
from footfall.world.pois import Poi
from footfall.world.regions import ANDROID, IOS

WALK_M = 500.0
"""A phone is told of a significant change of its position after about so much (Apple, startMonitoringSignificant-
LocationChanges). The app then monitors what is nearest there (AdobeDocs/places.en, help/using-your-own-monitor.md);
what lies nearer than that must be monitored already."""


def doubts(pois: Sequence[Poi]) -> Iterator[tuple[int, str]]:
    """The number of a POI, and what had better be otherwise with it, library by library."""
    number = {(poi.library, poi.id): n for n, poi in enumerate(pois)}
    libraries: dict[str, list[Poi]] = {}
    for poi in pois:
        libraries.setdefault(poi.library, []).append(poi)
    for library, members in libraries.items():
        index = CircleIndex(members)
        for poi in members:
            other = _overlapping(poi, index)
            if other is not None:
                why = f'less than {RELIABLE_RADIUS_M} m, and overlaps with "{other.name}" ({other.id})'
                yield number[library, poi.id], f"radius_m: {poi.radius_m:g} m: {why}: phones may not tell the two apart"
        crowded, most = _most_crowded(members, index)
        if most > IOS.most:
            beyond = "" if most <= ANDROID.most else f", Android {ANDROID.most}"
            why = f"{most} places of {library} within {WALK_M:g} m of here; iOS monitors {IOS.most} at once{beyond}"
            yield number[library, crowded.id], f"{why}: some entries will be missed"


def _overlapping(poi: Poi, index: CircleIndex) -> Poi | None:
    """The nearest by its edge that overlaps with `poi`, if that is small."""
    if poi.radius_m >= RELIABLE_RADIUS_M:
        return None
    around = index.around(poi.lon, poi.lat, 1)
    others = [near.poi for near in around.within if near.poi.id != poi.id]
    others += [near.poi for near in around.nearby if near.edge_m < poi.radius_m]
    return others[0] if others else None


def _most_crowded(members: Sequence[Poi], index: CircleIndex) -> tuple[Poi, int]:
    """The first POI with the most of its library within a walk, itself included, and how many those are."""
    counts = []
    for poi in members:
        around = index.around(poi.lon, poi.lat, ANDROID.most + 1, WALK_M)
        counts.append(len(around.within) + len(around.nearby))
    most = max(counts)
    return members[counts.index(most)], most
