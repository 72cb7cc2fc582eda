"""Events on disk: one SQLite file in WAL mode, which others may read while it grows.

A commit in WAL mode with synchronous=NORMAL has handed every page to the operating system: it survives the death of
this process (kill -9), not a power failure. `fsync=True` (synchronous=FULL) survives that too and costs a flush of the
disk per commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any

import msgspec

from footfall.platform.messages import Datastream, StoredEvent

MEMORY = ":memory:"

_LAYOUT = 1  # PRAGMA user_version: a file of another layout is not touched
_TABLES = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, run TEXT NOT NULL, datastream TEXT NOT NULL, ecid TEXT NOT NULL, type TEXT NOT NULL,
    good INTEGER NOT NULL, reasons TEXT NOT NULL, received_ms INTEGER NOT NULL, timestamp TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX events_run ON events (run);
CREATE INDEX events_id ON events (id);
CREATE INDEX events_ecid ON events (ecid);
CREATE INDEX events_bad ON events (run) WHERE good = 0;
CREATE TABLE counts (
    run TEXT NOT NULL, type TEXT NOT NULL, good INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (run, type, good)
) WITHOUT ROWID;
CREATE TABLE datastreams (id TEXT PRIMARY KEY, org TEXT NOT NULL, run TEXT NOT NULL) WITHOUT ROWID;
"""
_INSERT = (
    "INSERT INTO events (id, run, datastream, ecid, type, good, reasons, received_ms, timestamp, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT = (
    "INSERT INTO counts (run, type, good, n) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (run, type, good) DO UPDATE SET n = n + excluded.n"
)


class StoreFailed(Exception):
    """Nothing of the batch was kept: the disk is full, the file cannot be written."""


class NotAStore(Exception):
    """The file is there and is not a store of this layout; it is left as it is."""


class StoredRow(msgspec.Struct, frozen=True):
    """A stored event with its sequence number, which only grows and is never used twice."""

    seq: int
    event: StoredEvent


