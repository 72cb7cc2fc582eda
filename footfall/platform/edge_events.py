"""The events of a call: completed as Edge completes them, judged, or ignored for lack of consent.

Edge gives an event what it lacks. Adobe's documents say so of the ECID, which joins the identities of whom an event
names. Of `_id`, and of the timestamp (when it was received), they do not: it is concluded from the class of events,
which requires both, and from the samples of https://developer.adobe.com/data-collection-apis/docs/endpoints/, which
have no `_id` (those of media no timestamp either). What is there, of whatever shape, is kept: that is for validation.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from footfall.platform import problem_details
from footfall.platform.arrivals import ecid_of, received
from footfall.platform.consents import Consents
from footfall.platform.edge_call import Call
from footfall.platform.messages import Arrived, StoredEvent
from footfall.platform.problem_details import Refusal
from footfall.platform.validation import EventSchema

_EPOCH = datetime.datetime(1970, 1, 1)


class Taken(msgspec.Struct, frozen=True):
    """What became of the events: those to be stored, in order, and the indexes of those that were ignored because their
    device's collect consent is no. `ecid` is the device's that called, "" where it has none."""

    stored: tuple[StoredEvent, ...]
    ignored: tuple[int, ...]
    ecid: str


# Each event gets the shared xdm merged in: without a limit 64 KB of a request could become 90 MB in the store.
MOST_EVENTS = 500


def events_of(call: Call) -> list[dict[str, Any]]:
    """The call's events, or Refusal for a frame that holds none: `event`, which version 2's interact has, or
    `events`. Only the frame counts here."""
    name, events = "events", call.body.get("events")
    if call.endpoint == "v2/interact" and "event" in call.body:
        name, events = "event", [call.body["event"]]
    if events is None or events in ([], [None]):
        raise Refusal(problem_details.MISSING_VALUE, f"The '{name}' field is mandatory. Provide a valid value.")
    if not isinstance(events, list):
        raise Refusal(problem_details.FIELD_MISMATCH, f"The field '{name}' must be an array.")
    if len(events) > MOST_EVENTS:
        raise Refusal(problem_details.TOO_LARGE, f"The field '{name}' holds {MOST_EVENTS} events at most.")
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            field = name if name == "event" else f"events[{index}]"
            raise Refusal(problem_details.FIELD_MISMATCH, f"The field '{field}' must be an object.")
    return events


def interacted(call: Call, events: list[dict[str, Any]], schema: EventSchema, consents: Consents) -> Taken:
    """Of one device: its ECID is the one it shares among its events, its first event's, the one it was given before, or
    a new one."""
    ecid = call.ecid or _own_ecid(events[0]) or call.remembered_ecid or call.minted_ecid()
    return _taken(call, events, ecid, schema, consents, "interact")


def collected(call: Call, events: list[dict[str, Any]], schema: EventSchema, consents: Consents) -> Taken:
    """Of several people, perhaps: only what was shared, or given before, joins an event's own identities. An event
    without any identity refuses the call; through an authenticated datastream one must be marked primary, on a device's
    Edge takes the ECID where none is marked."""
    shared = call.body.get("xdm", {}).get("identityMap")
    ecid = call.ecid or call.remembered_ecid
    for index, event in enumerate(events):
        xdm = event.get("xdm")
        own = xdm.get("identityMap") if isinstance(xdm, dict) else None
        if not (_identified(own, call) or _identified(shared, call) or (ecid and not call.datastream.authenticated)):
            detail = f"There was no primary identity provided for event `#{index}`."
            raise Refusal(problem_details.NO_PRIMARY_IDENTITY, detail)
    return _taken(call, events, ecid, schema, consents, "collect")


def _taken(
    call: Call,
    events: list[dict[str, Any]],
    ecid: str,
    schema: EventSchema,
    consents: Consents,
    arrived: Arrived,
) -> Taken:
    shared: dict[str, Any] = call.body.get("xdm", {})
    datastream = call.datastream
    stored: list[StoredEvent] = []
    ignored: list[int] = []
    for index, event in enumerate(events):
        own = event.get("xdm")
        device = ecid
        if isinstance(own, dict):
            xdm = event["xdm"] = _completed(_merged(shared, own), ecid, call, index)
            if "identityMap" in own:
                device = ecid_of(xdm["identityMap"]) or ecid
        else:
            xdm = shared
        if any(consents.collect(datastream.org, one, datastream.consent) == "n" for one in _devices(xdm, device)):
            ignored.append(index)
            continue
        reasons = schema.reasons(xdm) if xdm is not shared else ("#: required key [xdm] not found",)
        stored.append(received(event, xdm, reasons, datastream, call.request, arrived, call.now_ms))
    return Taken(tuple(stored), tuple(ignored), ecid)


def _devices(xdm: dict[str, Any], first: str) -> list[str]:
    """All ECIDs of an event: one that declined is enough."""
    match xdm.get("identityMap"):
        case {"ECID": [_, _, *_] as items}:
            return [item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]
        case _:
            return [first]


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The event's own value wins; identityMap is merged by namespace, so that an app's identities join the ECID."""
    merged = {**shared, **own}
    if "identityMap" in own:
        shared_ids, own_ids = shared.get("identityMap"), own["identityMap"]
        if isinstance(shared_ids, dict) and isinstance(own_ids, dict):
            merged["identityMap"] = {**shared_ids, **own_ids}
    return merged


def _completed(xdm: dict[str, Any], ecid: str, call: Call, index: int) -> dict[str, Any]:
    """The same object, with what was missing."""
    if "_id" not in xdm:
        xdm["_id"] = call.minted_uuid(f"event {index}")
    if "timestamp" not in xdm:
        clock = call.datastream.clock
        xdm["timestamp"] = _iso(call.now_ms if clock is None else clock.at(call.now_ms))
    identity_map = xdm.get("identityMap", {})
    if ecid and isinstance(identity_map, dict) and "ECID" not in identity_map:
        item = {"id": ecid, "authenticatedState": "ambiguous", "primary": not _has_primary(identity_map)}
        xdm["identityMap"] = {**identity_map, "ECID": [item]}
    return xdm


def _identified(identity_map: object, call: Call) -> bool:
    """Whether it names anybody; where a token is wanted, whether it names somebody first of all."""
    if not isinstance(identity_map, dict):
        return False
    if call.datastream.authenticated:
        return _has_primary(identity_map)
    return any(
        isinstance(items, list) and any(isinstance(item, dict) and item.get("id") for item in items)
        for items in identity_map.values()
    )


def _has_primary(identity_map: dict[str, Any]) -> bool:
    """Adobe's samples write the string "true", the specification says boolean."""
    return any(
        isinstance(item, dict) and item.get("primary") in (True, "true")
        for items in identity_map.values()
        if isinstance(items, list)
        for item in items
    )


def _own_ecid(event: dict[str, Any]) -> str:
    xdm = event.get("xdm")
    return ecid_of(xdm.get("identityMap")) if isinstance(xdm, dict) else ""


def _iso(ms: int) -> str:
    """UTC, as the SDK writes it: yyyy-MM-dd'T'HH:mm:ss.SSS'Z'."""
    return (_EPOCH + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"
