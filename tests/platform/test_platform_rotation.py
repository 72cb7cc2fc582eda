"""A store that has grown large is put aside at the start, and nothing but its events with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from platform_process import body, event, platform

from footfall.platform import rotation
from footfall.platform.config import Datastream, Inlet
from footfall.platform.database import MEMORY, NotAStore, StoreFailed
from footfall.platform.messages import ConsentChange, StoredEvent
from footfall.platform.rotation import rotate
from footfall.platform.store import Store
from footfall.platform.stored import Filter

JSON = {"content-type": "application/json"}
STREAM, INLET, SAID = Datastream("d1", run="r1"), Inlet("f" * 64, run="r1"), ConsentChange("ORG@AdobeOrg", "7", "n")


def stored(id_: str) -> StoredEvent:
    return StoredEvent(id_, "r1", "d1", "7", "t", True, (), 1, "", b"{}")


def grown(path: Path, *ids: str) -> None:
    with Store(str(path)) as store:
        store.add(STREAM)
        store.add(INLET)
        store.append([stored(id_) for id_ in ids], [SAID])


def ids_in(path: Path) -> list[str]:
    with Store(str(path)) as store:
        return [row.event.id for row in store.events(Filter())]


def test_events_go_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    grown(path, "a", "b")
    assert rotate(str(path), 1, 0) == tmp_path / "s.sqlite.1"
    assert ids_in(tmp_path / "s.sqlite.1") == ["a", "b"]
    with Store(str(path)) as fresh:
        assert (fresh.datastreams(), fresh.inlets(), fresh.consents()) == ([STREAM], [INLET], [SAID])
        assert (fresh.events(Filter()), fresh.counts()) == ([], [])
        fresh.append([stored("c")])
        assert [row.seq for row in fresh.events(Filter(after=2))] == [3]  # who resumes after 2 misses nothing


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (0, {"s.sqlite": [], "s.sqlite.1": ["c"], "s.sqlite.2": ["b"], "s.sqlite.3": ["a"]}),
        (2, {"s.sqlite": [], "s.sqlite.1": ["c"], "s.sqlite.2": ["b"]}),
        (1, {"s.sqlite": [], "s.sqlite.1": ["c"]}),
    ],
)
def test_those_put_aside_move_up_and_the_oldest_go(tmp_path: Path, keep: int, left: dict[str, list[str]]) -> None:
    path = tmp_path / "s.sqlite"
    for id_ in "abc":
        grown(path, id_)
        rotate(str(path), 1, keep)
    assert {file.name: ids_in(file) for file in tmp_path.iterdir()} == left


def test_a_start_that_was_killed_between_its_renames_is_finished_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    grown(path, "a")
    assert rotate(str(path), 1, 0) == tmp_path / "s.sqlite.1"
    path.rename(tmp_path / "s.sqlite.new")  # the second rename had not happened
    assert rotate(str(path), 0, 0) is None
    with Store(str(path)) as store:
        assert (store.consents(), store.last_seq()) == ([SAID], 1)


def test_other_files_beside_it_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    grown(path, "a")
    names = ["s.sqlite.bak", "s.sqlite.1.gz", "s.sqlite.", "other.1"]
    for name in names:
        (tmp_path / name).write_text("mine")
    rotate(str(path), 1, 1)
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_a_small_one_and_none_at_all_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    assert rotate(str(path), 1, 0) is None
    assert rotate(MEMORY, 1, 0) is None
    grown(path, "a")
    assert rotate(str(path), 10_000_000, 0) is None
    assert rotate(str(path), 0, 0) is None
    assert ids_in(path) == ["a"]


def test_one_that_another_has_open_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    grown(path, "a")
    with Store(str(path)) as busy:
        busy.append([stored("b")])
        with pytest.raises(StoreFailed, match="another process has it open"):
            rotate(str(path), 1, 0)
        busy.append([stored("c")])
    assert ids_in(path) == ["a", "b", "c"]
    assert [file.name for file in tmp_path.iterdir()] == ["s.sqlite"]


def test_what_is_no_store_stays(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_text("not a database at all, but long enough to be read as one" * 10)
    with pytest.raises((NotAStore, StoreFailed)):
        rotate(str(path), 1, 0)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.sqlite"]


def test_a_disk_too_full_for_a_new_one_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.sqlite"
    grown(path, "a")

    class Full(Store):
        def go_on_after(self, seq: int) -> None:
            raise StoreFailed("database or disk is full")

    monkeypatch.setattr(rotation, "Store", Full)
    with pytest.raises(StoreFailed, match="disk is full"):
        rotate(str(path), 1, 0)
    monkeypatch.undo()
    assert ids_in(path) == ["a"]
    assert [file.name for file in tmp_path.iterdir()] == ["s.sqlite"]


@pytest.mark.e2e
def test_at_the_start_of_a_platform(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sqlite")
    with platform(store=path) as first:
        client = httpx.Client(base_url=first.url, trust_env=False)
        with client:
            client.post("/api/runs", json={"run": "r", "datastream": "d", "inlet": "a" * 64})
            big = [event(f"{n}", producedBy="x" * 20_000) for n in range(2)]
            for _ in range(60):
                sent = client.post("/ee/v1/interact?configId=d", content=body(*big), headers=JSON)
                assert sent.status_code == 200
    with (
        platform(store=path, rotate_mb=1, keep=2) as second,
        httpx.Client(base_url=second.url, trust_env=False) as asks,
    ):
        assert (tmp_path / "s.sqlite.1").exists()
        assert asks.get("/api/counts").json()["total"] == 0
        runs = {run["run"]: run for run in asks.get("/api/runs").json()["runs"]}
        assert (runs["r"]["datastreams"], runs["r"]["inlets"]) == (["d"], ["a" * 64])


def test_two_platforms_do_not_share_a_store(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with platform(store=str(path)):
        second = subprocess.run(
            [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 2
    assert second.stderr == f"footfall platform: another platform has {path} open; name another file with --store\n"
