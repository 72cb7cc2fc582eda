"""The protocol on the platform's socket: requests of devices and source systems are answered straight from the core,
all others are handed to uvicorn.

An ASGI server makes a scope, a task and several messages for each request; a phone's request needs none of them, and
the difference is more than its validation and storage cost together. Who asks for anything else is an ordinary web
client: its connection is given to uvicorn's protocol with all bytes it sent so far, and stays there (which is why the
ASGI application answers devices too, see server.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from footfall.platform.core import Platform
from footfall.platform.http_reader import PREFIXES, RequestReader, Whole, problem
from footfall.platform.messages import Delivery, Outcome, Request, Response, StoredEvent
from footfall.platform.request_log import RequestLog
from footfall.platform.writer import Writer

_log = logging.getLogger(__name__)

_STARTS = tuple(
    f"{method} {prefix}".encode()
    for method in ("POST", "GET", "OPTIONS", "PUT", "DELETE", "HEAD", "PATCH")
    for prefix in PREFIXES
)
_LONGEST_START = max(map(len, _STARTS))
_LINGER_S = 2.0  # how long a refused client may go on sending before its connection is cut
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_BROKEN = problem(500, "Internal Server Error")


class Lane:
    """What the connections of one server share: `idle_s` is how long one may be silent between requests, `request_s`
    how long a request may take from its first byte to its last. `log` is told of each that is answered."""

    def __init__(
        self,
        platform: Platform,
        writer: Writer,
        now_ms: Callable[[], int],
        idle_s: float,
        request_s: float,
        log: RequestLog | None = None,
    ) -> None:
        self.platform = platform
        self.writer = writer
        self.now_ms = now_ms
        self.idle_s = idle_s
        self.request_s = request_s
        self.log = log
        self.open: set[FastLane] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def watch(self, one: FastLane, loop: asyncio.AbstractEventLoop) -> None:
        """From now on the connection is closed when it is silent, or a request on it not complete, for too long. One
        timer for all: setting and clearing one for each request would cost as much as parsing it."""
        self.open.add(one)
        if self._sweeping is None:
            self._sweep_later(loop)

    def _sweep_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = loop.call_later(min(self.idle_s, self.request_s) / 8, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = None
        if self.open:
            self._sweep_later(loop)
        now_s = loop.time()
        for one in tuple(self.open):
            one.close_if_late(now_s - self.idle_s, now_s - self.request_s)


class FastLane(asyncio.Protocol):
    """One connection."""

    def __init__(
        self,
        lane: Lane,
        loop: asyncio.AbstractEventLoop,
        others: Callable[[], asyncio.Protocol],
        connections: set[Any],
    ) -> None:
        self._lane = lane
        self._loop = loop
        self._others = others
        self._connections = connections  # uvicorn's: it asks them to shut down
        self._transport: asyncio.Transport | None = None
        self._reader = RequestReader()
        self._before = b""  # bytes too few to tell whose request it is
        self._busy = False  # an answer is owed and not yet there
        self._clogged = False  # the client does not read its answers
        self._last = False  # the connection ends when nothing is owed any more
        self._deaf = False  # the last answer was sent, what still comes is thrown away
        self._idle_since_s = 0.0
        self._began_s = 0.0  # when the request began that is not complete
        self._begun = 0
        self._asked_s = 0.0  # when the request was whole that is being answered
        self._stored_now: tuple[StoredEvent, ...] = ()  # and what of it was stored

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._idle_since_s = self._loop.time()
        self._lane.watch(self, self._loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; answers still to come go nowhere."""
        self._lane.open.discard(self)
        self._connections.discard(self)
        self._transport = None

    def eof_received(self) -> bool:
        """The client sends no more; it may still read what it is owed."""
        self._last = True
        return self._owing

    def pause_writing(self) -> None:
        """The client is slow to read: nothing more is answered until it has caught up."""
        self._clogged = True
        self._pump()

    def resume_writing(self) -> None:
        """It has."""
        self._clogged = False
        self._pump()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of several."""
        if self._deaf:
            return
        if self._reader.between and not self._owing:
            if not self._before:
                self._began_s = self._loop.time()
            data = self._before + data
            self._before = b""
            if not data.startswith(_STARTS):
                if len(data) < _LONGEST_START and any(start.startswith(data) for start in _STARTS):
                    self._before = data
                else:
                    self._hand_over(data)
                return
        self._reader.feed(data)
        if not self._reader.between and self._reader.begun != self._begun:
            self._begun = self._reader.begun
            self._began_s = self._loop.time()
        if self._reader.continue_wanted and not self._owing:
            self._reader.continue_wanted = False
            self._write(_CONTINUE)
        self._pump()

    # answering

    @property
    def _owing(self) -> bool:
        return self._busy or bool(self._reader.whole)

    def _pump(self) -> None:
        """Answers what has been read, one request after the other and in order. A loop: with a call for each, a long
        pipeline would end in a RecursionError."""
        while self._reader.whole and not (self._busy or self._clogged or self._deaf):
            self._busy = True
            self._begin(self._reader.whole.popleft())
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        wait = self._clogged or bool(self._reader.whole)
        if wait and transport.is_reading():
            transport.pause_reading()  # whoever sends more waits
        elif not wait and not transport.is_reading():
            transport.resume_reading()
        if not self._owing:
            self._idle_since_s = self._loop.time()
            if self._last and not self._deaf:
                transport.close()

    def _begin(self, whole: Whole) -> None:
        request = whole.request
        self._asked_s, self._stored_now = self._loop.time(), ()
        if isinstance(request, Response):
            self._answer(request, whole)
            return
        now_ms = self._lane.now_ms()
        try:
            outcome = self._lane.platform.handle(request, now_ms)
        except Exception:
            _log.exception("while answering %s %s", request.method, request.path)
            self._answer(_BROKEN, whole)
            return
        if outcome.delivery is not None and outcome.delivery.reset == "before":
            self._reset(whole)
        elif outcome.stored or outcome.consents:
            self._lane.writer.write(outcome, lambda error: self._stored(request, outcome, whole, now_ms, error))
        else:
            self._deliver(outcome, whole)

    def _stored(self, request: Request, outcome: Outcome, whole: Whole, now_ms: int, error: Exception | None) -> None:
        if error is not None:
            self._answer(self._lane.platform.not_stored(request, now_ms), whole)
        else:
            self._stored_now = outcome.stored
            self._lane.platform.committed(outcome)
            self._deliver(outcome, whole)
        self._pump()

    def _deliver(self, outcome: Outcome, whole: Whole) -> None:
        delivery, response = outcome.delivery, outcome.response
        if delivery is None:
            self._answer(response, whole)
        elif delivery.reset:
            self._reset(whole)
        elif delivery.cut_at is not None:
            self._tell(whole, response.status)
            self._write(_head(response, keep=False) + response.body[: delivery.cut_at])
            self._hang_up()
        elif delivery.drip_ms:
            self._drip(response, whole, delivery)
        else:
            self._loop.call_later(delivery.delay_ms / 1000, self._answer_late, response, whole)

    def _drip(self, response: Response, whole: Whole, delivery: Delivery) -> None:
        """The head and the first quarter of the body at once, the others one after the other."""
        body = b"" if whole.method == "HEAD" else response.body
        quarter = max(1, len(body) // 4)
        self._tell(whole, response.status)
        self._write(_head(response, whole.keep) + body[:quarter])
        for n in (1, 2):
            self._loop.call_later(n * delivery.drip_ms / 1000, self._write, body[n * quarter : (n + 1) * quarter])
        self._loop.call_later(3 * delivery.drip_ms / 1000, self._end_late, body[3 * quarter :], whole)

    def _answer_late(self, response: Response, whole: Whole) -> None:
        self._answer(response, whole)
        self._pump()

    def _end_late(self, rest: bytes, whole: Whole) -> None:
        self._finish(rest, whole)
        self._pump()

    def _answer(self, response: Response, whole: Whole) -> None:
        self._tell(whole, response.status)
        self._finish(_head(response, whole.keep) + (b"" if whole.method == "HEAD" else response.body), whole)

    def _finish(self, data: bytes, whole: Whole) -> None:
        self._write(data)
        self._busy = False
        if not whole.keep:
            self._hang_up()

    def _tell(self, whole: Whole, status: int | str) -> None:
        if self._lane.log is not None:
            path = whole.request.path if isinstance(whole.request, Request) else "(refused unread)"
            took_ms = (self._loop.time() - self._asked_s) * 1000
            self._lane.log(whole.method, path, status, self._stored_now, took_ms)

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # ending

    def _hang_up(self) -> None:
        """Ends the connection after what was written. A client that is still sending would meet a reset and might lose
        the answer with it: it is let send on for a moment."""
        self._busy = False
        self._deaf = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._last or not self._reader.ended:
            transport.close()
            return
        with contextlib.suppress(OSError):
            transport.write_eof()
        if not transport.is_reading():
            transport.resume_reading()
        self._loop.call_later(_LINGER_S, transport.close)

    def _reset(self, whole: Whole) -> None:
        """Breaks the connection, so that the client sees a reset and not an end."""
        self._tell(whole, "reset")
        self._deaf = True
        if self._transport is not None:
            reset(self._transport)

    def shutdown(self) -> None:
        """uvicorn is ending: closes the connection, after the answers that are owed on it."""
        self._last = True
        if self._transport is not None and not self._owing:
            self._transport.close()

    def close_if_late(self, idle_since_s: float, begun_since_s: float) -> None:
        """Closes the connection if nothing was asked on it since the one time of the loop's clock, or a request on it
        has been incomplete since the other."""
        if self._busy or self._transport is None:
            return
        incomplete = bool(self._before) or not self._reader.between
        if (self._began_s < begun_since_s) if incomplete else (self._idle_since_s < idle_since_s):
            self._transport.abort() if self._clogged else self._transport.close()

    def _hand_over(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        self._lane.open.discard(self)
        self._connections.discard(self)
        protocol = self._others()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)


def reset(transport: asyncio.Transport) -> None:
    """Ends a connection with a TCP reset: closing with no time to linger."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _head(response: Response, keep: bool) -> bytes:
    reason = _REASONS.get(response.status, b"Unknown")
    lines = [b"HTTP/1.1 %d %b" % (response.status, reason)]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in response.headers]
    if response.status != 204:
        lines.append(b"content-length: %d" % len(response.body))
    if not keep:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n"
