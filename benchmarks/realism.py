"""How people move: Footfall's beside random waypoint, Levy walk and d-EPR, by the statistics of `footfall realism`.

    python -m benchmarks.realism --users 40 --days 7 --seed 1

The others have no phone: their fixes are exact, one each 5 s on the way and each 2 min when still. M10, which measures
the receiver and not the movement, is given to all of them as ours is, so that the scores compare the movement.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.realism_walkers import WALKERS
from footfall.live.realism_command import read_references
from footfall.realism.observed import DAY_MS, Observed, observe
from footfall.realism.people import REPORTING, STILL_MS, track
from footfall.realism.score import Row, mobility_rows, mobility_score
from footfall.world.day_places import Town
from footfall.world.days import draw_person, legs_of, weeks
from footfall.world.geo import Leg, Point
from footfall.world.geofences import decode_geofences
from footfall.world.gps import Fix, fixes

GEOFENCES = Path(__file__).resolve().parents[1] / "geofences" / "helsinki.geojson"
MOVING_MS = 5_000
OURS = "Footfall"


def exact_fixes(legs: Iterator[Leg], until_ms: int) -> list[Fix]:
    """Where the phone is, without error."""
    taken: list[Fix] = []
    now = 0

    def at(point: Point) -> None:
        taken.append(Fix(now, point.lon, point.lat, 10.0))

    for leg in legs:
        while now < min(leg.depart_ms, until_ms):
            at(leg.start)
            now = min(now + STILL_MS, max(leg.depart_ms, now + MOVING_MS))
        while now < min(leg.arrive_ms, until_ms):
            at(leg.at(now))
            now += MOVING_MS
        if now >= until_ms:
            break
    return taken


def measure(users: int, days: int, seed: int, progress: Progress) -> dict[str, list[Row]]:
    """The rows of each way to move, ours first."""
    town = Town(decode_geofences(GEOFENCES.read_bytes(), GEOFENCES.name).pois, seed)
    references = read_references()
    found: dict[str, list[Row]] = {}
    for name in (OURS, *WALKERS):
        people: list[Observed] = []
        for number in progress.track(range(users), description=name):
            if name == OURS:
                taken = track(town, seed, number, days)
            else:
                taken = exact_fixes(WALKERS[name](town, seed, number), days * DAY_MS)
            people.append(observe(taken, days))
        rows = mobility_rows(people, references)
        if name != OURS:
            receiver = next(row for row in found[OURS] if row.id == "M10")
            rows = [receiver if row.id == "M10" else row for row in rows]
        found[name] = rows
    return found


def microseconds_per_fix(users: int, days: int, seed: int) -> float:
    """CPU time of a fix, its person's movement not counted; the median over the people."""
    town = Town(decode_geofences(GEOFENCES.read_bytes(), GEOFENCES.name).pois, seed)
    taken = []
    for number in range(users):
        legs = list(legs_of(weeks(town, seed, number), days * DAY_MS))
        home = draw_person(town, seed, number).home.point
        cpu = time.process_time()
        count = sum(1 for _ in fixes(legs, home, REPORTING, seed, number, 0, days * DAY_MS))
        taken.append((time.process_time() - cpu) * 1e6 / max(1, count))
    return statistics.median(taken)


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realism", description=__doc__)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    console = Console()
    with Progress(console=console, transient=True) as progress:
        found = measure(options.users, options.days, options.seed, progress)
    title = f"distance from real people; {options.users} people, {options.days} days, seed {options.seed}"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title, title_justify="left")
    table.add_column("statistic")
    for name in found:
        table.add_column(name, justify="right")
    for rows in zip(*found.values(), strict=True):
        table.add_row(f"{rows[0].id} {rows[0].statistic}", *(f"{row.distance:.2f}" for row in rows))
    table.add_row("score of 100", *(f"{mobility_score(rows):.1f}" for rows in found.values()))
    console.print(table)
    each_us = microseconds_per_fix(min(options.users, 10), options.days, options.seed)
    console.print(f"{each_us:.1f} us of CPU a fix (wanted: 5), without the movement")


if __name__ == "__main__":
    main()
