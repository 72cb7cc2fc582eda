"""The line without a network: phones in virtual time, alone and into the platform's own core; what a phone weighs."""

from __future__ import annotations

import gc
import itertools
import statistics
import time

import psutil

from benchmarks.null_server import EDGE, PLACES
from benchmarks.subjects import FreeClock, population
from footfall.engine.live import Living
from footfall.evidence.ops import Op
from footfall.live.inputs import load
from footfall.phone.signals import Reply, Request
from footfall.platform import messages
from footfall.platform.config import Datastream, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.package_data import event_schema

LIVES = 150


class _Nowhere:
    """A journal that keeps nothing."""

    def add(self, op: Op) -> None:
        """Dropped."""

    def flush(self) -> None:
        """Nothing to flush."""


class _AtOnce:
    """Answers at once with the null server's bodies."""

    def __init__(self) -> None:
        self.events = 0
        self._edge, self._places = Reply(200, EDGE), Reply(200, PLACES)

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        if request.event_ids:
            self.events += 1
            return self._edge
        return self._places


class _Core:
    """Hands requests to the platform's core, in the same process."""

    def __init__(self) -> None:
        read = load("shopping/saturday")
        core = Platform(read.pois, event_schema(), PlatformConfig((Datastream("bench", "BENCH@AdobeOrg", "bench"),)))
        self._platform = InProcessPlatform(core, MemoryStore())
        self._headers = {"content-type": "application/json"}
        self.events = 0

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        path, _, query = request.target.partition("?")
        asked = messages.Request(request.method, path, query, self._headers, request.body)
        answer = self._platform.exchange(asked, int(due_wall_ms))
        self.events += bool(request.event_ids)
        return Reply(answer.status, answer.body)


def measure(rounds: int) -> dict[str, float]:
    """Events per CPU second of phones alone and of phones into the platform's core, interleaved."""
    lives = population()
    numbers = itertools.count()
    rates: dict[str, list[float]] = {"phones_eps": [], "line_eps": []}
    for _ in range(rounds):
        for name, transport in (("phones_eps", _AtOnce()), ("line_eps", _Core())):
            cpu = time.process_time()
            for _ in range(LIVES):
                Living(lives.life(next(numbers)), FreeClock(), transport, _Nowhere()).live()
            rates[name].append(transport.events / (time.process_time() - cpu))
    return {name: statistics.median(values) for name, values in rates.items()}


def kilobytes_per_phone(phones: int = 10_000) -> float:
    """Resident memory of a phone that has begun its life and waits, its plan, queue, regions and ledger state with it,
    without a greenlet or a connection."""
    lives = population(phones)
    waiting = []
    for k in range(200):  # what the first ones fill for all is not theirs
        life = lives.life(k)
        waiting.append((life, next(life.plan)))
    waiting.clear()
    gc.collect()
    before = psutil.Process().memory_info().rss
    for k in range(phones):
        life = lives.life(k)
        timed = next(life.plan)
        assert timed.signal is not None
        life.phone.feed(timed.at_ms, timed.signal)
        waiting.append((life, timed))
    return (psutil.Process().memory_info().rss - before) / 1024 / phones
