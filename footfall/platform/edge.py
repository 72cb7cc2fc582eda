"""The Edge Network as a phone's SDK meets it: POST /ee[/{hint}]/v1/interact.

Edge acknowledges what it received and validates later, upstream: a bad event is answered 200 and stored as bad.
Sources: https://github.com/adobe/aepsdk-edge-ios (what the SDK sends, and reads of the answer),
https://developer.adobe.com/data-collection-apis/docs/endpoints/interact/ (handles, limits, error codes).
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from footfall.platform import problem_details
from footfall.platform.messages import Datastream, Outcome, Request, Response, StoredEvent
from footfall.platform.problem_details import edge_problem, method_not_allowed
from footfall.platform.validation import EventSchema

MOST_BODY_BYTES = 65_536
HINTS = frozenset({"or2", "va6", "irl1", "ind1", "jpn3", "sgp3", "aus3"})
HOME_HINT = "irl1"
HINT_TTL_S = 1_800
IDENTITY_MAX_AGE_S = 34_128_000

_INTERACT = re.compile(r"/(?:ee|ee-pre-prd)(?:/([^/]+))?/v1/interact")
# Edge also names application/x-jackson-smile, a binary JSON that no phone sends and this platform does not read.
_CONTENT_TYPES = frozenset({"application/json", "text/plain", "text/javascript"})


def interact(request: Request, datastreams: Mapping[str, Datastream], schema: EventSchema, now_ms: int) -> Outcome:
    """Answers one call under /ee and names the events to be stored before the answer is sent."""
    match = _INTERACT.fullmatch(request.path)
    if match is None or (match[1] is not None and match[1] not in HINTS):
        return Outcome(Response(404, (), b""))
    if request.method != "POST":
        return Outcome(method_not_allowed("POST"))
    query = parse_qs(request.query, keep_blank_values=True)
    request_id = _request_id(request, query, now_ms)
    body = _accepted_body(request, request_id)
    if isinstance(body, Response):
        return Outcome(body)
    datastream = _datastream(query.get("configId", [""])[0], datastreams, request_id)
    if isinstance(datastream, Response):
        return Outcome(datastream)
    refused = _refusal_of_shape(body, request_id)
    if refused is not None:
        return Outcome(refused)
    stored = tuple(_received(event, body.get("xdm", {}), datastream, schema, now_ms) for event in body["events"])
    return Outcome(_answer(body.get("meta"), stored[0].ecid, datastream, match[1] or HOME_HINT, request_id), stored)


def not_stored(request: Request, now_ms: int) -> Response:
    """What a phone hears when its events could not be made durable: it keeps the hit and tries again in 5 s."""
    query = parse_qs(request.query, keep_blank_values=True)
    detail = "The events could not be stored. Nothing of this request was kept."
    request_id = _request_id(request, query, now_ms)
    return edge_problem(problem_details.UPSTREAM_FAILED, detail, request_id, headers=(("retry-after", "5"),))


def _request_id(request: Request, query: Mapping[str, list[str]], now_ms: int) -> str:
    """The phone's own, which Edge repeats; where it sent none, one that is the same for the same request and time."""
    sent = query.get("requestId", [""])[0]
    if sent:
        return sent
    digest = hashlib.blake2b(request.body, digest_size=16, salt=now_ms.to_bytes(8, "big", signed=True))
    return str(uuid.UUID(bytes=digest.digest()))


def _accepted_body(request: Request, request_id: str) -> dict[str, Any] | Response:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _CONTENT_TYPES:
        detail = f"The content type '{media_type}' is not supported. Supported: {', '.join(sorted(_CONTENT_TYPES))}."
        return edge_problem(problem_details.CONTENT_TYPE, detail, request_id)
    if len(request.body) > MOST_BODY_BYTES:
        detail = f"The payload is larger than {MOST_BODY_BYTES} bytes."
        return edge_problem(problem_details.TOO_LARGE, detail, request_id)
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return edge_problem(problem_details.INVALID_JSON, f"The request body is not valid JSON: {error}.", request_id)
    if not isinstance(body, dict):
        return edge_problem(problem_details.FIELD_MISMATCH, "The request body must be a JSON object.", request_id)
    return body


def _datastream(config_id: str, datastreams: Mapping[str, Datastream], request_id: str) -> Datastream | Response:
    if not config_id:
        detail = "The query parameter 'configId' is missing."
        return edge_problem(problem_details.NO_DATASTREAM, detail, request_id)
    known = datastreams.get(config_id)
    if known is None:
        detail = f"The datastream '{config_id}' does not exist."
        return edge_problem(problem_details.INVALID_DATASTREAM, detail, request_id)
    return known


