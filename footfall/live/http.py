"""HTTP/1.1 for phones: one keep-alive connection a phone and host, as real phones have, on gevent sockets.

A client of our own because Locust's costs 84 us of CPU a request where this one costs about 30, and because of what is
known of it (reference measurements of Locust 2.47): geventhttpclient asks `select` whether a socket is alive, which
fails above file descriptor 1023 and silently opens a new connection for every request, and FastHttpUser builds a TLS
context for every user. Here nobody calls `select`, and a process has one TLS context. httptools (llhttp) does the
parsing.
"""

from __future__ import annotations

import time
import zlib
from contextlib import suppress
from math import inf
from typing import Any
from urllib.parse import urlsplit

import gevent
import httptools
import msgspec
from gevent import socket, ssl

from footfall.phone.signals import Channel, Reply, Request
from footfall.platform.loopback import is_loopback

LONGEST_TIMEOUT_S = 5.0  # of the SDK's own limits, wall time: to connect, and to read
REFUSED_PAUSE_S = 0.1
SLOWEST_ANSWER_S = 3 * LONGEST_TIMEOUT_S + 0.5  # connecting, the TLS handshake, reading, and the watch's step
_PROBE_AFTER_S = 0.2
_CHUNK = 16_384


class Origin(msgspec.Struct, frozen=True):
    """Where requests go. `netloc` is the Host header."""

    scheme: str
    host: str
    port: int
    netloc: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> Origin:
        """Of `http(s)://host[:port][/prefix]`. Raises ValueError on anything else."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected a URL like http://127.0.0.1:8080, found {url!r}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, parts.hostname, port, parts.netloc, parts.path.rstrip("/"))

    @property
    def loopback(self) -> bool:
        """Whether the name can only mean this machine."""
        return is_loopback(self.host)


class Network:
    """What the connections of one process share: resolved addresses, the TLS context, and the watch over time-outs."""

    def __init__(
        self, edge: Origin, places: Origin, tls: ssl.SSLContext | None = None, inlet: Origin | None = None
    ) -> None:
        self.origins: dict[Channel, Origin] = {"edge": edge, "places": places, "inlet": inlet or edge}
        self._tls = tls
        self._addresses: dict[Origin, list[tuple[Any, Any]]] = {}  # family and address, the one that works first
        self._watched: set[Connection] = set()
        self._watch: gevent.Greenlet[[], None] | None = None

    def connect(self, origin: Origin, timeout_s: float) -> socket.socket:
        """A connected socket. The name is resolved once a process: gevent's resolver is a pool of ten threads, and
        thousands of phones would queue there. Raises OSError."""
        addresses = self._addresses.get(origin)
        if addresses is None:
            found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
            addresses = self._addresses[origin] = [(family, address) for family, _, _, _, address in found]
        failed: OSError | None = None
        for one in tuple(addresses):
            try:
                sock = self._connect(origin, timeout_s, *one)
            except OSError as error:
                failed = failed or error
                continue
            if one != addresses[0]:  # localhost is often ::1 first, and nobody listens there
                addresses.remove(one)
                addresses.insert(0, one)
            return sock
        raise failed or OSError(f"{origin.host} has no address")

    def _connect(self, origin: Origin, timeout_s: float, family: Any, address: Any) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout_s)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme == "https":
                if self._tls is None:
                    # as ssl.create_default_context, which makes gevent's kind only in a process that is patched
                    self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    self._tls.load_default_certs()
                sock = self._tls.wrap_socket(sock, server_hostname=origin.host)
            sock.settimeout(None)  # a Timeout object for each call costs 4 us; the watch does it once for all
        except BaseException:
            sock.close()
            raise
        return sock

    def watch(self, connection: Connection) -> None:
        """From now on the connection's answers must not be later than it says."""
        self._watched.add(connection)
        if self._watch is None:
            self._watch = gevent.spawn(self._watch_over)

    def forget(self, connection: Connection) -> None:
        """The connection is closed."""
        self._watched.discard(connection)

    def close(self) -> None:
        """Ends the watch."""
        if self._watch is not None:
            self._watch.kill(block=False)
            self._watch = None

    def _watch_over(self) -> None:
        while True:
            gevent.sleep(0.5)
            now = time.monotonic()
            for connection in tuple(self._watched):
                if now >= connection.late_s:
                    connection.give_up()


