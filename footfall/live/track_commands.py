"""What `footfall tracks export | show` do. Each prints and returns an exit code.

An exported track is that of the phone that `footfall preview` shows and a run of the same scenario, seed and number of
phones has: where it really is, or what its receiver reports of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path

import msgspec

from footfall.engine.compile import compile_scenario
from footfall.engine.plan import Customer, Timed
from footfall.engine.population import Life, Population
from footfall.engine.seeds import Streams
from footfall.live import inputs
from footfall.live.clock import anchor_ms
from footfall.live.inputs import Inputs
from footfall.phone.signals import Backgrounded, Foregrounded, Moved
from footfall.world.geo import Point
from footfall.world.gps import ANDROID_BACKGROUND, IOS_BACKGROUND, fixes
from footfall.world.people import People
from footfall.world.problems import BadInput, Problem
from footfall.world.track_files import decode_track, encode_track, ending_of
from footfall.world.track_picture import picture
from footfall.world.track_points import FASTEST_MPS, LATEST_MS, time_ms, time_text
from footfall.world.tracks import Summary, Track, summary_of, track_of_fixes, track_of_legs

EXIT_BAD_USAGE = 2


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `footfall tracks export`. None: the scenario's own seed and number of phones. `start` is the
    time at which the scenario begins; "" makes it end now, as a preview does. `out` says the format by its ending."""

    scenario: str
    phone: int
    out: str
    fixes: bool = False
    seed: int | None = None
    phones: int | None = None
    start: str = ""


class _BadUsage(Exception):
    """An option cannot be used; the message is for the person who gave it."""


def export(options: ExportOptions, now_s: float | None = None) -> int:
    """Writes the track of one phone; 0, or 2 with what is wrong on stderr, and then nothing is written. `now_s`: what
    the clock says, seconds since the epoch; None asks it."""
    try:
        track = _exported(options, time.time() if now_s is None else now_s)
        Path(options.out).write_text(encode_track(track, options.out), encoding="utf-8")
    except BadInput as bad:
        print(bad, file=sys.stderr)
        return EXIT_BAD_USAGE
    except (_BadUsage, OSError) as bad:
        print(f"footfall: {bad}", file=sys.stderr)
        return EXIT_BAD_USAGE
    count = len(track.points)
    what = ("fix" if count == 1 else "fixes") if options.fixes else ("point" if count == 1 else "points")
    print(f"{track.name}: {count} {what} written to {options.out}")
    return 0


def show(file: str, out: str, speed_mps: float | None) -> int:
    """Prints a track in figures, and draws it into `out` where that is not ""; 0, or 2 with every problem of the file
    on stderr. `speed_mps` is for a track without times."""
    if speed_mps is not None and not 0.0 < speed_mps <= FASTEST_MPS:
        print(f"footfall: --speed: expected more than 0 and at most {FASTEST_MPS:g} m/s", file=sys.stderr)
        return EXIT_BAD_USAGE
    try:
        track = decode_track(_bytes(file), file, speed_mps)
        if out:
            Path(out).write_text(picture(track), encoding="utf-8")
    except BadInput as bad:
        print(bad, file=sys.stderr)
        return EXIT_BAD_USAGE
    except OSError as error:
        print(f"footfall: {error}", file=sys.stderr)
        return EXIT_BAD_USAGE
    for title, value in _told(track, summary_of(track)):
        print(f"{title:<9}{value}")
    if out:
        print(f"picture  {out}")
    return 0


def _exported(options: ExportOptions, now_s: float) -> Track:
    ending_of(options.out)  # one that is not known is told before the work is done
    read, given = inputs.load_all(options.scenario, "")
    population = read.scenario.population.phones if options.phones is None else options.phones
    seed = read.scenario.seed if options.seed is None else options.seed
    if population < 1:
        raise _BadUsage(f"--phones: expected a whole number from 1 on, found {population}")
    if not 0 <= options.phone < population:
        raise _BadUsage(f"--phone: expected a whole number from 0 to {population - 1}, found {options.phone}")
    epoch_ms = _epoch_ms(options.start, read, now_s)
    ready = compile_scenario(read.scenario, read.pois)
    name = f"tracks {read.scenario.name}"  # no id leaves it: the phone's movement depends on none
    life = Population(ready, People.fill(), given.config, name, seed, population, epoch_ms).life(options.phone)
    home = Customer(ready, life.person, Streams(seed, life.k)).home
    return _track(read.scenario.name, life, home, seed, epoch_ms, options.fixes)


def _epoch_ms(start: str, read: Inputs, now_s: float) -> int:
    if not start:
        return anchor_ms(now_s, read.scenario.lasts_ms, inf)
    at_ms = time_ms(start)
    if at_ms is None or at_ms + read.scenario.lasts_ms > LATEST_MS:
        raise _BadUsage(f"--start: expected a time from 1970 on as 2026-05-02T09:00:00Z, found {start!r}")
    return at_ms


def _track(scenario: str, life: Life, home: Point, seed: int, epoch_ms: int, reported: bool) -> Track:
    plan = tuple(life.plan)
    legs = [timed.signal.leg for timed in plan if isinstance(timed.signal, Moved)]
    name = f"{scenario}, phone {life.k}, {life.model.platform}"
    until_ms = plan[-1].at_ms
    if not reported:
        return track_of_legs(name, home, legs, life.start_ms, until_ms, epoch_ms)
    reporting = IOS_BACKGROUND if life.model.platform == "ios" else ANDROID_BACKGROUND
    found = fixes(legs, home, reporting, seed, life.k, life.start_ms, until_ms, tuple(_in_use(plan)))
    track = track_of_fixes(f"{name}, as its GPS reports it", found, epoch_ms)
    if not track.points:
        raise _BadUsage(f"--fixes: phone {life.k} reports none")
    return track


def _in_use(plan: Sequence[Timed]) -> Iterator[tuple[int, int]]:
    """When the app is in front: (from_ms, to_ms), in order."""
    since: int | None = None
    for timed in plan:
        if isinstance(timed.signal, Foregrounded) and since is None:
            since = timed.at_ms
        elif since is not None and (timed.signal is None or isinstance(timed.signal, Backgrounded)):
            yield since, timed.at_ms
            since = None


def _told(track: Track, figures: Summary) -> Iterator[tuple[str, str]]:
    segments = "" if figures.segments == 1 else f" in {figures.segments} segments"
    yield "track", "".join(char if char.isprintable() else "?" for char in track.name)
    yield "points", f"{figures.points}{segments}"
    yield "from", time_text(figures.from_ms)
    yield "to", time_text(figures.to_ms)
    yield "length", f"{figures.length_m / 1000:.2f} km"
    yield "moving", _time(figures.moving_ms)
    yield "still", _time(figures.still_ms)
    if figures.segments > 1:
        yield "unknown", _time(figures.unknown_ms)
    yield "fastest", f"{figures.fastest_mps:.1f} m/s"


def _time(ms: int) -> str:
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput([Problem(name, 1, 1, f"cannot be read: {error.strerror}")]) from None
