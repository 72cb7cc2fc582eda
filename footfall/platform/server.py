"""The platform on a socket: the ASGI application behind the fast lane.

A device's request is answered after its events are durable. The read API and the pages are Starlette's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from footfall.platform.api import Api, Setup
from footfall.platform.api_guard import guarded
from footfall.platform.commits import Commits
from footfall.platform.config import PlatformConfig
from footfall.platform.core import DEFAULT, Platform
from footfall.platform.database import StoreFailed
from footfall.platform.fast_lane import Lane
from footfall.platform.http_reader import PREFIXES, most_body_bytes, problem
from footfall.platform.loopback import Token
from footfall.platform.messages import Delivery, Request, Response, StoredEvent
from footfall.platform.projection import Projection
from footfall.platform.request_log import RequestLog
from footfall.platform.store import Store
from footfall.platform.web_lane import RESET
from footfall.platform.writer import ThreadedWriter, Writer

_log = logging.getLogger(__name__)

_BROKEN = problem(500, "Internal Server Error")


class PlatformApp:
    """ASGI 3. `now_ms` is the wall clock, milliseconds since the epoch; `config` what the API shows of the set-up;
    `token`, where there is one, is what its callers must have instead of coming from this machine; `log` is told of
    every request that is answered; `projection`, where there is one, follows what is stored."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        *,
        fsync: bool,
        now_ms: Callable[[], int],
        config: PlatformConfig = DEFAULT,
        token: Token | None = None,
        log: RequestLog | None = None,
        projection: Projection | None = None,
    ) -> None:
        self._platform = platform
        self._store = store
        self._now_ms = now_ms
        self._fsync = fsync
        self._log = log
        self._projection = projection
        self._commits = Commits()
        setup = Setup(platform, store, self._commits, config, fsync, projection)
        self._rest = guarded(Api(setup).application(), token)
        self._writer: Writer | None = None
        self._lane: Lane | None = None

    def lane(self, idle_s: float, request_s: float) -> Lane:
        """What the fast lane's connections share; after the lifespan's startup."""
        assert self._writer is not None, "connections come after the lifespan's startup"
        if self._lane is None:
            self._lane = Lane(self._platform, self._writer, self._now_ms, idle_s, request_s, self._log)
        return self._lane

    def stop_waiting(self) -> None:
        """Brings those to an end who wait for events that are yet to come. Called in the event loop's thread, before
        the server waits for its answers."""
        self._commits.stop()
        if self._projection is not None:
            self._projection.watches.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            answered, began_s = _Answered(send), time.monotonic()
            try:
                if scope["path"].startswith(PREFIXES):
                    await self._device(scope, receive, answered)
                else:
                    await self._rest(scope, receive, answered)
            except Exception:
                _log.exception("while answering %s %s", scope["method"], scope["path"])
                if not answered.status:
                    await _send(answered, _BROKEN)
            if self._log is not None:
                path = scope["raw_path"].decode("latin-1")
                took_ms = (time.monotonic() - began_s) * 1000
                self._log(scope["method"], path, answered.status or "reset", answered.stored, took_ms)

    async def _device(self, scope: Scope, receive: Receive, send: _Answered) -> None:
        """A device's request on a connection that began with another kind; the fast lane answers all others."""
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
        close = len(body) >= most_body_bytes(request.path)
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            await _send(send, problem(415, "Content encodings are not accepted"), close=close)
            return
        now_ms = self._now_ms()
        outcome = self._platform.handle(request, now_ms)
        response, delivery = outcome.response, outcome.delivery or Delivery()
        if delivery.reset == "before":
            await _reset(scope, receive)
            return
        if outcome.stored or outcome.consents:
            assert self._writer is not None, "requests come after the lifespan's startup"
            try:
                await self._writer.written(outcome)
                send.stored = outcome.stored
                self._platform.committed(outcome)
            except StoreFailed:
                await _send(send, self._platform.not_stored(request, now_ms), close=close)
                return
        if delivery.reset:
            await _reset(scope, receive)
        else:
            await asyncio.sleep(delivery.delay_ms / 1000)
            await _send(send, response, close=close, delivery=delivery)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        writer = ThreadedWriter if self._fsync else Writer
        loop, projection = asyncio.get_running_loop(), self._projection
        if projection is None:
            self._writer = writer(self._store, loop, self._commits)
        else:
            self._writer = writer(self._store, loop, self._commits, projection.follow)
            projection.begin(loop, self._writer.add)
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        if projection is not None:
            projection.end()
        await self._writer.close()
        await send({"type": "lifespan.shutdown.complete"})


class _Answered:
    """`send`, and the status of the response that has begun, 0 before: a second one must not follow it. `stored` is
    what the request brought."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.stored: tuple[StoredEvent, ...] = ()

    async def __call__(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        await self._send(message)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The request's body; None when the client went away before its end. Of a body that is too large for Edge only
    as much is read as shows that it is."""
    chunks: list[bytes] = []
    size = 0
    most = most_body_bytes(scope["path"])
    while size < most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            break
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _reset(scope: Scope, receive: Receive) -> None:
    """Breaks the connection, and waits until uvicorn knows: it would answer 500 for us otherwise."""
    scope["extensions"][RESET]["now"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, response: Response, *, close: bool = False, delivery: Delivery | None = None) -> None:
    headers: list[tuple[bytes, bytes]] = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", b"%d" % len(response.body)))
    if close:  # the rest of the body was not read, so the connection cannot carry another request
        headers.append((b"connection", b"close"))
    start: dict[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    body, drip_ms = response.body, 0
    if delivery is not None:
        body, drip_ms = body[: delivery.cut_at], delivery.drip_ms  # too short a body: uvicorn cuts the connection
    if drip_ms:
        quarter = max(1, len(body) // 4)
        for n in range(3):
            await send({"type": "http.response.body", "body": body[n * quarter : (n + 1) * quarter], "more_body": True})
            await asyncio.sleep(drip_ms / 1000)
        body = body[3 * quarter :]
    await send({"type": "http.response.body", "body": body})
