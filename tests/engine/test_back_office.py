"""The back office: what it streams about a purchase, when, and that it is delivered whatever the phone does."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from saturday import ANCHOR_MS, LIBRARY, a_life, manifest, people, population, saturday
from simulated import Answer, MemoryJournal, Receiver, VirtualClock, grumpy, live, perfect

from footfall.engine.back_office import NAME
from footfall.engine.plan import Timed
from footfall.engine.population import Life, Population
from footfall.evidence.ops import Created, Done, Ended, Head, Lease, Op
from footfall.evidence.verdict import judge, plan_digest
from footfall.phone.config import AppConfig, BackOfficeConfig, InletConfig, JourneyEvent
from footfall.phone.signals import Backgrounded, Did, Foregrounded, Killed, Reply, Request, Signal
from footfall.platform.package_data import event_schema
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.commerce import CartLine, OrderRef, Payment

INLET = InletConfig("ab" * 32, "https://ns.adobe.com/t/schemas/s", "A@AdobeOrg", "d", "f")
LINES = (CartLine(CATALOGUE[0], 2),)
TOTAL_CENTS = sum(line.total_cents for line in LINES)
ORDER_PLACED, EARNED, REACHED = "commerce.backofficeOrderPlaced", "loyalty.pointsEarned", "loyalty.pointsReached"


def order(number: int = 1) -> OrderRef:
    return OrderRef(f"FF-{number}", (Payment("TX", "paypal", TOTAL_CENTS),))


def both(**changes: Any) -> AppConfig:
    """An app with a back office that does everything."""
    office = BackOfficeConfig(**{"orders": True, "loyalty": True, "points": 10, **changes})
    return AppConfig(back_office=office)


def everyone(app: AppConfig, phones: int = 40, seed: int = 1) -> Population:
    return Population(saturday(), people(), app.at("d", (LIBRARY,), INLET), "run-1", seed, phones, ANCHOR_MS)


def buying(app: AppConfig, *more: tuple[int, Signal | None], purchases: int = 1) -> Life:
    """A phone whose customer buys something at 20 s, and again every 10 s; away at 100 s, over at 101 s."""
    bought = [Timed(20_000 + 10_000 * n, "buy", Did("purchases", LINES, order(n))) for n in range(purchases)]
    added = [Timed(15_000 + 10_000 * n, "add", Did("productListAdds", LINES)) for n in range(purchases)]
    steps = [
        Timed(0, "open", Foregrounded()),
        *added,
        *bought,
        *(Timed(at_ms, "more", signal) for at_ms, signal in more),
        Timed(100_000, "away", Backgrounded()),
        Timed(101_000, "away", None),
    ]
    life = everyone(app).life(0)
    return msgspec.structs.replace(life, plan=iter(sorted(steps, key=lambda step: step.at_ms)))


def receiver() -> Receiver:
    return Receiver(saturday().pois)


def made(journal: MemoryJournal, source: str = NAME) -> list[Created]:
    return [op for op in journal.lines if isinstance(op, Created) and op.source == source]


def sent(
    life: Life, answer: Answer | None = None, clock: VirtualClock | None = None
) -> tuple[MemoryJournal, list[Any]]:
    """The ledger of the life, and the messages of its back office."""
    requests: list[Request] = []
    answered = answer or perfect(receiver())

    def listening(request: Request) -> Reply:
        if request.channel == "inlet":
            requests.append(request)
        return answered(request)

    journal = live(life, listening, clock)
    return journal, [json.loads(request.body) for request in requests]


# --- what it streams


def test_an_order_is_confirmed_and_then_earns_points() -> None:
    journal, messages = sent(buying(both()))
    confirmed, credited = made(journal)
    assert (confirmed.type, credited.type) == (ORDER_PLACED, EARNED)
    assert 20_000 < confirmed.due_ms < credited.due_ms
    assert (confirmed.n, credited.n) == (0, 1)
    entity = messages[0]["body"]["xdmEntity"]
    assert entity["commerce"]["order"]["purchaseID"] == "FF-0"
    assert entity["commerce"]["order"]["priceTotal"] == TOTAL_CENTS / 100
    assert [item["SKU"] for item in entity["productListItems"]] == [CATALOGUE[0].sku]
    points = 10 * (TOTAL_CENTS // 100)
    assert messages[1]["body"]["xdmEntity"]["_footfall"] == {
        "loyalty": {"pointsEarned": points, "pointsBalance": points}
    }


def test_it_is_a_source_system_that_knows_the_customer_and_no_device() -> None:
    life = buying(both())
    _, messages = sent(life)
    for message in messages:
        assert message["header"]["source"] == {"name": "back office"}
        entity = message["body"]["xdmEntity"]
        assert entity["identityMap"] == {
            "Email": [{"id": life.person.email, "authenticatedState": "authenticated", "primary": False}],
            "footfallCRMId": [{"id": life.person.id, "authenticatedState": "authenticated", "primary": True}],
        }
        assert not {"device", "environment", "application", "implementationDetails"} & entity.keys()


def test_what_it_streams_is_good_xdm() -> None:
    _, messages = sent(buying(both(threshold=1), purchases=2))
    assert len(messages) == 4
    for message in messages:
        assert event_schema().reasons(message["body"]["xdmEntity"]) == ()


def test_the_threshold_is_told_once() -> None:
    points = 10 * (TOTAL_CENTS // 100)
    _, messages = sent(buying(both(threshold=2 * points), purchases=3))
    loyalty = [message["body"]["xdmEntity"] for message in messages if "_footfall" in message["body"]["xdmEntity"]]
    balances = [entity["_footfall"]["loyalty"]["pointsBalance"] for entity in loyalty]
    assert balances == [points, 2 * points, 3 * points]
    assert [entity["eventType"] for entity in loyalty] == [EARNED, REACHED, EARNED]
    assert loyalty[1]["_footfall"]["loyalty"]["pointsReached"] == 2 * points


# configuration -> what it makes of one purchase
PARTS = [
    (AppConfig(), []),
    (both(loyalty=False), [ORDER_PLACED]),
    (both(orders=False), [EARNED]),
    (both(points=0), [ORDER_PLACED]),
]


@pytest.mark.parametrize(("app", "types"), PARTS)
def test_each_part_can_be_off(app: AppConfig, types: list[str]) -> None:
    journal, _ = sent(buying(app))
    assert [event.type for event in made(journal)] == types


def test_one_part_does_not_move_the_other() -> None:
    whole, _ = sent(buying(both()))
    orders, _ = sent(buying(both(loyalty=False)))
    points, _ = sent(buying(both(orders=False)))
    due = {event.type: event.due_ms for event in made(whole)}
    assert due == {event.type: event.due_ms for event in (*made(orders), *made(points))}


def test_a_journey_may_demand_its_id_of_the_back_office_too() -> None:
    app = msgspec.structs.replace(both(loyalty=False), journey_events=(JourneyEvent(ORDER_PLACED, "j-1"),))
    _, (message,) = sent(buying(app))
    orchestration = message["body"]["xdmEntity"]["_experience"]["campaign"]["orchestration"]
    assert orchestration == {"eventID": "j-1"}


def test_a_purchase_is_told_once_whatever_else_the_phone_makes_then() -> None:
    # away at 19 s, so the app's close is told together with the purchase that somehow still comes
    journal, _ = sent(buying(both(loyalty=False), (19_000, Backgrounded())))
    assert len(made(journal)) == 1


# --- when: it does not sleep when the phone does


def test_what_comes_after_the_phones_end_is_still_sent() -> None:
    journal, messages = sent(buying(both(delay_s=600)))
    assert [event.due_ms > 101_000 for event in made(journal)] == [True, True]
    assert len(messages) == 2
    (ended,) = journal.of(Ended)
    assert (ended.how, ended.held) == ("lived", ())
    assert journal.lines[-1] is ended


def test_nothing_is_made_after_the_scenarios_end() -> None:
    last_s = saturday().scenario.lasts_ms // 1000
    journal, _ = sent(buying(both(delay_s=10 * last_s)))
    assert made(journal) == []


def test_a_run_that_is_ended_makes_no_more() -> None:
    journal, messages = sent(buying(both(delay_s=600)), clock=VirtualClock(ends_ms=50_000, patience_ms=10_000))
    assert (made(journal), messages) == ([], [])
    (ended,) = journal.of(Ended)
    assert ended.how == "cut"


# --- delivery


def test_it_tries_again_until_it_is_answered() -> None:
    times: list[int] = []
    clock = VirtualClock()
    taker = receiver()

    def busy(request: Request) -> Reply:
        if request.channel == "inlet":
            times.append(int(clock.virtual_ms))
            if len(times) < 5:
                return (Reply(503), Reply(0, failure="reset"), Reply(500), Reply(429, b"", "30"))[len(times) - 1]
        return taker.take(request)

    journal, _ = sent(buying(both(loyalty=False)), busy, clock)
    waits_s = [round((after - before) / 1000) for before, after in pairwise(times)]
    assert waits_s == [1, 2, 4, 30], "as documented: back-off, and what Retry-After says"
    (event,) = made(journal)
    tries = [op for op in journal.of(Done) if isinstance(op, Done) and op.id == event.id]
    assert [op.next for op in tries] == ["retry"] * 4 + ["done"]
    assert [op.outcome for op in tries] == ["info", "info", "info", "fail", "ok"]
    assert len({op.request for op in tries}) == 5


def test_a_definite_no_is_given_up() -> None:
    taker = receiver()
    journal, messages = sent(
        buying(both(loyalty=False)), lambda it: Reply(400) if it.channel == "inlet" else taker.take(it)
    )
    assert len(messages) == 1
    (event,) = made(journal)
    assert [op.next for op in journal.of(Done) if isinstance(op, Done) and op.id == event.id] == ["drop"]


def test_what_cannot_be_delivered_is_held() -> None:
    taker = receiver()
    journal, _ = sent(
        buying(both()),
        lambda it: Reply(503) if it.channel == "inlet" else taker.take(it),
        VirtualClock(patience_ms=600_000),
    )
    (ended,) = journal.of(Ended)
    assert isinstance(ended, Ended)
    assert ended.held == tuple(event.id for event in made(journal))


# --- evidence


def run(app: AppConfig, mood: Any = perfect, phones: int = 40) -> tuple[list[Op], Receiver]:
    taker = receiver()
    journal = MemoryJournal()
    journal.add(Head("run-1", "local", 1, "test"))
    for k in range(phones):
        journal.add(Lease(k, 1, "local"))
        live(everyone(app, phones).life(k), mood(taker), journal=journal)
    return journal.lines, taker


@pytest.mark.parametrize("mood", [perfect, grumpy])
def test_a_run_with_a_back_office_is_valid(mood: Any) -> None:
    ops, taker = run(both(), mood)
    verdict = judge(manifest(40), ops, taker.stored)
    assert verdict.validity == "valid", [f.message for check in verdict.checks for f in check.findings]
    types = Counter(op.type for op in ops if isinstance(op, Created))
    assert types[ORDER_PLACED] > 0
    assert types[ORDER_PLACED] == types[EARNED] + types[REACHED]
    assert types[ORDER_PLACED] <= types["commerce.purchases"]


def test_the_phones_are_the_same_with_and_without() -> None:
    def of_phones(ops: list[Op]) -> list[Created]:
        return [op for op in ops if isinstance(op, Created) and not op.source]

    without, _ = run(AppConfig())
    with_it, _ = run(both())
    assert of_phones(without) == of_phones(with_it)
    plain = [op for op in without if isinstance(op, Created)]
    whole = [op for op in with_it if isinstance(op, Created)]
    assert plan_digest(plain) == plan_digest(of_phones(with_it))
    assert plan_digest(whole) != plan_digest(plain)
    again, _ = run(both())
    assert plan_digest([op for op in again if isinstance(op, Created)]) == plan_digest(whole)


def test_an_answer_that_nobody_read_is_not_the_back_offices() -> None:
    """The phone's app dies while an answer is on its way, and the back office sends in between."""
    life = buying(both(delay_s=1, loyalty=False), *((at_ms, Killed()) for at_ms in range(20_000, 60_000, 40)))
    taker = receiver()
    journal = MemoryJournal()
    journal.add(Lease(0, 1, "local"))
    live(life, perfect(taker), journal=journal)
    assert made(journal)
    verdict = judge(manifest(1), journal.lines, taker.stored)
    kinds = {finding.kind for check in verdict.checks for finding in check.findings}
    assert not kinds & {"unread-unsent", "duplicated", "gap"}, kinds


