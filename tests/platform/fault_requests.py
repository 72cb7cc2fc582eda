"""Requests that a fault may hit, and what a platform with one fault makes of them."""

from __future__ import annotations

import json
from typing import Any

from inlet_requests import MESSAGE
from inlet_requests import request as inlet_request
from platform_process import body, event

from footfall.platform.config import LOCAL_INLET, Fault, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema

BATCH = f"/collection/batch/{LOCAL_INLET}"
SINGLE = f"/collection/{LOCAL_INLET}"
PHONES = ["1" * 38, "2" * 38, "3" * 38]
ABOUT = f"inletId: [{LOCAL_INLET}] imsOrgId: [F00F00000000000000000000@AdobeOrg] "


def message(id_: str, ecid: str = PHONES[0]) -> dict[str, Any]:
    """A good message of this phone."""
    return {**MESSAGE, "body": {**MESSAGE["body"], "xdmEntity": event(id_, ecid)}}


def batch_of(*ids: str) -> bytes:
    """The body of a batch of one phone's good messages."""
    return json.dumps({"messages": [message(id_) for id_ in ids]}).encode()


def batch_request(body: bytes, inlet: str = LOCAL_INLET) -> Request:
    """The batch, on its way to an inlet."""
    return inlet_request(body, batch=True, inlet=inlet)


def request(ecid: str, path: str = "/ee/v1/interact") -> Request:
    """A phone's request."""
    return Request("POST", path, "", {}, body(event("a", ecid)))


def handled(rule: Fault, request: Request) -> Outcome:
    """What a platform with this fault makes of it."""
    return Platform((), event_schema(), PlatformConfig(faults=(rule,))).handle(request, 0)
