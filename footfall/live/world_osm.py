"""An OpenStreetMap extract, read with pyosmium: the ways one can take, places, and where people live and work.

Which way permits what follows OpenStreetMap's own defaults where nothing is tagged
(https://wiki.openstreetmap.org/wiki/OSM_tags_for_routing/Access_restrictions), with two of ours: on footways and
pedestrian streets bicycles are only where a tag lets them, and private ways are nobody's. Turn restrictions, ferries
and opening hours of ways are not read. Walking, one-way streets do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from footfall.live.world_places import Place, place_of, position
from footfall.world.geo import Point
from footfall.world.street_arrays import DRIVE, RIDE, WALK
from footfall.world.street_build import Way

ROADS: Mapping[str, int] = {
    "motorway": 100, "trunk": 80, "primary": 50, "secondary": 50, "tertiary": 40, "unclassified": 40,
    "residential": 30, "service": 20, "living_street": 20, "road": 30,
}  # fmt: skip
"""Values of `highway` for cars, with a speed limit in km/h where none is tagged: towns'. A `_link` is as its road."""
NOT_ON_FOOT = frozenset({"motorway", "trunk"})
PATHS = frozenset({"footway", "pedestrian", "steps", "path", "track", "cycleway", "platform", "corridor", "bridleway"})
FOR_BICYCLES = frozenset({"cycleway", "path", "track"})
PATH_KMH = 20
FORBIDDEN = frozenset({"no", "private", "agricultural", "forestry", "use_sidepath"})
WALKING_KMH = 7

HOMES: Mapping[str, float] = {
    "apartments": 4, "residential": 3, "dormitory": 4, "house": 1.5, "detached": 1.5, "semidetached_house": 1.5,
    "terrace": 2, "bungalow": 1, "farm": 1,
}  # fmt: skip
"""Values of `building` where people live, with storeys where none are tagged."""
HOME_STREET_M2 = 500.0  # of floor space that a point of such a street stands for
HOME_STREETS = frozenset({"residential", "living_street"})
OFFICES: Mapping[str, float] = {
    "office": 5, "commercial": 3, "retail": 2, "industrial": 1, "public": 3, "government": 4, "university": 3,
    "school": 2, "hospital": 4, "hotel": 5, "warehouse": 1,
}  # fmt: skip
"""Values of `building` where people work, likewise."""
AMENITIES = frozenset({
    "bank", "bar", "cafe", "cinema", "clinic", "college", "courthouse", "doctors", "fast_food", "hospital",
    "kindergarten", "library", "pharmacy", "police", "post_office", "pub", "restaurant", "school", "theatre",
    "townhall", "university",
})  # fmt: skip
M2_PER_WORKER = 30.0
WORKERS_OF_OFFICE, WORKERS_OF_SHOP = 12.0, 5.0  # of one that is mapped as a point


class Area(msgspec.Struct, frozen=True):
    """Somewhere people live or work, and how much."""

    where: Point
    weight: float


class Extract(msgspec.Struct, frozen=True):
    """What was read. `home_streets` are points of residential streets, for towns whose buildings are not told apart."""

    ways: list[Way]
    positions: dict[int, Point]
    places: list[Place]
    homes: list[Area]
    works: list[Area]
    home_streets: list[Area]


class Unreadable(Exception):
    """The file is no OpenStreetMap extract."""


def read_extract(path: Path, told: Callable[[int], None]) -> Extract:
    """Reads a .osm.pbf (or .osm); `told` hears every so often how many objects were looked at. Raises Unreadable, and
    ImportError where osmium is not installed."""
    import osmium  # an extra: everything else runs without it

    keys = ("highway", "building", "office", "shop", "amenity", "tourism", "railway", "public_transport")
    extract = Extract([], {}, [], [], [], [])
    try:
        things = osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.KeyFilter(*keys))
        for i, thing in enumerate(things):
            if i % 1000 == 0:
                told(i)
            _take(thing, dict(thing.tags), extract)
    except (RuntimeError, ValueError) as wrong:
        raise Unreadable(str(wrong)) from wrong
    return extract


