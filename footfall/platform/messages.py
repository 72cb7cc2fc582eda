"""What goes into the platform's core and what comes out of it. No socket, no framework: a request is a value."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

LOCAL_RUN = "local"


class Request(msgspec.Struct, frozen=True):
    """One HTTP request. `query` is the raw query string without "?"; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Response(msgspec.Struct, frozen=True):
    """One HTTP response. `headers` does not hold the content length: who sends it knows the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Datastream(msgspec.Struct, frozen=True):
    """What a datastream id (`configId`) stands for: the organisation, and the run whose events arrive through it."""

    id: str
    org: str
    run: str


class StoredEvent(msgspec.Struct, frozen=True):
    """One ExperienceEvent as received. `good` is validation's verdict, `reasons` say why not, each a JSON pointer and
    the text of Adobe's validator.

    `id`, `ecid`, `type` and `timestamp` are taken from the event as it is, "" where it has none (or none that is a
    string). `body` is the event as JSON, its xdm merged with what the request shared among its events.
    """

    id: str
    run: str
    datastream: str
    ecid: str
    type: str
    good: bool
    reasons: tuple[str, ...]
    received_ms: int
    timestamp: str
    body: bytes


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a request, and what must be durable before the answer may leave."""

    response: Response
    stored: tuple[StoredEvent, ...] = ()
