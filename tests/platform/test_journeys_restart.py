"""A restart with other journeys than before: one is gone or new, a node is renamed or of another kind."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from journey_words import (
    END,
    HOUR_MS,
    MINUTE_MS,
    PUSH,
    START_MS,
    Await,
    Wait,
    a_journey,
    engine,
    left,
    lived,
    messages,
    purchase,
    steps,
    text,
    visit,
)

from footfall.platform.journeys.counts import JourneyCounts
from footfall.platform.journeys.engine import Journeys, Standing
from footfall.platform.journeys.gate import Queued
from footfall.platform.journeys.messages import Effect, Instance, Step
from footfall.platform.journeys.types import Condition, Node, Path, Split, Webhook

SECOND = 1_000
WAIT = Wait(END, for_ms=HOUR_MS)
HOOK = Webhook(END, "http://127.0.0.1/hook", text("{}"))


class Disk:
    """What a store keeps of one engine, as JSON."""

    def __init__(self) -> None:
        self.instances: dict[str, bytes] = {}
        self.queue: dict[int, bytes] = {}
        self.standing = b""

    def keep(self, run: Journeys) -> None:
        """What a transaction writes."""
        self.instances |= {one.id: msgspec.json.encode(one) for one in run.changed()}
        for id in run.forgotten():
            self.instances.pop(id, None)
        self.queue |= {turn: msgspec.json.encode(one) for turn, one in run.queued()}
        for turn in run.unqueued():
            del self.queue[turn]
        self.standing = msgspec.json.encode(run.standing())

    def restart(self, run: Journeys) -> list[Effect]:
        """What a start does with a new engine."""
        queue = [(turn, msgspec.json.decode(one, type=Queued)) for turn, one in self.queue.items()]
        instances = [msgspec.json.decode(one, type=Instance) for one in self.instances.values()]
        effects = run.restore(instances, msgspec.json.decode(self.standing, type=Standing), queue)
        self.keep(run)
        return effects


def adds_up(counts: JourneyCounts) -> bool:
    """Of persons and events."""
    somewhere = counts.entered + counts.consumed + counts.passed + counts.stacked + counts.queued
    return (
        counts.entered == counts.active + counts.ended + sum(counts.exited.values())
        and counts.active == sum(counts.waiting.values())
        and counts.matched == somewhere + sum(counts.discarded.values())
    )


def condition() -> Node:
    """One at which nobody rests."""
    rule = next(event.when for event in a_journey().events if event.name == "visit")
    assert rule is not None
    return Condition((Path(rule, "other"),))


# A journey is gone


def test_what_is_queued_for_a_journey_that_is_gone_is_discarded():
    one, two = (a_journey(name=name, nodes={"wait": WAIT}) for name in ("one", "two"))
    run, disk = engine(one, two, events_per_s=1), Disk()
    lived(run, visit(0), visit(0, "bert"))
    disk.keep(run)
    again = engine(two, events_per_s=1)
    [told] = disk.restart(again)
    assert isinstance(told, Step)
    assert (told.journey, told.kind, told.code) == ("one", "discarded", "EVENT_WITH_NO_JOURNEY")
    assert told.event == "location.entry-bert-0"
    # what is queued for the other goes on, and no row is left behind
    assert [key.key for key in lived(again, 9 * SECOND) if getattr(key, "kind", "") == "entered"] == ["anna", "bert"]
    disk.keep(again)
    assert disk.queue == {}


def test_a_queued_completion_of_a_journey_that_is_gone_is_no_news():
    one, two = (a_journey(name=name, nodes={"wait": Wait(END, until_ms=START_MS + HOUR_MS)}) for name in ("a", "b"))
    run, disk = engine(one, two, events_per_s=2), Disk()
    lived(run, visit(0), visit(SECOND, "bert"), HOUR_MS)
    disk.keep(run)
    assert len(disk.queue) == 2
    again = engine(events_per_s=2)
    assert (disk.restart(again), disk.queue) == ([], {})
    assert lived(again, 2 * HOUR_MS) == []


def test_a_journey_that_comes_back_goes_on_with_its_people_and_its_numbers():
    one = a_journey(nodes={"wait": WAIT})
    run, disk = engine(one, events_per_s=1), Disk()
    lived(run, visit(0), visit(0, "bert"))
    run.pause("welcome", START_MS)
    disk.keep(run)
    disk.restart(engine())
    again = engine(one)
    assert disk.restart(again) == []
    counts = again.counts().journeys["welcome"]
    assert (counts.entered, counts.active, counts.queued, counts.discarded) == (1, 1, 0, {"EVENT_WITH_NO_JOURNEY": 1})
    assert adds_up(counts)
    assert lived(again, 2 * HOUR_MS) == []
    assert steps(again.resume("welcome", START_MS + 2 * HOUR_MS), "ended") == ["ended wait"]


def test_a_journey_that_is_new_is_paused_as_its_file_says():
    run, disk = engine(a_journey(name="old")), Disk()
    disk.keep(run)
    again = engine(a_journey(name="old"), a_journey(name="new", paused=True))
    disk.restart(again)
    assert again.standing().paused == ["new"]


# A node is gone


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # another name
        ({"wait": WAIT}, {"pause": WAIT}),
        ({"wait": Await((("exit", END),))}, {"pause": WAIT}),
        # the same name, and nobody can rest there any more
        ({"wait": WAIT}, {"wait": Split((("other", 1.0),)), "other": WAIT}),
        ({"wait": WAIT}, {"wait": condition(), "other": WAIT}),
        # a webhook is waited for, and there is none
        ({"wait": HOOK}, {"wait": WAIT}),
        ({"wait": HOOK}, {"wait": PUSH}),
    ],
)
def test_who_stood_at_a_node_that_is_gone_is_out(before: dict[str, Any], after: dict[str, Any]):
    run, disk = engine(a_journey(nodes=before)), Disk()
    lived(run, visit(0), 10)
    disk.keep(run)
    again = engine(a_journey(nodes=after))
    assert steps(disk.restart(again)) == ["exited wait"]
    counts = again.counts().journeys["welcome"]
    assert (counts.entered, counts.active, counts.exited) == (1, 0, {"the node is gone": 1})
    assert adds_up(counts)
    assert again.unanswered == frozenset()
    # remembered as anybody who left: over the next restart, too, and for five minutes from the entry
    third = engine(a_journey(nodes=after))
    assert disk.restart(third) == []
    for run in (again, third):
        refused = lived(run, visit(5 * MINUTE_MS - 1))
        assert steps(refused, "entered", "discarded") == ["discarded JOURNEY_INSTANCE_ID_NOT_CREATED"]
        assert steps(lived(run, visit(5 * MINUTE_MS)), "entered") == ["entered"]
        assert adds_up(run.counts().journeys["welcome"])
        disk.keep(run)
        assert len(disk.instances) == 1


def test_who_had_ended_at_a_node_that_is_gone_is_remembered():
    run, disk = engine(a_journey(nodes={"push": PUSH})), Disk()
    lived(run, visit(0))
    disk.keep(run)
    again = engine(a_journey(nodes={"wait": WAIT}))
    assert disk.restart(again) == []
    refused = lived(again, visit(MINUTE_MS))
    assert steps(refused) == ["discarded JOURNEY_INSTANCE_ID_NOT_CREATED"]


def test_the_stack_of_who_stood_at_a_node_that_is_gone_is_worked_off():
    run, disk = engine(a_journey(nodes={"hook": HOOK})), Disk()
    lived(run, visit(0), left(10), purchase(20), visit(30))
    disk.keep(run)
    again = engine(a_journey(nodes={"wait": WAIT}))
    told = disk.restart(again)
    assert steps(told) == ["exited hook", "discarded JOURNEY_INSTANCE_ID_NOT_CREATED"]
    counts = again.counts().journeys["welcome"]
    assert (counts.stacked, counts.passed) == (0, 2)
    assert adds_up(counts)


def test_a_webhook_that_is_still_a_webhook_is_waited_for():
    run, disk = engine(a_journey(nodes={"hook": HOOK})), Disk()
    [message] = messages(lived(run, visit(0)))
    disk.keep(run)
    again = engine(a_journey(nodes={"hook": HOOK, "wait": WAIT}))
    assert (disk.restart(again), again.unanswered) == ([], {message.id})
