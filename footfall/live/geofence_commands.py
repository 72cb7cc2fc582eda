"""What `footfall geofences lint | import | near` do. Each prints and returns an exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from footfall.live.geofence_csv import read_csv
from footfall.live.geofence_geojson import to_geojson
from footfall.live.geofence_lint import doubts
from footfall.live.geofence_service import Told, Unanswered, fetch_managed, fetch_queried, is_query, managed_pois
from footfall.platform.loopback import is_loopback
from footfall.world.circle_index import CircleIndex, Near
from footfall.world.geofences import decode_geofences, decoded_text, warnings
from footfall.world.json_positions import located
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Mistake, Problem

EXIT_BAD_USAGE = 2
CREDENTIALS = {
    "FOOTFALL_PLACES_TOKEN": "Authorization",
    "FOOTFALL_PLACES_API_KEY": "x-api-key",
    "FOOTFALL_PLACES_ORG": "x-gw-ims-org-id",
}
"""Environment variables and the headers of the management API that they fill."""

_AT = re.compile(r"([+-]?\d+(?:\.\d+)?),\s*([+-]?\d+(?:\.\d+)?)", re.ASCII)


class ImportOptions(msgspec.Struct, frozen=True):
    """The command line of `footfall geofences import`. `source` is a file or a URL; `out` "-" is standard output."""

    source: str
    out: str
    library: tuple[str, ...]
    confirm_host: bool
    attribution: str


def lint(files: Sequence[str]) -> int:
    """Prints every problem and every doubt of the files; 0 if there is no problem, else 2."""
    problems: list[Problem] = []
    doubtful: list[Problem] = []
    for name in files:
        try:
            with _working(f"reading {name}"):
                doubtful += _doubts_of(_bytes(name), name)
        except BadInput as bad:
            problems += bad.problems
    for doubt in doubtful:
        print(f"{doubt} (warning)", file=sys.stderr)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return EXIT_BAD_USAGE
    counted = f"{len(files)} {'file' if len(files) == 1 else 'files'}, no problems"
    print(counted if not doubtful else f"{counted}, {len(doubtful)} warnings")
    return 0


def import_(options: ImportOptions) -> int:
    """Writes the POIs of a CSV file, of the management API's JSON or of a service as a geofence file; 2 if they cannot
    be had or used, and then nothing is written."""
    try:
        pois = _fetched(options) if "://" in options.source else _read(options)
        if options.library:
            pois = tuple(poi for poi in pois if poi.library in options.library)
        if not pois:
            return _bad(f"{options.source}: no POIs{' of these libraries' if options.library else ''}")
        text = to_geojson(pois, options.attribution)
        decode_geofences(text, options.out)
        if options.out == "-":
            print(text, end="")
        else:
            Path(options.out).write_text(text, encoding="utf-8")
    except BadInput as bad:
        for problem in bad.problems:
            print(problem, file=sys.stderr)
        return EXIT_BAD_USAGE
    except (Unanswered, OSError) as error:
        return _bad(str(error))
    libraries = len({poi.library for poi in pois})
    told = f"{len(pois)} POIs of {libraries} {'library' if libraries == 1 else 'libraries'}"
    print(f"{told} written to {options.out}", file=sys.stderr if options.out == "-" else sys.stdout)
    return 0


def near(file: str, at: str, limit: int, as_json: bool) -> int:
    """Prints the POIs of a file around a point as Places ranks them: those that hold it, then the nearest by edge."""
    place = _AT.fullmatch(at.strip())
    lat, lon = (float(part) for part in place.groups()) if place else (99.0, 0.0)
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return _bad(f"--at {at}: expected LAT,LON in degrees, as 60.17,24.94")
    try:
        text = _bytes(file)
        pois = read_csv(text, file) if file.endswith(".csv") else decode_geofences(text, file).pois
    except BadInput as bad:
        for problem in bad.problems:
            print(problem, file=sys.stderr)
        return EXIT_BAD_USAGE
    around = CircleIndex(pois).around(lon, lat, limit)
    found = [(one, True) for one in around.within] + [(one, False) for one in around.nearby]
    if as_json:
        for one, within in found[:limit]:
            print(json.dumps(_record(one, within), ensure_ascii=False))
    else:
        _print_table(found[:limit])
    return 0


def _read(options: ImportOptions) -> tuple[Poi, ...]:
    file, content = options.source, _bytes(options.source)
    if file.endswith(".csv"):
        return read_csv(content, file)
    if file.endswith(".geojson"):
        return decode_geofences(content, file).pois
    text = decoded_text(content, file)
    try:
        page = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadInput([Problem(file, 1, 1, f"not JSON: {error}")]) from None
    if isinstance(page, dict) and page.get("type") == "FeatureCollection":
        return decode_geofences(text, file).pois
    return managed_pois({"data": page} if isinstance(page, list) else page, file, "")


def _fetched(options: ImportOptions) -> tuple[Poi, ...]:
    import httpx  # for what comes over HTTP only

    url = urlsplit(options.source)
    local = is_loopback(url.hostname or "")
    if url.scheme not in ("http", "https"):
        raise Unanswered(f"{options.source}: expected http:// or https://")
    if not local and not options.confirm_host:
        raise Unanswered(f"{url.netloc} is not this machine: say --confirm-host if it is really to be asked")
    headers = _credentials(os.environ)
    if headers and url.scheme == "http" and not local:
        raise Unanswered(f"{next(iter(CREDENTIALS))}: a token is sent over https only, and {url.netloc} is not")
    queried = is_query(options.source)
    if queried and not options.library:
        raise Unanswered("--library is missing: a query service is asked for libraries by their ids")
    with (
        httpx.Client(headers={} if queried else headers, trust_env=not local, timeout=20.0) as client,
        _working(f"asking {url.netloc}") as told,
    ):
        if queried:
            return fetch_queried(client, options.source, options.library, told)
        only = options.library[0] if len(options.library) == 1 else ""
        return fetch_managed(client, options.source, only, told)


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    headers = {header: environment[name].strip() for name, header in CREDENTIALS.items() if environment.get(name)}
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {headers['Authorization'].removeprefix('Bearer ')}"
    return headers


def _doubts_of(content: bytes, name: str) -> list[Problem]:
    if name.endswith(".csv"):
        pois = read_csv(content, name)
        return [Problem(name, 1, 1, f'"{pois[n].name}": {why}') for n, why in doubts(pois)]
    decoded = decode_geofences(content, name)
    text = decoded_text(content, name)
    features = json.loads(text)["features"]
    places = [n for n, feature in enumerate(features) if feature["geometry"]["type"] == "Point"]
    mistakes = [Mistake(("features", places[n], "properties"), why) for n, why in doubts(decoded.pois)]
    return sorted([*warnings(content, name), *located(text, name, mistakes)])


def _bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput([Problem(name, 1, 1, f"cannot be read: {error.strerror}")]) from None


@contextmanager
def _working(what: str) -> Iterator[Told]:
    """A line that says what takes so long and how many POIs there are, on a terminal only."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda count: progress.update(task, description=f"{what}: {count:,} POIs")


def _record(one: Near, within: bool) -> dict[str, object]:
    poi = one.poi
    return {
        "id": poi.id,
        "name": poi.name,
        "library": poi.library,
        "category": poi.category,
        "distance_m": round(one.distance_m, 1),
        "edge_m": round(one.edge_m, 1),
        "within": within,
        "radius_m": poi.radius_m,
        "weight": poi.weight,
        "lon": poi.lon,
        "lat": poi.lat,
    }


def _print_table(found: Sequence[tuple[Near, bool]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("distance", "within", "radius"):
        table.add_column(title, justify="right" if title != "within" else "left")
    table.add_column("name")
    for one, within in found:
        radius = f"{one.poi.radius_m:g} m"
        table.add_row(f"{one.distance_m:,.0f} m", "yes" if within else "", radius, one.poi.name)
    Console(highlight=False, markup=False).print(table)


def _bad(why: str) -> int:
    print(f"footfall: {why}", file=sys.stderr)
    return EXIT_BAD_USAGE
