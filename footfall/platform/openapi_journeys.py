"""Journeys and people in the OpenAPI document: their endpoints, and the shapes of the answers."""

from __future__ import annotations

from typing import get_args

from footfall.platform.journeys.messages import StepKind
from footfall.platform.journeys.types import Channel
from footfall.platform.openapi_shapes import (
    ERROR,
    FLAG,
    REFUSED,
    TEXT,
    TEXTS,
    WHOLE,
    Json,
    answer,
    get,
    in_path,
    query,
    record,
    tagged,
)

_TALLY: Json = {"type": "object", "additionalProperties": WHOLE}
_NUMBERS: Json = {
    "matched": WHOLE, "entered": WHOLE, "consumed": WHOLE, "passed": WHOLE, "stacked": WHOLE, "queued": WHOLE,
    "discarded": {**_TALLY, "description": "by code"}, "active": WHOLE,
    "waiting": {**_TALLY, "description": "by node"}, "ended": WHOLE, "exited": {**_TALLY, "description": "by why"},
    "sent": {**_TALLY, "description": "by channel"}, "excluded": WHOLE, "failed": WHOLE, "opened": WHOLE,
    "clicked": WHOLE,
}  # fmt: skip
_JOURNEY: Json = {
    "name": TEXT,
    "version": WHOLE,
    "dialect": TEXT,
    "mode": TEXT,
    "paused": FLAG,
    "namespace": {"type": "string", "description": "of the identity it goes by; empty: the event's primary one"},
    "enters": record(event=TEXT, when=TEXT, event_id=TEXT),
    **_NUMBERS,
}
_NODE = record(name=TEXT, kind=TEXT, next=TEXTS, reached=WHOLE, waiting=WHOLE)
_STEP: Json = {
    "seq": WHOLE, "run": TEXT, "at_ms": WHOLE, "journey": TEXT, "kind": {"enum": list(get_args(StepKind))},
    "key": TEXT, "instance": TEXT, "node": TEXT, "event": TEXT, "code": TEXT, "message": TEXT, "next": TEXT,
    "why": TEXT,
}  # fmt: skip
_MESSAGE: Json = {
    "seq": WHOLE, "run": TEXT, "id": TEXT, "journey": TEXT, "node": TEXT, "instance": TEXT, "key": TEXT,
    "channel": {"enum": list(get_args(Channel))}, "to": TEXT, "at_ms": WHOLE, "content": {}, "event": TEXT,
    "tracking": {"type": "object"}, "provider": TEXT, "app": TEXT, "ecid": TEXT, "surface": TEXT, "timeout_ms": WHOLE,
}  # fmt: skip
_WHEREABOUTS = record(
    journey=TEXT, instance=TEXT, node=TEXT, entered_ms=WHOLE, since_ms=WHOLE, words=TEXT, supplemental=TEXT, event=TEXT,
    over=FLAG,
)  # fmt: skip
_NOTE = record(
    at_ms=WHOLE, event=TEXT, what={"enum": ["skipped", "evicted", "unlinked"]}, namespace=TEXT, id=TEXT, why=TEXT
)
_REASON = record(
    journey={"type": "string", "description": "empty: decided before any journey was asked"},
    steps={"type": "array", "items": {"$ref": "#/components/schemas/Step"}},
    judged={"type": "string", "description": "what the journey would say of it now; empty where there are steps"},
)


def _one_of(name: str, description: str, words: tuple[str, ...]) -> Json:
    found = query(name, f"{description}: {', '.join(words)}")
    return {**found, "schema": {"type": "string", "enum": list(words)}}


