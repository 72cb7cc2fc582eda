"""A story of the tutorial over HTTP: pushes travel from the platform to phones in other processes and back as events,
and what comes of it is what the rehearsal of the same scenario says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from locust_process import Commands, Finished, manifest, ops, own_port, platforms, summary

from footfall.evidence import journeys
from footfall.evidence.journeys import Told
from footfall.evidence.ops import Created, Notified, Op, Started
from footfall.live import inputs
from footfall.live.rehearsal import Rehearsal

pytestmark = pytest.mark.e2e

# An hour and a half in four seconds: the phones' clocks and the platform's stay within seconds of one another, so that
# nobody's half hour is over too early.
VISITED = ("--scenario", "tutorial/visited", "-u", "10", "--speed", "1500")


class Kept:
    """The journal of a rehearsal."""

    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass


@pytest.fixture(scope="module")
def rehearsed() -> tuple[list[Told], list[Op]]:
    """What journeys and phones do in virtual time."""
    read, app = inputs.load_all("tutorial/visited", "")
    journal = Kept()
    rehearsal = Rehearsal(read, app.config, inputs.read_journeys(read.scenario.journeys), journal, 1_772_884_800_000)
    came = rehearsal.play()
    told = [msgspec.json.decode(msgspec.json.encode(each), type=Told) for each in (*came.steps, *came.messages)]
    return told, journal.ops


@pytest.fixture(scope="module")
def live(module_commands: Commands) -> tuple[Finished, Path]:
    """The run that the tests look at."""
    return module_commands.run(*VISITED, "--run-id", "visit"), module_commands.runs / "visit"


def told_of(directory: Path) -> list[Told]:
    """What the platform listed for the verdict."""
    path = directory / "journeys.ndjson"
    with path.open("rb") as lines:
        return list(journeys.read(lines, str(path)))


def table(told: list[Told], of: list[Op]) -> Any:
    """The rows of the verdict."""
    checker = journeys.Journeys(told)
    for op in of:
        checker.feed(op)
    return list(msgspec.to_builtins(checker.rows))


def paths(told: list[Told]) -> dict[str, list[tuple[str, str, str]]]:
    """Of each person, in order, what the journey did with them."""
    ways: dict[str, list[tuple[str, str, str]]] = {}
    people = {step.instance: step.key for step in told if step.kind == "entered"}
    for step in told:
        if step.kind:
            key = step.key or people[step.instance]
            ways.setdefault(key, []).append((step.kind, step.node, step.code))
    return ways


def reactions(of: list[Op]) -> Counter[str]:
    return Counter(op.type for op in of if isinstance(op, Created) and op.message)


def test_the_live_run_is_the_rehearsed_one(live: tuple[Finished, Path], rehearsed: tuple[list[Told], list[Op]]) -> None:
    finished, directory = live
    assert finished.exit_code == 0, finished.out + finished.err
    assert summary(directory)["validity"] == "valid"
    assert summary(directory)["journeys"] == table(*rehearsed)
    assert paths(told_of(directory)) == paths(rehearsed[0])
    assert reactions(list(ops(directory))) == reactions(rehearsed[1])
    assert platforms(directory.parent) == []


def test_the_verdict_shows_the_table(live: tuple[Finished, Path]) -> None:
    finished, _ = live
    lines = finished.out.splitlines()
    (row,) = (line.split() for line in lines if line.startswith("store_welcome "))
    # entered, waiting, completed, exited, discarded, sent, delivered, opened
    assert row[1:] == ["10", "0", "10", "0", "6", "13", "13", "5"]
    assert "discarded 6: JOURNEY_INSTANCE_ID_NOT_CREATED" in lines
    assert any(line.startswith("✓ journeys") for line in lines)


def test_a_messages_id_leads_to_event_phone_and_reason(live: tuple[Finished, Path], commands: Commands) -> None:
    _, directory = live
    message = next(one for one in told_of(directory) if one.channel == "push" and one.node == "offer")
    cause = next(op for op in ops(directory) if isinstance(op, Created) and op.id == message.event)
    said = commands.footfall("explain", message.id, "--runs", str(directory.parent))
    assert said.exit_code == 0, said.err
    text = " ".join(said.out.split())
    words = (
        "push by the journey store_welcome, node offer",
        f"location.entry {cause.id}: {cause.place}",
        f"made by phone {cause.phone} of {cause.person}, in the state visit",
        "store_visit happened",
        f"reached phone {cause.phone},",
        f"--only {cause.phone}",
    )
    assert [word for word in words if word not in text] == []
    # and the first characters of the id will do
    assert commands.footfall("explain", message.id[:13], "--runs", str(directory.parent)).out == said.out


def test_the_run_is_judged_the_same_again(live: tuple[Finished, Path], commands: Commands) -> None:
    finished, directory = live
    checked = commands.footfall("check", str(directory))
    assert checked.exit_code == 0
    assert [line for line in finished.out.splitlines() if "store_welcome" in line] == [
        line for line in checked.out.splitlines() if "store_welcome" in line
    ]
    assert journeys.NAME in manifest(directory).expectations.checkers


def test_pushes_reach_the_phones_of_both_workers(rehearsed: tuple[list[Told], list[Op]], commands: Commands) -> None:
    finished = commands.run(*VISITED, "--run-id", "visit", "--processes", "2", *own_port())
    assert finished.exit_code == 0, finished.out + finished.err
    directory = commands.runs / "visit"
    assert summary(directory)["journeys"] == table(*rehearsed)
    for worker in (0, 1):
        of = list(ops(directory, f"ledger-worker-{worker}-*.ndjson"))
        here = {op.phone for op in of if isinstance(op, Started)}
        notified = [op.phone for op in of if isinstance(op, Notified)]
        assert set(notified) == here, "everybody is welcomed once at least, where their phone is"
        assert here
