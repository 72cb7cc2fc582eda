"""Phones, answers and hits in one short word each, so that a test shows only what its case is about."""

from __future__ import annotations

import json
from typing import Any

from footfall.phone import sdk
from footfall.phone.config import AppConfig
from footfall.phone.edge import Edge, EventHit
from footfall.phone.ids import Ids, run_key
from footfall.phone.signals import Reply, Request
from footfall.world.phones import PhoneModel
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.wire import JSON, IdentityItem

# the two phones of the SDK reference's User-Agent rows
IPHONE = PhoneModel("ios", "iPhone 14 Pro", "apple", "iPhone15,2", "D73AP", 1179, 2556, "17.5.1", 1.0)
PIXEL = PhoneModel("android", "Pixel 8", "Google", "Pixel 8", "AP1A.240405.002", 1080, 2400, "14", 1.0)

ECID = "1234567890123456789" + "4611686018427387905"
ANCHOR_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
KEY = run_key("run-1", 1)
SHOP = AppConfig()


def ok(body: bytes = b"") -> Reply:
    return Reply(200, body)


def busy(retry_after: str | None = None) -> Reply:
    return Reply(503, retry_after=retry_after)


TIMEOUT = Reply(0, failure="timeout")
RESET = Reply(0, failure="reset")
REFUSED = Reply(0, failure="refused")
UNREACHABLE = Reply(0, failure="unreachable")


def identities(email: str | None = None, model: PhoneModel = IPHONE) -> bytes:
    items = {"ECID": (IdentityItem(ECID),)}
    if email is not None:
        items["Email"] = (IdentityItem(email, authenticated_state="authenticated"),)
    return JSON[model.platform].identities(items)


def hit(
    event_id: str, xdm: dict[str, Any] | None = None, email: str | None = None, model: PhoneModel = IPHONE
) -> EventHit:
    event = ExperienceEvent("commerce.productViews", json.dumps(xdm or {"eventType": "commerce.productViews"}).encode())
    line = JSON[model.platform].event(event_id, ANCHOR_MS, event)
    return EventHit(0, event_id, event.type, line, identities(email, model))


def an_edge(model: PhoneModel = IPHONE, config: AppConfig = SHOP) -> Edge:
    """With collect consent given."""
    config = config.at("stream-1", ("lib",))
    edge = Edge(model, sdk.edge_headers(model, "en-US"), config, Ids(KEY, 0, model.platform))
    edge.collect = "y"
    return edge


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


def store(*entries: tuple[str, str, int]) -> dict[str, object]:
    """A record with a state:store handle: (key, value, maxAge) each."""
    payload = [{"key": key, "value": value, "maxAge": max_age} for key, value, max_age in entries]
    return {"handle": [{"type": "state:store", "payload": payload}]}


def location_hint(scope: str, hint: str, ttl_s: int) -> dict[str, object]:
    """A record with a locationHint:result handle."""
    payload = [{"scope": scope, "hint": hint, "ttlSeconds": ttl_s}]
    return {"handle": [{"type": "locationHint:result", "payload": payload}]}


def preferences(value: object) -> dict[str, object]:
    """A record with a consent:preferences handle of this one item."""
    return {"handle": [{"type": "consent:preferences", "payload": [value]}]}


def exchange(edge: Edge, at_ms: int, reply: Reply) -> Request:
    """Sends what is due and answers it at once."""
    request = edge.next_request(at_ms)
    assert request is not None
    edge.answered(at_ms, request.id, reply)
    return request


def state_at(edge: Edge, at_ms: int) -> dict[str, str]:
    """key -> value of what the next request brings along; it is answered, with nothing."""
    edge.put(hit("probe"))
    meta = sent(exchange(edge, at_ms, ok()))["meta"]
    return {entry["key"]: entry["value"] for entry in meta.get("state", {}).get("entries", [])}


def expect(actual: Any, golden: Any, where: str = "$") -> None:
    """Equal as JSON, key for key; STRING_TYPE stands for any string, entries of the state store come in any order."""
    if isinstance(golden, dict):
        assert isinstance(actual, dict), where
        assert actual.keys() == golden.keys(), where
        for key, value in golden.items():
            expect(actual[key], value, f"{where}.{key}")
    elif isinstance(golden, list):
        assert isinstance(actual, list), where
        assert len(actual) == len(golden), where
        if where == "$.meta.state.entries":
            actual = sorted(actual, key=lambda entry: entry["key"])
            golden = sorted(golden, key=lambda entry: entry["key"])
        for i, value in enumerate(golden):
            expect(actual[i], value, f"{where}[{i}]")
    elif golden == "STRING_TYPE":
        assert isinstance(actual, str), where
        assert actual, where
    elif golden == "CORE_VERSION+EDGE_VERSION":
        core, _, edge = actual.partition("+")
        assert core.count(".") == edge.count(".") == 2, where
    else:
        assert actual == golden, where
        assert type(actual) is type(golden), where
