"""The queue of the journeys in the platform's file: over a restart nothing in it is lost, doubled or overtaken."""

from __future__ import annotations

import json

from journey_words import END, HOUR_MS, START_MS, Wait, a_journey

from footfall.platform.database import MEMORY
from footfall.platform.journeys.types import EVENTS_PER_S
from footfall.platform.messages import StoredEvent
from footfall.platform.orchestration import Orchestration
from footfall.platform.projection import ProfilesOnDisk, Projection
from footfall.platform.store import Store

ABOVE = 7


def visit(n: int) -> StoredEvent:
    identity = {"ECID": [{"id": f"p{n}", "primary": True}]}
    body = json.dumps({"xdm": {"_id": f"e{n}", "eventType": "location.entry", "identityMap": identity}}).encode()
    return StoredEvent(
        f"e{n}", "local", "local", f"p{n}", "location.entry", True, (), START_MS, "", body, run_ms=START_MS
    )


def started(store: Store) -> Projection:
    """A platform that has followed what is in the lake."""
    profiles = ProfilesOnDisk(store)
    journey = a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)})
    projection = Projection(Orchestration((journey,), profiles.open), profiles, store, lambda: START_MS)
    projection.restore()
    return projection


def test_what_was_queued_is_let_through_after_a_restart() -> None:
    with Store(MEMORY) as store:
        store.append([visit(n) for n in range(EVENTS_PER_S + ABOVE)])
        first = started(store)
        queue = first.journal.queues()["local"]
        assert [one.happening.id for _, one in queue if one.happening] == [
            f"e{n}" for n in range(EVENTS_PER_S, EVENTS_PER_S + ABOVE)
        ]
        ((standing,),) = store.database.rows("SELECT value FROM standings")
        assert len(standing) < 1_000
        # the second start has it all from the file; one more comes, and stands behind the others
        second = started(store)
        orchestration = second.orchestration
        orchestration.do_what_is_due(START_MS + 1_000)
        counts = orchestration.sandbox("local").journeys.counts().journeys["welcome"]
        assert (counts.entered, counts.queued) == (EVENTS_PER_S + ABOVE, 0)
        store.database.transaction(second.journal.statements(orchestration.news(), EVENTS_PER_S + ABOVE))
        assert second.journal.queues() == {}