# a fault in the ledger of one customer who buys twice -> what convicts it
def lose(ops: list[Op]) -> list[Op]:
    """An order confirmed whose purchase was never made."""
    return [op for op in ops if not (isinstance(op, Created) and op.type == "commerce.purchases")]


def twice(ops: list[Op]) -> list[Op]:
    """An order confirmed, and confirmed again under another id."""
    (last,) = [op for op in ops if isinstance(op, Created) and op.type == ORDER_PLACED][-1:]
    return [*ops[:-1], msgspec.structs.replace(last, id="again", n=last.n + 1), ops[-1]]


def skip(ops: list[Op]) -> list[Op]:
    """One of its events is missing in the ledger."""
    return [op for op in ops if not (isinstance(op, Created) and op.source and op.n == 0)]


def credit(ops: list[Op]) -> list[Op]:
    """Points for nothing."""
    (last,) = [op for op in ops if isinstance(op, Created) and op.type == EARNED][-1:]
    return [*ops[:-1], msgspec.structs.replace(last, id="again", n=last.n + 1), ops[-1]]


@pytest.mark.parametrize(
    ("fault", "convicted"),
    [(lose, "confirmed an order that"), (twice, "confirmed an order that"), (skip, "event number 0 of the back office"),
     (credit, "credited points for which")],
    ids=["lose", "twice", "skip", "credit"],
)  # fmt: skip
def test_planted_faults_are_convicted(fault: Any, convicted: str) -> None:
    taker = receiver()
    journal = MemoryJournal()
    journal.add(Lease(0, 1, "local"))
    live(buying(both(), purchases=2), perfect(taker), journal=journal)

    def messages(ops: list[Op]) -> list[str]:
        verdict = judge(manifest(1), ops, taker.stored)
        return [f.message for check in verdict.checks for f in check.findings if f.validity == "invalid"]

    assert messages(journal.lines) == []
    assert any(convicted in message for message in messages(fault(journal.lines))), messages(fault(journal.lines))


def test_a_lost_message_is_found() -> None:
    ops, taker = run(both(), phones=40)
    gone = next(one for one in taker.stored if one.type == ORDER_PLACED)
    verdict = judge(manifest(40), ops, [one for one in taker.stored if one is not gone])
    assert verdict.validity == "invalid"
    assert verdict.total.lost == 1


def test_an_app_without_one_has_none() -> None:
    assert a_life().office is None
    assert population().life(3).office is None
