"""python -m footfall.platform: the local Experience Platform alone."""

from __future__ import annotations

import argparse
import sys

from footfall.platform.serve import DEFAULT_PORT, DEFAULT_STORE, ServeOptions, serve


def main(arguments: list[str]) -> int:
    """Runs the platform as the arguments say; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m footfall.platform", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--store", default=DEFAULT_STORE, help='a file, or ":memory:" (default: %(default)s)')
    parser.add_argument("--fsync", action="store_true", help="survive a power failure too; slower")
    parser.add_argument(
        "--geofences", action="append", default=[], metavar="FILE", help="POIs to answer Places queries from"
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    chosen = parser.parse_args(arguments)
    return serve(
        ServeOptions(
            host=chosen.host,
            port=chosen.port,
            store=chosen.store,
            fsync=chosen.fsync,
            geofences=tuple(chosen.geofences),
            stop_with_stdin=chosen.stop_with_stdin,
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
