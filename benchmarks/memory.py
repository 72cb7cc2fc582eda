"""`python -m benchmarks.memory`: how the platform's memory grows while events pour in through the batch endpoint, with
and without somebody who reads the stream of events, and with profiles and a hundred journeys.

Of the journeys half are for places that the events tell of: one event in ten enters, waits a moment, sends a push to
nobody and leaves, so that what is over must be forgotten, in memory and on disk.

What a start costs (SQLite's page cache fills to its limit) is over after the first events: the growth told is from
there to the end, and constant memory means that it does not depend on how many events came in between.
"""

from __future__ import annotations

import argparse
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import psutil

from benchmarks.platform import MESSAGES, batch_request, load
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.types import END, Journey, JourneyEvent, Push, Reentrance, Text, Wait
from footfall.platform.serve import ServeOptions, serve

SETTLED_AFTER = 200_000  # events
SLICE_S = 0.5
JOURNEYS = 100
WAIT_MS = 50
BATCHES_A_SLICE = 200  # new events in every slice, so that nothing is kept by their ids

_WITH_JOURNEYS = "import sys; from benchmarks.memory import serve_journeys; sys.exit(serve_journeys(sys.argv[1]))"


class Growth(msgspec.Struct, frozen=True):
    """Resident memory of the platform's process in MB, after so many events each; `told` are the bytes that the
    subscriber read."""

    events: tuple[int, ...]
    rss_mb: tuple[float, ...]
    told: int
    instances: int = 0
    """Those that the file has at the end, of people under way and people who are over and remembered."""

    def since(self, events: int) -> float:
        """MB that came on top after at least so many events."""
        settled = next(mb for n, mb in zip(self.events, self.rss_mb, strict=True) if n >= events)
        return self.rss_mb[-1] - settled


def grown(events: int, *, subscriber: bool, journeys: bool = False) -> Growth:
    """Sends so many events, at least, to a platform of its own, and measures between the slices."""
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store.sqlite"
        command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(store)]
        if journeys:
            command = [sys.executable, "-c", _WITH_JOURNEYS, str(store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
            try:
                assert platform.stdout is not None
                port = int(platform.stdout.readline().split(" (store ")[0].rpartition(":")[2])
                with _subscriber(port) if subscriber else _nobody() as heard:
                    counts, sizes = _poured(port, psutil.Process(platform.pid), events)
                    instances = _instances(store) if journeys else 0
                    return Growth(tuple(counts), tuple(sizes), heard[0], instances)
            finally:
                platform.terminate()


def _poured(port: int, process: psutil.Process, events: int) -> tuple[list[int], list[float]]:
    counts, sizes = [0], [process.memory_info().rss / 1e6]
    while counts[-1] < events:
        first = len(counts) * BATCHES_A_SLICE
        batches = [batch_request(first + n) for n in range(BATCHES_A_SLICE)]
        answered, _ = load(port, batches, b"207", SLICE_S)
        counts.append(counts[-1] + answered * MESSAGES)
        sizes.append(process.memory_info().rss / 1e6)
    return counts, sizes


def _instances(path: Path) -> int:
    with closing(sqlite3.connect(path)) as store:
        return int(store.execute("SELECT count(*) FROM instances").fetchone()[0])


def serve_journeys(store: str) -> int:
    """The platform with journeys, until it is told to stop."""
    return serve(ServeOptions(port=0, store=store, journeys=tuple(map(_short, range(JOURNEYS)))))


def _short(number: int) -> Journey:
    """A visit to a place; every second place is one that the events tell of."""
    place = number // 2 if number % 2 else number + 1_000
    rule = f'eventType == "location.entry" and placeContext.POIinteraction.poiDetail.poiID == "{place}"'
    nodes = (
        ("moment", Wait("welcome", for_ms=WAIT_MS)),
        ("welcome", Push(END, title=Text(("Welcome",)), body=Text(("Good to see you.",)))),
    )
    again = Reentrance(wait_ms=2 * WAIT_MS)
    return Journey(f"visit_{place}", "visit", "moment", (JourneyEvent("visit", parse(rule)),), nodes, reentrance=again)


@contextmanager
def _nobody() -> Iterator[list[int]]:
    yield [0]


@contextmanager
def _subscriber(port: int) -> Iterator[list[int]]:
    """Reads GET /api/stream with the events themselves, as fast as it comes; the list's only item counts the bytes."""
    heard = [0]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /api/stream?body=true HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")

        def listen() -> None:
            while chunk := connection.recv(1_048_576):
                heard[0] += len(chunk)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield heard
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join()


def main() -> None:
    """Measures both and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="default %(default)s")
    events = parser.parse_args().events
    settled = min(SETTLED_AFTER, events // 2)
    for subscriber, journeys in ((False, False), (True, False), (False, True)):
        growth = grown(events, subscriber=subscriber, journeys=journeys)
        listening = f", a subscriber read {growth.told / 1e6:,.0f} MB" if subscriber else ", nobody listening"
        if journeys:
            listening = f", {JOURNEYS} journeys, {growth.instances:,} instances in the file"
        print(
            f"{growth.events[-1]:,} events{listening}: {growth.rss_mb[0]:.0f} MB at the start, {growth.rss_mb[-1]:.0f}"
            f" MB at the end, {growth.since(settled):+.1f} MB since {settled:,} events"
        )


if __name__ == "__main__":
    main()
