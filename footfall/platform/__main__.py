"""python -m footfall.platform: the server with nothing around it, for tests and benchmarks. People type
`footfall platform`, which is the same server.

It is here because the command belongs to another room, which this one does not import, and reads files beside its
options: a platform file, and all geofences of the folder. What is measured or killed a hundred times begins without
them, in whatever folder it is started: its places are those of `--geofences` only.
"""

from __future__ import annotations

import argparse
import sys

from footfall.platform.serve import DEFAULT_PORT, DEFAULT_STORE, TOKEN_VARIABLE, ServeOptions, serve


def main(arguments: list[str]) -> int:
    """Runs the platform as the arguments say; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m footfall.platform", description="The local Experience Platform, for tests and benchmarks."
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help=f"other than loopback wants a token in {TOKEN_VARIABLE} (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--store", default=DEFAULT_STORE, help='a file, or ":memory:" (default: %(default)s)')
    parser.add_argument("--fsync", action="store_true", help="survive a power failure too; slower")
    parser.add_argument("--most-store-mb", type=_amount, default=0, help="take no more beyond it (0: no limit)")
    parser.add_argument("--rotate-mb", type=_amount, default=0, help="put a larger store aside at the start (0: never)")
    parser.add_argument("--keep", type=_amount, default=0, help="so many of those put aside stay (0: all)")
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
            most_store_mb=chosen.most_store_mb,
            rotate_mb=chosen.rotate_mb,
            keep=chosen.keep,
            geofences=tuple(chosen.geofences),
            stop_with_stdin=chosen.stop_with_stdin,
        )
    )


def _amount(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more, but is {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
