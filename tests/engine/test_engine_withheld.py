"""What the ledger says of events that the SDK keeps to itself, and of answers that nobody reads."""

from __future__ import annotations

import msgspec
import pytest
from saturday import ANCHOR_MS, LIBRARY, a_life, people, saturday
from simulated import MemoryJournal, Receiver, live, perfect

from footfall.engine.plan import Timed
from footfall.engine.population import Life, Population
from footfall.evidence.ops import Created, Done, Ended, Invoke, Unread, Withheld
from footfall.phone.config import AppConfig, ConsentConfig
from footfall.phone.signals import Backgrounded, Consented, Foregrounded, Killed, Saw, Signal


def plan(*steps: tuple[int, Signal | None]) -> list[Timed]:
    return [Timed(at_ms, "a-state", signal) for at_ms, signal in steps]


SHORT = ((0, Foregrounded()), (10_000, Saw("home")), (20_000, Backgrounded()), (30_000, None))
THREE = ["application.launch", "application.scene", "application.close"]


def lived(default: str, *steps: tuple[int, Signal | None], datastream: str = "stream-1") -> MemoryJournal:
    """Phone 0 of an app with this consent.default, lived to the end of these steps."""
    app = msgspec.structs.replace(AppConfig(), consent=ConsentConfig(default=default)).at(datastream, (LIBRARY,))
    life: Life = Population(saturday(), people(), app, "run-1", 1, 200, ANCHOR_MS).life(0)
    return live(msgspec.structs.replace(life, plan=iter(plan(*steps))), perfect(Receiver(saturday().pois)))


def why(journal: MemoryJournal) -> list[tuple[str, str]]:
    """The events that were withheld, each with its reason."""
    types = {op.id: op.type for op in journal.of(Created)}
    return [(types[op.id], op.why) for op in journal.of(Withheld)]


# consent.default, the datastream -> why nothing of it is sent
KEPT = [
    ("p", "stream-1", "collect consent is still pending"),  # told at the end of the life
    ("n", "stream-1", "collect consent is n"),  # told as each was made
    ("y", "", "edge.configId is missing"),
]


@pytest.mark.parametrize(("default", "datastream", "reason"), KEPT)
def test_what_is_withheld_is_told_with_its_reason_and_never_sent(default, datastream, reason) -> None:
    journal = lived(default, *SHORT, datastream=datastream)
    assert [op.type for op in journal.of(Created)] == THREE
    assert why(journal) == [(type, reason) for type in THREE]
    assert journal.of(Invoke) == []
    (ended,) = journal.of(Ended)
    assert (ended.how, ended.held) == ("lived", ())  # withheld is not held


def test_what_waited_for_consent_is_sent_once_it_is_given() -> None:
    journal = lived("p", *SHORT[:2], (15_000, Consented("y")), *SHORT[2:])
    assert why(journal) == []
    ids = [op.id for op in journal.of(Created)]
    assert [op.id for op in journal.of(Invoke)] == ids
    assert all(op.sent - journal.of(Invoke)[0].sent >= 0 for op in journal.of(Invoke))
    assert [op.outcome for op in journal.of(Done)] == ["ok"] * 3


def test_what_waited_for_consent_is_dropped_when_it_is_denied() -> None:
    journal = lived("p", *SHORT[:2], (15_000, Consented("n")), *SHORT[2:])
    assert [type for type, _ in why(journal)] == THREE
    assert [reason for _, reason in why(journal)] == ["collect consent became n"] * 2 + ["collect consent is n"]


def test_an_answer_to_a_process_that_died_is_unread_and_its_event_is_sent_again() -> None:
    # killed a millisecond after the launch was sent, opened again a minute later
    steps = plan((0, Foregrounded()), (1, Killed()), (60_000, Foregrounded()), (70_000, Backgrounded()), (90_000, None))
    journal = live(a_life(plan=steps), perfect(Receiver(saturday().pois)))
    launch = journal.of(Created)[0]
    first, again = [op for op in journal.of(Invoke) if op.id == launch.id]
    (unread,) = journal.of(Unread)
    assert (unread.id, unread.request, unread.phone) == (launch.id, first.request, launch.phone)
    assert again.request != first.request
    assert [op.type for op in journal.of(Created)] == [
        "application.launch", "application.close", "application.launch", "application.close",
    ]  # fmt: skip
    assert journal.of(Ended)[0].held == ()
