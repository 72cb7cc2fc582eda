"""uvicorn's protocol for everything that is not a device's request, with the limits it does not have itself."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from footfall.platform.fast_lane import reset
from footfall.platform.http_reader import MOST_HEADER_BYTES, MOST_HEADERS

RESET = "footfall.reset"  # the scope's extension that breaks the connection, for a fault


class WebLane(HttpToolsProtocol):
    """One connection. A request that has begun is complete within `request_s` or its connection is closed; its head
    has at most 64 lines and 16 KB, or the answer is 400."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
        request_s: float,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop=loop)
        self._request_s = request_s
        self._too_slow: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The connection was handed over; what it began with may be no request yet."""
        super().connection_made(transport)
        self._time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._untime()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.scope["extensions"] = {RESET: {"now": lambda: reset(self.transport)}}
        self._head_bytes = 0
        self._time()

    def on_url(self, url: bytes) -> None:
        """The request's target, or a piece of it."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            raise ValueError("too many headers")  # the parser makes an error of it, and uvicorn a 400

    def on_message_complete(self) -> None:
        """The request is whole; its answer may take its time."""
        self._untime()
        super().on_message_complete()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEADER_BYTES:
            raise ValueError("the head of the request is too large")

    def _time(self) -> None:
        self._untime()
        self._too_slow = self.loop.call_later(self._request_s, self.timeout_keep_alive_handler)

    def _untime(self) -> None:
        if self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None