class Connection:
    """One keep-alive connection; made when first needed and again after it broke."""

    __slots__ = (
        "_body",
        "_complete",
        "_encoding",
        "_expired",
        "_framed",
        "_headed",
        "_host",
        "_keep",
        "_network",
        "_origin",
        "_parser",
        "_prefix",
        "_readable",
        "_retry_after",
        "_sock",
        "_used_s",
        "late_s",
        "opened",
    )

    def __init__(self, network: Network, origin: Origin) -> None:
        self._network = network
        self._origin = origin
        self._prefix = origin.prefix.encode()
        self._host = b" HTTP/1.1\r\nHost: %s\r\n" % origin.netloc.encode()
        self.late_s = inf  # when the answer that is waited for is overdue
        self._sock: socket.socket | None = None
        self._readable: Any = None  # the event loop's watcher of the socket
        self._used_s = 0.0
        self._expired = False
        self.opened = 0  # connections made in this one's life; more than one tells of breaks

    def exchange(
        self, method: str, target: str, headers: bytes, body: bytes, timeout_s: float = LONGEST_TIMEOUT_S
    ) -> Reply:
        """Sends one request and reads its answer; never raises for what a network can do. `timeout_s`: to connect, and
        to read."""
        now_s = time.monotonic()
        try:
            sock = self._ready(now_s, timeout_s)
        except socket.gaierror:
            return Reply(0, failure="unreachable")
        except TimeoutError:
            return Reply(0, failure="timeout")
        except OSError:
            gevent.sleep(REFUSED_PAUSE_S)  # in scaled time a phone would try again after some milliseconds, and again
            return Reply(0, failure="refused")
        if method == "POST":
            line = b"POST %s%s%s%sContent-Length: %d\r\n\r\n%s"
            data = line % (self._prefix, target.encode(), self._host, headers, len(body), body)
        else:
            data = b"%s %s%s%s%s\r\n" % (method.encode(), self._prefix, target.encode(), self._host, headers)
        self.late_s = time.monotonic() + timeout_s
        try:
            return self._talk(sock, data)
        except (OSError, httptools.HttpParserError):
            self.close()
            return Reply(0, failure="timeout" if self._expired else "reset")
        finally:
            self.late_s = inf

    def _ready(self, now_s: float, timeout_s: float) -> socket.socket:
        """The open connection, or a new one where the server closed it while it was idle."""
        if self._sock is not None and now_s - self._used_s > _PROBE_AFTER_S and self._closed_by_server():
            self.close()
        if self._sock is None:
            self._sock = self._network.connect(self._origin, timeout_s)
            self._expired = False
            self.opened += 1
            self._network.watch(self)
            # a TLS socket may hold bytes that its descriptor no longer announces
            if not isinstance(self._sock, ssl.SSLSocket):
                self._readable = gevent.get_hub().loop.io(self._sock.fileno(), 1)
        return self._sock

    def _closed_by_server(self) -> bool:
        sock: Any = self._sock
        try:
            # gevent's recv would wait; the socket beneath it does not. Whatever is there before a request was made is
            # not its answer: an end of file, TLS's alert, or the 408 that some send before they close
            sock._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _talk(self, sock: socket.socket, data: bytes) -> Reply:
        sent = sock.send(data)
        if sent < len(data):
            sock.sendall(data[sent:])
        if self._readable is not None:
            gevent.get_hub().wait(self._readable)  # asking at once would find nothing yet, at the price of an exception
        chunk = sock.recv(_CHUNK)
        answer = _common(chunk)
        if answer is not None:
            self._used_s = time.monotonic()
            return answer
        self._body: list[bytes] = []
        self._complete = self._headed = self._framed = self._keep = False
        self._encoding = self._retry_after = b""
        parser = self._parser = httptools.HttpResponseParser(self)
        while True:
            if not chunk:
                if self._headed and not self._framed and not self._expired:
                    break  # an answer without a length ends with its connection
                raise ConnectionResetError
            parser.feed_data(chunk)
            if self._complete:
                break
            chunk = sock.recv(_CHUNK)
        self._used_s = time.monotonic()
        if not self._keep:
            self.close()
        return Reply(
            parser.get_status_code(),
            _plain(b"".join(self._body), self._encoding),
            self._retry_after.decode("latin-1") or None,
        )

    # httptools calls these while it parses

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer."""
        lower = name.lower()
        if lower == b"content-encoding":
            self._encoding = value.lower()
        elif lower == b"retry-after":
            self._retry_after = value
        elif lower == b"content-length" or lower == b"transfer-encoding":
            self._framed = True

    def on_headers_complete(self) -> None:
        """The answer's head is whole."""
        self._headed = True

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole. Only now the parser knows whether the connection stays."""
        self._complete = True
        self._keep = self._parser.should_keep_alive()

    def give_up(self) -> None:
        """Called by the watch: the answer is overdue. Ends the reading with an end of file."""
        self._expired = True
        if self._sock is not None:
            with suppress(OSError):
                # a TLS socket's own shutdown would take its state away from the greenlet that reads
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection; the next exchange makes a new one."""
        if self._sock is not None:
            self._network.forget(self)
            if self._readable is not None:
                self._readable.close()
                self._readable = None
            self._sock.close()
            self._sock = None


