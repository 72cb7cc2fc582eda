"""The data of an SDK event that asks Edge to send something, as an app or a rule writes it, and what Edge's request
builder makes of it.

Source: aepsdk-edge-ios RequestBuilder.swift, EdgeEndpoint and EventExtensions; mobile-sdk.md 1.1 and 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from footfall.world.phones import Platform
from footfall.xdm.events import ExperienceEvent, Overrides

_PATH = re.compile(r"/[/.a-zA-Z0-9-~_]+")
_ENCODER = msgspec.json.Encoder()


def experience_event(data: Mapping[str, Any], platform: Platform) -> ExperienceEvent | None:
    """The event that Edge makes of the data; None where there is none.

    `datasetId` becomes `meta.collect.datasetId` (iOS replaces `meta`, Android merges into it); `config` and `request`
    say where the event goes and are left out; `_id` is Edge's to give, and `timestamp` where it is missing or empty;
    every other key goes out as it is.
    """
    if not data:
        return None
    xdm = dict(_members(data.get("xdm")))
    xdm.pop("_id", None)
    timestamp = xdm.pop("timestamp", "")
    beside = {key: value for key, value in data.items() if key not in ("xdm", "datasetId", "config", "request")}
    dataset = str(data.get("datasetId") or "").strip()
    if dataset:
        own = _members(beside.get("meta")) if platform == "android" else {}
        collect = _members(own.get("collect"))
        beside["meta"] = {**own, "collect": {**collect, "datasetId": dataset}}
    event_type = xdm.get("eventType")
    return ExperienceEvent(
        event_type if isinstance(event_type, str) else "",
        _ENCODER.encode(xdm),
        beside=_ENCODER.encode(beside) if beside else b"",
        overrides=_overrides(_members(data.get("config")), _members(data.get("request"))),
        timestamp=timestamp if isinstance(timestamp, str) else "",
    )


def _members(value: object) -> Mapping[str, Any]:
    """The value if it is an object; what is none counts as absent."""
    return value if isinstance(value, Mapping) else {}


def _overrides(config: Mapping[str, Any], request: Mapping[str, Any]) -> Overrides | None:
    datastream = str(config.get("datastreamIdOverride") or "").strip()
    override = config.get("datastreamConfigOverride") or {}
    path = str(request.get("path") or "")
    if not _PATH.fullmatch(path) or "//" in path:
        path = ""
    if not (datastream or override or path):
        return None
    return Overrides(datastream, _ENCODER.encode(override) if override else b"", path)
