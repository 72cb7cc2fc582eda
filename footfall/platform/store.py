"""What arrived, on disk: events, how many there are, what devices said, and what the platform was set up with.

Others may read the file while it grows.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import msgspec

from footfall.platform.config import Datastream, Inlet
from footfall.platform.database import WAIT_S, Database, Statement
from footfall.platform.journal import TABLES as JOURNAL_TABLES
from footfall.platform.messages import ConsentChange, StoredEvent
from footfall.platform.profiles.on_disk import TABLES as PROFILE_TABLES
from footfall.platform.stored import Count, Filter, Received, StoredRow

_LAYOUT = 5  # a file of another layout is not touched
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
_ALL_TABLES = f"{_TABLES}{JOURNAL_TABLES}{PROFILE_TABLES}"
_COLUMNS = "id, run, datastream, ecid, type, good, reasons, received_ms, timestamp, body, arrived, person, test, run_ms"
_INSERT = f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CONSENT = "INSERT OR REPLACE INTO consents (org, ecid, collect) VALUES (?, ?, ?)"
_ADD_UP = "ON CONFLICT (run, type, good) DO UPDATE SET n = n + excluded.n"
_COUNT = f"INSERT INTO counts (run, type, good, n) VALUES (?, ?, ?, ?) {_ADD_UP}"
_UNCOUNT_FROM = "INSERT INTO counts (run, type, good, n) SELECT run, type, good, -count(*) FROM events"
_UNCOUNT_TO = f"GROUP BY run, type, good {_ADD_UP}"
_NONE_LEFT = "DELETE FROM counts WHERE n = 0"


# A reset goes in slices, or whatever arrives would wait for its end. How many rows a slice has follows how long they
# take, as that depends on the size of the events and on the disk; in the pause a waiting append gets its turn.
_FIRST_SLICE = _FEWEST_IN_SLICE = 200
_MOST_IN_SLICE = 50_000
_SLICE_S = 0.005
_PAUSE_S = 0.003


class Store:
    """The platform's file: every method may be called from any thread, and raises StoreFailed. `database` is for
    others who keep their tables in the same file."""

    def __init__(self, path: str, *, fsync: bool = False, most_bytes: int = 0) -> None:
        """Opens or creates the file; see Database."""
        self.database = Database(path, _ALL_TABLES, _LAYOUT, fsync=fsync, most_bytes=most_bytes)

    @property
    def path(self) -> str:
        """Where it is, or MEMORY."""
        return self.database.path

    @property
    def trouble(self) -> str:
        """Why nothing is taken at the moment: the last transaction failed; "" when it did not."""
        return self.database.trouble

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(
        self,
        events: Sequence[StoredEvent],
        consents: Sequence[ConsentChange] = (),
        others: Sequence[Statement] = (),
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        """Stores all of them in one transaction, durable on return, or none and StoreFailed; StoreBusy where another
        process had locked the file for `wait_s` seconds. `others` are rows of those who share the file."""
        self.database.transaction([*_arrival(events, consents), *others], wait_s=wait_s)

    def add(self, one: Datastream | Inlet) -> None:
        """Remembers the datastream or inlet, so that it is known again after a restart."""
        table = "datastreams" if isinstance(one, Datastream) else "inlets"
        row = (one.id, msgspec.json.encode(one).decode())
        self.database.transaction([(f"INSERT OR REPLACE INTO {table} (id, value) VALUES (?, ?)", [row])])

    def reset(self, run: str | None = None, until: int | None = None) -> None:
        """Forgets the events of one run, or of all, that were stored before the call; what arrives meanwhile stays.
        With `until`, those up to this sequence number.
        Runs stay registered, sequence numbers go on. It takes many short transactions, oldest events first: one that is
        cut short leaves the newer events, and the counts of those."""
        and_run, of_run = ("", ()) if run is None else (" AND run = ?", (run,))
        which = f"seq > ? AND seq <= ?{and_run}"
        slice_end = f"SELECT max(seq) FROM (SELECT seq FROM events WHERE {which} ORDER BY seq LIMIT ?)"
        uncount = f"{_UNCOUNT_FROM} WHERE {which} {_UNCOUNT_TO}"
        after, last, most = 0, self.last_seq() if until is None else until, _FIRST_SLICE
        while (until := self._rows(slice_end, (after, last, *of_run, most))[0][0]) is not None:
            began_s, rows = time.monotonic(), [(after, until, *of_run)]
            self.database.transaction(
                [(uncount, rows), (_NONE_LEFT, [()]), (f"DELETE FROM events WHERE {which}", rows)], grows=False
            )
            fitting = int(most * _SLICE_S / max(time.monotonic() - began_s, 1e-6))
            most = max(_FEWEST_IN_SLICE, min(fitting, 2 * most, _MOST_IN_SLICE))
            after = until
            time.sleep(_PAUSE_S)

    def datastreams(self) -> list[Datastream]:
        """Those that were added, by id."""
        rows = self._rows("SELECT value FROM datastreams ORDER BY id")
        return [msgspec.json.decode(value, type=Datastream) for (value,) in rows]

    def inlets(self) -> list[Inlet]:
        """Those that were added, by id."""
        rows = self._rows("SELECT value FROM inlets ORDER BY id")
        return [msgspec.json.decode(value, type=Inlet) for (value,) in rows]

    def consents(self) -> list[ConsentChange]:
        """What every device said last."""
        return [ConsentChange(*row) for row in self._rows("SELECT org, ecid, collect FROM consents")]

    def consent(self, org: str, ecid: str) -> str:
        """What this device said last, y, n or p; "" for nothing."""
        rows = self._rows("SELECT collect FROM consents WHERE org = ? AND ecid = ?", (org, ecid))
        return str(rows[0][0]) if rows else ""

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
        self.database.transaction(
            [
                ("DELETE FROM sqlite_sequence WHERE name = 'events'", [()]),
                ("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", [(seq,)]),
            ]
        )

    def close(self) -> None:
        """Lets go of the file."""
        self.database.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.database.rows(sql, values)


def _arrival(events: Sequence[StoredEvent], consents: Sequence[ConsentChange]) -> list[Statement]:
    """What stores these events, with their counts, and what devices said."""
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
    return [(_INSERT, rows), (_COUNT, counts), (_CONSENT, said)]


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
