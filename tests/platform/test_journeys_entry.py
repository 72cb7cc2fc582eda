"""Who enters a journey, when they may again, and with which code an event is discarded."""

from __future__ import annotations

import pytest
from journey_words import (
    DAY_MS,
    END,
    HOUR_MS,
    MINUTE_MS,
    START_MS,
    Anna,
    Everybody,
    Reentrance,
    Wait,
    a_journey,
    engine,
    event,
    lived,
    messages,
    purchase,
    steps,
    visit,
)

from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.messages import Step
from footfall.platform.journeys.types import JourneyEvent

DUPLICATE = "discarded JOURNEY_INSTANCE_ID_NOT_CREATED"
IN = "entered"


def test_a_visit_enters_sends_and_ends():
    run = engine(a_journey())
    effects = lived(run, visit(0))
    assert steps(effects) == ["entered", "sent push", "ended push"]
    assert [(one.channel, one.to, bytes(one.content)) for one in messages(effects)] == [
        ("push", "t0", b'{"title":"Welcome","body":"Hello Anna"}')
    ]


SECOND = 1_000


@pytest.mark.parametrize(
    ("reentrance", "again_ms", "told"),
    [
        # 5 minutes by default, counted from the entry
        (Reentrance(), 4 * MINUTE_MS + 59 * SECOND, DUPLICATE),
        (Reentrance(), 5 * MINUTE_MS - 1, DUPLICATE),
        # the period is over at its very end
        (Reentrance(), 5 * MINUTE_MS, IN),
        (Reentrance(), 5 * MINUTE_MS + SECOND, IN),
        (Reentrance(wait_ms=DAY_MS), DAY_MS - 1, DUPLICATE),
        (Reentrance(wait_ms=DAY_MS), DAY_MS, IN),
        # no period: in the next millisecond
        (Reentrance(wait_ms=0), 0, DUPLICATE),
        (Reentrance(wait_ms=0), 1, IN),
        # no re-entrance: as long as the journey remembers
        (Reentrance(allowed=False), DAY_MS, DUPLICATE),
        (Reentrance(allowed=False), 91 * DAY_MS - 1, DUPLICATE),
        (Reentrance(allowed=False), 91 * DAY_MS, IN),
    ],
)
def test_re_entrance(reentrance, again_ms, told):
    run = engine(a_journey(reentrance=reentrance))
    lived(run, visit(0))
    assert steps(lived(run, visit(again_ms, id="again")), "entered", "discarded") == [told]


def test_legacy_remembers_for_30_days():
    run = engine(a_journey(reentrance=Reentrance(allowed=False), dialect="legacy", timeout_ms=30 * DAY_MS))
    lived(run, visit(0))
    assert steps(lived(run, visit(30 * DAY_MS - 1)), "entered", "discarded") == ["discarded ERROR_INSTANCE_DUPLICATION"]
    assert steps(lived(run, visit(30 * DAY_MS)), "entered", "discarded") == ["entered"]


def test_nobody_is_twice_inside_whatever_the_wait_period():
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}, reentrance=Reentrance(wait_ms=0)))
    assert steps(lived(run, visit(0), visit(HOUR_MS - 1)), "entered", "discarded") == ["entered", DUPLICATE]
    # the wait was over before the event of its last millisecond
    assert steps(lived(run, visit(HOUR_MS)), "ended", "entered", "discarded") == ["ended wait", "entered"]
    assert steps(lived(run, visit(HOUR_MS, "bert")), "entered", "discarded") == ["entered"]


NO_KEY = "EXTERNAL_KEY_COMPUTATION_ERROR"


@pytest.mark.parametrize(
    ("dialect", "namespace", "identities", "told"),
    [
        # the journey's namespace: the primary one first, else the first
        ("ajo", "ECID", {"ECID": [{"id": "a"}, {"id": "b"}]}, "a"),
        ("ajo", "ECID", {"ECID": [{"id": "a"}, {"id": "b", "primary": True}]}, "b"),
        ("ajo", "ECID", {"Email": [{"id": "e", "primary": True}], "ECID": [{"id": "a"}]}, "a"),
        # none: the event's primary identity, else its first
        ("ajo", "", {"ECID": [{"id": "a"}], "Email": [{"id": "e", "primary": True}]}, "e"),
        ("ajo", "", {"ECID": [{"id": "a"}], "Email": [{"id": "e"}]}, "a"),
        # there is none
        ("ajo", "ECID", {"Email": [{"id": "e"}]}, NO_KEY),
        ("ajo", "ECID", {"ECID": [{"id": ""}]}, NO_KEY),
        ("ajo", "ECID", {"ECID": "a"}, NO_KEY),
        ("ajo", "ECID", None, NO_KEY),
        ("ajo", "", {}, NO_KEY),
        ("legacy", "ECID", {"Email": [{"id": "e"}]}, "ERROR_INSTANCE_BAD_NAMESPACE"),
        ("legacy", "ECID", None, "ERROR_INSTANCE_NO_IDENTITY_MAP"),
    ],
)
def test_the_key(dialect, namespace, identities, told):
    run = engine(a_journey(dialect=dialect, namespace=namespace))
    map = {} if identities is None else {"identityMap": identities}
    effects = lived(run, visit(0, "", **map))
    [first, *_] = [each for each in effects if isinstance(each, Step)]
    assert (first.code or first.key) == told


