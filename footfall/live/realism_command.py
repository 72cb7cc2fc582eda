"""`footfall realism`: simulates people for some days and compares how they move with real ones.

Prints a table, writes a picture of each distribution beside its reference, and leaves with 1 when a gated statistic is
outside its tolerance or an invariant is broken.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from footfall.live.realism_picture import page
from footfall.realism.fences import Flaps
from footfall.realism.observed import Observed
from footfall.realism.people import see
from footfall.realism.references import FILES, References, decode_references
from footfall.realism.score import Row, flapping_row, mobility_rows, mobility_score
from footfall.world.day_places import Town
from footfall.world.geofences import decode_geofences
from footfall.world.problems import BadInput

EXIT_INVALID, EXIT_BAD_USAGE = 1, 2
MOST_BROKEN_SHOWN = 5


class RealismOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How many people, for how many days, of which seed; the file of the map's places; where the picture goes, "" for
    none."""

    users: int
    days: int
    seed: int
    geofences: str
    picture: str


class Result(msgspec.Struct, frozen=True):
    """The score of the simulated people, its rows, and what of the invariants is broken, in words."""

    score: float
    rows: tuple[Row, ...]
    fixes: int
    naive_flapping: float
    broken: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """No gated statistic is outside its tolerance, and no invariant is broken."""
        return all(row.ok for row in self.rows) and not self.broken


def run(options: RealismOptions) -> int:
    """0: people move as real ones do; 1: they do not; 2: bad usage or bad input, told on stderr."""
    for name in ("users", "days"):
        if getattr(options, name) < 1:
            print(f"footfall: --{name}: expected a whole number from 1 on", file=sys.stderr)
            return EXIT_BAD_USAGE
    try:
        town = _town(options)
    except OSError as problem:
        print(f"footfall: --geofences {options.geofences}: {problem.strerror or problem}", file=sys.stderr)
        return EXIT_BAD_USAGE
    except (BadInput, ValueError) as problem:
        print(f"footfall: --geofences {options.geofences}: {problem}", file=sys.stderr)
        return EXIT_BAD_USAGE
    console = Console(highlight=False)
    result = simulate(town, options.users, options.days, options.seed, console)
    report(console, result, options)
    if options.picture:
        title = f"How {options.users} simulated people move in {options.days} days (seed {options.seed})"
        try:
            Path(options.picture).write_text(page(title, result.score, result.rows), encoding="utf-8")
        except OSError as problem:
            print(f"footfall: --picture {options.picture}: {problem.strerror or problem}", file=sys.stderr)
            return EXIT_BAD_USAGE
        console.print(f"picture: {options.picture}", soft_wrap=True)
    return 0 if result.ok else EXIT_INVALID


def read_references() -> References:
    """The reference figures that the package carries."""
    geolife, foursquare, flapping = ((files("footfall.realism") / name).read_bytes() for name in FILES)
    return decode_references(geolife, foursquare, flapping)


def simulate(town: Town, users: int, days: int, seed: int, console: Console) -> Result:
    """Persons 0 to `users` - 1 of the seed, one after another, with a progress bar on a terminal."""
    people: list[Observed] = []
    broken: list[str] = []
    flaps: dict[tuple[str, int], Flaps] = {}
    taken = 0
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for number in progress.track(range(users), description=f"{days} days of {users} people"):
            seen = see(town, seed, number, days)
            people.append(seen.observed)
            taken += seen.fixes
            broken += [f"person {number}, {what}" for what in seen.broken]
            for rule, counted in seen.flaps.items():
                flaps[rule] = flaps.get(rule, Flaps(0, 0)) + counted
    references = read_references()
    rows = mobility_rows(people, references)
    score = mobility_score(rows)
    for os in ("ios", "android"):
        of_os = {radius_m: flap for (rules, radius_m), flap in flaps.items() if rules == os}
        entries = sum(flap.entries for flap in of_os.values())
        rows.append(flapping_row(os, {radius_m: flap.share for radius_m, flap in of_os.items()}, entries, references))
    naive = sum((flap for (rules, _), flap in flaps.items() if rules == "naive"), Flaps(0, 0))
    return Result(score, tuple(rows), taken, naive.share, tuple(broken))


def report(console: Console, result: Result, options: RealismOptions) -> None:
    """The table, the score, and the invariants."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    table.title = f"{options.users} people, {options.days} days, seed {options.seed}, {result.fixes:,} fixes"
    for name in ("id", "statistic", "reference"):
        table.add_column(name, no_wrap=True)
    for name in ("distance", "tolerance", "real-real"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("ok", no_wrap=True)
    for row in result.rows:
        table.add_row(
            row.id,
            row.statistic,
            row.reference,
            f"{row.distance:.3f}",
            row.allowed,
            "" if row.real_vs_real is None else f"{row.real_vs_real:.2f}",
            _verdict(row),
        )
    console.print(table)
    console.print("real-real: from one real data set to another, or from half of its people to the others")
    for row in result.rows:
        beside = "" if row.beside is None else f"; {row.beside:.2f} from {row.other}"
        console.print(f"{row.id:4}{row.note}{beside}", style="dim", soft_wrap=True)
    console.print(f"mobility score {result.score:.1f} of 100: 100 x (1 - the mean distance of M1 to M10)")
    console.print(f"without an OS's rule, by point in circle, {result.naive_flapping:.2f} of the entries would flap")
    if not result.broken:
        console.print("invariants hold: at most 60 m/s, time in order, accuracy > 0, entry and exit in turn")
    for what in result.broken[:MOST_BROKEN_SHOWN]:
        console.print(f"[red]broken:[/] {what}")
    if len(result.broken) > MOST_BROKEN_SHOWN:
        console.print(f"[red]broken:[/] {len(result.broken) - MOST_BROKEN_SHOWN} more")


def _verdict(row: Row) -> Text:
    if not row.gate:
        return Text("reported", style="dim")
    return Text("ok", style="green") if row.ok else Text("OUTSIDE", style="red")


def _town(options: RealismOptions) -> Town:
    text = Path(options.geofences).read_bytes()
    return Town(decode_geofences(text, options.geofences).pois, options.seed)
