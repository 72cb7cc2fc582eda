"""The read API, the control API and the pages: everything that phones do not call.

Who may ask is not decided here but in api_guard.
"""

from __future__ import annotations

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from footfall import __version__
from footfall.platform import openapi, pages
from footfall.platform.api_journal import Journaling
from footfall.platform.api_journeys import Journeying, Standing
from footfall.platform.api_people import Asking
from footfall.platform.api_queries import (
    FILTERS,
    MOST_LISTED,
    filter_of,
    flag,
    json_response,
    listing,
    parameters,
)
from footfall.platform.api_runs import Runs, Tally
from footfall.platform.api_stream import Waiting
from footfall.platform.commits import Commits
from footfall.platform.config import LOCAL_PROFILE_SCHEMA, LOCAL_SCHEMA, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.database import MEMORY, StoreFailed
from footfall.platform.projection import Projection
from footfall.platform.store import Store
from footfall.platform.stored import Filter

_NO_SCRIPTS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
}


class Setup(msgspec.Struct, frozen=True):
    """What the API speaks for. `projection` None: no journeys run."""

    platform: Platform
    store: Store
    commits: Commits
    config: PlatformConfig
    fsync: bool
    projection: Projection | None = None


class Api:
    """The handlers, over one platform and its store."""

    def __init__(self, setup: Setup) -> None:
        self._platform = setup.platform
        self._store = setup.store
        self._config = setup.config
        self._durable = "no" if setup.store.path == MEMORY else "power" if setup.fsync else "process"
        self._document = openapi.document()
        self._projection = setup.projection
        self._others = (
            Runs(setup.platform, setup.store),
            Waiting(setup.store, setup.commits),
            Journeying(setup.projection),
            Journaling(setup.projection),
            Asking(setup.platform, setup.store, setup.projection),
        )

    def application(self) -> Starlette:
        routes = [
            Route("/", self.front, methods=["GET"]),
            Route("/docs", self.docs, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
            Route("/api", self.index, methods=["GET"]),
            Route("/api/health", self.health, methods=["GET"]),
            Route("/api/platform", self.platform, methods=["GET"]),
            Route("/api/counts", self.counts, methods=["GET"]),
            Route("/api/good", self.good, methods=["GET"]),
            Route("/api/bad", self.bad, methods=["GET"]),
            Route("/api/events", self.events, methods=["GET"]),
            Route("/api/events/{id:path}", self.event, methods=["GET"]),
            Route("/api/reset", self.reset, methods=["POST"]),
        ]
        for other in self._others:
            routes += other.routes()
        return Starlette(routes=routes, exception_handlers={HTTPException: _refused, StoreFailed: _store_failed})

    async def front(self, request: Request) -> Response:
        counts = await run_in_threadpool(self._store.counts)
        page = pages.front(
            counts, self._platform.poi_count, self._store.path, self._store.trouble, self._journeys_of_runs()
        )
        return HTMLResponse(page, headers=_NO_SCRIPTS)

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(pages.docs(self._document), headers=_NO_SCRIPTS)

    async def openapi(self, request: Request) -> Response:
        return json_response(self._document)

    async def index(self, request: Request) -> Response:
        endpoints = [
            {"method": method.upper(), "path": path, "summary": operation["summary"]}
            for path, methods in self._document["paths"].items()
            for method, operation in methods.items()
        ]
        return json_response({"name": "footfall platform", "version": __version__, "endpoints": endpoints})

    async def health(self, request: Request) -> Response:
        trouble = self._store.trouble
        return json_response(
            {
                "status": "refusing" if trouble else "ok",
                "why": trouble,
                "version": __version__,
                "store": self._store.path,
                "durable": self._durable,
                "pois": self._platform.poi_count,
            }
        )

    async def platform(self, request: Request) -> Response:
        """A configuration holds no secret: datastreams want a token, but which one is never checked."""
        datastreams, inlets = self._platform.datastreams, self._platform.inlets
        return json_response(
            {
                "datastreams": [datastreams[id_] for id_ in sorted(datastreams)],
                "inlets": [inlets[id_] for id_ in sorted(inlets)],
                "faults": self._config.faults,
                "seed": self._config.seed,
                "schemas": self._schemas(),
                "journeys": [
                    {"name": journey.name, "version": journey.version}
                    for journey in (self._projection.orchestration.journeys if self._projection else ())
                ],
            }
        )

    def _journeys_of_runs(self) -> list[pages.JourneyLine] | None:
        """The journeys of every run in which they have met anything; None where no journeys run."""
        if self._projection is None:
            return None
        orchestration = self._projection.orchestration
        lines = []
        for run in orchestration.runs:
            standing = Standing.of(self._projection, run)
            counts = [(journey, standing.of_journey(journey)) for journey in orchestration.journeys]
            if any(one.matched for _, one in counts):
                lines += [pages.JourneyLine(run, journey.name, one) for journey, one in counts]
        return lines

    def _schemas(self) -> list[dict[str, object]]:
        """Which schema judges what arrives where."""
        datastreams, inlets = self._platform.datastreams, self._platform.inlets
        own = {LOCAL_SCHEMA: "mobile", LOCAL_PROFILE_SCHEMA: "any"}
        files = own | {one.id: one.file for one in self._config.schemas}
        return [
            {
                "id": id_,
                "file": file,
                "datastreams": sorted(one.id for one in datastreams.values() if one.schema == id_),
                "inlets": sorted(one.id for one in inlets.values() if one.schema == id_ and one.kind != "raw"),
            }
            for id_, file in files.items()
        ]

    async def counts(self, request: Request) -> Response:
        run = parameters(request, "run").get("run")
        counts = await run_in_threadpool(self._store.counts)
        types: dict[str, Tally] = {}
        for count in counts:
            if run is None or count.run == run:
                types.setdefault(count.type, Tally()).add(count)
        good, bad = sum(tally.good for tally in types.values()), sum(tally.bad for tally in types.values())
        return json_response({"run": run, "total": good + bad, "good": good, "bad": bad, "types": types})

    async def good(self, request: Request) -> Response:
        return await self._listed(request, good=True)

    async def bad(self, request: Request) -> Response:
        return await self._listed(request, good=False)

    async def events(self, request: Request) -> Response:
        return await self._listed(request)

    async def _listed(self, request: Request, good: bool | None = None) -> Response:
        known = FILTERS if good is None else tuple(name for name in FILTERS if name != "good")
        query = parameters(request, *known, "limit", "body")
        wanted, body = filter_of(query), flag(query, "body") is True
        if good is not None:
            wanted = msgspec.structs.replace(wanted, good=good)
        rows = await run_in_threadpool(self._store.events, wanted)
        following = rows[-1].seq if len(rows) == wanted.limit else None
        return json_response({"events": [listing(row, body=body) for row in rows], "next": following})

    async def event(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        parameters(request)
        rows = await run_in_threadpool(self._store.events, Filter(id=id_, limit=MOST_LISTED))
        if not rows:
            raise HTTPException(404, f"no event with the id {id_!r} was received")
        return json_response({"id": id_, "copies": [listing(row, body=True) for row in rows]})

    async def reset(self, request: Request) -> Response:
        run = parameters(request, "run").get("run")
        until = None if self._projection is None else await self._forgotten(self._projection, run)
        await run_in_threadpool(self._store.reset, run, until)
        return json_response({"run": run})

    async def _forgotten(self, projection: Projection, run: str | None) -> int:
        """What journeys made of the run is forgotten; up to which event of the lake."""
        try:
            return await projection.forget(run)
        except StoreFailed:  # it may be full: events can be forgotten all the same, which makes room
            await run_in_threadpool(self._store.reset, run)
            return await projection.forget(run)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = json_response({"error": error.detail}, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _store_failed(request: Request, error: Exception) -> Response:
    response = json_response({"error": f"the store failed: {error}"}, status=503)
    response.headers["retry-after"] = "5"
    return response
