"""The store and its writer: all or nothing, durable, in order, and many requests in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from footfall.platform import checkpoints
from footfall.platform import store as store_module
from footfall.platform import writer as writer_module
from footfall.platform.commits import Commits
from footfall.platform.config import Datastream, Inlet, RunClock
from footfall.platform.database import MEMORY, NotAStore, Statement, StoreBusy, StoreFailed
from footfall.platform.messages import ConsentChange, Outcome, Response, StoredEvent
from footfall.platform.store import Store
from footfall.platform.stored import Count, Filter, Received
from footfall.platform.writer import ThreadedWriter, Writer


def event(
    id_: str,
    *,
    run: str = "r1",
    kind: str = "location.entry",
    ecid: str = "7",
    reasons: tuple[str, ...] = (),
    person: str = "",
    test: str = "",
    received_ms: int = 1_772_882_130_123,
) -> StoredEvent:
    return StoredEvent(
        id=id_,
        run=run,
        datastream="d1",
        ecid=ecid,
        type=kind,
        good=not reasons,
        reasons=reasons,
        received_ms=received_ms,
        timestamp="2026-03-07T11:15:30Z",
        body=b'{"xdm":{"_id":"' + id_.encode() + b'"}}',
        arrived="inlet",
        person=person,
        test=test,
        run_ms=received_ms + 1,
    )


def outcome(*events: StoredEvent, consents: tuple[ConsentChange, ...] = ()) -> Outcome:
    return Outcome(Response(200, (), b""), events, consents)


CLOCK = RunClock(origin_ms=1, anchor_ms=2, speed=60.0)
HISTORY = [
    event("a"),
    event("b", kind="location.exit", reasons=("#: required key [timestamp] not found", "#/x: second")),
    event("a"),  # a retry whose first answer was lost: the lake keeps both
    event("c", run="r2", ecid="8", person="mia@example.com", test="t1"),
    event("d", run="r2", ecid="7", kind="", person="mia@example.com", received_ms=1_772_882_131_000),
]


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store(MEMORY if request.param == "memory" else str(tmp_path / "s.sqlite")) as opened:
        opened.append(HISTORY)
        yield opened


def test_what_is_stored_comes_back_as_it_was(store: Store) -> None:
    rows = store.events(Filter())
    assert [row.event for row in rows] == HISTORY
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        (Filter(run="r1"), [1, 2, 3]),
        (Filter(ecid="7"), [1, 2, 3, 5]),
        (Filter(ecid="7", run="r2"), [5]),
        (Filter(type="location.entry"), [1, 3, 4]),
        (Filter(type=""), [5]),
        (Filter(good=False), [2]),
        (Filter(good=False, run="r2"), []),
        (Filter(good=True, ecid="7"), [1, 3, 5]),
        (Filter(id="a"), [1, 3]),
        (Filter(after=3), [4, 5]),
        (Filter(limit=2), [1, 2]),
        (Filter(run="r1", after=1, limit=1), [2]),
        (Filter(run="never"), []),
        (Filter(person="mia@example.com"), [4, 5]),
        (Filter(person="mia@example.com", test="t1"), [4]),
        (Filter(person=""), []),  # who is nobody is not asked for
        (Filter(test="t1", run="r1"), []),
        (Filter(since_ms=1_772_882_131_000), [5]),
        (Filter(since_ms=1_772_882_130_123, run="r2"), [4, 5]),
    ],
)
def test_filters(store: Store, wanted: Filter, seqs: list[int]) -> None:
    rows = store.events(wanted)
    assert [row.seq for row in rows] == seqs
    # and who is told of commits is told of the same ones, whatever page of them is wanted
    every = msgspec.structs.replace(wanted, after=0, limit=100)
    if every.person != "":
        assert [one for one in HISTORY if wanted.fits(one)] == [row.event for row in store.events(every)]


def test_counts_are_by_run_type_and_verdict(store: Store) -> None:
    assert store.counts() == [
        Count("r1", "location.entry", True, 2),
        Count("r1", "location.exit", False, 1),
        Count("r2", "", True, 1),
        Count("r2", "location.entry", True, 1),
    ]


def test_received_pages_through_a_run(store: Store) -> None:
    assert store.received("r1", after=0, limit=2) == [
        Received(1, "a", "location.entry", True, (), "7"),
        Received(2, "b", "location.exit", False, ("#: required key [timestamp] not found", "#/x: second"), "7"),
    ]
    assert [line.seq for line in store.received("r1", after=2, limit=2)] == [3]


def test_reset_of_a_run_leaves_the_others_and_uses_no_number_twice(store: Store) -> None:
    store.reset("r1")
    store.append([event("e")])
    assert [(row.seq, row.event.id) for row in store.events(Filter())] == [(4, "c"), (5, "d"), (6, "e")]
    assert sum(count.n for count in store.counts()) == 3

    store.reset()
    assert store.events(Filter()) == []
    assert store.counts() == []


def counted(store: Store) -> list[Count]:
    """What the counts have to be, counted from the events."""
    sql = "SELECT run, type, good, count(*) FROM events GROUP BY run, type, good ORDER BY run, type, good"
    return [Count(run, kind, bool(good), n) for run, kind, good, n in store.database.rows(sql)]


@pytest.mark.parametrize("in_slice", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("r1", ["c", "d"]),  # between them and around them lie those of another run
        ("r2", ["a", "b", "a"]),
        ("never", ["a", "b", "a", "c", "d"]),
        (None, []),
    ],
)
def test_a_reset_in_slices_of_any_size_is_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch, in_slice: int, run: str | None, left: list[str]
) -> None:
    monkeypatch.setattr(store_module, "_FIRST_SLICE", in_slice)
    monkeypatch.setattr(store_module, "_MOST_IN_SLICE", in_slice)
    monkeypatch.setattr(store_module, "_FEWEST_IN_SLICE", in_slice)
    store.reset(run)
    assert [row.event.id for row in store.events(Filter())] == left
    assert store.counts() == counted(store)


def test_a_reset_that_is_cut_short_leaves_whole_events_and_their_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite"
    for name in ("_FIRST_SLICE", "_MOST_IN_SLICE", "_FEWEST_IN_SLICE"):
        monkeypatch.setattr(store_module, name, 2)
    with Store(str(path)) as store:
        store.append(HISTORY)
        with closing(sqlite3.connect(path)) as saboteur:
            saboteur.execute(
                "CREATE TRIGGER cut BEFORE DELETE ON events WHEN old.seq = 4 BEGIN SELECT RAISE(ABORT, 'cut'); END"
            )
        with pytest.raises(StoreFailed, match="cut"):
            store.reset()
    with Store(str(path)) as store:  # 1 and 2 are gone; 3 is in the slice of 4, of which nothing was done
        assert [row.seq for row in store.events(Filter())] == [3, 4, 5]
        assert store.counts() == [
            Count("r1", "location.entry", True, 1),
            Count("r2", "", True, 1),
            Count("r2", "location.entry", True, 1),
        ]


def test_what_arrives_during_a_reset_waits_for_a_slice_only_and_stays(tmp_path: Path) -> None:
    waits_s: list[float] = []
    with Store(str(tmp_path / "s.sqlite")) as store:
        old = [event(f"old-{n}", ecid=str(n), kind=f"t{n % 7}") for n in range(30_000)]
        for first in range(0, len(old), 2_000):
            store.append(old[first : first + 2_000])
        resetting = threading.Thread(target=store.reset)
        resetting.start()
        while store.database.rows("SELECT min(seq) FROM events")[0][0] == 1:
            time.sleep(0.001)  # the first slice is not through
        new = []
        while resetting.is_alive():
            began_s = time.monotonic()
            new.append(f"new-{len(new)}")
            store.append([event(new[-1], kind="new")])
            waits_s.append(time.monotonic() - began_s)
        resetting.join()
        assert len(new) > 10
        assert sum(count.n for count in store.counts()) == len(new)
        assert store.counts() == counted(store) == [Count("r1", "new", True, len(new))]
        assert [row.event.id for row in store.events(Filter(limit=len(new) + 1))] == new
    # all at once would take 100 to 300 ms; a slice 5, and sometimes 20 more for the disk
    assert sorted(waits_s)[len(waits_s) // 2] < 0.02


def log_bytes(path: Path) -> int:
    """How large the log became while 60,000 events were stored, each of which touches pages of several indexes."""
    with Store(str(path)) as store:
        for n in range(60):
            store.append([event(f"{n}-{one * 7919 % 997}", ecid=str(one * 7919 % 997)) for one in range(1_000)])
            if n % 10 == 0:
                assert len(store.events(Filter(limit=1_000))) == 1_000  # readers come and go
        size = path.with_name(f"{path.name}-wal").stat().st_size
    assert not path.with_name(f"{path.name}-wal").exists()
    with Store(str(path)) as store:
        assert sum(count.n for count in store.counts()) == 60_000
    return size


def test_the_log_is_folded_into_the_file_and_written_from_its_beginning_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_LONG", 500)
    folded = log_bytes(tmp_path / "folded.sqlite")
    monkeypatch.setattr(checkpoints.Checkpoints, "note", lambda self, changes: None)
    assert folded < log_bytes(tmp_path / "never.sqlite") / 2


# ---- another process has the file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """As by `BEGIN EXCLUSIVE` in the sqlite3 shell."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_file_that_another_has_locked_is_waited_for_as_long_as_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(str(path)) as store:
        store.append([event("before")])
        for wait_s, least_s, most_s in ((0.0, 0.0, 0.1), (0.3, 0.3, 0.6)):
            with locked(path):
                began_s = time.monotonic()
                with pytest.raises(StoreBusy, match="another process has locked the file"):
                    store.append([event("refused")], wait_s=wait_s)
                assert least_s <= time.monotonic() - began_s < most_s
                assert [row.event.id for row in store.events(Filter())] == ["before"]  # reading goes on
                assert store.trouble == "another process has locked the file"
        release = threading.Event()

        def hold() -> None:
            with locked(path):
                release.set()
                time.sleep(0.2)

        holding = threading.Thread(target=hold)
        holding.start()
        release.wait(5)
        store.append([event("after")])  # waits, and is stored
        holding.join()
        assert [row.event.id for row in store.events(Filter())] == ["before", "after"]
        assert store.trouble == ""


