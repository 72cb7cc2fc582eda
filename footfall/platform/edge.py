"""The Edge Network as devices and servers meet it: POST /ee[/{hint}]/v1/..., /v2/... and /va/v1/...

Edge acknowledges what it received and validates later, upstream: a bad event is answered 200 and stored as bad. Not
here, although Adobe's has it: cookies (a client keeps its state in meta.state), the check of namespaces (0013-422,
which needs an organisation's list of them), of an identity's format (0305, 0308: validation tells), and restrictions by
country (0400-403).
Sources: https://developer.adobe.com/data-collection-apis/docs/api/ (endpoints, statuses, error codes),
https://github.com/adobe/aepsdk-edge-ios (what the mobile SDK sends, and reads of the answer).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from footfall.platform import edge_answers, edge_call, problem_details
from footfall.platform.config import Datastream
from footfall.platform.consents import Consents
from footfall.platform.edge_answers import Offers
from footfall.platform.edge_call import MOST_BODY_BYTES, Call
from footfall.platform.edge_consent import set_consent
from footfall.platform.edge_events import Taken, collected, events_of, interacted
from footfall.platform.messages import Outcome, Request, Response
from footfall.platform.problem_details import Refusal, edge_problem, method_not_allowed
from footfall.platform.validation import EventSchema

__all__ = ["HINTS", "MOST_BODY_BYTES", "answer", "not_stored"]

HINTS = frozenset(edge_call.HINTS)

_VISIBLE = re.compile(r"[!-~]{1,300}")
_HEADER_NAMES = re.compile(r"[A-Za-z0-9, _-]{1,1000}")
_PREFLIGHT_S = 600


def answer(
    request: Request,
    datastreams: Mapping[str, Datastream],
    schemas: Mapping[str, EventSchema],
    consents: Consents,
    now_ms: int,
    offers: Offers = edge_answers.no_offers,
) -> Outcome:
    """Answers one call under /ee, and names the events and consents to be kept before the answer is sent. `schemas` has
    those that the datastreams name, by id. A browser's request, one with an Origin, is answered with the headers that
    let its page read the answer."""
    outcome = _answer(request, datastreams, schemas, consents, now_ms, offers)
    if "origin" not in request.headers:
        return outcome
    return msgspec.structs.replace(outcome, response=_readable(outcome.response, request))


def not_stored(request: Request, now_ms: int) -> Response:
    """What a device hears when its events could not be made durable: it keeps the hit and tries again in 5 s."""
    at = edge_call.route(request.path) or edge_call.Route("", "")
    id_ = edge_call.request_id(request, at, edge_call.parameters(request.query), now_ms)
    detail = "The events could not be stored. Nothing of this request was kept."
    response = edge_problem(problem_details.UPSTREAM_FAILED, detail, id_, headers=(("retry-after", "5"),))
    return _readable(response, request) if "origin" in request.headers else response


def _answer(
    request: Request,
    datastreams: Mapping[str, Datastream],
    schemas: Mapping[str, EventSchema],
    consents: Consents,
    now_ms: int,
    offers: Offers = edge_answers.no_offers,
) -> Outcome:
    at = edge_call.route(request.path)
    if at is None:
        return Outcome(Response(404, (), b""))
    if request.method == "OPTIONS":
        return Outcome(_preflight(request))
    if request.method != "POST":
        return Outcome(method_not_allowed("POST, OPTIONS"))
    query = edge_call.parameters(request.query)
    id_ = edge_call.request_id(request, at, query, now_ms)
    try:
        call = edge_call.read(request, at, query, id_, datastreams, now_ms)
        return _dispatched(call, schemas[call.datastream.schema], consents, offers)
    except Refusal as refusal:
        return Outcome(refusal.response(id_))


def _dispatched(call: Call, schema: EventSchema, consents: Consents, offers: Offers) -> Outcome:
    match call.endpoint:
        case "v1/interact" | "v2/interact":
            return _interact(call, schema, consents, offers)
        case "v1/collect" | "v2/collect":
            taken = collected(call, events_of(call), schema, consents)
            silent = call.silent or call.endpoint == "v1/collect"
            return Outcome(edge_answers.no_content() if silent else edge_answers.accepted(call), taken.stored)
        case "v1/privacy/set-consent":
            return set_consent(call, consents)
        case "v1/identity/acquire":
            return _acquire(call)
        case _:
            return _media(call, schema, consents)


def _interact(call: Call, schema: EventSchema, consents: Consents, offers: Offers) -> Outcome:
    events = events_of(call)
    taken = interacted(call, events, schema, consents)
    query = call.body.get("query")
    handles: list[edge_answers.Handle | msgspec.Raw] = []
    if any(map(edge_answers.asks_for_ecid, [event.get("query", query) for event in events])):
        handles.append(edge_answers.identity_result(taken.ecid))
    for index, event in enumerate(events):
        decided = edge_answers.decisions(event, query, call, taken.ecid, offers, index)
        if decided is not None and index not in taken.ignored:
            handles.append(decided)
    if call.datastream.segments and taken.stored:
        handles.append(edge_answers.segments(call.datastream))
    handles += (edge_answers.location_hint(call), edge_answers.state_store(call, taken.ecid))
    return Outcome(edge_answers.answered(call, handles, taken.ignored), taken.stored)


def _acquire(call: Call) -> Outcome:
    """Who the device is, a new one perhaps: what a page asks before it has anything to tell."""
    ecid = call.ecid or call.remembered_ecid or call.minted_ecid()
    handles: list[edge_answers.Handle | msgspec.Raw] = [
        edge_answers.identity_result(ecid),
        edge_answers.location_hint(call),
        edge_answers.state_store(call, ecid),
    ]
    return Outcome(edge_answers.answered(call, handles))


def _media(call: Call, schema: EventSchema, consents: Consents) -> Outcome:
    """A session's start is answered with its id, everything later with nothing."""
    taken: Taken = interacted(call, events_of(call), schema, consents)
    if call.endpoint != "va/v1/sessionStart":
        return Outcome(edge_answers.no_content(), taken.stored)
    handles: list[edge_answers.Handle | msgspec.Raw] = []
    if taken.stored:
        handles.append(edge_answers.media_session(call.minted("media session", 32).hex(), 0))
    handles.append(edge_answers.state_store(call, taken.ecid))
    return Outcome(edge_answers.answered(call, handles, taken.ignored), taken.stored)


def _preflight(request: Request) -> Response:
    """What a browser asks before a page of another origin may POST; the origin itself is answered by _readable."""
    wanted = request.headers.get("access-control-request-headers", "")
    headers = [("allow", "POST, OPTIONS")]
    if "origin" in request.headers:
        headers += [
            ("access-control-allow-methods", "POST, OPTIONS"),
            ("access-control-allow-headers", wanted if _HEADER_NAMES.fullmatch(wanted) else "content-type"),
            ("access-control-max-age", str(_PREFLIGHT_S)),
        ]
    return Response(204, tuple(headers), b"")


def _readable(response: Response, request: Request) -> Response:
    """With the headers that let the page of this Origin read it. The web SDK sends its requests with credentials,
    which forbids "*"."""
    origin = request.headers["origin"]
    if not _VISIBLE.fullmatch(origin):
        return response
    headers = (
        *response.headers,
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    )
    return msgspec.structs.replace(response, headers=headers)
