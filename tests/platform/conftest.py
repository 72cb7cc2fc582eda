from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "../shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts beside the repository: Adobe's goldens and the independent judges."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with Adobe's goldens and schemas is not beside the repository")
    return SHARED


class Running:
    """A platform in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], line: str, store: Path) -> None:
        self.process = process
        self.line = line
        self.url = line.split(" ")[4]
        self.port = int(self.url.rpartition(":")[2])
        self.store = store


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a platform on a free port with a store in tmp_path; what still runs at the end is terminated."""
    started: list[subprocess.Popen[str]] = []

    def _start(*arguments: str, store: Path | None = None, **popen: Any) -> Running:
        path = store or tmp_path / "store.sqlite"
        process = subprocess.Popen(
            [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(path), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline().rstrip("\n")
        assert line, f"it did not start: {process.communicate()[1]}"
        return Running(process, line, path)

    yield _start
    for process in started:
        process.terminate()
        process.communicate(timeout=10)
