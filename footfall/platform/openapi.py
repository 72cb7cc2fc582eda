"""The platform's HTTP interface as an OpenAPI document: the docs page is drawn from it.

The tests hold it to the routes, to the API's limits and to what is really answered.
"""

from __future__ import annotations

from typing import Any

from footfall import __version__

Json = dict[str, Any]


def document() -> Json:
    """OpenAPI 3.1, as JSON-ready values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Footfall platform",
            "version": __version__,
            "description": "A local Experience Platform for simulated phones: Edge Network, Places, and what arrived.",
        },
        "paths": {
            "/ee/v1/interact": {"post": _INTERACT},
            "/ee/{hint}/v1/interact": {"post": {**_INTERACT, "parameters": [_HINT, *_INTERACT["parameters"]]}},
            "/placesedgequery": {"get": _PLACES},
            "/api": {"get": _get("What can be asked", {"200": _answer("Every method and path, with its summary")})},
            "/api/health": {"get": _get("Whether it runs, and where it stores", {"200": _answer("It runs", "Health")})},
            "/api/counts": {
                "get": _get("How many events arrived", {"200": _answer("Counts", "Counts")}, [_query("run", _RUN)])
            },
            "/api/good": {"get": _get("Events that passed validation", _LIST, [_query("run", _RUN), *_PAGING])},
            "/api/bad": {"get": _get("Events that did not, with the reasons", _LIST, [_query("run", _RUN), *_PAGING])},
            "/api/events": {
                "get": _get(
                    "Events in the order of their arrival",
                    _LIST,
                    [_query("run", _RUN), _query("good", "true or false", "boolean"), *_PAGING],
                )
            },
            "/api/events/{id}": {
                "get": _get(
                    "Every stored copy of one event, with its body",
                    {"200": _answer("The copies, oldest first", "Copies"), "404": _ERROR},
                    [_in_path("id", "the event's _id")],
                )
            },
            "/api/runs": {
                "get": _get("Runs, their datastreams and counts", {"200": _answer("Runs", "Runs")}),
                "post": _REGISTER,
            },
            "/api/runs/{run}/received": {"get": _RECEIVED},
            "/api/reset": {
                "post": {
                    "summary": "Forget the events of one run, or of all",
                    "parameters": [_query("run", _RUN)],
                    "responses": {"200": _answer("Forgotten"), "403": _ERROR, "503": _ERROR},
                }
            },
        },
        "components": {"schemas": _SCHEMAS},
    }


def _get(summary: str, responses: Json, parameters: list[Json] | None = None) -> Json:
    if parameters:
        responses = {**responses, "400": _ERROR}
    return {"summary": summary, "parameters": parameters or [], "responses": responses}


def _answer(description: str, schema: str | None = None) -> Json:
    shape: Json = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {"description": description, "content": {"application/json": {"schema": shape}}}


def _query(name: str, description: str, kind: str = "string", *, required: bool = False, **limits: int) -> Json:
    schema = {"type": kind, **limits}
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def _in_path(name: str, description: str) -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _record(required: tuple[str, ...] | None = None, **properties: Json) -> Json:
    names = list(properties) if required is None else list(required)
    return {"type": "object", "required": names, "additionalProperties": False, "properties": properties}


_RUN = "only events of this run"
_ERROR = _answer("Why not", "Error")
_LIST = {"200": _answer("A page of events; `next` is the `after` of the following page, null at the end", "Events")}
_PAGING = [
    _query("phone", "only events of this ECID"),
    _query("type", "only this eventType"),
    _query("after", "only events beyond this sequence number", "integer", minimum=0),
    _query("limit", "at most so many, 100 if absent", "integer", minimum=1, maximum=1_000),
]
_HINT = _in_path("hint", "the location hint of an earlier answer: or2, va6, irl1, ind1, jpn3, sgp3, aus3")
_PROBLEM = {
    "description": "An RFC 7807 problem of the family EXEG",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_INTERACT: Json = {
    "summary": "What a phone's SDK sends: one or more ExperienceEvents",
    "description": (
        "Answered 200 once the events are durable. An event that fails validation is answered 200 all the same and "
        "stored as bad, with the reasons. The same calls are taken under /ee-pre-prd."
    ),
    "parameters": [
        _query("configId", "the datastream", required=True),
        _query("requestId", "repeated in the answer"),
    ],
    "requestBody": {
        "required": True,
        "description": "At most 64 KB: meta, xdm (shared by the events), events",
        "content": {"application/json": {"schema": {"type": "object", "required": ["events"]}}},
    },
    "responses": {
        "200": {
            "description": "requestId and handles (locationHint:result, state:store), framed if asked",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "400": _PROBLEM,
        "404": {"description": "Unknown location hint; no body"},
        "413": _PROBLEM,
        "415": _PROBLEM,
        "503": {**_PROBLEM, "description": "The store cannot take it; Retry-After says when to come back"},
    },
}
_PLACES: Json = {
    "summary": "The Places Query Service: POIs around a position",
    "parameters": [
        _query("library", "a library's id; may be repeated", required=True),
        _query("latitude", "degrees", "number", required=True, minimum=-85, maximum=85),
        _query("longitude", "degrees", "number", required=True, minimum=-180, maximum=180),
        _query("limit", "at most so many POIs in all, 100 if absent", "integer", minimum=1),
    ],
    "responses": {
        "200": _answer("userWithin by weight and radius, pois by distance to the edge of the circle", "Places"),
        "400": _answer("Which parameter is missing or out of range"),
    },
}
_REGISTER: Json = {
    "summary": "Tie a datastream to a run",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Registration"}}},
    },
    "responses": {
        "200": _answer("It was tied to this run already", "Registered"),
        "201": _answer("Phones may send through it now", "Registered"),
        "400": _ERROR,
        "403": _ERROR,
        "409": {**_ERROR, "description": "The datastream belongs to another run"},
        "503": _ERROR,
    },
}
_RECEIVED: Json = {
    "summary": "What arrived in a run, a JSON line per event, for reconciliation",
    "parameters": [
        _in_path("run", "the run's id"),
        _query("after", "only events beyond this sequence number", "integer", minimum=0),
        _query("limit", "at most so many lines, 50000 if absent; fewer lines mean the end", "integer", minimum=1),
    ],
    "responses": {
        "200": {
            "description": "seq, id, type, good, reasons, ecid",
            "content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Received"}}},
        },
        "400": _ERROR,
        "404": _ERROR,
    },
}

_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer"}
_FLAG: Json = {"type": "boolean"}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_EVENT: Json = {
    "seq": _WHOLE,
    "id": _TEXT,
    "run": _TEXT,
    "datastream": _TEXT,
    "ecid": _TEXT,
    "type": _TEXT,
    "good": _FLAG,
    "reasons": _TEXTS,
    "received_ms": _WHOLE,
    "timestamp": _TEXT,
}
_TALLY: Json = {"total": _WHOLE, "good": _WHOLE, "bad": _WHOLE}
_OF_KIND: Json = _record(good=_WHOLE, bad=_WHOLE)
_SCHEMAS: Json = {
    "Error": _record(error=_TEXT),
    "Problem": _record(type=_TEXT, status=_WHOLE, title=_TEXT, detail=_TEXT, report={"type": "object"}),
    "Health": _record(
        status={"enum": ["ok"]}, version=_TEXT, store=_TEXT, durable={"enum": ["no", "process", "power"]}, pois=_WHOLE
    ),
    "Counts": _record(
        run={"type": ["string", "null"]}, **_TALLY, types={"type": "object", "additionalProperties": _OF_KIND}
    ),
    "Events": _record(events={"type": "array", "items": _record(**_EVENT)}, next={"type": ["integer", "null"]}),
    "Copies": _record(id=_TEXT, copies={"type": "array", "items": _record(**_EVENT, body={"type": "object"})}),
    "Runs": _record(runs={"type": "array", "items": _record(run=_TEXT, datastreams=_TEXTS, **_TALLY)}),
    "Received": _record(**{name: _EVENT[name] for name in ("seq", "id", "type", "good", "reasons", "ecid")}),
    "Registration": _record(run=_TEXT, datastream=_TEXT),
    "Registered": _record(run=_TEXT, datastream=_TEXT, org=_TEXT),
    "Places": _record(
        places=_record(
            userWithin={"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
            pois={"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
        ),
        input={"type": "null"},
    ),
    "Place": _record(
        p={"type": "array", "minItems": 7, "maxItems": 7},
        x={"type": "object", "additionalProperties": _TEXT},
    ),
}
