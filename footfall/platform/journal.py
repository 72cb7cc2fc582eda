"""What journeys did, on disk: every step and message, the instances under way, and how far the lake was followed.

All of it is written in one transaction with the position in the lake that it follows from, so that a platform that dies
at any moment goes on after the last event whose consequences are here, and never twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from footfall.platform.database import Database, Statement
from footfall.platform.journeys.engine import Standing
from footfall.platform.journeys.gate import Numbered, Queued
from footfall.platform.journeys.messages import Instance, Message, Step
from footfall.platform.orchestration import News

TABLES = """
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL, journey TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, instance TEXT NOT NULL,
    event TEXT NOT NULL, message TEXT NOT NULL, at_ms INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE INDEX steps_run ON steps (run, journey);
CREATE INDEX steps_event ON steps (event) WHERE event > '';
CREATE INDEX steps_key ON steps (key) WHERE key > '';
CREATE INDEX steps_message ON steps (message) WHERE message > '';
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL, id TEXT NOT NULL, journey TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL,
    receiver TEXT NOT NULL, event TEXT NOT NULL, at_ms INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE INDEX messages_run ON messages (run, channel);
CREATE INDEX messages_id ON messages (id);
CREATE INDEX messages_receiver ON messages (receiver);
CREATE INDEX messages_key ON messages (key);
CREATE TABLE instances (run TEXT NOT NULL, id TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (run, id)) WITHOUT ROWID;
CREATE TABLE queued (run TEXT NOT NULL, turn INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (run, turn))
    WITHOUT ROWID;
