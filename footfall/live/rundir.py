"""A run's folder: ledgers in, what the receiver said, the verdict and its summary out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from footfall.evidence import journeys, ledger, received
from footfall.evidence.journeys import Told
from footfall.evidence.manifest import Manifest
from footfall.evidence.ops import Op, Trouble
from footfall.evidence.received import Received
from footfall.evidence.verdict import Verdict, encode_summary, judge
from footfall.live.control import Control, PlatformGone

QUIET_TRIES = 3
QUIET_S = 0.2


def read_ledgers(directory: Path) -> Iterator[Op]:
    """All ops of a run's ledger files, file by file."""
    for path in sorted(directory.glob("ledger-*.ndjson")):
        with path.open("rb") as lines:
            yield from ledger.read(lines, str(path))


def read_received(directory: Path) -> Iterator[Received] | None:
    """What the receiver said it had, as kept in the run's folder; None if it could not be asked."""
    path = directory / "received.ndjson"
    return _received(path) if path.exists() else None


def _received(path: Path) -> Iterator[Received]:
    with path.open("rb") as lines:
        yield from received.read(lines, str(path))


def read_journeys(directory: Path) -> Iterator[Told] | None:
    """What the receiver's journeys did, as kept in the run's folder; None if it could not be asked."""
    path = directory / "journeys.ndjson"
    return _told(path) if path.exists() else None


def _told(path: Path) -> Iterator[Told]:
    with path.open("rb") as lines:
        yield from journeys.read(lines, str(path))


def ask_receiver(control: Control | None, run: str, directory: Path, with_journeys: bool = False) -> Trouble | None:
    """Writes received.ndjson, and journeys.ndjson where it runs any; or says why it could not, and leaves neither.

    What was asked while phones were still sending proves nothing: an event acknowledged after the question would be
    called lost. So it is asked again until no ledger grew meanwhile.
    """
    stored, done = directory / "received.ndjson", directory / "journeys.ndjson"
    parts = {path: path.with_name(f"{path.name}.part") for path in (stored, done)}
    for path in parts:
        path.unlink(missing_ok=True)
    if control is None:
        return Trouble("readback-failed", "the target has no read API of the local platform's kind to ask")
    why = "the run is still going on: its ledgers grew while the receiver was asked"
    try:
        for _ in range(QUIET_TRIES):
            before = _ledger_sizes(directory)
            _write(parts[stored], map(received.encode, control.received(run)))
            time.sleep(QUIET_S)
            if with_journeys:  # last: they follow what is acknowledged, and not at once
                _write(parts[done], map(journeys.encode, control.told(run)))
            if _ledger_sizes(directory) == before:
                if with_journeys:
                    parts[done].rename(done)
                parts[stored].rename(stored)
                return None
    except (PlatformGone, OSError) as error:
        why = str(error)
    for path in parts.values():
        path.unlink(missing_ok=True)
    return Trouble("readback-failed", why)


def _write(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as out:
        out.writelines(lines)


def _ledger_sizes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in directory.glob("ledger-*.ndjson")}


def conclude(directory: Path, manifest: Manifest, troubles: Sequence[Trouble] = ()) -> Verdict:
    """Judges the run from its folder and writes summary.json there, whole or not at all: where the disk is full, the
    verdict can still be told, and `footfall check` writes it when there is room."""
    ops = chain(read_ledgers(directory), troubles)
    verdict = judge(manifest, ops, read_received(directory), read_journeys(directory))
    partial = directory / "summary.json.part"
    try:
        partial.write_bytes(encode_summary(verdict))
        partial.rename(directory / "summary.json")
    except OSError:
        partial.unlink(missing_ok=True)
    return verdict
