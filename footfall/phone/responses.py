"""What Edge answers, as the SDK reads it: records, and the handles in them.

Records are NUL + JSON + LF. iOS trims the NUL, so that an answer without framing is one record if it has no line feeds
in it; Android cuts the first character off each line, whatever it is, and cannot read such an answer. What cannot be
read, a record or one handle of it, is only logged by the SDK, and passed over here. Source: EdgeNetworkService
(handleStreamingResponse), NetworkResponseHandler of aepsdk-edge-{ios,android}.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote

import msgspec

from footfall.world.phones import Platform
from footfall.xdm.wire import StateEntry


class Handle(msgspec.Struct):
    """One handle: its type, which may be missing, and its payload, a JSON array."""

    type: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"[]")


class _Record(msgspec.Struct):
    handle: tuple[Handle, ...] = ()


class _Report(msgspec.Struct, frozen=True, rename="camel"):
    event_index: int = 0


class _Problem(msgspec.Struct):
    status: int = 0
    report: _Report = _Report()


class _Problems(msgspec.Struct):
    errors: tuple[msgspec.Raw, ...] = ()


class _Stored(msgspec.Struct, rename="camel"):
    key: str
    value: str
    max_age: int


class _Hint(msgspec.Struct, rename="camel"):
    scope: str = ""
    hint: str = ""
    ttl_seconds: int = 0


class _Choice(msgspec.Struct):
    val: str = ""


class _Preferences(msgspec.Struct):
    collect: _Choice | None = None


# DecodeError does not cover all that bytes from outside can do to msgspec
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_RECORD = msgspec.json.Decoder(_Record)
_PROBLEMS = msgspec.json.Decoder(_Problems)
_PROBLEM = msgspec.json.Decoder(_Problem)
_STORED = msgspec.json.Decoder(tuple[_Stored, ...])
_HINTS = msgspec.json.Decoder(tuple[_Hint, ...])
_PREFERENCES = msgspec.json.Decoder(tuple[_Preferences, ...])


def handles(body: bytes, platform: Platform) -> Sequence[Handle]:
    """All handles of an answer that the SDK of this platform can read, in order."""
    if body[:1] == b"\0" and body.find(b"\n") == len(body) - 1:  # one record, as nearly all answers are
        return _handles(body[1:-1])
    found: list[Handle] = []
    for text in _records(body) if platform == "ios" else _lines_cut(body):
        found += _handles(text)
    return found


def _handles(text: bytes) -> tuple[Handle, ...]:
    try:
        return _RECORD.decode(text).handle
    except UNREADABLE:
        return ()


def error_statuses(body: bytes, event_index: int = 0) -> tuple[int, ...]:
    """The statuses of the error entries in an answer's records that are about the request's event with this index (0
    where an entry names none), as far as they can be read. The SDK does nothing about them; they say what became of
    the event."""
    statuses: list[int] = []
    for text in _records(body):
        with suppress(*UNREADABLE):
            for entry in _PROBLEMS.decode(text).errors:
                with suppress(*UNREADABLE):  # an odd entry spoils no other
                    problem = _PROBLEM.decode(entry)
                    if problem.report.event_index == event_index:
                        statuses.append(problem.status)
    return tuple(statuses)


def _records(body: bytes) -> list[bytes]:
    return [text for line in body.split(b"\n") if (text := line.strip(b"\0 \r"))]


def _lines_cut(body: bytes) -> list[bytes]:
    return [line[1:] for line in body.split(b"\n") if len(line) > 1]


# Most answers of a server say the same as its last one did, to whichever phone: what they mean is worked out once.


@lru_cache(maxsize=256)
def stored(payload: bytes) -> tuple[StateEntry, ...]:
    """The entries of a `state:store` handle. Raises one of UNREADABLE."""
    return tuple(StateEntry(item.key, item.value, item.max_age) for item in _STORED.decode(payload))


@lru_cache(maxsize=256)
def hints(payload: bytes) -> tuple[tuple[str, int], ...]:
    """(hint, seconds to live) of scope EdgeNetwork in a `locationHint:result` handle, the hint as it stands in a path;
    other scopes are ignored. Raises one of UNREADABLE."""
    found = _HINTS.decode(payload)
    return tuple((quote(h.hint, safe=""), h.ttl_seconds) for h in found if h.scope == "EdgeNetwork" and h.hint)


def collect_preference(payload: bytes) -> str:
    """`collect.val` of the first item of a `consent:preferences` handle; empty where it says nothing of it. Raises one
    of UNREADABLE."""
    found = _PREFERENCES.decode(payload)
    return found[0].collect.val if found and found[0].collect is not None else ""
