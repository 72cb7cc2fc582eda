"""However a run ends, it ends in order: what the phones hold is delivered, the verdict says what is known, and nothing
stays behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from locust_process import Commands, Finished, events, invokes, own_port, platforms, some_sent, summary, until

pytestmark = pytest.mark.e2e


def nothing_unexplained(finished: Finished, directory: Path) -> None:
    """A verdict was printed and written, and every event is accounted for."""
    assert ", 0 unexplained" in finished.heart
    assert summary(directory)["total"]["unexplained"] == 0
    assert summary(directory)["exit_code"] == finished.exit_code


def places_queries(finished: Finished) -> int:
    rows = [line.split() for line in finished.err.splitlines() if line.startswith("GET ") and "places nearby" in line]
    return int(rows[0][3])


def test_a_worker_killed_leaves_nothing_unexplained_and_its_phones_named(commands: Commands) -> None:
    under_way = commands.locust("--run-id", "lost", "--processes", "2", *own_port())
    until(some_sent(commands.runs, "lost"))
    under_way.workers()[0].kill()
    finished = under_way.wait()
    nothing_unexplained(finished, commands.runs / "lost")
    assert finished.exit_code == 3
    assert "worker-lost" in finished.out
    facts = summary(commands.runs / "lost")["checks"][0]["facts"]
    assert facts["phones_abandoned"] > 0
    assert facts["phones_lived"] + facts["phones_abandoned"] == 12
    assert "began and did not end: abandoned" in finished.out
    assert platforms(commands.directory) == []


@pytest.mark.slow
def test_the_last_worker_killed_leaves_a_verdict(commands: Commands) -> None:
    under_way = commands.locust("--run-id", "lost", "--processes", "1", *own_port())
    until(some_sent(commands.runs, "lost"))
    under_way.workers()[0].kill()
    finished = under_way.wait()
    nothing_unexplained(finished, commands.runs / "lost")
    assert finished.exit_code == 3
    assert platforms(commands.directory) == []


@pytest.mark.parametrize("processes", [0, 2])
def test_control_c_brings_everything_in(commands: Commands, processes: int) -> None:
    more = ("--processes", str(processes), *own_port()) if processes else ()
    under_way = commands.locust("--run-id", "cut", *more)
    until(some_sent(commands.runs, "cut"))
    under_way.signal_group(signal.SIGINT)
    finished = under_way.wait()
    nothing_unexplained(finished, commands.runs / "cut")
    assert finished.exit_code in (0, 3)
    facts = summary(commands.runs / "cut")["checks"][0]["facts"]
    assert facts["phones_cut"] > 0
    assert facts["phones_abandoned"] == 0
    assert summary(commands.runs / "cut")["total"]["stored"] == len(events(commands.runs / "cut"))
    assert platforms(commands.directory) == []


@pytest.mark.parametrize("processes", [0, 2])
def test_run_time_ends_a_run_early_and_in_order(commands: Commands, processes: int) -> None:
    more = ("--processes", str(processes), *own_port()) if processes else ()
    finished = commands.run("--run-id", "short", "--run-time", "1s", *more)
    nothing_unexplained(finished, commands.runs / "short")
    assert finished.exit_code in (0, 3)
    assert summary(commands.runs / "short")["checks"][0]["facts"]["phones_cut"] > 0
    # nothing that was sent at the end is missing from Locust's numbers
    assert finished.requests == len(invokes(commands.runs / "short")) + places_queries(finished)


def test_a_platform_that_dies_leaves_a_verdict_that_says_what_is_not_known(commands: Commands) -> None:
    under_way = commands.locust("--run-id", "orphan", "--give-up", "1", "--drain", "1")
    until(some_sent(commands.runs, "orphan"))
    under_way.platform().kill()
    finished = under_way.wait()
    assert finished.exit_code == 3
    assert "stored unknown" in finished.heart
    assert ", 0 unexplained" in finished.heart
    assert "readback-failed" in finished.out
    assert "target-gone" in finished.out
    facts = summary(commands.runs / "orphan")["total"]
    assert facts["stored"] is None
    assert facts["held"] + facts["in_doubt"] > 0
    assert platforms(commands.directory) == []


def test_a_second_control_c_leaves_at_once(commands: Commands) -> None:
    under_way = commands.locust("--run-id", "hasty", "--speed", "1", "--drain", "30")
    until(some_sent(commands.runs, "hasty", 1))
    platform = under_way.platform()
    os.kill(platform.pid, signal.SIGSTOP)  # it answers nothing more: what the phones hold cannot be delivered
    under_way.signal_group(signal.SIGINT)
    until(lambda: "Ctrl-C again" in under_way.err)
    under_way.signal_group(signal.SIGINT)
    assert under_way.wait(5).exit_code == 130
    os.kill(platform.pid, signal.SIGCONT)
    until(lambda: platforms(commands.directory) == [])
