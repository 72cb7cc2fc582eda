"""5,000 journey events a second and the queue above them; ten a second stand for them here."""

from __future__ import annotations

import msgspec
import pytest
from journey_words import (
    DAY_MS,
    END,
    HOUR_MS,
    PUSH,
    START_MS,
    Anna,
    Await,
    Everybody,
    React,
    Wait,
    a_journey,
    at,
    engine,
    left,
    lived,
    messages,
    opened,
    purchase,
    steps,
    visit,
)

from footfall.platform.journeys.engine import Standing
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.gate import Queued
from footfall.platform.journeys.types import EVENTS_PER_S, JourneyEvent

SECOND = 1_000


def test_the_rate_is_adobes():
    assert EVENTS_PER_S == 5_000
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}))
    effects = lived(run, *(visit(0, f"p{n}") for n in range(5_001)), SECOND)
    assert at(effects, "entered") == [0] * 5_000 + [SECOND]


def test_what_is_above_the_rate_is_queued_in_order():
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}), events_per_s=10)
    lived(run, *(visit(500, f"p{n}") for n in range(25)))
    counts = run.counts().journeys["welcome"]
    assert (counts.matched, counts.entered, counts.queued) == (25, 10, 15)
    assert run.due_ms == START_MS + SECOND
    # nothing overtakes the queue, though this second has room for it at the end
    effects = lived(run, visit(2 * SECOND, "late"))
    assert at(effects, "entered") == [SECOND] * 10 + [2 * SECOND] * 5 + [2 * SECOND]
    assert counts.queued == 0


def test_completions_of_waits_count_and_are_queued_too():
    # J03: all wait for the same moment
    run = engine(a_journey(nodes={"wait": Wait(END, until_ms=START_MS + HOUR_MS)}), events_per_s=10)
    lived(run, *(visit(n * 100, f"p{n}") for n in range(25)))
    effects = lived(run, 2 * HOUR_MS)
    assert at(effects, "ended") == [HOUR_MS] * 10 + [HOUR_MS + SECOND] * 10 + [HOUR_MS + 2 * SECOND] * 5


def test_reactions_count():
    nodes = {"push": msgspec.structs.replace(PUSH, next="react"), "react": React("opened", END, HOUR_MS)}
    run = engine(a_journey(nodes=nodes), people=Everybody(anna=Anna(), bert=Anna()), events_per_s=1)
    sent = messages(lived(run, visit(0), visit(SECOND, "bert")))
    effects = lived(run, *(opened(each, 2 * SECOND) for each in sent), 3 * SECOND)
    assert at(effects, "reacted") == [2 * SECOND, 3 * SECOND]
    assert run.counts().journeys["welcome"].ended == 2


def test_the_global_time_out_needs_no_room():
    run = engine(a_journey(nodes={"await": Await((("exit", END),))}, timeout_ms=DAY_MS), events_per_s=1)
    lived(run, visit(0), visit(SECOND, "bert"))
    # the second in which Anna must leave has had its one event
    assert at(lived(run, left(DAY_MS - SECOND, "nobody"), left(DAY_MS, "nobody")), "exited") == [DAY_MS]


