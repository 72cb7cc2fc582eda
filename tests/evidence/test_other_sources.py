"""Histories in which another system than the phone makes events about its customer: numbered by themselves, within the
phone's life, as consequences of what the customer did, and in the digest without touching that of the phones."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from literal_ops import BUY, VIEW, created, good, invoke, lived, manifest, ok, started, unread

from footfall.evidence.causal import causal
from footfall.evidence.delivered import delivered
from footfall.evidence.manifest import repeat_command
from footfall.evidence.ops import Created, Lease, Op
from footfall.evidence.verdict import plan_digest

PLACED, EARNED = "commerce.backofficeOrderPlaced", "loyalty.pointsEarned"
LEASE = Lease(first=0, count=1, worker="local")
BASKET = (("sku-1", 2),)


def office(id: str, n: int = 0, type: str = PLACED, *, phone: int = 0, skus=BASKET) -> Created:
    return msgspec.structs.replace(created(id, n, type, phone=phone, skus=skus), source="back office", state="")


def sent(id: str) -> list[Op]:
    return [invoke(id), ok(id)]


# a history -> what `delivered` finds wrong
LIVES = [
    # each source counts from 0
    ([LEASE, started(), created("a"), office("o"), created("b", 1), office("p", 1), lived()], []),
    ([LEASE, started(), created("a"), office("o", 1), lived()], ["gap"]),
    ([LEASE, started(), office("o"), office("p"), lived()], ["gap"]),
    # a life of which only the back office has something to tell
    ([LEASE, started(), office("o"), lived()], []),
    # the life lasts as long as the back office has something to do
    ([LEASE, started(), created("a"), lived(), office("o")], ["out-of-life"]),
    ([LEASE, office("o"), started(), lived()], ["out-of-life"]),
]


@pytest.mark.parametrize(("history", "kinds"), LIVES)
def test_lives(history: list[Op], kinds: list[str]) -> None:
    whole: list[Op] = []
    for op in history:
        whole.append(op)
        if isinstance(op, Created):
            whole += sent(op.id)
    received = [good(op.id, op.type) for op in history if isinstance(op, Created)]
    check = delivered(whole, received)
    assert [finding.kind for finding in check.findings if finding.validity == "invalid"] == kinds


# what lies between the phone's request and its app's death -> what is wrong
BETWEEN = [
    ([], []),
    ([office("o"), *sent("o")], []),  # the back office has a connection of its own
    ([created("b", 1), *sent("b")], ["unread-unsent"]),  # the phone has one request in flight
]


@pytest.mark.parametrize(("between", "kinds"), BETWEEN)
def test_an_answer_left_unread(between: list[Op], kinds: list[str]) -> None:
    again = [invoke("a", 1), ok("a", 1)]
    ops = [LEASE, started(), created("a"), *sent("a"), *between, unread("a"), *again, lived()]
    received = [good(op.id, op.type) for op in ops if isinstance(op, Created)]
    check = delivered(ops, received)
    assert [finding.kind for finding in check.findings if finding.validity == "invalid"] == kinds


def bought(n: int = 0) -> list[Op]:
    return [
        created(f"launch-{n}", 4 * n, "application.launch"),
        created(f"add-{n}", 4 * n + 1, "commerce.productListAdds", skus=BASKET),
        created(f"buy-{n}", 4 * n + 2, BUY, skus=BASKET),
        created(f"close-{n}", 4 * n + 3, "application.close"),
    ]


# a history -> how many of its events are effects without a cause
CAUSES = [
    ([*bought(), office("o"), office("p", 1, EARNED, skus=())], 0),  # while the app is closed, too
    ([*bought(), *bought(1), office("o"), office("p", 1)], 0),
    ([office("o"), *bought()], 1),
    ([*bought(), office("o"), office("p", 1)], 1),
    ([*bought(), office("o", skus=(("sku-1", 1),))], 1),
    ([*bought(), office("o", phone=1)], 1),
    ([*bought(), office("o", 0, EARNED), office("p", 1, "loyalty.pointsReached")], 1),
    ([office("o", 0, EARNED)], 1),
]


@pytest.mark.parametrize(("history", "wrong"), CAUSES)
def test_causes_come_before_effects(history: list[Op], wrong: int) -> None:
    expectations = manifest().expectations
    check = causal([started(), *history, lived()], expectations, 1)
    assert sum(finding.validity == "invalid" for finding in check.findings) == wrong


def test_the_digest_of_a_run_without_them_is_what_it_was() -> None:
    one = created("a")
    assert plan_digest([one]) == sha256(b"00000000 000000 commerce.productViews digest-of-0-0\n").hexdigest()
    theirs = office("o", type=VIEW)
    line = b"00000000 back office 000000 commerce.productViews digest-of-0-0\n"
    assert plan_digest([theirs]) == sha256(line).hexdigest()
    assert plan_digest([one, theirs]) == plan_digest([theirs, one]) != plan_digest([one])


def test_a_phone_lives_again_by_the_same_transport() -> None:
    assert "--transport" not in repeat_command(manifest(), 3)
    assert "--transport inlet-batch " in repeat_command(manifest(transport="inlet-batch"), 3)
