"""The bytes of one Edge request, spliced from parts that are encoded once.

Shape: adobe/aepsdk-edge-ios RequestBuilder.swift and the bodies its functional tests assert. Key order is free in JSON;
this is `meta`, `xdm`, `events`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import msgspec

_ENCODER = msgspec.json.Encoder()
_STREAMING = b'{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}}'


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


def identity_map(items: Iterable[tuple[str, tuple[IdentityItem, ...]]]) -> bytes:
    """`{"ECID":[{...}],"Email":[{...}]}` in the given order."""
    return _ENCODER.encode(dict(items))


def implementation_details(name: str, version: str) -> bytes:
    """`implementationDetails` of the request's shared xdm."""
    return _ENCODER.encode({"name": name, "version": version, "environment": "app"})


def event(event_id: str, at_ms: int, body: bytes) -> bytes:
    """One member of `events`: `_id` and `timestamp` (epoch ms) spliced into the event's own xdm."""
    head = f'{{"xdm":{{"_id":"{event_id}","timestamp":"{timestamp(at_ms)}"'.encode()
    return head + (b"," if len(body) > 2 else b"") + body[1:] + b"}"


def meta(entries: Iterable[StateEntry]) -> bytes:
    """The request's opening up to the end of `meta`; `state` is absent when there is nothing to send back."""
    state = list(entries)
    if not state:
        return _STREAMING + b"}"
    return _STREAMING + b',"state":{"entries":' + _ENCODER.encode(state) + b"}}"


def interact(meta_part: bytes, identities: bytes, details: bytes, events: Iterable[bytes]) -> bytes:
    """The whole body of `POST /ee/v1/interact`."""
    return b"".join(
        (
            meta_part,
            b',"xdm":{"identityMap":',
            identities,
            b',"implementationDetails":',
            details,
            b'},"events":[',
            b",".join(events),
            b"]}",
        )
    )