def test_the_event_loop_goes_on_while_the_file_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "WAIT_S", 0.5)
    path = tmp_path / "s.sqlite"
    late_s: list[float] = []

    async def ticking() -> None:
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(0.01)
            late_s.append(time.monotonic() - began_s - 0.01)

    async def scenario(store: Store) -> None:
        writer = Writer(store, asyncio.get_running_loop(), Commits())
        ticks = asyncio.ensure_future(ticking())
        with locked(path):
            kept = [writer.written(outcome(event("a"))), writer.written(outcome(event("b")))]
            await asyncio.sleep(0.25)
            assert not any(one.done() for one in kept)
        await asyncio.gather(*kept)  # it was let go in time
        with locked(path):
            refused = writer.written(outcome(event("c")))
            await asyncio.sleep(0.3)
            waits = writer.written(outcome(event("d")))
            with pytest.raises(StoreBusy):
                await refused
            assert not waits.done()  # its own time is not over
        await waits
        with locked(path):
            pending = writer.written(outcome(event("e")))
            await writer.close()  # waits for it as long
            with pytest.raises(StoreBusy):
                await pending
        ticks.cancel()

    with Store(str(path)) as store:
        asyncio.run(scenario(store))
        assert [row.event.id for row in store.events(Filter())] == ["a", "b", "d"]
    assert len(late_s) > 60
    assert sorted(late_s)[len(late_s) * 9 // 10] < 0.05  # 5 s in one piece it was


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sqlite")
    with Store(path) as store:
        store.append(HISTORY)
        store.add(Datastream("d1", "ORG@AdobeOrg", "r1", clock=CLOCK))
        store.add(Inlet("f" * 64, run="r1"))
        store.append((), [ConsentChange("ORG@AdobeOrg", "7", "p")])
        store.append((), [ConsentChange("ORG@AdobeOrg", "7", "n")])  # the last word counts
    with Store(path, fsync=True) as store:
        assert [row.event for row in store.events(Filter())] == HISTORY
        assert store.datastreams() == [Datastream("d1", "ORG@AdobeOrg", "r1", clock=CLOCK)]
        assert store.inlets() == [Inlet("f" * 64, run="r1")]
        assert store.consents() == [ConsentChange("ORG@AdobeOrg", "7", "n")]
        assert store.last_seq() == 5


def test_a_transaction_that_fails_keeps_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(str(path)) as store:
        with closing(sqlite3.connect(path)) as saboteur:
            saboteur.execute(
                "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.id = 'poison'"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        with pytest.raises(StoreFailed, match="disk is full"):
            store.append([event("a"), event("poison"), event("b")])
        assert store.events(Filter()) == []
        assert store.counts() == []
        assert store.trouble == "database or disk is full"

        store.append([event("c")])
        assert store.trouble == ""
        assert [row.event.id for row in store.events(Filter())] == ["c"]


def test_a_number_too_large_for_the_file_fails_its_transaction_and_no_other(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s.sqlite")) as store:
        with pytest.raises(StoreFailed, match="too large"):
            store.append([event("a"), event("b", received_ms=2**70)])
        store.append([event("c")])
        assert [row.event.id for row in store.events(Filter())] == ["c"]


def test_beyond_its_limit_it_takes_nothing_until_a_reset_makes_room(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s.sqlite"), most_bytes=400_000) as store:
        large = msgspec.structs.replace(event("a"), body=b"x" * 10_000)
        taken = 0
        while taken < 1_000 and not store.trouble:
            with suppress(StoreFailed):
                store.append([large])
                taken += 1
        assert 20 < taken < 45
        with pytest.raises(StoreFailed, match="its limit of 400000 bytes"):
            store.append([large])
        assert "its limit" in store.trouble
        assert len(store.events(Filter())) == taken  # what was taken stays readable
        store.reset()
        store.append([event("again")])
        assert store.trouble == ""


def test_a_store_of_the_layout_before_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript("CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT); PRAGMA user_version = 1;")
    before = path.read_bytes()
    with pytest.raises(NotAStore, match="of another version of footfall"):
        Store(str(path))
    assert path.read_bytes() == before


def test_another_kind_of_file_is_left_as_it_is(tmp_path: Path) -> None:
    database, text = tmp_path / "other.sqlite", tmp_path / "notes.txt"
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    text.write_text("not a database at all, but long enough to be read as one" * 10)
    before = database.read_bytes(), text.read_bytes()

    with pytest.raises(NotAStore, match="name another file"):
        Store(str(database))
    with pytest.raises(StoreFailed):
        Store(str(text))
    with pytest.raises(StoreFailed):
        Store(str(tmp_path / "no" / "such" / "folder"))

    assert (database.read_bytes(), text.read_bytes()) == before


def test_others_may_read_the_file_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(str(path)) as store, closing(sqlite3.connect(path)) as reader:
        store.append([event("a")])
        assert reader.execute("SELECT id FROM events").fetchall() == [("a",)]
        store.append([event("b")])
        assert reader.execute("SELECT id FROM events ORDER BY seq").fetchall() == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("run = 'r'", "events_run"),
        ("id = 'x'", "events_id"),
        ("ecid = 'x' AND +run = 'r'", "events_ecid"),
        ("run = 'r' AND good = 0", "events_bad"),
        ("person = 'x' AND person > '' AND +run = 'r'", "events_person"),
        ("test = 'x' AND test > '' AND +run = 'r'", "events_test"),
    ],
)
def test_questions_that_are_asked_often_have_an_index(tmp_path: Path, where: str, index: str) -> None:
    path = tmp_path / "s.sqlite"
    with Store(str(path)), closing(sqlite3.connect(path)) as reader:
        sql = f"EXPLAIN QUERY PLAN SELECT * FROM events WHERE seq > 5 AND {where} ORDER BY seq LIMIT 10"
        plan = " ".join(row[3] for row in reader.execute(sql))
    assert index in plan
    assert "TEMP B-TREE" not in plan  # no sorting: rows of an index come in the order of seq


# ---- the writer


class Slow(Store):
    """A store whose first transaction waits until it is let go; it remembers the size of each."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__(MEMORY)
        self.sizes: list[int] = []
        self.go = threading.Event()
        self.fails = fails

    def append(
        self,
        events: Sequence[StoredEvent],
        consents: Sequence[ConsentChange] = (),
        others: Sequence[Statement] = (),
        *,
        wait_s: float = 5.0,
    ) -> None:
        self.go.wait(5)
        self.sizes.append(len(events))
        if self.fails:
            self.fails = False
            raise StoreFailed("database or disk is full")
        super().append(events, consents, others, wait_s=wait_s)


def test_what_arrives_during_one_transaction_is_the_next_one() -> None:
    async def scenario(store: Slow) -> None:
        writer = ThreadedWriter(store, asyncio.get_running_loop(), Commits())
        first = writer.written(outcome(event("first")))
        await asyncio.sleep(0.05)  # the thread has taken it
        rest = [writer.written(outcome(event(str(n)))) for n in range(100)]
        store.go.set()
        await asyncio.gather(first, *rest)
        await writer.close()

    with Slow() as store:
        asyncio.run(scenario(store))
        assert store.sizes == [1, 100]
        assert [row.event.id for row in store.events(Filter(limit=3))] == ["first", "0", "1"]


def test_without_fsync_what_was_ready_at_once_is_one_transaction() -> None:
    async def scenario(store: Slow) -> None:
        writer = Writer(store, asyncio.get_running_loop(), Commits())
        await asyncio.gather(*[writer.written(outcome(event(str(n)))) for n in range(100)])
        later = writer.written(outcome(event("later")))
        await writer.close()  # writes what is pending
        await later
        with pytest.raises(StoreFailed, match="shutting down"):
            await writer.written(outcome(event("too late")))

    with Slow() as store:
        store.go.set()
        asyncio.run(scenario(store))
        assert store.sizes == [100, 1]


def test_nobody_of_a_failed_transaction_is_acknowledged_and_the_writer_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario(store: Slow) -> list[object]:
        store.go.set()
        writer = ThreadedWriter(store, asyncio.get_running_loop(), Commits())
        failed = await asyncio.gather(
            writer.written(outcome(event("a"))), writer.written(outcome(event("b"))), return_exceptions=True
        )
        await writer.written(outcome(event("c")))
        await writer.close()
        return list(failed)

    with Slow(fails=True) as store:
        failed = asyncio.run(scenario(store))
        kept = [row.event.id for row in store.events(Filter())]
    assert [record.getMessage() for record in caplog.records] == [
        "requests are refused (503), the store failed: database or disk is full",
        "the store takes events again",
    ]
    # the thread may have taken the first before the second was there
    assert isinstance(failed[0], StoreFailed)
    assert kept == [id_ for id_, error in zip("ab", failed, strict=True) if error is None] + ["c"]


def test_closing_writes_what_is_pending_and_takes_nothing_more() -> None:
    async def scenario(store: Slow) -> None:
        writer = ThreadedWriter(store, asyncio.get_running_loop(), Commits())
        pending = [writer.written(outcome(event(str(n)))) for n in range(10)]
        store.go.set()
        await writer.close()
        await asyncio.gather(*pending)
        with pytest.raises(StoreFailed, match="shutting down"):
            await writer.written(outcome(event("late")))

    with Slow() as store:
        asyncio.run(scenario(store))
        assert sum(count.n for count in store.counts()) == 10


def test_a_phone_that_hangs_up_does_not_stop_the_others() -> None:
    async def scenario(store: Slow) -> None:
        writer = ThreadedWriter(store, asyncio.get_running_loop(), Commits())
        gone, waiting = writer.written(outcome(event("gone"))), writer.written(outcome(event("waiting")))
        gone.cancel()
        store.go.set()
        await waiting
        await writer.close()

    with Slow() as store:
        asyncio.run(scenario(store))
        assert [row.event.id for row in store.events(Filter())] == ["gone", "waiting"]


def test_consents_are_written_with_the_events_of_their_time() -> None:
    said = ConsentChange("ORG@AdobeOrg", "7", "n")

    async def scenario(store: Slow) -> None:
        store.go.set()
        writer = ThreadedWriter(store, asyncio.get_running_loop(), Commits())
        await writer.written(outcome(consents=(said,)))
        await writer.close()

    with Slow() as store:
        asyncio.run(scenario(store))
        assert store.consents() == [said]


def test_who_waits_is_told_of_what_fits_after_it_can_be_read() -> None:
    async def scenario(store: Slow) -> None:
        commits = Commits()
        writer = ThreadedWriter(store, asyncio.get_running_loop(), commits)
        with commits.watch(Filter(test="t1", good=True)) as wanted, commits.watch(Filter()) as everything:
            store.go.set()
            await writer.written(outcome(event("a"), event("b", test="t1", reasons=("#: bad",))))
            await asyncio.sleep(0)
            assert (wanted.news.is_set(), everything.news.is_set()) == (False, True)
            await writer.written(outcome(event("c", test="t1")))
            await asyncio.wait_for(wanted.news.wait(), 5)
            assert [row.event.id for row in store.events(wanted.wanted)] == ["c"]
            wanted.news.clear()
            commits.stop()
            assert wanted.news.is_set()
        assert len(commits) == 0
        await writer.close()

    with Slow() as store:
        asyncio.run(scenario(store))
