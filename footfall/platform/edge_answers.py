"""What Edge answers with: handles, and how records are framed.

Sources: https://developer.adobe.com/data-collection-apis/docs/endpoints/interact/ (handles), .../endpoints/media/ (a
media session), https://github.com/adobe/aepsdk-edge-ios (framing), https://github.com/adobe/alloy (identity:result,
and a lack of consent as a warning).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import msgspec

from footfall.platform import problem_details
from footfall.platform.config import Datastream, OfferedProposition
from footfall.platform.edge_call import HINTS, Call
from footfall.platform.edge_state import CLUSTER_MAX_AGE_S, entry, identity_entry
from footfall.platform.messages import Response
from footfall.platform.problem_details import embedded_problem

HINT_TTL_S = 1_800

_JSON_TYPE = (("content-type", "application/json;charset=utf-8"),)
_SCHEMAS = "https://ns.adobe.com/personalization/"
_VIEW = "__view__"  # the scope of a whole page or screen
_PERSONALIZATION_EVENTS = frozenset({"personalization.request", "decisioning.propositionFetch"})
# The hints of Target's and Audience Manager's own edges, as far as published answers show them.
_OTHER_SCOPES = MappingProxyType({"or2": ("35", "9"), "va6": ("34", "7"), "irl1": ("37", "6"), "ind1": ("41", "12")})
_ENCODER = msgspec.json.Encoder()

Handle = dict[str, Any]
Offers = Callable[[str, str, Iterable[str]], tuple[OfferedProposition, ...]]
"""What is to be shown, of a run, on a device (its ECID), for these scopes."""


def no_offers(run: str, ecid: str, scopes: Iterable[str]) -> tuple[OfferedProposition, ...]:
    """Nothing."""
    return ()


def _hint_handles(version: int) -> dict[str, msgspec.Raw]:
    """By hint. Version 1, which phones speak, names the Edge Network only: the SDK ignores the others."""
    handles = {}
    for hint in HINTS:
        target, audience_manager = _OTHER_SCOPES.get(hint, ("", "")) if version == 2 else ("", "")
        named = (("Target", target), ("AAM", audience_manager), ("EdgeNetwork", hint))
        payload = [{"scope": scope, "hint": value, "ttlSeconds": HINT_TTL_S} for scope, value in named if value]
        handles[hint] = msgspec.Raw(_ENCODER.encode({"payload": payload, "type": "locationHint:result"}))
    return handles


_HINTS_V1 = MappingProxyType(_hint_handles(1))
_HINTS_V2 = MappingProxyType(_hint_handles(2))


def location_hint(call: Call) -> msgspec.Raw:
    """Where the next requests go: the cluster that answers this one."""
    return (_HINTS_V2 if call.endpoint.startswith("v2/") else _HINTS_V1)[call.hint]


def state_store(call: Call, ecid: str, more: Iterable[dict[str, object]] = ()) -> Handle:
    """What the device is to keep: its identity only where it brought none along, the cluster always."""
    entries = [] if call.brings_identity else [identity_entry(call.datastream.org, ecid)]
    entries.append(entry(call.datastream.org, "cluster", call.hint, CLUSTER_MAX_AGE_S))
    return {"payload": [*entries, *more], "type": "state:store"}


def identity_result(ecid: str) -> Handle:
    """Who the device is."""
    return {"payload": [{"id": ecid, "namespace": {"code": "ECID"}}], "type": "identity:result"}


def media_session(session_id: str, event_index: int) -> Handle:
    """The session that a media tracker's later events name."""
    return {"payload": [{"sessionId": session_id}], "type": "media-analytics:new-session", "eventIndex": event_index}


def asks_for_ecid(query: object) -> bool:
    """Whether a query wants the device's ECID told."""
    match query:
        case {"identity": {"fetch": [*namespaces]}}:
            return "ECID" in namespaces
        case _:
            return False


