"""POIs and areas as the text of a geofence file: a feature a line, so that two versions can be compared by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from footfall.world.pois import Poi


def to_geojson(pois: Sequence[Poi], attribution: str = "") -> str:
    """The file that `footfall.world.geofences.decode_geofences` reads as these POIs, with a bbox; sorted by library and
    id. There must be one at least."""
    ordered = sorted(pois, key=lambda poi: (poi.library, poi.id))
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if attribution:
        head["attribution"] = attribution
    head["bbox"] = _bbox(ordered)
    lines = ",\n".join(json.dumps(_feature(poi), ensure_ascii=False) for poi in ordered)
    members = "".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in head.items())
    return f'{{\n{members}"features": [\n{lines}\n]}}\n'


def _feature(poi: Poi) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": poi.id,
        "geometry": {"type": "Point", "coordinates": [poi.lon, poi.lat]},
        "properties": {
            "name": poi.name,
            "category": poi.category,
            "library": poi.library,
            "radius_m": int(poi.radius_m) if poi.radius_m == int(poi.radius_m) else poi.radius_m,
            "weight": poi.weight,
            "metadata": dict(poi.metadata),
        },
    }


def _bbox(pois: Sequence[Poi]) -> list[float]:
    """[west, south, east, north], across the antimeridian where that is narrower (RFC 7946, section 5.2)."""
    lats = [poi.lat for poi in pois]
    lons = sorted({poi.lon for poi in pois})
    gap, west, east = max(
        [(b - a, b, a) for a, b in pairwise(lons)] + [(lons[0] + 360.0 - lons[-1], lons[0], lons[-1])],
        key=lambda one: one[0],
    )
    return [west, min(lats), east, max(lats)] if gap else [lons[0], min(lats), lons[-1], max(lats)]
