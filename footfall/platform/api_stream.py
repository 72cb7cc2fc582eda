"""Events as they come: waiting for some, waiting for none, a stream of them, and all of them in one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from footfall.platform.api_queries import (
    FILTERS,
    MOST_LISTED,
    filter_of,
    flag,
    json_response,
    listing,
    parameters,
    seconds,
    whole,
)
from footfall.platform.commits import Commits
from footfall.platform.store import Store
from footfall.platform.stored import Filter, StoredRow

MOST_WAIT_S = 60
HEARTBEAT_S = 15.0
_PAGE = 32  # rows in memory at once; a body may have a megabyte
STOPPING = "the platform is shutting down"


class Waiting:
    """The handlers of those that stay."""

    def __init__(self, store: Store, commits: Commits, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._store = store
        self._commits = commits
        self._heartbeat_s = heartbeat_s

    def routes(self) -> list[Route]:
        """Where they are found."""
        return [
            Route("/api/wait", self.wait, methods=["GET"]),
            Route("/api/absent", self.absent, methods=["GET"]),
            Route("/api/stream", self.stream, methods=["GET"]),
            Route("/api/export", self.export, methods=["GET"]),
        ]

    async def wait(self, request: Request) -> Response:
        query = parameters(request, *FILTERS, "count", "timeout_s", "body")
        count = whole(query, "count", 1, least=1, most=MOST_LISTED)
        timeout_s = seconds(query, "timeout_s", 10, most=MOST_WAIT_S)
        rows = await self._until(request, filter_of(query), count, timeout_s)
        body = flag(query, "body") is True
        events = [listing(row, body=body) for row in rows]
        status = 200 if len(rows) >= count else 408
        if status == 408 and self._commits.stopping:
            raise HTTPException(503, STOPPING)
        return json_response({"count": len(rows), "events": events, "next": rows[-1].seq if rows else None}, status)

    async def absent(self, request: Request) -> Response:
        query = parameters(request, *FILTERS, "for_s")
        rows = await self._until(request, filter_of(query), 1, seconds(query, "for_s", 5, most=MOST_WAIT_S))
        if rows:
            return json_response({"absent": False, "event": listing(rows[0], body=True)}, 409)
        if self._commits.stopping:
            raise HTTPException(503, STOPPING)
        return json_response({"absent": True})

    async def _until(self, request: Request, wanted: Filter, count: int, timeout_s: float) -> list[StoredRow]:
        """The first `count` events that fit, or what there is after the time, or when the client has gone."""
        rows: list[StoredRow] = []
        ends_s = monotonic() + timeout_s
        leaving = asyncio.ensure_future(gone(request))
        try:
            with self._commits.watch(wanted) as watch:
                more = True
                while True:
                    watch.news.clear()
                    after = rows[-1].seq if rows else wanted.after
                    page = msgspec.structs.replace(wanted, after=after, limit=count - len(rows))
                    rows += await run_in_threadpool(self._store.events, page)
                    if len(rows) >= count or not more or self._commits.stopping:
                        return rows
                    # at the end one more look: what was committed in the last moment may not have been told yet
                    more = await news_within(watch.news, leaving, ends_s - monotonic())
        finally:
            leaving.cancel()

    async def stream(self, request: Request) -> Response:
        query = parameters(request, *FILTERS, "body")
        wanted, body = filter_of(query), flag(query, "body") is True
        resumed = request.headers.get("last-event-id")
        if resumed is not None:
            after = whole({"Last-Event-ID": resumed}, "Last-Event-ID", 0, least=0, most=2**62)
        elif "after" in query:
            after = wanted.after
        else:
            after = await run_in_threadpool(self._store.last_seq)
        events = self._events(msgspec.structs.replace(wanted, limit=_PAGE), after, body)
        return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _events(self, wanted: Filter, after: int, body: bool) -> AsyncIterator[bytes]:
        """Server-sent events. The first has only an id, so that a client whose connection breaks before any event
        fits resumes from here."""
        yield b"retry: 1000\nid: %d\n\n" % after
        with self._commits.watch(wanted) as watch:
            while True:
                watch.news.clear()
                page = msgspec.structs.replace(wanted, after=after)
                rows = await run_in_threadpool(self._store.events, page)
                if rows:
                    after = rows[-1].seq
                    told = (msgspec.json.encode(listing(row, body=body)) for row in rows)
                    yield b"".join(
                        b"id: %d\ndata: %b\n\n" % (row.seq, line) for row, line in zip(rows, told, strict=True)
                    )
                    if len(rows) == _PAGE:
                        continue
                if self._commits.stopping:
                    return
                if not await news_within(watch.news, None, self._heartbeat_s):
                    yield b": heartbeat\n\n"

    async def export(self, request: Request) -> Response:
        wanted = filter_of(parameters(request, *FILTERS))
        return StreamingResponse(
            self._lines(wanted, await run_in_threadpool(self._store.last_seq)), media_type="application/x-ndjson"
        )

    async def _lines(self, wanted: Filter, until: int) -> AsyncIterator[bytes]:
        """What there was when it was asked for: under load it would never end otherwise."""
        after = wanted.after
        while True:
            page = msgspec.structs.replace(wanted, after=after, limit=_PAGE)
            found = await run_in_threadpool(self._store.events, page)
            rows = [row for row in found if row.seq <= until]
            if rows:
                after = rows[-1].seq
                yield msgspec.json.Encoder().encode_lines([listing(row, body=True) for row in rows])
            if len(rows) < _PAGE:
                return


async def gone(request: Request) -> None:
    """Ends when the client does."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def news_within(news: asyncio.Event, leaving: asyncio.Future[None] | None, within_s: float) -> bool:
    """Whether there were news in time, and the client is still there: `leaving` is done when it is not."""
    told = asyncio.ensure_future(news.wait())
    try:
        waited: set[asyncio.Future[Any]] = {told} if leaving is None else {told, leaving}
        await asyncio.wait(waited, timeout=max(0.0, within_s), return_when=asyncio.FIRST_COMPLETED)
        return told.done() and (leaving is None or not leaving.done())
    finally:
        told.cancel()
