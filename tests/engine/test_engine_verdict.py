"""Runs in virtual time, judged by the evidence as real ones are: what perfect phones do is valid, and what goes wrong
on the way is found."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from saturday import manifest, population, saturday
from simulated import Answer, MemoryJournal, Receiver, VirtualClock, deaf, grumpy, live, perfect

from footfall.evidence.ops import Created, Ended, Head, Lease, Op, Started
from footfall.evidence.received import Received
from footfall.evidence.verdict import Verdict, judge, plan_digest
from footfall.phone.signals import Reply, Request

PHONES = 40


def run(
    mood: Callable[[Receiver], Answer],
    ks: list[int] | None = None,
    clock: Callable[[], VirtualClock] = VirtualClock,
    run_id: str = "run-1",
    process: str = "local",
) -> tuple[list[Op], list[Received]]:
    """The ledger of one process in which these phones live, and what its receiver has. Every phone has a network of
    its own mood; they share the receiver."""
    receiver = Receiver(saturday().pois)
    everyone = population(run=run_id, phones=PHONES)
    journal = MemoryJournal()
    journal.add(Head(run_id, process, 1, "test"))
    for k in range(PHONES) if ks is None else ks:
        journal.add(Lease(k, 1, process))
        live(everyone.life(k), mood(receiver), clock(), journal)
    return journal.lines, receiver.stored


def explain(verdict: Verdict) -> str:
    findings = [
        f"{check.name}: {finding.kind}: {finding.message}" for check in verdict.checks for finding in check.findings
    ]
    return "\n".join([verdict.line, *findings])


@pytest.fixture(scope="module")
def perfect_run() -> tuple[list[Op], list[Received]]:
    return run(perfect)


def test_a_perfect_run_is_valid(perfect_run) -> None:
    ops, received = perfect_run
    verdict = judge(manifest(PHONES), ops, received)
    assert verdict.validity == "valid", explain(verdict)
    assert verdict.total.unexplained == 0
    planned = verdict.total.planned
    assert planned > 500
    assert verdict.line == (
        f"planned {planned} = sent {planned} = acknowledged {planned} = stored {planned}, 0 unexplained"
    )
    assert verdict.exit_code == 0
    seen = {row.type for row in verdict.rows}
    assert seen >= {
        "application.launch", "application.close", "location.entry", "location.exit", "commerce.productViews",
        "commerce.productListAdds", "commerce.productListOpens", "commerce.checkouts", "commerce.purchases",
    }  # fmt: skip


def test_a_perfect_run_goes_through_every_state(perfect_run) -> None:
    ops, _ = perfect_run
    states = {op.state for op in ops if isinstance(op, Created)}
    # a state in which nothing is made is not seen in the ledger
    assert states >= set(saturday().states) - {"stroll", "errand", "go-home"}


def test_a_run_through_bad_weather_is_explained() -> None:
    ops, received = run(grumpy)
    verdict = judge(manifest(PHONES), ops, received)
    assert verdict.validity == "valid", explain(verdict)
    assert verdict.total.unexplained == 0
    assert verdict.total.duplicated > 100  # stored, the answer lost, sent again: natural duplicates
    assert verdict.total.planned == verdict.total.stored == verdict.total.acknowledged


def test_a_run_that_nobody_heard_is_unknown_and_held() -> None:
    ops, received = run(lambda _: deaf, clock=lambda: VirtualClock(patience_ms=0))
    verdict = judge(manifest(PHONES), ops, received)
    assert verdict.validity == "unknown", explain(verdict)
    assert verdict.total.unexplained == 0
    assert verdict.total.held == verdict.total.planned > 300


def test_a_run_cut_short_is_explained() -> None:
    ops, received = run(perfect, clock=lambda: VirtualClock(ends_ms=1_800_000))
    verdict = judge(manifest(PHONES), ops, received)
    assert verdict.total.unexplained == 0, explain(verdict)
    assert verdict.total.planned == verdict.total.stored
    assert "cut" in {op.how for op in ops if isinstance(op, Ended)}


def forgetful(receiver: Receiver) -> Answer:
    """Acknowledges purchases and does not keep them."""

    def answer(request: Request) -> Reply:
        return Reply(200) if request.name == "commerce.purchases" else receiver.take(request)

    return answer


def stuttering(receiver: Receiver) -> Answer:
    """Stores every purchase twice."""

    def answer(request: Request) -> Reply:
        if request.name == "commerce.purchases":
            receiver.take(request)
        return receiver.take(request)

    return answer


@pytest.mark.parametrize(("mood", "kind"), [(forgetful, "lost"), (stuttering, "duplicated")])
def test_a_planted_fault_is_found(mood, kind) -> None:
    ops, received = run(mood)
    verdict = judge(manifest(PHONES), ops, received)
    purchases = sum(op.type == "commerce.purchases" for op in ops if isinstance(op, Created))
    assert verdict.validity == "invalid"
    assert verdict.total.unexplained == purchases > 0
    assert {finding.kind for finding in verdict.checks[0].findings if finding.validity == "invalid"} == {kind}


def digests(ops: list[Op]) -> set[tuple[int, int, str, str, str]]:
    """All that is said of the events of a run, ids included."""
    return {(op.phone, op.n, op.type, op.digest, op.id) for op in ops if isinstance(op, Created)}


def test_the_union_of_two_processes_is_the_run_of_one(perfect_run) -> None:
    whole, received = perfect_run
    shuffled = random.Random(7).sample(range(PHONES), PHONES)
    one, received_one = run(perfect, shuffled[:13], process="worker-0")
    other, received_other = run(perfect, shuffled[13:], process="worker-1")

    assert digests(one) | digests(other) == digests(whole)
    assert digests(one).isdisjoint(digests(other))
    assert sorted(r.id for r in received_one + received_other) == sorted(r.id for r in received)
    made = [op for op in [*other, *one] if isinstance(op, Created)]
    assert plan_digest(made) == plan_digest(op for op in whole if isinstance(op, Created))
    verdict = judge(manifest(PHONES), [*one, *other], received_one + received_other)
    assert verdict.validity == "valid", explain(verdict)


def test_another_run_id_changes_ids_and_nothing_else(perfect_run) -> None:
    whole, _ = perfect_run
    again, _ = run(perfect, run_id="run-2")
    assert {row[:4] for row in digests(again)} == {row[:4] for row in digests(whole)}
    assert {row[4] for row in digests(again)}.isdisjoint(row[4] for row in digests(whole))
    ecids = [{op.ecid for op in ops if isinstance(op, Started)} for ops in (whole, again)]
    assert ecids[0] == ecids[1]


def test_the_digest_convicts_a_change_of_one_event(perfect_run) -> None:
    whole, _ = perfect_run
    made = [op for op in whole if isinstance(op, Created)]
    assert plan_digest(made[1:]) != plan_digest(made)
    assert plan_digest([*made[:-1], made[-2]]) != plan_digest(made)
