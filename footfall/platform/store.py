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

from footfall.platform.config import Datastream, Inlet
from footfall.platform.messages import ConsentChange, StoredEvent
from footfall.platform.stored import Count, Filter, Received, StoredRow

MEMORY = ":memory:"

_LAYOUT = 2  # PRAGMA user_version: a file of another layout is not touched
_TABLES = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, run TEXT NOT NULL, datastream TEXT NOT NULL, ecid TEXT NOT NULL, type TEXT NOT NULL,
    good INTEGER NOT NULL, reasons TEXT NOT NULL, received_ms INTEGER NOT NULL, timestamp TEXT NOT NULL,
    body BLOB NOT NULL, arrived TEXT NOT NULL, person TEXT NOT NULL, test TEXT NOT NULL, run_ms INTEGER NOT NULL
);
CREATE INDEX events_run ON events (run);
CREATE INDEX events_id ON events (id);
CREATE INDEX events_ecid ON events (ecid);
CREATE INDEX events_person ON events (person) WHERE person > '';
CREATE INDEX events_test ON events (test) WHERE test > '';
CREATE INDEX events_bad ON events (run) WHERE good = 0;
CREATE TABLE counts (
    run TEXT NOT NULL, type TEXT NOT NULL, good INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (run, type, good)
) WITHOUT ROWID;
CREATE TABLE datastreams (id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inlets (id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE consents (org TEXT NOT NULL, ecid TEXT NOT NULL, collect TEXT NOT NULL, PRIMARY KEY (org, ecid))
    WITHOUT ROWID;
"""
_COLUMNS = "id, run, datastream, ecid, type, good, reasons, received_ms, timestamp, body, arrived, person, test, run_ms"
_INSERT = f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CONSENT = "INSERT OR REPLACE INTO consents (org, ecid, collect) VALUES (?, ?, ?)"
_COUNT = (
    "INSERT INTO counts (run, type, good, n) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (run, type, good) DO UPDATE SET n = n + excluded.n"
)


class StoreFailed(Exception):
    """Nothing of the batch was kept: the disk or the store is full, the file cannot be written."""


class NotAStore(Exception):
    """The file is there and is not a store of this layout; it is left as it is."""


class Store:
    """The platform's file. One writer and any number of readers: every method may be called from any thread."""

    def __init__(self, path: str, *, fsync: bool = False, most_bytes: int = 0) -> None:
        """Opens or creates the file. `most_bytes`: how large it may grow, 0 for as large as the disk; beyond that
        nothing is taken any more. Raises NotAStore, or StoreFailed where it cannot be opened."""
        self.path = path
        self.trouble = ""  # why the last transaction failed; "" when it did not
        self._most_bytes = most_bytes
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

    def append(self, events: Sequence[StoredEvent], consents: Sequence[ConsentChange] = ()) -> None:
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
                event.arrived,
                event.person,
                event.test,
                event.run_ms,
            )
            for event in events
        ]
        counted = Counter([(event.run, event.type, event.good) for event in events])
        counts = [(*key, n) for key, n in counted.items()]
        said = [(change.org, change.ecid, change.collect) for change in consents]
        self._in_transaction((_INSERT, rows), (_COUNT, counts), (_CONSENT, said))

    def add(self, one: Datastream | Inlet) -> None:
        """Remembers the datastream or inlet, so that it is known again after a restart."""
        table = "datastreams" if isinstance(one, Datastream) else "inlets"
        row = (one.id, msgspec.json.encode(one).decode())
        self._in_transaction((f"INSERT OR REPLACE INTO {table} (id, value) VALUES (?, ?)", [row]))

    def reset(self, run: str | None = None) -> None:
        """Forgets the events of one run, or of all. Runs stay registered, sequence numbers go on."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        self._in_transaction(
            (f"DELETE FROM events{where}", [values]), (f"DELETE FROM counts{where}", [values]), grows=False
        )

    def datastreams(self) -> list[Datastream]:
        """Those that were added, by id."""
        rows = self._rows("SELECT value FROM datastreams ORDER BY id")
        return [msgspec.json.decode(value, type=Datastream) for (value,) in rows]

    def inlets(self) -> list[Inlet]:
        """Those that were added, by id."""
        return [
            msgspec.json.decode(value, type=Inlet) for (value,) in self._rows("SELECT value FROM inlets ORDER BY id")
        ]

    def consents(self) -> list[ConsentChange]:
        """What every device said last."""
        return [ConsentChange(*row) for row in self._rows("SELECT org, ecid, collect FROM consents")]

    def counts(self) -> list[Count]:
        """Kept up to date by every append, so that asking costs nothing however many events there are."""
        rows = self._rows("SELECT run, type, good, n FROM counts ORDER BY run, type, good")
        return [Count(run, kind, bool(good), n) for run, kind, good, n in rows]

    def events(self, wanted: Filter) -> list[StoredRow]:
        """The first `limit` events that match, in the order of their arrival."""
        conditions, values = ["seq > ?"], [wanted.after]
        # An id or an ECID picks out a few events and a run does not: "+" keeps SQLite from walking the run's index.
        few = (wanted.id, wanted.ecid, wanted.person, wanted.test)
        mark = "+" if any(value is not None for value in few) else ""
        for column in ("id", "ecid", "person", "test", f"{mark}run", "type"):
            value = getattr(wanted, column.removeprefix("+"))
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
                if column in ("person", "test"):  # or SQLite could not know that their indexes fit
                    conditions.append(f"{column} > ''")
        if wanted.good is not None:  # spelled out, or SQLite could not know that the index of the bad ones fits
            conditions.append(f"{mark}good = {int(wanted.good)}")
        if wanted.since_ms is not None:
            conditions.append("received_ms >= ?")
            values.append(wanted.since_ms)
        rows = self._rows(
            f"SELECT seq, {_COLUMNS} FROM events WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT ?",
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

    def last_seq(self) -> int:
        """The highest sequence number that was ever given, 0 before the first."""
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        return int(rows[0][0]) if rows else 0

    def go_on_after(self, seq: int) -> None:
        """In a store without events: the first one gets a higher number than `seq`."""
        self._in_transaction(
            ("DELETE FROM sqlite_sequence WHERE name = 'events'", [()]),
            ("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", [(seq,)]),
        )

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets go of it."""
        with self._write_lock:
            if self._read is not self._write:
                self._read.close()
            self._write.close()

    def _in_transaction(self, *statements: tuple[str, Sequence[tuple[Any, ...]]], grows: bool = True) -> None:
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
                self.trouble = str(error)
                self._roll_back()
                raise StoreFailed(str(error)) from error
            self.trouble = ""

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
        raise NotAStore(
            f"{path} is a store of another version of footfall, or another kind of database; name another file"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
    connection.execute("PRAGMA cache_size = -65536")
    if is_new:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_LAYOUT}; COMMIT;")


def _event(row: tuple[Any, ...]) -> StoredEvent:
    _, id_, run, datastream, ecid, kind, good, reasons, received_ms, timestamp, body, arrived, person, test, run_ms = (
        row
    )
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
        arrived=arrived,
        person=person,
        test=test,
        run_ms=run_ms,
    )


def _reasons(text: str) -> tuple[str, ...]:
    return () if text == "[]" else msgspec.json.decode(text, type=tuple[str, ...])
