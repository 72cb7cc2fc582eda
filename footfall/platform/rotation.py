"""Begins a new store file when the old one has grown large, and keeps the old one beside it.

Only at the platform's start: a run whose events were spread over two files could not be judged from one.
"""

from __future__ import annotations

from pathlib import Path

from footfall.platform.database import MEMORY, StoreFailed
from footfall.platform.store import Store


def rotate(path: str, beyond_bytes: int, keep: int) -> Path | None:
    """Where the file at `path` is larger than `beyond_bytes`, moves it to `path.1`, the one there to `path.2` and so
    on, of which `keep` stay (0: all), and makes a new one with the same datastreams, inlets and consents, in which
    sequence numbers go on. Returns where the old file went; None where nothing was to be done. Raises what Store
    raises, StoreFailed too where another process has the file open, and OSError; then everything is as it was."""
    file = Path(path)
    fresh = file.with_name(f"{file.name}.new")
    if path != MEMORY and not file.exists() and fresh.exists():
        fresh.rename(file)  # a start before this one was killed between its two renames
    if path == MEMORY or not beyond_bytes or not file.exists() or file.stat().st_size <= beyond_bytes:
        return None
    with Store(path) as old:
        _begin(fresh, old)
    if file.with_name(f"{file.name}-wal").exists():  # its events would stay behind
        fresh.unlink()
        raise StoreFailed(f"{path} cannot be put aside: another process has it open")
    _make_room(file, keep)
    aside = file.rename(file.with_name(f"{file.name}.1"))
    try:
        fresh.rename(file)
    except OSError:
        aside.rename(file)
        raise
    return aside


def _begin(fresh: Path, old: Store) -> None:
    """Made whole before the old file is touched: a full disk is found out here."""
    fresh.unlink(missing_ok=True)  # of a start that was interrupted
    try:
        with Store(str(fresh)) as new:
            for datastream in old.datastreams():
                new.add(datastream)
            for inlet in old.inlets():
                new.add(inlet)
            new.append((), old.consents())
            new.go_on_after(old.last_seq())
    except StoreFailed:
        fresh.unlink(missing_ok=True)
        raise


def _make_room(file: Path, keep: int) -> None:
    archives = {
        int(archive.name.rpartition(".")[2]): archive
        for archive in file.parent.iterdir()
        if archive.name.startswith(f"{file.name}.") and archive.name.removeprefix(f"{file.name}.").isdecimal()
    }
    for number, archive in sorted(archives.items(), reverse=True):
        if keep and number >= keep:
            archive.unlink()
        else:
            archive.rename(file.with_name(f"{file.name}.{number + 1}"))
