"""The pieces an OpenAPI document is put together from, and the shapes that the answers have."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def tagged(tag: str, paths: Json) -> Json:
    """The same paths, each operation in the group of this name."""
    return {path: {method: {"tags": [tag], **one} for method, one in ones.items()} for path, ones in paths.items()}


def get(summary: str, responses: Json, parameters: list[Json] | None = None, description: str = "") -> Json:
    """A GET of the read API; its callers are checked, and with parameters it may be asked wrongly."""
    told: Json = {"description": description} if description else {}
    wrong: Json = {"400": ERROR} if parameters else {}
    return {
        "summary": summary, **told, "parameters": parameters or [], "responses": {**responses, **wrong, **REFUSED}
    }  # fmt: skip


def answer(description: str, schema: str | None = None, media_type: str = "application/json") -> Json:
    """One answer, with the shape of its body."""
    shape: Json = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {"description": description, "content": {media_type: {"schema": shape}}}


def query(name: str, description: str, kind: str = "string", *, required: bool = False, **limits: int) -> Json:
    """A parameter of the query."""
    schema = {"type": kind, **limits}
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def in_path(name: str, description: str) -> Json:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def in_header(name: str, description: str) -> Json:
    """A header that changes the answer."""
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}


def body(schema: str, description: str = "", media_type: str = "application/json") -> Json:
    """What is to be sent."""
    told: Json = {"description": description} if description else {}
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"required": True, **told, "content": content}


def _record(**members: Json) -> Json:
    return {"type": "object", "properties": members, "required": list(members)}


ERROR = answer("Why not", "Error")
REFUSED: Json = {
    "401": {**ERROR, "description": "It listens beyond its machine, and the token is missing or wrong"},
    "403": {**ERROR, "description": "Host or Origin is not this machine's"},
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
    "arrived": {"enum": ["interact", "collect", "inlet", "inlet-batch", "profile"]},
    "ecid": _TEXT,
    "person": _TEXT,
    "test": _TEXT,
    "type": _TEXT,
    "good": _FLAG,
    "reasons": _TEXTS,
    "received_ms": _WHOLE,
    "run_ms": _WHOLE,
    "timestamp": _TEXT,
}
_SHOWN: Json = _record(**_EVENT)
_SHOWN["properties"] = {**_EVENT, "body": {"type": "object", "description": "the event itself, if asked for"}}
_WHOLE_EVENT: Json = _record(**_EVENT, body={"type": ["object", "array", "string", "number", "boolean", "null"]})
_TALLY: Json = {"total": _WHOLE, "good": _WHOLE, "bad": _WHOLE}
_CLOCK: Json = _record(origin_ms=_WHOLE, anchor_ms=_WHOLE, speed={"type": "number"})
_LIST: Json = {"type": "array", "items": _SHOWN}
_OBJECTS: Json = {"type": "array", "items": {"type": "object"}}
_PLACE_LIST: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Place"}}

SCHEMAS: Json = {
    "Error": _record(error=_TEXT),
    "Problem": _record(type=_TEXT, status=_WHOLE, title=_TEXT, detail=_TEXT, report={"type": "object"}),
    "Health": _record(
        status={"enum": ["ok", "refusing"]},
        why={"type": "string", "description": "why nothing is taken at the moment, empty when it is"},
        version=_TEXT,
        store=_TEXT,
        durable={"enum": ["no", "process", "power"]},
        pois=_WHOLE,
    ),
    "Platform": _record(datastreams=_OBJECTS, inlets=_OBJECTS, schemas=_OBJECTS, faults=_OBJECTS, seed=_WHOLE),
    "Counts": _record(
        run={"type": ["string", "null"]},
        **_TALLY,
        types={"type": "object", "additionalProperties": _record(good=_WHOLE, bad=_WHOLE)},
    ),
    "Event": _SHOWN,
    "WholeEvent": _WHOLE_EVENT,
    "Events": _record(events=_LIST, next={"type": ["integer", "null"]}),
    "Awaited": _record(count=_WHOLE, events=_LIST, next={"type": ["integer", "null"]}),
    "Absent": _record(absent={"const": True}),
    "Present": _record(absent={"const": False}, event=_WHOLE_EVENT),
    "Copies": _record(id=_TEXT, copies={"type": "array", "items": _WHOLE_EVENT}),
    "Runs": _record(runs={"type": "array", "items": _record(run=_TEXT, datastreams=_TEXTS, inlets=_TEXTS, **_TALLY)}),
    "Received": _record(**{name: _EVENT[name] for name in ("seq", "id", "type", "good", "reasons", "ecid")}),
    "Registration": {
        "type": "object",
        "properties": {
            "run": _TEXT,
            "datastream": _TEXT,
            "inlet": {"type": "string", "description": "64 hexadecimal digits", "pattern": "^[0-9a-fA-F]{64}$"},
            "clock": {**_CLOCK, "description": "what the run's clock shows: anchor_ms at origin_ms, then speed"},
        },
        "required": ["run", "datastream"],
    },
    "Registered": _record(
        run=_TEXT,
        datastream=_TEXT,
        org=_TEXT,
        inlet={"type": ["string", "null"]},
        clock={"anyOf": [_CLOCK, {"type": "null"}]},
    ),
    "Interact": {
        "type": "object",
        "properties": {
            "meta": {"type": "object"},
            "xdm": {"type": "object", "description": "shared by the events"},
            "events": _OBJECTS,
            "event": {"type": "object", "description": "v2 has one event instead of a list"},
            "query": {"type": "object"},
        },
    },
    "Handles": _record(
        requestId=_TEXT, handle={"type": "array", "items": _record(type=_TEXT, payload={"type": "array"})}
    ),
    "Consent": _record(consent={"type": "array", "items": {"type": "object"}}),
    "InletMessage": _record(
        header={"type": "object"}, body=_record(xdmMeta={"type": "object"}, xdmEntity={"type": "object"})
    ),
    "InletBatch": _record(messages={"type": "array", "items": {"$ref": "#/components/schemas/InletMessage"}}),
    "Places": _record(places=_record(userWithin=_PLACE_LIST, pois=_PLACE_LIST), input={"type": "null"}),
    "Place": _record(
        p={"type": "array", "minItems": 7, "maxItems": 7},
        x={"type": "object", "additionalProperties": _TEXT},
    ),
}
