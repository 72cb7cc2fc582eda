"""The full phone with its ledger against a bare FastHttpUser that posts a constant body of the same size, slice by
slice in one process: requests a second, and CPU a request (Locust's statistics on for both)."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import locust  # noqa: F401  patches the process, before anything else opens a socket

import gevent  # isort: skip
from locust import FastHttpUser
from locust.env import Environment

from benchmarks.null_server import NullServer
from benchmarks.subjects import FreeClock, population
from footfall.engine.live import Living
from footfall.evidence.ops import Head
from footfall.live.http import Network, Origin, PhoneTransport
from footfall.live.ledger import LedgerFile
from footfall.live.locust.active import CALM_GC, Counted

USERS = 32
SLICE_S = 0.25  # short slices, many of them: what else the machine does hits both sides alike


class Stop(Exception):
    """The slice is over."""


class _Slice:
    def __init__(self) -> None:
        self.requests = 0
        self.bodies = 0
        self.bytes = 0
        self.until = 0.0

    def run(self, greenlets: list[Any]) -> tuple[float, float]:
        """(requests per wall second, CPU microseconds per request)."""
        self.requests = 0
        self.until = time.monotonic() + SLICE_S
        wall, cpu = time.monotonic(), time.process_time()
        running = [gevent.spawn(greenlet) for greenlet in greenlets]
        gevent.joinall(running)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        return self.requests / wall, cpu / max(self.requests, 1) * 1e6


class _Bare(FastHttpUser):  # type: ignore[misc]
    abstract = True
    network_timeout = connection_timeout = 5.0


def measure(rounds: int) -> dict[str, float]:
    """Medians over the rounds, and the ratio of the full phone to the bare user."""
    with NullServer() as url, tempfile.TemporaryDirectory() as folder:
        environment = Environment(user_classes=[_Bare], host=url)
        environment.create_local_runner()
        ledger = LedgerFile(Path(folder) / "ledger.ndjson", Head("bench", "bench", 0, "0"))
        network = Network(Origin.of(url), Origin.of(url))
        lives = population()
        slices = _Slice()
        numbers = iter(range(100_000))

        class Probe(Counted):
            __slots__ = ()

            def send(self, request: Any, due_wall_ms: float) -> Any:
                if time.monotonic() >= slices.until:
                    raise Stop
                slices.requests += 1
                if request.body:
                    slices.bodies += 1
                    slices.bytes += len(request.body)
                return super().send(request, due_wall_ms)

        transports = [Probe(PhoneTransport(network), environment.events.request.fire) for _ in range(USERS)]

        def phones(transport: Probe) -> None:
            try:
                while True:
                    Living(lives.life(next(numbers)), FreeClock(), transport, ledger).live()
            except Stop:
                return

        def phone_slice() -> tuple[float, float]:
            usual = gc.get_threshold()
            gc.set_threshold(*CALM_GC)  # as in a run; the bare user has what Locust gives it
            try:
                return slices.run([lambda t=t: phones(t) for t in transports])
            finally:
                gc.set_threshold(*usual)

        phone_slice()  # warm-up, and the size of a body
        body = b"x" * (slices.bytes // max(slices.bodies, 1))
        _Bare.host = url
        users = [_Bare(environment) for _ in range(USERS)]

        def bare(user: Any) -> None:
            while time.monotonic() < slices.until:
                slices.requests += 1
                user.client.post("/ee/v1/interact", data=body, name="constant")

        def bare_slice() -> tuple[float, float]:
            return slices.run([lambda u=u: bare(u) for u in users])

        bare_slice()
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(bare_slice())
            ours.append(phone_slice())
        ledger.close()
        network.close()
        return {
            "body_bytes": len(body),
            "phone_rps": statistics.median(rate for rate, _ in ours),
            "phone_cpu_us": statistics.median(cpu for _, cpu in ours),
            "bare_rps": statistics.median(rate for rate, _ in theirs),
            "bare_cpu_us": statistics.median(cpu for _, cpu in theirs),
            "ratio_rps": statistics.median(a[0] / b[0] for a, b in zip(ours, theirs, strict=True)),
            "ratio_cpu": statistics.median(b[1] / a[1] for a, b in zip(ours, theirs, strict=True)),
        }
