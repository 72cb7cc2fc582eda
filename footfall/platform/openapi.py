"""The platform's HTTP interface as an OpenAPI document: the docs page is drawn from it.

The tests hold it to the routes, to the API's limits and to what is really answered.
"""

from __future__ import annotations

from footfall import __version__
from footfall.platform import openapi_devices, openapi_journeys
from footfall.platform.openapi_shapes import (
    ERROR,
    REFUSED,
    SCHEMAS,
    Json,
    answer,
    body,
    get,
    in_header,
    in_path,
    query,
    tagged,
)

# The groups of operations, in the order in which they are shown.
TAGS = {
    "Edge": "What phones send, and other clients of the Edge Network's API",
    "Inlet": "Streaming ingestion: what source systems send",
    "Places": "Points of interest around a position",
    "What arrived": "Counting, listing, awaiting and forgetting what was stored",
    "Journeys": "What journeys do: how many are where, every step, every message",
    "People": "Who somebody is, where they are, and why an event did what it did",
    "Runs": "Whose events arrive through which datastream and inlet",
    "Set-up": "What this platform is, and how it is",
}


def document() -> Json:
    """OpenAPI 3.1, as JSON-ready values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Footfall platform",
            "version": __version__,
            "description": "A local Experience Platform: Edge Network, streaming ingestion, "
            "Places, and what arrived. What phones send is open to whoever reaches it; everything under /api, and "
            "these pages, to this machine only.",
        },
        "tags": [{"name": name, "description": meaning} for name, meaning in TAGS.items()],
        "paths": {**openapi_devices.PATHS, **_API},
        "components": {"schemas": {**SCHEMAS, **openapi_journeys.SCHEMAS}},
    }


_RUN = query("run", "only this run")
_GOOD = query("good", "true or false", "boolean")
_FILTERS = [
    _RUN,
    query("phone", "only events of this ECID"),
    query("person", "only events of this primary identity that is no ECID"),
    query("test", "only events whose sender tagged them so, in the header x-footfall-test"),
    query("type", "only this eventType"),
    query("since_ms", "only events received at that time or later, milliseconds since the epoch", "integer", minimum=0),
    query("after", "only events beyond this sequence number", "integer", minimum=0),
]
_BODY = query("body", "true: with the events themselves", "boolean")
_PAGE = [query("limit", "at most so many, 100 if absent", "integer", minimum=1, maximum=1_000), _BODY]
_LIST: Json = {
    "200": answer("A page of events; `next` is the `after` of the following page, null at the end", "Events")
}

_WAIT: Json = get(
    "Wait until at least so many events have arrived",
    {
        "200": answer("The first `count` that fit, at once where they are there already", "Awaited"),
        "408": answer("They did not come in time; with those that did", "Awaited"),
        "503": {**ERROR, "description": "The platform is shutting down"},
    },
    [
        *_FILTERS,
        _GOOD,
        query("count", "how many, 1 if absent", "integer", minimum=1, maximum=1_000),
        query("timeout_s", "seconds to wait at most, 10 if absent", "number", minimum=0, maximum=60),
        _BODY,
    ],
    "Events that arrived before the question count too: use `after` or `since_ms` for those to come.",
)
_ABSENT: Json = get(
    "Wait, to be sure that something does not arrive",
    {
        "200": answer("None came", "Absent"),
        "409": answer("One came, or was there already; answered at once", "Present"),
        "503": {**ERROR, "description": "The platform is shutting down"},
    },
    [*_FILTERS, _GOOD, query("for_s", "seconds to wait, 5 if absent", "number", minimum=0, maximum=60)],
)
_STREAM: Json = get(
    "Events as they are stored, as server-sent events",
    {"200": answer("An event's id is its sequence number, its data as in Event", "Event", "text/event-stream")},
    [*_FILTERS, _GOOD, _BODY, in_header("Last-Event-ID", "go on after this sequence number; a browser sends it")],
    "Begins with what arrives from now on, or beyond `after`. A comment every 15 s keeps the connection open.",
)
_EXPORT: Json = get(
    "All events that fit, a JSON line each",
    {"200": answer("Those stored when it was asked for", "WholeEvent", "application/x-ndjson")},
    [*_FILTERS, _GOOD],
)
_REGISTER: Json = {
    "summary": "Tie a datastream, and an inlet, to a run",
    "description": "The same again is answered 200. A clock is for a run that lives faster than life: the events' "
    "run_ms is told by it. What a configuration says of the datastream stays.",
    "requestBody": body("Registration", "At most 64 KB"),
    "responses": {
        "200": answer("They were tied to this run already", "Registered"),
        "201": answer("Phones may send through it now", "Registered"),
        "400": ERROR,
        "409": {**ERROR, "description": "The datastream or the inlet belongs to another run"},
        "413": ERROR,
        "503": ERROR,
        **REFUSED,
    },
}
_RECEIVED: Json = get(
    "What arrived in a run, a JSON line per event, for reconciliation",
    {"200": answer("seq, id, type, good, reasons, ecid", "Received", "application/x-ndjson"), "404": ERROR},
    [
        in_path("run", "the run's id"),
        query("after", "only events beyond this sequence number", "integer", minimum=0),
        query("limit", "at most so many lines, 50000 if absent", "integer", minimum=1, maximum=50_000),
    ],
    "Fewer lines than `limit` mean the end.",
)
_RESET: Json = {
    "summary": "Forget the events of one run, or of all, and what came of them",
    "description": "Profiles, steps, messages and whoever is in a journey are forgotten too, and every journey is "
    "paused or not as its file says. Runs, datastreams, inlets and consents stay, and what arrives meanwhile; sequence "
    "numbers go on.",
    "parameters": [_RUN],
    "responses": {"200": answer("Forgotten"), "400": ERROR, "503": ERROR, **REFUSED},
}
_ARRIVED: Json = {
    "/api/counts": {"get": get("How many events arrived", {"200": answer("Counts", "Counts")}, [_RUN])},
    "/api/events": {"get": get("Events in the order of their arrival", _LIST, [*_FILTERS, _GOOD, *_PAGE])},
    "/api/events/{id}": {
        "get": get(
            "Every stored copy of one event, with its body",
            {"200": answer("The copies, oldest first", "Copies"), "404": ERROR},
            [in_path("id", "the event's _id")],
        )
    },
    "/api/good": {"get": get("Events that passed validation", _LIST, [*_FILTERS, *_PAGE])},
    "/api/bad": {"get": get("Events that did not, with the reasons", _LIST, [*_FILTERS, *_PAGE])},
    "/api/wait": {"get": _WAIT},
    "/api/absent": {"get": _ABSENT},
    "/api/stream": {"get": _STREAM},
    "/api/export": {"get": _EXPORT},
    "/api/reset": {"post": _RESET},
}
_RUNS: Json = {
    "/api/runs": {
        "get": get("Runs, their datastreams, inlets and counts", {"200": answer("Runs", "Runs")}),
        "post": _REGISTER,
    },
    "/api/runs/{run}/received": {"get": _RECEIVED},
}
_SET_UP: Json = {
    "/api": {"get": get("What can be asked", {"200": answer("Every method and path, with its summary")})},
    "/api/health": {
        "get": get("Whether it runs, takes events, and where it stores", {"200": answer("It runs", "Health")})
    },
    "/api/platform": {
        "get": get(
            "What it is set up with", {"200": answer("Datastreams, inlets, faults and journeys in force", "Platform")}
        )
    },
}
_API: Json = {
    **tagged("What arrived", _ARRIVED),
    **openapi_journeys.PATHS,
    **tagged("Runs", _RUNS),
    **tagged("Set-up", _SET_UP),
}
