"""Profiles in memory and on disk behave alike, whatever happens and is written when; what holds of graphs always."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from footfall.platform.database import Database
from footfall.platform.profiles.graph import MOST_NODES, Graph, relinked
from footfall.platform.profiles.identities import Identity, IdentityRules, Named
from footfall.platform.profiles.on_disk import TABLES, SqliteProfileStore, forgotten
from footfall.platform.profiles.person import Explanation
from footfall.platform.profiles.profile import DUPLICATE, Profiles
from footfall.platform.profiles.store import MemoryProfileStore

# of the lake, what is asked of it
LAKE = (
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, run TEXT NOT NULL, good INTEGER NOT NULL,"
    " body BLOB NOT NULL, ecid TEXT NOT NULL, person TEXT NOT NULL, arrived TEXT NOT NULL, run_ms INTEGER NOT NULL);"
    "CREATE INDEX events_id ON events (id); CREATE INDEX events_run ON events (run);"
    "CREATE INDEX events_ecid ON events (ecid); CREATE INDEX events_person ON events (person) WHERE person > '';"
)
UNIQUE = IdentityRules(unique=("CRMID", "Email"))
ECIDS = tuple(Identity("ECID", f"{n:038d}") for n in range(6))
EVERYBODY = (
    *ECIDS,
    *(Identity("Email", f"p{n}@example.com") for n in range(3)),
    *(Identity("CRMID", f"p{n}") for n in range(3)),
    Identity("IDFA", "d0"),
)
NOBODY = Identity("Email", "null")


@pytest.fixture
def database() -> Iterator[Database]:
    """A new one, in memory."""
    made = Database(":memory:", LAKE + TABLES, 1)
    yield made
    made.close()


def content(*identities: Identity, token: str = "") -> dict[str, Any]:
    """An event that names these."""
    identity_map: dict[str, list[dict[str, str]]] = {}
    for namespace, id in identities:
        identity_map.setdefault(namespace, []).append({"id": id})
    told: dict[str, Any] = {"xdm": {"identityMap": identity_map}}
    if token:
        identity = {"namespace": {"code": "ECID"}, "id": identities[0].id}
        detail = {"appID": "app", "token": token, "platform": "fcm", "identity": identity, "denylisted": token == "no"}
        told["data"] = {"pushNotificationDetails": [detail]}
    return told


def stored(
    database: Database,
    seq: int,
    id: str,
    *,
    run: str = "run",
    good: int = 1,
    size: int = 100,
    ecid: str = "",
    person: str = "",
    arrived: str = "interact",
) -> None:
    """An event in the lake; it was received at 1000 ms and its number."""
    row = (seq, id, run, good, b" " * size, ecid, person, arrived, 1_000 + seq)
    database.transaction([("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [row])])


def without_activity(told: Explanation | None) -> Explanation | None:
    """What profiles know without the lake."""
    return told and msgspec.structs.replace(told, events=0, last_event_ms=0)


class BothStores(RuleBasedStateMachine):
    """The same goes to a store in memory and to one on disk that keeps few profiles in memory, or none."""

    @initialize(unique=st.booleans(), cached=st.sampled_from((0, 2)))
    def begin(self, unique: bool, cached: int = 2) -> None:
        """A sandbox with, or without, unique namespaces."""
        self.cached = cached
        self.rules = UNIQUE if unique else IdentityRules()
        self.database = Database(":memory:", LAKE + TABLES, 1)
        self.memory = Profiles(MemoryProfileStore(), self.rules)
        self.seq = 0
        self.last_expected = 0
        self.on_its_way: list[Any] = []
        self.open()

    def open(self) -> None:
        """As after a start."""
        self.store = SqliteProfileStore(self.database.rows, "run", cached=self.cached)
        self.disk = Profiles(self.store, self.rules)

    def teardown(self) -> None:
        """Lets go of the file."""
        if hasattr(self, "database"):
            self.database.close()

    @rule(
        id=st.integers(0, 30),
        named=st.lists(st.sampled_from((*EVERYBODY, NOBODY)), max_size=4),
        size=st.sampled_from((100, 100, 100, 10_241)),
        token=st.sampled_from(("", "", "t", "u", "no")),
    )
    def event(self, id: int, named: list[Identity], size: int, token: str) -> None:
        """An event, new or sent again."""
        self.seq += 1
        stored(self.database, self.seq, f"e{id}", size=size)
        told = content(*named, token=token if named else "")
        self.store.expect([f"e{id}"], self.seq)
        ours = self.memory.take_event(f"e{id}", told, self.seq, size)
        assert self.disk.take_event(f"e{id}", told, self.seq, size) == ours

    @rule(who=st.sampled_from(EVERYBODY), points=st.integers(0, 2))
    def record(self, who: Identity, points: int) -> None:
        """A profile record."""
        self.seq += 1
        xdm = {**content(who)["xdm"], "loyalty": {"points": points}, "testProfile": points == 2}
        assert self.disk.take_record(xdm, self.seq) == self.memory.take_record(xdm, self.seq)

    @precondition(lambda self: not self.on_its_way)
    @rule()
    def hand_out(self) -> None:
        """A transaction is on its way; events may come before it is done."""
        self.on_its_way = self.store.statements()

    @precondition(lambda self: self.on_its_way)
    @rule(succeeds=st.booleans())
    def write(self, succeeds: bool) -> None:
        """It is done, or has failed."""
        if succeeds:
            self.database.transaction(self.on_its_way)
            self.store.written()
        else:
            self.store.not_written()
        self.on_its_way = []

    @precondition(lambda self: not self.on_its_way)
    @rule()
    def start_again(self) -> None:
        """The process ends and begins anew."""
        self.database.transaction(self.store.statements())
        self.store.written()
        assert not self.store.dirty
        self.open()

    @invariant()
    def they_tell_the_same(self) -> None:
        """Of everybody."""
        for who in EVERYBODY if self.seq else ():
            ours, theirs = self.memory.explain(*who), self.disk.explain(*who)
            assert without_activity(ours) == without_activity(theirs)
            if ours is not None:
                assert any((one.namespace, one.id) == who for one in ours.identities)
                for namespace in self.rules.unique:
                    assert sum(one.namespace == namespace for one in ours.identities) <= 1

    @invariant()
    def each_identity_is_in_one_profile(self) -> None:
        """Everybody's profile, taken once, holds everybody once."""
        found = {profile.number: profile for who in EVERYBODY if self.seq and (profile := self.memory.find(*who))}
        everybody = [node.identity for profile in found.values() for node in profile.graph.nodes]
        assert len(everybody) == len(set(everybody))


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_wrong_store_is_found():
    # convict: one that forgets where an identity leads does not pass for the other
    class Forgetful(SqliteProfileStore):
        def statements(self) -> list[Any]:
            return [(sql, rows) for sql, rows in super().statements() if "profile_identities" not in sql]

    machine = BothStores()
    machine.begin(unique=True)
    machine.store = Forgetful(machine.database.rows, "run", cached=0)
    machine.disk = Profiles(machine.store, machine.rules)
    machine.event(1, ECIDS[:2], 100, "")
    machine.they_tell_the_same()
    machine.hand_out()
    machine.write(succeeds=True)
    with pytest.raises(AssertionError):
        machine.they_tell_the_same()
    machine.teardown()


