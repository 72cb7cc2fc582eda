"""The read API, the control API and the pages: everything that phones do not call.

Reading is open to whoever reaches loopback; what changes something passes `loopback.refusal` first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from footfall import __version__
from footfall.platform import openapi, pages
from footfall.platform.core import LOCAL_ORG, DatastreamTaken, Platform
from footfall.platform.loopback import refusal
from footfall.platform.messages import LOCAL_RUN, Datastream
from footfall.platform.store import MEMORY, Count, Filter, Store, StoredRow, StoreFailed

MOST_LISTED = 1_000
MOST_RECEIVED = 50_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class _Tally(msgspec.Struct):
    good: int = 0
    bad: int = 0

    def add(self, count: Count) -> None:
        if count.good:
            self.good += count.n
        else:
            self.bad += count.n


class _Registration(msgspec.Struct, forbid_unknown_fields=True):
    run: str
    datastream: str


class Api:
    """The handlers, over one platform and its store."""

    def __init__(self, platform: Platform, store: Store, *, fsync: bool) -> None:
        self._platform = platform
        self._store = store
        self._durable = "no" if store.path == MEMORY else "power" if fsync else "process"
        self._document = openapi.document()
        self._registering = asyncio.Lock()

    def application(self) -> Starlette:
        routes = [
            Route("/", self.front, methods=["GET"]),
            Route("/docs", self.docs, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Route("/api", self.index, methods=["GET"]),
            Route("/api/health", self.health, methods=["GET"]),
            Route("/api/counts", self.counts, methods=["GET"]),
            Route("/api/good", self.good, methods=["GET"]),
            Route("/api/bad", self.bad, methods=["GET"]),
            Route("/api/events", self.events, methods=["GET"]),
            Route("/api/events/{id:path}", self.event, methods=["GET"]),
            Route("/api/runs", self.runs, methods=["GET"]),
            Route("/api/runs", self.register, methods=["POST"]),
            Route("/api/runs/{run}/received", self.received, methods=["GET"]),
            Route("/api/reset", self.reset, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _refused, StoreFailed: _store_failed})

    async def front(self, request: Request) -> Response:
        counts = await run_in_threadpool(self._store.counts)
        return HTMLResponse(pages.front(counts, self._platform.poi_count, self._store.path))

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(pages.docs(self._document))

    async def openapi(self, request: Request) -> Response:
        return _json(self._document)

    async def index(self, request: Request) -> Response:
        endpoints = [
            {"method": method.upper(), "path": path, "summary": operation["summary"]}
            for path, methods in self._document["paths"].items()
            for method, operation in methods.items()
        ]
        return _json({"name": "footfall platform", "version": __version__, "endpoints": endpoints})

    async def health(self, request: Request) -> Response:
        return _json(
            {
                "status": "ok",
                "version": __version__,
                "store": self._store.path,
                "durable": self._durable,
                "pois": self._platform.poi_count,
            }
        )

    async def counts(self, request: Request) -> Response:
        query = _query(request, "run")
        run = query.get("run")
        counts = await run_in_threadpool(self._store.counts)
        types: dict[str, _Tally] = {}
        for count in counts:
            if run is None or count.run == run:
                types.setdefault(count.type, _Tally()).add(count)
        good, bad = sum(tally.good for tally in types.values()), sum(tally.bad for tally in types.values())
        return _json({"run": run, "total": good + bad, "good": good, "bad": bad, "types": types})

    async def good(self, request: Request) -> Response:
        return await self._listed(_query(request, "run", "phone", "type", "after", "limit"), good=True)

    async def bad(self, request: Request) -> Response:
        return await self._listed(_query(request, "run", "phone", "type", "after", "limit"), good=False)

    async def events(self, request: Request) -> Response:
        query = _query(request, "run", "phone", "type", "good", "after", "limit")
        good = query.get("good")
        if good not in (None, "true", "false"):
            raise HTTPException(400, f"good must be true or false, but is {good!r}")
        return await self._listed(query, good=None if good is None else good == "true")

    async def _listed(self, query: Mapping[str, str], *, good: bool | None) -> Response:
        wanted = Filter(
            run=query.get("run"),
            ecid=query.get("phone"),
            type=query.get("type"),
            good=good,
            after=_whole(query, "after", 0, least=0, most=2**62),
            limit=_whole(query, "limit", 100, least=1, most=MOST_LISTED),
        )
        rows = await run_in_threadpool(self._store.events, wanted)
        following = rows[-1].seq if len(rows) == wanted.limit else None
        return _json({"events": [_listing(row) for row in rows], "next": following})

    async def event(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        rows = await run_in_threadpool(self._store.events, Filter(id=id_, limit=MOST_LISTED))
        if not rows:
            raise HTTPException(404, f"no event with the id {id_!r} was received")
        return _json({"id": id_, "copies": [{**_listing(row), "body": msgspec.Raw(row.event.body)} for row in rows]})

    async def runs(self, request: Request) -> Response:
        counts = await run_in_threadpool(self._store.counts)
        tallies: dict[str, _Tally] = {run: _Tally() for run in self._registered_runs()}
        for count in counts:
            tallies.setdefault(count.run, _Tally()).add(count)
        streams = self._platform.datastreams.values()
        runs = [
            {
                "run": run,
                "datastreams": sorted(stream.id for stream in streams if stream.run == run),
                "total": tally.good + tally.bad,
                "good": tally.good,
                "bad": tally.bad,
            }
            for run, tally in tallies.items()
        ]
        return _json({"runs": runs})

    async def register(self, request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await request.body(), type=_Registration)
        except msgspec.DecodeError as error:
            raise HTTPException(400, f'expected {{"run": "...", "datastream": "..."}}: {error}') from error
        for field, value in (("run", wanted.run), ("datastream", wanted.datastream)):
            if not _NAME.fullmatch(value):
                raise HTTPException(400, f"{field} must be 1 to 100 letters, digits, '.', '_', '-', but is {value!r}")
        datastream = Datastream(id=wanted.datastream, org=LOCAL_ORG, run=wanted.run)
        async with self._registering:  # or two requests at once could tie one datastream to two runs
            known = self._platform.datastreams.get(datastream.id)
            if known is None:
                await run_in_threadpool(self._store.add_datastream, datastream)
            try:
                self._platform.register(datastream)
            except DatastreamTaken as taken:
                raise HTTPException(409, str(taken)) from taken
        answer = {"run": datastream.run, "datastream": datastream.id, "org": datastream.org}
        return _json(answer, status=201 if known is None else 200)

    async def received(self, request: Request) -> Response:
        run = request.path_params["run"]
        query = _query(request, "after", "limit")
        after = _whole(query, "after", 0, least=0, most=2**62)
        limit = _whole(query, "limit", MOST_RECEIVED, least=1, most=MOST_RECEIVED)
        lines = await run_in_threadpool(self._received_lines, run, after, limit)
        if not lines and run not in self._registered_runs():
            counts = await run_in_threadpool(self._store.counts)
            if all(count.run != run for count in counts):
                raise HTTPException(404, f"no run {run!r} is known")
        return Response(lines, media_type="application/x-ndjson")

    def _received_lines(self, run: str, after: int, limit: int) -> bytes:
        return msgspec.json.Encoder().encode_lines(self._store.received(run, after, limit))

    async def reset(self, request: Request) -> Response:
        run = _query(request, "run").get("run")
        await run_in_threadpool(self._store.reset, run)
        return _json({"run": run})

    def _registered_runs(self) -> list[str]:
        return sorted({LOCAL_RUN, *(stream.run for stream in self._platform.datastreams.values())})


def guard(method: str, header: Callable[[str], str | None]) -> Response | None:
    """The 403 for a request that would change something and does not come from this machine, or None."""
    if method in ("GET", "HEAD"):
        return None
    why = refusal(header("host"), header("origin"))
    return None if why is None else _json({"error": why}, status=403)


def _listing(row: StoredRow) -> dict[str, object]:
    event = row.event
    return {
        "seq": row.seq,
        "id": event.id,
        "run": event.run,
        "datastream": event.datastream,
        "ecid": event.ecid,
        "type": event.type,
        "good": event.good,
        "reasons": event.reasons,
        "received_ms": event.received_ms,
        "timestamp": event.timestamp,
    }


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _query(request: Request, *allowed: str) -> dict[str, str]:
    """The query's parameters; one that is unknown, repeated or empty is refused, or a typo would list everything."""
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in allowed:
            raise HTTPException(400, f"unknown parameter {name!r}; known here: {', '.join(allowed)}")
        if name in query or not value:
            raise HTTPException(400, f"{name} must be given once, with a value")
        query[name] = value
    return query


def _whole(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,19}", text) or not least <= int(text) <= most:
        raise HTTPException(400, f"{name} must be a whole number from {least} to {most}, but is {text!r}")
    return int(text)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _json({"error": error.detail}, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _store_failed(request: Request, error: Exception) -> Response:
    response = _json({"error": f"the store failed: {error}"}, status=503)
    response.headers["retry-after"] = "5"
    return response