def decisions(
    event: dict[str, Any], shared_query: object, call: Call, ecid: str, offers: Offers, index: int
) -> Handle | None:
    """The propositions for what an event asks for, none of them perhaps: those of the datastream, then those that
    journeys have for this device; None where it does not ask. An event that is a personalization request and names no
    scope asks for its whole view's."""
    query = event.get("query", shared_query)
    asked = query.get("personalization") if isinstance(query, dict) else None
    xdm = event.get("xdm")
    kind = xdm.get("eventType") if isinstance(xdm, dict) else None
    requests = isinstance(kind, str) and kind in _PERSONALIZATION_EVENTS
    if not isinstance(asked, dict):
        if not requests:
            return None
        asked = {}
    scopes = {*_texts(asked.get("surfaces")), *_texts(asked.get("decisionScopes"))}
    if requests and not scopes:
        scopes = {_VIEW}
    schemas = set(_texts(asked.get("schemas")))
    payload = []
    datastream = call.datastream
    for offered in (*datastream.propositions, *offers(datastream.run, ecid, scopes)):
        if offered.scope in scopes:
            items = _items(offered, schemas)
            if items:
                payload.append(_proposition(offered, items))
    return {"payload": payload, "type": "personalization:decisions", "eventIndex": index}


def segments(datastream: Datastream) -> Handle:
    """The device's audiences, as a custom personalization destination hands them out."""
    destination = uuid.UUID(bytes=blake2b(datastream.id.encode(errors="replace"), digest_size=16).digest(), version=4)
    item = {
        "type": "profileLookup",
        "destinationId": str(destination),
        "alias": datastream.id,
        "segments": [{"id": id_, "namespace": "ups"} for id_ in datastream.segments],
    }
    return {"payload": [item], "type": "activation:pull", "eventIndex": 0}


def answered(call: Call, handles: list[Handle | msgspec.Raw], ignored: tuple[int, ...] = ()) -> Response:
    """200 with one record. What was ignored for lack of consent is told among `warnings`: Adobe's web SDK reads it
    there, and an error would make the status 207."""
    record: dict[str, Any] = {"requestId": call.request_id, "handle": handles}
    if ignored:
        record["warnings"] = [embedded_problem(problem_details.NO_CONSENT, index) for index in ignored]
    before, after = _framing(call)
    return Response(200, _JSON_TYPE, before + _ENCODER.encode(record) + after)


def accepted(call: Call) -> Response:
    """202 with the request's id, as version 2's collect answers."""
    return Response(202, _JSON_TYPE, _ENCODER.encode({"requestId": call.request_id}))


def no_content() -> Response:
    """204."""
    return Response(204, (), b"")


def _framing(call: Call) -> tuple[bytes, bytes]:
    """What goes before and after the record: NUL and line feed, or what the device asks for, or nothing."""
    streaming = call.streaming
    if streaming is None:
        return (b"", b"")
    before, after = streaming.get("recordSeparator", "\0"), streaming.get("lineFeed", "\n")
    return (
        before.encode() if isinstance(before, str) else b"\0",
        after.encode() if isinstance(after, str) else b"\n",
    )


def _items(offered: OfferedProposition, schemas: set[str]) -> list[dict[str, object]]:
    """Those of the schemas that the device can show; all where it does not say."""
    return [
        {"id": offer.id, "schema": _SCHEMAS + offer.schema, "data": offer.data}
        for offer in offered.items
        if not schemas or _SCHEMAS + offer.schema in schemas
    ]


def _proposition(offered: OfferedProposition, items: list[dict[str, object]]) -> dict[str, object]:
    if offered.details:
        return {"id": offered.id, "scope": offered.scope, "scopeDetails": offered.details, "items": items}
    details: dict[str, object] = {"decisionProvider": "AJO", "correlationID": offered.id}
    if offered.activity:
        details["activity"] = {"id": offered.activity}
    return {"id": offered.id, "scope": offered.scope, "scopeDetails": details, "items": items}


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