# What holds of graphs


RECORDS = st.lists(st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=4, unique=True), max_size=12)


def graphs_of(records: list[list[Identity]], rules: IdentityRules) -> list[Graph]:
    """The graphs after these records."""
    number = itertools.count(1).__next__
    graphs: dict[int, Graph] = {}
    for at_ms, identities in enumerate(records):
        touched = [one for one in graphs.values() if any(node.identity in identities for node in one.nodes)]
        made, gone = relinked(touched, Named(tuple(identities), identities[0]), at_ms, f"e{at_ms}", rules, number)
        graphs.update({graph.number: graph for graph in made})
        for number_gone in gone:
            del graphs[number_gone]
    return list(graphs.values())


def members(graph: Graph) -> frozenset[Identity]:
    """Who is in it."""
    return frozenset(node.identity for node in graph.nodes)


@given(records=RECORDS, seed=st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter_where_nothing_is_lost(records: list[list[Identity]], seed: Any):
    other = list(records)
    seed.shuffle(other)
    rules = IdentityRules()
    assert {members(graph) for graph in graphs_of(records, rules)} == {
        members(graph) for graph in graphs_of(other, rules)
    }


@given(records=RECORDS, unique=st.booleans())
def test_the_last_record_is_heeded(records: list[list[Identity]], unique: bool):
    rules = UNIQUE if unique else IdentityRules()
    graphs = graphs_of(records, rules)
    assert sum(len(graph.nodes) for graph in graphs) == len({who for graph in graphs for who in members(graph)})
    for graph in graphs:
        assert len({link.a for link in graph.links} | {link.b for link in graph.links}) in (0, len(graph.nodes))
    if records and len({who.namespace for who in records[-1]}) == len(records[-1]):
        assert any(set(records[-1]) <= members(graph) for graph in graphs), "whom the last record names belong together"


@given(records=st.lists(st.lists(st.integers(0, 120), min_size=1, max_size=20, unique=True), max_size=30))
def test_no_graph_holds_more_than_50(records: list[list[int]]):
    named = [[Identity("ECID" if n % 3 else "Phone", str(n)) for n in record] for record in records]
    graphs = graphs_of(named, IdentityRules())
    assert all(len(graph.nodes) <= MOST_NODES for graph in graphs)
    assert {who for graph in graphs for who in members(graph)} == {who for record in named for who in record}


# On disk


def event(people: Profiles, id: str, *identities: Identity) -> None:
    """Some event."""
    people.take_event(id, content(*identities), 1, 100)


def write(database: Database, store: SqliteProfileStore) -> None:
    """What there is to write."""
    database.transaction(store.statements())
    store.written()


def test_sandboxes_do_not_meet(database: Database):
    stores = {run: SqliteProfileStore(database.rows, run) for run in ("one", "two")}
    for run, store in stores.items():
        event(Profiles(store), "a", ECIDS[0], Identity("CRMID", run))
        write(database, store)
    for run in stores:
        profile = SqliteProfileStore(database.rows, run).get(ECIDS[0])
        assert profile is not None
        assert profile.identities["CRMID"] == (run,)
    database.transaction(forgotten("one"))
    assert SqliteProfileStore(database.rows, "one").get(ECIDS[0]) is None
    assert SqliteProfileStore(database.rows, "two").get(ECIDS[0]) is not None
    for table in ("profiles", "profile_identities"):
        assert database.rows(f"SELECT count(*) FROM {table}") == [(1,)]


def test_an_event_that_changes_nothing_writes_nothing(database: Database):
    store = SqliteProfileStore(database.rows, "run")
    people = Profiles(store)
    event(people, "a", *ECIDS[:2])
    write(database, store)
    assert not store.dirty
    event(people, "b", *ECIDS[:2])
    assert not store.dirty
    assert [rows for _, rows in store.statements() if rows] == []


@pytest.mark.parametrize(
    ("seq", "run", "good", "size", "is_duplicate"),
    [
        (9, "run", 1, 100, True),
        (10, "run", 1, 100, False),  # the event itself
        (11, "run", 1, 100, False),  # what comes later
        (9, "other", 1, 100, False),
        (9, "run", 0, 100, False),  # never reached the profile store
        (9, "run", 1, 10_240, True),
        (9, "run", 1, 10_241, False),  # was dropped by it
    ],
)
def test_which_events_of_the_lake_make_a_duplicate(
    database: Database, seq: int, run: str, good: int, size: int, is_duplicate: bool
):
    stored(database, seq, "a", run=run, good=good, size=size)
    store = SqliteProfileStore(database.rows, "run")
    store.expect(["a", "b"], 10)
    taken = Profiles(store).take_event("a", content(ECIDS[0]), 1, 100)
    assert (taken.dropped == DUPLICATE) is is_duplicate


def test_the_lake_counts_a_profiles_events(database: Database):
    # a shared phone: Aino's and Bo's, both with unique namespaces, and Bo's last
    aino, bo, phone = Identity("Email", "p0@example.com"), Identity("Email", "p1@example.com"), ECIDS[0]
    store = SqliteProfileStore(database.rows, "run")
    people = Profiles(store, UNIQUE)
    for seq, (id, *identities) in enumerate((("a", phone), ("b", phone, aino), ("c", phone, bo)), 1):
        stored(database, seq, id, ecid=phone.id, person=identities[-1].id if len(identities) > 1 else "")
        store.expect([id], seq)
        event(people, id, *identities)
    stored(database, 4, "c", ecid=phone.id, person=bo.id)  # a duplicate
    stored(database, 5, "d", ecid=phone.id, size=10_241)
    stored(database, 6, "e", ecid=phone.id, good=0)
    stored(database, 7, "f", ecid=phone.id, run="other")
    stored(database, 8, "g", ecid=phone.id, person=bo.id, arrived="profile")
    told = {who: people.explain(*who) for who in (aino, bo)}
    assert {who: one and (one.events, one.last_event_ms) for who, one in told.items()} == {
        aino: (1, 1_002),
        bo: (2, 1_003),
    }


def test_a_batch_that_repeats_itself(database: Database):
    store = SqliteProfileStore(database.rows, "run")
    store.expect(["a", "a"], 1)
    people = Profiles(store)
    assert people.take_event("a", content(ECIDS[0]), 1, 100).dropped == ""
    assert people.take_event("a", content(ECIDS[0]), 1, 100).dropped == DUPLICATE


def test_the_lake_is_asked_by_its_indexes(database: Database):
    plan = []

    def rows(sql: str, values: Any) -> list[tuple[Any, ...]]:
        plan.extend(str(row) for row in database.rows(f"EXPLAIN QUERY PLAN {sql}", values))
        return database.rows(sql, values)

    store = SqliteProfileStore(rows, "run")
    store.expect(["a"], 1)
    store.activity(EVERYBODY)
    assert not [line for line in plan if "SCAN events" in line or "events_run" in line]
    for index in ("events_id (id=?", "events_ecid (ecid=?", "events_person (person=?"):
        assert any(f"SEARCH events USING INDEX {index}" in line for line in plan), plan


def test_two_identities_of_one_digest_are_not_mixed_up(database: Database):
    class Colliding(SqliteProfileStore):
        def _key(self, identity: Identity) -> int:
            return 7

    store = Colliding(database.rows, "run", cached=0)
    people = Profiles(store)
    for identity in ECIDS[:2]:
        event(people, identity.id, identity)
        write(database, store)
    assert store.get(ECIDS[0]) is None
    assert store.get(ECIDS[1]) is not None


def test_only_so_many_stay_in_memory(database: Database):
    asked = []

    def rows(sql: str, values: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return database.rows(sql, values)

    store = SqliteProfileStore(rows, "run", cached=2)
    for identity in ECIDS[:3]:
        event(Profiles(store), identity.id, identity)
    write(database, store)  # the first is let go of, now that the disk has it
    asked.clear()
    found = [store.get(identity) for identity in (ECIDS[1], ECIDS[2])]
    assert all(found)
    assert asked == []
    assert store.get(ECIDS[0]) is not None
    assert len(asked) == 1
    assert store.get(ECIDS[2]) is found[1]
    assert len(asked) == 1, "the one used longest ago was let go of"


def told_points(people: Profiles, points: Any) -> None:
    """A profile record."""
    people.take_record({**content(ECIDS[0])["xdm"], "loyalty": {"points": points}}, 1)


@pytest.mark.parametrize("points", [10**30, -(10**30), 2**64, 1.5, "many", None, [{"a": []}]])
def test_attributes_are_whatever_json_can_say(database: Database, points: Any):
    store = SqliteProfileStore(database.rows, "run")
    told_points(Profiles(store), points)
    write(database, store)
    found = SqliteProfileStore(database.rows, "run").get(ECIDS[0])
    assert found is not None
    assert found.attributes == {"loyalty": {"points": points}}


def test_what_cannot_be_written_down_is_not_on_its_way(database: Database):
    store = SqliteProfileStore(database.rows, "run")
    told_points(Profiles(store), object())  # no JSON has that
    with pytest.raises(TypeError):
        store.statements()
    assert store.dirty
    told_points(Profiles(store), 1)
    write(database, store)
    assert not store.dirty


def test_the_tables_are_for_this_sqlite():
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    connection.close()
