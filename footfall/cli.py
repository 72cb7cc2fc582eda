"""The command line: `footfall platform | check | lint | explain`.

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
        epilog="`make run` makes a run; `locust` in the checkout opens the web page.",
    )
    top.add_argument("--version", action="version", version=f"footfall {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    platform = commands.add_parser("platform", help="run the local Experience Platform on loopback")
    platform.add_argument("--port", type=int, default=8090, help="port on 127.0.0.1; 0 takes a free one (default 8090)")
    platform.add_argument("--store", default="footfall-platform.sqlite", help="file of the stored events")
    platform.add_argument("--fsync", action="store_true", help="survive a power loss too, not only a killed process")
    platform.add_argument("--geofences", action="append", metavar="FILE", help="GeoJSON of POIs to answer queries from")

    check = commands.add_parser("check", help="judge a run again, from its folder")
    check.add_argument("run", help="a run's folder, or its id below runs/")
    check.add_argument("--ask", metavar="URL", help="ask this platform again what it has stored, first")

    lint = commands.add_parser("lint", help="say what is wrong with scenarios and geofences")
    lint.add_argument("files", nargs="+", metavar="FILE", help="scenario (.yaml) or geofences (.geojson, .json)")

    explain = commands.add_parser("explain", help="where an event came from, and what became of it")
    explain.add_argument("event_id", help="the event's _id, or its first 8 characters or more")
    explain.add_argument("--runs", default="runs", help="folder that the runs are kept in (default runs)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no check marks still gets its verdict
    match options.command:
        case "platform":
            from footfall.platform.serve import ServeOptions, serve

            geofences = options.geofences or sorted(map(str, Path("geofences").glob("*.geojson")))
            return serve(
                ServeOptions(port=options.port, store=options.store, fsync=options.fsync, geofences=tuple(geofences))
            )
        case "check":
            from footfall.live.commands import check

            return check(options.run, options.ask)
        case "lint":
            from footfall.live.commands import lint

            return lint(options.files)
        case _:
            from footfall.live.commands import explain

            return explain(options.event_id, Path(options.runs))


if __name__ == "__main__":
    sys.exit(main())