def _take(thing: Any, tags: dict[str, str], extract: Extract) -> None:
    if thing.is_way():
        way = way_of(tags, tuple(node.ref for node in thing.nodes))
        if way is None:
            return
        extract.ways.append(way)
        for node in thing.nodes:
            if node.location.valid():
                extract.positions[node.ref] = Point(lon=node.location.lon, lat=node.location.lat)
        if tags["highway"] in HOME_STREETS:
            inner = (node for node in way.nodes[1:-1:2] if node in extract.positions)
            extract.home_streets.extend(Area(extract.positions[node], HOME_STREET_M2) for node in inner)
        return
    if thing.is_relation():
        return
    place = place_of(thing, tags)
    if place is not None:
        extract.places.append(place)
    if tags.get("building") not in HOMES and not _works_here(tags):
        return
    (lon, lat), area_m2 = position(thing)
    where = Point(lon=lon, lat=lat)
    storeys = _number(tags.get("building:levels", ""))
    building = tags.get("building", "")
    if building in HOMES and area_m2:
        extract.homes.append(Area(where, round(area_m2 * (storeys or HOMES[building]))))
    elif _works_here(tags):
        workers = WORKERS_OF_OFFICE if "office" in tags else WORKERS_OF_SHOP
        floors_m2 = area_m2 * (storeys or OFFICES.get(building, 1.0))
        extract.works.append(Area(where, round(max(workers, floors_m2 / M2_PER_WORKER))))


def _works_here(tags: Mapping[str, str]) -> bool:
    return (
        "office" in tags
        or tags.get("shop", "vacant") != "vacant"
        or tags.get("amenity") in AMENITIES
        or tags.get("building") in OFFICES
    )


def way_of(tags: Mapping[str, str], nodes: tuple[int, ...]) -> Way | None:
    """The way that a way of OpenStreetMap with these tags is; None where nobody may go."""
    kind = tags.get("highway", "").removesuffix("_link")
    if kind not in ROADS and kind not in PATHS:
        return None
    modes = sum(bit for bit, permitted in _permitted(kind, tags) if permitted)
    if not modes:
        return None
    one_way = _one_way(kind, tags, "oneway")
    bicycles_one_way = 0 if _contraflow(tags) else _one_way(kind, tags, "oneway:bicycle") or one_way
    forth = back = modes
    for bit, direction in ((DRIVE, one_way), (RIDE, bicycles_one_way)):
        if direction > 0:
            back &= ~bit
        elif direction < 0:
            forth &= ~bit
    return Way(nodes, forth, back, _limit_kmh(kind, tags))


def _permitted(kind: str, tags: Mapping[str, str]) -> Iterator[tuple[int, bool]]:
    """Each mode's bit, and whether the way is open to it: the most particular tag decides."""
    for bit, keys, usual in (
        (WALK, ("foot", "access"), kind not in NOT_ON_FOOT),
        (RIDE, ("bicycle", "vehicle", "access"), kind in FOR_BICYCLES or (kind in ROADS and kind not in NOT_ON_FOOT)),
        (DRIVE, ("motorcar", "motor_vehicle", "vehicle", "access"), kind in ROADS),
    ):
        tagged = next((tags[key] for key in keys if key in tags), None)
        if tagged is None or tagged in FORBIDDEN:
            yield bit, usual and tagged is None
        elif bit == DRIVE:
            yield bit, usual  # a tag opens no footway to cars
        else:
            particular = any(key in tags for key in keys[:1])
            yield bit, usual or (particular and kind != "steps")


def _one_way(kind: str, tags: Mapping[str, str], key: str) -> int:
    """1 along the way, -1 against it, 0 both."""
    tagged = tags.get(key, "")
    if tagged in ("yes", "true", "1"):
        return 1
    if tagged in ("-1", "reverse"):
        return -1
    return int(not tagged and key == "oneway" and (kind == "motorway" or tags.get("junction") == "roundabout"))


def _contraflow(tags: Mapping[str, str]) -> bool:
    """Whether bicycles may go against a one-way street."""
    return tags.get("oneway:bicycle") == "no" or tags.get("cycleway", "").startswith("opposite")


def _limit_kmh(kind: str, tags: Mapping[str, str]) -> int:
    tagged = tags.get("maxspeed", "")
    if tagged in ("walk", "FI:walk", "DE:walk"):
        return WALKING_KMH
    number = _number(tagged.removesuffix("mph").strip())
    if number:
        return max(5, min(255, round(number * (1.609344 if tagged.endswith("mph") else 1.0))))
    return ROADS.get(kind, PATH_KMH)


def _number(text: str) -> float:
    """A positive number, else 0."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0.0 < number < 1000.0 else 0.0
