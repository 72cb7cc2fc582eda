"""A run without a network and without waiting comes out the same every time, whoever takes part."""

from __future__ import annotations

import json

import msgspec
from small_inputs import PLACES, SCENARIO

from footfall.evidence.journeys import Journeys, Told
from footfall.evidence.ops import Created, Notified, Op, Started
from footfall.evidence.verdict import plan_digest
from footfall.live import inputs
from footfall.live.journey_file import decode_journey
from footfall.live.rehearsal import Rehearsal, Rehearsed
from footfall.phone.config import AppConfig, MessagingConfig

ANCHOR_MS = 1_772_884_800_000
APP = AppConfig(messaging=MessagingConfig(registered=True, event_dataset="d", push_share=1.0))
SHOPPING = (
    SCENARIO.replace("phones: 2, platforms: {ios: 1}", "phones: 12, platforms: {ios: 0.5, android: 0.5}")
    .replace("lasts: 10m", "lasts: 3h")
    .replace("launch, background", "launch, view: {products: 1..3}, background")
    .replace("dwell: 10s", "dwell: 40m")
)
# each look at a product is answered with a push, at once
JOURNEY = """\
journey: looked
events:
  look: {when: eventType == "commerce.productViews"}
entry: {on: look, next: push}
re-entrance: {allowed: true, wait: 5m}
nodes:
  push:
    push: {title: Hello, body: Nice, buttons: [{id: buy, label: Buy}]}
    next: wait
  wait: {react: opened, timeout: 10m, next: end, on-timeout: end}
"""


class Ledger:
    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass


def rehearse(only: list[int] | None = None, seed: int | None = None) -> tuple[Rehearsed, list[Op]]:
    read = inputs.decode("small.yaml", SHOPPING, "places.geojson", json.dumps(PLACES))
    ledger = Ledger()
    journeys = (decode_journey(JOURNEY, "looked.yaml"),)
    return Rehearsal(read, APP, journeys, ledger, ANCHOR_MS, seed=seed).play(only), ledger.ops


def test_the_loop_is_closed_and_the_evidence_agrees() -> None:
    came, ops = rehearse()
    assert {op.phone for op in ops if isinstance(op, Started)} == set(range(12))
    assert all(event.good for event in came.stored), [event.reasons for event in came.stored if not event.good]
    told = [msgspec.json.decode(msgspec.json.encode(one), type=Told) for one in (*came.steps, *came.messages)]
    checker = Journeys(told)
    for op in ops:
        checker.feed(op)
    found = checker.close()
    assert (found.validity, found.findings) == ("valid", ())
    (row,) = checker.rows
    assert row.entered >= 12
    assert row.sent == {"push": row.entered}
    assert row.delivered == row.entered
    assert row.opened > 0
    assert {event.id for event in came.stored} >= {op.id for op in ops if isinstance(op, Created)}


def test_the_same_twice() -> None:
    assert rehearse() == rehearse()


def test_another_seed_is_another_afternoon() -> None:
    assert rehearse(seed=4)[0].messages != rehearse()[0].messages


def test_some_phones_alone_do_what_they_do_among_all() -> None:
    came, ops = rehearse()
    few, few_ops = rehearse(only=[7, 3])

    def of(ops: list[Op], phone: int) -> list[Op]:
        return [op for op in ops if getattr(op, "phone", None) == phone]

    assert {op.phone for op in few_ops if isinstance(op, Started)} == {3, 7}
    for phone in (3, 7):
        assert of(few_ops, phone) == of(ops, phone)
    ids = {message.id for message in few.messages}
    assert [message for message in came.messages if message.id in ids] == list(few.messages)


def test_a_push_at_once_is_noticed_at_once_and_never_before_it_was_sent() -> None:
    came, ops = rehearse()
    sent_ms = {message.id: message.at_ms - ANCHOR_MS for message in came.messages}
    notified = [op for op in ops if isinstance(op, Notified)]
    assert notified
    for op in notified:
        assert op.at_ms == sent_ms[op.message]


def test_messages_change_nothing_of_the_plan() -> None:
    read = inputs.decode("small.yaml", SHOPPING, "places.geojson", json.dumps(PLACES))
    quiet = Ledger()
    Rehearsal(read, APP, (), quiet, ANCHOR_MS).play()
    made = [op for op in quiet.ops if isinstance(op, Created)]
    assert plan_digest(made) == plan_digest(op for op in rehearse()[1] if isinstance(op, Created))
