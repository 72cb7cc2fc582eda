"""Locust with Footfall as a person starts it: real commands, real processes, sockets on loopback, each with an end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import psutil

from footfall.evidence import ledger
from footfall.evidence import manifest as manifests
from footfall.evidence.manifest import Manifest
from footfall.evidence.ops import Created, Invoke, Op

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 60.0


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def own_port() -> tuple[str, ...]:
    """What gives a distributed run a master's port of its own: two test runs on one machine do not meet."""
    port = str(free_port())
    return ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)


class Finished(msgspec.Struct, frozen=True):
    """A command that has ended."""

    exit_code: int
    out: str
    err: str

    @property
    def heart(self) -> str:
        """The line of the verdict that is the proof."""
        lines = [line for line in self.out.splitlines() if line.startswith("planned ")]
        assert len(lines) == 1, f"{len(lines)} heart lines in:\n{self.out}\n{self.err}"
        return lines[0]

    @property
    def requests(self) -> int:
        """The number of requests in the last line of Locust's own table."""
        rows = [line.split() for line in self.err.splitlines() if line.strip().startswith("Aggregated")]
        assert rows, self.err
        return int(rows[0][1])


class Process:
    """One command under way, with its own process group. `kill` is for the end of a test, whatever happened in it."""

    def __init__(self, command: list[str], directory: Path, **popen: Any) -> None:
        self._out = directory / f"{time.monotonic_ns()}.out"
        self._err = self._out.with_suffix(".err")
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LOCUST_", "FOOTFALL_", "PYTEST_", "COLUMNS"))
        }
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.popen = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**environment, "COLUMNS": "250", "NO_COLOR": "1"},
                start_new_session=True,
                **popen,
            )

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._err.read_text(errors="replace")

    def children(self) -> list[psutil.Process]:
        """All processes below this one: workers and the platform."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.popen.pid).children(recursive=True)
        return []

    def platform(self) -> psutil.Process:
        """The local platform that the command started."""
        (platform,) = (child for child in self.children() if is_platform(child))
        return platform

    def workers(self) -> list[psutil.Process]:
        """The processes of `--processes`."""
        return [child for child in self.children() if not is_platform(child)]

    def signal_group(self, number: int = signal.SIGINT) -> None:
        """What a terminal does at Ctrl-C: the signal goes to every process of the foreground group."""
        os.killpg(self.popen.pid, number)

    def wait(self, longest_s: float = LONGEST_S) -> Finished:
        """Waits for its end. What it says must never be a traceback."""
        try:
            code = self.popen.wait(longest_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {longest_s} s:\n{self.out}\n{self.err}") from None
        finished = Finished(code, self.out, self.err)
        assert "Traceback" not in finished.out + finished.err, finished.err
        return finished

    def kill(self) -> None:
        """Ends it and everything that it started."""
        for child in self.children():
            with suppress(psutil.NoSuchProcess):
                child.kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(10)


class Commands:
    """Starts commands of one test. `runs` is its folder of runs."""

    def __init__(self, directory: Path, scenario: Path) -> None:
        self.directory = directory
        self.runs = directory / "runs"
        self._scenario = scenario
        self._started: list[Process] = []

    def start(self, *arguments: str, **popen: Any) -> Process:
        """`python ARGUMENTS` from the repository's root, under way."""
        process = Process([sys.executable, *arguments], self.directory, **popen)
        self._started.append(process)
        return process

    def locust(self, *options: str, **popen: Any) -> Process:
        """`locust --headless OPTIONS` with a dozen phones, under way. Later options go before earlier ones."""
        usual = ("--headless", "--only-summary", "-u", "12", "-r", "50", "--speed", "900", "--runs", str(self.runs))
        return self.start("-m", "locust", *usual, "--scenario", str(self._scenario), *options, **popen)

    def run(self, *options: str, **popen: Any) -> Finished:
        """The same, to its end."""
        return self.locust(*options, **popen).wait()

    def footfall(self, *arguments: str) -> Finished:
        """`footfall ARGUMENTS`, to its end."""
        return self.start("-m", "footfall.cli", *arguments).wait()

    def kill_all(self) -> None:
        """For the end of the test."""
        for process in self._started:
            process.kill()
        for platform in platforms(self.directory):
            platform.kill()


def is_platform(process: psutil.Process) -> bool:
    """Whether it is a local platform."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return {"footfall.cli", "platform"} <= set(process.cmdline())
    return False


def platforms(directory: Path) -> list[psutil.Process]:
    """The platforms still running whose store lies below the folder."""

    def below(process: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            return any(str(directory) in word for word in process.cmdline())
        return False

    return [process for process in psutil.process_iter() if is_platform(process) and below(process)]


def until(true: Callable[[], Any], longest_s: float = 20.0) -> None:
    """Waits until something has happened."""
    end = time.monotonic() + longest_s
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def ops(directory: Path, files: str = "ledger-*.ndjson") -> Iterator[Op]:
    """All lines of a run's ledgers, or of some of them."""
    for path in sorted(directory.glob(files)):
        with path.open("rb") as lines:
            yield from ledger.read(lines, str(path))


def events(directory: Path) -> list[Created]:
    """The events of a run."""
    return [op for op in ops(directory) if isinstance(op, Created)]


def invokes(directory: Path) -> list[Invoke]:
    """The attempts to send an event."""
    return [op for op in ops(directory) if isinstance(op, Invoke)]


def manifest(directory: Path) -> Manifest:
    """What a run was."""
    path = directory / "manifest.json"
    return manifests.decode(path.read_bytes(), str(path))


def summary(directory: Path) -> Any:
    """The verdict as kept in the run's folder."""
    return msgspec.json.decode((directory / "summary.json").read_bytes())


def some_sent(runs: Path, run: str, at_least: int = 30) -> Callable[[], bool]:
    """Whether a run has begun to send: so many attempts are in its ledgers."""

    def sent() -> bool:
        texts = [path.read_bytes() for path in (runs / run).glob("ledger-*.ndjson")]
        return sum(text.count(b'"op":"invoke"') for text in texts) >= at_least

    return sent