class Received(msgspec.Struct, frozen=True):
    """What reconciliation needs to know of a stored event."""

    seq: int
    id: str
    type: str
    good: bool
    reasons: tuple[str, ...]
    ecid: str


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: every member that is not None must hold; `after` is exclusive, order is by seq."""

    run: str | None = None
    ecid: str | None = None
    type: str | None = None
    good: bool | None = None
    id: str | None = None
    after: int = 0
    limit: int = 100


class Count(msgspec.Struct, frozen=True):
    """How many events of one run and type were stored as good, or as bad."""

    run: str
    type: str
    good: bool
    n: int


class Store:
    """The platform's file. One writer and any number of readers: every method may be called from any thread."""

    def __init__(self, path: str, *, fsync: bool = False) -> None:
        """Opens or creates the file. Raises NotAStore, or StoreFailed where it cannot be opened."""
        self.path = path
        try:
            self._write = _connected(path)
            _prepare(self._write, path, fsync=fsync)
            # A database in memory is visible to its own connection only, so there both are one.
            self._read = self._write if path == MEMORY else _connected(path)
        except sqlite3.Error as error:
            raise StoreFailed(f"{path}: {error}") from error
        self._write_lock = threading.Lock()
        self._read_lock = self._write_lock if path == MEMORY else threading.Lock()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, events: Sequence[StoredEvent]) -> None:
        """Stores all of them in one transaction, durable on return, or none and StoreFailed."""
        rows = [
            (
                event.id,
                event.run,
                event.datastream,
                event.ecid,
                event.type,
                event.good,
                msgspec.json.encode(event.reasons).decode() if event.reasons else "[]",
                event.received_ms,
                event.timestamp,
                event.body,
            )
            for event in events
        ]
        counted = Counter((event.run, event.type, event.good) for event in events)
        counts = [(*key, n) for key, n in counted.items()]
        self._in_transaction((_INSERT, rows), (_COUNT, counts))

    def add_datastream(self, datastream: Datastream) -> None:
        """Remembers the datastream, so that it is known again after a restart."""
        row = (datastream.id, datastream.org, datastream.run)
        self._in_transaction(("INSERT OR REPLACE INTO datastreams (id, org, run) VALUES (?, ?, ?)", [row]))

    def reset(self, run: str | None = None) -> None:
        """Forgets the events of one run, or of all. Runs stay registered, sequence numbers go on."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        self._in_transaction((f"DELETE FROM events{where}", [values]), (f"DELETE FROM counts{where}", [values]))

    def datastreams(self) -> list[Datastream]:
        return [Datastream(*row) for row in self._rows("SELECT id, org, run FROM datastreams ORDER BY id")]

    def counts(self) -> list[Count]:
        """Kept up to date by every append, so that asking costs nothing however many events there are."""
        rows = self._rows("SELECT run, type, good, n FROM counts ORDER BY run, type, good")
        return [Count(run, kind, bool(good), n) for run, kind, good, n in rows]

    def events(self, wanted: Filter) -> list[StoredRow]:
        """The first `limit` events that match, in the order of their arrival."""
        conditions, values = ["seq > ?"], [wanted.after]
        # An id or an ECID picks out a few events and a run does not: "+" keeps SQLite from walking the run's index.
        mark = "+" if wanted.id is not None or wanted.ecid is not None else ""
        for column in ("id", "ecid", f"{mark}run", "type"):
            value = getattr(wanted, column.removeprefix("+"))
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if wanted.good is not None:  # spelled out, or SQLite could not know that the index of the bad ones fits
            conditions.append(f"{mark}good = {int(wanted.good)}")
        rows = self._rows(
            "SELECT seq, id, run, datastream, ecid, type, good, reasons, received_ms, timestamp, body FROM events"
            f" WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT ?",
            (*values, wanted.limit),
        )
        return [StoredRow(row[0], _event(row)) for row in rows]

    def received(self, run: str, after: int, limit: int) -> list[Received]:
        """The first `limit` events of the run beyond the sequence number `after`, in the order of their arrival."""
        rows = self._rows(
            "SELECT seq, id, type, good, reasons, ecid FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
            (run, after, limit),
        )
        return [
            Received(seq, id_, kind, bool(good), _reasons(reasons), ecid)
            for seq, id_, kind, good, reasons, ecid in rows
        ]

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets go of it."""
        with self._write_lock:
            if self._read is not self._write:
                self._read.close()
            self._write.close()

    def _in_transaction(self, *statements: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        with self._write_lock:
            try:
                self._write.execute("BEGIN IMMEDIATE")
                for sql, rows in statements:
                    self._write.executemany(sql, rows)
                self._write.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise StoreFailed(str(error)) from error

    def _roll_back(self) -> None:
        """After a full disk SQLite has often rolled back already; then there is nothing to undo."""
        if self._write.in_transaction:
            try:
                self._write.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreFailed(f"roll-back failed: {error}") from error

    def _rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with self._read_lock:
            try:
                with closing(self._read.execute(sql, tuple(values))) as cursor:
                    return cursor.fetchall()
            except sqlite3.Error as error:
                raise StoreFailed(str(error)) from error


def _connected(path: str) -> sqlite3.Connection:
    # Transactions are begun and ended by hand (isolation_level=None); threads take turns by the store's locks.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)


def _prepare(connection: sqlite3.Connection, path: str, *, fsync: bool) -> None:
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    is_new = layout == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not is_new and layout != _LAYOUT:
        raise NotAStore(f"{path} is not a store of this version of footfall; name another file")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
    connection.execute("PRAGMA cache_size = -65536")
    if is_new:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_LAYOUT}; COMMIT;")


def _event(row: tuple[Any, ...]) -> StoredEvent:
    _, id_, run, datastream, ecid, kind, good, reasons, received_ms, timestamp, body = row
    return StoredEvent(
        id=id_,
        run=run,
        datastream=datastream,
        ecid=ecid,
        type=kind,
        good=bool(good),
        reasons=_reasons(reasons),
        received_ms=received_ms,
        timestamp=timestamp,
        body=body,
    )


def _reasons(text: str) -> tuple[str, ...]:
    return () if text == "[]" else msgspec.json.decode(text, type=tuple[str, ...])