@pytest.mark.parametrize(
    ("queued_s", "told"),
    [
        # the last second of the 24 hours, and the one after
        (86_400, "entered"),
        (86_401, "discarded JOURNEY_INSTANCE_ID_NOT_CREATED"),
    ],
)
def test_after_24_hours_in_the_queue_an_event_is_discarded(queued_s, told):
    run = engine(a_journey(nodes={}), events_per_s=1)
    waiting = Queued(START_MS, "welcome", happening=visit(0))
    before_ms = START_MS + (queued_s - 1) * SECOND
    run.restore([], Standing(before_ms, [], (before_ms // SECOND, 1), run.counts()), [(1, waiting)])
    assert steps(lived(run, queued_s * SECOND - 1)) == []
    assert steps(lived(run, queued_s * SECOND), "entered", "discarded") == [told]


def test_nothing_overtakes_the_queue_though_it_would_fit():
    # two rules match a dear purchase: the second one does not fit into this second, the cheap one after it would
    big = JourneyEvent("big", parse('eventType == "commerce.purchases" and commerce.order.priceTotal > 100'))
    journey = a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}, entry="purchase")
    journey = msgspec.structs.replace(journey, events=(*journey.events, big))
    run = engine(journey, events_per_s=3)
    dear = {"commerce": {"order": {"priceTotal": 120}}}
    effects = lived(run, purchase(0, "p1", **dear), purchase(1, "anna", **dear), purchase(2, "late"), SECOND)
    entered = [(each.key, each.at_ms - START_MS) for each in effects if getattr(each, "kind", "") == "entered"]
    assert entered == [("p1", 0), ("anna", SECOND), ("late", SECOND)]


def test_a_completion_that_leaves_the_queue_during_a_pause_happens_at_resume():
    run = engine(a_journey(nodes={"wait": Wait(END, until_ms=START_MS + HOUR_MS)}), events_per_s=1)
    lived(run, visit(0), visit(SECOND, "bert"), HOUR_MS)
    run.pause("welcome", START_MS + HOUR_MS)
    assert lived(run, HOUR_MS + 5 * SECOND) == []
    assert steps(run.resume("welcome", START_MS + HOUR_MS + 6 * SECOND), "ended") == ["ended wait"]


def test_a_queued_completion_of_a_node_that_was_left_moves_nobody():
    # a queued completion is for the node of its moment
    run = engine(a_journey(nodes={"wait": Wait("two", until_ms=START_MS + HOUR_MS), "two": Wait(END, for_ms=DAY_MS)}))
    lived(run, visit(0))
    [one] = run.changed()
    standing = run.standing()
    stale = Queued(START_MS, "welcome", instance=one.id, visits=one.visits - 1)
    again = engine(a_journey(nodes={"wait": Wait("two", until_ms=START_MS + HOUR_MS), "two": Wait(END, for_ms=DAY_MS)}))
    again.restore([one], standing, [(1, stale)])
    assert steps(lived(again, HOUR_MS - 1)) == []


def test_what_is_queued_is_not_on_the_clock_as_well_after_a_restart():
    journey = a_journey(nodes={"wait": Wait(END, until_ms=START_MS + HOUR_MS)})
    run = engine(journey, events_per_s=1)
    # the queue, turned round, decides alone
    lived(run, visit(0, "anna"), visit(SECOND, "bert"), visit(2 * SECOND, "carl"), HOUR_MS)
    live = run.changed()
    queue = [(9 - turn, one) for turn, one in run.queued()]
    again = engine(journey, events_per_s=1)
    again.restore([each for each in live if not each.over], run.standing(), queue)
    ended = [each.key for each in lived(again, HOUR_MS + 9 * SECOND) if getattr(each, "kind", "") == "ended"]
    assert ended == ["carl", "bert"]


def test_the_queue_is_told_once_and_not_with_every_standing():
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}), events_per_s=10)
    lived(run, *(visit(0, f"p{n}") for n in range(10)))
    before = len(msgspec.json.encode(run.standing()))
    lived(run, *(visit(1, f"q{n}") for n in range(1_000)))
    assert len(msgspec.json.encode(run.standing())) < before + 10
    assert [turn for turn, _ in run.queued()] == list(range(1, 1_001))
    assert (run.queued(), run.unqueued()) == ([], [])
    # a second later ten have left, in their order; and one has come
    lived(run, visit(SECOND, "late"))
    assert [(turn, one.happening.id) for turn, one in run.queued()] == [(1_001, "location.entry-late-1000")]
    assert (run.unqueued(), run.unqueued()) == (list(range(1, 11)), [])


def test_what_is_let_through_before_it_was_told_is_never_told():
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}), events_per_s=1)
    lived(run, visit(0), visit(0, "bert"), SECOND)
    assert (run.queued(), run.unqueued()) == ([], [])


def test_after_a_restart_no_turn_is_given_twice():
    journey = a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)})
    run, again = engine(journey, events_per_s=1), engine(journey, events_per_s=1)
    lived(run, visit(0), visit(0, "bert"), visit(0, "carl"))
    again.restore(run.changed(), run.standing(), run.queued())
    lived(again, visit(1, "dora"))
    assert [turn for turn, _ in again.queued()] == [3]
    assert lived(again, 9 * SECOND)
    assert again.unqueued() == [1, 2, 3]
