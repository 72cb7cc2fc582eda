"""How many ExperienceEvents a second the local platform stores durably, one event a request, as phones send them.

Starts the platform in a process of its own on loopback, with a new store in a temporary directory, once as it runs by
default (survives kill -9) and once with --fsync (survives a power failure), and loads it from this process. Every
answer counted came after the commit of its event; at the end the rows in the file are compared with the answers.
Where the system allows, the platform has one core to itself and the load another.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BODY = (
    '{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}}},'
    '"xdm":{"identityMap":{"ECID":[{"id":"%038d","authenticatedState":"ambiguous","primary":false}]},'
    '"implementationDetails":{"name":"https://ns.adobe.com/experience/mobilesdk/ios","version":"5.11.0+5.0.3",'
    '"environment":"app"}},"events":[{"xdm":{"_id":"%032x","timestamp":"2026-03-07T11:15:30.123Z",'
    '"eventType":"location.entry","placeContext":{"POIinteraction":{"poiDetail":{"poiID":"%d","name":"Coffee",'
    '"metadata":{"list":[{"key":"category","value":"cafe"}]}}}}}}]}'
)


class Phone(asyncio.Protocol):
    """One connection that sends the next event when the last one was acknowledged."""

    def __init__(self, number: int, acknowledged: list[int], until: float) -> None:
        self._number = number
        self._sent = 0
        self._acknowledged = acknowledged
        self._until = until
        self._answer = b""
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0]):
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"the platform answered {self._answer!r}")
        self._answer = b""
        self._acknowledged[0] += 1
        if time.monotonic() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def _send(self) -> None:
        self._sent += 1
        body = BODY % (self._number, self._number << 64 | self._sent, self._sent % 500)
        self._transport.write(
            b"POST /ee/irl1/v1/interact?configId=local&requestId=%d-%d HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            b"accept: application/json\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (self._number, self._sent, len(body), body.encode())
        )


async def load(port: int, connections: int, seconds: float) -> tuple[int, float]:
    """(acknowledged events, seconds)."""
    loop = asyncio.get_running_loop()
    acknowledged = [0]
    start = time.monotonic()
    phones = []
    for number in range(connections):
        phone = Phone(number, acknowledged, start + seconds)
        await loop.create_connection(lambda phone=phone: phone, "127.0.0.1", port)
        phones.append(phone)
    await asyncio.gather(*(phone.finished for phone in phones))
    return acknowledged[0], time.monotonic() - start


def measure(arguments: list[str], connections: int = 64, seconds: float = 4.0) -> float:
    """Acknowledged events per second of a platform started with these arguments; every one is in its file."""
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store.sqlite"
        command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(store), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
            try:
                assert platform.stdout is not None
                port = int(platform.stdout.readline().split(" (store ")[0].rpartition(":")[2])
                own_core_each(platform.pid)
                events, took_s = asyncio.run(load(port, connections, seconds))
            finally:
                platform.terminate()
        with sqlite3.connect(store) as stored:
            rows = stored.execute("SELECT count(*) FROM events").fetchone()[0]
        stored.close()
    if rows < events:
        raise SystemExit("acknowledged events are missing from the file")
    return events / took_s


def own_core_each(platform: int) -> None:
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        first, second, *_ = sorted(os.sched_getaffinity(0))
        for task in os.listdir(f"/proc/{platform}/task"):
            os.sched_setaffinity(int(task), {first})
        os.sched_setaffinity(0, {second, *sorted(os.sched_getaffinity(0))[2:]})


def rates() -> dict[str, float]:
    """Both ways of keeping events, one after the other."""
    every_core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    measured = {}
    for name, arguments in (("normal_eps", []), ("fsync_eps", ["--fsync"])):
        measured[name] = measure(list(arguments))
        if every_core:
            os.sched_setaffinity(0, every_core)
    return measured
