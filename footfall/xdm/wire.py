"""The bytes of one request, spliced from parts that are encoded once, as the SDK of either platform writes them.

Shape: adobe/aepsdk-edge-ios RequestBuilder.swift and the bodies its functional tests assert. Key order is free in JSON;
this is `meta`, `xdm`, `events`. Android writes compact JSON with `/` escaped (AOSP's JSONStringer, own knowledge), iOS
pretty-printed JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import msgspec

from footfall.world.phones import Platform
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.pretty import prettied

_ENCODER = msgspec.json.Encoder()
_STREAMING = {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}


class StateEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One `state:store` entry as it is sent back: with its original maxAge, in seconds."""

    key: str
    value: str
    max_age: int


class IdentityItem(msgspec.Struct, frozen=True, rename="camel"):
    """One identity of an identityMap."""

    id: str
    authenticated_state: str = "ambiguous"
    primary: bool = False


IdentityMap = Mapping[str, Sequence[IdentityItem]]


@lru_cache(maxsize=16)
def _date(epoch_day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=epoch_day)).isoformat()


_TWO = tuple(f"{n:02d}" for n in range(60))
_THREE = tuple(f"{n:03d}" for n in range(1000))


def timestamp(epoch_ms: int) -> str:
    """`yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`, UTC, as the SDK writes event times."""
    day, ms = divmod(epoch_ms, 86_400_000)
    minutes, ms = divmod(ms, 60_000)
    return f"{_date(day)}T{_TWO[minutes // 60]}:{_TWO[minutes % 60]}:{_TWO[ms // 1000]}.{_THREE[ms % 1000]}Z"


class Json(Protocol):
    """How one platform's SDK writes its requests. Parts are bytes that only the same writer takes."""

    def identities(self, items: IdentityMap) -> bytes:
        """`xdm.identityMap` of an interact request."""
        ...

    def details(self, name: str, version: str) -> bytes:
        """`xdm.implementationDetails`."""
        ...

    def meta(self, entries: Iterable[StateEntry], original: str = "", overrides: bytes = b"") -> bytes:
        """The opening of an interact request up to the end of `meta`. `state` is absent when there is nothing to send
        back, `sdkConfig` (the `original` datastream) and `configOverrides` when nothing is overridden."""
        ...

    def event(self, event_id: str, at_ms: int, event: ExperienceEvent) -> bytes:
        """One member of `events`: `_id` and `timestamp` (epoch ms) spliced into the event's own xdm."""
        ...

    def interact(self, meta: bytes, identities: bytes, details: bytes, events: Iterable[bytes]) -> bytes:
        """The whole body of `POST /ee/v1/interact`."""
        ...

    def consent(self, items: IdentityMap, value: Mapping[str, object]) -> bytes:
        """The whole body of `POST /ee/v1/privacy/set-consent`."""
        ...


def _meta_of(entries: Iterable[StateEntry], original: str, overrides: bytes) -> bytes:
    meta: dict[str, object] = {"konductorConfig": _STREAMING}
    state = tuple(entries)
    if state:
        meta["state"] = {"entries": state}
    if original:
        meta["sdkConfig"] = {"datastream": {"original": original}}
    if overrides:
        meta["configOverrides"] = msgspec.Raw(overrides)
    return _ENCODER.encode(meta)


def _consent_of(items: IdentityMap, value: Mapping[str, object]) -> bytes:
    return _ENCODER.encode(
        {
            "meta": {"konductorConfig": _STREAMING},
            "query": {"consent": {"operation": "update"}},
            "identityMap": items,
            "consent": [{"standard": "Adobe", "version": "2.0", "value": value}],
        }
    )


def _details_of(name: str, version: str) -> bytes:
    return _ENCODER.encode({"name": name, "version": version, "environment": "app"})


