"""The files of a world: worlds/<name>/ with its streets, places, anchors and a manifest.

world.json      what it was made of, when, and what is in it; written last, so that whoever sees it sees it all
streets.bin     the street network (footfall.world.street_arrays)
places.geojson  its places, as geofences; a scenario can name this file
anchors.json    where people live and work
"""

from __future__ import annotations

import mmap
from pathlib import Path

import msgspec

from footfall.world.street_anchors import Anchors, decode_anchors
from footfall.world.street_arrays import VERSION, StreetsDamaged
from footfall.world.streets import Streets

MANIFEST, STREETS, PLACES, ANCHORS = "world.json", "streets.bin", "places.geojson", "anchors.json"
FORMAT = 1  # of all files but the streets, which have a version of their own


class WorldMissing(Exception):
    """There is no world in the folder, or one that this version cannot read. Says why in one line."""


class WorldManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a world was made of and has in it. `bbox` is west, south, east, north in degrees; `built` a date in UTC;
    lengths are of streets open to the mode, in kilometres."""

    name: str
    source: str
    sha256: str
    built: str
    version: str
    licence: str
    bbox: tuple[float, float, float, float]
    junctions: int
    edges: int
    walk_km: float
    ride_km: float
    drive_km: float
    places: dict[str, int]
    homes: int
    works: int


def version() -> str:
    """What a world's files have to be of to be read."""
    return f"{FORMAT}.{VERSION}"


def read_manifest(folder: Path) -> WorldManifest:
    """The manifest of the world in `folder`. Raises WorldMissing."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=WorldManifest)
    except OSError:
        raise WorldMissing(f"{folder}: no world there (footfall world build makes one)") from None
    except msgspec.DecodeError as wrong:
        raise WorldMissing(f"{path}: {wrong}; build the world again") from None
    if manifest.version != version():
        raise WorldMissing(f"{folder}: a world of version {manifest.version}, wanted {version()}; build it again")
    return manifest


def read_streets(folder: Path) -> Streets:
    """The street network, mapped into memory: all processes of the machine that read it share one copy. Raises
    WorldMissing."""
    path = folder / STREETS
    try:
        with path.open("rb") as file:
            return Streets(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError) as wrong:  # an empty file cannot be mapped: ValueError, as is StreetsDamaged
        why = wrong if isinstance(wrong, StreetsDamaged) else "no streets there"
        raise WorldMissing(f"{path}: {why}; build the world again") from None


def read_anchors(folder: Path) -> Anchors:
    """Where people live and work. Raises WorldMissing."""
    path = folder / ANCHORS
    try:
        return decode_anchors(path.read_bytes())
    except (OSError, msgspec.DecodeError) as wrong:
        raise WorldMissing(f"{path}: {wrong}; build the world again") from None
