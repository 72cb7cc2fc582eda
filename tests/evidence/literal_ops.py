"""Ledger lines in one short word each, so that a history reads as a list. All that a case is about is written in the
case; what is not written is the dullest value there is."""

from __future__ import annotations

from footfall.evidence.manifest import Expectations, Manifest
from footfall.evidence.ops import Created, Done, Ended, Invoke, Started, Unread, Withheld
from footfall.evidence.received import Received

VIEW = "commerce.productViews"
ADD = "commerce.productListAdds"
REMOVE = "commerce.productListRemovals"
CHECKOUT = "commerce.checkouts"
BUY = "commerce.purchases"
LAUNCH = "application.launch"
CLOSE = "application.close"
ENTRY = "location.entry"
EXIT = "location.exit"


def started(phone: int = 0) -> Started:
    return Started(phone=phone, person=f"person-{phone}", ecid=f"ecid-{phone}", platform="ios", at_ms=0)


def created(
    id: str, n: int = 0, type: str = VIEW, *, phone: int = 0, place: str = "", skus=(), fault="", bad=False, extra=""
):
    return Created(
        id=id,
        type=type,
        phone=phone,
        n=n,
        person=f"person-{phone}",
        state="browse",
        cause="plan",
        due_ms=1000 * n,
        digest=f"digest-of-{phone}-{n}",
        place=place,
        skus=skus,
        fault=fault,
        bad=bad,
        extra=extra,
    )


def invoke(id: str, attempt: int = 0, *, phone: int = 0, due: float = 100.0, sent: float = 100.0) -> Invoke:
    return Invoke(id=id, request=f"{id}-{attempt}", phone=phone, attempt=attempt, due=due, sent=sent)


def done(
    id: str, outcome: str, next: str, attempt: int = 0, *, phone: int = 0, status: int = 200, why: str = ""
) -> Done:
    request = f"{id}-{attempt}"
    return Done(id, request, phone, done=105.0, outcome=outcome, next=next, status=status, why=why)


def ok(id: str, attempt: int = 0, *, phone: int = 0) -> Done:
    return done(id, "ok", "done", attempt, phone=phone)


def timeout(id: str, attempt: int = 0) -> Done:
    return done(id, "info", "retry", attempt, status=0, why="read timeout")


def too_many(id: str, attempt: int = 0) -> Done:
    return done(id, "fail", "retry", attempt, status=429)


def unavailable(id: str, attempt: int = 0) -> Done:
    return done(id, "info", "retry", attempt, status=503)


def withheld(id: str, why: str = "collect consent is n", *, phone: int = 0) -> Withheld:
    return Withheld(id=id, phone=phone, why=why, at_ms=8000)


def unread(id: str, attempt: int = 0, *, phone: int = 0) -> Unread:
    return Unread(id=id, request=f"{id}-{attempt}", phone=phone)


def lived(phone: int = 0) -> Ended:
    return Ended(phone=phone, how="lived", held=(), at_ms=9000)


def cut(*held: str, phone: int = 0) -> Ended:
    return Ended(phone=phone, how="cut", held=held, at_ms=9000)


def good(id: str, type: str = VIEW, phone_ecid: str = "") -> Received:
    return Received(id=id, type=type, good=True, phone_ecid=phone_ecid)


def refused(id: str, *reasons: str, type: str = VIEW) -> Received:
    return Received(id=id, type=type, good=False, reasons=reasons)


def manifest(**changes) -> Manifest:
    fields = {
        "run": "r1",
        "scenario": "coffee",
        "scenario_file": "scenarios/coffee.yaml",
        "scenario_sha256": "aa",
        "scenario_text": "name: coffee\n",
        "geofences_file": "geofences/town.geojson",
        "geofences_sha256": "bb",
        "seed": 7,
        "phones": 5,
        "speed": 60.0,
        "host": "http://127.0.0.1:8700",
        "started_ms": 1_785_000_000_000,
        "anchor_ms": 1_785_000_000_000,
        "lasts_ms": 3_600_000,
        "versions": {"footfall": "0.1.0"},
        "command": "locust --headless",
        "expectations": Expectations(states=("browse",), places=("cafe",), covered_from_phones=100),
    }
    return Manifest(**(fields | changes))
