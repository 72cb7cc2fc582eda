"""`python -m benchmarks.memory`: how the platform's memory grows while events pour in through the batch endpoint, with
and without somebody who reads the stream of events.

What a start costs (SQLite's page cache fills to its limit) is over after the first events: the growth told is from
there to the end, and constant memory means that it does not depend on how many events came in between.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from benchmarks.platform import MESSAGES, batch_request, load

SETTLED_AFTER = 200_000  # events
SLICE_S = 0.5
BATCHES_A_SLICE = 200  # those that load() prepares: new events in every slice, so that nothing is kept by their ids


class Growth(msgspec.Struct, frozen=True):
    """Resident memory of the platform's process in MB, after so many events each; `told` are the bytes that the
    subscriber read."""

    events: tuple[int, ...]
    rss_mb: tuple[float, ...]
    told: int

    def since(self, events: int) -> float:
        """MB that came on top after at least so many events."""
        settled = next(mb for n, mb in zip(self.events, self.rss_mb, strict=True) if n >= events)
        return self.rss_mb[-1] - settled


def grown(events: int, *, subscriber: bool) -> Growth:
    """Sends so many events, at least, to a platform of its own, and measures between the slices."""
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store.sqlite"
        command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
            try:
                assert platform.stdout is not None
                port = int(platform.stdout.readline().split(" (store ")[0].rpartition(":")[2])
                with _subscriber(port) if subscriber else _nobody() as heard:
                    counts, sizes = _poured(port, psutil.Process(platform.pid), events)
                    return Growth(tuple(counts), tuple(sizes), heard[0])
            finally:
                platform.terminate()


def _poured(port: int, process: psutil.Process, events: int) -> tuple[list[int], list[float]]:
    counts, sizes = [0], [process.memory_info().rss / 1e6]
    while counts[-1] < events:
        first = len(counts) * BATCHES_A_SLICE
        answered, _ = load(port, lambda n, first=first: batch_request(first + n), b"207", SLICE_S)  # type: ignore[misc]
        counts.append(counts[-1] + answered * MESSAGES)
        sizes.append(process.memory_info().rss / 1e6)
    return counts, sizes


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
    for subscriber in (False, True):
        growth = grown(events, subscriber=subscriber)
        listening = f", a subscriber read {growth.told / 1e6:,.0f} MB" if subscriber else ", nobody listening"
        print(
            f"{growth.events[-1]:,} events{listening}: {growth.rss_mb[0]:.0f} MB at the start, {growth.rss_mb[-1]:.0f}"
            f" MB at the end, {growth.since(settled):+.1f} MB since {settled:,} events"
        )


if __name__ == "__main__":
    main()
