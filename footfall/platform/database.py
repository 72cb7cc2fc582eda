"""One SQLite file in WAL mode: its connections, its locks, its transactions. What is in the tables is told elsewhere.

A commit in WAL mode with synchronous=NORMAL has handed every page to the operating system: it survives the death of
this process (kill -9), not a power failure. `fsync=True` (synchronous=FULL) survives that too and costs a flush of the
disk per commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from footfall.platform.checkpoints import Checkpoints

MEMORY = ":memory:"
WAIT_S = 5.0  # how long a transaction, or a question, waits for a lock that another process has on the file

_TRY_S = 0.003  # of this the write lock is held at a time: the event loop may be waiting for it
_RETRY_S = 0.02

Statement = tuple[str, Sequence[tuple[Any, ...]]]  # SQL, and a row of values for each time it is executed


class StoreFailed(Exception):
    """Nothing of the transaction was kept: the disk or the store is full, the file cannot be written."""


class StoreBusy(StoreFailed):
    """Nothing of the transaction was kept, as another process has locked the file; the same may succeed later."""


class NotAStore(Exception):
    """The file is there and is not a store of this layout; it is left as it is."""


class Database:
    """The file. One writer and any number of readers: every method may be called from any thread. `trouble` is why the
    last transaction failed, "" when it did not."""

    def __init__(self, path: str, tables: str, layout: int, *, fsync: bool = False, most_bytes: int = 0) -> None:
        """Opens the file, or creates it with these `tables` (SQL). `layout` is the number of their version, which the
        file keeps as its user_version. `most_bytes`: how large it may grow, 0 for as large as the disk; beyond that no
        transaction succeeds that `grows`. Raises NotAStore, or StoreFailed where it cannot be opened."""
        self.path = path
        self.trouble = ""
        self._most_bytes = most_bytes
        try:
            self._write = _connected(path)
            _prepare(self._write, path, tables, layout, fsync=fsync)
            # A database in memory is visible to its own connection only, so there both are one.
            self._read = self._write if path == MEMORY else _connected(path)
            # a reader's cache is stale after each transaction, and a large one is slower to search than the system's
            self._write.execute("PRAGMA cache_size = -65536")
            self._write.execute(f"PRAGMA busy_timeout = {_TRY_S * 1000:.0f}")
        except sqlite3.Error as error:
            raise StoreFailed(f"{path}: {error}") from error
        self._write_lock = threading.Lock()
        self._read_lock = self._write_lock if path == MEMORY else threading.Lock()
        self._checkpoints = None if path == MEMORY else Checkpoints(path, self._write_lock)

    def transaction(self, statements: Sequence[Statement], *, grows: bool = True, wait_s: float = WAIT_S) -> None:
        """Executes all of them, durable on return, or none and StoreFailed. A statement without rows is left out.
        While another process has locked the file it is tried again for `wait_s` seconds, then StoreBusy; others take
        their turn in between, and with 0 it returns within milliseconds."""
        ends_s = time.monotonic() + wait_s
        while True:
            try:
                self._try(statements, grows)
                return
            except StoreBusy:
                if time.monotonic() >= ends_s:
                    raise
            time.sleep(_RETRY_S)

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """What a question is answered with; it sees every transaction that has returned. Raises StoreFailed."""
        with self._read_lock:
            return _answer(self._read, sql, values)

    def rows_at_hand(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The same for small questions of whoever writes. The writing connection has the pages in its memory where a
        reader's reads them again after each transaction; while it is at work the reader is asked."""
        if not self._write_lock.acquire(blocking=False):
            return self.rows(sql, values)
        try:
            return _answer(self._write, sql, values)
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets go of it."""
        if self._checkpoints is not None:
            self._checkpoints.close()
        with self._write_lock:
            if self._read is not self._write:
                self._read.close()
            self._write.close()

    def _try(self, statements: Sequence[Statement], grows: bool) -> None:
        with self._write_lock:
            try:
                if grows and self._most_bytes:
                    self._refuse_if_full()
                self._write.execute("BEGIN IMMEDIATE")
                for sql, rows in statements:
                    if rows:
                        self._write.executemany(sql, rows)
                self._write.execute("COMMIT")
            except Exception as error:  # not only sqlite3.Error: a number too large for it is an OverflowError
                busy = _is_busy(error)
                self.trouble = "another process has locked the file" if busy else str(error)
                self._roll_back()
                raise (StoreBusy if busy else StoreFailed)(self.trouble) from error
            self.trouble = ""
            if self._checkpoints is not None:
                self._checkpoints.note(self._write.total_changes)

    def _refuse_if_full(self) -> None:
        """DELETE frees pages within the file, so a reset makes room again."""
        pragmas = ("page_count", "freelist_count", "page_size")
        pages, free, size = (self._write.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas)
        if (pages - free) * size >= self._most_bytes:
            raise sqlite3.OperationalError(f"the store has reached its limit of {self._most_bytes} bytes")

    def _roll_back(self) -> None:
        """After a full disk SQLite has often rolled back already; then there is nothing to undo."""
        if self._write.in_transaction:
            try:
                self._write.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreFailed(f"roll-back failed: {error}") from error


def _answer(connection: sqlite3.Connection, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    try:
        with closing(connection.execute(sql, tuple(values))) as cursor:
            return cursor.fetchall()
    except sqlite3.Error as error:
        raise StoreFailed(str(error)) from error


def _is_busy(error: Exception) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # absent from errors of sqlite3's own
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY  # the higher bits say in which of its ways


def _connected(path: str) -> sqlite3.Connection:
    # Transactions are begun and ended by hand (isolation_level=None); threads take turns by the database's locks.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=WAIT_S)


def _prepare(connection: sqlite3.Connection, path: str, tables: str, layout: int, *, fsync: bool) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    is_new = found == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not is_new and found != layout:
        raise NotAStore(
            f"{path} is a store of another version of footfall, or another kind of database; name another file"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # see checkpoints
    if is_new:
        connection.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {layout}; COMMIT;")
