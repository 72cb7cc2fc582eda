"""One call to Edge without a platform around it."""

from __future__ import annotations

import json
from typing import Any

from footfall.platform import edge
from footfall.platform.config import LOCAL_ORG, Datastream
from footfall.platform.consents import Consents
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema
from footfall.platform.validation import EventSchema

NOW_MS = 1_772_882_130_123  # 2026-03-07T11:15:30.123Z
SCHEMA = event_schema()
ECID = "12345678901234567890123456789012345678"
OTHER_ECID = "87654321098765432109876543210987654321"
KEY = f"kndctr_{LOCAL_ORG.replace('@', '_')}"
STREAMING = {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}
LOCAL = Datastream("local")


def device(ecid: str = ECID) -> dict[str, Any]:
    """The identityMap of the SDK."""
    return {"ECID": [{"id": ecid, "authenticatedState": "ambiguous", "primary": False}]}


def ask(
    endpoint: str,
    body: object,
    *,
    query: str = "configId=local&requestId=R-1",
    method: str = "POST",
    datastream: Datastream = LOCAL,
    consents: Consents | None = None,
    now_ms: int = NOW_MS,
    schema: EventSchema = SCHEMA,
    **headers: str,
) -> Outcome:
    """POSTs `body` to /ee/{endpoint}; header names are written with _ for -. `schema` is the one that the datastream
    names."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(method, f"/ee/{endpoint}", query, sent, raw)
    return edge.answer(
        request, {datastream.id: datastream}, {datastream.schema: schema}, consents or Consents(), now_ms
    )


def record(outcome: Outcome) -> dict[str, Any]:
    """The one record of an answer, unframed."""
    read = json.loads(outcome.response.body.strip(b"\0\n"))
    assert isinstance(read, dict)
    return read


def payloads(outcome: Outcome, kind: str) -> list[Any]:
    """The payload of each handle of that type, in order."""
    return [handle["payload"] for handle in record(outcome)["handle"] if handle["type"] == kind]


def state(outcome: Outcome) -> dict[str, tuple[str, int]]:
    """The entries of state:store without the organisation's prefix: name -> (value, maxAge)."""
    (entries,) = payloads(outcome, "state:store")
    return {entry["key"].removeprefix(KEY + "_"): (entry["value"], entry["maxAge"]) for entry in entries}