CREATE TABLE offers (run TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (run, id)) WITHOUT ROWID;
CREATE TABLE standings (run TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE followed (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
"""
_STEP = (
    "INSERT INTO steps (run, journey, kind, key, instance, event, message, at_ms, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MESSAGE = (
    "INSERT INTO messages (run, id, journey, channel, key, receiver, event, at_ms, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSTANCE = "INSERT OR REPLACE INTO instances (run, id, value) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM instances WHERE run = ? AND id = ?"
_QUEUE = "INSERT OR REPLACE INTO queued (run, turn, value) VALUES (?, ?, ?)"
_UNQUEUE = "DELETE FROM queued WHERE run = ? AND turn = ?"
_OFFER = "INSERT OR REPLACE INTO offers (run, id) VALUES (?, ?)"
_WITHDRAW = "DELETE FROM offers WHERE run = ? AND id = ?"
_STANDING = "INSERT OR REPLACE INTO standings (run, value) VALUES (?, ?)"
_FOLLOWED = "INSERT OR REPLACE INTO followed (one, seq) VALUES (1, ?)"
_TABLES = ("steps", "messages", "instances", "queued", "offers", "standings")

_ENCODER = msgspec.json.Encoder()
_STEP_DECODER = msgspec.json.Decoder(Step)
_MESSAGE_DECODER = msgspec.json.Decoder(Message)
_INSTANCE_DECODER = msgspec.json.Decoder(Instance)
_QUEUED_DECODER = msgspec.json.Decoder(Queued)
_STANDING_DECODER = msgspec.json.Decoder(Standing)


class Row(msgspec.Struct, frozen=True):
    """A step or a message with its sequence number, which only grows, and its run."""

    seq: int
    run: str
    what: Step | Message


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which steps or messages: every member that is not None must hold; `after` is exclusive, order is by seq. `kind`
    and `event` and `message` are of steps, `channel`, `to` and `id` of messages."""

    run: str | None = None
    journey: str | None = None
    key: str | None = None
    kind: str | None = None
    event: str | None = None
    message: str | None = None
    channel: str | None = None
    to: str | None = None
    id: str | None = None
    after: int = 0
    limit: int = 100

    def fits(self, run: str, what: Step | Message) -> bool:
        """Whether it is one of them; `after` and `limit` are the journal's affair."""
        if self.run not in (None, run) or self.journey not in (None, what.journey) or self.key not in (None, what.key):
            return False
        names = ("kind", "event", "message") if isinstance(what, Step) else ("channel", "to", "id")
        return all(getattr(self, name) in (None, getattr(what, name)) for name in names)


_STEP_COLUMNS = ("event", "message", "key", "kind")
_MESSAGE_COLUMNS = (("id", "id"), ("to", "receiver"), ("key", "key"), ("channel", "channel"))


class Journal:
    """The tables in the platform's file; every method may be called from any thread, and raises StoreFailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def statements(self, news: News, followed: int) -> list[Statement]:
        """What writes the news down, nothing where nothing happened; `followed` is the sequence number of the last
        event that it follows from."""
        steps = [
            (run, step.journey, step.kind, step.key, step.instance, step.event, step.message, step.at_ms, _json(step))
            for run, step in news.steps
        ]
        messages = [
            (run, one.id, one.journey, one.channel, one.key, one.to, one.event, one.at_ms, _json(one))
            for run, one in news.messages
        ]
        instances = [(run, one.id, _json(one)) for run, one in news.instances]
        if not news.standings:
            return []
        standings = [(run, _ENCODER.encode(standing)) for run, standing in news.standings]
        return [
            (_STEP, steps),
            (_MESSAGE, messages),
            (_INSTANCE, instances),
            (_FORGET, news.forgotten),
            (_QUEUE, [(run, turn, _json(one)) for run, (turn, one) in news.queued]),
            (_UNQUEUE, news.unqueued),
            (_OFFER, news.offered),
            (_WITHDRAW, news.withdrawn),
            (_STANDING, standings),
            (_FOLLOWED, [(followed,)]),
        ]

    def followed(self) -> int | None:
        """The sequence number of the last event whose consequences are here, None in a store that knows of none."""
        rows = self._database.rows("SELECT seq FROM followed")
        return int(rows[0][0]) if rows else None

    def instances(self) -> dict[str, list[Instance]]:
        """By run."""
        found: dict[str, list[Instance]] = {}
        for run, value in self._database.rows("SELECT run, value FROM instances ORDER BY run, id"):
            found.setdefault(run, []).append(_INSTANCE_DECODER.decode(value))
        return found

    def queues(self) -> dict[str, list[Numbered]]:
        """What waits for its turn, by run, in order."""
        found: dict[str, list[Numbered]] = {}
        for run, turn, value in self._database.rows("SELECT run, turn, value FROM queued ORDER BY run, turn"):
            found.setdefault(run, []).append((turn, _QUEUED_DECODER.decode(value)))
        return found

    def offers(self) -> dict[str, list[Message]]:
        """The in-app messages that wait for their device, by run, as they were sent."""
        found: dict[str, list[Message]] = {}
        for run, value in self._database.rows(
            "SELECT offers.run, value FROM offers"
            " JOIN messages ON messages.id = offers.id AND +messages.run = offers.run ORDER BY seq"
        ):
            found.setdefault(run, []).append(_MESSAGE_DECODER.decode(value))
        return found

    def standings(self) -> dict[str, Standing]:
        """By run."""
        rows = self._database.rows("SELECT run, value FROM standings")
        return {run: _STANDING_DECODER.decode(value) for run, value in rows}

    def steps(self, wanted: Wanted) -> list[Row]:
        """The first `limit` steps that match."""
        named = [(column, column) for column in _STEP_COLUMNS]
        return [Row(seq, run, _STEP_DECODER.decode(value)) for seq, run, value in self._rows("steps", wanted, named)]

    def messages(self, wanted: Wanted) -> list[Row]:
        """The first `limit` messages that match."""
        found = self._rows("messages", wanted, _MESSAGE_COLUMNS)
        return [Row(seq, run, _MESSAGE_DECODER.decode(value)) for seq, run, value in found]

    def last_seq(self, table: str) -> int:
        """The highest sequence number that was given to a step (`steps`) or a message (`messages`), 0 for none."""
        rows = self._database.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return int(rows[0][0]) if rows else 0

    def forgetting(self, run: str | None, followed: int) -> list[Statement]:
        """What forgets one run, or all; sequence numbers go on. `followed` is the sequence number of the last event of
        the lake that is forgotten too: a restart does not take it again."""
        where, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
        return [*((f"DELETE FROM {table}{where}", [values]) for table in _TABLES), (_FOLLOWED, [(followed,)])]

    def last_messages(self, run: str, keys: Iterable[str], limit: int) -> list[Row]:
        """The newest messages of a run to any of these keys, the newest first."""
        found = self._database.rows(
            "SELECT seq, run, value FROM messages WHERE key IN (SELECT value FROM json_each(?)) AND +run = ?"
            " ORDER BY seq DESC LIMIT ?",
            (_ENCODER.encode(list(keys)).decode(), run, limit),
        )
        return [Row(seq, run, _MESSAGE_DECODER.decode(value)) for seq, run, value in found]

    def _rows(self, table: str, wanted: Wanted, named: Iterable[tuple[str, str]]) -> Sequence[tuple[Any, ...]]:
        conditions, values = ["seq > ?"], [wanted.after]
        few = [(column, getattr(wanted, name)) for name, column in named]
        picked = any(value is not None for column, value in few if column not in ("kind", "channel"))
        for column, value in few:
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
                if table == "steps" and column in ("event", "key", "message"):  # or the index could not be used
                    conditions.append(f"{column} > ''")
        for column in ("run", "journey"):
            value = getattr(wanted, column)
            if value is not None:  # "+" keeps SQLite from walking the run's index where few rows are picked out
                conditions.append(f"{'+' if picked else ''}{column} = ?")
                values.append(value)
        return self._database.rows(
            f"SELECT seq, run, value FROM {table} WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT ?",
            (*values, wanted.limit),
        )


def _json(value: Step | Message | Instance | Queued) -> bytes:
    return _ENCODER.encode(value)
