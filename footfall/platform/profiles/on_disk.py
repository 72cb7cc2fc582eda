"""Profiles in the platform's SQLite file: tables of their own, a bounded number of profiles in memory before them, and
changes that are written when the caller says so, in the transaction in which it keeps its place in the lake.

An identity is found by a digest of 64 bits of its sandbox, namespace and id. A profile is a row under the digest of one
of its identities, its home: the first ECID, as events of phones name it, else the first of all. The others lead there.
So a phone's look-up reads one page that is not in memory among a million profiles, where a row by number behind an
index of all identities reads two. The profile holds its identities in clear, so a profile that was found by the digest
of somebody else is not taken for theirs. Among three million identities two have one digest in one case of four
million; the older is found no more then.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from footfall.platform.database import Statement
from footfall.platform.profiles.graph import Graph
from footfall.platform.profiles.identities import ECID, Identity
from footfall.platform.profiles.person import Activity, Profile
from footfall.platform.profiles.profile import MOST_BYTES

TABLES = """
CREATE TABLE profile_sandboxes (run TEXT PRIMARY KEY, last_number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE profiles (key INTEGER PRIMARY KEY, run INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE profile_identities (key INTEGER PRIMARY KEY, run INTEGER NOT NULL, home INTEGER NOT NULL);
"""
_AT_HOME = "SELECT value FROM profiles WHERE key = ?"
_ELSEWHERE = "SELECT value FROM profiles WHERE key = (SELECT home FROM profile_identities WHERE key = ?)"
_LAST = "SELECT last_number FROM profile_sandboxes WHERE run = ?"
_KEEP_LAST = "INSERT OR REPLACE INTO profile_sandboxes (run, last_number) VALUES (?, ?)"
_TAKEN = "run = ? AND +good = 1 AND arrived <> 'profile' AND length(body) <= ?"
_ACTIVITY = (
    "SELECT count(*), max(first_ms) FROM (SELECT min(run_ms) AS first_ms FROM ("
    f"SELECT id, run_ms FROM events WHERE +{_TAKEN} AND person = '' AND ecid IN (SELECT value FROM json_each(?))"
    " UNION ALL "
    f"SELECT id, run_ms FROM events WHERE +{_TAKEN} AND person > '' AND person IN (SELECT value FROM json_each(?))"
    ") GROUP BY id)"
)
_MET = (
    "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?)) AND +run = ? AND +good = 1 AND seq < ?"
    " AND length(body) <= ? AND arrived <> 'profile'"
)
_NOT_AT_HOME = "DELETE FROM profiles WHERE key = ?"
_NOT_ELSEWHERE = "DELETE FROM profile_identities WHERE key = ?"
_PUT = "INSERT OR REPLACE INTO profiles (key, run, value) VALUES (?, ?, ?)"
_LEAD = "INSERT OR REPLACE INTO profile_identities (key, run, home) VALUES (?, ?, ?)"

_ENCODER = msgspec.json.Encoder()  # attributes are JSON, which has numbers that other encodings do not
_DECODER = msgspec.json.Decoder(Graph)

Rows = Callable[[str, Iterable[Any]], list[tuple[Any, ...]]]


def forgotten(run: str | None) -> list[Statement]:
    """What takes all profiles of a run, or of all, out of the tables. Its store must not be used after."""
    if run is None:
        return [(f"DELETE FROM {table}", [()]) for table in ("profile_identities", "profiles", "profile_sandboxes")]
    number = _number(run)
    return [
        ("DELETE FROM profile_identities WHERE run = ?", [(number,)]),
        ("DELETE FROM profiles WHERE run = ?", [(number,)]),
        ("DELETE FROM profile_sandboxes WHERE run = ?", [(run,)]),
    ]


class _Changes:
    """What is to be written."""

    def __init__(self) -> None:
        self.profiles: dict[int, Profile] = {}
        self.gone: set[int] = set()
        self.homes: dict[Identity, Identity] = {}

    def __bool__(self) -> bool:
        return bool(self.profiles or self.gone or self.homes)


class SqliteProfileStore:
    """The profiles of one run. Not for several threads: one owner asks it, and has written what there is to write.

    What it was told it tells at once. `statements()` hands out what is to be written; while they are on their way
    nothing of it is let go of, and more may be told; then `written()`, or `not_written()`, after which the next
    statements hold it again.
    """

    def __init__(self, rows: Rows, run: str, *, cached: int = 50_000, at_hand: Rows | None = None) -> None:
        """`rows` answers a question of SQL (Database.rows); the tables are there, and the lake's. `cached`: how many
        profiles stay in memory beside those that are not written yet. `at_hand` answers what is asked about the newest
        rows (Database.rows_at_hand), `rows` where there is none."""
        self._rows = rows
        self._at_hand = at_hand or rows
        self._run = run
        self._most = cached
        self._number = _number(run)
        self._last_number: int = sum(last for (last,) in rows(_LAST, (run,)))
        self._by_identity: dict[Identity, Profile] = {}
        self._recent: OrderedDict[int, Profile] = OrderedDict()  # the one used longest ago is the first
        self._met: set[str] = set()
        self._new = _Changes()
        self._on_their_way = _Changes()

    @property
    def dirty(self) -> bool:
        """Whether there is anything to write that is not on its way."""
        return bool(self._new)

    def expect(self, ids: Sequence[str], before_seq: int) -> None:
        """These events come next, the first of them with the lake's sequence number `before_seq`: the lake is asked
        once which of their ids it has below that."""
        asked = msgspec.json.encode(ids).decode()
        self._met = {id for (id,) in self._at_hand(_MET, (asked, self._run, before_seq, MOST_BYTES))}

    def statements(self) -> list[Statement]:
        """What brings the tables up to date, for one transaction. Not while others are on their way. Where one cannot
        be written down at all, nothing is on its way."""
        assert not self._on_their_way
        new, key, run = self._new, self._key, self._number
        led = [(identity, home) for identity, home in new.homes.items() if identity != home]
        statements: list[Statement] = [
            (_KEEP_LAST, [(self._run, self._last_number)] if new.profiles else []),
            (_NOT_AT_HOME, [(key(identity),) for identity, _ in led]),
            (_NOT_ELSEWHERE, [(key(identity),) for identity, home in new.homes.items() if identity == home]),
            (_PUT, [(key(_home(one)), run, _ENCODER.encode(one.graph)) for one in new.profiles.values()]),
            (_LEAD, [(key(identity), run, key(home)) for identity, home in led]),
        ]
        self._on_their_way, self._new = new, _Changes()
        return statements

    def written(self) -> None:
        """The statements are on disk."""
        self._on_their_way = _Changes()
        self._let_go()

    def not_written(self) -> None:
        """The transaction failed, nothing of it is on disk."""
        old, new = self._on_their_way, self._new
        self._on_their_way = _Changes()
        new.gone |= old.gone
        new.profiles = {n: one for n, one in {**old.profiles, **new.profiles}.items() if n not in new.gone}
        new.homes = {**old.homes, **new.homes}

    def get(self, identity: Identity) -> Profile | None:
        """The profile that it belongs to, from memory or from disk."""
        profile = self._by_identity.get(identity)
        if profile is not None:
            self._recent.move_to_end(profile.graph.number)
            return profile
        key = (self._key(identity),)
        found = self._rows(_AT_HOME, key) or self._rows(_ELSEWHERE, key)
        if not found:
            return None
        profile = Profile(_DECODER.decode(found[0][0]))
        if profile.node(identity) is None:
            return None
        self._keep(profile)
        self._let_go()
        return profile

    def put(self, profiles: Iterable[Profile], gone: Iterable[int] = ()) -> None:
        """Keeps these and forgets those."""
        new = self._new
        for number in gone:
            new.gone.add(number)
            new.profiles.pop(number, None)
            self._recent.pop(number, None)
        for profile in profiles:
            number, home = profile.graph.number, _home(profile)
            for node in profile.graph.nodes:
                before = self._by_identity.get(node.identity)
                if before is None or before.graph.number != number or _home(before) != home:
                    new.homes[node.identity] = home
            new.profiles[number] = profile
            self._keep(profile)
        self._let_go()

    def new_number(self) -> int:
        """One more than the last."""
        self._last_number += 1
        return self._last_number

    def count(self, identity: Identity, at_ms: int) -> None:
        """Nothing to write down: the event is in the lake."""

    def activity(self, identities: Sequence[Identity]) -> Activity:
        """What the lake has: events of these people (by their ids, of any namespace), and anonymous ones of these
        phones, each `_id` when it came first. It may be ahead of the profiles by the events yet to be taken."""
        phones = [identity.id for identity in identities if identity.namespace == ECID]
        people = [identity.id for identity in identities if identity.namespace != ECID]
        values: list[Any] = []
        for ids in (phones, people):
            values += [self._run, MOST_BYTES, msgspec.json.encode(ids).decode()]
        ((events, last_ms),) = self._rows(_ACTIVITY, values)
        return Activity(events, last_ms or 0)

    def met(self, id: str) -> bool:
        """Whether the lake has it below the events that were expected, or it came among them. Only after `expect`."""
        if id in self._met:
            return True
        self._met.add(id)
        return False

    def _keep(self, profile: Profile) -> None:
        self._recent[profile.graph.number] = profile
        self._recent.move_to_end(profile.graph.number)
        for node in profile.graph.nodes:
            self._by_identity[node.identity] = profile

    def _let_go(self) -> None:
        """Of what was used longest ago, beyond the bound. What the disk does not have yet stays."""
        unwritten = len(self._new.profiles) + len(self._on_their_way.profiles)
        for _ in range(len(self._recent) - self._most - unwritten):
            number, profile = self._recent.popitem(last=False)
            if number in self._new.profiles or number in self._on_their_way.profiles:
                self._recent[number] = profile
                continue
            for node in profile.graph.nodes:
                if self._by_identity.get(node.identity) is profile:
                    del self._by_identity[node.identity]

    def _key(self, identity: Identity) -> int:
        text = f"{self._run}\0{identity.namespace}\0{identity.id}"
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def _home(profile: Profile) -> Identity:
    """The identity under which it is kept."""
    nodes = profile.graph.nodes
    return next((node.identity for node in nodes if node.namespace == ECID), nodes[0].identity)


def _number(run: str) -> int:
    """64 bits that tell a run from others, where its name in every row would be long."""
    return int.from_bytes(blake2b(run.encode(), digest_size=8).digest(), "big", signed=True)