def orchestrated(id: str, at_ms: int) -> dict:
    return event("any", at_ms, _experience={"campaign": {"orchestration": {"eventID": id}}})


def test_an_event_with_an_event_id():
    journey = a_journey(entry="points", events=(JourneyEvent("points", event_id="abc"),))
    run = engine(journey)
    assert steps(lived(run, orchestrated("abc", 0)), "entered") == ["entered"]
    # one that no journey knows
    assert steps(lived(run, orchestrated("stale", 1))) == ["discarded EVENT_WITH_NO_JOURNEY"]
    # none at all: counted, no step
    assert lived(run, event("any", 2)) == []
    assert (run.counts().no_journey, run.counts().unmatched) == (1, 1)


def test_one_event_enters_several_journeys_and_counts_once_for_each_rule():
    big = JourneyEvent("big", parse('eventType == "commerce.purchases" and commerce.order.priceTotal > 100'))
    here = JourneyEvent("here", parse('eventType == "commerce.purchases" and placeContext.geo.city == "Paris"'))
    run = engine(
        a_journey(name="one", entry="big", events=(big, here)), a_journey(name="two", entry="here", events=(here,))
    )
    effects = lived(run, purchase(0, commerce={"order": {"priceTotal": 120}}, placeContext={"geo": {"city": "Paris"}}))
    assert [each.journey for each in effects if isinstance(each, Step) and each.kind == "entered"] == ["one", "two"]
    assert run.standing().spent == (START_MS // 1000, 3)


def test_a_supplemental_identifier_has_an_instance_for_each_of_its_values():
    journey = a_journey(
        nodes={"wait": Wait(END, for_ms=HOUR_MS)}, supplemental="_footfall.booking", reentrance=Reentrance(wait_ms=0)
    )
    run = engine(journey)
    for n in range(10):
        assert steps(lived(run, visit(n, _footfall={"booking": n})), "entered", "discarded") == ["entered"], n
    # the same pair; the eleventh at once; without the field
    assert steps(lived(run, visit(20, _footfall={"booking": 3}))) == [DUPLICATE]
    assert steps(lived(run, visit(21, _footfall={"booking": 10}))) == [DUPLICATE]
    assert steps(lived(run, visit(22))) == [f"discarded {NO_KEY}"]
    # one has ended: there is room
    assert "entered" in steps(lived(run, visit(HOUR_MS, _footfall={"booking": 10})))


def test_a_paused_journey_takes_nobody_in():
    run = engine(a_journey(paused=True))
    assert steps(lived(run, visit(0))) == ["discarded PAUSED_JOURNEY_VERSION"]
    run.resume("welcome", START_MS + 1)
    assert steps(lived(run, visit(2)), "entered") == ["entered"]


@pytest.mark.parametrize(
    ("dialect", "is_test", "told"),
    [
        ("legacy", True, "entered"),
        ("legacy", False, "discarded ERROR_INSTANCE_NOT_A_TEST_PROFILE"),
        # "events cannot be fired from external systems"
        ("ajo", True, DUPLICATE),
    ],
)
def test_test_mode(dialect, is_test, told):
    run = engine(a_journey(dialect=dialect, mode="test"), people=Everybody(anna=Anna(is_test=is_test)))
    assert steps(lived(run, visit(0)), "entered", "discarded") == [told]


def test_a_test_takes_a_hundred_profiles():
    tester = Anna(is_test=True)
    people = Everybody(**{f"p{n}": tester for n in range(101)})
    journey = a_journey(dialect="legacy", mode="test", reentrance=Reentrance(wait_ms=0))
    run = engine(journey, people=people)
    told = [steps(lived(run, visit(n, f"p{n}")), "entered", "discarded") for n in range(101)]
    assert told == [["entered"]] * 100 + [["discarded ERROR_INSTANCE_NOT_A_TEST_PROFILE"]]
    # who was there may come again
    assert "entered" in steps(lived(run, visit(200, "p0")))


def test_a_million_who_ended_are_forgotten():
    # 3,000 stand for them: nothing of them is left after the wait period but those that came within it, neither in
    # memory nor in a store that heeds what it is told
    run = engine(a_journey())
    kept: set[str] = set()
    for n in range(3_000):
        lived(run, visit(n * 1_000, f"p{n}"))
        kept |= {one.id for one in run.changed()}
        kept -= set(run.forgotten())
    walker = run._journeys["welcome"].walker
    assert walker.residents.keys() == len(kept) <= 301
    assert run.whereabouts("p0") == []
    assert [each.over for each in run.whereabouts("p2999")] == [True]


def test_two_journeys_of_one_name_are_refused():
    with pytest.raises(ValueError):
        engine(a_journey(), a_journey())
