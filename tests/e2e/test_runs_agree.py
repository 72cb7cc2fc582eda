"""A run from its start to its verdict, and that every way to make the same run makes the same run."""

from __future__ import annotations

import csv
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from locust_process import (
    Commands,
    Finished,
    events,
    free_port,
    invokes,
    manifest,
    ops,
    own_port,
    platforms,
    summary,
)

from footfall.evidence.ops import Ended

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def plain(module_commands: Commands) -> tuple[Finished, Path]:
    """The run that the others are compared with: one process, twelve phones at once."""
    return module_commands.run("--run-id", "same"), module_commands.runs / "same"


def digest(directory: Path) -> str:
    return str(summary(directory)["digest"])


def places_queries(finished: Finished) -> int:
    """The number of requests that the ledger does not have, for they carry no event."""
    rows = [line.split() for line in finished.err.splitlines() if line.startswith("GET ") and "places nearby" in line]
    return int(rows[0][3])


def test_a_run_ends_with_a_proof(plain: tuple[Finished, Path]) -> None:
    finished, directory = plain
    total = summary(directory)["total"]
    planned = total["planned"]
    assert finished.exit_code == 0, finished.out
    assert planned > 200
    assert finished.heart == (
        f"planned {planned} = sent {planned} = acknowledged {planned} = stored {planned}, 0 unexplained"
    )
    assert {name: total[name] for name in ("planned", "sent", "acknowledged", "stored", "good", "bad")} == {
        **dict.fromkeys(("planned", "sent", "acknowledged", "stored", "good"), planned),
        "bad": 0,
    }
    assert "✓ valid" in finished.out


def test_a_runs_folder_holds_all_that_the_proof_rests_on(plain: tuple[Finished, Path]) -> None:
    _, directory = plain
    assert sorted(path.name for path in directory.iterdir()) == [
        "ledger-conductor.ndjson",
        "ledger-local.ndjson",
        "manifest.json",
        "received.ndjson",
        "summary.json",
    ]


def test_the_numbers_per_type_are_the_ledgers(plain: tuple[Finished, Path]) -> None:
    _, directory = plain
    created = [event.type for event in events(directory)]
    rows = {row["type"]: row["planned"] for row in summary(directory)["rows"]}
    assert rows == {type: created.count(type) for type in set(created)}
    assert {"location.entry", "location.exit", "commerce.purchases", "application.launch"} <= rows.keys()


def test_no_event_is_of_the_future(plain: tuple[Finished, Path]) -> None:
    _, directory = plain
    anchor = manifest(directory).anchor_ms
    stamped = {event.id: anchor + event.due_ms for event in events(directory)}
    sent = {invoke.id: invoke.sent for invoke in invokes(directory)}
    assert stamped.keys() == sent.keys()
    assert [id for id in stamped if stamped[id] > sent[id]] == []
    # and they are no relics of the past either: the planned end is now
    half_ms = manifest(directory).lasts_ms / 2
    assert max(stamped.values()) > manifest(directory).started_ms - half_ms


def test_what_the_store_holds_is_stamped_before_it_was_received(plain: tuple[Finished, Path]) -> None:
    _, directory = plain
    (store,) = directory.parent.glob("platform-*.sqlite")
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT id, timestamp, received_ms FROM events").fetchall()
    assert len(rows) == summary(directory)["total"]["stored"]
    late = [id for id, stamp, received_ms in rows if datetime.fromisoformat(stamp).timestamp() * 1000 > received_ms]
    assert late == []


def test_locust_counted_every_request(plain: tuple[Finished, Path]) -> None:
    finished, directory = plain
    assert finished.requests == len(invokes(directory)) + places_queries(finished)


def test_the_platform_is_gone(plain: tuple[Finished, Path]) -> None:
    assert platforms(plain[1].parent) == []


def test_a_run_can_be_judged_again_from_its_folder(plain: tuple[Finished, Path], commands: Commands) -> None:
    finished, directory = plain
    checked = commands.footfall("check", str(directory))
    assert checked.exit_code == finished.exit_code
    assert checked.heart == finished.heart
    assert f"digest {digest(directory)}" in checked.out


def test_every_id_leads_home(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    bought = next(event for event in events(directory) if event.type == "commerce.purchases")
    told = commands.footfall("explain", bought.id, "--runs", str(directory.parent))
    assert told.exit_code == 0
    words = (bought.id, "commerce.purchases", f"phone {bought.phone}", bought.skus[0][0], f"--only {bought.phone}")
    assert [word for word in words if word not in " ".join(told.out.split())] == []


# --- the same run in other ways


def test_the_same_seed_and_run_id_make_the_same_run(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    again = commands.run("--run-id", "same")
    assert again.exit_code == 0, again.out
    assert digest(commands.runs / "same") == digest(directory)
    # event for event: the ids are the same too
    assert {event.id for event in events(commands.runs / "same")} == {event.id for event in events(directory)}


def test_two_processes_make_the_same_run(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    shared = commands.run("--run-id", "same", "--processes", "2", *own_port())
    assert shared.exit_code == 0, shared.out + shared.err
    assert digest(commands.runs / "same") == digest(directory)
    lived = [
        {op.phone for op in ops(commands.runs / "same", f"ledger-worker-{index}-*.ndjson") if isinstance(op, Ended)}
        for index in (0, 1)
    ]
    assert all(lived), "one of the workers had nothing to do"
    assert lived[0] & lived[1] == set()
    assert lived[0] | lived[1] == set(range(12))
    assert shared.requests == len(invokes(commands.runs / "same")) + places_queries(shared)


def test_a_master_and_a_worker_of_their_own_make_the_same_run(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    port = str(free_port())
    worker = commands.start("-m", "locust", "--worker", "--master-port", port)
    master = commands.locust(
        *("--master", "--expect-workers", "1", "--run-id", "same"),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", port),
    )
    finished = master.wait()
    assert finished.exit_code == 0, finished.out + finished.err
    assert digest(commands.runs / "same") == digest(directory)
    assert worker.wait(10).exit_code == 0


def test_three_slots_carry_twelve_phones(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    prefix = commands.directory / "numbers"
    finished = commands.run("--run-id", "same", "-u", "3", "--speed", "3000", "--csv", str(prefix))
    assert finished.exit_code == 0, finished.out
    assert digest(commands.runs / "same") == digest(directory)
    assert summary(commands.runs / "same")["checks"][0]["facts"]["phones_lived"] == 12
    # Locust writes the CSV once a second, and in a single process not a last time: nothing may be missing from it
    with Path(f"{prefix}_stats.csv").open(newline="") as lines:
        (aggregated,) = (row for row in csv.DictReader(lines) if row["Name"] == "Aggregated")
    assert int(aggregated["Request Count"]) == finished.requests
    assert finished.requests == len(invokes(commands.runs / "same")) + places_queries(finished)


def test_one_phone_alone_lives_as_it_did_among_the_others(plain: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = plain
    finished = commands.run("--run-id", "same", "--only", "5")
    assert finished.exit_code == 0, finished.out

    def of_phone_5(folder: Path) -> list[tuple[int, str, str, str]]:
        return [(event.n, event.id, event.type, event.digest) for event in events(folder) if event.phone == 5]

    assert of_phone_5(commands.runs / "same") == of_phone_5(directory)
    assert {event.phone for event in events(commands.runs / "same")} == {5}
