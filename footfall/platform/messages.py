"""What goes into the platform's core and what comes out of it. No socket, no framework: a request is a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Arrived = Literal["interact", "collect", "inlet", "inlet-batch", "profile"]
Collect = Literal["y", "n", "p"]


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


class StoredEvent(msgspec.Struct, frozen=True):
    """One ExperienceEvent as received. `good` is validation's verdict, `reasons` say why not, each a JSON pointer and
    the text of Adobe's validator.

    `id`, `ecid`, `type` and `timestamp` are taken from the event as it is, "" where it has none (or none that is a
    string); so is `person`, the id of its primary identity that is no ECID, or of the first such one. `body` is the
    event as JSON, its xdm merged with what the request shared among its events. `arrived` is the endpoint that took it,
    "profile" where it is no event but a record of a profile, `datastream` the datastream or inlet that it came through,
    `test` what the sender wrote into the header `x-footfall-test`. `run_ms` is when it was received by the clock of its
    run, which may be faster than the wall's."""

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
    arrived: Arrived = "interact"
    person: str = ""
    test: str = ""
    run_ms: int = 0


class ConsentChange(msgspec.Struct, frozen=True):
    """A person said, on the device with this ECID, whether the organisation may collect data."""

    org: str
    ecid: str
    collect: Collect


class Delivery(msgspec.Struct, frozen=True):
    """How the answer travels when a fault is at work: `delay_ms` late; `drip_ms` between its bytes' quarters; only its
    first `cut_at` bytes; or not at all, the connection reset `before` or `after` the events were stored."""

    delay_ms: int = 0
    drip_ms: int = 0
    cut_at: int | None = None
    reset: Literal["", "before", "after"] = ""


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a request, and what must be durable before the answer may leave."""

    response: Response
    stored: tuple[StoredEvent, ...] = ()
    consents: tuple[ConsentChange, ...] = ()
    delivery: Delivery | None = None
