"""The platform on a socket: an ASGI application whose hot paths go straight to the core.

A phone's request is answered after its events are durable. The read API and the pages are Starlette's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from footfall.platform.api import Api, guard
from footfall.platform.core import Platform
from footfall.platform.edge import MOST_BODY_BYTES
from footfall.platform.messages import Request, Response
from footfall.platform.store import Store, StoreFailed
from footfall.platform.writer import Writer

_log = logging.getLogger(__name__)

_BROKEN = Response(
    500, (("content-type", "application/problem+json"),), b'{"status":500,"title":"Internal Server Error"}'
)


class PlatformApp:
    """ASGI 3. `now_ms` is the wall clock, milliseconds since the epoch."""

    def __init__(self, platform: Platform, store: Store, *, fsync: bool, now_ms: Callable[[], int]) -> None:
        self._platform = platform
        self._store = store
        self._now_ms = now_ms
        self._rest = Api(platform, store, fsync=fsync).application()
        self._writer: Writer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            answered = _Answered(send)
            try:
                await self._http(scope, receive, answered)
            except Exception:
                _log.exception("while answering %s %s", scope["method"], scope["path"])
                if not answered.started:
                    await _send(send, _BROKEN)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(("/ee/", "/ee-pre-prd/", "/placesedgequery")):
            await self._phone(scope, receive, send)
            return
        refused = guard(scope["method"], lambda name: _header(scope, name))
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _phone(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(scope, receive)
        if body is None:
            return  # the phone hung up in the middle of its request: nothing was received
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        now_ms = self._now_ms()
        outcome = self._platform.handle(request, now_ms)
        response = outcome.response
        if outcome.stored:
            assert self._writer is not None, "requests come after the lifespan's startup"
            try:
                await self._writer.write(outcome.stored)
            except StoreFailed as error:
                _log.error("%d events refused, the store failed: %s", len(outcome.stored), error)
                response = self._platform.not_stored(request, now_ms)
        await _send(send, response, close=len(body) > MOST_BODY_BYTES)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        self._writer = Writer(self._store, asyncio.get_running_loop())
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await asyncio.to_thread(self._writer.close)
        await send({"type": "lifespan.shutdown.complete"})


class _Answered:
    """`send`, and whether a response has begun: a second one must not follow it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


def _header(scope: Scope, name: str) -> str | None:
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), None)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The request's body; None when the client went away before its end. Of a body that is too large for Edge only
    as much is read as shows that it is."""
    chunks: list[bytes] = []
    size = 0
    while size <= MOST_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            break
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, response: Response, *, close: bool = False) -> None:
    headers: list[tuple[bytes, bytes]] = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", b"%d" % len(response.body)))
    if close:  # the rest of the body was not read, so the connection cannot carry another request
        headers.append((b"connection", b"close"))
    start: dict[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.body})