class PhoneTransport:
    """The connections of one phone: one to each host."""

    __slots__ = ("_connections", "_network")

    def __init__(self, network: Network) -> None:
        self._network = network
        self._connections: dict[Channel, Connection] = {}

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        connection = self._connections.get(request.channel) or self._connect(request.channel)
        return connection.exchange(request.method, request.target, request.headers, request.body, request.timeout_s)

    def _connect(self, channel: Channel) -> Connection:
        """A connection for all the channels that have the same origin."""
        origin = self._network.origins[channel]
        connection = Connection(self._network, origin)
        for other, its in self._network.origins.items():
            if its == origin:
                self._connections[other] = connection
        return connection

    def close(self) -> None:
        """Closes all connections of the phone."""
        for connection in self._connections.values():
            connection.close()


def _common(chunk: bytes) -> Reply | None:
    """The answer that nearly all are: a 200 that came whole in one piece, with its length and nothing else of note.

    Three quarters of an answer's parsing time are saved by looking for just that; None leaves it to the parser.
    """
    end = chunk.find(b"\r\n\r\n")
    if end < 0 or not chunk.startswith(b"HTTP/1.1 200 "):
        return None
    head = chunk[:end].lower()
    at = head.find(b"\r\ncontent-length: ")
    if at < 0 or b"encoding:" in head or b"\r\nconnection: close" in head:
        return None
    digits = head[at + 18 :].split(b"\r\n", 1)[0]
    if not digits.isdigit() or len(chunk) != end + 4 + int(digits):
        return None
    return Reply(200, chunk[end + 4 :])


def _plain(body: bytes, encoding: bytes) -> bytes:
    """The body without its content encoding. One that cannot be undone is left as it is; the SDK would not read it."""
    try:
        if encoding in (b"gzip", b"deflate"):
            return zlib.decompress(body, zlib.MAX_WBITS | 32)
        if encoding == b"br":
            return _without_brotli(body)
    except (zlib.error, ValueError):
        return body
    return body


def _without_brotli(body: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        return body
    try:
        return bytes(brotli.decompress(body))
    except brotli.error as error:
        raise ValueError from error