def _refusal_of_shape(body: dict[str, Any], request_id: str) -> Response | None:
    """Why Edge itself cannot take the body: only its frame counts, what is in an event is for validation."""
    events = body.get("events")
    if events is None or events == []:
        return edge_problem(problem_details.MISSING_VALUE, "The field 'events' has no value.", request_id)
    if not isinstance(events, list):
        return edge_problem(problem_details.FIELD_MISMATCH, "The field 'events' must be an array.", request_id)
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            detail = f"The field 'events[{index}]' must be an object."
            return edge_problem(problem_details.FIELD_MISMATCH, detail, request_id)
    for name in ("xdm", "meta"):
        if not isinstance(body.get(name, {}), dict):
            detail = f"The field '{name}' must be an object."
            return edge_problem(problem_details.FIELD_MISMATCH, detail, request_id)
    return None


def _received(
    event: dict[str, Any], shared_xdm: dict[str, Any], datastream: Datastream, schema: EventSchema, now_ms: int
) -> StoredEvent:
    """One event of a body, its shared context merged in, judged. Keys beside xdm (data, query, meta and what rules let
    through) are kept and not judged."""
    if isinstance(event.get("xdm"), dict):
        xdm = _merged(shared_xdm, event["xdm"])
        event = {**event, "xdm": xdm}
        reasons = schema.reasons(xdm)
    else:
        xdm = shared_xdm
        reasons = ("#: required key [xdm] not found",)
    return StoredEvent(
        id=_text(xdm, "_id"),
        run=datastream.run,
        datastream=datastream.id,
        ecid=_ecid(xdm.get("identityMap")),
        type=_text(xdm, "eventType"),
        good=not reasons,
        reasons=reasons,
        received_ms=now_ms,
        timestamp=_text(xdm, "timestamp"),
        body=msgspec.json.encode(event),
    )


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The event's own value wins; identityMap is merged by namespace, so that an app's identities join the ECID."""
    merged = {**shared, **own}
    shared_ids, own_ids = shared.get("identityMap"), own.get("identityMap")
    if isinstance(shared_ids, dict) and isinstance(own_ids, dict):
        merged["identityMap"] = {**shared_ids, **own_ids}
    return merged


def _text(xdm: dict[str, Any], name: str) -> str:
    value = xdm.get(name)
    return value if isinstance(value, str) else ""


def _ecid(identity_map: object) -> str:
    match identity_map:
        case {"ECID": [{"id": str(ecid)}, *_]}:
            return ecid
        case _:
            return ""


def _answer(meta: dict[str, Any] | None, ecid: str, datastream: Datastream, hint: str, request_id: str) -> Response:
    """200 with the routing hint and the state to keep: the identity only for a phone that brought none along."""
    meta = meta or {}
    key = f"kndctr_{datastream.org.replace('@', '_')}"
    entries: list[dict[str, Any]] = [{"key": f"{key}_cluster", "value": hint, "maxAge": HINT_TTL_S}]
    if not _brings(meta.get("state"), f"{key}_identity"):
        opaque = _opaque_identity(datastream.org, ecid)
        entries.insert(0, {"key": f"{key}_identity", "value": opaque, "maxAge": IDENTITY_MAX_AGE_S})
    record = msgspec.json.encode(
        {
            "requestId": request_id,
            "handle": [
                {
                    "payload": [{"scope": "EdgeNetwork", "hint": hint, "ttlSeconds": HINT_TTL_S}],
                    "type": "locationHint:result",
                },
                {"payload": entries, "type": "state:store"},
            ],
        }
    )
    before, after = _framing(meta)
    return Response(200, (("content-type", "application/json;charset=utf-8"),), before + record + after)


def _framing(meta: dict[str, Any]) -> tuple[bytes, bytes]:
    """What goes before and after the record: NUL and line feed, or what the phone asks for, or nothing."""
    match meta:
        case {"konductorConfig": {"streaming": {"enabled": True} as streaming}}:
            before, after = streaming.get("recordSeparator", "\0"), streaming.get("lineFeed", "\n")
            return (
                before.encode() if isinstance(before, str) else b"\0",
                after.encode() if isinstance(after, str) else b"\n",
            )
        case _:
            return (b"", b"")


def _brings(state: object, key: str) -> bool:
    match state:
        case {"entries": [*entries]}:
            return any(isinstance(entry, dict) and entry.get("key") == key for entry in entries)
        case _:
            return False


def _opaque_identity(org: str, ecid: str) -> str:
    """Means nothing to a phone, which only gives it back; the same for the same phone, so that runs repeat."""
    return base64.urlsafe_b64encode(hashlib.blake2b(f"{org} {ecid}".encode(), digest_size=24).digest()).decode()
