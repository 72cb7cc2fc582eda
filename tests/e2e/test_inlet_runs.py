"""Runs whose events travel by streaming ingestion, a message each and in batches, with a back office, over an inlet
that fails now and then: they end valid, and they are the same runs as over Edge."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from locust_process import Commands, Finished, events, manifest, ops, summary

from footfall.evidence.manifest import repeat_command
from footfall.evidence.ops import Done, Invoke
from footfall.platform.config import LOCAL_INLET

pytestmark = pytest.mark.e2e

OFFICE = "app: Office Shop\nback-office: {orders: true, loyalty: true, points: 100, delay: 20s}\n"
# acknowledgements that are lost, and an inlet that is busy or broken: of each kind some
GRUMPY = """\
platform: grumpy
faults:
  - {do: reset-after, path: /collection/, share: 0.1}
  - {do: reset-before, path: /collection/, share: 0.1}
  - {do: status, path: /collection/, share: 0.1, status: 503, retry-after: 2s}
  - {do: status, path: /collection/, share: 0.1, status: 429}
  - {do: status, path: /collection/, share: 0.1, status: 500}
"""

OTHER = f"""\
platform: other
inlets: [{{id: "{LOCAL_INLET}", org: OTHER@AdobeOrg, failure-key: status}}]
"""


def stored(runs: Path) -> list[tuple[str, str, Any]]:
    """Of all that the platform has kept: the type, how it arrived, the event."""
    (store,) = runs.glob("platform-*.sqlite")
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT type, arrived, body FROM events").fetchall()
    return [(type, arrived, json.loads(body)) for type, arrived, body in rows]


def office(directory: Path) -> str:
    path = directory / "office.yaml"
    path.write_text(OFFICE)
    return str(path)


def proved(finished: Finished, directory: Path) -> int:
    """The number of events of a run that ended valid, with each of them stored once."""
    planned = int(summary(directory)["total"]["planned"])
    assert finished.exit_code == 0, finished.out + finished.err
    assert finished.heart == (
        f"planned {planned} = sent {planned} = acknowledged {planned} = stored {planned}, 0 unexplained"
    )
    return planned


def test_a_run_over_the_inlet_ends_valid(commands: Commands) -> None:
    """With a back office, whose events travel the same way."""
    app = office(commands.directory)
    directory = commands.runs / "same"
    finished = commands.run("--run-id", "same", "--transport", "inlet", "--app", app)
    assert proved(finished, directory) > 200
    kept = stored(commands.runs)
    assert {arrived for _, arrived, _ in kept} == {"inlet"}
    sources = Counter(event["header"]["source"]["name"] for _, _, event in kept)
    made = events(directory)
    assert sources == {
        "phones": sum(not event.source for event in made),
        "back office": sum(event.source == "back office" for event in made),
    }
    assert sources["back office"] > 10
    types = Counter(event.type for event in made)
    assert types["commerce.backofficeOrderPlaced"] == types["loyalty.pointsEarned"] + types["loyalty.pointsReached"]
    assert manifest(directory).transport == "inlet"
    assert "--transport inlet" in repeat_command(manifest(directory), 3)


@pytest.mark.slow
def test_over_the_inlet_it_is_the_same_run_as_over_edge(commands: Commands) -> None:
    digests = set()
    for transport, arrives in (("edge", "interact"), ("inlet", "inlet"), ("inlet-batch", "inlet-batch")):
        run = f"by-{transport}"
        finished = commands.run("--run-id", run, "--transport", transport, "--runs", str(commands.runs / transport))
        directory = commands.runs / transport / run
        proved(finished, directory)
        digests.add(summary(directory)["digest"])
        assert {arrived for _, arrived, _ in stored(commands.runs / transport)} == {arrives}
    assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["inlet", "inlet-batch"])
def test_several_events_of_a_request_are_taken_one_by_one(commands: Commands, transport: str) -> None:
    """Over an inlet that answers as Adobe's connector reads it and belongs to another organisation than usual: the
    run's own has that from the platform file, and the phones hear of it."""
    platform, app = commands.directory / "other.yaml", commands.directory / "batching.yaml"
    platform.write_text(OTHER)
    app.write_text("app: Batching Shop\nedge: {batching: {enabled: true, events: ['*']}}\n")
    options = ("--transport", transport, "--app", str(app), "--platform-config", str(platform))
    proved(commands.run("--run-id", "several", *options), commands.runs / "several")
    assert {event["header"]["imsOrgId"] for _, _, event in stored(commands.runs)} == {"OTHER@AdobeOrg"}


@pytest.mark.slow
def test_batches_carry_several_messages_and_the_back_offices_too(commands: Commands) -> None:
    app = office(commands.directory)
    finished = commands.run("--run-id", "batches", "--transport", "inlet-batch", "--app", app)
    assert proved(finished, commands.runs / "batches") > 200
    sources = Counter(event["header"]["source"]["name"] for _, _, event in stored(commands.runs))
    assert sources["phones"] > sources["back office"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["inlet", "inlet-batch"])
def test_an_inlet_that_fails_now_and_then_loses_nothing(commands: Commands, transport: str) -> None:
    """What was stored and not acknowledged is sent again and stored twice, with a reason; nothing is given up."""
    platform = commands.directory / "grumpy.yaml"
    platform.write_text(GRUMPY)
    options = ("--transport", transport, "--app", office(commands.directory), "--platform-config", str(platform))
    finished = commands.run("--run-id", "grumpy", *options)
    directory = commands.runs / "grumpy"
    assert finished.exit_code == 0, finished.out + finished.err
    total = summary(directory)["total"]
    assert (total["unexplained"], total["lost"], total["dropped"]) == (0, 0, 0)
    assert total["stored"] == total["acknowledged"] == total["planned"]
    assert total["duplicated"] > 0
    done = [op for op in ops(directory) if isinstance(op, Done)]
    assert {op.status for op in done} == {0, 200, 429, 500, 503}, "the ledger has what was really answered"
    kept = manifest(directory)
    assert (kept.platform_file, kept.platform_text) == (str(platform), GRUMPY)
    assert f"--platform-config {platform}" in repeat_command(kept, 3)
    latency = next(line for line in finished.out.splitlines() if line.startswith("latency "))
    assert latency.rstrip().endswith(" with batch wait") is (transport == "inlet-batch")
    assert {op.next for op in done} == {"done", "retry"}
    assert max(op.attempt for op in ops(directory) if isinstance(op, Invoke)) > 2


@pytest.mark.slow
def test_one_phone_again_over_the_inlet(commands: Commands) -> None:
    app = office(commands.directory)
    commands.run("--run-id", "whole", "--transport", "inlet", "--app", app)
    made = {event.id: event for event in events(commands.runs / "whole") if event.phone == 3}
    again = shlex.split(repeat_command(manifest(commands.runs / "whole"), 3))
    commands.run(*again[2:], "--runs", str(commands.directory / "again"))
    assert {event.id: event for event in events(commands.directory / "again" / "whole")} == made


def test_a_message_for_another_machine_needs_an_inlet_and_a_clean_token(commands: Commands) -> None:
    away = ("--host", "https://edge.example.com", "--confirm-host", "--datastream", "d")
    finished = commands.run(*away, "--transport", "inlet")
    assert finished.exit_code == 2
    assert "need an --app that names the inlet to send to, and its schema" in finished.err
    finished = commands.run("--transport", "inlet", "--inlet-host", "https://dcs.example.com")
    assert finished.exit_code == 2
    assert "--inlet-host https://dcs.example.com is not this machine" in finished.err
