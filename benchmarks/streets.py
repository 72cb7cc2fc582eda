"""What a trip over streets costs: `python -m benchmarks.streets [WORLD]`.

Between positions drawn alike over the box of the world (default worlds/helsinki), for each mode: processor time of
finding a way and making legs of it. Beside it the search alone, a detour without a network, the network's size and how
long it takes to build.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import get_args

from rich.console import Console
from rich.table import Table

from footfall.live.world_build import HELSINKI, CannotBuild, find_extract, make
from footfall.live.world_files import STREETS, WorldMissing, read_streets
from footfall.world.geo import Point, distance_m
from footfall.world.streams import Stream, key_of
from footfall.world.streets import Mode, Streets, legs_of, route

TRIPS = 2000
SPEED_MPS: dict[Mode, float] = {"walk": 1.3, "ride": 4.5, "drive": 9.0}
SHORTEST_M = 50.0


def trips(streets: Streets, count: int) -> list[tuple[Point, Point]]:
    """Pairs of positions, alike over the box, none of them next to one another."""
    south_west, north_east = streets.box
    stream = Stream(key_of("benchmarks", "streets"))

    def position() -> Point:
        return Point(
            lon=stream.between(south_west.lon, north_east.lon), lat=stream.between(south_west.lat, north_east.lat)
        )

    pairs = ((position(), position()) for _ in range(10 * count))
    return [pair for pair in pairs if distance_m(*pair) > SHORTEST_M][:count]


def measure(streets: Streets | None, pairs: list[tuple[Point, Point]], mode: Mode) -> dict[str, float]:
    """Milliseconds of a trip (median, 99th percentile, most), the share on streets, legs a trip and how much longer
    than the straight line a way is (median)."""
    took, legs, longer, on_streets = [], [], [], 0
    for number, (start, end) in enumerate(pairs):
        before = time.thread_time_ns()
        way = route(streets, start, end, mode, number)
        made = legs_of(way, 0, SPEED_MPS[mode])
        took.append((time.thread_time_ns() - before) / 1e6)
        assert all(a.end == b.start for a, b in pairwise(made))
        legs.append(len(made))
        longer.append(way.length_m / distance_m(start, end))
        on_streets += way.on_streets
    took.sort()
    return {
        "median_ms": median(took),
        "p99_ms": took[len(took) * 99 // 100],
        "most_ms": took[-1],
        "on_streets": on_streets / len(pairs),
        "legs": fmean(legs),
        "longer": median(longer),
    }


def build_s() -> float:
    """Seconds to build Helsinki. Raises CannotBuild where its extract is not there."""
    extract = find_extract(HELSINKI)
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        make(extract, Path(folder) / HELSINKI)
        return time.perf_counter() - before


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streets", description=__doc__)
    parser.add_argument("world", nargs="?", type=Path, default=Path("worlds/helsinki"), help="default %(default)s")
    parser.add_argument("--trips", type=int, default=TRIPS, help="trips of each mode (default %(default)s)")
    options = parser.parse_args()
    try:
        streets = read_streets(options.world)
    except WorldMissing as missing:
        sys.exit(str(missing))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.title = f"{options.trips:,} trips of each mode in {options.world}, one core"
    for name in ("trip", "median, ms", "p99, ms", "most, ms", "on streets", "legs", "by the straight line"):
        table.add_column(name, justify="left" if name == "trip" else "right")
    pairs = trips(streets, options.trips)
    rows: list[tuple[str, Streets | None, Mode]] = [(mode, streets, mode) for mode in get_args(Mode)]
    for name, network, mode in [*rows, ("walk without streets", None, "walk")]:
        row = measure(network, pairs, mode)
        times = (f"{row[key]:.2f}" for key in ("median_ms", "p99_ms", "most_ms"))
        table.add_row(name, *times, f"{row['on_streets']:.1%}", f"{row['legs']:.1f}", f"{row['longer']:.2f}")
    console = Console(highlight=False)
    console.print(table)
    size = (options.world / STREETS).stat().st_size
    console.print(f"{streets.junctions:,} junctions, {streets.edges:,} stretches of street: {size / 1000:,.0f} kB")
    try:
        console.print(f"building Helsinki: {build_s():.2f} s")
    except CannotBuild as cannot:
        console.print(f"building Helsinki: {cannot}")


if __name__ == "__main__":
    main()
