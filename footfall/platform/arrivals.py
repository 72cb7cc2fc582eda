"""One event as it arrived, whichever endpoint took it: what the lake keeps of it."""

from __future__ import annotations

from typing import Any

import msgspec

from footfall.platform.config import Datastream, Inlet
from footfall.platform.messages import Arrived, Request, StoredEvent

TEST_HEADER = "x-footfall-test"
_ENCODER = msgspec.json.Encoder()


def received(
    event: dict[str, Any],
    xdm: dict[str, Any],
    reasons: tuple[str, ...],
    through: Datastream | Inlet,
    request: Request,
    arrived: Arrived,
    now_ms: int,
) -> StoredEvent:
    """`event` is kept as it is; `xdm` (its own, shared context merged in) is where its ids are read from; `reasons` say
    why it is not valid."""
    identity_map = xdm.get("identityMap")
    return StoredEvent(
        id=_text(xdm, "_id"),
        run=through.run,
        datastream=through.id,
        ecid=ecid_of(identity_map),
        type=_text(xdm, "eventType"),
        good=not reasons,
        reasons=reasons,
        received_ms=now_ms,
        timestamp=_text(xdm, "timestamp"),
        body=_ENCODER.encode(event),
        arrived=arrived,
        person=person_of(identity_map),
        test=request.headers.get(TEST_HEADER, "")[:100],
        run_ms=now_ms if through.clock is None else through.clock.at(now_ms),
    )


def ecid_of(identity_map: object) -> str:
    """The first ECID of an identityMap, "" where there is none."""
    match identity_map:
        case {"ECID": [{"id": str(ecid)}, *_]}:
            return ecid
        case _:
            return ""


def person_of(identity_map: object) -> str:
    """The id of the primary identity that is no ECID, else the first one that is none; "" for an anonymous device."""
    if not isinstance(identity_map, dict):
        return ""
    first = ""
    for namespace, items in identity_map.items():
        if namespace == "ECID" or not isinstance(items, list):
            continue
        for item in items:
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                if item.get("primary") is True:
                    return str(item["id"])
                first = first or item["id"]
    return first


def _text(xdm: dict[str, Any], name: str) -> str:
    value = xdm.get(name)
    return value if isinstance(value, str) else ""
