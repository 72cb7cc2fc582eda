"""Everything explains itself: where a person is, and why an event did or did not do something."""

from __future__ import annotations

import msgspec
import pytest
from journey_words import (
    DAY_MS,
    END,
    HOUR_MS,
    MINUTE_MS,
    PUSH,
    START_MS,
    Anna,
    Await,
    Everybody,
    Latency,
    React,
    Wait,
    a_journey,
    engine,
    event,
    left,
    lived,
    messages,
    opened,
    purchase,
    text,
    visit,
)

from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.types import JourneyEvent, Webhook
from footfall.platform.journeys.wording import moment

HOOK = Webhook(END, "http://127.0.0.1/hook", text("{}"))
SHOP = JourneyEvent(
    "visit", parse('eventType == "location.entry" and placeContext.POIinteraction.poiDetail.category == "shop"')
)


@pytest.mark.parametrize(
    ("nodes", "changes", "words"),
    [
        ({"wait": Wait(END, for_ms=HOUR_MS)}, {}, "waits until 2026-03-07T11:00:00.000Z"),
        (
            {"await": Await((("exit", END), ("purchase", END)), HOUR_MS, END)},
            {},
            "waits for exit or purchase until 2026-03-07T11:00:00.000Z, then end",
        ),
        (
            {"await": Await((("exit", END),))},
            {"timeout_ms": DAY_MS},
            "waits for exit at most until 2026-03-08T10:00:00.000Z, the global time-out",
        ),
        (
            {"push": msgspec.structs.replace(PUSH, next="react"), "react": React("opened", END, HOUR_MS)},
            {},
            "waits until 2026-03-07T11:00:00.000Z for the message to be opened, then end",
        ),
        (
            {"hook": HOOK},
            {"timeout_ms": DAY_MS},
            "waits for the answer of the webhook, at most until 2026-03-08T10:00:00.000Z, the global time-out",
        ),
        (
            {"push": PUSH},
            {"latency": Latency(MINUTE_MS)},
            "the first action comes later: until 2026-03-07T10:01:00.000Z",
        ),
        ({"push": PUSH}, {}, "came to the end, on 2026-03-07T10:00:00.000Z"),
    ],
)
def test_whereabouts(nodes, changes, words):
    run = engine(a_journey(nodes=nodes, **changes))
    lived(run, visit(0))
    [found] = run.whereabouts("anna")
    assert (found.journey, found.node, found.event, found.words) == ("welcome", list(nodes)[-1], visit(0).id, words)
    assert run.whereabouts("bert") == []


def test_whereabouts_tell_of_the_stack_and_of_a_pause():
    run = engine(a_journey(nodes={"hook": HOOK}))
    lived(run, visit(0), left(1))
    run.pause("welcome", START_MS + 2)
    [found] = run.whereabouts("anna")
    assert found.words.endswith("; 1 of 10 events on its stack; the journey is paused")


@pytest.mark.parametrize(
    ("happening", "words"),
    [
        # which part of the rule fails, and what was found there
        (
            visit(1, placeContext={"POIinteraction": {"POIDetail": {"category": "shop"}}}),
            'visit: placeContext.POIinteraction.poiDetail.category == "shop" does not hold, '
            "placeContext.POIinteraction.poiDetail.category is not there",
        ),
        (
            visit(1, placeContext={"POIinteraction": {"poiDetail": {"category": "cafe"}}}),
            'visit: placeContext.POIinteraction.poiDetail.category == "shop" does not hold, '
            'placeContext.POIinteraction.poiDetail.category is "cafe"',
        ),
        (
            event("geofence.enter", 1),
            'visit: eventType == "location.entry" does not hold, eventType is "geofence.enter"',
        ),
    ],
)
def test_why_a_rule_does_not_hold(happening, words):
    assert engine(a_journey(events=(SHOP,))).judge(happening) == [("welcome", words)]


def test_why_an_event_id_does_not_match():
    run = engine(a_journey(entry="points", events=(JourneyEvent("points", event_id="abc"),)))
    assert run.judge(visit(0)) == [("welcome", "points: the eventID is not abc, there is none")]


AWAITS = {"await": Await((("exit", END),))}


@pytest.mark.parametrize(
    ("before", "happening", "words"),
    [
        ((), visit(1), "matches visit: anna enters"),
        ((), visit(1, ""), "matches visit, but no identity of namespace ECID in the event's identityMap "
         "(EXTERNAL_KEY_COMPUTATION_ERROR)"),
        ((), left(1), "matches exit, which starts nothing, and anna is not inside"),
        ((visit(0),), left(1), "matches exit: anna waits for exit at await and goes to end"),
        (
            (visit(0),),
            visit(1),
            "matches visit: the person is already inside, and can be so once only: anna is at await",
        ),
        ((visit(0),), purchase(1), "matches purchase: anna is inside at await, which does not listen for it"),
        (
            (visit(0), left(1)),
            visit(2),
            "matches visit, but re-entrance wait period until 2026-03-07T10:05:00.000Z "
            "(JOURNEY_INSTANCE_ID_NOT_CREATED)",
        ),
    ],
)  # fmt: skip
def test_what_an_event_would_do(before, happening, words):
    run = engine(a_journey(nodes=AWAITS))
    lived(run, *before)
    before_counts = msgspec.json.encode(run.counts())
    assert run.judge(happening) == [("welcome", words)]
    # and does not do
    assert msgspec.json.encode(run.counts()) == before_counts


def test_a_paused_journey_and_a_busy_person_are_told():
    run = engine(a_journey(nodes={"hook": HOOK}, exits=("purchase",)))
    lived(run, visit(0))
    busy = "matches exit: anna is inside at hook, where an action is under way: the event goes on the stack"
    assert run.judge(left(1)) == [("welcome", busy)]
    run.pause("welcome", START_MS + 1)
    assert run.judge(left(2)) == [("welcome", "matches exit: anna is inside at hook, and the journey is paused")]
    assert run.judge(visit(2, "bert")) == [("welcome", "matches visit, but the journey is paused")]


def test_a_reaction_is_judged_by_where_the_person_is():
    nodes = {"push": msgspec.structs.replace(PUSH, next="react"), "react": React("opened", "wait", HOUR_MS)}
    run = engine(a_journey(nodes=nodes | {"wait": Wait(END)}), people=Everybody(anna=Anna()))
    [message] = messages(lived(run, visit(0)))
    tap = opened(message, 1)
    assert run.judge(tap) == [("welcome", "opened: moves the person on from react")]
    lived(run, tap)
    assert run.judge(tap) == [("welcome", "opened: recorded, the person is no longer inside")]


def test_moments():
    assert moment(START_MS + 7) == "2026-03-07T10:00:00.007Z"
