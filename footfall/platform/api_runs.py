"""Runs: tying datastreams and inlets to them, what each has received."""

from __future__ import annotations

import asyncio
import re
from typing import TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from footfall.platform.api_queries import MOST_SEQ, json_response, parameters, whole
from footfall.platform.config import LOCAL_INLET, LOCAL_RUN, Datastream, Inlet, RunClock
from footfall.platform.core import LOCAL_DATASTREAM, Platform, may_have
from footfall.platform.store import Store
from footfall.platform.stored import Count

MOST_RECEIVED = 50_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_INLET = re.compile(r"[0-9a-fA-F]{64}")
_LATEST_MS = 4_102_444_800_000  # the year 2100; with the speed's limit a run's time stays within 64 bits
_FASTEST = 100_000.0

_Entry = TypeVar("_Entry", Datastream, Inlet)


class Tally(msgspec.Struct):
    """Events counted by verdict."""

    good: int = 0
    bad: int = 0

    def add(self, count: Count) -> None:
        """Counts these too."""
        if count.good:
            self.good += count.n
        else:
            self.bad += count.n


class _Registration(msgspec.Struct, forbid_unknown_fields=True):
    run: str
    datastream: str
    inlet: str | None = None
    clock: RunClock | None = None


class Runs:
    """The handlers of /api/runs."""

    def __init__(self, platform: Platform, store: Store) -> None:
        self._platform = platform
        self._store = store
        self._registering = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Where they are found."""
        return [
            Route("/api/runs", self.runs, methods=["GET"]),
            Route("/api/runs", self.register, methods=["POST"]),
            Route("/api/runs/{run}/received", self.received, methods=["GET"]),
        ]

    async def runs(self, request: Request) -> Response:
        parameters(request)
        counts = await run_in_threadpool(self._store.counts)
        tallies: dict[str, Tally] = {run: Tally() for run in self._registered()}
        for count in counts:
            tallies.setdefault(count.run, Tally()).add(count)
        streams, inlets = self._platform.datastreams.values(), self._platform.inlets.values()
        runs = [
            {
                "run": run,
                "datastreams": sorted(stream.id for stream in streams if stream.run == run),
                "inlets": sorted(inlet.id for inlet in inlets if inlet.run == run),
                "total": tally.good + tally.bad,
                "good": tally.good,
                "bad": tally.bad,
            }
            for run, tally in tallies.items()
        ]
        return json_response({"runs": runs})

    async def register(self, request: Request) -> Response:
        wanted = await _registration(request)
        async with self._registering:  # or two requests at once could tie one datastream to two runs
            streams, inlets = self._platform.datastreams, self._platform.inlets
            stream = streams.get(wanted.datastream)
            inlet = None if wanted.inlet is None else inlets.get(wanted.inlet)
            for what, known in (("datastream", stream), ("inlet", inlet)):
                if known is not None and not may_have(wanted.run, known):
                    raise HTTPException(409, f"{what} {known.id!r} belongs to run {known.run!r}")
            new_stream = _for_run(stream or streams[LOCAL_DATASTREAM.id], wanted.datastream, wanted)
            if new_stream != stream:
                await run_in_threadpool(self._store.add, new_stream)
                self._platform.register(new_stream)
            is_new = stream is None
            if wanted.inlet is not None:
                new_inlet = _for_run(inlet or inlets[LOCAL_INLET], wanted.inlet, wanted)
                if new_inlet != inlet:
                    await run_in_threadpool(self._store.add, new_inlet)
                    self._platform.register_inlet(new_inlet)
                is_new = is_new or inlet is None
        answer = {
            "run": new_stream.run,
            "datastream": new_stream.id,
            "org": new_stream.org,
            "inlet": wanted.inlet,
            "clock": new_stream.clock,
        }
        return json_response(answer, status=201 if is_new else 200)

    async def received(self, request: Request) -> Response:
        run = request.path_params["run"]
        query = parameters(request, "after", "limit")
        after = whole(query, "after", 0, least=0, most=MOST_SEQ)
        limit = whole(query, "limit", MOST_RECEIVED, least=1, most=MOST_RECEIVED)
        lines = await run_in_threadpool(self._lines, run, after, limit)
        if not lines and run not in self._registered():
            counts = await run_in_threadpool(self._store.counts)
            if all(count.run != run for count in counts):
                raise HTTPException(404, f"no run {run!r} is known")
        return Response(lines, media_type="application/x-ndjson")

    def _lines(self, run: str, after: int, limit: int) -> bytes:
        return msgspec.json.Encoder().encode_lines(self._store.received(run, after, limit))

    def _registered(self) -> list[str]:
        streams, inlets = self._platform.datastreams.values(), self._platform.inlets.values()
        return sorted({LOCAL_RUN, *(one.run for one in streams), *(one.run for one in inlets)})


async def _registration(request: Request) -> _Registration:
    try:
        wanted = msgspec.json.decode(await request.body(), type=_Registration)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, f'expected {{"run": "...", "datastream": "..."}}: {error}') from error
    except ClientDisconnect as error:  # it went away, or its body was too large and is answered already
        raise HTTPException(400, "the body did not come to its end") from error
    for field, value in (("run", wanted.run), ("datastream", wanted.datastream)):
        if not _NAME.fullmatch(value):
            raise HTTPException(400, f"{field} must be 1 to 100 letters, digits, '.', '_', '-', but is {value!r}")
    if wanted.inlet is not None and not _INLET.fullmatch(wanted.inlet):
        raise HTTPException(400, f"inlet must be 64 hexadecimal digits, but is {wanted.inlet!r}")
    if wanted.clock is not None:
        clock = wanted.clock
        if not (0 < clock.speed <= _FASTEST):
            raise HTTPException(400, f"clock.speed must be above 0 and at most {_FASTEST:g}, but is {clock.speed}")
        if not (0 <= clock.origin_ms <= _LATEST_MS and 0 <= clock.anchor_ms <= _LATEST_MS):
            raise HTTPException(400, "clock.origin_ms and clock.anchor_ms must be milliseconds since the epoch")
    return wanted


def _for_run(entry: _Entry, id: str, wanted: _Registration) -> _Entry:
    """The run's own entry, set up as this one is: the one that it names, or else the local one. A new clock replaces
    its old one."""
    clock = entry.clock if wanted.clock is None and entry.run == wanted.run else wanted.clock
    return msgspec.structs.replace(entry, id=id, run=wanted.run, clock=clock)
