"""The named places of an OpenStreetMap extract: which of them are ours, and how well known each one is.

Names, coordinates and streets are facts of the extract. Which places are taken, and their radius and weight as Places
POIs, are ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import shapely

from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m

Category: TypeAlias = Literal["station", "museum", "shop", "cafe"]

ATTRIBUTION = "© OpenStreetMap contributors, ODbL"
WEIGHTS: Mapping[Category, int] = {"station": 10, "museum": 20, "shop": 30, "cafe": 40}

SERVICES = frozenset({
    "beauty", "beauty_salon", "car_repair", "funeral_directors", "hairdresser", "hearing_aids", "laundry", "locks",
    "locksmith", "massage", "nails", "nailstudio", "pawnbroker", "tailor", "tattoo", "ticket", "travel_agency",
    "vacant",
})  # fmt: skip
"""Values of OSM's `shop` where nothing is sold that could lie in a cart."""

KIND_RENOWN: Mapping[str, int] = {
    "department_store": 70, "mall": 70, "museum": 70, "station": 60, "supermarket": 30, "marketplace": 30,
    "tram_stop": 10, "cafe": 10,
}  # fmt: skip
"""How much of a landmark a kind of place is, in the points of `Place.renown`; what is not listed has none."""

RADIUS_M: Mapping[str, int] = {
    "station": 200, "department_store": 150, "mall": 150, "museum": 150, "marketplace": 120, "supermarket": 120,
}  # fmt: skip
"""By kind; OTHER_RADIUS_M where it is not listed."""
OTHER_RADIUS_M = 100
ONE_PLACE_M = 150.0
"""Two of one name and category nearer than this are one place, mapped as a node and as a building."""


class Place(NamedTuple):
    """One named object of the extract. `kind` is the OSM value that made it one (department_store, tram_stop, ...);
    `names` holds every name by which it may be in the extract twice, as node and as building."""

    osm: str
    category: Category
    kind: str
    name: str
    names: frozenset[str]
    lon: float
    lat: float
    street: str | None
    renown: int


def place_of(thing: Any, tags: Mapping[str, str]) -> Place | None:
    """The place that an object of osmium (a node or an area) is, at its centroid; None where it is none of ours.

    Closed ways and multipolygons come as areas too; as ways and relations they are none.
    """
    found = classify(tags)
    if found is None or not tags.get("name") or not (thing.is_node() or thing.is_area()):
        return None
    category, kind = found
    centre, area_m2 = position(thing)
    return Place(
        osm=f"n{thing.id}" if thing.is_node() else f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}",
        category=category,
        kind=kind,
        name=tags["name"],
        names=frozenset(tags[key] for key in ("name", "name:fi", "official_name", "alt_name") if key in tags),
        lon=round(centre[0], 6),
        lat=round(centre[1], 6),
        street=tags.get("addr:street"),
        renown=renown(tags, kind, area_m2),
    )


def classify(tags: Mapping[str, str]) -> tuple[Category, str] | None:
    """Category and kind by the object's tags; None where it is none of ours.

    A station is a named place where one gets on a train, metro or tram; a bus stop is none.
    """
    for key, value in (("railway", "station"), ("railway", "tram_stop"), ("public_transport", "station")):
        if tags.get(key) == value:
            return "station", value
    if tags.get("tourism") == "museum":
        return "museum", "museum"
    if tags.get("amenity") == "cafe":
        return "cafe", "cafe"
    if tags.get("amenity") == "marketplace":
        return "shop", "marketplace"
    kind = tags.get("shop")
    if kind is None or kind in SERVICES:
        return None
    return "shop", "shop" if kind == "yes" else kind


def renown(tags: Mapping[str, str], kind: str, area_m2: float) -> int:
    """How well known a place is, in points: an entry in Wikidata or Wikipedia, its kind, its size, and how much the
    mappers found to say about it. A chain's entry (`brand:wikidata`) does not count."""
    entry = 100 if "wikidata" in tags or "wikipedia" in tags else 0
    return entry + KIND_RENOWN.get(kind, 0) + min(50, round(area_m2 / 100)) + min(10, len(tags) // 2)


def position(thing: Any) -> tuple[tuple[float, float], float]:
    """Where a node or an area of osmium is, (lon, lat), and the area in m²."""
    if thing.is_node():
        return (thing.location.lon, thing.location.lat), 0.0
    return footprint([[(node.lon, node.lat) for node in ring] for ring in thing.outer_rings()])


def footprint(rings: Sequence[Sequence[tuple[float, float]]]) -> tuple[tuple[float, float], float]:
    """Of an area's outer rings (closed, degrees) the centroid of the nodes, (lon, lat), and the area in m²."""
    centre = shapely.MultiPoint([node for ring in rings for node in ring[:-1]]).centroid
    square_degree_m2 = METRES_PER_DEGREE**2 * math.cos(math.radians(centre.y))
    return (centre.x, centre.y), sum(shapely.Polygon(ring).area for ring in rings) * square_degree_m2


def known_first(places: Iterable[Place]) -> list[Place]:
    """The best known first, of equals by OSM's id."""
    return sorted(places, key=lambda place: (-place.renown, place.osm))


def without_twins(places: Iterable[Place]) -> list[Place]:
    """The places, best known first, those left out that a better known one within ONE_PLACE_M already is."""
    named: dict[tuple[Category, str], list[Place]] = {}
    kept = []
    for place in known_first(places):
        here = Point(lon=place.lon, lat=place.lat)
        others = (other for name in place.names for other in named.get((place.category, name), ()))
        if any(distance_m(here, Point(lon=other.lon, lat=other.lat)) < ONE_PLACE_M for other in others):
            continue
        kept.append(place)
        for name in place.names:
            named.setdefault((place.category, name), []).append(place)
    return kept


def feature(place: Place, poi_id: str, library: str, radius_m: int, town: Mapping[str, str]) -> dict[str, object]:
    """The place as a GeoJSON Feature, as footfall.world.geofences reads them; `town` is metadata that all have."""
    metadata = dict(sorted({"category": place.category, "kind": place.kind, **town}.items()))
    if place.street is not None:
        metadata["street"] = place.street
    return {
        "type": "Feature",
        "id": poi_id,
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
        "properties": {
            "name": place.name,
            "category": place.category,
            "radius_m": radius_m,
            "weight": WEIGHTS[place.category],
            "library": library,
            "metadata": metadata,
        },
    }


def geojson(features: Iterable[dict[str, object]], source: str, bbox: Sequence[float]) -> str:
    """A file's text: a feature a line, with the attribution that the licence asks for."""
    head = {
        "type": "FeatureCollection",
        "attribution": ATTRIBUTION,
        "source": source,
        "bbox": [round(degrees, 6) for degrees in bbox],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    rows = ",\n".join(json.dumps(each, ensure_ascii=False) for each in features)
    return "{\n" + ",\n".join(lines) + ',\n"features": [\n' + rows + "\n]\n}\n"
