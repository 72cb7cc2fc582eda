"""The endpoints of devices and source systems in the OpenAPI document: as far as a person needs who sends by hand.
Adobe's documents say the rest."""

from __future__ import annotations

from footfall.platform.openapi_shapes import Json, answer, body, in_header, in_path, query, tagged

_HINT = in_path("hint", "the location hint of an earlier answer: or2, va6, irl1, ind1, jpn3, sgp3, aus3")
_TEST = in_header("x-footfall-test", "a tag that the stored events get, for ?test=, up to 100 characters")
_EDGE_QUERY = [
    query("configId", "the datastream; dataStreamId in v2", required=True),
    query("requestId", "repeated in the answer"),
    _TEST,
]
_PROBLEM = answer("An RFC 7807 problem of the family EXEG", "Problem", "application/problem+json")
_EDGE_REFUSALS: Json = {
    "400": _PROBLEM,
    "401": _PROBLEM,
    "404": {"description": "Unknown location hint; no body"},
    "413": _PROBLEM,
    "415": _PROBLEM,
    "422": _PROBLEM,
    "503": {**_PROBLEM, "description": "The store cannot take it; Retry-After says when to come back"},
}
_HANDLES = answer("requestId and handles (locationHint:result, state:store, ...), framed if asked", "Handles")


def _edge(summary: str, schema: str, responses: Json, description: str = "") -> Json:
    told: Json = {"description": description} if description else {}
    return {
        "summary": summary,
        **told,
        "parameters": _EDGE_QUERY,
        "requestBody": body(schema, "At most 64 KB"),
        "responses": {**responses, **_EDGE_REFUSALS},
    }


_INTERACT = _edge(
    "ExperienceEvents, answered with what the device is to keep and to show: what a phone's SDK sends",
    "Interact",
    {"200": _HANDLES, "207": {**_HANDLES, "description": "Handles, and errors of upstreams"}},
    "Answered 200 once the events are durable. An event that fails validation is answered 200 all the same and stored "
    "as bad, with the reasons. The same calls are taken under /ee-pre-prd, and with a location hint after /ee.",
)
_HINTED = "The same with the location hint of an answer before"
_V2 = "The same in version 2: the body has one event"
_COLLECT = _edge(
    "Events that want no answer", "Interact", {"202": answer("Taken, v2"), "204": {"description": "Taken, v1; no body"}}
)
_CONSENT = _edge("What a person says about collecting data: consent y, n or p", "Consent", {"200": _HANDLES})
_ACQUIRE = _edge("Who the device is, a new ECID where it has none", "Interact", {"200": _HANDLES})
_MEDIA = _edge(
    "Media sessions: sessionStart is answered with the session's id, everything later with nothing",
    "Interact",
    {"200": _HANDLES, "204": {"description": "Taken; no body"}},
)
_INLET_REFUSALS: Json = {
    "400": answer("The message cannot be read, or is not valid under synchronous validation"),
    "401": answer("The inlet wants a token and there is none"),
    "403": answer("The token has expired"),
    "404": answer("No such inlet"),
    "413": answer("More than 1 MB"),
    "415": answer("A content type or encoding that is not taken"),
    "503": answer("The store cannot take it; Retry-After says when to come back"),
}
_INLET_ID = in_path(
    "inlet", "the inlet's id, 64 hexadecimal digits as Adobe's have them; the local one is f00f sixteen times"
)
_INLET: Json = {
    "summary": "Streaming ingestion of one message",
    "parameters": [
        _INLET_ID,
        query("syncValidation", "true: an invalid message is answered 400 and not stored", "boolean"),
        _TEST,
    ],
    "requestBody": body("InletMessage", "At most 1 MB"),
    "responses": {"200": answer("Taken, with the id of the transaction"), **_INLET_REFUSALS,
                  "429": answer("More than 60 synchronous validations in a minute"),
                  "501": answer("The inlet has no synchronous validation")},
}  # fmt: skip
_BATCH: Json = {
    "summary": "Streaming ingestion of many messages",
    "parameters": [_INLET_ID, _TEST],
    "requestBody": body("InletBatch", "At most 1 MB"),
    "responses": {"207": answer("One entry per message, in their order"), **_INLET_REFUSALS},
}
_PLACES: Json = {
    "summary": "The Places Query Service: POIs around a position",
    "parameters": [
        query("library", "a library's id; may be repeated", required=True),
        query("latitude", "degrees", "number", required=True, minimum=-85, maximum=85),
        query("longitude", "degrees", "number", required=True, minimum=-180, maximum=180),
        query("limit", "at most so many POIs in all, 100 if absent", "integer", minimum=1),
    ],
    "responses": {
        "200": answer("userWithin by weight and radius, pois by distance to the edge of the circle", "Places"),
        "400": answer("Which parameter is missing or out of range"),
    },
}

_EDGE_PATHS: Json = {
    "/ee/v1/interact": {"post": _INTERACT},
    "/ee/{hint}/v1/interact": {"post": {**_INTERACT, "summary": _HINTED, "parameters": [_HINT, *_EDGE_QUERY]}},
    "/ee/v2/interact": {"post": {**_INTERACT, "summary": _V2}},
    "/ee/v1/collect": {"post": _COLLECT},
    "/ee/v2/collect": {"post": _COLLECT},
    "/ee/v1/privacy/set-consent": {"post": _CONSENT},
    "/ee/v1/identity/acquire": {"post": _ACQUIRE},
    "/ee/va/v1/sessionStart": {"post": _MEDIA},
}
PATHS: Json = {
    **tagged("Edge", _EDGE_PATHS),
    **tagged("Inlet", {"/collection/{inlet}": {"post": _INLET}, "/collection/batch/{inlet}": {"post": _BATCH}}),
    **tagged("Places", {"/placesedgequery": {"get": _PLACES}}),
}
