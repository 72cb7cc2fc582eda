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


def record(**members: Json) -> Json:
    """The shape of an object that has these members, all of them."""
    return {"type": "object", "properties": members, "required": list(members)}


ERROR = answer("Why not", "Error")
REFUSED: Json = {
    "401": {**ERROR, "description": "It listens beyond its machine, and the token is missing or wrong"},
    "403": {**ERROR, "description": "Host or Origin is not this machine's"},
}

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
TEXTS: Json = {"type": "array", "items": TEXT}
_EVENT: Json = {
    "seq": WHOLE,
    "id": TEXT,
    "run": TEXT,
    "datastream": TEXT,
    "arrived": {"enum": ["interact", "collect", "inlet", "inlet-batch", "profile"]},
    "ecid": TEXT,
    "person": TEXT,
    "test": TEXT,
    "type": TEXT,
    "good": FLAG,
    "reasons": TEXTS,
    "received_ms": WHOLE,
    "run_ms": WHOLE,
    "timestamp": TEXT,
}
_SHOWN: Json = record(**_EVENT)
_SHOWN["properties"] = {**_EVENT, "body": {"type": "object", "description": "the event itself, if asked for"}}
_WHOLE_EVENT: Json = record(**_EVENT, body={"type": ["object", "array", "string", "number", "boolean", "null"]})
_TALLY: Json = {"total": WHOLE, "good": WHOLE, "bad": WHOLE}
_CLOCK: Json = record(origin_ms=WHOLE, anchor_ms=WHOLE, speed={"type": "number"})
_LIST: Json = {"type": "array", "items": _SHOWN}
_OBJECTS: Json = {"type": "array", "items": {"type": "object"}}
_PLACE_LIST: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Place"}}

SCHEMAS: Json = {
    "Error": record(error=TEXT),
    "Problem": record(type=TEXT, status=WHOLE, title=TEXT, detail=TEXT, report={"type": "object"}),
    "Health": record(
        status={"enum": ["ok", "refusing"]},
        why={"type": "string", "description": "why nothing is taken at the moment, empty when it is"},
        version=TEXT,
        store=TEXT,
        durable={"enum": ["no", "process", "power"]},
        pois=WHOLE,
    ),
    "Platform": record(
        datastreams=_OBJECTS,
        inlets=_OBJECTS,
        schemas=_OBJECTS,
        faults=_OBJECTS,
        seed=WHOLE,
        journeys={"type": "array", "items": record(name=TEXT, version=WHOLE)},
    ),
    "Counts": record(
        run={"type": ["string", "null"]},
        **_TALLY,
        types={"type": "object", "additionalProperties": record(good=WHOLE, bad=WHOLE)},
    ),
    "Event": _SHOWN,
    "WholeEvent": _WHOLE_EVENT,
    "Events": record(events=_LIST, next={"type": ["integer", "null"]}),
    "Awaited": record(count=WHOLE, events=_LIST, next={"type": ["integer", "null"]}),
    "Absent": record(absent={"const": True}),
    "Present": record(absent={"const": False}, event=_WHOLE_EVENT),
    "Copies": record(id=TEXT, copies={"type": "array", "items": _WHOLE_EVENT}),
    "Runs": record(runs={"type": "array", "items": record(run=TEXT, datastreams=TEXTS, inlets=TEXTS, **_TALLY)}),
    "Received": record(**{name: _EVENT[name] for name in ("seq", "id", "type", "good", "reasons", "ecid")}),
    "Registration": {
        "type": "object",
        "properties": {
            "run": TEXT,
            "datastream": TEXT,
            "inlet": {"type": "string", "description": "64 hexadecimal digits", "pattern": "^[0-9a-fA-F]{64}$"},
            "clock": {**_CLOCK, "description": "what the run's clock shows: anchor_ms at origin_ms, then speed"},
        },
        "required": ["run", "datastream"],
    },
    "Registered": record(
        run=TEXT,
        datastream=TEXT,
        org=TEXT,
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
    "Handles": record(requestId=TEXT, handle={"type": "array", "items": record(type=TEXT, payload={"type": "array"})}),
    "Consent": record(consent={"type": "array", "items": {"type": "object"}}),
    "InletMessage": record(
        header={"type": "object"}, body=record(xdmMeta={"type": "object"}, xdmEntity={"type": "object"})
    ),
    "InletBatch": record(messages={"type": "array", "items": {"$ref": "#/components/schemas/InletMessage"}}),
    "Places": record(places=record(userWithin=_PLACE_LIST, pois=_PLACE_LIST), input={"type": "null"}),
    "Place": record(
        p={"type": "array", "minItems": 7, "maxItems": 7},
        x={"type": "object", "additionalProperties": TEXT},
    ),
}
