"""Reads requests of devices from a connection's bytes, within limits. No socket: bytes in, requests out."""

from __future__ import annotations

from collections import deque

import httptools

from footfall.platform.messages import Request, Response

PREFIXES = ("/ee/", "/ee-pre-prd/", "/placesedgequery", "/collection/")
MOST_HEADER_BYTES = 16_384
MOST_HEADERS = 64

_PROBLEM = (("content-type", "application/problem+json"),)


def problem(status: int, title: str) -> Response:
    """An answer to what never reaches the platform's core. `title` needs no escaping."""
    return Response(status, _PROBLEM, b'{"status":%d,"title":"%b"}' % (status, title.encode()))


def most_body_bytes(path: str) -> int:
    """How much of a body is read at all: what the endpoint takes and one byte more, so that it can say it is too
    large."""
    return (1_048_576 if path.startswith("/collection/") else 65_536) + 1


class Whole:
    """One request that has been read, and whether another may follow on its connection. `request` is the answer at once
    where there is nothing to ask the platform."""

    __slots__ = ("keep", "method", "request")

    def __init__(self, request: Request | Response, keep: bool, method: str = "POST") -> None:
        self.request = request
        self.keep = keep
        self.method = method


class RequestReader:
    """Of one connection. `whole` holds what was read, in order. After something that is not HTTP, or beyond a limit,
    its last entry is the refusal, and the reader is `ended`: it takes nothing any more."""

    def __init__(self) -> None:
        self.whole: deque[Whole] = deque()
        self.begun = 0  # requests so far, the one that is not complete included
        self.between = True  # no request has begun that is not complete
        self.ended = False
        self.continue_wanted = False  # the client waits for a word before it sends the body
        self._parser = httptools.HttpRequestParser(self)
        self._clear()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes."""
        if self.ended:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request before it was read, as one that asks for no upgrade
        except httptools.HttpParserError:  # also what a callback below raised
            self._end(problem(400, "This is not HTTP"))

    def _clear(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = self._head_lines = self._size = 0
        self._in_head = True
        self._most = 0
        self._body: list[bytes] = []

    def _end(self, refusal: Response) -> None:
        if not self.ended:
            self.ended = True
            self.whole.append(Whole(refusal, keep=False))

    # httptools calls these

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.between = False
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        """The request's target, or a piece of it."""
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; of those after a chunked body none is used."""
        self._count(len(name) + len(value))
        self._head_lines += 1
        if self._head_lines > MOST_HEADERS:
            self._end(problem(431, "Too many headers"))
        elif self._in_head:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEADER_BYTES:
            self._end(problem(431, "The head of the request is too large"))

    def on_headers_complete(self) -> None:
        """The head is whole: what can be refused without the body is."""
        self._in_head = False
        path = self._url.decode("latin-1")
        self._most = most_body_bytes(path)
        length, headers = self._headers.get("content-length", "0"), self._headers
        if self.ended:
            return
        if not path.startswith(PREFIXES):  # pipelined behind a device's request: HTTP's "try another connection"
            self._end(problem(421, "Ask this on a connection of its own"))
        elif headers.get("transfer-encoding", "chunked").lower() != "chunked":
            self._end(problem(501, "The only transfer encoding is chunked"))
        elif headers.get("content-encoding", "identity").lower() != "identity":
            self._end(problem(415, "Content encodings are not accepted"))  # what is small here may be a bomb
        elif int(length) >= self._most:
            self._too_large()
        else:
            self.continue_wanted = headers.get("expect", "").lower() == "100-continue"

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.ended:
            return
        self.continue_wanted = False
        self._body.append(body)
        self._size += len(body)
        if self._size >= self._most:
            self._too_large()

    def _too_large(self) -> None:
        """The platform words the refusal: it gets a body that is one byte too long, whatever was sent."""
        self._body = [bytes(self._most)]
        self._complete(keep=False)
        self.ended = True

    def on_message_complete(self) -> None:
        """The request is whole."""
        if not self.ended:
            self.ended = self._parser.should_upgrade()  # not here, but then the parser reads no further
            self._complete(keep=self._parser.should_keep_alive() and not self.ended)

    def _complete(self, keep: bool) -> None:
        url = httptools.parse_url(self._url)
        method = self._parser.get_method().decode("latin-1")
        request = Request(
            method=method,
            path=(url.path or b"/").decode("latin-1"),
            query=(url.query or b"").decode("latin-1"),
            headers=self._headers,
            body=self._body[0] if len(self._body) == 1 else b"".join(self._body),
        )
        self.whole.append(Whole(request, keep, method))
        self.between = True
        self.continue_wanted = False
        self._clear()
