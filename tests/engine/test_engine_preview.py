"""A life previewed: every request with its time, events and answer, and the same events as in a run of that phone."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from saturday import LIBRARY, people, population, saturday
from simulated import Receiver, deaf, live, shut

from footfall.engine.plan import Timed
from footfall.engine.population import Population
from footfall.engine.preview import PATIENCE_MS, Exchange, Preview, preview
from footfall.evidence.ops import Created
from footfall.phone.config import AppConfig, ConsentConfig
from footfall.phone.signals import Foregrounded, Reply, Request


@cache
def seen(k: int = 0) -> Preview:
    receiver = Receiver(saturday().pois)
    return preview(population().life(k), lambda request, at_ms: receiver.take(request))


@pytest.mark.parametrize("k", [0, 1, 17])
def test_a_preview_has_the_events_of_a_run_of_that_phone(k: int) -> None:
    journal = live(population(run="another").life(k), Receiver(saturday().pois).take)
    of_run = [op for op in journal.lines if isinstance(op, Created)]
    of_preview = [event for exchange in seen(k).exchanges for event in exchange.events]
    anonymous = [[msgspec.structs.replace(op, id="") for op in ops] for ops in (of_preview, of_run)]
    assert anonymous[0] == anonymous[1]
    assert not {op.id for op in of_run} & {op.id for op in of_preview}
    assert of_preview


def test_requests_are_in_order_of_time_and_carry_their_events() -> None:
    exchanges = seen().exchanges
    assert [one.at_ms for one in exchanges] == sorted(one.at_ms for one in exchanges)
    assert [tuple(event.id for event in one.events) for one in exchanges] == [
        one.request.event_ids for one in exchanges
    ]
    assert {one.reply.status for one in exchanges} == {200}
    assert seen().unsent == ()


def test_who_answers_is_asked_with_the_phones_time() -> None:
    receiver = Receiver(saturday().pois)
    asked: list[tuple[int, Request]] = []

    def answer(request: Request, at_ms: int) -> Reply:
        asked.append((at_ms, request))
        return receiver.take(request)

    exchanges = preview(population().life(0), answer).exchanges
    assert [(one.at_ms, one.request) for one in exchanges] == asked


def test_a_refused_request_is_tried_again_and_both_are_told() -> None:
    receiver = Receiver(saturday().pois)
    moods = iter([Reply(503)])

    def answer(request: Request, at_ms: int) -> Reply:
        return next(moods, None) or receiver.take(request) if request.event_ids else receiver.nearby(request)

    first, second = [one for one in preview(population().life(0), answer).exchanges if one.events][:2]
    assert [(one.reply.status, one.request.attempt) for one in (first, second)] == [(503, 1), (200, 2)]
    assert first.events == second.events
    assert second.at_ms - first.at_ms >= 5_000, "the SDK waits five seconds"


@pytest.mark.parametrize("nobody", [deaf, shut])
def test_where_nobody_answers_it_ends_nevertheless(nobody: object) -> None:
    assert callable(nobody)
    life = population().life(0)
    everything = preview(life, lambda request, at_ms: nobody(request))
    tried: list[Exchange] = [one for one in everything.exchanges if one.events]
    assert {event.type for one in tried for event in one.events} == {"application.launch"}, "the head blocks the queue"
    assert everything.exchanges[-1].at_ms <= saturday().scenario.lasts_ms + PATIENCE_MS
    assert {unsent.why for unsent in everything.unsent} == {"still queued when the life was over"}


def test_events_that_consent_holds_back_are_told_with_the_reason() -> None:
    app = AppConfig(consent=ConsentConfig(default="p")).at("stream-1", (LIBRARY,))
    life = Population(saturday(), people(), app, "run-1", 1, 200, 0).life(0)
    life = msgspec.structs.replace(
        life, plan=iter([Timed(0, "install", Foregrounded()), Timed(9_000, "install", None)])
    )
    receiver = Receiver(saturday().pois)
    held = preview(life, lambda request, at_ms: receiver.take(request))
    assert [one for one in held.exchanges if one.events] == []
    assert [(unsent.event.type, unsent.why) for unsent in held.unsent] == [
        ("application.launch", "collect consent is still pending")
    ]
