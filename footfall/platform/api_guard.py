"""Stands before the read and control APIs: who may ask at all, and how large a question may be."""

from __future__ import annotations

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footfall.platform.loopback import Token, refusal

MOST_BODY_BYTES = 65_536


def guarded(application: ASGIApp, token: Token | None) -> ASGIApp:
    """The application, for callers of this machine (403 for others), or, with a token, for who has it (401).
    Compressed bodies (415) and bodies beyond 64 KB (413) are refused."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refusal(scope, token)
        if refused is not None:
            await _refuse(send, *refused)
            return
        body = _Bounded(receive, send)
        await application(scope, body.receive, body.send)

    return call


def _refusal(scope: Scope, token: Token | None) -> tuple[int, str] | None:
    if token is None:
        why = refusal(_header(scope, b"host"), _header(scope, b"origin"))
        if why is not None:
            return 403, why
    elif not token.fits(_header(scope, b"authorization")):
        return 401, 'this platform listens beyond its machine and wants "Authorization: Bearer" and its token'
    if (_header(scope, b"content-encoding") or "identity").lower() != "identity":
        return 415, "content encodings are not accepted"
    length = _header(scope, b"content-length") or "0"
    if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
        return 413, f"a body may have {MOST_BODY_BYTES} bytes here"
    return None


def _header(scope: Scope, wanted: bytes) -> str | None:
    """The header's value; one that is there twice becomes a list, which is neither a host nor a token."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return ", ".join(values) if values else None


async def _refuse(send: Send, status: int, why: str) -> None:
    body = msgspec.json.encode({"error": why})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 413:  # the body stays unread, so the connection cannot carry another request
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Bounded:
    """`receive` and `send` of one request: where a body without a length grows too large, the answer is 413 and the
    application meets a client that went away."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._size = 0
        self._refused = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > MOST_BODY_BYTES:
            if not self._refused:
                self._refused = True
                await _refuse(self._send, 413, f"a body may have {MOST_BODY_BYTES} bytes here")
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self._refused:
            await self._send(message)
