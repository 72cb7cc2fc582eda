"""How the read API is asked and answers: parameters in, listings out."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from footfall.platform.stored import Filter, StoredRow

MOST_LISTED = 1_000
FILTERS = ("run", "phone", "person", "test", "type", "good", "since_ms", "after")
MOST_SEQ = 2**62


def json_response(value: object, status: int = 200) -> Response:
    """The value as the JSON answer."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def parameters(request: Request, *allowed: str) -> dict[str, str]:
    """The query's parameters; one that is unknown, repeated or empty is refused, or a typo would list everything."""
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in allowed:
            raise HTTPException(400, f"unknown parameter {name!r}; known here: {', '.join(allowed) or 'none'}")
        if name in query or not value:
            raise HTTPException(400, f"{name} must be given once, with a value")
        query[name] = value
    return query


def whole(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """The parameter as a whole number within its limits."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,19}", text) or not least <= int(text) <= most:
        raise HTTPException(400, f"{name} must be a whole number from {least} to {most}, but is {text!r}")
    return int(text)


def seconds(query: Mapping[str, str], name: str, default: float, *, most: float) -> float:
    """The parameter as seconds, "2" or "0.5"."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or float(text) > most:
        raise HTTPException(400, f"{name} must be seconds from 0 to {most:g}, but is {text!r}")
    return float(text)


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """The parameter as true or false, None where it is absent."""
    text = query.get(name)
    if text not in (None, "true", "false"):
        raise HTTPException(400, f"{name} must be true or false, but is {text!r}")
    return None if text is None else text == "true"


def filter_of(query: Mapping[str, str]) -> Filter:
    """Which events the parameters name."""
    return Filter(
        run=query.get("run"),
        ecid=query.get("phone"),
        person=query.get("person"),
        test=query.get("test"),
        type=query.get("type"),
        good=flag(query, "good"),
        since_ms=whole(query, "since_ms", 0, least=0, most=MOST_SEQ) if "since_ms" in query else None,
        after=whole(query, "after", 0, least=0, most=MOST_SEQ),
        limit=whole(query, "limit", 100, least=1, most=MOST_LISTED),
    )


def listing(row: StoredRow, *, body: bool = False) -> dict[str, object]:
    """An event as the API shows it, with the ExperienceEvent itself if `body`."""
    event = row.event
    shown: dict[str, object] = {
        "seq": row.seq,
        "id": event.id,
        "run": event.run,
        "datastream": event.datastream,
        "arrived": event.arrived,
        "ecid": event.ecid,
        "person": event.person,
        "test": event.test,
        "type": event.type,
        "good": event.good,
        "reasons": event.reasons,
        "received_ms": event.received_ms,
        "run_ms": event.run_ms,
        "timestamp": event.timestamp,
    }
    if body:
        shown["body"] = msgspec.Raw(event.body)
    return shown
