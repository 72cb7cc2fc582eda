"""What the command `platform` does: reads what it is set up with, and serves."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from footfall.live import inputs
from footfall.platform.config import PlatformConfig
from footfall.platform.serve import ServeOptions, serve
from footfall.platform.validation import EventSchema
from footfall.platform.xdm_repository import XdmIncomplete, compose, is_schema_file
from footfall.world.problems import BadInput

EXIT_BAD_USAGE = 2
GEOFENCES = Path("geofences")
NO_JOURNEYS = "none"


class PlatformOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The command line's options. `config` "" is none; `geofences` None: all that are below geofences/; `journeys`
    None: all that are below journeys/, ["none"]: neither journeys nor profiles; `xdm` "" judges by the platform's own
    schema."""

    host: str
    port: int
    store: str
    fsync: bool
    most_store_mb: int
    rotate_mb: int
    keep: int
    config: str
    xdm: str
    geofences: list[str] | None
    journeys: list[str] | None
    stop_with_stdin: bool
    verbose: bool


def run(options: PlatformOptions) -> int:
    """Serves until it is told to stop; 2 with what is wrong on stderr when it cannot."""
    try:
        config = inputs.read_platform(options.config) if options.config else PlatformConfig()
        journeys = (
            None if options.journeys == [NO_JOURNEYS] else inputs.read_journeys(options.journeys or _all_journeys())
        )
    except BadInput as problems:
        print(problems, file=sys.stderr)
        return EXIT_BAD_USAGE
    try:
        schema = read_schema(Path(options.xdm)) if options.xdm else None
    except (XdmIncomplete, OSError) as error:
        print(f"footfall platform: --xdm {options.xdm}: {error}", file=sys.stderr)
        return EXIT_BAD_USAGE
    geofences = options.geofences or sorted(map(str, GEOFENCES.glob("*.geojson")))
    return serve(
        ServeOptions(
            host=options.host,
            port=options.port,
            store=options.store,
            fsync=options.fsync,
            most_store_mb=options.most_store_mb,
            rotate_mb=options.rotate_mb,
            keep=options.keep,
            config=config,
            schema=schema,
            geofences=tuple(geofences),
            journeys=journeys,
            stop_with_stdin=options.stop_with_stdin,
            verbose=options.verbose,
        )
    )


def _all_journeys() -> list[str]:
    return [str(inputs.JOURNEYS)] if inputs.JOURNEYS.is_dir() else []


def read_schema(checkout: Path) -> EventSchema:
    """The ExperienceEvent of mobile events as a checkout of https://github.com/adobe/xdm has it, compiled.

    Raises XdmIncomplete, which names what is missing, and OSError.
    """
    if not checkout.is_dir():
        raise NotADirectoryError("it is no folder" if checkout.exists() else "there is no such folder")
    paths = {path.relative_to(checkout).as_posix(): path for path in checkout.rglob("*.json")}
    document = compose({name: path.read_bytes() for name, path in paths.items() if is_schema_file(name)})
    try:
        return EventSchema(document)
    except ValueError as error:  # of the compiler, such as a pattern that it cannot read
        raise XdmIncomplete(f"the schema that its files make cannot be used: {error}") from error