class AndroidJson:
    """Compact, `/` escaped."""

    def __init__(self) -> None:
        self._no_state = b'{"meta":' + _escaped(_meta_of((), "", b""))

    def identities(self, items: IdentityMap) -> bytes:
        """See Json."""
        return _escaped(_ENCODER.encode(items))

    def details(self, name: str, version: str) -> bytes:
        """See Json."""
        return _escaped(_details_of(name, version))

    def meta(self, entries: Iterable[StateEntry], original: str = "", overrides: bytes = b"") -> bytes:
        """See Json."""
        entries = tuple(entries)
        if not (entries or original or overrides):
            return self._no_state
        return b'{"meta":' + _escaped(_meta_of(entries, original, overrides))

    def event(self, event_id: str, at_ms: int, event: ExperienceEvent) -> bytes:
        """See Json."""
        body = event.body
        if b"/" in body:
            body = _escaped(body)
        when = _own_time(event) if event.timestamp else timestamp(at_ms)
        head = f'{{"xdm":{{"_id":"{event_id}","timestamp":"{when}"'.encode()
        if event.beside:
            beside = b"," + _escaped(event.beside)[1:]
            if event.stamped:
                beside = b'%b,"timestamp":%d}' % (beside[:-1], at_ms // 1000)
            return head + (b"," if len(body) > 2 else b"") + body[1:] + beside
        return head + (b"," if len(body) > 2 else b"") + body[1:] + b"}"

    def interact(self, meta: bytes, identities: bytes, details: bytes, events: Iterable[bytes]) -> bytes:
        """See Json."""
        joined = b",".join(events)
        return b'%b,"xdm":{"identityMap":%b,"implementationDetails":%b},"events":[%b]}' % (
            meta,
            identities,
            details,
            joined,
        )

    def consent(self, items: IdentityMap, value: Mapping[str, object]) -> bytes:
        """See Json."""
        return _escaped(_consent_of(items, value))


class IosJson:
    """Pretty-printed, `/` escaped."""

    def __init__(self) -> None:
        self._no_state = b'{\n  "meta" : ' + prettied(_meta_of((), "", b""), 1)

    def identities(self, items: IdentityMap) -> bytes:
        """See Json."""
        return prettied(_ENCODER.encode(items), 2)

    def details(self, name: str, version: str) -> bytes:
        """See Json."""
        return prettied(_details_of(name, version), 2)

    def meta(self, entries: Iterable[StateEntry], original: str = "", overrides: bytes = b"") -> bytes:
        """See Json."""
        entries = tuple(entries)
        if not (entries or original or overrides):
            return self._no_state
        return b'{\n  "meta" : ' + prettied(_meta_of(entries, original, overrides), 1)

    def event(self, event_id: str, at_ms: int, event: ExperienceEvent) -> bytes:
        """See Json."""
        when = _own_time(event) if event.timestamp else timestamp(at_ms)
        head = f'    {{\n      "xdm" : {{\n        "_id" : "{event_id}",\n        "timestamp" : "{when}"'.encode()
        members = _members(event.body) if len(event.body) > 2 else b"\n      }"
        if event.beside:
            return b"%b%b,%b" % (head, members, prettied(event.beside, 2)[1:])
        return b"%b%b\n    }" % (head, members)

    def interact(self, meta: bytes, identities: bytes, details: bytes, events: Iterable[bytes]) -> bytes:
        """See Json."""
        joined = b",\n".join(events)
        return (
            b'%b,\n  "xdm" : {\n    "identityMap" : %b,\n    "implementationDetails" : %b\n  },\n'
            b'  "events" : [\n%b\n  ]\n}' % (meta, identities, details, joined)
        )

    def consent(self, items: IdentityMap, value: Mapping[str, object]) -> bytes:
        """See Json."""
        return prettied(_consent_of(items, value), 0)


@lru_cache(maxsize=2048)
def _members(body: bytes) -> bytes:
    """An iOS event's own members, behind `_id` and `timestamp`: looks at the same products and crossings of the same
    places come again and again."""
    return b"," + prettied(body, 3)[1:]


def _own_time(event: ExperienceEvent) -> str:
    # what an app gives as timestamp may be any text
    return _escaped(_ENCODER.encode(event.timestamp)).decode()[1:-1]


def _escaped(compact: bytes) -> bytes:
    # a / stands in JSON only within strings, and msgspec leaves it alone
    return compact.replace(b"/", b"\\/")


JSON: dict[Platform, Json] = {"ios": IosJson(), "android": AndroidJson()}
