"""Servers on loopback that say exactly what a test wants, byte for byte, in the test's own event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer

from footfall.live.http import Connection, Origin

Pieces = Iterable[bytes]
Script = Callable[[int, bytes], Pieces | None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Answers the nth request (from 0, over all connections) with the pieces that the script gives for it, each piece
    in a packet of its own. After None, and after a piece b"", the connection is closed."""

    def __init__(self, script: Script, **tls: Any) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.failed_handshakes = 0
        self._script = script
        self._pool = Pool()
        self._server = StreamServer(("127.0.0.1", 0), self._serve, spawn=self._pool, backlog=2000, **tls)
        self._server.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    @property
    def origin(self) -> Origin:
        """The same as an origin of plain HTTP."""
        return Origin.of(f"http://127.0.0.1:{self.port}")

    def close(self) -> None:
        """Ends it and all its connections."""
        self._server.stop(timeout=0)
        self._pool.kill()

    def _serve(self, sock: Any, address: object) -> None:
        self.connections += 1
        try:
            while (request := read_request(sock)) is not None:
                self.requests.append(request)
                pieces = self._script(len(self.requests) - 1, request)
                if pieces is None:
                    return
                for piece in pieces:
                    if not piece:
                        return
                    sock.sendall(piece)
                    gevent.sleep(0)
        except OSError:
            return  # the client went away


def read_request(sock: Any) -> bytes | None:
    """One whole request, head and body; None at the connection's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(65_536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            length = int(line[16:])
    while len(body) < length:
        chunk = sock.recv(65_536)
        if not chunk:
            return None
        body += chunk
    return head + b"\r\n\r\n" + body


def always(*pieces: bytes) -> Script:
    """The same answer to every request."""
    return lambda n, request: pieces


def one_after_the_other(*answers: bytes | None) -> Script:
    """The nth answer, in one piece, to the nth request."""

    def script(n: int, request: bytes) -> Pieces | None:
        answer = answers[n]
        return None if answer is None else (answer,)

    return script


Serve = Callable[..., RawServer]  # starts a raw server with a script
Connect = Callable[..., Connection]  # makes a phone's connection to an origin