def _listed(of: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


_NEXT: Json = {"type": ["integer", "null"]}
SCHEMAS: Json = {
    "Journeys": record(
        run=TEXT, journeys={"type": "array", "items": record(**_JOURNEY)}, unmatched=WHOLE, no_journey=WHOLE
    ),
    "Journey": record(run=TEXT, **_JOURNEY),
    "JourneyWithNodes": record(
        run=TEXT, **_JOURNEY, first=TEXT, exit_on=TEXTS, remarks=TEXTS, nodes={"type": "array", "items": _NODE}
    ),
    "Step": record(**_STEP),
    "Steps": record(steps=_listed("Step"), next=_NEXT),
    "StepPresent": record(absent={"const": False}, step={"$ref": "#/components/schemas/Step"}),
    "Message": record(**_MESSAGE),
    "Messages": record(messages=_listed("Message"), next=_NEXT),
    "MessagePresent": record(absent={"const": False}, message={"$ref": "#/components/schemas/Message"}),
    "Person": record(
        run=TEXT,
        namespace=TEXT,
        id=TEXT,
        profile=WHOLE,
        is_test=FLAG,
        events=WHOLE,
        last_event_ms=WHOLE,
        identities={"type": "array", "items": record(namespace=TEXT, id=TEXT, since_ms=WHOLE, linked_by=TEXT)},
        notes={"type": "array", "items": _NOTE},
        attributes={"type": "object"},
        tokens={"type": "array", "items": record(ecid=TEXT, token=TEXT, app=TEXT, provider=TEXT)},
        consent={"type": "object", "additionalProperties": {"enum": ["y", "n", "p"]}},
        journeys={"type": "array", "items": _WHEREABOUTS},
        messages=_listed("Message"),
    ),
    "Why": record(
        run=TEXT,
        event={"$ref": "#/components/schemas/WholeEvent"},
        copies={"type": "integer", "description": "how often it was received"},
        runs=TEXTS,
        unheard={"type": "string", "description": "why no journey was asked, empty where they were"},
        journeys={"type": "array", "items": _REASON},
    ),
}

_NONE: Json = {**ERROR, "description": "No journeys run on this platform; the answer says how to have some"}
_RUN = query("run", "which run, local if absent")
_NAME = in_path("name", "the journey's name")
_NO_SUCH: Json = {**ERROR, "description": "No such journey, with what may have been meant; or none run at all"}
_COMMON = [
    query("run", "only this run"),
    query("journey", "only this journey"),
    query("key", "only this person, by the id that the journey goes by"),
]
_AFTER = query("after", "only those beyond this sequence number", "integer", minimum=0)
_FILTERS: dict[str, list[Json]] = {
    "steps": [
        *_COMMON,
        _one_of("kind", "only steps of this kind", get_args(StepKind)),
        query("event", "only what the event with this _id caused"),
        query("message", "only what is about the message with this id"),
        _AFTER,
    ],
    "messages": [
        *_COMMON,
        _one_of("channel", "only this channel", get_args(Channel)),
        query("to", "only to this token, address, number, URL or device"),
        query("id", "only the message with this id"),
        _AFTER,
    ],
}
_PAGE = [
    query("limit", "at most so many, 100 if absent", "integer", minimum=1, maximum=1_000),
    query("wait_s", "seconds to wait at most until there are `count`", "number", minimum=0, maximum=60),
    query("count", "how many are waited for, 1 if absent", "integer", minimum=1, maximum=1_000),
]
_STOPPING: Json = {**ERROR, "description": "The platform is shutting down, or its store failed"}


def _journal(what: str, one: str, summary: str, more: str) -> Json:
    """The three ways to ask for steps, or for messages."""
    title = what.capitalize()
    found, export = answer("`next` is the `after` of the following page", title), "application/x-ndjson"
    return {
        f"/api/{what}": {
            "get": get(
                summary,
                {
                    "200": found,
                    "404": _NONE,
                    "408": {**found, "description": "They did not come in time; with those that did"},
                    "503": _STOPPING,
                },
                [*_FILTERS[what], *_PAGE],
                f"{more} With `wait_s` or `count` it is answered as soon as there are `count`, those from before too.",
            )
        },
        f"/api/{what}/absent": {
            "get": get(
                f"Wait, to be sure that there is no such {one}",
                {
                    "200": answer("None came", "Absent"),
                    "404": _NONE,
                    "409": answer("One came, or was there already; answered at once", f"{one.capitalize()}Present"),
                    "503": _STOPPING,
                },
                [*_FILTERS[what], query("for_s", "seconds to wait, 5 if absent", "number", minimum=0, maximum=60)],
            )
        },
        f"/api/{what}/export": {
            "get": get(
                f"All {what} that fit, a JSON line each",
                {"200": answer("Those written when it was asked for", one.capitalize(), export), "404": _NONE},
                _FILTERS[what],
            )
        },
    }


def _switch(summary: str) -> Json:
    return {
        "summary": summary,
        "parameters": [_NAME, _RUN],
        "responses": {
            "200": answer("Done, durably", "Journey"), "400": ERROR, "404": _NO_SUCH, "503": ERROR, **REFUSED,
        },
    }  # fmt: skip


_JOURNEYS: Json = {
    "/api/journeys": {
        "get": get("All journeys of a run in numbers", {"200": answer("The table", "Journeys"), "404": _NONE}, [_RUN])
    },
    "/api/journeys/{name}": {
        "get": get(
            "One journey, with its nodes and how many reached each and wait there",
            {"200": answer("The journey", "JourneyWithNodes"), "404": _NO_SUCH},
            [_NAME, _RUN],
        )
    },
    "/api/journeys/{name}/pause": {
        "post": _switch("Stop a journey: nobody enters, nobody inside moves, events are discarded")
    },
    "/api/journeys/{name}/resume": {"post": _switch("Let a journey go on, first with what came due meanwhile")},
    **_journal(
        "steps",
        "step",
        "What journeys decided, and why: the journey step events",
        "Who entered, where they went, what was sent, why an event was discarded.",
    ),
    **_journal(
        "messages",
        "message",
        "What journeys sent: push, in-app, e-mail, SMS, webhook",
        "E-mail and SMS are recorded only.",
    ),
}
_PEOPLE: Json = {
    "/api/people/{namespace}/{id}": {
        "get": get(
            "Who somebody is: profile, identities and why they are linked, whereabouts in journeys, last messages",
            {
                "200": answer("The person", "Person"),
                "404": {**ERROR, "description": "Nobody is known by this identity, with where to look; or no journeys"},
            },
            [in_path("namespace", "ECID, Email, ..., as in an identityMap"), in_path("id", "the identity's id"), _RUN],
        )
    },
    "/api/why/{id}": {
        "get": get(
            "Why an event did what it did: of each journey the steps that it caused, or why it would not react",
            {
                "200": answer("The event and the reasons", "Why"),
                "404": {**ERROR, "description": "No such event; or no journeys"},
            },
            [in_path("id", "the event's _id"), query("run", "only this run, any if absent")],
            "What a journey would say is judged as things stand now, not as they stood when the event came.",
        )
    },
}
PATHS: Json = {**tagged("Journeys", _JOURNEYS), **tagged("People", _PEOPLE)}
