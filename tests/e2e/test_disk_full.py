"""A disk that fills ends the run cleanly: nothing was sent that is not in the ledger, and there is still a verdict."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from locust_process import Commands, events, invokes, manifest, some_sent, until

from footfall.live.control import Control
from footfall.live.rundir import ask_receiver, conclude

pytestmark = pytest.mark.e2e


@pytest.fixture
def platform_url(commands: Commands, scenario: Path) -> str:
    """A platform of its own, with room for everything."""
    process = commands.start(
        *("-m", "footfall.platform", "--port", "0", "--store", str(commands.directory / "store.sqlite")),
        *("--geofences", str(scenario.with_name("few.geojson"))),
    )
    until(lambda: "listening on " in process.out)
    return process.out.partition("listening on ")[2].split()[0]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    directory = tmp_path / "tiny"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)], capture_output=True)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here: " + mounted.stderr.decode().strip())
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def fill(path: Path) -> None:
    """Takes all the room that the disk has."""
    with path.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(1024))


def all_that_was_stored_is_in_the_ledger(directory: Path, platform_url: str) -> None:
    """What a receiver has that the ledger does not know would be an event that nobody can explain."""
    stored = {received.id for received in Control(platform_url).received("full")}
    assert len(stored) > 20
    assert stored <= {invoke.id for invoke in invokes(directory)}
    assert {invoke.id for invoke in invokes(directory)} <= {event.id for event in events(directory)}


def test_a_ledger_that_may_not_grow_ends_the_run(commands: Commands, platform_url: str) -> None:
    limit = 60_000  # bytes
    under_way = commands.locust("--run-id", "full", "--host", platform_url)
    resource.prlimit(under_way.popen.pid, resource.RLIMIT_FSIZE, (limit, limit))
    finished = under_way.wait()
    directory = commands.runs / "full"
    assert finished.exit_code == 3
    assert "disk-full" in finished.out
    assert "ledger-local.ndjson: File too large" in finished.out
    assert ", 0 unexplained" in finished.heart
    assert (directory / "ledger-local.ndjson").read_bytes().endswith(b"}\n")
    all_that_was_stored_is_in_the_ledger(directory, platform_url)


def test_a_full_disk_ends_the_run_and_the_proof_can_be_had_later(
    commands: Commands, platform_url: str, tiny_disk: Path
) -> None:
    under_way = commands.locust("--run-id", "full", "--host", platform_url, "--runs", str(tiny_disk))
    until(some_sent(tiny_disk, "full"))
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        fill(filler)
    finished = under_way.wait()
    directory = tiny_disk / "full"
    assert finished.exit_code == 3
    assert "No space left on device" in finished.out
    assert "stored unknown" in finished.heart
    assert ", 0 unexplained" in finished.heart
    all_that_was_stored_is_in_the_ledger(directory, platform_url)
    assert sorted(path.suffix for path in directory.iterdir()) == [".json", ".ndjson", ".ndjson"]
    filler.unlink()
    assert ask_receiver(Control(platform_url), "full", directory) is None
    verdict = conclude(directory, manifest(directory))
    assert verdict.exit_code == 3
    assert verdict.total.stored is not None
    assert verdict.total.unexplained == 0
