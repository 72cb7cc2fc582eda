"""The control plane: what the run asks the local platform besides the phones' traffic. httpx: right for that, wrong for
load."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import httpx
import msgspec

from footfall.evidence.journeys import Told
from footfall.evidence.received import Received
from footfall.phone.config import InletConfig

START_S = 20.0  # a platform that has not said by then where it listens never will


class PlatformGone(Exception):
    """The platform does not answer, or not as a platform of ours."""


class LocalPlatform:
    """A platform that this process started, in a process of its own. It is stopped last."""

    def __init__(self, process: subprocess.Popen[str], url: str, store: Path) -> None:
        self._process = process
        self.url = url
        self.store = store

    @property
    def running(self) -> bool:
        """Whether its process is still there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends it gracefully, and waits."""
        with self._process as process:  # which closes its pipes, too
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def start_platform(
    runs: Path, geofences: Sequence[str], fsync: bool, config: str = "", journeys: Sequence[str] = ()
) -> LocalPlatform:
    """Starts a platform on a free loopback port and waits until it says where it listens. `config` is a platform file,
    or ""; `journeys` are files of such, without any there are none. Raises PlatformGone."""
    runs.mkdir(parents=True, exist_ok=True)
    store = runs / f"platform-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.sqlite"
    command = [sys.executable, "-m", "footfall.cli", "platform", "--port", "0", "--store", str(store)]
    command.append("--stop-with-stdin")
    for path in geofences:
        command += ["--geofences", path]
    for path in journeys or ("none",):
        command += ["--journeys", path]
    if fsync:
        command.append("--fsync")
    if config:
        command += ["--config", config]
    # A session of its own: Ctrl-C in the terminal goes to the whole foreground group, and the platform must outlive the
    # phones. Its stdin is a pipe that ends with us, so that it never outlives us, however we end.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    too_late = threading.Timer(START_S, process.kill)
    too_late.start()
    line = process.stdout.readline()
    too_late.cancel()
    _, found, rest = line.partition("listening on ")
    if not found:
        with process:
            process.kill()
        raise PlatformGone(f"the local platform did not start: {line.strip() or 'see above'}")
    return LocalPlatform(process, rest.split()[0], store)


class Control:
    """The control and read API of one platform."""

    def __init__(self, url: str) -> None:
        self._url = url if "://" in url else f"http://{url}"

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=10.0, trust_env=False)

    def claim(self, run: str) -> str:
        """The name under which the platform can list a new run apart from all others: the run's id, or with .2, .3
        where it has events of that name already. Raises PlatformGone."""
        with self._client() as http:
            for number in count(1):
                name = run if number == 1 else f"{run}.{number}"
                try:
                    answer = http.get("/api/counts", params={"run": name}).raise_for_status()
                    if answer.json()["total"] == 0:
                        return name
                except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                    raise PlatformGone(f"{self._url} does not answer as a local platform: {error}") from error
        raise AssertionError("numbers do not end")

    def register(self, run: str, datastream: str, inlet: str = "", clock: Mapping[str, float] | None = None) -> None:
        """Makes the platform take the events of the datastream, and of the inlet where there is one, as this run's.
        `clock` is the run's: at the wall time `origin_ms` it shows `anchor_ms` and goes `speed` times as fast. Raises
        PlatformGone."""
        wanted: dict[str, object] = {"run": run, "datastream": datastream}
        if inlet:
            wanted["inlet"] = inlet
        if clock is not None:
            wanted["clock"] = clock
        try:
            with self._client() as http:
                answer = http.post("/api/runs", json=wanted)
        except httpx.HTTPError as error:
            raise PlatformGone(f"{self._url} does not answer: {error}") from error
        if answer.status_code >= 300:
            raise PlatformGone(f"{self._url}/api/runs answered {answer.status_code}: {answer.text[:200]}")

    def inlet(self, id: str) -> InletConfig:
        """The inlet with this id as the platform has it: its file may have another schema or organisation in it than
        a platform has without one. Raises PlatformGone."""
        try:
            with self._client() as http:
                answer = http.get("/api/platform").raise_for_status()
            (found,) = (one for one in _SETUP.decode(answer.content).inlets if one.id == id)
        except (httpx.HTTPError, ValueError) as error:  # among them what is no JSON, and no such inlet
            raise PlatformGone(f"{self._url}/api/platform does not say what it is set up with: {error}") from error
        return InletConfig(found.id, found.schema, found.org, found.dataset, found.flow)

    def told(self, run: str) -> Iterator[Told]:
        """The steps of the run's journeys, then their messages, in order. Raises PlatformGone."""
        with self._client() as http:
            for what in ("steps", "messages"):
                after: int | None = 0
                while after is not None:
                    try:
                        answer = http.get(f"/api/{what}", params={"run": run, "after": after, "limit": 1_000})
                        page = msgspec.json.decode(answer.raise_for_status().content, type=_Page)
                    except (httpx.HTTPError, msgspec.MsgspecError) as error:
                        raise PlatformGone(f"{self._url} does not tell what its journeys did: {error}") from error
                    yield from page.steps or page.messages
                    after = page.next

    def has_journeys(self) -> bool:
        """Whether the platform runs journeys. Raises PlatformGone."""
        try:
            with self._client() as http:
                return http.get("/api/journeys").is_success
        except httpx.HTTPError as error:
            raise PlatformGone(f"{self._url} does not answer: {error}") from error

    def received(self, run: str) -> Iterator[Received]:
        """All that the platform stored of the run, in its order. Raises PlatformGone."""
        after = 0
        with self._client() as http:
            while True:
                try:
                    answer = http.get(f"/api/runs/{run}/received", params={"after": after, "limit": 50_000})
                    answer.raise_for_status()
                except httpx.HTTPError as error:
                    raise PlatformGone(f"{self._url} does not answer: {error}") from error
                rows = answer.text.splitlines()
                if not rows:
                    return
                for row in rows:
                    after, received = _row(row)
                    yield received


class _Page(msgspec.Struct):
    steps: tuple[Told, ...] = ()
    messages: tuple[Told, ...] = ()
    next: int | None = None


class _Row(msgspec.Struct):
    seq: int
    id: str
    type: str
    good: bool
    reasons: tuple[str, ...] = ()
    ecid: str = ""


class _Inlet(msgspec.Struct):
    id: str
    schema: str
    org: str
    dataset: str
    flow: str


class _Setup(msgspec.Struct):
    inlets: tuple[_Inlet, ...]


_SETUP = msgspec.json.Decoder(_Setup)
_ROW = msgspec.json.Decoder(_Row)


def _row(line: str) -> tuple[int, Received]:
    try:
        row = _ROW.decode(line)
    except msgspec.MsgspecError as error:
        raise PlatformGone(f"the platform listed something that is no received event: {error}") from error
    return row.seq, Received(row.id, row.type, row.good, row.reasons, row.ecid)
