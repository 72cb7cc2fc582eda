"""Folds the write-ahead log into the database file from a thread of its own: that waits for the disk, and by itself
SQLite does it within whichever commit has made the log long.

https://www.sqlite.org/wal.html#ckpt
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading

_MOST_CHANGES = 500  # rows changed since the last time
_LONG = 8_000  # pages in the log, of 4 KB
_LITTLE = 200  # pages that may be left to do while writers wait
_MOST_TURNS = 20


class Checkpoints:
    """Of one file, which others write to while they hold `lock`."""

    def __init__(self, path: str, lock: threading.Lock) -> None:
        self._path = path
        self._lock = lock
        self._noted = 0
        self._wanted = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self, changes: int) -> None:
        """So many rows were changed since the file was opened. Called with the lock held, after each commit."""
        if changes - self._noted < _MOST_CHANGES:
            return
        self._noted = changes
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="footfall-checkpoints", daemon=True)
            self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """Ends the thread. Called without the lock."""
        self._closing = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None, timeout=0.0)) as connection:
            while self._wanted.wait() and not self._closing:
                self._wanted.clear()
                with contextlib.suppress(sqlite3.Error):  # a full disk, another's lock: the next time does more
                    if _fold(connection) > _LONG:
                        self._begin_anew(connection)

    def _begin_anew(self, connection: sqlite3.Connection) -> None:
        """The log is written from its beginning again only after a moment when all of it was in the file. Under load
        there is none unless writers wait; so first as much as can be is done while they do not. A reader who still
        needs the old pages puts it off."""
        before, pages = 0, _LONG
        for _ in range(_MOST_TURNS):
            before, pages = pages, _fold(connection)
            if pages - before < _LITTLE:
                break
        with self._lock:
            _fold(connection)


def _fold(connection: sqlite3.Connection) -> int:
    """Copies what is in the log and no reader needs to be there; how many pages the log had when it began."""
    pages: int = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    return pages
