"""An in-app message of a journey, from the launch that starts it to what the customer does about it, in virtual
time."""

from __future__ import annotations

from collections import Counter

import pytest

from footfall.evidence.journeys import Journeys, Told
from footfall.evidence.ops import Created, Op
from footfall.live import inputs
from footfall.live.journey_file import decode_journeys
from footfall.live.rehearsal import Rehearsal, Rehearsed

ANCHOR_MS = 1_772_870_400_000  # Saturday 2026-03-07T08:00:00Z
BANNER = """
journey: hello_in_app
namespace: ECID
events:
  start: {when: eventType == "application.launch"}
entry: {on: start, next: banner}
nodes:
  banner: {in-app: {content: {title: Hello}}, next: seen}
  seen: {react: opened, timeout: 2h, next: end, on-timeout: end}
"""


class _Journal:
    def __init__(self) -> None:
        self.lines: list[Op] = []

    def add(self, op: Op) -> None:
        self.lines.append(op)

    def flush(self) -> None:
        """Nothing is buffered."""


@pytest.fixture(scope="module")
def played() -> tuple[Rehearsed, list[Op]]:
    read, app = inputs.load_all("visited", "")
    journal = _Journal()
    journeys = decode_journeys([("banner.yaml", BANNER)])
    return Rehearsal(read, app.config, journeys, journal, ANCHOR_MS).play(), journal.lines


def test_it_comes_with_the_answer_to_what_the_app_asks_at_its_start_and_is_shown_once(played) -> None:
    rehearsed, lines = played
    made = Counter(op.type for op in lines if isinstance(op, Created))
    assert made["decisioning.propositionDisplay"] == len(rehearsed.messages) == 10
    # everybody touches it or puts it away
    assert made["decisioning.propositionInteract"] + made["decisioning.propositionDismiss"] == 10
    assert made["decisioning.propositionInteract"] > 0


def test_what_is_shown_is_what_the_journey_sent_and_it_hears_of_it(played) -> None:
    rehearsed, lines = played
    shown = {op.message for op in lines if isinstance(op, Created) and op.type == "decisioning.propositionDisplay"}
    assert shown == {message.id for message in rehearsed.messages}
    heard = Counter(step.kind for step in rehearsed.steps)
    assert (heard["entered"], heard["ended"]) == (10, 10)
    assert {step.message for step in rehearsed.steps if step.kind == "reacted"} == shown


def test_what_a_message_caused_says_so(played) -> None:
    for op in played[1]:
        if isinstance(op, Created):
            assert bool(op.message) == op.type.startswith("decisioning.proposition")
            assert op.cause == "reply" or not op.message


def test_the_verdict_confirms_it(played) -> None:
    rehearsed, lines = played
    told = [
        *(Told(journey=one.journey, kind=one.kind, event=one.event, message=one.message) for one in rehearsed.steps),
        *(Told(journey=one.journey, channel=one.channel, id=one.id, event=one.event) for one in rehearsed.messages),
    ]
    checker = Journeys(told)
    for op in lines:
        checker.feed(op)
    (row,) = checker.rows
    assert checker.close().validity == "valid"
    assert (row.entered, row.sent, row.delivered, row.opened) == (10, {"in-app": 10}, 10, 10)
