"""Steps and messages of journeys: listed, awaited, awaited in vain, and all of them in one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from time import monotonic
from typing import get_args

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from footfall.platform.api_journeys import present
from footfall.platform.api_queries import MOST_LISTED, MOST_SEQ, json_response, parameters, seconds, whole
from footfall.platform.api_stream import MOST_WAIT_S, STOPPING, gone, news_within
from footfall.platform.journal import Row, Wanted
from footfall.platform.journal_watches import What
from footfall.platform.journeys.messages import StepKind
from footfall.platform.journeys.types import Channel
from footfall.platform.projection import Projection
from footfall.world.problems import did_you_mean

STEP_FILTERS = ("run", "journey", "key", "kind", "event", "message", "after")
MESSAGE_FILTERS = ("run", "journey", "key", "channel", "to", "id", "after")
_FILTERS = {"steps": STEP_FILTERS, "messages": MESSAGE_FILTERS}
_ONE = {"steps": "step", "messages": "message"}
_PAGE = 200  # rows in memory at once, of an export


class Journaling:
    """The handlers of /api/steps and /api/messages. `projection` None: there are none."""

    def __init__(self, projection: Projection | None) -> None:
        self._projection = projection

    def routes(self) -> list[Route]:
        """Where they are found."""
        found: list[Route] = []
        whats: tuple[What, ...] = ("steps", "messages")
        for what in whats:
            found += [
                Route(f"/api/{what}", partial(self.listed, what), methods=["GET"]),
                Route(f"/api/{what}/absent", partial(self.absent, what), methods=["GET"]),
                Route(f"/api/{what}/export", partial(self.export, what), methods=["GET"]),
            ]
        return found

    async def listed(self, what: What, request: Request) -> Response:
        projection = present(self._projection)
        query = parameters(request, *_FILTERS[what], "limit", "wait_s", "count")
        limit = whole(query, "limit", 100, least=1, most=MOST_LISTED)
        wanted = _wanted(query, limit)
        if "wait_s" not in query and "count" not in query:
            await projection.written()  # who asks after an event's acknowledgement is told what came of it
            rows = await run_in_threadpool(_rows, projection, what, wanted)
            following = rows[-1].seq if len(rows) == limit else None
            return json_response({what: [shown(row) for row in rows], "next": following})
        count = whole(query, "count", 1, least=1, most=MOST_LISTED)
        if count > limit:
            wanted = _wanted(query, count)
        rows = await _until(projection, request, what, wanted, count, seconds(query, "wait_s", 0, most=MOST_WAIT_S))
        if len(rows) < count and projection.watches.stopping:
            raise HTTPException(503, STOPPING)
        answer = {what: [shown(row) for row in rows], "next": rows[-1].seq if rows else None}
        return json_response(answer, 200 if len(rows) >= count else 408)

    async def absent(self, what: What, request: Request) -> Response:
        projection = present(self._projection)
        query = parameters(request, *_FILTERS[what], "for_s")
        for_s = seconds(query, "for_s", 5, most=MOST_WAIT_S)
        rows = await _until(projection, request, what, _wanted(query, 1), 1, for_s)
        if rows:
            return json_response({"absent": False, _ONE[what]: shown(rows[0])}, 409)
        if projection.watches.stopping:
            raise HTTPException(503, STOPPING)
        return json_response({"absent": True})

    async def export(self, what: What, request: Request) -> Response:
        projection = present(self._projection)
        wanted = _wanted(parameters(request, *_FILTERS[what]), _PAGE)
        until = await run_in_threadpool(projection.journal.last_seq, what)
        return StreamingResponse(_lines(projection, what, wanted, until), media_type="application/x-ndjson")


def shown(row: Row) -> dict[str, object]:
    """A step or a message as the API shows it: all its members."""
    return {"seq": row.seq, "run": row.run, **msgspec.structs.asdict(row.what)}


def _wanted(query: dict[str, str], limit: int) -> Wanted:
    for name, words in (("kind", get_args(StepKind)), ("channel", get_args(Channel))):
        if name in query and query[name] not in words:
            raise HTTPException(400, f"no {name} {query[name]!r}.{did_you_mean(query[name], words)}")
    names = (*STEP_FILTERS, *MESSAGE_FILTERS)
    named = {name: value for name, value in query.items() if name in names and name != "after"}
    return Wanted(**named, after=whole(query, "after", 0, least=0, most=MOST_SEQ), limit=limit)


def _rows(projection: Projection, what: What, wanted: Wanted) -> list[Row]:
    journal = projection.journal
    return journal.steps(wanted) if what == "steps" else journal.messages(wanted)


async def _until(
    projection: Projection, request: Request, what: What, wanted: Wanted, count: int, within_s: float
) -> list[Row]:
    """The rows as soon as `count` fit, or what there is after the time, or when the client has gone."""
    ends_s = monotonic() + within_s
    leaving = asyncio.ensure_future(gone(request))
    try:
        with projection.watches.watch(what, wanted) as watch:
            more = True
            while True:
                watch.news.clear()
                rows = await run_in_threadpool(_rows, projection, what, wanted)
                if len(rows) >= count or not more or projection.watches.stopping:
                    return rows
                # at the end one more look: what was written in the last moment may not have been told yet
                more = await news_within(watch.news, leaving, ends_s - monotonic())
    finally:
        leaving.cancel()


async def _lines(projection: Projection, what: What, wanted: Wanted, until: int) -> AsyncIterator[bytes]:
    """What there was when it was asked for: while people move it would never end otherwise."""
    encoder = msgspec.json.Encoder()
    after = wanted.after
    while True:
        page = msgspec.structs.replace(wanted, after=after)
        found = await run_in_threadpool(_rows, projection, what, page)
        rows = [row for row in found if row.seq <= until]
        if rows:
            after = rows[-1].seq
            yield encoder.encode_lines([shown(row) for row in rows])
        if len(rows) < _PAGE:
            return
