"""Phones, answers and hits in one short word each, so that a test shows only what its case is about."""

from __future__ import annotations

import json
from typing import Any

from footfall.phone import sdk
from footfall.phone.edge import Edge, Hit
from footfall.phone.ids import Ids, run_key
from footfall.phone.signals import Reply, Request
from footfall.world.phones import PhoneModel
from footfall.xdm import wire

# the two phones of the SDK reference's User-Agent rows
IPHONE = PhoneModel("ios", "iPhone 14 Pro", "apple", "iPhone15,2", "D73AP", 1179, 2556, "17.5.1", 1.0)
PIXEL = PhoneModel("android", "Pixel 8", "Google", "Pixel 8", "AP1A.240405.002", 1080, 2400, "14", 1.0)

ECID = "1234567890123456789" + "4611686018427387905"
ANCHOR_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
KEY = run_key("run-1", 1)


def ok(body: bytes = b"") -> Reply:
    return Reply(200, body)


def busy(retry_after: str | None = None) -> Reply:
    return Reply(503, retry_after=retry_after)


TIMEOUT = Reply(0, failure="timeout")
RESET = Reply(0, failure="reset")
REFUSED = Reply(0, failure="refused")
UNREACHABLE = Reply(0, failure="unreachable")


def identities(email: str | None = None) -> bytes:
    items = [("ECID", (wire.IdentityItem(ECID),))]
    if email is not None:
        items.append(("Email", (wire.IdentityItem(email, authenticated_state="authenticated"),)))
    return wire.identity_map(items)


def hit(event_id: str, xdm: dict[str, Any] | None = None, email: str | None = None) -> Hit:
    body = json.dumps(xdm or {"eventType": "commerce.productViews"}).encode()
    return Hit(event_id, "commerce.productViews", wire.event(event_id, ANCHOR_MS, body), identities(email))


def an_edge(model: PhoneModel = IPHONE) -> Edge:
    return Edge(model, sdk.edge_headers(model, "en-US"), "stream-1", Ids(KEY, 0, model.platform))


def sent(request: Request | None) -> dict[str, Any]:
    """The body of a request as JSON."""
    assert request is not None, "expected a request to be sent"
    return json.loads(request.body)


def framed(*records: object) -> bytes:
    return b"".join(b"\0" + json.dumps(record).encode() + b"\n" for record in records)


def nearby(*pois: tuple[str, float, float, int]) -> bytes:
    """A Places answer: (id, lat, lon, radius_m) each."""
    rows = [
        {"p": [id, f"{id} place", str(lat), str(lon), radius_m, "lib", 1], "x": {"category": "cafe"}}
        for id, lat, lon, radius_m in pois
    ]
    return json.dumps({"places": {"userWithin": [], "pois": rows}, "input": None}).encode()
