"""Geofence files: places as GeoJSON (RFC 7946), strictly read.

    {"type": "FeatureCollection", "attribution": "whose data this is", "bbox": [west, south, east, north],
     "features": [{"type": "Feature", "id": "cafe-1", "geometry": {"type": "Point", "coordinates": [lon, lat]},
                   "properties": {"name": ..., "category": ..., "library": ..., "radius_m": 100, "weight": 0,
                                  "metadata": {"city": "Helsinki"}}}]}

A feature whose geometry is a Polygon or a MultiPolygon is no place but an area of the world: see footfall.world.areas.

weight, metadata, bbox and attribution may be absent; name, category, library, radius_m and the id may not. Further
members are left alone at the top of the file and in a feature, as RFC 7946 asks, and refused in `properties`, where
they would be a slip or someone's own data, for which `metadata` is the place.

Limits are those of the Places Service: latitude -85..85, radius 10..2000 m by its API and 10..20 000 m in its CSV
import, names of at most 512 characters, at most 10 pairs of metadata of at most 256 characters, 150 000 places a
library (footfall.world.place_rules says where each is written). The other lengths are our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeGuard

import msgspec

from footfall.world.areas import AREA_GEOMETRIES, Area, area_mistakes, area_of
from footfall.world.coordinates import Box, bbox_mistake, coordinate_mistakes
from footfall.world.json_positions import Lines, duplicate_keys, located
from footfall.world.place_rules import (
    LARGEST_API_RADIUS_M,
    LARGEST_RADIUS_M,
    LEAST_RADIUS_M,
    MOST_PAIRS,
    MOST_POIS,
    RELIABLE_RADIUS_M,
    own_pairs,
)
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Mistake, Path, Problem, closest, did_you_mean

_HALF = re.compile("[\\ud800-\\udfff]")


class GeofenceFile(msgspec.Struct, frozen=True):
    """One file. `bbox` is (west, south, east, north) in degrees; west is larger than east across the antimeridian."""

    pois: tuple[Poi, ...]
    attribution: str
    bbox: Box | None
    areas: tuple[Area, ...] = ()


def decode_geofences(text: str | bytes, file: str) -> GeofenceFile:
    """The places and areas in `text`, in its order; `file` is how problems call it.

    Poi.metadata holds the pairs of `metadata` and ("category", category), sorted by key.
    Raises BadInput with every problem, each at its line and column; a text that is no JSON has one.
    """
    source = decoded_text(text, file)
    document, has_duplicates = _loaded(source, file)
    mistakes = list(_mistakes(document))
    problems = list(located(source, file, mistakes)) if mistakes else []
    if has_duplicates:
        lines = Lines(source)
        problems += [
            Problem(file, *lines.at(place.key), f'the key "{place.path[-1]}" is here twice')
            for place in duplicate_keys(source)
        ]
    if problems:
        raise BadInput(problems)
    return GeofenceFile(
        pois=tuple(_poi(feature) for feature in document["features"] if not _is_area(feature)),
        attribution=document.get("attribution", ""),
        bbox=_box(document["bbox"]) if "bbox" in document else None,
        areas=tuple(area_of(feature) for feature in document["features"] if _is_area(feature)),
    )


def warnings(text: str | bytes, file: str) -> tuple[Problem, ...]:
    """What can be used but had better be otherwise: radii that Places or a phone's OS treat badly, no bbox.

    For a text that `decode_geofences` accepts; raises BadInput as it does.
    """
    source = decoded_text(text, file)
    decode_geofences(source, file)
    document, _ = _loaded(source, file)
    doubts = list(_doubts(document))
    return tuple(sorted(located(source, file, doubts))) if doubts else ()


def in_libraries(pois: Collection[Poi], libraries: Collection[str]) -> tuple[Poi, ...]:
    """The places of these libraries, in order; all of them where `libraries` is empty, as in a scenario."""
    return tuple(poi for poi in pois if not libraries or poi.library in libraries)


class Property(msgspec.Struct, frozen=True):
    """A member of `properties`: what it must be, in words and as a test, and whether it may be absent."""

    expected: str
    fits: Callable[[Any], bool]
    optional: bool = False


def _is_text(value: Any, most: int) -> TypeGuard[str]:
    # JSON can escape half a character (\ud83d alone), which no bytes can hold
    return isinstance(value, str) and len(value) <= most and (value.isascii() or not _HALF.search(value))


def _text(most: int) -> Property:
    return Property(f"text of 1 to {most} characters", lambda value: _is_text(value, most) and bool(value.strip()))


PROPERTIES: Mapping[str, Property] = {
    "name": _text(512),
    "category": _text(256),
    "library": _text(512),
    "radius_m": Property(
        f"a number of metres from {LEAST_RADIUS_M} to {LARGEST_RADIUS_M}",
        lambda value: type(value) in (int, float) and LEAST_RADIUS_M <= value <= LARGEST_RADIUS_M,
    ),
    "weight": Property("a whole number", lambda value: type(value) is int, optional=True),
    "metadata": Property("an object of texts", lambda value: isinstance(value, dict), optional=True),
}

AREA_PROPERTIES: Mapping[str, Property] = {name: PROPERTIES[name] for name in ("name", "category", "metadata")}


def decoded_text(text: str | bytes, file: str) -> str:
    """The text without its byte order mark. Raises BadInput where bytes are not UTF-8."""
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8")
        place = Lines(before).at(len(before))
        raise BadInput([Problem(file, *place, f"not UTF-8: {error.reason}")]) from None


def _loaded(text: str, file: str) -> tuple[Any, bool]:
    """The JSON, and whether any object in it has a key twice.

    The standard library's decoder: as fast here as msgspec's, since everything becomes dicts, and it lets us see
    duplicate keys and says where a syntax error is.
    """
    duplicates: list[int] = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            duplicates.append(len(pairs))
        return entries

    try:
        return json.loads(text, object_pairs_hook=noted), bool(duplicates)
    except json.JSONDecodeError as error:
        found = "the end of the file" if error.pos >= len(text) else repr(text[error.pos : error.pos + 12])
        problem = Problem(
            file, error.lineno, error.colno, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at {found}"
        )
    except RecursionError:
        problem = Problem(file, 1, 1, "nested too deep to be read")
    except ValueError as error:
        problem = Problem(file, 1, 1, f"not JSON that can be read: {error}")
    raise BadInput([problem])


def _mistakes(document: Any) -> Iterator[Mistake]:
    if not isinstance(document, dict):
        yield Mistake((), f"expected a FeatureCollection, found {_shown(document)}")
        return
    if document.get("type") != "FeatureCollection":
        yield _wrong(document, ("type",), '"FeatureCollection"')
    slips = _misspelt(document, ("features", "bbox", "attribution"))
    for key, meant in slips.items():
        yield Mistake((key,), f'unknown member "{_short(key)}". Did you mean "{meant}"?', at_key=True)
    if not _is_text(document.get("attribution", ""), 10_000):
        yield _wrong(document, ("attribution",), "text of at most 10000 characters")
    box = document.get("bbox")
    box_mistake = bbox_mistake(box) if "bbox" in document else ""
    if box_mistake:
        yield Mistake(("bbox",), box_mistake)
    features = document.get("features")
    if not isinstance(features, list) or not features:
        if "features" not in slips.values():
            yield _wrong(document, ("features",), "a list of at least one feature")
        return
    usable = _box(box) if box is not None and not box_mistake else None
    first_with: dict[str, int] = {}
    points: dict[int, tuple[float, float]] = {}
    libraries: dict[str, list[int]] = {}
    for index, feature in enumerate(features):
        path = ("features", index)
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            yield Mistake(path, 'expected an object with "type": "Feature"')
            continue
        yield from _identity(feature, path, first_with)
        if _is_area(feature):
            yield from _properties(feature, path, AREA_PROPERTIES)
            yield from area_mistakes(feature["geometry"], (*path, "geometry"), usable)
            continue
        yield from _properties(feature, path, PROPERTIES)
        _put(libraries, feature, index)
        point = _point(feature)
        if point:
            points[index] = point
        else:
            yield from _no_point(feature, path)
    for library, members in libraries.items():
        if len(members) > MOST_POIS:
            why = f"expected at most {MOST_POIS} places in a library, found {len(members)} in {_shown(library)}"
            yield Mistake(("features", members[MOST_POIS], "properties", "library"), f"library: {why}")
    yield from coordinate_mistakes(points, usable)


def _put(libraries: dict[str, list[int]], feature: Mapping[str, Any], index: int) -> None:
    properties = feature.get("properties")
    library = properties.get("library") if isinstance(properties, dict) else None
    if isinstance(library, str):
        libraries.setdefault(library, []).append(index)


def _identity(feature: Mapping[str, Any], path: Path, first_with: dict[str, int]) -> Iterator[Mistake]:
    own = feature.get("id")
    if not _is_text(own, 256) or not own.strip():
        yield _wrong(feature, ("id",), "text of 1 to 256 characters that no other feature has", under=path)
        return
    index = path[1]
    assert isinstance(index, int)
    first = first_with.setdefault(own, index)
    if first != index:
        yield Mistake((*path, "id"), f'id: "{own}" is already the id of features[{first}]')


def _is_area(feature: Mapping[str, Any]) -> bool:
    geometry = feature.get("geometry")
    return isinstance(geometry, dict) and geometry.get("type") in AREA_GEOMETRIES


def _properties(feature: Mapping[str, Any], path: Path, rules: Mapping[str, Property]) -> Iterator[Mistake]:
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        yield _wrong(feature, ("properties",), "an object", under=path)
        return
    under = (*path, "properties")
    meant: set[str] = set()
    for key in properties:
        if key not in rules:
            meant.add(closest(key, rules) or "")
            why = f"{did_you_mean(key, rules)} Data of your own goes into metadata."
            yield Mistake((*under, key), f'unknown property "{_short(key)}".{why}', at_key=True)
    for name, rule in rules.items():
        if name in properties:
            if not rule.fits(properties[name]):
                yield _wrong(properties, (name,), rule.expected, under=under)
        elif not rule.optional and name not in meant:
            yield _wrong(properties, (name,), rule.expected, under=under)
    metadata = properties.get("metadata")
    if isinstance(metadata, dict):
        yield from _metadata(metadata, properties.get("category"), (*under, "metadata"))


def _metadata(metadata: Mapping[str, Any], category: Any, path: Path) -> Iterator[Mistake]:
    pairs = own_pairs(metadata)
    if pairs > MOST_PAIRS:
        why = f"expected at most {MOST_PAIRS} pairs beside address and category, found {pairs}"
        yield Mistake(path, f"metadata: {why}")
    for key, value in metadata.items():
        if not _is_text(value, 256):
            yield _wrong(metadata, (key,), "text of at most 256 characters", under=path)
        elif key == "category" and value != category:
            yield Mistake((*path, key), f"category: expected the place's own {_shown(category)}, found {_shown(value)}")
        if not _is_text(key, 256):
            yield Mistake((*path, key), "metadata: expected a key of at most 256 characters", at_key=True)


def _point(feature: Mapping[str, Any]) -> tuple[float, float] | None:
    match feature.get("geometry"):
        case {"type": "Point", "coordinates": [lon, lat, *rest]}:
            numbers = all(type(value) in (int, float) for value in (lon, lat, *rest))
            return (lon, lat) if numbers and len(rest) < 2 else None
    return None


def _no_point(feature: Mapping[str, Any], path: Path) -> Iterator[Mistake]:
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if isinstance(geometry, dict) and kind == "Point":
        yield _wrong(geometry, ("coordinates",), "[longitude, latitude]", under=(*path, "geometry"))
    elif isinstance(kind, str):
        why = f"expected a Point, or for an area a Polygon or a MultiPolygon, found {_short(kind)}"
        yield Mistake((*path, "geometry"), f"geometry: {why}")
    else:
        yield _wrong(feature, ("geometry",), "a Point", under=path)


def _misspelt(entries: Mapping[str, Any], known: Collection[str]) -> dict[str, str]:
    """Members that are not known and near to one that is absent, and that one. Any other is someone's own."""
    near = {key: closest(key, known) for key in entries if key not in known and key != "type"}
    return {key: meant for key, meant in near.items() if meant is not None and meant not in entries}


