"""`python -m benchmarks.reactions`: what profiles and a hundred journeys cost the platform, and how soon a push can be
fetched after the event that it answers was acknowledged.

The load is the Saturday's traffic, one event a request, as its phones send it; every slice has a platform of its own on
the first core and a new store, and those with and without journeys take turns. A reaction is timed from the answer to a
phone's event to the answer of a long poll that began before it, which is how phones receive pushes; idle, and while
another process sends 2,000 of the Saturday's events a second.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import select
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.platform import CONNECTIONS, load, own_core_each
from benchmarks.saturday import requests
from footfall.platform.journeys.engine import Standing

PHONES = 1_700  # enough for a slice of 3 s, so that no event comes twice
BESIDE_EPS = 2_000
_SETTLES_WITHIN_S = 10.0


class Slice(msgspec.Struct, frozen=True):
    """Events a second that were acknowledged, the microseconds of CPU that one took the platform, and of all events how
    many a journey listened for, how many persons entered, and the pushes that were made."""

    eps: float
    cpu_us: float
    events: int
    matched: int = 0
    entered: int = 0
    sent: int = 0


@contextlib.contextmanager
def running(store: Path, *, journeys: bool) -> Iterator[tuple[int, int]]:
    """A platform: its port and its process's id."""
    command = [sys.executable, "-m", "benchmarks.saturday", str(store), *([] if journeys else ["none"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
        try:
            assert platform.stdout is not None
            port = int(platform.stdout.readline().split(" (store ")[0].rpartition(":")[2])
            own_core_each(platform.pid)
            yield port, platform.pid
        finally:
            platform.terminate()


def sliced(prepared: list[bytes], seconds: float, *, journeys: bool) -> Slice:
    """As many of these requests as the platform takes in so many seconds."""
    every_core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "store.sqlite"
        with running(path, journeys=journeys) as (port, pid):
            before_s = _cpu_s(pid)
            answered, took_s = load(port, prepared, b"200", seconds)
            if answered >= len(prepared):
                raise SystemExit(f"more than {len(prepared)} requests in {took_s:.1f} s: raise PHONES")
            found = Slice(answered / took_s, (_cpu_s(pid) - before_s) / answered * 1e6, answered)
            if journeys:
                found = _counted(path, found)
        if every_core:
            os.sched_setaffinity(0, every_core)
        return found


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _counted(path: Path, found: Slice) -> Slice:
    """With what journeys did, once all of it is written: the position in the lake must reach its end."""
    ends_s = time.monotonic() + _SETTLES_WITHIN_S
    with contextlib.closing(sqlite3.connect(path)) as store:
        while True:
            rows = store.execute("SELECT (SELECT seq FROM followed), (SELECT max(seq) FROM events)").fetchone()
            if rows[0] == rows[1] and rows[1] >= found.events:
                break
            if time.monotonic() > ends_s:
                raise SystemExit(f"the journeys have followed {rows[0]} of {rows[1]} events")
            time.sleep(0.05)
        standing = msgspec.json.decode(store.execute("SELECT value FROM standings").fetchone()[0], type=Standing)
    counts = standing.counts.journeys.values()
    return Slice(
        found.eps,
        found.cpu_us,
        found.events,
        sum(one.matched for one in counts),
        sum(one.entered for one in counts),
        sum(sum(one.sent.values()) for one in counts),
    )


class _Connection:
    """A client that keeps its connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """A whole request."""
        self.socket.sendall(request)

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next response."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._read()
        head, _, body = got.partition(b"\r\n\r\n")
        at = head.lower().index(b"content-length: ") + 16
        length = int(head[at:].partition(b"\r")[0])
        while len(body) < length:
            body += self._read()
        return int(head[9:12]), body

    def _read(self) -> bytes:
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise SystemExit("the platform closed the connection")
        return chunk


class _Pushed(msgspec.Struct):
    seq: int
    to: str


class _Page(msgspec.Struct):
    messages: list[_Pushed]


class _Postbox:
    """Fetches the pushes of all phones as a run's does: the next poll as soon as one is answered."""

    def __init__(self, port: int) -> None:
        self._connection = _Connection(port)
        self._after = 0
        self._poll()

    @property
    def socket(self) -> socket.socket:
        """To wait for."""
        return self._connection.socket

    def fetch(self) -> set[str]:
        """Whom the pushes that have come are for."""
        status, body = self._connection.answer()
        found = msgspec.json.decode(body, type=_Page).messages if status == 200 else []
        if found:
            self._after = found[-1].seq
        self._poll()
        return {one.to for one in found}

    def _poll(self) -> None:
        query = f"run=local&channel=push&after={self._after}&limit=500&wait_s=10"
        self._connection.send(f"GET /api/messages?{query} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())


def reaction_ms(port: int, postbox: _Postbox, number: int) -> float:
    """Milliseconds from the answer to a new phone's visit until the push that welcomes it was fetched."""
    phone = _Connection(port)
    phone.send(_request(number, {}, {"pushNotificationDetails": [_token(number)]}))
    assert phone.answer()[0] == 200
    visit = {"eventType": "location.entry", "placeContext": {"POIinteraction": {"poiDetail": {"poiID": "poi-50"}}}}
    phone.send(_request(number, visit, {}))
    acknowledged_s = fetched_s = 0.0
    while not (acknowledged_s and fetched_s):
        for ready in select.select([phone.socket, postbox.socket], [], [], 30)[0]:
            if ready is postbox.socket:
                if f"{number:064x}" in postbox.fetch():
                    fetched_s = time.perf_counter()
            else:
                assert phone.answer()[0] == 200
                acknowledged_s = time.perf_counter()
    phone.socket.close()
    return max(0.0, fetched_s - acknowledged_s) * 1000


def _token(number: int) -> dict[str, object]:
    identity = {"namespace": {"code": "ECID"}, "id": _ecid(number)}
    app = {"appID": "com.example.shop", "token": f"{number:064x}", "platform": "fcm"}
    return {**app, "denylisted": False, "identity": identity}


def _ecid(number: int) -> str:
    return f"{number + 1:038d}"


def _request(number: int, xdm: Mapping[str, object], data: Mapping[str, object]) -> bytes:
    identity = {"ECID": [{"id": _ecid(number), "authenticatedState": "ambiguous", "primary": False}]}
    event: dict[str, object] = {"_id": str(uuid.uuid4()), "timestamp": "2026-03-07T11:15:30.123Z", **xdm}
    body = json.dumps(
        {"xdm": {"identityMap": identity}, "events": [{"xdm": event, **({"data": data} if data else {})}]}
    )
    target = f"/ee/v1/interact?configId=local&requestId={uuid.uuid4()}"
    head = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def paced(port: int, prepared: list[bytes], eps: float) -> None:
    """Sends these requests at this rate, whatever becomes of them, until it is ended."""
    connections = [_Connection(port).socket for _ in range(CONNECTIONS)]
    free = list(connections)
    begun_s, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - begun_s) * eps)
        while sent < due and free:
            free.pop().sendall(prepared[sent % len(prepared)])
            sent += 1
        busy = [one for one in connections if one not in free]
        for one in select.select(busy, [], [], 0.002)[0]:
            one.recv(262_144)  # an answer is small, and comes at once
            free.append(one)


def reactions(prepared: list[bytes], count: int = 400) -> dict[str, float]:
    """Median and p99 in milliseconds, idle and beside 2,000 events a second."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory) / "store.sqlite", journeys=True) as (port, _),
    ):
        postbox = _Postbox(port)
        for name in ("idle", "busy"):
            beside = None
            if name == "busy":
                beside = multiprocessing.get_context("fork").Process(
                    target=paced, args=(port, prepared, BESIDE_EPS), daemon=True
                )
                beside.start()
                time.sleep(1.0)
            first = 0 if beside is None else count
            times = sorted(reaction_ms(port, postbox, number) for number in range(first, first + count))
            if beside is not None:
                beside.kill()
            found |= {f"{name}_ms": statistics.median(times), f"{name}_p99_ms": times[int(count * 0.99)]}
            found[f"{name}_most_ms"] = times[-1]
    return found


def rates(prepared: list[bytes], rounds: int = 5, seconds: float = 3.0) -> dict[str, float]:
    """Events a second with journeys and without, which take turns; the ratio is the median of those of the turns."""
    pairs = [
        (sliced(prepared, seconds, journeys=True), sliced(prepared, seconds, journeys=False)) for _ in range(rounds)
    ]
    with_journeys = [one for one, _ in pairs]
    events = sum(one.events for one in with_journeys)
    return {
        "journeys_eps": statistics.median(one.eps for one in with_journeys),
        "bare_eps": statistics.median(one.eps for _, one in pairs),
        "ratio": statistics.median(one.eps / bare.eps for one, bare in pairs),
        "journeys_cpu_us": statistics.median(one.cpu_us for one in with_journeys),
        "bare_cpu_us": statistics.median(one.cpu_us for _, one in pairs),
        "matched": sum(one.matched for one in with_journeys) / events,
        "entered": sum(one.entered for one in with_journeys) / events,
        "sent": sum(one.sent for one in with_journeys) / events,
    }


def measure(rounds: int = 5, seconds: float = 3.0) -> dict[str, float]:
    """All figures."""
    prepared = requests(PHONES)
    return {**rates(prepared, rounds, seconds), **reactions(prepared)}


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reactions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of slices (default %(default)s)")
    found = measure(parser.parse_args().rounds)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title="one core, medians", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("beside it", style="dim")
    rows(table, found)
    Console().print(table)


def rows(table: Table, found: dict[str, float]) -> None:
    """The figures as rows of a table of three columns."""
    beside = (
        f"without profiles and journeys {found['bare_eps']:,.0f}: ratio {found['ratio']:.2f}, wanted: 6,400 a second"
    )
    table.add_row("platform with 100 journeys, events/s, one a request", f"{found['journeys_eps']:,.0f}", beside)
    table.add_row("    CPU an event, us", f"{found['journeys_cpu_us']:.0f}", f"without {found['bare_cpu_us']:.0f}")
    shares = f"{found['entered']:.1%} enter, {found['sent']:.1%} send a push"
    table.add_row("    of the events journeys listen for", f"{found['matched']:.0%}", shares)
    for name, when in (("idle", "idle"), ("busy", f"beside {BESIDE_EPS:,} events/s")):
        beside = f"p99 {found[f'{name}_p99_ms']:.1f}, most {found[f'{name}_most_ms']:.1f}; wanted: 50"
        table.add_row(f"from the acknowledgement to the push, {when}, ms", f"{found[f'{name}_ms']:.1f}", beside)


if __name__ == "__main__":
    main()