def _doubts(document: Mapping[str, Any]) -> Iterator[Mistake]:
    if "bbox" not in document:
        yield Mistake((), "no bbox: with one, every place whose coordinates are swapped can be told")
    for index, feature in enumerate(document["features"]):
        if _is_area(feature):
            continue
        radius_m = feature["properties"]["radius_m"]
        path = ("features", index, "properties", "radius_m")
        if radius_m < RELIABLE_RADIUS_M:
            why = f"Android's and Places' documents call less than {RELIABLE_RADIUS_M} m unreliable"
            yield Mistake(path, f"radius_m: {radius_m} m: {why}")
        elif radius_m > LARGEST_API_RADIUS_M:
            why = f"the Places API takes {LARGEST_API_RADIUS_M} m at most, only its CSV import {LARGEST_RADIUS_M}"
            yield Mistake(path, f"radius_m: {radius_m} m: {why}")


def _poi(feature: Mapping[str, Any]) -> Poi:
    properties = feature["properties"]
    lon, lat, *_ = feature["geometry"]["coordinates"]
    metadata = {"category": properties["category"], **properties.get("metadata", {})}
    return Poi(
        id=feature["id"],
        name=properties["name"],
        lon=float(lon),
        lat=float(lat),
        radius_m=float(properties["radius_m"]),
        library=properties["library"],
        weight=properties.get("weight", 0),
        category=properties["category"],
        metadata=tuple(sorted(metadata.items())),
    )


def _box(bbox: list[float]) -> Box:
    """RFC 7946: four numbers, or six with the heights between."""
    half = len(bbox) // 2
    return float(bbox[0]), float(bbox[1]), float(bbox[half]), float(bbox[half + 1])


def _wrong(entries: Mapping[str, Any], step: tuple[str], expected: str, under: Path = ()) -> Mistake:
    value = _shown(entries[step[0]]) if step[0] in entries else "nothing"
    return Mistake((*under, *step), f"{_short(step[0])}: expected {expected}, found {value}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and not all(type(item) in (int, float) for item in value):
        return "a list"
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
